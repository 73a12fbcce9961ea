"""Visibility, warnings, replies, reposts, bookmarks, pins, edits and conversations of posts.

A repost is a row of `posts` of its own, with its original's id. What two people's rows tell about (a repost, a
bookmark, a reply) is stored once with whoever did it and once, mirrored, with whom it happened to.
"""

from flotilla.migrations import everywhere

__all__ = ["SHARD", "down_revision", "downgrade", "revision", "upgrade"]

revision = "0002"
down_revision = "0001"

GLOBAL = ""

SHARD = """
-- visibility: 0 public, 1 unlisted, 2 followers, 3 direct. mentioned_ids: the people who may read it whatever its
-- visibility; kept in the row, so that whether someone may see a post is decided from the post alone.
ALTER TABLE {shard}.posts
    DROP CONSTRAINT posts_body_check,
    ADD CONSTRAINT posts_body_length CHECK (char_length(body) <= 500),
    ADD COLUMN visibility smallint NOT NULL DEFAULT 0 CHECK (visibility BETWEEN 0 AND 3),
    ADD COLUMN warning text NOT NULL DEFAULT '' CHECK (char_length(warning) <= 200),
    ADD COLUMN sensitive boolean NOT NULL DEFAULT false,
    ADD COLUMN language text NOT NULL DEFAULT '',
    ADD COLUMN parent_id bigint,
    ADD COLUMN parent_author_id bigint,
    ADD COLUMN repost_of bigint,
    ADD COLUMN media_count smallint NOT NULL DEFAULT 0,
    ADD COLUMN mentioned_ids bigint[] NOT NULL DEFAULT '{{}}',
    ADD COLUMN edited_at timestamptz,
    ADD COLUMN pinned boolean NOT NULL DEFAULT false,
    ADD COLUMN in_timelines boolean NOT NULL GENERATED ALWAYS AS (visibility < 3) STORED,
    ADD CONSTRAINT posts_parent CHECK ((parent_id IS NULL) = (parent_author_id IS NULL)),
    ADD CONSTRAINT posts_repost CHECK (repost_of IS NULL OR (body = '' AND parent_id IS NULL AND visibility < 3));

-- The author comes first, so that deleting an account finds its posts; direct posts lie apart, so that a timeline does
-- not step over them.
DROP INDEX {shard}.posts_author;
CREATE INDEX posts_author ON {shard}.posts (author_id, in_timelines, id DESC);
CREATE INDEX posts_local ON {shard}.posts (id DESC)
    WHERE visibility = 0 AND repost_of IS NULL AND (parent_id IS NULL OR parent_author_id = author_id);
CREATE INDEX posts_pinned ON {shard}.posts (author_id) WHERE pinned;
CREATE INDEX posts_media ON {shard}.posts (author_id, id DESC) WHERE media_count > 0 AND in_timelines;

-- replies: those that everyone may see.
ALTER TABLE {shard}.post_stats
    ADD COLUMN reposts integer NOT NULL DEFAULT 0 CHECK (reposts >= 0),
    ADD COLUMN replies integer NOT NULL DEFAULT 0 CHECK (replies >= 0);

-- Each wording a post once had, with the moment it was written.
CREATE TABLE {shard}.post_edits (
    post_id bigint REFERENCES {shard}.posts ON DELETE CASCADE,
    written_at timestamptz,
    body text NOT NULL,
    warning text NOT NULL,
    sensitive boolean NOT NULL,
    PRIMARY KEY (post_id, written_at)
);

CREATE TABLE {shard}.reposts_given (
    account_id bigint,
    post_id bigint,
    repost_id bigint NOT NULL,
    PRIMARY KEY (account_id, post_id)
);
CREATE TABLE {shard}.reposts_received (
    post_id bigint,
    account_id bigint,
    repost_id bigint NOT NULL,
    PRIMARY KEY (post_id, account_id)
);

CREATE TABLE {shard}.bookmarks_given (
    account_id bigint,
    post_id bigint,
    PRIMARY KEY (account_id, post_id)
);
CREATE TABLE {shard}.bookmarks_received (
    post_id bigint,
    account_id bigint,
    PRIMARY KEY (post_id, account_id)
);

-- With the parent: every reply to it. counted: it is one of post_stats.replies.
CREATE TABLE {shard}.replies_received (
    post_id bigint,
    reply_id bigint,
    counted boolean NOT NULL,
    PRIMARY KEY (post_id, reply_id)
);

-- What makes sending a form twice post once: the key of the form, and the post that came of it.
CREATE TABLE {shard}.publish_keys (
    account_id bigint REFERENCES {shard}.profile ON DELETE CASCADE,
    key bytea,
    post_id bigint NOT NULL,
    PRIMARY KEY (account_id, key)
);
CREATE INDEX publish_keys_age ON {shard}.publish_keys (post_id);

-- A conversation is a set of people; its id is made from theirs, so all have the same. Each member has rows of their
-- own: how far they read, and which direct posts belong to it.
CREATE TABLE {shard}.conversations (
    account_id bigint,
    conversation_id bigint,
    member_ids bigint[] NOT NULL,
    last_post_id bigint NOT NULL,
    last_read_id bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, conversation_id)
);
CREATE INDEX conversations_newest ON {shard}.conversations (account_id, last_post_id DESC);
CREATE INDEX conversations_unread ON {shard}.conversations (account_id) WHERE last_post_id > last_read_id;
CREATE TABLE {shard}.conversation_posts (
    account_id bigint,
    conversation_id bigint,
    post_id bigint,
    PRIMARY KEY (account_id, conversation_id, post_id)
);
"""

UNDO = ""
UNDO_SHARD = """
DROP TABLE {shard}.post_edits, {shard}.reposts_given, {shard}.reposts_received, {shard}.bookmarks_given,
    {shard}.bookmarks_received, {shard}.replies_received, {shard}.publish_keys, {shard}.conversations,
    {shard}.conversation_posts;
DELETE FROM {shard}.posts WHERE visibility > 0 OR body = '';
ALTER TABLE {shard}.post_stats DROP COLUMN reposts, DROP COLUMN replies;
DROP INDEX {shard}.posts_author;
ALTER TABLE {shard}.posts
    DROP CONSTRAINT posts_body_length,
    DROP COLUMN in_timelines, DROP COLUMN visibility, DROP COLUMN warning, DROP COLUMN sensitive,
    DROP COLUMN language, DROP COLUMN parent_id, DROP COLUMN parent_author_id, DROP COLUMN repost_of,
    DROP COLUMN media_count, DROP COLUMN mentioned_ids, DROP COLUMN edited_at, DROP COLUMN pinned,
    ADD CONSTRAINT posts_body_check CHECK (char_length(body) BETWEEN 1 AND 500);
CREATE INDEX posts_author ON {shard}.posts (author_id, id DESC);
"""


def upgrade() -> None:
    everywhere.run(GLOBAL, SHARD)


def downgrade() -> None:
    everywhere.run(UNDO, UNDO_SHARD)
