"""People, posts, follows, likes: the global directory and the first shard.

A shard's tables are the same in every shard. A row lives with its owner: a post with its author, a follow with the
follower, and each edge once more, mirrored, on its other side. Foreign keys stay inside one owner's rows, because the
other side of an edge may live on another server one day; edges have none at all, their writers hold locks instead.
"""

from alembic import op

__all__ = ["SHARD", "down_revision", "downgrade", "revision", "upgrade"]

revision = "0001"
down_revision = None

GLOBAL = """
CREATE TABLE g.shard_map (
    first_bucket integer PRIMARY KEY CHECK (first_bucket BETWEEN 0 AND 8191),
    last_bucket integer NOT NULL CHECK (last_bucket BETWEEN first_bucket AND 8191),
    schema_name text NOT NULL
);
INSERT INTO g.shard_map VALUES (0, 8191, 's0000');

-- Handles are lower case (CHECK), so unique means unique in any spelling.
CREATE TABLE g.account (
    id bigint PRIMARY KEY,
    handle text COLLATE "C" NOT NULL UNIQUE CHECK (handle ~ '^[a-z0-9_]{1,30}$'),
    email text,
    bucket integer NOT NULL CHECK (bucket BETWEEN 0 AND 8191),
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended'))
);
CREATE UNIQUE INDEX account_email ON g.account (lower(email)) WHERE email IS NOT NULL;

CREATE TABLE g.hashtag (
    id bigint PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE
);
"""

SHARD = """
CREATE SCHEMA {shard};

CREATE SEQUENCE {shard}.id_sequence;

-- 41 bits: milliseconds since 2025-01-01 | 13 bits: bucket | 10 bits: sequence
CREATE FUNCTION {shard}.next_id(bucket integer) RETURNS bigint LANGUAGE sql VOLATILE
RETURN ((floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint - 1735689600000) << 23)
    | (bucket::bigint << 10)
    | (nextval('{shard}.id_sequence') & 1023);

CREATE TABLE {shard}.profile (
    account_id bigint PRIMARY KEY,
    handle text COLLATE "C" NOT NULL,
    display_name text NOT NULL CHECK (display_name <> ''),
    bio text NOT NULL DEFAULT ''
);

CREATE TABLE {shard}.credential (
    account_id bigint PRIMARY KEY REFERENCES {shard}.profile ON DELETE CASCADE,
    password_hash text NOT NULL
);

CREATE TABLE {shard}.sessions (
    account_id bigint REFERENCES {shard}.profile ON DELETE CASCADE,
    token_hash bytea,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, token_hash)
);

CREATE TABLE {shard}.posts (
    id bigint PRIMARY KEY,
    author_id bigint NOT NULL REFERENCES {shard}.profile ON DELETE CASCADE,
    body text NOT NULL CHECK (char_length(body) BETWEEN 1 AND 500)
);
CREATE INDEX posts_author ON {shard}.posts (author_id, id DESC);

-- Counts change often, so their rows are narrow, bear no index on a count, and leave room in the page: the new version
-- of a row then stays beside the old one, and no index is touched.
CREATE TABLE {shard}.post_stats (
    post_id bigint PRIMARY KEY REFERENCES {shard}.posts ON DELETE CASCADE,
    likes integer NOT NULL DEFAULT 0 CHECK (likes >= 0)
) WITH (fillfactor = 70);

-- last_post_id: the author's newest post, 0 without one; the home timeline reads it for everyone one follows.
CREATE TABLE {shard}.author_stats (
    author_id bigint PRIMARY KEY REFERENCES {shard}.profile ON DELETE CASCADE,
    last_post_id bigint NOT NULL DEFAULT 0,
    posts integer NOT NULL DEFAULT 0 CHECK (posts >= 0),
    followers integer NOT NULL DEFAULT 0 CHECK (followers >= 0),
    following integer NOT NULL DEFAULT 0 CHECK (following >= 0)
) WITH (fillfactor = 70);

CREATE TABLE {shard}.following (
    follower_id bigint,
    followee_id bigint CHECK (followee_id <> follower_id),
    PRIMARY KEY (follower_id, followee_id)
);
CREATE TABLE {shard}.followers (
    followee_id bigint,
    follower_id bigint,
    PRIMARY KEY (followee_id, follower_id)
);

CREATE TABLE {shard}.likes_given (
    account_id bigint,
    post_id bigint,
    PRIMARY KEY (account_id, post_id)
);
CREATE TABLE {shard}.likes_received (
    post_id bigint,
    account_id bigint,
    PRIMARY KEY (post_id, account_id)
);

CREATE TABLE {shard}.tag_index (
    tag_id bigint,
    post_id bigint,
    PRIMARY KEY (tag_id, post_id)
);
CREATE TABLE {shard}.mention_index (
    account_id bigint,
    post_id bigint,
    PRIMARY KEY (account_id, post_id)
);
"""


def upgrade() -> None:
    op.execute(GLOBAL)
    op.execute(SHARD.format(shard="s0000"))


def downgrade() -> None:
    op.execute("DROP SCHEMA s0000 CASCADE")
    op.execute("DROP TABLE g.account, g.hashtag, g.shard_map")
