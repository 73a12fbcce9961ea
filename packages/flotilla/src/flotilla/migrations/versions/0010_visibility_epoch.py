"""A number by which a cache knows that something was hidden."""

from flotilla.migrations import everywhere

__all__ = ["SHARD", "down_revision", "downgrade", "revision", "upgrade"]

revision = "0010"
down_revision = "0009"

GLOBAL = """
-- Drawn from after each transaction that hides, changes or deletes what somebody could see. A sequence and no row:
-- nobody waits for anybody, and it never goes back.
CREATE SEQUENCE g.visibility_epoch;
-- The first number drawn is the one that was there before.
SELECT nextval('g.visibility_epoch');
"""

SHARD = ""

UNDO = "DROP SEQUENCE g.visibility_epoch"
UNDO_SHARD = ""


def upgrade() -> None:
    everywhere.run(GLOBAL, SHARD)


def downgrade() -> None:
    everywhere.run(UNDO, UNDO_SHARD)
