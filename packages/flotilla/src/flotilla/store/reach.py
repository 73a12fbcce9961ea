"""What decides, for many readers at once, how a post reaches them; a few statements whatever their number."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from flotilla.store.database import Work

__all__ = ["ListRow", "ReaderRows", "followed_tags", "list_members", "readers"]


class ReaderRows(NamedTuple):
    """Of the readers asked about: who follows the author, of those who hides the reposts, and those
    whom a block or a mute keeps from the author."""

    follow: frozenset[int]
    hide_reposts: frozenset[int]
    hide_author: frozenset[int]
    blocked_by_author: frozenset[int]


class ListRow(NamedTuple):
    """A list with its members; `replies` says whose replies it shows."""

    list_id: int
    owner_id: int
    replies: str
    member_ids: list[int]


def readers(work: Work, *, author_id: int, reader_ids: Collection[int]) -> ReaderRows:
    """How those readers stand to the author. What has a mirror is asked in the author's shard."""
    keys: dict[str, object] = {"author_id": author_id, "reader_ids": list(reader_ids)}
    rows = work.all(
        """
        SELECT 'follow', follower_id FROM {shard}.followers
            WHERE followee_id = %(author_id)s AND follower_id = ANY(%(reader_ids)s)
        UNION ALL
        SELECT 'hide', by_id FROM {shard}.blocked_by WHERE account_id = %(author_id)s AND by_id = ANY(%(reader_ids)s)
        UNION ALL
        SELECT 'blocked', target_id FROM {shard}.blocks
            WHERE account_id = %(author_id)s AND target_id = ANY(%(reader_ids)s)
        """,
        keys,
        shard=work.shards.schema_of(author_id),
    )
    for shard, ids in work.shards.by_schema(reader_ids).items():
        rows += work.all(
            """
            SELECT 'hide', account_id FROM {shard}.mutes
                WHERE account_id = ANY(%(ids)s) AND target_id = %(author_id)s
                    AND (expires_at IS NULL OR expires_at > now())
            UNION ALL
            SELECT 'no reposts', follower_id FROM {shard}.following
                WHERE follower_id = ANY(%(ids)s) AND followee_id = %(author_id)s AND NOT show_reposts
            """,
            {"author_id": author_id, "ids": ids},
            shard=shard,
        )
    told: dict[str, set[int]] = {"follow": set(), "no reposts": set(), "hide": set(), "blocked": set()}
    for what, reader_id in rows:
        told[what].add(reader_id)
    return ReaderRows(*map(frozenset, told.values()))


def list_members(work: Work, *, list_ids: Collection[int], member_id: int) -> list[ListRow]:
    """Of those lists the ones that this person is on."""
    found: list[ListRow] = []
    for shard, ids in work.shards.by_schema(list_ids).items():
        rows = work.all(
            """
            SELECT l.id, l.account_id, l.replies,
                ARRAY(SELECT m.account_id FROM {shard}.list_members m WHERE m.list_id = l.id)
            FROM {shard}.lists l
            WHERE l.id = ANY(%(ids)s)
                AND EXISTS (SELECT FROM {shard}.list_members m
                    WHERE m.list_id = l.id AND m.account_id = %(member_id)s)
            """,
            {"ids": ids, "member_id": member_id},
            shard=shard,
        )
        found += map(ListRow._make, rows)
    return found


def followed_tags(work: Work, *, names: Sequence[str], reader_ids: Collection[int]) -> frozenset[int]:
    """Which of the readers follow one of those hashtags."""
    found: set[int] = set()
    for shard, ids in work.shards.by_schema(reader_ids).items():
        rows = work.all(
            """
            SELECT DISTINCT f.account_id FROM g.hashtag h JOIN {shard}.tag_follows f ON f.tag_id = h.id
            WHERE h.name = ANY(%(names)s) AND f.account_id = ANY(%(ids)s)
            """,
            {"names": list(names), "ids": ids},
            shard=shard,
        )
        found.update(account_id for (account_id,) in rows)
    return frozenset(found)
