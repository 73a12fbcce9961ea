"""Confirmed addresses, second factors, invitations, sessions with names."""

from flotilla.migrations import everywhere

__all__ = ["SHARD", "down_revision", "downgrade", "revision", "upgrade"]

revision = "0005"
down_revision = "0004"

GLOBAL = ""

SHARD = ""

UNDO = ""
UNDO_SHARD = ""


def upgrade() -> None:
    everywhere.run(GLOBAL, SHARD)


def downgrade() -> None:
    everywhere.run(UNDO, UNDO_SHARD)
