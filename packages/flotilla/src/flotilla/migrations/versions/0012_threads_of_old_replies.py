"""The threads of the replies that were there before 0011.

Some thousand in a transaction: whoever edits or deletes a reply would else wait for all of them, and a lock that is not
to be had in time would undo all that was done. Broken off, it goes on where it was.
"""

from alembic import op

from flotilla.migrations import everywhere

__all__ = ["SHARD", "down_revision", "downgrade", "revision", "upgrade"]

revision = "0012"
down_revision = "0011"

GLOBAL = ""
SHARD = ""
FILLED_AT_ONCE = 2_000

# From the replies to what is no reply, or is gone, down through those to them.
FIND = """
CREATE TEMPORARY TABLE reply AS {replies};
CREATE INDEX reply_parent ON reply (parent_id);
ANALYZE reply;
CREATE TEMPORARY TABLE thread_of AS
WITH RECURSIVE thread AS (
    SELECT r.id, r.parent_id AS thread_id FROM reply r
    WHERE NOT EXISTS (SELECT FROM reply above WHERE above.id = r.parent_id)
    UNION ALL
    SELECT r.id, t.thread_id FROM thread t JOIN reply r ON r.parent_id = t.id
)
SELECT id, thread_id FROM thread;
DROP TABLE reply;
CREATE UNIQUE INDEX thread_of_id ON thread_of (id);
ANALYZE thread_of;
"""
REPLIES = "SELECT id, parent_id FROM {shard}.posts WHERE parent_id IS NOT NULL"
NEXT = """
SELECT max(id) FROM (SELECT id FROM thread_of WHERE id > %(after)s ORDER BY id LIMIT %(limit)s) AS few
"""
FILL = """
UPDATE {shard}.posts p SET thread_id = t.thread_id FROM thread_of t
WHERE t.id > %(after)s AND t.id <= %(last)s AND p.id = t.id AND p.thread_id IS NULL
"""


def upgrade() -> None:
    with op.get_context().autocommit_block():
        run = op.get_bind().exec_driver_sql
        found = run("SELECT DISTINCT schema_name FROM g.shard_map ORDER BY 1").fetchall()
        run(FIND.format(replies=" UNION ALL ".join(REPLIES.format(shard=schema) for (schema,) in found)))
        after = -1
        while (last := run(NEXT, {"after": after, "limit": FILLED_AT_ONCE}).scalar()) is not None:
            for (schema,) in found:
                run(FILL.format(shard=schema), {"after": after, "last": last})
            after = last
        run("DROP TABLE thread_of")


def downgrade() -> None:
    everywhere.run("", "")
