"""A bucket in S3-compatible storage, asked with a deadline; the only importer of its client.

When it fails it is left alone for a while, and whoever asks meanwhile is refused at once, so that pictures that cannot
be had do not hold the threads that pages need.

The client (obstore) has threads of its own, which begin at the first question and do not come along into a forked
process: there it would wait for ever. So whoever may still fork asks nothing, and even the `check` before the start is
done by a process of its own: `python -m flotilla.store.bucket`, told by JSON.
"""

import json
import os
import re
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from flotilla.bucket_address import BucketAddress
from flotilla.errors import StartError, StorageUnavailableError
from flotilla.store.leaving_alone import LeftAlone

if TYPE_CHECKING:
    from obstore.store import S3Store

__all__ = ["Bucket", "BucketKey", "Found"]

T = TypeVar("T")

CONNECT_S = 2
# For a whole question: the largest picture there is (16 MiB) needs 27 Mbit/s.
PATIENCE_S = 5
CHECK_MAX_S = 30
REASON_MAX_CHARACTERS = 300
LISTED_AT_ONCE = 1000
REMOVED_AT_ONCE = 1000

_CODE = re.compile(r"<Code>(\w+)</Code>", re.ASCII)
_asked_in: list[int] = []


@dataclass(frozen=True, slots=True)
class BucketKey:
    """Who asks; both "": whoever the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY) or the machine says."""

    key_id: str
    secret: str


@dataclass(frozen=True, slots=True)
class Found:
    """One object of a listing, by its key behind the prefix, and when it was written (seconds since 1970)."""

    key: str
    written_s: float


class Bucket:
    """One bucket from a prefix on. Each method raises StorageUnavailableError. Opens connections at the first use."""

    def __init__(self, address: BucketAddress, key: BucketKey) -> None:
        try:
            # Before a server forks, so that its workers share this memory.
            from obstore.exceptions import BaseError
        except ImportError:
            raise StartError(
                "FLOTILLA_MEDIA_URL names a bucket, and the client for it is not installed.",
                try_this="pip install 'seatrial-flotilla[s3]'",
            ) from None
        if bool(key.key_id) != bool(key.secret):
            raise StartError("Of FLOTILLA_MEDIA_KEY_ID and FLOTILLA_MEDIA_SECRET_KEY only one is set.")
        self._errors: tuple[type[Exception], ...] = (BaseError, OSError)
        self._address = address
        self._key = key
        self._lock = threading.Lock()
        self._store: S3Store | None = None
        self._left_alone = LeftAlone(
            "flotilla.media",
            went="the bucket of the pictures does not answer",
            came="the bucket of the pictures answers again",
            bucket=address.bucket,
        )

    @property
    def is_left_alone(self) -> bool:
        """Whether the last answer was a failure."""
        return self._left_alone.now

    def check(self) -> None:
        """Raise StartError unless this key may write, list, read and remove there; another process tries it."""
        told = json.dumps({"address": asdict(self._address), "key": asdict(self._key)})
        try:
            done = subprocess.run(
                # -P: the folder it is started in has no say in what is imported.
                [sys.executable, "-P", "-m", "flotilla.store.bucket"],
                input=told, capture_output=True, text=True, timeout=CHECK_MAX_S, check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            problem = f"{type(error).__name__}: {error}"[:REASON_MAX_CHARACTERS]
        else:
            problem = _told_by(done)
        if problem:
            raise StartError(
                f"Pictures cannot be stored in the bucket {self._address.bucket}: {problem}",
                try_this="FLOTILLA_MEDIA_URL has to name a bucket that is there, its endpoint and its region, and the "
                "key has to be allowed to write, read, list and remove objects in it.",
            )

    def try_all(self) -> None:
        """Write, list, read and remove an object. Raises StorageUnavailableError."""
        key, content = f"check/{secrets.token_hex(16)}", secrets.token_bytes(16)
        self.put(key, content, {})
        seen = [found.key for found in self.list("check")]
        answer = self.get(key)
        self.remove([key])
        if key not in seen or answer is None or answer[0] != content:
            raise StorageUnavailableError("What was just written there was not found.")

    def get(self, key: str) -> tuple[bytes, datetime] | None:
        """An object, whole, and when it was written; None: there is none."""

        def do(store: "S3Store") -> tuple[bytes, datetime]:
            answer = store.get(key)
            return answer.bytes().to_bytes(), answer.meta["last_modified"]

        return self._ask(do)

    def put(self, key: str, content: bytes, headers: dict[str, str]) -> None:
        """Write an object: whoever reads it finds what was there before, or all of this."""
        # In one piece, so that it needs one right and one answer.
        attributes: Any = headers
        if self._ask(lambda store: store.put(key, content, attributes=attributes, use_multipart=False)) is None:
            self._missing()

    def copy(self, source: str, target: str) -> bool:
        """Have an object copied there, with its headers; False: there is none."""

        def do(store: "S3Store") -> bool:
            store.copy(source, target)
            return True

        return self._ask(do) or False

    def remove(self, keys: Sequence[str]) -> None:
        """Remove objects; nothing happens for those that are gone already."""
        for start in range(0, len(keys), REMOVED_AT_ONCE):
            self._ask(partial(_remove, keys=keys[start : start + REMOVED_AT_ONCE]))

    def list(self, prefix: str) -> Iterator[Found]:
        """Every object in the folder `prefix`, page by page."""
        pages: list[Iterator[Any]] = []

        def next_page(store: "S3Store") -> Sequence[Any] | None:
            # To begin a listing asks nobody yet, so it says nothing about whether the bucket answers.
            pages[:] = pages or [iter(store.list(prefix, chunk_size=LISTED_AT_ONCE))]
            return next(pages[0], None)

        while page := self._ask(next_page):
            for found in page:
                yield Found(found["path"], found["last_modified"].timestamp())

    def _ask(self, do: Callable[["S3Store"], T]) -> T | None:
        """What `do` gives; None: there is no such object."""
        if not self._left_alone.may_ask():
            raise StorageUnavailableError(f"The bucket {self._address.bucket} does not answer.")
        try:
            answer = do(self._opened())
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):
                self._missing()
            answer = None
        except self._errors as error:
            reason = _reason(error)
            self._left_alone.failed(reason)
            raise StorageUnavailableError(reason) from error
        self._left_alone.answered()
        return answer

    def _missing(self) -> None:
        reason = f"There is no bucket {self._address.bucket}."
        self._left_alone.failed(reason)
        raise StorageUnavailableError(reason)

    def _opened(self) -> "S3Store":
        if _asked_in and _asked_in[0] != os.getpid():
            raise RuntimeError("A bucket was asked before this process was forked, so its client would wait for ever.")
        with self._lock:
            if self._store is None:
                _asked_in[:] = [os.getpid()]
                self._store = self._made()
            return self._store

    def _made(self) -> "S3Store":
        from obstore.store import S3Store

        told: Any = {"region": self._address.region}
        if self._address.endpoint:
            told["endpoint"] = self._address.endpoint
        if self._key.key_id:
            told |= {"access_key_id": self._key.key_id, "secret_access_key": self._key.secret}
        return S3Store(
            self._address.bucket,
            prefix=self._address.prefix or None,
            virtual_hosted_style_request=False,
            client_options={
                "allow_http": self._address.endpoint.startswith("http://"),
                "connect_timeout": timedelta(seconds=CONNECT_S),
                "timeout": timedelta(seconds=PATIENCE_S),
            },
            # Once more, at once: a connection that rested may have been closed by the other end.
            retry_config={"max_retries": 1, "retry_timeout": timedelta(seconds=PATIENCE_S)},
            **told,
        )


def _told_by(done: "subprocess.CompletedProcess[str]") -> str:
    try:
        # Its answer is the last line: before that it may have told its log.
        return str(json.loads(done.stdout.rpartition("\n")[2])["problem"])
    except ValueError:
        last = done.stderr.strip().rpartition("\n")[2]
        return last[:REASON_MAX_CHARACTERS] or f"the process that tried it ended with status {done.returncode}"


def _reason(error: Exception) -> str:
    """The storage's own word for what was wrong, if it said one, and the first line of the client's."""
    code = _CODE.search(str(error))
    line = (str(error).splitlines() or [""])[0][:REASON_MAX_CHARACTERS]
    return f"{code[1]}. {line}" if code else line


def _remove(store: "S3Store", *, keys: Sequence[str]) -> None:
    store.delete(keys)


def _main() -> None:
    told = json.load(sys.stdin)
    problem = ""
    try:
        Bucket(BucketAddress(**told["address"]), BucketKey(**told["key"])).try_all()
    except StorageUnavailableError as error:
        problem = error.what
    json.dump({"problem": problem}, sys.stdout)


if __name__ == "__main__":
    _main()
