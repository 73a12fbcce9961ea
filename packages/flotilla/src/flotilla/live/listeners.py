"""Who is listening to what. Knows neither a protocol nor the database; used from one thread."""

from collections.abc import Iterable
from typing import Any, Protocol

__all__ = ["Key", "Listener", "Listeners"]

Key = tuple[str, str]


class Listener(Protocol):
    """One connection, from an IP address. Nothing here may wait: what it cannot take at once, it refuses by ending."""

    address: str

    @property
    def account_id(self) -> int:
        """Whose connection it is."""
        ...

    def end(self, reason: str) -> None:
        """Cut the connection; the other side may connect anew."""
        ...


class Listeners:
    """All connections of this process, by what they listen to and by whose they are."""

    def __init__(self, *, most: int, most_each: int) -> None:
        self._most = most
        self._most_each = most_each
        self._by_key: dict[Key, set[Listener]] = {}
        self._by_account: dict[int, set[Listener]] = {}
        self._keys: dict[Listener, set[Key]] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, listener: Listener) -> bool:
        """Take a connection in; False when there is no room for it, in all or for that person."""
        mine = self._by_account.get(listener.account_id, ())
        if len(self._keys) >= self._most or len(mine) >= self._most_each:
            return False
        self._keys[listener] = set()
        self._by_account.setdefault(listener.account_id, set()).add(listener)
        return True

    def remove(self, listener: Listener) -> None:
        """Forget a connection, if it is known."""
        for key in self._keys.pop(listener, ()):
            _forget(self._by_key, key, listener)
        _forget(self._by_account, listener.account_id, listener)

    def subscribe(self, listener: Listener, key: Key, *, most: int) -> bool:
        """Let a known connection hear of that key; False when it hears of `most` already."""
        keys = self._keys.get(listener)
        if keys is None or (key not in keys and len(keys) >= most):
            return False
        keys.add(key)
        self._by_key.setdefault(key, set()).add(listener)
        return True

    def unsubscribe(self, listener: Listener, key: Key) -> None:
        """Let a connection hear of that key no more."""
        keys = self._keys.get(listener)
        if keys is not None and key in keys:
            keys.remove(key)
            _forget(self._by_key, key, listener)

    def at(self, key: Key) -> tuple[Listener, ...]:
        """Who hears of that key, now."""
        return tuple(self._by_key.get(key, ()))

    def of(self, account_ids: Iterable[int]) -> tuple[Listener, ...]:
        """Every connection of those people."""
        return tuple(listener for account_id in account_ids for listener in self._by_account.get(account_id, ()))

    @property
    def account_ids(self) -> tuple[int, ...]:
        """Everybody who has a connection."""
        return tuple(self._by_account)

    def abouts(self, name: str) -> tuple[str, ...]:
        """What those keys of that name are about that somebody hears of."""
        return tuple(about for found, about in self._by_key if found == name)


def _forget(index: dict[Any, set[Listener]], key: object, listener: Listener) -> None:
    found = index.get(key)
    if found is not None:
        found.discard(listener)
        if not found:
            del index[key]
