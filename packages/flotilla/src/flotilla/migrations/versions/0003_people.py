"""Follow requests, blocks, mutes, lists, followed tags, notifications, markers, and what search needs.

Each edge is a row with whoever made it and a mirror row with the other person, as in 0001; what only its maker ever
asks for (mutes, lists, followed tags) has no mirror.
"""

from flotilla.migrations import everywhere

__all__ = ["SHARD", "down_revision", "downgrade", "revision", "upgrade"]

revision = "0003"
down_revision = "0002"

GLOBAL = ""

SHARD = """
-- locked: whoever wants to follow has to ask.
ALTER TABLE {shard}.profile ADD COLUMN locked boolean NOT NULL DEFAULT false;

-- show_reposts is in the index, so that the home timeline still reads nothing but the index.
ALTER TABLE {shard}.following
    ADD COLUMN show_reposts boolean NOT NULL DEFAULT true,
    DROP CONSTRAINT following_pkey,
    ADD PRIMARY KEY (follower_id, followee_id) INCLUDE (show_reposts);

CREATE TABLE {shard}.follow_requests (
    requester_id bigint,
    target_id bigint CHECK (target_id <> requester_id),
    PRIMARY KEY (requester_id, target_id)
);
CREATE TABLE {shard}.follow_requests_received (
    target_id bigint,
    requester_id bigint,
    PRIMARY KEY (target_id, requester_id)
);

CREATE TABLE {shard}.blocks (
    account_id bigint,
    target_id bigint CHECK (target_id <> account_id),
    PRIMARY KEY (account_id, target_id)
);
CREATE TABLE {shard}.blocked_by (
    account_id bigint,
    by_id bigint,
    PRIMARY KEY (account_id, by_id)
);

-- A mute without expires_at lasts; notifications: the muted person's notifications are kept away too.
CREATE TABLE {shard}.mutes (
    account_id bigint,
    target_id bigint CHECK (target_id <> account_id),
    expires_at timestamptz,
    notifications boolean NOT NULL DEFAULT true,
    PRIMARY KEY (account_id, target_id)
);

-- replies: whose replies the list shows: to its members, to anyone its owner follows, or to nobody.
CREATE TABLE {shard}.lists (
    id bigint PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES {shard}.profile ON DELETE CASCADE,
    title text NOT NULL CHECK (title <> ''),
    replies text NOT NULL DEFAULT 'list' CHECK (replies IN ('list', 'followed', 'none'))
);
CREATE INDEX lists_account ON {shard}.lists (account_id, id);
CREATE TABLE {shard}.list_members (
    list_id bigint REFERENCES {shard}.lists ON DELETE CASCADE,
    account_id bigint,
    PRIMARY KEY (list_id, account_id)
);

CREATE TABLE {shard}.tag_follows (
    account_id bigint,
    tag_id bigint,
    PRIMARY KEY (account_id, tag_id)
);

-- What happened to a person, one row for each person who did it. target: the post, or what else it is about; with its
-- kind it names the group in which the page shows it.
CREATE TABLE {shard}.notifications (
    account_id bigint,
    kind smallint,
    actor_id bigint,
    target bigint,
    id bigint NOT NULL,
    message text NOT NULL DEFAULT '',
    PRIMARY KEY (account_id, kind, actor_id, target)
);
CREATE UNIQUE INDEX notifications_newest ON {shard}.notifications (account_id, id);
CREATE INDEX notifications_target ON {shard}.notifications (target, kind);

-- Twenty likes of one post are one row here. actor_ids: the latest of those who did it, newest first.
CREATE TABLE {shard}.notification_groups (
    account_id bigint,
    kind smallint,
    target bigint,
    last_id bigint NOT NULL,
    events integer NOT NULL CHECK (events >= 0),
    actor_ids bigint[] NOT NULL,
    PRIMARY KEY (account_id, kind, target)
);
CREATE INDEX notification_groups_newest ON {shard}.notification_groups (account_id, last_id);

-- How far a person has read; never moves back.
CREATE TABLE {shard}.markers (
    account_id bigint,
    timeline text CHECK (timeline IN ('home', 'notifications')),
    last_read_id bigint NOT NULL,
    version integer NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, timeline)
) WITH (fillfactor = 70);

-- The words to search by: small letters without their accents, in no language's grammar. Accents come off without the
-- extension unaccent, which not every PostgreSQL has.
CREATE FUNCTION {shard}.words_of(said text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN to_tsvector('simple', regexp_replace(
    translate(replace(normalize(lower(said), NFKD), 'ß', 'ss'), 'øłđı', 'oldi'), '[\u0300-\u036f]', '', 'g'));

CREATE INDEX posts_words ON {shard}.posts USING gin ({shard}.words_of(warning || ' ' || body)) WHERE repost_of IS NULL;
CREATE INDEX profile_words ON {shard}.profile USING gin ({shard}.words_of(display_name));
"""

UNDO = ""
UNDO_SHARD = """
DROP INDEX {shard}.posts_words, {shard}.profile_words;
DROP FUNCTION {shard}.words_of;
DROP TABLE {shard}.follow_requests, {shard}.follow_requests_received, {shard}.blocks, {shard}.blocked_by, {shard}.mutes,
    {shard}.list_members, {shard}.lists, {shard}.tag_follows, {shard}.notifications, {shard}.notification_groups,
    {shard}.markers;
ALTER TABLE {shard}.following
    DROP CONSTRAINT following_pkey,
    DROP COLUMN show_reposts,
    ADD PRIMARY KEY (follower_id, followee_id);
ALTER TABLE {shard}.profile DROP COLUMN locked;
"""


def upgrade() -> None:
    everywhere.run(GLOBAL, SHARD)


def downgrade() -> None:
    everywhere.run(UNDO, UNDO_SHARD)
