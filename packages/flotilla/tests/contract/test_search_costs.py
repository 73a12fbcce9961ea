"""What a search reads, by PostgreSQL's own count: it grows with what is found, not with all there is."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from flotilla.social import Site, Viewer, open_site
from flotilla.store.ids import EPOCH, bucket_of, make_id

POSTS = 20_000
# So many of the oldest posts have the word, and so many of the newest, with which a page lacks one.
OLD_MATCHES = 40
NEW_MATCHES = 19


@pytest.fixture
def town(own_settings) -> Iterator[tuple[Site, Viewer]]:
    """Posts of four years, of which only the very oldest and some of this week say "harbour"."""
    site = open_site(own_settings)
    ada = site.accounts.sign_up(handle="ada", password="correct horse").viewer
    now_ms = (datetime.now(UTC) - EPOCH) // timedelta(milliseconds=1)
    old_ms = now_ms - 91 * 86_400_000
    bucket = bucket_of(ada.account_id)
    with psycopg.connect(own_settings.owner_url, autocommit=True) as owner, owner.cursor() as cursor:
        with cursor.copy("COPY s0000.posts (id, author_id, body) FROM STDIN") as copy:
            for number in range(POSTS):
                moment_ms = 1 + number * (old_ms - 1) // POSTS
                word = "harbour" if number < OLD_MATCHES else "meadow"
                post_id = make_id(since_epoch_ms=moment_ms, bucket=bucket, sequence=number)
                copy.write_row((post_id, ada.account_id, f"{word} {number}"))
            for number in range(NEW_MATCHES):
                post_id = make_id(since_epoch_ms=now_ms - 60_000 + number, bucket=bucket, sequence=number)
                copy.write_row((post_id, ada.account_id, f"harbour {number}"))
        owner.execute("INSERT INTO s0000.post_stats (post_id) SELECT id FROM s0000.posts")
        # Also what the index of words keeps aside until there is time for it.
        owner.execute("VACUUM ANALYZE s0000.posts")
    yield site, ada
    site.close()


def rows_looked_at(plan: dict, relation: str) -> int:
    """The rows of that table which the plan's steps fetched, whether they kept them or not."""
    own = 0
    if plan.get("Relation Name") == relation:
        kept_and_not = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
        own = round(sum(plan.get(name, 0) for name in kept_and_not) * plan["Actual Loops"])
    return own + sum(rows_looked_at(part, relation) for part in plan.get("Plans", ()))


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many posts each statement that is planned anew has fetched, as it is sent."""
    counts: list[int] = []
    execute = psycopg.ClientCursor.execute

    def explained(self: psycopg.ClientCursor, query: bytes, parameters: dict[str, object]) -> psycopg.ClientCursor:
        execute(self, b"EXPLAIN (ANALYZE, FORMAT JSON) " + query, parameters)
        counts.append(rows_looked_at(self.fetchone()[0][0]["Plan"], "posts"))
        return execute(self, query, parameters)

    monkeypatch.setattr(psycopg.ClientCursor, "execute", explained)
    return counts


def test_the_last_few_old_posts_with_a_word_are_found_without_walking_through_all_others(town, looked_at) -> None:
    site, ada = town
    found = site.search.posts(ada, "harbour").items
    assert [post.text for post in found][NEW_MATCHES:] == ["harbour 39"]
    assert len(looked_at) == 2, "what is recent, then what is older"
    # Each match once in the index of words, and those on the page once more with all that is shown of them.
    assert sum(looked_at) <= 2 * (OLD_MATCHES + NEW_MATCHES), looked_at
