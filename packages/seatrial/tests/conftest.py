"""What tests of the whole program share: a subject of known cost, declared as a user would, and the command itself."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# What no example of a short run shows, one of `make test-long` may: there each property is tried a thousand times.
# Without a deadline: beside other tests an example takes as long as they let it.
settings.register_profile("short", max_examples=60, deadline=None)
settings.register_profile("thorough", max_examples=1000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "short"))

STANDARD = Path(__file__).parent / "calibration" / "subjects"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def findings(self) -> dict[str, Any]:
        """What --json printed."""
        found: dict[str, Any] = json.loads(self.out)
        return found


Declare = Callable[..., Path]
RunSeatrial = Callable[..., Ended]


@pytest.fixture
def run_seatrial() -> RunSeatrial:
    """Runs `seatrial ARGUMENTS` as a process of its own, in `folder` where that is said, within a deadline."""

    def run(*arguments: str | Path, deadline_s: float = 150.0, niceness: int = 0, folder: Path | None = None) -> Ended:
        argv = [sys.executable, "-m", "seatrial", *map(str, arguments)]
        if niceness:
            argv = ["nice", "-n", str(niceness), *argv]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=deadline_s, check=False, cwd=folder)
        return Ended(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def declare(tmp_path: Path) -> Declare:
    """Writes a seatrial.toml for the standard subject; keyword arguments are sections with their keys."""

    def write(**sections: Mapping[str, Any]) -> Path:
        declared: dict[str, dict[str, Any]] = {
            "subject": {
                "name": "standard",
                "app": "standard:app",
                "directory": str(STANDARD),
                "python": sys.executable,
                "health_path": "/health",
            },
            "server": {"worker_class": "sync", "workers": 1, "threads": 1},
            "database": {"kind": "none"},
            "plan": {"name": "one CPU", "cpus": 1, "memory_mb": 1024, "usd_month": 0},
            "workload": {"operations": [{"name": "work", "path": "/"}]},
            "measure": {
                "restarts": 1,
                "brief_starts": 0,
                "inside": False,
                "faults": False,
                "warm_up_max_s": 3,
                "half_load_s": 2,
                "saturation_s": 3,
                "confirm_s": 4,
            },
        }
        for name, keys in sections.items():
            declared[name] = {**declared.get(name, {}), **keys}
        path = tmp_path / "seatrial.toml"
        path.write_text("\n".join(_section(name, keys) for name, keys in declared.items()))
        return path

    return write


def _section(name: str, keys: Mapping[str, Any]) -> str:
    lines, tables = [f"[{name}]"], []
    for key, value in keys.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            tables += [
                f"[[{name}.{key}]]\n" + "\n".join(f"{k} = {json.dumps(v)}" for k, v in row.items()) for row in value
            ]
        elif isinstance(value, dict):
            tables.append(f"[{name}.{key}]\n" + "\n".join(f"{k} = {json.dumps(v)}" for k, v in value.items()))
        else:
            lines.append(f"{key} = {json.dumps(value)}")
    return "\n".join([*lines, *tables, ""])
