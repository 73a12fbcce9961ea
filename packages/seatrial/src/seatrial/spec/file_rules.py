"""What a seatrial.toml names and must be there: folders, files, the Python, the plan, the journeys' functions."""

import os
from pathlib import Path

from seatrial.errors import SpecError
from seatrial.spec.checking import Checked, Problem, Rule, did_you_mean
from seatrial.spec.journeys_file import journey_names
from seatrial.spec.places import absolute, catalog_of, python_of
from seatrial.spec.toml_lines import TomlPath

__all__ = ["file_rules"]


def file_rules(folder: Path) -> tuple[Rule, ...]:
    """What must be there on this machine: folders, files, the Python, the plan, the journeys' functions."""
    return (
        Rule(("subject.directory",), lambda checked: _directory_problems(folder, checked)),
        Rule(("subject.directory", "subject.python"), lambda checked: _python_problems(folder, checked)),
        Rule(
            ("workload.journeys", "workload.mix", "workload.sign_in", "workload.listener"),
            lambda checked: _journeys_problems(folder, checked),
        ),
        Rule(("services.static",), lambda checked: _static_problems(folder, checked)),
        Rule(
            ("plan.catalog", "plan.id", "plan.cpus", "plan.memory_mb"), lambda checked: _plan_problems(folder, checked)
        ),
    )


def _directory_problems(folder: Path, checked: Checked) -> list[Problem]:
    directory = absolute(folder / checked.values["subject.directory"])
    if directory.is_dir():
        return []
    what = "is a file, not a folder" if directory.exists() else "is not there"
    return [Problem(("subject", "directory"), f"{what}: {directory}.", f"Paths start at {folder}.")]


def _python_problems(folder: Path, checked: Checked) -> list[Problem]:
    chosen = checked.values["subject.python"]
    if chosen is None:
        return []
    python = python_of(folder, checked)
    if python.is_file() and os.access(python, os.X_OK):
        return []
    return [
        Problem(
            ("subject", "python"),
            f"is not a program that can be run: {python}.",
            f"Give the path of the Python that has your app's packages. Paths start at {folder}.",
        )
    ]


def _static_problems(folder: Path, checked: Checked) -> list[Problem]:
    return [
        Problem(
            ("services", "static", prefix),
            f"names no folder: {absolute(folder / place)}.",
            f"Paths start at {folder}. Files that are gathered (collectstatic) must be there before.",
        )
        for prefix, place in checked.values["services.static"].items()
        if not absolute(folder / place).is_dir()
    ]


def _journeys_problems(folder: Path, checked: Checked) -> list[Problem]:
    if not checked.values["workload.journeys"]:
        return []
    journeys = absolute(folder / checked.values["workload.journeys"])
    at = ("workload", "journeys")
    try:
        names = journey_names(journeys)
    except FileNotFoundError:
        return [Problem(at, f"is not there: {journeys}.", f"Paths start at {folder}.")]
    except (OSError, SyntaxError, ValueError) as problem:
        line = f", line {problem.lineno}" if isinstance(problem, SyntaxError) and problem.lineno else ""
        return [Problem(at, f"cannot be read as Python: {journeys}{line}: {getattr(problem, 'msg', None) or problem}.")]
    if names is None:
        return []
    asked: list[tuple[TomlPath, str]] = [(("workload", "mix", name), name) for name in checked.values["workload.mix"]]
    single = {key: checked.values[f"workload.{key}"] for key in ("sign_in", "listener")}
    asked += [(("workload", key), name) for key, name in single.items() if name]
    known = ", ".join(sorted(names)) or "none"
    return [
        Problem(path, f"names no function of {journeys.name}.", did_you_mean(name, names) or f"Its functions: {known}.")
        for path, name in asked
        if name not in names
    ]


def _plan_problems(folder: Path, checked: Checked) -> list[Problem]:
    plan_id = checked.values["plan.id"]
    try:
        plans = catalog_of(folder, checked)
    except SpecError as error:
        return [Problem(("plan", "catalog"), f"names a file that cannot be used. {error}")]
    row = plans.by_id.get(plan_id)
    if plan_id and row is None:
        hint = did_you_mean(plan_id, plans.by_id) or f"The cheapest whole server is {plans.cheapest().id}."
        return [Problem(("plan", "id"), f'"{plan_id}" is not in the catalogue.', hint)]
    own = any(f"plan.{name}" in checked.given for name in ("cpus", "memory_mb", "usd_month", "name"))
    if row is None and not own:
        return []
    why = f"the catalogue does not know it for {plan_id}" if row else "a plan of your own must say it"
    known: dict[str, float] = {
        "cpus": row.limits.cpus if row else 0.0,
        "memory_mb": row.limits.memory_bytes if row else 0,
    }
    return [
        Problem(
            ("plan", name),
            f"is missing: {why}.",
            f"Add a line such as: {name} = {example}",
        )
        for name, example in (("cpus", 1), ("memory_mb", 512))
        if not known[name] and f"plan.{name}" not in checked.given
    ]
