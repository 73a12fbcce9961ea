"""Access logs read from files, plain or gzip, line by line."""

import gzip
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from seatrial.errors import SpecError
from seatrial.model.access_log import LogLine, log_line
from seatrial.model.visits import LogFacts, VisitCounter

__all__ = ["log_lines", "read_access_logs"]

LINE_BYTES_MAX = 64 * 1024
LINES_LOOKED_AT = 1000
"""Of a file: when more than half of the first ones cannot be read, it is something else."""

GZIP_MAGIC = b"\x1f\x8b"
FORMS = "Give the access log of a web server: the combined or common format, or JSON lines such as Caddy's."


def read_access_logs(paths: Sequence[Path]) -> LogFacts:
    """What the files show together; their order does not matter, each in itself is in order of time as servers write.

    A line that cannot be read is counted and passed over. Memory does not grow with the files.

    Raises:
        SpecError: a file cannot be read, or is no access log.
    """
    counter = VisitCounter()
    for path in sorted(paths, key=_first_moment_s):
        for line in log_lines(path):
            if line is None:
                counter.take_malformed()
            else:
                counter.take(line)
    return counter.facts()


def _first_moment_s(path: Path) -> float:
    """When the first request of the file was; refuses what is no access log."""
    first_s: float | None = None
    read = malformed = 0
    for line in log_lines(path):
        read += 1
        if line is None:
            malformed += 1
        elif first_s is None:
            first_s = line.moment_s
        if read >= LINES_LOOKED_AT:
            break
    if not read:
        raise SpecError("the access log is empty.", where=str(path), try_this=FORMS)
    if first_s is None or 2 * malformed > read:
        what = f"this is no access log: {malformed} of its first {read} lines have no form that is known."
        raise SpecError(what, where=str(path), try_this=FORMS)
    return first_s


def log_lines(path: Path) -> Iterator[LogLine | None]:
    """Each line that is not empty; None of one that cannot be read."""
    with _opened(path) as file:
        while chunk := file.readline(LINE_BYTES_MAX):
            is_whole = chunk.endswith(b"\n") or len(chunk) < LINE_BYTES_MAX
            while not is_whole:  # the rest of a line too long to be one
                rest = file.readline(LINE_BYTES_MAX)
                is_whole = rest.endswith(b"\n") or len(rest) < LINE_BYTES_MAX
                chunk = b"\0"
            if chunk.strip():
                yield log_line(chunk.decode("utf-8", "replace"))


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        with path.open("rb") as raw:
            is_packed = raw.read(2) == GZIP_MAGIC
            raw.seek(0)
            if is_packed:
                with gzip.open(raw, "rb") as unpacked:
                    yield unpacked  # type: ignore[misc]  # a GzipFile reads as any binary file does
            else:
                yield raw
    except FileNotFoundError:
        raise SpecError("there is no such file.", where=str(path), try_this=FORMS) from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        what = f"the packed file is damaged: {error}."
        raise SpecError(what, where=str(path), try_this="Copy it again from the server.") from None
    except OSError as error:
        raise SpecError(f"the file cannot be read: {error.strerror or error}.", where=str(path)) from None
