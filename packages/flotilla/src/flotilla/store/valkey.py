"""A Valkey server beside the database, asked with little patience; the only importer of its client.

Nothing here is ever the truth, so nothing waits for it for long: when it fails it is left alone for a while, and
whoever asks is told so at once. One request in each such while tries whether it is back.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from flotilla.errors import StartError
from flotilla.store.leaving_alone import LEFT_ALONE_FIRST_S, LeftAlone

__all__ = ["Valkey"]

T = TypeVar("T")

PATIENCE_S = 0.25
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
        self._left_alone = LeftAlone(
            "flotilla.valkey",
            went="valkey does not answer, going on without it",
            came="valkey answers again",
            purpose=what,
        )

    @property
    def is_left_alone(self) -> bool:
        """Whether the last answer was a failure."""
        return self._left_alone.now

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
            time.sleep(min(LEFT_ALONE_FIRST_S, max(0.05, self._left_alone.for_s)))

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
            self._left_alone.answered()
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
        if not self._left_alone.may_ask():
            return None
        try:
            found = do(self._client)
        except self._errors as error:
            self._left_alone.failed(str(error))
            return None
        self._left_alone.answered()
        return found


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))
