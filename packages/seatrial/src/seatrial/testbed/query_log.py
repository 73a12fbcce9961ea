"""Queries per request and the time they took, from the PostgreSQL server's own log.

With `log_statement = all` PostgreSQL writes one line for each simple query and one for each Execute message of the
extended protocol, whether the statement was prepared before or not, before it runs it. With `log_duration = on` a line
with the time follows, and one each for its Parse and Bind comes before. (`log_min_duration_statement` would name the
statement three times.) All of them are written before the answer is sent: a client that has it is in the log.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["LINE_PREFIX", "METER_NAME", "QueryCount", "count_queries", "normalise"]

# Continuation lines start with a tab, so a line that starts so is a new message; %a is the client's own name.
LINE_PREFIX = "@%p@%a@ "
METER_NAME = "seatrial-meter"

_ENTRY = re.compile(r"^@(?P<pid>\d+)@(?P<client>[^@]*)@ (?P<level>[A-Z]+): {2}(?P<text>.*)", re.DOTALL)
_STATEMENT = re.compile(r"^(?:statement|execute (?P<fetch>fetch from )?[^:]*): (?P<sql>.*)", re.DOTALL)
_DURATION = re.compile(r"^duration: (?P<ms>[\d.]+) ms")
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
    seconds: that the server took for all of it; seconds_by_text: for each text, planning included. What a commit takes
    is in them where COMMIT is said; one that the end of a single statement implies is not. samples: each text as it was
    first sent. connections: different ones that statements came over.
    """

    statements: int
    transactions_control: int
    by_text: Mapping[str, int]
    seconds: float = 0.0
    seconds_by_text: Mapping[str, float] = field(default_factory=dict)
    samples: Mapping[str, str] = field(default_factory=dict)
    connections: int = 0


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
    seconds: defaultdict[str, float] = defaultdict(float)
    # By process: the time of Parse and Bind, of a statement that is named next; the statement that is running.
    ahead_s: defaultdict[str, float] = defaultdict(float)
    running: dict[str, str] = {}
    samples: dict[str, str] = {}
    connections: set[str] = set()
    control = 0
    for entry in re.split(r"\n(?!\t)", log):
        matched = _ENTRY.match(entry)
        if not matched or matched["level"] != "LOG" or matched["client"] == METER_NAME:
            continue
        pid, duration = matched["pid"], _DURATION.match(matched["text"])
        if duration:
            seconds_now = float(duration["ms"]) / 1000.0
            if pid in running:
                seconds[running.pop(pid)] += seconds_now + ahead_s.pop(pid, 0.0)
            else:
                ahead_s[pid] += seconds_now
            continue
        statement = _STATEMENT.match(matched["text"])
        if not statement:
            continue
        sent = statement["sql"].replace("\n\t", "\n")
        text = normalise(sent)
        samples.setdefault(text, sent)
        connections.add(pid)
        running[pid] = text
        if statement["fetch"]:
            continue  # more rows of a statement that was counted when it began
        if _CONTROL.match(text):
            control += 1
        else:
            counts[text] += 1
    return QueryCount(
        statements=counts.total(),
        transactions_control=control,
        by_text=dict(counts.most_common()),
        seconds=sum(seconds.values()),
        seconds_by_text={text: seconds[text] for text in counts},
        samples={text: samples[text] for text in counts},
        connections=len(connections),
    )
