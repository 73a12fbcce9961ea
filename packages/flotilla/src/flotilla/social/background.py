"""Work that a request leaves to others: asked for inside the transaction it belongs to, done once that is stored.

A room of the rules that has such work declares it and says who does it, when the site is opened:

    SEND = Task("send_mail", queue="mail")
    background.does(SEND, mail.send)
    ...
    with database.write() as work:
        mail_id = rows.insert(work, ...)
        background.later(work, SEND, mail_id=mail_id)

With FLOTILLA_JOBS on, a row is stored with the change, and the jobs process does the work; else this process does it,
after the commit and before it answers. Either way it may happen twice (a process can die after the work and before it
said so): what a task does twice has to come to the same.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from flotilla.errors import UnavailableError
from flotilla.settings import Settings
from flotilla.store import jobs as job_rows
from flotilla.store.database import Database, Work
from flotilla.store.jobs import JobRow

__all__ = ["QUEUES", "Background", "Task"]

QUEUES = ("mail", "media", "default", "cleanup", "timelines")
FIRST_RETRY_S = 15
RETRY_MAX_S = 6 * 3600
AT_ONCE_MAX = 10


@dataclass(frozen=True, slots=True)
class Task:
    """A kind of work, tried `attempts` times in all; when somebody takes longer than `lease_s`, another begins anew.

    Mail waits for nothing but mail, pictures for nothing but pictures, and pushed timelines for nothing but those;
    `default` and `cleanup` share what is left.
    """

    name: str
    queue: str = "default"
    attempts: int = 8
    lease_s: int = 300

    def retry_after_s(self, attempts: int) -> float | None:
        """How long to wait once that many attempts failed: four times longer each time; None: give up."""
        if attempts >= self.attempts:
            return None
        return float(min(FIRST_RETRY_S * 4 ** min(attempts - 1, 10), RETRY_MAX_S))


class Background:
    """Which tasks there are, the way to ask for one, and the way to do those that are due."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._queued = settings.jobs
        self._known: dict[str, tuple[Task, Callable[..., object]]] = {}
        self._every_s: dict[str, int] = {}
        if not self._queued:
            database.hear(job_rows.CHANNEL, self._do_due)

    def does(self, task: Task, run: Callable[..., object], *, every_s: int | None = None) -> None:
        """Let `run`, called with the arguments given to `later`, do that task; with `every_s` also all by itself."""
        assert task.queue in QUEUES, f"there is no queue {task.queue}"
        assert task.name not in self._known, f"two tasks are called {task.name}"
        self._known[task.name] = (task, run)
        if every_s is not None:
            self._every_s[task.name] = every_s

    def later(
        self, work: Work, task: Task, *, after_s: float = 0, only_one: str | None = None, **arguments: int | str
    ) -> None:
        """Ask for that task, if `work` is kept. `only_one`: unless one with the same text is waiting already.

        `after_s` says how long to wait at least; without a jobs process nobody waits.
        """
        if self._queued:
            job_rows.add(
                work,
                queue=task.queue,
                task=task.name,
                arguments=arguments,
                lease_s=task.lease_s,
                after_s=after_s,
                only_one=only_one,
            )
        else:
            work.after(partial(self._at_once, task, arguments))

    def plan_repeated(self) -> None:
        """Store what is to be done again and again, where it is not stored yet."""
        with self._database.write(hides=False) as work:
            for name, every_s in self._every_s.items():
                task, _ = self._known[name]
                job_rows.add(
                    work,
                    queue=task.queue,
                    task=name,
                    arguments={},
                    lease_s=task.lease_s,
                    only_one=f"every: {name}",
                    every_s=every_s,
                )

    def do_next(self, queues: Sequence[str], *, taken: Callable[[JobRow | None], object] = lambda _: None) -> bool:
        """Do what has been due longest in those queues; whether there was anything. `taken` hears what is being done.

        Raises UnavailableError when the database does not answer; a task's own failure is logged and tried again later.
        """
        with self._database.write(hides=False) as work:
            job = job_rows.take(work, queues=queues)
        if job is None:
            return False
        taken(job)
        try:
            self._do(job)
        finally:
            taken(None)
        return True

    def give_back(self, job: JobRow) -> None:
        """Let others do at once what was taken and will not be finished here."""
        with self._database.write(hides=False) as work:
            job_rows.give_back(work, job)

    def seconds_until_due(self, queues: Sequence[str]) -> float | None:
        """When there is something to do again in those queues; None: nothing is planned."""
        with self._database.read() as work:
            return job_rows.seconds_until_due(work, queues=queues)

    def depth(self) -> list[tuple[str, int, int, int]]:
        """Of each queue how much is due, planned for later or being done, and given up."""
        with self._database.read() as work:
            return job_rows.depth(work)

    def _do(self, job: JobRow) -> None:
        log = structlog.get_logger("flotilla.jobs").bind(task=job.task, job=job.job_id, attempt=job.attempts)
        task, run = self._known.get(job.task, (Task(job.task), _unknown))
        try:
            run(**job.arguments)
        except UnavailableError:
            # No fault of the task: its row falls due again by itself.
            raise
        except Exception as error:
            retry_after_s = task.retry_after_s(job.attempts)
            with self._database.write(hides=False) as work:
                job_rows.failed(work, job, error=f"{type(error).__name__}: {error}", retry_after_s=retry_after_s)
            log.exception("task failed", retry_after_s=retry_after_s)
        else:
            with self._database.write(hides=False) as work:
                kept = job_rows.done(work, job)
            log.info("task done" if kept else "task took longer than its lease; somebody else began it again")

    def _do_due(self, queue: str) -> None:
        """Do what was stored although nobody else does it here: a little of it, the next to come goes on."""
        try:
            for _ in range(AT_ONCE_MAX):
                if not self.do_next((queue,)):
                    break
        except Exception:  # noqa: BLE001 (whatever it is)
            structlog.get_logger("flotilla.jobs").exception("work that is due could not be done", queue=queue)

    def _at_once(self, task: Task, arguments: Mapping[str, int | str]) -> None:
        # The person's own change is stored; that something beside it failed is the operator's business, not theirs.
        try:
            self._known[task.name][1](**arguments)
        except Exception:  # noqa: BLE001 (whatever it is)
            structlog.get_logger("flotilla.jobs").exception("task failed", task=task.name)


def _unknown(**_arguments: object) -> None:
    raise LookupError("this version of the program knows no such task")
