"""Rows of work to be done later, in the global schema: stored in the same transaction as what they belong to.

Whoever takes a row moves its `due_at` to when the work counts as abandoned: should the process die, the row falls due
again by itself, and whoever then takes it has a higher `attempts`. The one who was too slow changes nothing any more.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flotilla.store.database import Work

__all__ = [
    "CHANNEL",
    "JobRow",
    "add",
    "depth",
    "done",
    "failed",
    "forget_failed",
    "give_back",
    "seconds_until_due",
    "take",
]

CHANNEL = "flotilla_jobs"
ERROR_MAX_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class JobRow:
    """One piece of work that somebody took; `attempts` counts this time too."""

    job_id: int
    task: str
    arguments: dict[str, Any]
    attempts: int
    every_s: int | None


def add(
    work: Work,
    *,
    queue: str,
    task: str,
    arguments: Mapping[str, object],
    lease_s: int,
    after_s: float = 0,
    only_one: str | None = None,
    every_s: int | None = None,
) -> None:
    """Store work to be done `after_s` seconds from now, unless there is a row with the same `only_one`."""
    added = work.count(
        """
        INSERT INTO g.job (queue, task, arguments, lease_s, due_at, only_one, every_s)
        VALUES (%(queue)s, %(task)s, %(arguments)s, %(lease_s)s, now() + make_interval(secs => %(after_s)s),
                %(only_one)s, %(every_s)s)
        ON CONFLICT (only_one) DO NOTHING
        """,
        {
            "queue": queue,
            "task": task,
            "arguments": json.dumps(arguments),
            "lease_s": lease_s,
            "after_s": after_s,
            "only_one": only_one,
            "every_s": every_s,
        },
    )
    if added:
        work.tell(CHANNEL, queue)


def take(work: Work, *, queues: Sequence[str]) -> JobRow | None:
    """Take the work that has been due longest in those queues, for its `lease_s` seconds; None when nothing is due."""
    row = work.one(
        """
        UPDATE g.job SET attempts = attempts + 1, due_at = clock_timestamp() + make_interval(secs => lease_s)
        WHERE id = (
            SELECT id FROM g.job
            WHERE queue = ANY(%(queues)s) AND failed_at IS NULL AND due_at <= clock_timestamp()
            ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
        )
        RETURNING id, task, arguments, attempts, every_s
        """,
        {"queues": list(queues)},
    )
    return None if row is None else JobRow(*row)


def done(work: Work, job: JobRow) -> bool:
    """Remove what is done, or put it back for its next turn; whether it was still this taker's."""
    keys: dict[str, object] = {"job_id": job.job_id, "attempts": job.attempts, "every_s": job.every_s}
    if job.every_s is None:
        return work.count("DELETE FROM g.job WHERE id = %(job_id)s AND attempts = %(attempts)s", keys) > 0
    again = """
        UPDATE g.job SET attempts = 0, last_error = NULL, due_at = now() + make_interval(secs => %(every_s)s)
        WHERE id = %(job_id)s AND attempts = %(attempts)s
        """
    return work.count(again, keys) > 0


def failed(work: Work, job: JobRow, *, error: str, retry_after_s: float | None) -> None:
    """Let it be tried again after so many seconds; None: give it up."""
    work.count(
        """
        UPDATE g.job SET last_error = %(error)s, failed_at = CASE WHEN %(retry_after_s)s::float8 IS NULL THEN now() END,
            due_at = now() + make_interval(secs => coalesce(%(retry_after_s)s::float8, 0))
        WHERE id = %(job_id)s AND attempts = %(attempts)s
        """,
        {
            "job_id": job.job_id,
            "attempts": job.attempts,
            "error": error[:ERROR_MAX_CHARACTERS],
            "retry_after_s": retry_after_s,
        },
    )


def give_back(work: Work, job: JobRow) -> None:
    """Give back at once what was taken and not finished, as if it had not been begun."""
    work.count(
        """
        UPDATE g.job SET due_at = now(), attempts = attempts - 1
        WHERE id = %(job_id)s AND attempts = %(attempts)s
        """,
        {"job_id": job.job_id, "attempts": job.attempts},
    )


def seconds_until_due(work: Work, *, queues: Sequence[str]) -> float | None:
    """When the next work of those queues is due: seconds from now, 0 or less for at once; None: there is none."""
    row = work.one(
        """
        SELECT extract(epoch FROM min(due_at) - clock_timestamp())::float8
        FROM g.job WHERE queue = ANY(%(queues)s) AND failed_at IS NULL
        """,
        {"queues": list(queues)},
    )
    return None if row is None else row[0]


def depth(work: Work) -> list[tuple[str, int, int, int]]:
    """Of each queue how much is due, planned for later or being done, and given up."""
    rows = work.all(
        """
        SELECT queue, count(*) FILTER (WHERE failed_at IS NULL AND due_at <= now()),
            count(*) FILTER (WHERE failed_at IS NULL AND due_at > now()), count(failed_at)
        FROM g.job GROUP BY queue ORDER BY queue
        """,
        {},
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def forget_failed(work: Work, *, days: int, most: int) -> int:
    """Remove at most so many rows of what was given up more than `days` ago; how many."""
    return work.count(
        """
        DELETE FROM g.job WHERE id = ANY(ARRAY(
            SELECT id FROM g.job WHERE failed_at < now() - make_interval(days => %(days)s) LIMIT %(most)s
        ))
        """,
        {"days": days, "most": most},
    )
