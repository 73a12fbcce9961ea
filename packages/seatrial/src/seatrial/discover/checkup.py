"""What a machine and a project would do to a measurement, looked at before one is made."""

import os
import re
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from seatrial.discover.development_marks import development_marks
from seatrial.discover.django import OVERLAY
from seatrial.discover.drafting import read_project
from seatrial.discover.source_tree import SourceTree
from seatrial.errors import SeatrialError
from seatrial.measure.preflight import QUIET_RATIO, UNFIT_RATIO, preflight
from seatrial.measure.study_file import check_writable
from seatrial.spec.development import starts_development_server
from seatrial.spec.plan import Limits, Plan, Price
from seatrial.spec.reading import read_trial_spec
from seatrial.spec.subject import Database, Subject
from seatrial.spec.trial_spec import TrialSpec
from seatrial.spec.workload import WorkloadSpec
from seatrial.testbed.postgres_install import find_installation
from seatrial.testbed.testbed import Testbed
from seatrial.testbed.this_machine import available_cpus

__all__ = ["Check", "check_machine", "check_project", "checkup"]

NOISE, ALLOWED = "noise", "allow_noise"
GOOD, BETTER, STOPS = "good", "could be better", "stops"

FSYNCS = 30
SLOW_FSYNC_S = 0.010
"""A commit waits for one of these: more than 10 ms each is a disk on which no plan's database would be put."""

ONLY_TABLES = re.compile(r"\bdb upgrade\b|\balembic\b|\bmanage\.py migrate\b|\bcreate_all\b|\bcollectstatic\b")
"""Commands that make tables and, as a rule, no data."""

DISK_FREE_MIN_BYTES = 1_000_000_000
LATE_S = 0.005


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. verdict: "good", "could be better", or "stops" for what no measurement survives."""

    topic: str
    verdict: str
    what: str
    try_this: str = ""


def checkup(path: Path, tell: Callable[[str], None]) -> tuple[Check, ...]:
    """Both together; noise that the project's file allows stops nothing. Raises SpecError as `check_project` does."""
    machine, project = tuple(check_machine(tell)), tuple(check_project(path))
    if any(check.topic == ALLOWED for check in project):
        machine = tuple(replace(c, verdict=BETTER) if (c.topic, c.verdict) == (NOISE, STOPS) else c for c in machine)
    return (*machine, *project)


def check_machine(tell: Callable[[str], None]) -> Iterator[Check]:
    """CPUs, limits, noise, disk and the database server, in about three seconds."""
    tell("looking at the machine")
    yield _cpus()
    yield _database_server()
    yield from _limits_and_noise()
    yield _disk()


def _cpus() -> Check:
    count = len(available_cpus())
    if count >= 2:
        return Check("CPUs", GOOD, f"{count}: the app gets its own, apart from the load generator's")
    advice = "Measure on a machine with two or more: here the generator takes CPU from the app, which looks slower."
    return Check("CPUs", BETTER, f"{count}, shared by the app and the load generator", advice)


def _database_server() -> Check:
    try:
        found = find_installation()
    except SeatrialError as error:
        return Check("PostgreSQL", STOPS, error.what, error.try_this)
    return Check("PostgreSQL", GOOD, f"a private one can be started ({found.name})")


def _limits_and_noise() -> Iterator[Check]:
    nobody = Subject("nothing", "", Path.cwd(), Path(), database=Database(kind="none"))
    limits = Limits(1.0, 512 * 1024 * 1024)
    trial = TrialSpec(Path(), nobody, Plan("any", "", "a plan", limits, Price(None, "", "")), WorkloadSpec())
    try:
        with Testbed(trial) as testbed:
            told = [caveat for caveat in testbed.caveats if caveat not in testbed.placement.caveats]
            placement = testbed.placement
            seen = preflight(placement.subject_cpus, placement.generator_cpus, allow_noise=True)
    except SeatrialError as error:
        yield Check("limits", STOPS, error.what, error.try_this)
        return
    if told:
        advice = "Run as root, or in a session with delegated control groups (systemd-run --user --scope)."
        yield Check("limits", BETTER, told[0], advice)
    else:
        yield Check("limits", GOOD, "a plan's CPU and memory can be set as limits (control groups)")
    ratio = seen.spin_ratio_p95
    what = f"fixed work takes {ratio:.2f} times its own CPU time (quiet is up to {QUIET_RATIO})"
    verdict = GOOD if ratio <= QUIET_RATIO else BETTER if ratio <= UNFIT_RATIO else STOPS
    advice = "" if verdict == GOOD else "Close other programs, or wait until it is quiet."
    if verdict == STOPS:
        advice += " With --allow-noise it is measured all the same, and the rates are too low."
    yield Check(NOISE, verdict, what, advice)
    check = seen.self_check
    if check is not None:
        late = check.lateness_p99_s > LATE_S
        what = f"{check.ceiling_rps:,.0f} requests/s, 1 in 100 sent {1000 * check.lateness_p99_s:.1f} ms late or more"
        advice = "Give it a CPU of its own: another machine, or fewer programs." if late else ""
        yield Check("generator", BETTER if late else GOOD, what, advice)


def _disk() -> Check:
    folder = Path(tempfile.gettempdir())
    free = shutil.disk_usage(folder).free
    if free < DISK_FREE_MIN_BYTES:
        return Check(
            "disk", STOPS, f"{free / 1e6:.0f} MB free in {folder}", "Free some: the trial's database lies there."
        )
    taken_s = _fsync_s(folder)
    what = f"{free / 1e9:.0f} GB free in {folder}, a write is on disk after {1000 * taken_s:.1f} ms"
    if taken_s > SLOW_FSYNC_S:
        return Check("disk", BETTER, what, "Each commit waits that long. Set TMPDIR to a folder on a faster disk.")
    return Check("disk", GOOD, what)


def _fsync_s(folder: Path) -> float:
    taken = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(FSYNCS):
            file.write(b"x" * 8192)
            since = time.perf_counter()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - since)
    return statistics.median(taken)


def check_project(path: Path) -> Iterator[Check]:
    """What a project's seatrial.toml leaves out, or that it has none. path: the file, or the project's folder.

    Raises:
        SpecError: the file cannot be used, or there is no such folder.
    """
    file = path / "seatrial.toml" if path.is_dir() else path
    if not file.is_file():
        facts = read_project(path)
        found = facts.candidates[0].target if facts.candidates else "no app"
        yield Check("project", BETTER, f"no seatrial.toml yet; {found} was found", "Run: seatrial init")
        return
    spec = read_trial_spec(file)
    yield Check("project", GOOD, f"{file} can be read: {spec.subject.name}")
    yield from _data(spec.subject)
    yield from _debugging(spec.subject, file.parent)
    if spec.measure.allow_noise:
        what = "measure.allow_noise = true: rates are too low by what others take of the CPU, and no trial is refused"
        yield Check(ALLOWED, BETTER, what, "Leave it out on a machine that is quiet.")
    if spec.measure.restarts < 3 and not spec.subject.url:
        what = f"measure.restarts = {spec.measure.restarts}"
        yield Check("restarts", BETTER, what, "With 3 or more the answer has an interval.")
    try:
        check_writable(spec.results)
    except SeatrialError as error:
        yield Check("results", STOPS, error.what, error.try_this)


def _data(subject: Subject) -> Iterator[Check]:
    """Whether anything fills the database, as far as the commands tell."""
    if subject.database.kind != "embedded":
        return
    if not subject.prepare:
        what = "subject.prepare is empty: nothing fills the database, unless the app does so when it starts"
        advice = "Add the commands that make tables and data to subject.prepare: empty tables cost nothing."
        yield Check("data", BETTER, what, advice)
    elif all(ONLY_TABLES.search(" ".join(command)) for command in subject.prepare):
        what = "subject.prepare makes tables, and nothing fills them"
        yield Check("data", BETTER, what, "Add a command that fills in as much as your app will have.")


def _debugging(subject: Subject, root: Path) -> Iterator[Check]:
    """What is set for working on the app: in its environment, in its code, in the command that starts it."""
    advice = "Measure as it will be deployed: switch it off in subject.environment."
    on = [name for name, value in subject.environment.items() if _debugs(name, value)]
    if on:
        yield Check("debugging", BETTER, f"{on[0]} is on", advice)
    # Django's settings of a trial, written by `seatrial init`, are as where it is deployed.
    elif not subject.url and subject.environment.get("DJANGO_SETTINGS_MODULE") != OVERLAY:
        marks = [mark for mark in development_marks(SourceTree(root)) if mark.is_measured]
        for mark in {mark.what: mark for mark in reversed(marks)}.values():
            yield Check("debugging", BETTER, f"{mark.what} ({mark.where})", mark.remedy)
    if starts_development_server(subject.server.command, subject.directory):
        what = f"server.command starts a server for development: {' '.join(subject.server.command)}"
        yield Check("server", BETTER, what, "Measure with the server that will run it for visitors (server.kind).")


def _debugs(name: str, value: str) -> bool:
    return "DEBUG" in name.upper() and value.strip().lower() in {"1", "true", "yes", "on"}
