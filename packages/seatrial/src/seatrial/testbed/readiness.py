"""Waiting until the subject answers, and telling apart the ways in which it does not."""

import contextlib
import http.client
import re
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from seatrial.errors import SubjectExited, TestbedError
from seatrial.testbed.process import Process, describe_exit

__all__ = ["NO_HEADERS", "Probe", "check_runs", "explain_exit", "free_port", "probe", "wait_until_ready"]

POLL_S = 0.05
PROBE_TIMEOUT_S = 2.0
# An app may answer 503 while it warms up; one that answers an error for this long is taken at its word.
ERROR_PATIENCE_S = 3.0
NO_HEADERS: Mapping[str, str] = {}
"""Beside those that every request has."""

BODY_LINES = 10
BODY_BYTES = 8192


@dataclass(frozen=True, slots=True)
class Probe:
    """One try. state: refused | silent | answered. status and body (its first lines) when answered."""

    state: str
    status: int = 0
    body: str = ""


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def probe(host: str, port: int, path: str, timeout_s: float, headers: Mapping[str, str] = NO_HEADERS) -> Probe:
    """Ask once for `path`."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout_s)
    try:
        try:
            connection.connect()
        except OSError:
            return Probe("refused")
        try:
            connection.request("GET", path, headers={"Connection": "close", **headers})
            response = connection.getresponse()
            body = response.read(BODY_BYTES).decode(errors="replace")
        except (OSError, http.client.HTTPException):
            return Probe("silent")
        return Probe("answered", response.status, "\n".join(body.strip().splitlines()[:BODY_LINES]))
    finally:
        connection.close()


def wait_until_ready(
    process: Process,
    port: int,
    health_path: str,
    timeout_s: float,
    out_of_memory: Callable[[], str],
    *,
    any_answer: bool = False,
    headers: Mapping[str, str] = NO_HEADERS,
) -> None:
    """Return when `health_path` answers 200; raise SubjectExited or TestbedError saying what happened instead.

    out_of_memory: a sentence when the kernel has ended a process of the subject for want of memory, else "".
    any_answer: any other status will do as well.
    """
    started = time.monotonic()
    deadline = started + timeout_s
    first_answer: float | None = None
    answer: Probe | None = None
    heard = False
    while True:
        if told := out_of_memory():
            raise SubjectExited(told, try_this=MEMORY_ADVICE, details=process.log_tail())
        status = process.exit_status
        if status is not None:
            raise explain_exit(process, status, port)
        left_s = min(PROBE_TIMEOUT_S, max(0.1, deadline - time.monotonic()))
        last = probe("127.0.0.1", port, health_path, left_s, headers)
        now = time.monotonic()
        heard = heard or last.state != "refused"
        if last.state == "answered":
            if not _is_ours(process, port):
                raise _taken(port, process)
            if last.status == http.HTTPStatus.OK or any_answer:
                return
            answer, first_answer = last, first_answer or now
        if now > deadline or (first_answer is not None and now - first_answer > min(ERROR_PATIENCE_S, timeout_s)):
            # What it answered tells more than that the last probe came to nothing before the deadline.
            raise _explain_wait(process, port, health_path, answer or last, heard=heard, waited_s=now - started)
        time.sleep(POLL_S)


MEMORY_ADVICE = "Choose a plan with more memory, start fewer workers, or find what in the app holds the memory."


def explain_exit(process: Process, status: int, port: int) -> TestbedError:
    """Why it ended, from its exit status and last lines."""
    text = process.log_tail()
    if re.search(r"address already in use|errno 98\b|errno 48\b", text, re.IGNORECASE):
        return _taken(port, process)
    missing = re.findall(r"ModuleNotFoundError: No module named '([^']+)'", text)
    advice = "Its last lines below say why; the same command by hand shows it, too."
    if missing:
        advice = (
            f"`{missing[-1]}` is not installed in the Python that runs the app ({process.order.argv[0]}): install it "
            "there, or set subject.python to the interpreter that has it (subject.directory to where the app is)."
        )
    return SubjectExited(
        f"the app ended while it was starting ({describe_exit(status)})",
        where=" ".join(process.order.argv[:4]),
        try_this=advice,
        details=text,
    )


def check_runs(app: Process) -> None:
    """Raise SubjectExited, with its last lines, when the app has ended."""
    if app.exit_status is not None:
        raise SubjectExited(
            f"the app ended by itself ({describe_exit(app.exit_status)})",
            try_this="Its last lines below may say why.",
            details=app.log_tail(),
        )


def _taken(port: int, process: Process) -> TestbedError:
    return TestbedError(
        f"port {port} is taken by another program",
        where=" ".join(process.order.argv[:4]),
        try_this=f"Find it with `ss -ltnp 'sport = :{port}'` and stop it, or use {{port}} in the command so that a "
        "free one is chosen.",
        details=process.log_tail(),
    )


def _explain_wait(
    process: Process, port: int, health_path: str, last: Probe, *, heard: bool, waited_s: float
) -> TestbedError:
    log = process.log_tail()
    where = f"http://127.0.0.1:{port}{health_path}"
    if last.state == "answered":
        advice = "Set subject.health_path to a path that answers 200 when the app is up."
        if last.status >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
            advice = "The app is up but fails; its answer and its last lines are below."
        return TestbedError(
            f"the app answers {last.status} to its health path instead of 200",
            where=where,
            try_this=advice,
            details=f"Answer:\n{last.body}\n\nLast lines:\n{log}",
        )
    if heard:
        return TestbedError(
            f"the app listens on port {port} but has not answered within {waited_s:.0f} s",
            where=where,
            try_this="It may wait for something (a database, another service) or be stuck in a loop; if it is only "
            "slow to start, raise subject.start_timeout_s.",
            details=log,
        )
    elsewhere = sorted(listening_ports(process.family()) - {port})
    advice = "It may wait for something while it is imported; if it is only slow, raise subject.start_timeout_s."
    if elsewhere:
        advice = f"It listens on port {elsewhere[0]} instead: put {{port}} into subject.server.command."
    return TestbedError(
        f"the app does not listen on port {port} after {waited_s:.0f} s",
        where=" ".join(process.order.argv[:4]),
        try_this=advice,
        details=log,
    )


def _is_ours(process: Process, port: int) -> bool:
    """Whether the port's listener is the subject's; true where the system does not say."""
    owners = _listeners()
    inodes = {inode for inode, listened in owners.items() if listened == port}
    return not inodes or bool(inodes & _sockets(process.family()))


def listening_ports(pids: Iterable[int]) -> set[int]:
    """TCP ports these processes listen on (Linux; elsewhere empty)."""
    owners = _listeners()
    return {owners[inode] for inode in _sockets(pids) & owners.keys()}


def _listeners() -> dict[str, int]:
    """Socket inode -> port of every listening TCP socket (proc(5): state 0A is LISTEN)."""
    found: dict[str, int] = {}
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in Path("/proc/net", table).read_text(encoding="ascii").splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A":
                    found[fields[9]] = int(fields[1].rsplit(":", 1)[1], 16)
    return found


def _sockets(pids: Iterable[int]) -> set[str]:
    found: set[str] = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            for descriptor in Path(f"/proc/{pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    target = str(descriptor.readlink())
                    if target.startswith("socket:["):
                        found.add(target[8:-1])
    return found
