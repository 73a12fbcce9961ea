"""A tiny WSGI app that says which process answers, and asks PostgreSQL as whoever it is told to be."""

import os
from collections.abc import Callable, Iterable
from typing import Any

Start = Callable[[str, list[tuple[str, str]]], Any]


def app(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    """`/instance` its server, `/environment?NAME`, `/scheme` as told, `/role` and `/prepared` by PostgreSQL; or ok."""
    path, text = environ["PATH_INFO"], "ok " * 1000
    if path == "/instance":
        text = str(os.getppid())
    elif path == "/environment":
        text = os.environ.get(environ["QUERY_STRING"], "")
    elif path == "/scheme":
        text = environ.get("HTTP_X_FORWARDED_PROTO", "")
    elif path == "/role":
        text = _asked("SELECT current_user", prepare=False)
    elif path == "/prepared":
        text = _asked("SELECT 'prepared'", prepare=True)
    start("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))])
    return [text.encode()]


def _asked(statement: str, *, prepare: bool) -> str:
    import psycopg

    text = ""
    with psycopg.connect(
        os.environ["DATABASE_URL"], autocommit=True, prepare_threshold=0 if prepare else None
    ) as connection:
        for _ in range(3):
            row = connection.execute(statement).fetchone()
            text = str(row[0]) if row else ""
    return text
