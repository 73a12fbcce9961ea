"""What tests of the whole program share: the sample apps, each in an environment of its own."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

APPS = Path(__file__).parent.parent / "apps"
UV = Path(sys.executable).parent / "uv"


@pytest.fixture
def sample_app(tmp_path: Path) -> Callable[[str], Path]:
    """A copy of the app with an environment that holds what its requirements.txt names, and nothing of Seatrial's."""

    def made(name: str) -> Path:
        folder = Path(shutil.copytree(APPS / name, tmp_path / name))
        python = folder / ".venv" / "bin" / "python"
        subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, folder / ".venv"], check=True, timeout=60)
        if (folder / "requirements.txt").read_text().strip():
            install = [
                UV,
                "pip",
                "install",
                "--quiet",
                "--compile-bytecode",
                "--python",
                python,
                "-r",
                folder / "requirements.txt",
            ]
            subprocess.run(install, check=True, timeout=300)
        return folder

    return made
