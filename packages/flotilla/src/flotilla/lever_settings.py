"""The settings that let a site carry more people: each off until somebody needs it."""

from dataclasses import dataclass

from flotilla.declaring import setting

__all__ = ["LeverSettings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeverSettings:
    """What a site was told to do differently under load; part of `Settings`."""

    batch_ms: float = setting(
        "Likes, follows and read markers that arrive while others are being stored wait for them, at most so many "
        "milliseconds, and are then stored together. Each is answered once it is stored. 0: each by itself.",
        default=0.0,
        default_text="0",
        minimum=0,
        maximum=5,
    )
    timeline: str = setting(
        "How a home timeline is found. pull: looked up when somebody reads it. push: each post is copied to "
        "its author's followers once it is published, by background work. hybrid: the same, but authors with more than "
        "5000 followers are looked up.",
        default="pull",
        choices=("pull", "push", "hybrid"),
    )
    pooler_url: str = setting(
        "The same database through a pooler, PgBouncer in transaction mode: the web and live processes connect there. "
        "FLOTILLA_DATABASE_URL keeps naming PostgreSQL itself, for notifications, background work and the time while "
        "the pooler is gone.",
        default="",
        default_text="not set: no pooler",
        secret=True,
    )
    drain_s: float = setting(
        "Behind a balancer: how long /ready says that this instance leaves, while it still serves, before it ends on "
        "SIGTERM. Longer than the balancer takes to notice.",
        default=0.0,
        default_text="0: ends at once",
        minimum=0,
        maximum=600,
    )
