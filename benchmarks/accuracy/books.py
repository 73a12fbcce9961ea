"""What has been measured already: a line for each unit and the study it gave, so that a run that was ended goes on."""

import json
import math
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path

from apps import APPS, App
from design import Setting

from seatrial.measure.study import Study
from seatrial.measure.study_file import read_study

__all__ = ["Books", "Unit", "code_now", "commit_now", "units"]

ROOT = Path(__file__).parents[2]
MEASURING = (
    *(f"packages/seatrial/src/seatrial/{part}" for part in ("spec", "testbed", "load", "measure")),
    "packages/flotilla/src",
    "trials/flotilla",
    "benchmarks/accuracy/subjects",
)
CELLS_AT_A_TIME = 4
"""Of one app, before the next one's turn: as many as fit after one base that is near them in time."""

REPEAT_TURNS = (1, 3)
"""Turns that begin with the base once more, in full: three studies of it, and so three pairs for the A/A test."""


@dataclass(frozen=True)
class Unit:
    """One study to make. repeat: 1 for a cell; counts the studies of a base.

    is_near: the base once more, shortly before a cell, so that the machine's own drift is not counted as an error.
    """

    app: App
    setting: Setting
    repeat: int = 1
    is_near: bool = False

    @property
    def is_base(self) -> bool:
        """Whether it is what the cells are predicted from, or that once more."""
        return self.setting == self.app.base

    @property
    def role(self) -> str:
        """base, from which is predicted; again, the same once more; near, the same in brief; or cell."""
        return "near" if self.is_near else "cell" if not self.is_base else "base" if self.repeat == 1 else "again"

    @property
    def name(self) -> str:
        """Unique in a matrix."""
        what = "near" if self.is_near else "base" if self.is_base else self.setting.name
        return f"{self.app.name}/{what}/{self.repeat}"


def units(*, is_smoke: bool) -> list[Unit]:
    """In the order of measuring: the bases, then a few cells of each app in turn, at times after its base once more.

    A smoke has no time for bases near its cells, so there each app's cells follow its base at once.
    """
    if is_smoke:
        return [Unit(app, setting) for app in APPS for setting in (app.base, *app.smoke_cells())]
    order = [Unit(app, app.base) for app in APPS]
    cells_of = {app: [Unit(app, cell) for cell in app.cells()] for app in APPS}
    for turn in range(math.ceil(max(map(len, cells_of.values())) / CELLS_AT_A_TIME)):
        for app, cells in cells_of.items():
            if turn in REPEAT_TURNS:
                order.append(Unit(app, app.base, 2 + REPEAT_TURNS.index(turn)))
            order += cells[turn * CELLS_AT_A_TIME : (turn + 1) * CELLS_AT_A_TIME]
    return order


def commit_now() -> str:
    """The commit that is measured, with a mark when files differ from it."""
    run = ["git", "-c", "safe.directory=*", "-C", str(ROOT)]
    commit = subprocess.run([*run, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True).stdout
    changed = subprocess.run([*run, "status", "--porcelain"], capture_output=True, text=True, check=True).stdout
    return commit.strip() + ("+" if changed.strip() else "")


@cache
def code_now() -> str:
    """A digest of what a measurement hangs on: what measures, what is measured. The model is none of it."""
    found = sha256()
    for folder in (ROOT / place for place in MEASURING):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts and "results" not in path.parts:
                found.update(f"{path.relative_to(ROOT)}\0{sha256(path.read_bytes()).hexdigest()}\n".encode())
    return found.hexdigest()[:16]


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

    def current(self) -> set[str]:
        """Those of them whose last study is of today's code: the others are to be measured again."""
        last = {str(line["unit"]): line for line in self.lines() if not line["problem"]}
        return {name for name, line in last.items() if line.get("code") == code_now() and self.path_of(name).exists()}

    def minutes_since_base(self, app: str) -> float:
        """Since a study of the app's base, of whatever length, ended; inf when none of today's code did."""
        ended = [
            datetime.fromisoformat(str(line["ended_at"]))
            for line in self.lines()
            if not line["problem"]
            and line.get("code") == code_now()
            and str(line["unit"]).rpartition("/")[0] in {f"{app}/base", f"{app}/near"}
        ]
        return (datetime.now(UTC) - max(ended)).total_seconds() / 60.0 if ended else math.inf

    def nears(self, app: App) -> list[Unit]:
        """The app's brief studies of its base that are done, in order."""
        done = self.done()
        numbers = sorted(int(name.rpartition("/")[2]) for name in done if name.startswith(f"{app.name}/near/"))
        return [Unit(app, app.base, number, is_near=True) for number in numbers]

    def next_near(self, app: App) -> Unit:
        """One more of them."""
        known = self.nears(app)
        return Unit(app, app.base, known[-1].repeat + 1 if known else 1, is_near=True)

    def failed(self) -> dict[str, str]:
        """What went wrong with each unit that has given nothing."""
        done = self.done()
        return {str(line["unit"]): str(line["problem"]) for line in self.lines() if line["unit"] not in done}

    def study_path(self, unit: Unit) -> Path:
        """Where its study is, or will be."""
        return self.path_of(unit.name)

    def path_of(self, name: str) -> Path:
        """The same by the unit's name."""
        return self._folder / f"{name.replace('/', '.')}.study.json"

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
            "code": code_now(),
            "problem": problem,
        }
        with self._lines.open("a") as file:
            file.write(json.dumps(line) + "\n")

    def present(self, wanted: Sequence[Unit]) -> list[Unit]:
        """Those of the units that are done."""
        done = self.done()
        return [unit for unit in wanted if unit.name in done]
