"""Telling people what others did to them: inside the transaction of the deed, and taken back with it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import IntEnum

from flotilla.social.events import Kind, publish
from flotilla.store import notifications as notification_rows
from flotilla.store.database import Work

__all__ = [
    "ALL_KINDS",
    "POST_KINDS",
    "TOLD_AT_ONCE_MAX",
    "NotificationKind",
    "forget_between",
    "forget_post",
    "take_back",
    "tell",
    "tell_several",
    "today",
]

# One deed tells at most so many people inside its own transaction.
TOLD_AT_ONCE_MAX = 200


class NotificationKind(IntEnum):
    """What happened, and in brackets what its `target` is.

    FOLLOW (the day, see `today`), REQUEST (0), MENTION and REPLY (the new post), LIKE and REPOST (one's own post),
    EDIT (a post one reposted), MODERATION (whatever id the moderators' deed has; the message tells what it was).
    """

    FOLLOW = 1
    REQUEST = 2
    MENTION = 3
    REPLY = 4
    LIKE = 5
    REPOST = 6
    EDIT = 7
    MODERATION = 8


ALL_KINDS = tuple(NotificationKind)
POST_KINDS = (
    NotificationKind.MENTION,
    NotificationKind.REPLY,
    NotificationKind.LIKE,
    NotificationKind.REPOST,
    NotificationKind.EDIT,
)


def today() -> int:
    """The target of a FOLLOW: a day's new followers are one group."""
    return datetime.now(UTC).toordinal()


def tell(
    work: Work,
    kind: NotificationKind,
    account_ids: Sequence[int],
    *,
    actor_id: int,
    target: int,
    thread_id: int = 0,
    message: str = "",
    only_followers: bool = False,
) -> None:
    """Tell those people, at most TOLD_AT_ONCE_MAX of them, what the actor (0: the site) did; each once.

    Left out are the actor, whoever blocks or mutes them or is blocked by them, whoever mutes the thread it happened in
    (0: in none), and, of a silenced actor or with `only_followers`, whoever does not follow them.
    """
    if account_ids:
        told = notification_rows.insert(
            work,
            account_ids=list(dict.fromkeys(account_ids))[:TOLD_AT_ONCE_MAX],
            kind=kind,
            actor_id=actor_id,
            target=target,
            thread_id=thread_id,
            message=message,
            only_followers=only_followers,
        )
        _publish(work, told)


def tell_several(work: Work, kind: NotificationKind, events: Sequence[tuple[int, int, int, int]]) -> None:
    """The same of what several people did: (account, actor, target, thread or 0) each."""
    if events:
        _publish(work, notification_rows.insert_several(work, events, kind=kind))


def _publish(work: Work, told: Sequence[tuple[int, int]]) -> None:
    for account_id, notification_id in told:
        publish(work, Kind.NOTIFIED, account_id=account_id, notification_id=notification_id)


def take_back(work: Work, kind: NotificationKind, account_id: int, *, actor_id: int, target: int | None = None) -> None:
    """Forget that the actor did this to that person; without a target every deed of the kind."""
    notification_rows.delete(work, account_id=account_id, kind=kind, actor_id=actor_id, target=target)


def forget_post(work: Work, post_id: int) -> None:
    """Forget what anyone was told about a post that goes."""
    notification_rows.delete_about(work, target=post_id, kinds=POST_KINDS)


def forget_between(work: Work, one_id: int, other_id: int) -> None:
    """Forget what two people's deeds told each other."""
    for account_id, actor_id in sorted(((one_id, other_id), (other_id, one_id))):
        notification_rows.delete_by(work, account_id=account_id, actor_id=actor_id, kinds=ALL_KINDS)
