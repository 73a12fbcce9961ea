"""Reads a seatrial.toml into a `TrialSpec`, or says everything that is wrong with it at once."""

from collections.abc import Sequence
from pathlib import Path

from seatrial.spec.building import trial_spec
from seatrial.spec.checking import check, refused
from seatrial.spec.file_rules import file_rules
from seatrial.spec.keys import SECTIONS, SMALLEST_FILE
from seatrial.spec.objective_rules import OBJECTIVE_RULES
from seatrial.spec.placeholder_rules import PLACEHOLDER_RULES
from seatrial.spec.placement_rules import PLACEMENT_RULES
from seatrial.spec.places import absolute
from seatrial.spec.rules import LOCAL_RULES, RULES
from seatrial.spec.server_rules import SERVER_RULES
from seatrial.spec.services_rules import SERVICES_RULES
from seatrial.spec.toml_file import toml_document, toml_text
from seatrial.spec.toml_lines import key_lines
from seatrial.spec.trial_spec import TrialSpec

__all__ = ["read_trial_spec"]

FILE_NAME = "seatrial.toml"
KIND = "a seatrial.toml"


def read_trial_spec(path: Path, *, allow_remote: bool = False, sizes: Sequence[int] = ()) -> TrialSpec:
    """The trial that a seatrial.toml (or a folder that holds one) declares; relative paths start at the file's folder.

    sizes: in place of measure.sizes, if there are any.
    Raises `SpecError` with file, line and key of everything that cannot be used.
    """
    path = absolute(Path(path))
    if path.is_dir():
        path = path / FILE_NAME
    missing = "Give the path of a seatrial.toml. The smallest, for an app made by create_app() in shop.py:"
    text = toml_text(path, kind=KIND, when_missing=missing, example=SMALLEST_FILE)
    document = toml_document(path, text, kind=KIND)
    if sizes:
        document = {**document, "measure": {**document.get("measure", {}), "sizes": list(sizes)}}
    checked = check(document, SECTIONS)
    rules = (
        RULES
        + PLACEHOLDER_RULES
        + OBJECTIVE_RULES
        + PLACEMENT_RULES
        + SERVICES_RULES
        + SERVER_RULES
        + (() if allow_remote else LOCAL_RULES)
    )
    asked = (rule for rule in (*rules, *file_rules(path.parent)) if not checked.bad.intersection(rule.reads))
    problems = [*checked.problems, *(problem for rule in asked for problem in rule.find(checked))]
    if problems:
        raise refused(path, problems, key_lines(text))
    return trial_spec(path, checked, allow_remote=allow_remote)
