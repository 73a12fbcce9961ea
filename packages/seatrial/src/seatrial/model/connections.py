"""The sum that decides whether a database plan is enough: every connection the app can open, term by term."""

from dataclasses import dataclass

__all__ = ["SUPERUSER_RESERVED", "ConnectionSum", "ConnectionTerm", "connections_needed"]

SUPERUSER_RESERVED = 3
"""What PostgreSQL keeps for its superusers out of max_connections, as it comes (superuser_reserved_connections)."""

MIGRATIONS = 1
"""A migration runs beside the app, over one connection."""


@dataclass(frozen=True, slots=True)
class ConnectionTerm:
    """One part of the sum: its name, the count, how the count comes about, and what the word means."""

    name: str
    connections: int
    reckoning: str
    meaning: str


@dataclass(frozen=True, slots=True)
class ConnectionSum:
    """All terms against a limit. limit: what the database allows; None when nobody set one."""

    terms: tuple[ConnectionTerm, ...]
    limit: int | None = None

    @property
    def total(self) -> int:
        """The most connections that can be open at once."""
        return sum(term.connections for term in self.terms)

    @property
    def fits(self) -> bool:
        """Whether the database allows them all."""
        return self.limit is None or self.total <= self.limit


def connections_needed(
    workers: int,
    per_worker: int,
    *,
    pool: tuple[int, int] | None = None,
    instances: int = 1,
    pooler: int | None = None,
    background: int = 0,
    reserve: int = SUPERUSER_RESERVED,
    is_rolling: bool = True,
    limit: int | None = None,
) -> ConnectionSum:
    """Every connection that can be open at the worst moment, which is a deploy.

    workers: processes of each of the instances; per_worker: connections of each, at most; pool: (pool, overflow) where
    they were declared, for the words only. pooler: connections that one in front of the database keeps, in place of all
    of the app's own. background: of job workers and the like, all together. reserve: what
    PostgreSQL keeps for superusers, 0 where `limit` already leaves it out. is_rolling: a deploy starts the new
    processes before it ends the old ones, so that both hold their connections for a while.
    """
    web = workers * per_worker * instances
    each = f"({pool[0]} + {pool[1]})" if pool and pool[1] else f"{per_worker}"
    machines = f" x {instances} machines" if instances > 1 else ""
    first = ConnectionTerm(
        "web workers",
        web,
        f"{workers} worker{'s' if workers > 1 else ''} x {each}{machines}",
        "each process has a pool of its own: connections it keeps open and reuses, since opening one takes longer "
        "than most queries",
    )
    if pooler is not None:
        web = 0
        words = "it lets all connections of the web workers share these, also those of a deploy"
        first = ConnectionTerm("pooler", pooler, f"{pooler}", words)
    terms = [
        first,
        ConnectionTerm("background workers", background, f"{background}", "what works beside the web workers"),
    ]
    if is_rolling and web + background:
        again = web + background
        terms.append(
            ConnectionTerm(
                "the same again while deploying",
                again,
                f"{web} + {background}",
                "a rolling deploy starts the new processes before it ends the old ones, and both hold theirs",
            )
        )
    terms += [
        ConnectionTerm("migrations", MIGRATIONS, f"{MIGRATIONS}", "the command that changes the tables at a deploy"),
        ConnectionTerm(
            "reserve",
            reserve,
            f"{reserve}",
            "PostgreSQL keeps these for its superuser, so that somebody can still get in"
            if reserve
            else "the provider's limit leaves its own reserve out already",
        ),
    ]
    return ConnectionSum(tuple(terms), limit)
