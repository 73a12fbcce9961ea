"""What Alembic runs for each migration: the caller's connection, one transaction, no models."""

from alembic import context

__all__: list[str] = []

context.configure(
    connection=context.config.attributes["connection"],
    version_table="schema_version",
    version_table_schema="g",
)
with context.begin_transaction():
    context.run_migrations()
