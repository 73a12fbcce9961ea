"""How large the site is, as the database itself estimates for its plans: counting would read every row."""

from flotilla.store.database import Work

__all__ = ["people_and_posts"]


def people_and_posts(work: Work) -> tuple[int, int]:
    """How many accounts and posts there are, as the last autovacuum saw it."""
    rows = work.all(
        """
        SELECT c.relname, sum(greatest(c.reltuples, 0))::bigint
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE (n.nspname = 'g' AND c.relname = 'account')
            OR (n.nspname = ANY(%(shards)s) AND c.relname = 'posts' AND c.relkind = 'r')
        GROUP BY c.relname
        """,
        {"shards": list(work.shards.schemas)},
    )
    found: dict[str, int] = dict(rows)
    return found.get("account", 0), found.get("posts", 0)
