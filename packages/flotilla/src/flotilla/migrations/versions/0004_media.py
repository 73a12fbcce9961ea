"""Pictures, and what a profile shows.

A picture's row lives with its owner. Files are named by nothing but chance; whatever way a row goes that knows of files
(a post deleted, an account, an avatar replaced), a trigger writes their names down in the same transaction, and whoever
sweeps removes them from the disk. So no file is forgotten, and none goes that a row still knows after a rollback.
"""

from flotilla.migrations import everywhere

__all__ = ["SHARD", "down_revision", "downgrade", "revision", "upgrade"]

revision = "0004"
down_revision = "0003"

GLOBAL = ""

# focus_x and focus_y: thousandths, from the centre to the right and up.
SHARD = """
ALTER TABLE {shard}.profile
    ADD COLUMN avatar text COLLATE "C",
    ADD COLUMN header text COLLATE "C",
    ADD COLUMN fields jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(fields) = 'array'),
    ADD COLUMN bot boolean NOT NULL DEFAULT false,
    ADD COLUMN discoverable boolean NOT NULL DEFAULT true,
    ADD COLUMN language text NOT NULL DEFAULT '',
    ADD COLUMN default_visibility smallint NOT NULL DEFAULT 0 CHECK (default_visibility BETWEEN 0 AND 3),
    ADD COLUMN default_sensitive boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS locked boolean NOT NULL DEFAULT false;

-- source: the upload as it came, until it was worked on; file and width and height: the picture made of it.
CREATE TABLE {shard}.media (
    id bigint PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES {shard}.profile ON DELETE CASCADE,
    post_id bigint REFERENCES {shard}.posts ON DELETE CASCADE,
    position smallint NOT NULL DEFAULT 0 CHECK (position BETWEEN 0 AND 3),
    state text NOT NULL DEFAULT 'processing' CHECK (state IN ('processing', 'ready', 'failed')),
    source text COLLATE "C",
    file text COLLATE "C",
    width integer,
    height integer,
    alt text NOT NULL DEFAULT '',
    focus_x smallint NOT NULL DEFAULT 0 CHECK (focus_x BETWEEN -1000 AND 1000),
    focus_y smallint NOT NULL DEFAULT 0 CHECK (focus_y BETWEEN -1000 AND 1000),
    problem text NOT NULL DEFAULT '',
    CHECK (state <> 'ready' OR (file IS NOT NULL AND width > 0 AND height > 0))
);
CREATE INDEX media_post ON {shard}.media (post_id, position) WHERE post_id IS NOT NULL;
CREATE INDEX media_unattached ON {shard}.media (account_id, id) WHERE post_id IS NULL;
CREATE INDEX media_account ON {shard}.media (account_id);
-- So that it can be told whether any row knows a file.
CREATE UNIQUE INDEX media_file ON {shard}.media (file) WHERE file IS NOT NULL;
CREATE UNIQUE INDEX media_source ON {shard}.media (source) WHERE source IS NOT NULL;
CREATE UNIQUE INDEX profile_avatar ON {shard}.profile (avatar) WHERE avatar IS NOT NULL;
CREATE UNIQUE INDEX profile_header ON {shard}.profile (header) WHERE header IS NOT NULL;

-- Files that no row knows any more; each name is made once, so it is here once.
CREATE TABLE {shard}.media_gone (
    file text COLLATE "C" PRIMARY KEY,
    gone_at timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION {shard}.media_row_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO {shard}.media_gone (file)
    SELECT gone FROM unnest(ARRAY[OLD.source, OLD.file]) gone WHERE gone IS NOT NULL ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER media_row_gone AFTER DELETE ON {shard}.media FOR EACH ROW EXECUTE FUNCTION {shard}.media_row_gone();

CREATE FUNCTION {shard}.profile_picture_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO {shard}.media_gone (file)
    SELECT gone FROM unnest(ARRAY[OLD.avatar, OLD.header]) gone
    WHERE gone IS NOT NULL
      AND (TG_OP = 'DELETE' OR (gone IS DISTINCT FROM NEW.avatar AND gone IS DISTINCT FROM NEW.header))
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER profile_picture_gone AFTER DELETE OR UPDATE OF avatar, header ON {shard}.profile
    FOR EACH ROW EXECUTE FUNCTION {shard}.profile_picture_gone();
"""

UNDO = ""
UNDO_SHARD = """
DROP TRIGGER profile_picture_gone ON {shard}.profile;
DROP FUNCTION {shard}.profile_picture_gone();
DROP TABLE {shard}.media, {shard}.media_gone;
DROP FUNCTION {shard}.media_row_gone();
ALTER TABLE {shard}.profile
    DROP COLUMN avatar, DROP COLUMN header, DROP COLUMN fields, DROP COLUMN bot, DROP COLUMN discoverable,
    DROP COLUMN language, DROP COLUMN default_visibility, DROP COLUMN default_sensitive, DROP COLUMN IF EXISTS locked;
"""


def upgrade() -> None:
    everywhere.run(GLOBAL, SHARD)


def downgrade() -> None:
    everywhere.run(UNDO, UNDO_SHARD)
