"""Running a migration's statements: once in the global schema, and once in every shard."""

from alembic import op

__all__ = ["run"]


def run(for_all: str, for_each_shard: str) -> None:
    """Execute `for_all`, then `for_each_shard` with each shard's schema for {shard}; either may be empty."""
    if for_all:
        op.execute(for_all)
    if for_each_shard:
        found = op.get_bind().exec_driver_sql("SELECT DISTINCT schema_name FROM g.shard_map ORDER BY 1")
        for (schema,) in found.fetchall():
            op.execute(for_each_shard.format(shard=schema))
