"""The user's own plans: a TOML file of [[plan]] rows, beside the catalogue that comes with Seatrial."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from seatrial.spec.checking import Checked, Problem, check, did_you_mean, refused
from seatrial.spec.plan_keys import PLAN_ROW
from seatrial.spec.toml_file import toml_document, toml_text
from seatrial.spec.toml_lines import key_lines

__all__ = ["SMALLEST_PLANS_FILE", "own_rows"]

KIND = "a file of plans"

SMALLEST_PLANS_FILE = """\
[[plan]]
id = "do-s-1vcpu-512mb-10gb"
usd_month = 4
as_of = "2026-11-28"

[[plan]]
id = "office-server"
provider = "our office"
cpu = "own"
vcpus = 2
ram_mb = 4096
"""
"""A row that replaces a price of the catalogue, and a row that adds a plan."""


def own_rows(path: Path, known: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows of the file, each with the keys it gives. known: the catalogue's rows by id.

    Raises:
        SpecError: the file cannot be read, or a row cannot be used; with the line of each.
    """
    text = toml_text(
        path, kind=KIND, when_missing="Give the path of a file with rows such as these:", example=SMALLEST_PLANS_FILE
    )
    checked = check(toml_document(path, text, kind=KIND), (PLAN_ROW,), KIND)
    problems = list(checked.problems)
    if not problems:
        problems = [problem for rule in (_empty, _ids, _prices) for problem in rule(checked, known)]
    if problems:
        raise refused(path, problems, key_lines(text))
    return _given(checked)


def _given(checked: Checked) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = checked.values[PLAN_ROW.path]
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def _empty(checked: Checked, _known: Mapping[str, Any]) -> Iterator[Problem]:
    if not _given(checked):
        yield Problem(("plan",), "has no rows: nothing is replaced and nothing added.", "Begin a row with [[plan]].")


def _ids(checked: Checked, known: Mapping[str, Any]) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, row in enumerate(_given(checked)):
        plan_id, at = row["id"], ("plan", index, "id")
        if plan_id in seen:
            yield Problem(at, f'is "{plan_id}" a second time.', "Put both into one row, or give one another id.")
        seen.add(plan_id)
        if not re.fullmatch(r"[a-z0-9][a-z0-9._-]*", plan_id):
            yield Problem(at, "must be of small letters, digits, dots and dashes.", 'For example: id = "office-server"')
            continue
        missing = [name for name in ("provider", "cpu") if name not in row]
        if plan_id not in known and missing:
            hint = did_you_mean(plan_id, known) or f"Add {' and '.join(missing)} to make it a plan of your own."
            yield Problem(at, f'is not in the catalogue: "{plan_id}". A new plan must say its provider and cpu.', hint)


def _prices(checked: Checked, _known: Mapping[str, Any]) -> Iterator[Problem]:
    for index, row in enumerate(_given(checked)):
        if "usd_month" in row and "as_of" not in row:
            yield Problem(
                ("plan", index, "usd_month"), "has no date.", 'Add when you read the price: as_of = "2026-11-28"'
            )
