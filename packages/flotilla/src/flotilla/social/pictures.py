"""What is made of a picture that somebody sends, and the process that makes it: one at a time.

Only one, because the memory that a picture takes while it is worked on comes on top of the whole site's, and has to fit
on the smallest plan together with it.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from flotilla.errors import UnavailableError
from flotilla.settings import Settings
from flotilla.social import reencoding
from flotilla.social.reencoding import RefusedError, format_of
from flotilla.store.files import Files, new_name, small_of

__all__ = ["AVATAR", "HEADER", "IN_A_POST", "Make", "Picture", "PictureWorkshop", "RefusedError", "format_of"]

WAIT_MAX_S = 10.0
AT_WORK_OR_WAITING_MAX = 2
WORK_MAX_S = 30.0


@dataclass(frozen=True, slots=True)
class Make:
    """A box of pixels that a picture is made to fit, never made larger; `crop`: its middle, in the box's shape."""

    width: int
    height: int
    crop: bool = False


# The large make and the small one of each.
IN_A_POST = (Make(2000, 2000), Make(640, 640))
AVATAR = (Make(400, 400, crop=True), Make(128, 128, crop=True))
HEADER = (Make(1500, 500, crop=True), Make(600, 200, crop=True))


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture made and stored; its small make lies beside it. Sizes in pixels."""

    file: str
    width: int
    height: int


class PictureWorkshop:
    """Makes pictures, in a process of its own for each; safe to share between threads."""

    def __init__(self, settings: Settings, files: Files) -> None:
        self._memory_bytes = settings.media_memory_mib << 20
        self._files = files
        self._one_at_a_time = threading.BoundedSemaphore(1)
        self._waiting = threading.BoundedSemaphore(AT_WORK_OR_WAITING_MAX)

    def make(self, source: str, makes: Sequence[Make]) -> Picture:
        """Make a picture from a file that was received. Raises RefusedError; UnavailableError when too many wait."""
        # Each one who waits holds a thread that could answer somebody else.
        if not self._waiting.acquire(blocking=False):
            raise UnavailableError("Too many pictures came at once.")
        try:
            if not self._one_at_a_time.acquire(timeout=WAIT_MAX_S):
                raise UnavailableError("Other pictures took too long.")
            try:
                return self._made(source, makes)
            finally:
                self._one_at_a_time.release()
        finally:
            self._waiting.release()

    def _made(self, source: str, makes: Sequence[Make]) -> Picture:
        written = [self._files.work_path() for _ in makes]
        work: dict[str, object] = {
            "memory_bytes": self._memory_bytes,
            "makes": [
                {"path": str(path), "width": make.width, "height": make.height, "crop": make.crop}
                for path, make in zip(written, makes, strict=True)
            ],
        }
        try:
            with self._files.at_hand(source) as path:
                answer = self._asked(work | {"source": str(path)})
            if "refused" in answer:
                raise RefusedError(answer["refused"])
            name = f"{new_name()}.{answer['suffix']}"
            # The small one first: whoever finds the large one finds both.
            self._files.publish(written[1], small_of(name))
            self._files.publish(written[0], name)
            return Picture(name, int(answer["width"]), int(answer["height"]))
        finally:
            for path in written:
                with suppress(OSError):
                    path.unlink(missing_ok=True)

    def _asked(self, work: dict[str, object]) -> dict[str, str]:
        # -I: neither the folder it is started in nor the environment, which holds the site's secrets, has a say in it.
        command = [sys.executable, "-I", str(Path(reencoding.__file__))]
        try:
            done = subprocess.run(
                command, input=json.dumps(work).encode(), capture_output=True, env={}, timeout=WORK_MAX_S, check=False
            )
        except subprocess.TimeoutExpired:
            return {"refused": "This picture takes too long to work on: make it smaller."}
        except OSError as error:
            raise UnavailableError(f"No process could be started for a picture: {error}") from error
        try:
            answer: dict[str, str] = json.loads(done.stdout)
        except ValueError:
            # Ended by a limit, or by a fault in a decoder; for whoever sent the picture that is one and the same.
            return {"refused": "This picture cannot be worked on: it is damaged, or too large."}
        return answer
