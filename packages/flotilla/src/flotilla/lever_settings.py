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
    cache_url: str = setting(
        "A Valkey (or Redis) server that keeps finished pages for a few seconds: redis://127.0.0.1:6379/0, or "
        "rediss:// or unix://. Whoever may write to it can write pages of the site, so nobody else may reach it.",
        default="",
        default_text="not set: every page is made anew",
        secret=True,
    )
    cache_max_age_s: float = setting(
        "How old a page from there may be. That concerns what others have added: what is hidden from somebody, deleted "
        "or changed, and what people do themselves, shows at once.",
        default=15.0,
        default_text="15",
        minimum=1,
        maximum=300,
    )
    bus_url: str = setting(
        "A Valkey (or Redis) server over which the processes tell each other what happened, in place of the database's "
        "own notifications; these go on being used whenever it does not answer.",
        default="",
        default_text="not set: the database's notifications",
        secret=True,
    )
    media_url: str = setting(
        "A bucket in S3-compatible storage for pictures, in place of FLOTILLA_MEDIA_FOLDER, so that several machines "
        "need no folder in common: s3://bucket/prefix?endpoint=https://s3.example.com&region=eu-central-1; without an "
        "endpoint it is Amazon's. Only what is under prefix/public/ is for everyone.",
        default="",
        default_text="not set: pictures lie in FLOTILLA_MEDIA_FOLDER",
    )
    media_key_id: str = setting(
        "The id of the key that may write, read, list and remove objects in that bucket.",
        default="",
        default_text="as AWS_ACCESS_KEY_ID says",
    )
    media_secret_key: str = setting(
        "The secret that belongs to this id.",
        default="",
        default_text="as AWS_SECRET_ACCESS_KEY says",
        secret=True,
    )
    media_public_url: str = setting(
        "Where browsers find what is under public/ of the pictures without asking the site, such as a CDN in front of "
        "the bucket: https://pictures.example.org/public. Whoever serves it may go on showing a picture that was "
        "deleted.",
        default="",
        default_text="not set: the site sends them at /media/",
    )
