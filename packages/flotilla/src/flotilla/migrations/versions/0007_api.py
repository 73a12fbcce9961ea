"""Apps, their tokens and codes."""

from flotilla.migrations import everywhere

__all__ = ["SHARD", "down_revision", "downgrade", "revision", "upgrade"]

revision = "0007"
down_revision = "0006"

GLOBAL = ""

SHARD = ""

UNDO = ""
UNDO_SHARD = ""


def upgrade() -> None:
    everywhere.run(GLOBAL, SHARD)


def downgrade() -> None:
    everywhere.run(UNDO, UNDO_SHARD)
