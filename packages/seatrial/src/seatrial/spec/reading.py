"""Reads a seatrial.toml into a `TrialSpec` and its levers, or says everything that is wrong with it at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seatrial.spec.building import trial_spec
from seatrial.spec.checking import Checked, Problem, check, refused
from seatrial.spec.file_rules import file_rules
from seatrial.spec.keys import SECTIONS, SMALLEST_FILE
from seatrial.spec.lever import Lever, changed
from seatrial.spec.lever_keys import LEVERS, own_lever
from seatrial.spec.lever_rules import lever_problems
from seatrial.spec.objective_rules import OBJECTIVE_RULES
from seatrial.spec.placeholder_rules import PLACEHOLDER_RULES
from seatrial.spec.placement_rules import PLACEMENT_RULES
from seatrial.spec.places import absolute
from seatrial.spec.rules import LOCAL_RULES, RULES
from seatrial.spec.server_rules import SERVER_RULES
from seatrial.spec.services_rules import SERVICES_RULES
from seatrial.spec.toml_file import toml_document, toml_text
from seatrial.spec.toml_lines import TomlPath, key_lines
from seatrial.spec.trial_spec import TrialSpec

__all__ = ["Declared", "read_declared", "read_trial_spec"]

FILE_NAME = "seatrial.toml"
KIND = "a seatrial.toml"


@dataclass(frozen=True, slots=True)
class Declared:
    """A seatrial.toml that can be used: the trial, the levers, and on which line each key stands."""

    spec: TrialSpec
    levers: tuple[Lever, ...]
    document: Mapping[str, Any]
    lines: Mapping[TomlPath, int]

    def with_levers(self, levers: Sequence[Lever]) -> TrialSpec | str:
        """The trial with these levers pulled, or a sentence that says why there is none. Pure but for looking at files.

        How it is measured and where results go stay as they are in `spec`.
        """
        path, remote = self.spec.path, self.spec.allow_remote
        checked = check(changed(self.document, levers), SECTIONS)
        problems = _problems(checked, path.parent, allow_remote=remote)
        if problems:
            first = problems[0]
            return f"{'.'.join(map(str, first.path))} {first.what} {first.try_this}".strip()
        made = trial_spec(path, checked, allow_remote=remote)
        made = replace(made, measure=self.spec.measure, results=self.spec.results, plan=self.spec.plan)
        return "This is so already." if made == self.spec else made


def read_trial_spec(path: Path, *, allow_remote: bool = False, sizes: Sequence[int] = ()) -> TrialSpec:
    """The trial that a seatrial.toml (or a folder that holds one) declares; relative paths start at the file's folder.

    sizes: in place of measure.sizes, if there are any.
    Raises `SpecError` with file, line and key of everything that cannot be used.
    """
    return read_declared(path, allow_remote=allow_remote, sizes=sizes).spec


def read_declared(path: Path, *, allow_remote: bool = False, sizes: Sequence[int] = ()) -> Declared:
    """The same with its levers; each is tried on the file, so what cannot be used in one is named by its own place."""
    path = absolute(Path(path))
    if path.is_dir():
        path = path / FILE_NAME
    missing = "Give the path of a seatrial.toml. The smallest, for an app made by create_app() in shop.py:"
    text = toml_text(path, kind=KIND, when_missing=missing, example=SMALLEST_FILE)
    document = toml_document(path, text, kind=KIND)
    if sizes:
        document = {**document, "measure": {**document.get("measure", {}), "sizes": list(sizes)}}
    checked = check(document, SECTIONS)
    problems = _problems(checked, path.parent, allow_remote=allow_remote)
    levers: tuple[Lever, ...] = ()
    if not problems:
        levers = tuple(own_lever(row) for row in checked.values[LEVERS.path])

        def found(with_one: Mapping[str, Any]) -> list[Problem]:
            return _problems(check(with_one, SECTIONS), path.parent, allow_remote=allow_remote)

        problems = [*lever_problems(document, levers, found)]
    if problems:
        raise refused(path, problems, key_lines(text))
    return Declared(trial_spec(path, checked, allow_remote=allow_remote), levers, document, key_lines(text))


def _problems(checked: Checked, folder: Path, *, allow_remote: bool) -> list[Problem]:
    rules = (
        RULES
        + PLACEHOLDER_RULES
        + OBJECTIVE_RULES
        + PLACEMENT_RULES
        + SERVICES_RULES
        + SERVER_RULES
        + (() if allow_remote else LOCAL_RULES)
    )
    asked = (rule for rule in (*rules, *file_rules(folder)) if not checked.bad.intersection(rule.reads))
    return [*checked.problems, *(problem for rule in asked for problem in rule.find(checked))]
