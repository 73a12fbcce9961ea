"""How much data a trial's database holds once the app is up, by the database itself."""

from seatrial.discover.proposal import Proposal
from seatrial.testbed.database import Database

__all__ = ["with_data_seen"]

FEW_ROWS = 1_000
"""In the largest table: with fewer, most queries cost the same whether they are good or bad."""

TABLES_TOLD = 3

TABLES = "SELECT count(*) FROM pg_stat_user_tables"

COUNTS = """
SELECT relname, n_live_tup FROM pg_stat_user_tables
WHERE relname !~ 'alembic_version|^django_|^auth_|schema_migrations' ORDER BY n_live_tup DESC, relname
"""


def with_data_seen(proposal: Proposal, database: Database | None) -> Proposal:
    """What the largest tables hold, and a doubt when that is little. Nothing for a database that is not Seatrial's."""
    if database is None or not database.is_private:
        return proposal
    database.vacuum_analyze()
    with database.meter() as connection:
        rows = [(str(name), int(count)) for name, count in connection.execute(COUNTS).fetchall()]
        tables = connection.execute(TABLES).fetchone()
    told = ", ".join(f"{name} {count:,}" for name, count in rows[:TABLES_TOLD] if count)
    largest = rows[0][1] if rows else 0
    doubt = ""
    if tables is None or not tables[0]:
        doubt = (
            "The app made no table in its private PostgreSQL. Does it keep its data elsewhere, in SQLite for instance, "
            "or does a command that makes the tables have to go into subject.prepare?"
        )
    elif largest < FEW_ROWS:
        doubt = (
            "Queries on small tables cost next to nothing, so the answer will be too good: add a command to "
            "subject.prepare that fills in as much as your app will have."
        )
    what = f"rows: {told}" if told else "no rows in any table"
    return proposal.with_clue("data", what, "counted after the app had started", doubt)
