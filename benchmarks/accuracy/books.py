"""What has been measured already: a line for each unit and the study it gave, so that a run that was ended goes on."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from apps import APPS, App
from design import Setting

from seatrial.measure.study import Study
from seatrial.measure.study_file import read_study

__all__ = ["Books", "Unit", "commit_now", "units"]

ROOT = Path(__file__).parents[2]
REPEATS = 3
"""Studies of each base in the whole matrix: three pairs for the A/A test."""


@dataclass(frozen=True)
class Unit:
    """One study to make. repeat: 1 for a cell; counts the studies of a base."""

    app: App
    setting: Setting
    repeat: int = 1

    @property
    def is_base(self) -> bool:
        """Whether it is what the cells are predicted from, or that once more."""
        return self.setting == self.app.base

    @property
    def role(self) -> str:
        """base, from which is predicted; again, the same once more; or cell."""
        return "cell" if not self.is_base else "base" if self.repeat == 1 else "again"

    @property
    def name(self) -> str:
        """Unique in a matrix."""
        return f"{self.app.name}/{'base' if self.is_base else self.setting.name}/{self.repeat}"


def units(*, is_smoke: bool) -> list[Unit]:
    """In the order of measuring: the bases, then cells of all apps in turn with the bases' repeats between them."""
    firsts = [Unit(app, app.base) for app in APPS]
    lists = [[Unit(app, cell) for cell in (app.smoke_cells() if is_smoke else app.cells())] for app in APPS]
    longest = max(map(len, lists))
    turns = [unit for turn in range(longest) for rows in lists for unit in rows[turn : turn + 1]]
    repeats = [] if is_smoke else [Unit(app, app.base, n) for n in range(2, REPEATS + 1) for app in APPS]
    # Spread evenly, the last one at the end: the machine of another hour is asked again.
    for place, unit in enumerate(repeats, 1):
        turns.insert(place * (longest * len(APPS)) // len(repeats) + place - 1, unit)
    return firsts + turns


def commit_now() -> str:
    """The commit that is measured, with a mark when files differ from it."""
    run = ["git", "-c", "safe.directory=*", "-C", str(ROOT)]
    commit = subprocess.run([*run, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True).stdout
    changed = subprocess.run([*run, "status", "--porcelain"], capture_output=True, text=True, check=True).stdout
    return commit.strip() + ("+" if changed.strip() else "")


class Books:
    """A folder with `units.jsonl` and the studies."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lines = folder / "units.jsonl"
        folder.mkdir(parents=True, exist_ok=True)

    def lines(self) -> list[dict[str, object]]:
        """Every unit that ended, in order; the last line may have been cut off by the end of the run."""
        found = []
        for line in self._lines.read_text().splitlines() if self._lines.exists() else []:
            try:
                found.append(json.loads(line))
            except json.JSONDecodeError:
                continue
        return found

    def done(self) -> set[str]:
        """Names of the units that gave a study that can be used."""
        return {str(line["unit"]) for line in self.lines() if not line["problem"]}

    def failed(self) -> dict[str, str]:
        """What went wrong with each unit that has given nothing."""
        done = self.done()
        return {str(line["unit"]): str(line["problem"]) for line in self.lines() if line["unit"] not in done}

    def study_path(self, unit: Unit) -> Path:
        """Where its study is, or will be."""
        return self._folder / f"{unit.name.replace('/', '.')}.study.json"

    def study(self, unit: Unit) -> Study:
        """The study of a unit that is done."""
        return read_study(self.study_path(unit))

    def note(self, unit: Unit, *, seconds: float, problem: str = "") -> None:
        """One line more. problem: why there is no study to use; "" when there is one."""
        line = {
            "unit": unit.name,
            "setting": asdict(unit.setting),
            "ended_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(seconds, 1),
            "commit": commit_now(),
            "problem": problem,
        }
        with self._lines.open("a") as file:
            file.write(json.dumps(line) + "\n")

    def present(self, wanted: Sequence[Unit]) -> list[Unit]:
        """Those of the units that are done."""
        done = self.done()
        return [unit for unit in wanted if unit.name in done]
