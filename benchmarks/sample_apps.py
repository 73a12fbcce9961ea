"""The sample apps from a checkout to an answer, as anybody would: `seatrial init`, then `seatrial measure --quick`.

    .venv/bin/python benchmarks/sample_apps.py [blog tracker ...]

Each in an environment of its own, in a folder that is removed. About a minute for each.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
APPS = ROOT / "packages" / "seatrial" / "tests" / "apps"
BIN = Path(sys.executable).parent
OPTIONS = {
    "blog": ["--sign-up"],
    "noticeboard": ["--sign-up"],
    "library": ["--user", "reader", "--password", "a-quiet-room"],
    "tracker": ["--user", "demo", "--password", "demo-password"],
    "weather": [],
    "plain": [],
    "faulty": [],
}


def answered(name: str, folder: Path) -> str:
    app = Path(shutil.copytree(APPS / name, folder / name))
    subprocess.run([BIN / "uv", "venv", "--quiet", "--python", sys.executable, app / ".venv"], check=True)
    if (app / "requirements.txt").read_text().strip():
        python = app / ".venv" / "bin" / "python"
        install = [BIN / "uv", "pip", "install", "--quiet", "--python", python, "-r", app / "requirements.txt"]
        subprocess.run(install, check=True)
    began = time.monotonic()
    subprocess.run([BIN / "seatrial", "init", app, *OPTIONS[name], "--quiet"], check=True, stdout=subprocess.DEVNULL)
    told_s = time.monotonic() - began
    command = [BIN / "seatrial", "measure", app, "--quick", "--quiet", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not done.stdout:
        return f"| {name} | {told_s:.0f} s | - | - | exit {done.returncode}: {done.stderr.strip().splitlines()[0]} |"
    found = json.loads(done.stdout)
    rate = found["worker_capacity"]["offered_rate_rps"]
    cost = found["demand_ms"]["total"] or found["demand_ms"]["app"]
    faults = ", ".join(f"{fault['code']} {fault['cost_ms']:.1f} ms" for fault in found["faults"] if fault["cost_ms"])
    figures = f"{rate:.0f}/s" if rate else "-"
    return f"| {name} | {told_s:.0f} s | {figures} | {cost:.1f} ms | {found['verdict']}; {faults or 'no fault seen'} |"


def main() -> int:
    print("| app | init took | one worker | CPU of a request | verdict; faults |\n|---|---:|---:|---:|---|")
    for name in sys.argv[1:] or OPTIONS:
        with tempfile.TemporaryDirectory(prefix="sample-app-") as folder:
            print(answered(name, Path(folder)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
