"""Reports, sanctions, blocked addresses, the audit log, rules, announcements, settings of the site."""

from flotilla.migrations import everywhere

__all__ = ["SHARD", "down_revision", "downgrade", "revision", "upgrade"]

revision = "0006"
down_revision = "0005"

GLOBAL = ""

SHARD = ""

UNDO = ""
UNDO_SHARD = ""


def upgrade() -> None:
    everywhere.run(GLOBAL, SHARD)


def downgrade() -> None:
    everywhere.run(UNDO, UNDO_SHARD)
