"""A trial town: people, posts, follows and marks of any number, the same for the same arguments, loaded by COPY.

Every person signs in with the same password, so a town is for trials and never for a site that real people use.

How many people someone follows, and how many follow them, is drawn from power laws with exponent 2.3 (social networks
have 2 to 3); how much someone writes follows Zipf's law, and popular people tend to write more. Posts are spread evenly
over nine months of 2025, after everyone has joined.
"""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import repeat
from random import Random

from flotilla.errors import StartError
from flotilla.seed_follows import FOLLOWS_MEAN, follows, mirrored
from flotilla.seed_pictures import hang_pictures
from flotilla.seed_talk import NONE, Talk, conversation_tables, counts_of, talk_of
from flotilla.seed_words import HASHTAGS, WARNING, bio, display_name, draft
from flotilla.settings import Settings
from flotilla.social import open_site
from flotilla.social.passwords import Passwords
from flotilla.social.visibility import Visibility
from flotilla.store.ids import bucket_for, make_id
from flotilla.store.loading import Progress, Table, load
from flotilla.store.schema import owner_url

__all__ = ["FOLLOWS_MEAN", "PASSWORD", "PEOPLE_MAX", "POSTS_MAX", "Town", "handle", "plan_town", "seed_town"]

PASSWORD = "correct horse battery"  # noqa: S105 (known to all, on purpose)
PEOPLE_MAX = 1_000_000
POSTS_MAX = 20_000_000
LIKES_EXPONENT = 2.4
LIKES_PER_POST_MAX = 500
DAY_MS = 86_400_000
JOINED_MS = (0, 90 * DAY_MS)
POSTED_MS = (90 * DAY_MS, 360 * DAY_MS)
BOOKMARK_SHARE = 0.08


def seed_town(
    settings: Settings,
    *,
    people: int,
    posts: int,
    seed: int,
    force: bool,
    progress: Progress,
    pictures: int = 0,
    follows_mean: float = FOLLOWS_MEAN,
) -> None:
    """Fill the empty, migrated database with a trial town. Raises StartError, in production too unless forced.

    With `pictures` so many posts more, each with a picture; they are published now, so a town with pictures is not the
    same to the last byte.
    """
    if settings.in_production and not force:
        raise StartError(
            "This is production, and everyone knows the password of everyone in a trial town.",
            try_this="Nothing was changed. If that is what you want: flotilla seed --force",
        )
    progress("drawing up the town")
    town = plan_town(people=people, posts=posts, seed=seed, follows_mean=follows_mean)
    # A fixed salt, so that the same town is the same to the last byte.
    password_hash = Passwords(settings).hashed(PASSWORD, salt=b"flotilla's trial")
    load(settings, owner_url(settings), town.tables(password_hash), progress)
    if pictures:
        site = open_site(settings)
        try:
            named = [(account_id, handle(number)) for number, account_id in enumerate(town.account_ids)]
            hang_pictures(site, named, pictures, seed=seed, progress=progress)
        finally:
            site.close()


@dataclass(frozen=True, slots=True)
class Town:
    """People by number from 0, posts by number in the order of time; lists are indexed by these numbers."""

    seed: int
    account_ids: list[int]
    post_ids: list[int]
    authors: list[int]
    following: "list[array[int]]"
    followers: "list[array[int]]"
    talk: Talk

    def tables(self, password_hash: str) -> Iterator[Table]:
        """Everything the database holds of the town, each table in the order of its key."""
        random = Random(f"{self.seed} words")
        accounts = self.account_ids
        yield Table(
            "account",
            ("id", "handle", "bucket"),
            ((accounts[i], handle(i), bucket_for(handle(i))) for i in range(len(accounts))),
            is_global=True,
        )
        tags = [make_id(since_epoch_ms=0, bucket=bucket_for(name), sequence=i) for i, name in enumerate(HASHTAGS)]
        yield Table("hashtag", ("id", "name"), zip(tags, HASHTAGS, strict=True), is_global=True)
        yield Table(
            "profile",
            ("account_id", "handle", "display_name", "bio"),
            ((accounts[i], handle(i), display_name(random), bio(random)) for i in range(len(accounts))),
        )
        yield Table("credential", ("account_id", "password_hash"), zip(accounts, repeat(password_hash)))
        yield from self._post_tables(random, tags)
        yield Table("following", ("follower_id", "followee_id"), _edges(accounts, self.following, accounts))
        yield Table("followers", ("followee_id", "follower_id"), _edges(accounts, self.followers, accounts))
        yield from self._mark_tables()
        yield from self._talk_tables()

    def _post_tables(self, random: Random, tags: list[int]) -> Iterator[Table]:
        ids, accounts, talk = self.post_ids, self.account_ids, self.talk
        rows: list[tuple[object, ...]] = []
        tagged: list[tuple[int, int]] = []
        mentions: list[tuple[int, int]] = []
        for post, (post_id, author) in enumerate(zip(ids, self.authors, strict=True)):
            visibility, parent, original = talk.visibilities[post], talk.parents[post], talk.originals[post]
            if original != NONE:
                rows.append(
                    (post_id, accounts[author], "", visibility, "", False, None, None, None, ids[original], "{}")
                )
                continue
            mentioned = talk.mentioned[post]
            text, numbers = draft(random, None if mentioned == NONE else handle(mentioned))
            if visibility == Visibility.PUBLIC:
                tagged += [(tags[number], post_id) for number in numbers]
            if mentioned != NONE:
                mentions.append((accounts[mentioned], post_id))
            warned = bool(talk.warned[post])
            rows.append(
                (
                    post_id,
                    accounts[author],
                    text,
                    visibility,
                    WARNING if warned else "",
                    warned,
                    None if parent == NONE else ids[parent],
                    None if parent == NONE else accounts[self.authors[parent]],
                    None if parent == NONE else ids[talk.threads[post]],
                    None,
                    "{}" if mentioned == NONE else f"{{{accounts[mentioned]}}}",
                )
            )
        yield Table("posts", _POSTS, rows)
        yield Table("author_stats", _AUTHOR_STATS, self._author_stats())
        yield Table("tag_index", ("tag_id", "post_id"), sorted(tagged))
        yield Table("mention_index", ("account_id", "post_id"), sorted(mentions))

    def _author_stats(self) -> Iterator[tuple[int, ...]]:
        newest = [0] * len(self.account_ids)
        posts = [0] * len(self.account_ids)
        for post, (post_id, author) in enumerate(zip(self.post_ids, self.authors, strict=True)):
            if self.talk.visibilities[post] != Visibility.DIRECT:
                newest[author] = post_id
                posts[author] += 1
        for i, account_id in enumerate(self.account_ids):
            yield account_id, newest[i], posts[i], len(self.followers[i]), len(self.following[i])

    def _talk_tables(self) -> Iterator[Table]:
        """What ties posts to posts and to people: replies, reposts, conversations."""
        ids, accounts, talk = self.post_ids, self.account_ids, self.talk
        replies, reposts, direct = [], [], []
        for post, post_id in enumerate(ids):
            if talk.parents[post] != NONE:
                counted = talk.visibilities[post] <= Visibility.UNLISTED
                replies.append((ids[talk.parents[post]], post_id, counted))
            elif talk.originals[post] != NONE:
                reposts.append((accounts[self.authors[post]], ids[talk.originals[post]], post_id))
            elif talk.visibilities[post] == Visibility.DIRECT:
                direct.append((accounts[self.authors[post]], accounts[talk.mentioned[post]], post_id))
        yield Table("replies_received", ("post_id", "reply_id", "counted"), sorted(replies))
        yield Table("reposts_given", ("account_id", "post_id", "repost_id"), sorted(reposts))
        mirrored = sorted((post_id, account_id, repost_id) for account_id, post_id, repost_id in reposts)
        yield Table("reposts_received", ("post_id", "account_id", "repost_id"), mirrored)
        yield from conversation_tables(direct)

    def _mark_tables(self) -> Iterator[Table]:
        random = Random(f"{self.seed} likes")
        received: list[array[int]] = []
        kept: list[array[int]] = []
        given: list[array[int]] = [array("i") for _ in self.account_ids]
        keeps: list[array[int]] = [array("i") for _ in self.account_ids]
        nobody = array("i")
        for post, author in enumerate(self.authors):
            fans = self.followers[author]
            if self.talk.originals[post] != NONE or self.talk.visibilities[post] == Visibility.DIRECT:
                fans = nobody
            wanted = int(random.paretovariate(LIKES_EXPONENT - 1) * 1.5) - 1
            likers = sorted(random.sample(fans, min(wanted, len(fans), LIKES_PER_POST_MAX)))
            received.append(array("i", likers))
            for liker in likers:
                given[liker].append(post)
            keepers = array("i", likers[:1] if random.random() < BOOKMARK_SHARE else ())
            kept.append(keepers)
            for keeper in keepers:
                keeps[keeper].append(post)
        counts = zip(self.post_ids, map(len, received), *counts_of(self.talk), strict=True)
        yield Table("post_stats", ("post_id", "likes", "reposts", "replies"), counts)
        yield Table("likes_given", ("account_id", "post_id"), _edges(self.account_ids, given, self.post_ids))
        yield Table("likes_received", ("post_id", "account_id"), _edges(self.post_ids, received, self.account_ids))
        yield Table("bookmarks_given", ("account_id", "post_id"), _edges(self.account_ids, keeps, self.post_ids))
        yield Table("bookmarks_received", ("post_id", "account_id"), _edges(self.post_ids, kept, self.account_ids))


_POSTS = (
    "id", "author_id", "body", "visibility", "warning", "sensitive", "parent_id", "parent_author_id", "thread_id",
    "repost_of", "mentioned_ids",
)  # fmt: skip
_AUTHOR_STATS = ("author_id", "last_post_id", "posts", "followers", "following")


def handle(number: int) -> str:
    """The handle of the person with that number: person00001 is number 0."""
    return f"person{number + 1:05}"


def plan_town(*, people: int, posts: int, seed: int, follows_mean: float = FOLLOWS_MEAN) -> Town:
    """The town of that size and seed, where each follows so many on average.

    ValueError for a size outside 1 to PEOPLE_MAX and 0 to POSTS_MAX.
    """
    if not 1 <= people <= PEOPLE_MAX or not 0 <= posts <= POSTS_MAX:
        raise ValueError(f"a town has 1 to {PEOPLE_MAX} people and 0 to {POSTS_MAX} posts")
    random = Random(f"{seed} town of {people} and {posts}")
    buckets = [bucket_for(handle(i)) for i in range(people)]
    account_ids = [
        make_id(since_epoch_ms=ms, bucket=buckets[i], sequence=i)
        for i, ms in enumerate(_moments(random, people, JOINED_MS))
    ]
    popularity = list(range(people))
    random.shuffle(popularity)
    following = follows(random, popularity, follows_mean)
    authors = _authors(random, popularity, posts)
    post_ids = [
        make_id(since_epoch_ms=ms, bucket=buckets[authors[i]], sequence=i)
        for i, ms in enumerate(_moments(random, posts, POSTED_MS))
    ]
    talk = talk_of(random, authors, following)
    return Town(seed, account_ids, post_ids, authors, following, mirrored(following), talk)


def _moments(random: Random, count: int, period_ms: tuple[int, int]) -> Iterator[int]:
    # One in each of `count` equal parts of the period: in order, and of one millisecond at most 1024 (ids stay unique).
    start, end = period_ms
    part = (end - start) / max(count, 1)
    return (start + int((i + random.random()) * part) for i in range(count))


def _authors(random: Random, popularity: list[int], posts: int) -> list[int]:
    people = len(popularity)
    # Zipf over a ranking that resembles popularity: its ranks, shaken by a log-normal factor.
    shaken = sorted(range(people), key=lambda person: (popularity[person] + 1) * random.lognormvariate(0, 1))
    weights = [0.0] * people
    for rank, person in enumerate(shaken):
        weights[person] = 1 / (rank + 1)
    return random.choices(range(people), weights, k=posts)


def _edges(sources: list[int], edges: "Iterable[array[int]]", targets: list[int]) -> Iterator[tuple[int, int]]:
    for source, numbers in zip(sources, edges, strict=True):
        for number in numbers:
            yield source, targets[number]
