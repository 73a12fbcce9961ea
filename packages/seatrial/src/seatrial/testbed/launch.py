"""The shim through which every process of the subject starts; the standard library only.

`python -I -S launch.py <go> <status>`: reads its order, one line of JSON, from file descriptor `go`. Until that line
comes it has done nothing, so there is no moment in which a subject's process runs unknown to the warden; when the pipe
closes without one (Seatrial died) it exits. It then enters its control groups, takes its CPUs, gives up root where
told, and becomes the program. What goes wrong before that is written to `status` as one JSON object; `status` closes
by itself when the program has started.

    {"argv": [...], "directory": path, "groups": [cgroup.procs, ...], "cpus": [...], "uid": n|null, "gid": n|null,
     "oom_score_adj": n}
"""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

__all__ = ["become"]


def become(order: dict[str, Any]) -> None:
    """Turn this process into the ordered program; returns only by raising OSError."""
    for group in order["groups"]:
        Path(group).write_text("0", encoding="ascii")
    if order["cpus"] and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, order["cpus"])
    # When memory runs out the subject has to go first, never the person's desktop or Seatrial.
    adjust = Path("/proc/self/oom_score_adj")
    if adjust.exists():
        adjust.write_text(str(order["oom_score_adj"]), encoding="ascii")
    if order["uid"] is not None:
        os.setgroups([])
        os.setgid(order["gid"])
        os.setuid(order["uid"])
    os.chdir(order["directory"])
    argv = order["argv"]
    os.execvpe(argv[0], argv, os.environ)  # noqa: S606 -- an argument list without a shell is what is wanted


def main() -> None:
    """Wait for the order, then become the program."""
    go, status = int(sys.argv[1]), int(sys.argv[2])
    os.set_inheritable(status, False)
    # Python ignores these and would hand that on; the program must start with the usual signals.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    with os.fdopen(go, "rb") as pipe:
        line = pipe.readline()
    if not line.endswith(b"\n"):
        sys.exit(0)
    try:
        become(json.loads(line))
    except OSError as error:
        message = {"errno": error.errno, "error": error.strerror, "path": str(error.filename or "")}
        os.write(status, json.dumps(message).encode())
    sys.exit(127)


if __name__ == "__main__":
    main()
