"""A WSGI app whose cost is known by construction: the standard that the instrument is calibrated against.

Each request burns CPU_MS of this thread's own CPU clock, then sleeps WAIT_MS. What the server adds around it is told by
another clock than Seatrial's meters: when CLOCK_FILE is set, each process writes there at its end how many requests it
served and the CPU time it used from the first to the end (`time.process_time`). When BEGUN_FILE is set, it is made at
the first of them. `/health` costs nothing; `/wrong` answers 403.
"""

import atexit
import itertools
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

CPU_S = float(os.environ.get("CPU_MS", "10")) / 1000
WAIT_S = float(os.environ.get("WAIT_MS", "0")) / 1000
BODY = b"done"

first_cpu_s: list[float] = []
served = itertools.count()


@atexit.register
def tell_clock() -> None:
    if first_cpu_s and "CLOCK_FILE" in os.environ:
        with Path(os.environ["CLOCK_FILE"]).open("a") as file:
            file.write(f"{next(served)} {time.process_time() - first_cpu_s[0]}\n")


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/wrong":
        start_response("403 Forbidden", [("Content-Length", "0")])
        return [b""]
    if environ["PATH_INFO"] != "/health":
        if not next(served):
            first_cpu_s.append(time.process_time())
            if "BEGUN_FILE" in os.environ:
                Path(os.environ["BEGUN_FILE"]).touch()
        until = time.thread_time() + CPU_S
        while time.thread_time() < until:
            pass
        if WAIT_S:
            time.sleep(WAIT_S)  # the wait is what is measured
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(BODY)))])
    return [BODY]
