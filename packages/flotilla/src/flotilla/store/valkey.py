"""A Valkey server beside the database, asked with little patience; the only importer of its client.

Nothing here is ever the truth, so nothing waits for it for long: when it fails it is left alone for a while, and
whoever asks is told so at once. One request in each such while tries whether it is back.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import structlog

from flotilla.errors import StartError

__all__ = ["Valkey"]

T = TypeVar("T")

PATIENCE_S = 0.25
LEFT_ALONE_FIRST_S = 1.0
LEFT_ALONE_MAX_S = 5.0
HEARD_EVERY_S = 10.0


class Valkey:
    """One server, for one purpose (`what`, for the log). Opens connections at the first use in each process.

    Each method gives None when the server did not answer, or is being left alone.
    """

    def __init__(self, url: str, *, what: str) -> None:
        try:
            import valkey
        except ImportError:
            raise StartError(
                f"There is an address for Valkey ({what}), and its client is not installed.",
                try_this="pip install 'seatrial-flotilla[valkey]'",
            ) from None
        self._errors: tuple[type[Exception], ...] = (valkey.ValkeyError, OSError)
        # Its own types are not worth having: each answer may be an Awaitable there.
        connect: Any = valkey.from_url
        patience = {"socket_timeout": PATIENCE_S, "socket_connect_timeout": PATIENCE_S}
        try:
            self._client: Any = connect(url, client_name="flotilla", **patience)
        except ValueError as error:
            raise StartError(f"The address of Valkey ({what}) cannot be used: {error}") from None
        self._what = what
        self._lock = threading.Lock()
        self._left_alone_s = 0.0
        self._until_s = 0.0

    @property
    def is_left_alone(self) -> bool:
        """Whether the last answer was a failure."""
        return self._left_alone_s > 0

    def read(self, keys: Sequence[str]) -> list[bytes | None] | None:
        """What is kept under the keys."""
        return self._ask(lambda client: client.mget(keys))

    def keep(self, key: str, value: bytes, *, lifetime_s: float, done_with: str = "") -> bool | None:
        """Keep a value so long, and forget the key `done_with`."""

        def do(client: Any) -> bool:
            both = client.pipeline(transaction=False)
            both.set(key, value, px=_ms(lifetime_s))
            if done_with:
                both.delete(done_with)
            both.execute()
            return True

        return self._ask(do)

    def claim(self, key: str, *, lifetime_s: float) -> bool | None:
        """Be the one who has that key, until it is forgotten or so long has passed; False: somebody else is."""
        return self._ask(lambda client: bool(client.set(key, b"", nx=True, px=_ms(lifetime_s))))

    def forget(self, key: str) -> bool | None:
        """Keep nothing under that key."""
        return self._ask(lambda client: bool(client.delete(key)))

    def tell(self, told: Sequence[tuple[str, str]]) -> list[int] | None:
        """Send each (channel, payload); how many heard of each."""

        def do(client: Any) -> list[int]:
            all_at_once = client.pipeline(transaction=False)
            for channel, payload in told:
                all_at_once.publish(channel, payload)
            return [int(heard) for heard in all_at_once.execute()]

        return self._ask(do)

    def listen(
        self, channels: Sequence[str], heard: Callable[[str, str], object], *, stopped: Callable[[], bool]
    ) -> None:
        """Call `heard(channel, payload)` for what is told, until `stopped`, which is asked now and then.

        `heard(channel, "")`, for each channel: the connection has just been made, so what was told before got lost.
        """
        while not stopped():
            self._ask(lambda client: self._hear(client, channels, heard, stopped))
            time.sleep(min(LEFT_ALONE_FIRST_S, max(0.05, self._until_s - time.monotonic())))

    def _hear(
        self,
        client: Any,
        channels: Sequence[str],
        heard: Callable[[str, str], object],
        stopped: Callable[[], bool],
    ) -> None:
        with client.pubsub(ignore_subscribe_messages=True) as subscription:
            subscription.subscribe(*channels)
            # The first answers are those to the subscription itself: then the server is there.
            subscription.get_message(timeout=PATIENCE_S)
            self._answered()
            for channel in channels:
                heard(channel, "")
            asked_s = time.monotonic()
            while not stopped():
                message: Any = subscription.get_message(timeout=HEARD_EVERY_S / 10)
                if message is not None and message["type"] == "message":
                    heard(message["channel"].decode(), message["data"].decode())
                if time.monotonic() - asked_s > HEARD_EVERY_S:
                    # A server that hangs says nothing, as one to which nothing happens.
                    client.ping()
                    asked_s = time.monotonic()

    def _ask(self, do: Callable[[Any], T]) -> T | None:
        if self._left_alone_s and not self._try_again():
            return None
        try:
            found = do(self._client)
        except self._errors as error:
            self._failed(error)
            return None
        if self._left_alone_s:
            self._answered()
        return found

    def _try_again(self) -> bool:
        """Whether this call is the one that finds out whether the server is back."""
        with self._lock:
            now_s = time.monotonic()
            if now_s < self._until_s:
                return False
            self._until_s = now_s + self._left_alone_s
            return True

    def _failed(self, error: Exception) -> None:
        with self._lock:
            first = not self._left_alone_s
            self._left_alone_s = min(2 * self._left_alone_s, LEFT_ALONE_MAX_S) or LEFT_ALONE_FIRST_S
            self._until_s = time.monotonic() + self._left_alone_s
        if first:
            log = structlog.get_logger("flotilla.valkey")
            log.warning("valkey does not answer, going on without it", purpose=self._what, reason=str(error))

    def _answered(self) -> None:
        with self._lock:
            was_away, self._left_alone_s = self._left_alone_s > 0, 0.0
        if was_away:
            structlog.get_logger("flotilla.valkey").info("valkey answers again", purpose=self._what)


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))
