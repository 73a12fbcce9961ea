"""Background work, and what wakes live listeners."""

from flotilla.migrations import everywhere

__all__ = ["SHARD", "down_revision", "downgrade", "revision", "upgrade"]

revision = "0008"
down_revision = "0007"

GLOBAL = """
-- Work to be done later. A row is there until its work is done. due_at: not before; while somebody does the work, when
-- it counts as abandoned (after lease_s). attempts: how often it was begun. failed_at: given up, kept to be looked at.
-- only_one: of the rows with the same text here there is but one. every_s: done again and again, so many seconds apart.
CREATE TABLE g.job (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    queue text COLLATE "C" NOT NULL CHECK (queue IN ('mail', 'media', 'default', 'cleanup')),
    task text COLLATE "C" NOT NULL,
    arguments jsonb NOT NULL DEFAULT '{}',
    due_at timestamptz NOT NULL DEFAULT now(),
    lease_s integer NOT NULL CHECK (lease_s > 0),
    attempts integer NOT NULL DEFAULT 0,
    failed_at timestamptz,
    last_error text,
    only_one text UNIQUE,
    every_s integer CHECK (every_s > 0)
) WITH (fillfactor = 70);
CREATE INDEX job_due ON g.job (queue, due_at) WHERE failed_at IS NULL;
"""

SHARD = ""

UNDO = "DROP TABLE g.job"
UNDO_SHARD = ""


def upgrade() -> None:
    everywhere.run(GLOBAL, SHARD)


def downgrade() -> None:
    everywhere.run(UNDO, UNDO_SHARD)
