"""A workload from an access log of a million lines: how long it takes and how much memory, in a process of its own.

    .venv/bin/python benchmarks/access_log.py [LINES]

The lines are made up in the shape of a real site's: some addresses are asked for very often, most hardly ever; files,
robots, errors and lines that are damaged are among them.
"""

import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from seatrial.discover.log_operations import logged_requests

AGENTS = ("Mozilla/5.0 (X11; Linux x86_64) Firefox/142.0", "Mozilla/5.0 (iPhone) Safari/604.1", "Googlebot/2.1")


def write_log(path: Path, lines: int) -> None:
    """Combined format, a line each few seconds."""
    draw = random.Random(1)
    with path.open("w", encoding="utf-8") as file:
        for number in range(lines):
            item = int(draw.paretovariate(0.7)) % 500_000
            asked = draw.choices(
                ("/", f"/posts/{item}", f"/@person{item}", f"/search?q=word{item}&page=2", "/static/app.css", "/login"),
                (20, 40, 20, 5, 10, 5),
            )[0]
            method, status = (
                ("POST", 302) if asked == "/login" else ("GET", draw.choices((200, 404, 500), (97, 2, 1))[0])
            )
            moment = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(1_790_000_000 + number // 10))
            line = f'203.0.113.{item % 250} - - [{moment}] "{method} {asked} HTTP/1.1" {status} {item % 9000} "-"'
            file.write(f'{line} "{draw.choice(AGENTS)}"\n' if number % 1000 else "damaged by a full disk\n")


def main() -> int:
    """Writes the log, reads it in another process, prints what that took."""
    if sys.argv[1:2] == ["--read"]:
        seen = logged_requests((Path(sys.argv[2]),))
        used = resource.getrusage(resource.RUSAGE_SELF)
        print(
            f"{seen.lines:,} lines, {seen.malformed:,} damaged, {len(seen.counts)} kinds of requests: "
            f"{used.ru_utime + used.ru_stime:.1f} s of CPU, {used.ru_maxrss / 1024:.0f} MB at most"
        )
        return 0
    lines = int(sys.argv[1]) if sys.argv[1:] else 1_000_000
    with tempfile.TemporaryDirectory(prefix="access-log-") as folder:
        path = Path(folder) / "access.log"
        write_log(path, lines)
        print(f"{path.stat().st_size / 1e6:.0f} MB")
        return subprocess.run([sys.executable, __file__, "--read", path], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
