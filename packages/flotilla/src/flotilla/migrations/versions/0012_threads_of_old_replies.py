"""The threads of the replies that were there before 0011.

A migration of its own: whoever reads posts would wait for as long as this takes, did it hold what adding a column does.
"""

from alembic import op

from flotilla.migrations import everywhere

__all__ = ["SHARD", "down_revision", "downgrade", "revision", "upgrade"]

revision = "0012"
down_revision = "0011"

GLOBAL = ""
SHARD = ""

# From the replies to what is no reply, or is gone, down through those to them.
FIND = """
CREATE TEMPORARY TABLE reply ON COMMIT DROP AS {replies};
CREATE INDEX reply_parent ON reply (parent_id);
ANALYZE reply;
CREATE TEMPORARY TABLE thread_of ON COMMIT DROP AS
WITH RECURSIVE thread AS (
    SELECT r.id, r.parent_id AS thread_id FROM reply r
    WHERE NOT EXISTS (SELECT FROM reply above WHERE above.id = r.parent_id)
    UNION ALL
    SELECT r.id, t.thread_id FROM thread t JOIN reply r ON r.parent_id = t.id
)
SELECT id, thread_id FROM thread;
ANALYZE thread_of;
"""
REPLIES = "SELECT id, parent_id FROM {shard}.posts WHERE parent_id IS NOT NULL"
FILL = """
UPDATE {shard}.posts p SET thread_id = t.thread_id FROM thread_of t WHERE p.id = t.id AND p.thread_id IS NULL
"""


def upgrade() -> None:
    found = op.get_bind().exec_driver_sql("SELECT DISTINCT schema_name FROM g.shard_map ORDER BY 1").fetchall()
    op.execute(FIND.format(replies=" UNION ALL ".join(REPLIES.format(shard=schema) for (schema,) in found)))
    everywhere.run("", FILL)


def downgrade() -> None:
    everywhere.run("", "")
