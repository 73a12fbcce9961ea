"""Threads as a whole: which one a post belongs to, and who wants to hear no more of it."""

from flotilla.migrations import everywhere

__all__ = ["SHARD", "down_revision", "downgrade", "revision", "upgrade"]

revision = "0011"
down_revision = "0010"

GLOBAL = ""

SHARD = """
-- Of a reply, the post with which its thread began, which may be gone; of any other post nothing: it begins one itself.
ALTER TABLE {shard}.posts ADD COLUMN thread_id bigint;

-- There is no mirror: nobody else ever asks.
CREATE TABLE {shard}.thread_mutes (
    account_id bigint,
    thread_id bigint,
    PRIMARY KEY (account_id, thread_id)
);
"""

UNDO = ""
UNDO_SHARD = """
DROP TABLE {shard}.thread_mutes;
ALTER TABLE {shard}.posts DROP COLUMN thread_id;
"""


def upgrade() -> None:
    everywhere.run(GLOBAL, SHARD)


def downgrade() -> None:
    everywhere.run(UNDO, UNDO_SHARD)
