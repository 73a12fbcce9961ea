"""The servers that run the app: one, or several beside each other or on several hosts, each with a port and workers."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from seatrial.spec.subject import Server, Subject
from seatrial.testbed.cgroup_layout import GroupFiles
from seatrial.testbed.inside import InsideView
from seatrial.testbed.measured_server import FOLDER_VARIABLE, FREEZE_VARIABLE
from seatrial.testbed.preparation import Preparation
from seatrial.testbed.process import Order, Process
from seatrial.testbed.readiness import check_runs, free_port, wait_until_ready
from seatrial.testbed.server import Gunicorn, server_argv

__all__ = ["Instances", "Launch", "workers_of_each"]

# The kernel takes the app first when memory runs out: on a server the database is protected.
OOM_SCORE_ADJ = 600


def workers_of_each(workers: int, instances: int) -> tuple[int, ...]:
    """How many workers each instance gets of so many: as evenly as it goes, one at least."""
    each, more = divmod(workers, instances)
    return tuple(max(1, each + (number < more)) for number in range(instances))


@dataclass(frozen=True, slots=True)
class Launch:
    """All that starting servers of the app takes. inside: of a start that is measured from inside.

    hosts: the CPUs of each host. groups: the app's on each host, or None in place of it; more of them are left alone.
    """

    preparation: Preparation
    hosts: tuple[tuple[int, ...], ...]
    groups: tuple[GroupFiles | None, ...]
    gunicorn: Gunicorn | None
    inside: InsideView | None

    def start(self, server: Server, port: int, values: Mapping[str, str], host: int, *, is_first: bool) -> Process:
        """values: what the placeholders stand for. is_first: on its host; ends the whole group when it is ended."""
        group = self.groups[host]
        filled = {**values, "port": str(port), "workers": str(server.workers), "threads": str(server.threads)}
        gunicorn = self.gunicorn
        environment = self.preparation.environment(filled, gunicorn.lent if gunicorn else None)
        if gunicorn and server.freeze_gc:
            environment[FREEZE_VARIABLE] = "1"
        if gunicorn and self.inside:
            gunicorn = replace(gunicorn, is_measured=True)
            environment[FOLDER_VARIABLE] = str(self.inside.folder)
        order = Order(
            argv=server_argv(self.preparation.subject, server, port, filled, gunicorn),
            environment=environment,
            directory=self.preparation.subject.directory,
            log=self.preparation.folder / f"app-{time.monotonic_ns()}.log",
            cpus=self.hosts[host],
            groups=group.entries if group else (),
            own_group=group.members if group and is_first else None,
            oom_score_adj=OOM_SCORE_ADJ,
        )
        return Process(order, self.preparation.keeper)


class Instances:
    """The app's servers that run now; none to begin with.

    ports: where each of them listens. hosts: on which host each is, from 0. process_count: how many processes they will
    have, at least, once all are up.
    """

    def __init__(self) -> None:
        """Nothing runs yet."""
        self.processes: tuple[Process, ...] = ()
        self.ports: tuple[int, ...] = ()
        self.hosts: tuple[int, ...] = ()
        self.process_count = 0

    def start(self, launch: Launch, server: Server, values: Mapping[str, str]) -> None:
        """server: its workers are those of all instances together. Starts them; `wait` waits."""
        services = launch.preparation.subject.services
        for number, workers in enumerate(workers_of_each(server.workers, services.servers)):
            port, host = free_port(), number // services.instances
            process = launch.start(
                replace(server, workers=workers), port, values, host, is_first=host not in self.hosts
            )
            self.processes, self.ports = (*self.processes, process), (*self.ports, port)
            self.hosts = (*self.hosts, host)
            self.process_count += workers + 1 if launch.gunicorn else 1

    def wait(self, subject: Subject, out_of_memory: Callable[[], str], *, any_answer: bool) -> None:
        """Return when the health path of each answers 200 (or at all); the errors are those of `wait_until_ready`."""
        path, patience_s = subject.health_path, subject.start_timeout_s
        for process, port in zip(self.processes, self.ports, strict=True):
            wait_until_ready(
                process, port, path, patience_s, out_of_memory, any_answer=any_answer, headers=subject.headers
            )

    def check_alive(self) -> None:
        """Raise SubjectExited when one has ended."""
        for process in self.processes:
            check_runs(process)

    def stop(self) -> None:
        """End all of them, the first of each host last: with it goes whatever is left in the app's group there."""
        for process in reversed(self.processes):
            process.stop()
        self.processes = self.ports = self.hosts = ()
        self.process_count = 0

    def log_tail(self, lines: int) -> str:
        """The last lines of each."""
        return "\n".join(process.log_tail(lines) for process in self.processes)
