"""A/A: how often does `seatrial levers` say of a lever that changes nothing that it changes something?

    .venv/bin/python benchmarks/accuracy/identical.py [--levers 20] [--minutes 22]

The levers set variables that the app never reads. Each is started and compared like any other, so whatever is said of
them but *no effect* or *cannot tell* is wrong. At 95 % one in twenty may be.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

SUBJECT = Path(__file__).parent / "subjects" / "listing"

LEVER = """
[[levers]]
name = "nothing-{number}"
about = "A variable that nobody reads."
environment = {{ NOTHING_{number} = "1" }}
"""

MEASURES = {
    "saturated_rps": "answers/s at most",
    "cpu_s": "CPU of a request",
    "response_time_s": "p95 at the fixed load",
    "memory_bytes": "memory",
}


def trial(folder: Path, levers: int) -> Path:
    """The subject's file with so many levers, all that it names found from elsewhere."""
    text = (SUBJECT / "seatrial.toml").read_text(encoding="utf-8")
    for old, new in {
        'directory = "."': f'directory = "{SUBJECT}"',
        'python = "../../../../.venv/bin/python"': f'python = "{sys.executable}"',
        'journeys = "journeys.py"': f'journeys = "{SUBJECT / "journeys.py"}"',
    }.items():
        if text.count(old) != 1:
            raise SystemExit(f"{SUBJECT}/seatrial.toml: expected {old} once")
        text = text.replace(old, new)
    path = folder / "seatrial.toml"
    path.write_text(text + "".join(LEVER.format(number=number) for number in range(1, levers + 1)), encoding="utf-8")
    return path


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--levers", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=22.0)
    options = parser.parse_args()
    names = ",".join(f"nothing-{number}" for number in range(1, options.levers + 1))
    with tempfile.TemporaryDirectory() as folder:
        path = trial(Path(folder), options.levers)
        command = ["-m", "seatrial", "levers", str(path), "--only", names, "--budget-minutes", f"{options.minutes:g}"]
        done = subprocess.run(
            [sys.executable, *command, "--json"],
            check=False,
            stdout=subprocess.PIPE,
            text=True,
            timeout=90 * options.minutes,
        )
    if done.returncode != 0:
        return done.returncode
    found = json.loads(done.stdout)
    print("| measure | said to change | of | without |")
    print("|---|---:|---:|---|")
    for measure, words in MEASURES.items():
        effects = [row["effects"][measure] for row in found["rows"] if measure in row["effects"]]
        said = Counter(effect["outcome"] for effect in effects)
        ratios = sorted(effect["ratio"] for effect in effects)
        spread = f"x{ratios[0]:.3f} to x{ratios[-1]:.3f}" if ratios else "-"
        print(f"| {words} | {said['better'] + said['worse']} | {len(effects)} | {dict(said)}, {spread} |")
    print(f"\n{found['starts']} starts in {found['spent_s'] / 60:.1f} min; left out: {len(found['left_out'])}")
    return 0


if __name__ == "__main__":
    subprocess.run(["uptime"], check=False)
    sys.exit(main())
