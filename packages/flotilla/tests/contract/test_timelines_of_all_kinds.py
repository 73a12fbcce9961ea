"""Every timeline against plain sets in memory, on random towns with everything that hides a post from somebody."""

from dataclasses import dataclass, field, replace
from random import Random

import psycopg
import pytest

from flotilla.social import Paging, Viewer, Visibility, open_site
from flotilla.store.ids import BUCKETS, bucket_for, bucket_of, make_id

PAGE_SIZE = 4
PUBLIC, UNLISTED, FOLLOWERS, DIRECT = Visibility
TAGS = {name: make_id(since_epoch_ms=1, bucket=bucket_for(name), sequence=0) for name in ("tea", "rum")}


@dataclass(frozen=True)
class Post:
    id: int
    author: int
    visibility: int
    parent: "Post | None"
    original: "Post | None"
    mentioned: tuple[int, ...]
    tags: tuple[str, ...]
    media: int


@dataclass
class Town:
    """What happened, as sets; and who sees what, said once more and in the plainest way."""

    people: list[Viewer] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    following: dict[tuple[int, int], bool] = field(default_factory=dict)
    blocks: set[tuple[int, int]] = field(default_factory=set)
    mutes: dict[tuple[int, int], str | None] = field(default_factory=dict)
    tag_follows: set[tuple[int, str]] = field(default_factory=set)
    marks: dict[str, set[tuple[int, int]]] = field(default_factory=lambda: {"likes": set(), "bookmarks": set()})
    suspended: set[int] = field(default_factory=set)
    silenced: set[int] = field(default_factory=set)
    lists: dict[int, tuple[int, str, set[int]]] = field(default_factory=dict)

    def follows(self, me, other):
        return (me, other) in self.following

    def may_see(self, post, me):
        if post.author == me:
            return True
        if post.author in self.suspended or (post.author, me) in self.blocks:
            return False
        if post.visibility in {PUBLIC, UNLISTED}:
            return True
        return me in post.mentioned or (post.visibility == FOLLOWERS and self.follows(me, post.author))

    def hides(self, me, other):
        return (me, other) in self.blocks or self.mutes.get((me, other), "past") in {None, "future"}

    def spread(self, post, me):
        """Not a repost, or one whose original that person may and wants to see."""
        original = post.original
        return original is None or (
            self.may_see(original, me)
            and original.visibility in {PUBLIC, UNLISTED}
            and not self.hides(me, original.author)
        )

    def in_public(self, post, me):
        return (
            post.visibility == PUBLIC
            and post.original is None
            and self.may_see(post, me)
            and not self.hides(me, post.author)
            and (post.author not in self.silenced or self.follows(me, post.author) or post.author == me)
        )

    def stands(self, post, me):
        return (
            post.visibility != DIRECT
            and self.may_see(post, me)
            and not self.hides(me, post.author)
            and self.spread(post, me)
            and not (post.original is not None and self.following.get((me, post.author)) is False)
        )

    def home(self, me):
        for post in self.posts:
            chosen = me == post.author or self.follows(me, post.author)
            tagged = self.in_public(post, me) and any((me, tag) in self.tag_follows for tag in post.tags)
            to = post.parent.author if post.parent else post.author
            talk = post.author == me or to in {me, post.author} or self.follows(me, to)
            if (chosen or tagged) and talk and self.stands(post, me):
                yield post.id

    def of_list(self, list_id):
        me, replies, members = self.lists[list_id]
        for post in self.posts:
            to = post.parent.author if post.parent else post.author
            talk = to == post.author
            talk |= replies == "list" and to in members
            talk |= replies == "followed" and (self.follows(me, to) or to == me)
            if post.author in members and talk and self.stands(post, me):
                yield post.id

    def local(self, me):
        for post in self.posts:
            if self.in_public(post, me) and (post.parent is None or post.parent.author == post.author):
                yield post.id

    def tagged(self, me, tag):
        return (post.id for post in self.posts if tag in post.tags and self.in_public(post, me))

    def profile(self, me, author, *, replies, media=False):
        for post in self.posts:
            to_other = post.parent is not None and post.parent.author != author
            if post.author != author or post.visibility == DIRECT or (to_other and not replies):
                continue
            if self.may_see(post, me) and self.spread(post, me) and (post.media or not media):
                yield post.id

    def marked(self, me, kind):
        return (post.id for post in self.posts if (me, post.id) in self.marks[kind] and self.may_see(post, me))


def new_town(random: Random) -> Town:
    town = Town()
    for number, bucket in enumerate(random.sample(range(8192), 8)):
        person = make_id(since_epoch_ms=1, bucket=bucket, sequence=number)
        town.people.append(Viewer(person, f"p{number}", f"p{number}"))
    ids = [person.account_id for person in town.people]
    pairs = [(me, other) for me in ids for other in ids if me != other]
    town.following = {pair: random.random() < 0.7 for pair in pairs if random.random() < 0.5}
    town.blocks = {pair for pair in pairs if random.random() < 0.06}
    town.following = {
        (me, other): shown
        for (me, other), shown in town.following.items()
        if not {(me, other), (other, me)} & town.blocks
    }
    town.mutes = {pair: random.choice([None, "past", "future"]) for pair in pairs if random.random() < 0.1}
    town.tag_follows = {(me, tag) for me in ids for tag in TAGS if random.random() < 0.4}
    town.suspended, town.silenced = set(random.sample(ids[1:], 1)), set(random.sample(ids, 2))
    moment_ms = 1000
    for number in range(90):
        moment_ms += random.choice([0, 1, 1000, 10**7])
        town.posts.append(new_post(random, town, ids, moment_ms, number))
    for kind in town.marks.values():
        kind |= {(random.choice(ids), random.choice(town.posts).id) for _ in range(60)}
    for number, replies in enumerate(("list", "followed", "none")):
        me = ids[number]
        list_id = make_id(since_epoch_ms=2, bucket=me >> 10 & 8191, sequence=number)
        town.lists[list_id] = (me, replies, set(random.sample(ids, 4)))
    town.posts.sort(key=lambda post: post.id, reverse=True)
    return town


def new_post(random, town, ids, moment_ms, number):
    author = random.choice(ids[:3] if random.random() < 0.5 else ids)
    post_id = make_id(since_epoch_ms=moment_ms, bucket=author >> 10 & 8191, sequence=number)
    earlier = [post for post in town.posts if post.id < post_id and post.original is None]
    public = [post for post in earlier if post.visibility in {PUBLIC, UNLISTED}]
    if public and random.random() < 0.25:
        original = random.choice(public)
        return Post(post_id, author, original.visibility, None, original, (), (), 0)
    visibility = random.choices(list(Visibility), [6, 1, 3, 2])[0]
    parent = random.choice(earlier) if earlier and random.random() < 0.4 else None
    tags = tuple(tag for tag in TAGS if visibility == PUBLIC and random.random() < 0.3)
    mentioned = tuple(random.sample(ids, random.choice([0, 0, 1, 2])))
    return Post(post_id, author, visibility, parent, None, mentioned, tags, random.choice([0, 0, 1]))


def stored(owner, town: Town, schemas=("s0000",)) -> None:
    """Write the town's rows as they are, each into the schema of its first column's bucket."""

    def rows(table, columns, values):
        parts = {schema: [] for schema in schemas}
        for value in values:
            parts[schemas[bucket_of(value[0]) * len(schemas) // BUCKETS]].append(value)
        if table.startswith("g."):
            parts = {"": [value for part in parts.values() for value in part]}
        for schema, part in parts.items():
            with owner.cursor().copy(f"COPY {table.replace('s0000', schema)} ({columns}) FROM STDIN") as copy:
                for value in part:
                    copy.write_row(value)

    ids = [person.account_id for person in town.people]
    state = {person: "suspended" if person in town.suspended else "active" for person in ids}
    times = {None: None, "past": "2020-01-01", "future": "2999-01-01"}
    with owner.transaction():
        rows(
            "g.account", "id, handle, bucket, state, silenced",
            [(p.account_id, p.handle, 0, state[p.account_id], p.account_id in town.silenced) for p in town.people],
        )  # fmt: skip
        rows("g.hashtag", "id, name", [(number, name) for name, number in TAGS.items()])
        rows(
            "s0000.profile", "account_id, handle, display_name",
            [(person.account_id, person.handle, person.handle) for person in town.people],
        )  # fmt: skip
        rows(
            "s0000.posts",
            "id, author_id, body, visibility, parent_id, parent_author_id, repost_of, mentioned_ids, media_count",
            [
                (
                    post.id, post.author, "" if post.original else "words", int(post.visibility),
                    post.parent and post.parent.id, post.parent and post.parent.author,
                    post.original and post.original.id, list(post.mentioned), post.media,
                )
                for post in town.posts
            ],
        )  # fmt: skip
        rows("s0000.following", "follower_id, followee_id, show_reposts", [(*k, v) for k, v in town.following.items()])
        rows("s0000.blocks", "account_id, target_id", town.blocks)
        rows("s0000.blocked_by", "account_id, by_id", [(other, me) for me, other in town.blocks])
        rows("s0000.mutes", "account_id, target_id, expires_at", [(*k, times[v]) for k, v in town.mutes.items()])
        rows("s0000.tag_follows", "account_id, tag_id", [(me, TAGS[tag]) for me, tag in town.tag_follows])
        rows("s0000.tag_index", "tag_id, post_id", [(TAGS[tag], post.id) for post in town.posts for tag in post.tags])
        for kind, marked in town.marks.items():
            rows(f"s0000.{kind}_given", "account_id, post_id", marked)
        rows("s0000.lists", "id, account_id, title, replies", [(k, v[0], "l", v[1]) for k, v in town.lists.items()])
        rows("s0000.list_members", "list_id, account_id", [(k, who) for k, v in town.lists.items() for who in v[2]])
        for shard in schemas:
            owner.execute(f"INSERT INTO {shard}.post_stats (post_id) SELECT id FROM {shard}.posts")
            owner.execute(
                f"INSERT INTO {shard}.author_stats (author_id, last_post_id) SELECT account_id, coalesce((SELECT"
                f" max(id) FROM {shard}.posts WHERE author_id = account_id AND visibility < 3), 0) FROM {shard}.profile"
            )


@pytest.fixture
def small_pages(settings):
    site = open_site(replace(settings, page_size=PAGE_SIZE))
    yield site
    site.close()


def agrees(ask, expected, random):
    """All pages in a row, and pages asked for from any moment in any of the three ways, are what the sets say."""
    expected = list(expected)
    found, before = [], None
    while True:
        page = ask(Paging(before=before))
        found += [post.id for post in page.items]
        before = page.next_before
        if before is None:
            break
        assert len(page.items) == PAGE_SIZE
    assert found == expected
    moments = [post_id + step for post_id in expected for step in (-1, 0, 1)] or [5]
    for _ in range(3):
        after, before = sorted(random.choices(moments, k=2))
        between = [post_id for post_id in expected if after < post_id < before]
        for oldest_first, part in ((False, between[:3]), (True, between[-3:])):
            page = ask(Paging(before=before, after=after, oldest_first=oldest_first, limit=3))
            assert [post.id for post in page.items] == part


@pytest.mark.parametrize("number", range(5))
def test_every_timeline_shows_exactly_what_its_reader_may_and_wants_to_see(small_pages, owner, number):
    random = Random(number)
    town = new_town(random)
    stored(owner, town)
    all_agree(small_pages.timelines, town, random)


def test_every_timeline_is_the_same_when_the_rows_lie_in_two_schemas(two_schemas):
    random = Random(77)
    town = new_town(random)
    with psycopg.connect(two_schemas.owner_url, autocommit=True) as owner:
        stored(owner, town, ("s0000", "s0001"))
    site = open_site(replace(two_schemas, page_size=PAGE_SIZE))
    try:
        all_agree(site.timelines, town, random)
    finally:
        site.close()


def all_agree(timelines, town: Town, random: Random) -> None:
    for viewer in town.people:
        me = viewer.account_id
        if me not in town.suspended:
            agrees(lambda paging, viewer=viewer: timelines.home(viewer, paging), town.home(me), random)
    me = town.people[0]
    for viewer, reader in ((me, me.account_id), (None, 0)):
        agrees(lambda paging, viewer=viewer: timelines.public(viewer, paging), town.local(reader), random)
        agrees(
            lambda paging, viewer=viewer: timelines.hashtag(viewer, "tea", paging), town.tagged(reader, "tea"), random
        )
        for person in town.people:
            if person.account_id in town.suspended:
                continue
            for replies, media in ((False, False), (True, True)):
                agrees(
                    lambda paging, viewer=viewer, person=person, replies=replies, media=media: timelines.by_author(
                        viewer, person.account_id, paging, replies=replies, media_only=media
                    ),
                    town.profile(reader, person.account_id, replies=replies, media=media),
                    random,
                )
    agrees(lambda paging: timelines.bookmarks(me, paging), town.marked(me.account_id, "bookmarks"), random)
    agrees(lambda paging: timelines.likes(me, paging), town.marked(me.account_id, "likes"), random)
    for list_id, (owner_id, _, _) in town.lists.items():
        viewer = next(person for person in town.people if person.account_id == owner_id)
        agrees(
            lambda paging, viewer=viewer, list_id=list_id: timelines.of_list(viewer, list_id, paging),
            town.of_list(list_id),
            random,
        )
