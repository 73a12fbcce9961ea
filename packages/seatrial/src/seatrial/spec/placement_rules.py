"""What a database apart from the app asks of the rest of the file. Pure."""

from collections.abc import Iterator

from seatrial.spec.checking import Checked, Problem, Rule
from seatrial.spec.rules import database_kind

__all__ = ["PLACEMENT_RULES"]


def _apart(checked: Checked) -> Iterator[Problem]:
    is_apart = checked.values["database.placement"] == "apart"
    if is_apart and database_kind(checked) != "embedded":
        yield Problem(
            ("database", "placement"),
            'is "apart", but Seatrial can only place the PostgreSQL that it starts itself.',
            'Leave it out, or use kind = "embedded". A database of your own runs outside the plan\'s limits anyway.',
        )
    if not is_apart and "database.round_trip_ms" in checked.given:
        yield Problem(
            ("database", "round_trip_ms"),
            "is the way to a database on another machine, and this one is on the app's.",
            'Leave it out, or say placement = "apart".',
        )


PLACEMENT_RULES: tuple[Rule, ...] = (
    Rule(
        ("database.kind", "database.url", "subject.url", "database.placement", "database.round_trip_ms"),
        _apart,
    ),
)
