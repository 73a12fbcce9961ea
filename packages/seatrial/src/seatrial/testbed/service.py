"""One server beside the app: started, waited for, watched, ended. What to start is a value."""

import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from seatrial.errors import TestbedError
from seatrial.testbed.process import Order, Process, describe_exit, tail, wait_until
from seatrial.testbed.readiness import free_port
from seatrial.testbed.surroundings import Surroundings

__all__ = ["Program", "Service", "version_of"]

START_DEADLINE_S = 15.0
VERSION_DEADLINE_S = 10.0
PORT_TRIES = 3
# The app goes first when memory runs out, PostgreSQL last.
OOM_SCORE_ADJ = 400


@dataclass(frozen=True, slots=True)
class Program:
    """What to start.

    name: as its makers write it. key: of seatrial.toml, that asked for it. directory: its own, made by whoever made
    this. answers: whether it is ready; it may be asked often. user: (uid, gid) to become.
    """

    name: str
    key: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    directory: Path
    answers: Callable[[], bool]
    user: tuple[int, int] | None = None


class Service:
    """A running server. name: as in Program. port: of 127.0.0.1, where it listens."""

    name: str
    port: int
    process: Process

    def __init__(self, at: Surroundings, program: Callable[[int], Program]) -> None:
        """program: makes one, with its files, for a port. Raises TestbedError when it does not come to answer."""
        for attempt in range(PORT_TRIES):
            self.port = free_port()
            chosen = program(self.port)
            self.name = chosen.name
            log = at.folder / f"{chosen.directory.name}.log"
            self.process = Process(_order(chosen, at, log), at.keeper)
            if self._comes_up(chosen):
                return
            status, last = self.process.exit_status, tail(log)
            self.process.stop(grace_s=0.0)
            is_taken = "address already in use" in last.lower()
            if not is_taken or attempt == PORT_TRIES - 1:
                ended = f" ({describe_exit(status)})" if status is not None else f" within {START_DEADLINE_S:g} s"
                raise TestbedError(
                    f"{self.name} did not start{ended}",
                    where=chosen.key,
                    try_this="Its last lines are below; too little memory in the plan is a usual reason.",
                    details=last,
                )

    def _comes_up(self, program: Program) -> bool:
        def settled() -> bool:
            return self.process.exit_status is not None or program.answers()

        return wait_until(settled, START_DEADLINE_S) and self.process.exit_status is None

    def check_alive(self) -> None:
        """Raise TestbedError, with its last lines, when it has ended."""
        status = self.process.exit_status
        if status is not None:
            raise TestbedError(
                f"{self.name} ended by itself ({describe_exit(status)})", details=self.process.log_tail()
            )


def _order(program: Program, at: Surroundings, log: Path) -> Order:
    return Order(
        argv=program.argv,
        environment=program.environment,
        directory=program.directory,
        log=log,
        cpus=at.cpus,
        groups=at.groups.entries if at.groups else (),
        user=program.user,
        oom_score_adj=OOM_SCORE_ADJ,
    )


def version_of(binary: Path, *arguments: str) -> str:
    """The first line that a program says of its version, wherever it says it; "" when it says nothing in time."""
    try:
        said = subprocess.run(
            [str(binary), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=VERSION_DEADLINE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return next(iter((said.stdout or said.stderr).splitlines()), "").strip()
