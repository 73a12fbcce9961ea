"""What a seatrial.toml for a project will say, and how each part was found."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

__all__ = ["Clue", "FoundOperation", "Proposal"]


@dataclass(frozen=True, slots=True)
class Clue:
    """One thing that was found. what: as it will be declared; how: where it was seen.

    doubt: what it may be wrong in and what to write then; empty where there is none.
    """

    topic: str
    what: str
    how: str
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class FoundOperation:
    """A request that the app answers well. group: what it is one of, `/posts/{}`. seconds: once, by itself.

    lookup: where its address has an id that is drawn: the page it is found in, by which pattern, and what is before it.
    """

    name: str
    path: str
    group: str = ""
    weight: float = 1.0
    signed_in: bool = False
    seconds: float = 0.0
    bytes: int = 0
    lookup: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A draft of a seatrial.toml.

    directory: what the app is started in. target: as gunicorn names the app. interface: "wsgi" or "asgi".
    server: the kind, such as "gunicorn", or "command" with its `command`. database: "embedded" or "none".
    is_copied: run in a copy of the directory. has_cache: a Valkey is started beside the app.
    files: what else is written there, text by name. signs_in: whether the journeys have a function `sign_in`.
    left_out: requests that the app answers or people send, and no operation covers: `POST /posts`.
    environment, prepare: with the reason of each beside it, which becomes its comment.
    """

    name: str
    root: Path
    directory: Path
    python: Path
    framework: str = ""
    target: str = ""
    interface: str = "wsgi"
    server: str = "gunicorn"
    worker_class: str = "gthread"
    command: str = ""
    database: str = "embedded"
    is_copied: bool = False
    has_cache: bool = False
    health_path: str = "/"
    environment: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    prepare: tuple[tuple[str, str], ...] = ()
    operations: tuple[FoundOperation, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    journeys: str = ""
    signs_in: bool = True
    files: Mapping[str, str] = field(default_factory=dict)
    clues: tuple[Clue, ...] = ()
    left_out: tuple[str, ...] = ()

    def with_variable(self, name: str, value: str, reason: str) -> "Proposal":
        """The same with one more environment variable."""
        return replace(self, environment={**self.environment, name: (value, reason)})

    def with_prepared(self, command: str, reason: str, *, first: bool = False) -> "Proposal":
        """The same with one more `prepare` command; the same one only once."""
        if any(known == command for known, _ in self.prepare):
            return self
        added = ((command, reason),)
        return replace(self, prepare=added + self.prepare if first else self.prepare + added)

    def with_clue(self, topic: str, what: str, how: str, doubt: str = "") -> "Proposal":
        """The same with one more thing to tell; what was said of the topic before is replaced."""
        kept = tuple(clue for clue in self.clues if (clue.topic, clue.what) != (topic, what))
        return replace(self, clues=(*kept, Clue(topic, what, how, doubt)))
