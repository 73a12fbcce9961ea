"""What is heard on an open socket: events of Socket.IO, messages of a WebSocket."""

import json
from typing import Any

__all__ = ["Event", "Heard", "Message"]


class Event:
    """One event of a Socket.IO server: `name`, and `args`, which it was emitted with. received_s: of perf_counter."""

    __slots__ = ("args", "name", "received_s", "size_bytes")

    def __init__(self, name: str, args: tuple[Any, ...], received_s: float, size_bytes: int = 0) -> None:
        self.name = name
        self.args = args
        self.received_s = received_s
        self.size_bytes = size_bytes

    def __repr__(self) -> str:
        return _short(f"<Event {self.name} {self.args!r}>")


class Message:
    """One message of a WebSocket: `data` is text or bytes, as it was sent. received_s: of perf_counter."""

    __slots__ = ("data", "received_s")

    name = ""

    def __init__(self, data: str | bytes, received_s: float) -> None:
        self.data = data
        self.received_s = received_s

    @property
    def size_bytes(self) -> int:
        """Its length; characters count as one."""
        return len(self.data)

    @property
    def text(self) -> str:
        """The message as text; bytes that are not text are replaced."""
        return self.data if isinstance(self.data, str) else self.data.decode("utf-8", "replace")

    def json(self) -> Any:
        """The message read as JSON; ValueError when it is none."""
        return json.loads(self.data)

    def __repr__(self) -> str:
        return _short(f"<Message {self.data!r}>")


Heard = Event | Message


def _short(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:199]}>"
