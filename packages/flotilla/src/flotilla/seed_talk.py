"""What kind each post of a trial town is: its audience, what it answers or spreads, whom it is for.

Of the posts about one in six spreads another and one in four answers one, of somebody its author follows; of the others
most are public, some for followers, a few unlisted or direct. That is roughly what public servers of the same kind of
network show; nothing in the site depends on it.
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from flotilla.social.conversing import conversation_of
from flotilla.social.visibility import Visibility
from flotilla.store.loading import Table

__all__ = ["NONE", "Talk", "conversation_tables", "counts_of", "talk_of"]

NONE = -1
REPOST_SHARE = 0.16
REPLY_SHARE = 0.25
MENTION_SHARE = 0.08
DIRECT_SHARE = 0.02
FOLLOWERS_SHARE = 0.08
UNLISTED_SHARE = 0.05
WARNING_SHARE = 0.03


@dataclass(frozen=True, slots=True)
class Talk:
    """By number of the post: its visibility; the post it answers, the one it spreads and the person it is for, or NONE.

    `threads`: of a post that answers another, the one that began it all, or NONE.
    `warned`: it has a content warning.
    """

    visibilities: bytearray
    parents: "array[int]"
    threads: "array[int]"
    originals: "array[int]"
    mentioned: "array[int]"
    warned: bytearray


def talk_of(random: Random, authors: Sequence[int], following: "Sequence[array[int]]") -> Talk:
    """The kinds of the posts of these authors, in the order of time; people answer and spread whom they follow."""
    count = len(authors)
    talk = Talk(
        bytearray(count),
        array("i", [NONE]) * count,
        array("i", [NONE]) * count,
        array("i", [NONE]) * count,
        array("i", [NONE]) * count,
        bytearray(count),
    )
    # Of each person the newest post that somebody may answer, and the newest that somebody may spread.
    to_answer = array("i", [NONE]) * len(following)
    to_spread = array("i", [NONE]) * len(following)
    spread: set[tuple[int, int]] = set()
    chance = random.random
    for post, author in enumerate(authors):
        friends = following[author]
        friend = friends[int(chance() * len(friends))] if friends else NONE
        kind = chance()
        if friend == NONE:
            pass
        elif kind < REPOST_SHARE:
            original = to_spread[friend]
            if original != NONE and (author, original) not in spread:
                spread.add((author, original))
                talk.originals[post] = original
                talk.visibilities[post] = talk.visibilities[original]
                continue
        elif kind < REPOST_SHARE + REPLY_SHARE and to_answer[friend] != NONE:
            parent = talk.parents[post] = to_answer[friend]
            talk.threads[post] = parent if talk.threads[parent] == NONE else talk.threads[parent]
            talk.mentioned[post] = friend
        elif kind < REPOST_SHARE + REPLY_SHARE + MENTION_SHARE:
            talk.mentioned[post] = friend
        elif kind > 1 - DIRECT_SHARE:
            talk.mentioned[post] = friend
            talk.visibilities[post] = Visibility.DIRECT
            continue
        drawn = chance()
        if drawn < FOLLOWERS_SHARE:
            talk.visibilities[post] = Visibility.FOLLOWERS
        else:
            talk.visibilities[post] = (
                Visibility.UNLISTED if drawn < FOLLOWERS_SHARE + UNLISTED_SHARE else Visibility.PUBLIC
            )
            to_spread[author] = post
        talk.warned[post] = chance() < WARNING_SHARE
        to_answer[author] = post
    return talk


def counts_of(talk: Talk) -> "tuple[array[int], array[int]]":
    """How often each post is spread, and how many replies everyone may see it has."""
    reposts = array("i", [0]) * len(talk.originals)
    replies = array("i", [0]) * len(talk.parents)
    for post, parent in enumerate(talk.parents):
        if parent != NONE and talk.visibilities[post] <= Visibility.UNLISTED:
            replies[parent] += 1
    for original in talk.originals:
        if original != NONE:
            reposts[original] += 1
    return reposts, replies


def conversation_tables(direct: Sequence[tuple[int, int, int]]) -> Iterator[Table]:
    """The conversations of direct posts, each (author, reader, post), in the order of time; the last is unread."""
    posts: list[tuple[int, int, int]] = []
    newest: dict[tuple[int, int], tuple[tuple[int, ...], int, int]] = {}
    for author, reader, post_id in direct:
        conversation = conversation_of((author, reader))
        for member in conversation.member_ids:
            posts.append((member, conversation.id, post_id))
            _, _, read = newest.get((member, conversation.id), ((), 0, 0))
            newest[member, conversation.id] = (conversation.member_ids, post_id, post_id if member == author else read)
    yield Table("conversation_posts", ("account_id", "conversation_id", "post_id"), sorted(posts))
    rows = [
        (member, conversation_id, "{" + ",".join(map(str, members)) + "}", last, read)
        for (member, conversation_id), (members, last, read) in sorted(newest.items())
    ]
    columns = ("account_id", "conversation_id", "member_ids", "last_post_id", "last_read_id")
    yield Table("conversations", columns, rows)
