"""What a site answered as done, to be looked for in its database: the journeys write it, the drills read it."""

from dataclasses import dataclass, field

__all__ = ["BOOK", "Acknowledged"]


@dataclass(slots=True)
class Acknowledged:
    """Texts of posts; who (by handle) likes which post; who follows whom."""

    posts: set[str] = field(default_factory=set)
    likes: set[tuple[str, int]] = field(default_factory=set)
    follows: set[tuple[str, str]] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.posts) + len(self.likes) + len(self.follows)

    def clear(self) -> None:
        """Forget all of it."""
        for kind in (self.posts, self.likes, self.follows):
            kind.clear()


BOOK = Acknowledged()
