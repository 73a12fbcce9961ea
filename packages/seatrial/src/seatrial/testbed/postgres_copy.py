"""How a database is copied, as statements."""

from psycopg import sql

__all__ = ["copy_statements"]


def copy_statements(source: str, target: str, owner: str) -> tuple[sql.Composed, ...]:
    """Replace `target` by a copy of `source`, with its grants and settings, which a template does not carry.

    Connections to `source` are closed: a template may have none.
    """
    names = {
        "source": sql.Identifier(source),
        "target": sql.Identifier(target),
        "owner": sql.Identifier(owner),
        "source_name": sql.Literal(source),
        "target_name": sql.Literal(target),
    }
    statements = (
        sql.SQL("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = {source_name}"),
        sql.SQL("DROP DATABASE IF EXISTS {target} WITH (FORCE)"),
        # By files, not through the write-ahead log: a big database would fill the log and be written twice.
        sql.SQL("CREATE DATABASE {target} OWNER {owner} TEMPLATE {source} STRATEGY file_copy"),
        sql.SQL(
            "UPDATE pg_database SET datacl = (SELECT datacl FROM pg_database WHERE datname = {source_name}) "
            "WHERE datname = {target_name}"
        ),
        sql.SQL(
            "INSERT INTO pg_db_role_setting SELECT target.oid, setrole, setconfig FROM pg_db_role_setting "
            "JOIN pg_database source ON setdatabase = source.oid, pg_database target "
            "WHERE source.datname = {source_name} AND target.datname = {target_name}"
        ),
    )
    return tuple(statement.format(**names) for statement in statements)
