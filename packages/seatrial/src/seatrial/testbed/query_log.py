"""Queries per request, counted from the PostgreSQL server's own log.

With `log_statement = all` PostgreSQL writes one line for each simple query and one for each Execute message of the
extended protocol, whether the statement was prepared before or not, before it runs it. (`log_min_duration_statement`
would write parse, bind and execute apart.) A client that has its answer is therefore already in the log.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["LINE_PREFIX", "METER_NAME", "QueryCount", "count_queries", "normalise"]

# Continuation lines start with a tab, so a line that starts so is a new message; %a is the client's own name.
LINE_PREFIX = "@%p@%a@ "
METER_NAME = "seatrial-meter"

_ENTRY = re.compile(r"^@(?P<pid>\d+)@(?P<client>[^@]*)@ (?P<level>[A-Z]+): {2}(?P<text>.*)", re.DOTALL)
_STATEMENT = re.compile(r"^(?:statement|execute (?!fetch from )[^:]*): (?P<sql>.*)", re.DOTALL)
_CONTROL = re.compile(
    r"^(begin|start\s+transaction|commit|end|rollback|abort|savepoint|release|deallocate|discard|"
    r"prepare\s+transaction)\b",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_STRING = re.compile(r"\b[eEbBxX]?'(?:[^']|'')*'|'(?:[^']|'')*'|\$(\w*)\$.*?\$\1\$", re.DOTALL)
_NUMBER = re.compile(r"(?<![\w$.])[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?\b")
_PARAMETER = re.compile(r"\$\d+")
_LIST = re.compile(r"\(\s*\?(?:\s*,\s*\?)+\s*\)")


@dataclass(frozen=True, slots=True)
class QueryCount:
    """Statements that PostgreSQL was asked to execute.

    statements: all but transaction control. transactions_control: BEGIN, COMMIT, ROLLBACK, SAVEPOINT, DEALLOCATE, ...
    by_text: normalised text (literals and parameters replaced by ?) -> how often; sums up to `statements`.
    """

    statements: int
    transactions_control: int
    by_text: Mapping[str, int]


def normalise(sql: str) -> str:
    """The same statement with other values becomes the same text: literals, parameters and lists of them as `?`."""
    text = _COMMENT.sub(" ", sql)
    text = _STRING.sub("?", text)
    text = _PARAMETER.sub("?", text)
    text = _NUMBER.sub("?", text)
    text = " ".join(text.split()).rstrip("; ")
    return _LIST.sub("(?, ...)", text)


def count_queries(log: str) -> QueryCount:
    """Count a part of a log written with LINE_PREFIX; the meter's own statements are left out.

    Several statements sent as one simple query are one line of the log and count as one.
    """
    counts: Counter[str] = Counter()
    control = 0
    for entry in re.split(r"\n(?!\t)", log):
        matched = _ENTRY.match(entry)
        if not matched or matched["level"] != "LOG" or matched["client"] == METER_NAME:
            continue
        statement = _STATEMENT.match(matched["text"])
        if not statement:
            continue
        text = normalise(statement["sql"].replace("\n\t", "\n"))
        if _CONTROL.match(text):
            control += 1
        else:
            counts[text] += 1
    return QueryCount(statements=counts.total(), transactions_control=control, by_text=dict(counts.most_common()))
