"""The tables, as Alembic migrations that hold plain SQL. Run them with `flotilla migrate`."""

__all__: list[str] = []
