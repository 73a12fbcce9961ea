"""Thousands of idle Socket.IO listeners held by Seatrial: runs the script that measures it, and keeps what it says."""

import json
import sys
from pathlib import Path

from bench import Bench
from processes import run
from table import Table

__all__ = ["listeners"]

SCRIPT = Path(__file__).parent.parent / "socketio_listeners.py"
_TIMEOUT_S = 600.0


def listeners(bench: Bench) -> Table:
    """Its output, line by line; a row that says so when the script is not there."""
    title = "Idle Socket.IO listeners"
    if not SCRIPT.exists():
        return Table(title, ("run", "result"), [(SCRIPT.name, "missing: there is no such script")])
    # It places its own processes: one CPU for the listeners, one for the server.
    ended = run([sys.executable, str(SCRIPT)], bench.folder(), cpu=None, timeout_s=_TIMEOUT_S, name="listeners")
    lines = [line.strip() for line in ended.out.splitlines() if line.strip()]
    facts: dict[str, object] = {"output": lines}
    try:
        facts["document"] = json.loads(ended.out)
    except ValueError:
        bench.tell("socketio_listeners.py printed text, which is kept as it is")
    return Table(title, ("line", "result"), [(f"{n}", line) for n, line in enumerate(lines, 1)], [], facts)
