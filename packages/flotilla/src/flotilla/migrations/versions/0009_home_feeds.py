"""Home timelines that are pushed: each person's newest posts, copied to them when they are published.

All of it is a copy that can be thrown away. The tables are unlogged: after a crash of the server they are empty, and
what is not there is read the other way until it is built anew.
"""

from flotilla.migrations import everywhere

__all__ = ["SHARD", "down_revision", "downgrade", "revision", "upgrade"]

revision = "0009"
down_revision = "0008"

GLOBAL = """
-- A row: whoever publishes a post asks for it to be pushed. Whoever switches that on or off holds the whole table.
CREATE TABLE g.home_pushing (
    is_on boolean PRIMARY KEY DEFAULT true CHECK (is_on),
    since timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE g.job DROP CONSTRAINT job_queue_check;
ALTER TABLE g.job ADD CONSTRAINT job_queue_check
    CHECK (queue IN ('mail', 'media', 'default', 'cleanup', 'timelines')) NOT VALID;
"""

SHARD = """
-- Whose home is pushed. complete_above: every post of whom they follow with a greater id is an entry (but for authors
-- in home_pulled); the greatest possible id: not built yet, or to be built anew. asked_on: when they last looked.
CREATE UNLOGGED TABLE {shard}.home_feed (
    account_id bigint PRIMARY KEY,
    complete_above bigint NOT NULL,
    asked_on date NOT NULL DEFAULT current_date
) WITH (fillfactor = 70);

-- May hold more than belongs there (deleted posts, people no longer followed): who reads looks at the post itself.
CREATE UNLOGGED TABLE {shard}.home_entry (
    account_id bigint,
    post_id bigint,
    PRIMARY KEY (account_id, post_id)
);

-- Authors of the shard with so many followers that their posts are not pushed.
CREATE UNLOGGED TABLE {shard}.home_pulled (
    author_id bigint PRIMARY KEY
);
"""

UNDO = """
DROP TABLE g.home_pushing;
DELETE FROM g.job WHERE queue = 'timelines';
ALTER TABLE g.job DROP CONSTRAINT job_queue_check;
ALTER TABLE g.job ADD CONSTRAINT job_queue_check CHECK (queue IN ('mail', 'media', 'default', 'cleanup'));
"""
UNDO_SHARD = "DROP TABLE {shard}.home_feed, {shard}.home_entry, {shard}.home_pulled"


def upgrade() -> None:
    everywhere.run(GLOBAL, SHARD)


def downgrade() -> None:
    everywhere.run(UNDO, UNDO_SHARD)
