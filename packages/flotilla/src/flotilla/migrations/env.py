"""What Alembic runs for each migration: the caller's connection, a transaction for each, no models."""

from alembic import context

__all__: list[str] = []

context.configure(
    connection=context.config.attributes["connection"],
    version_table="schema_version",
    version_table_schema="g",
    # A lock is held until its own migration ends, not until the last of several does.
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
