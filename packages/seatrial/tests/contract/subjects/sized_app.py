"""A WSGI app of two pages on one table: one finds a row by its index, the other walks through all of them."""

import os
import threading
from collections.abc import Callable, Iterable
from typing import Any

import psycopg

here = threading.local()


def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """`/by_index`, `/by_walk`; everything else answers at once."""
    if not hasattr(here, "connection"):
        here.connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
    if environ["PATH_INFO"] == "/by_index":
        here.connection.execute("SELECT name FROM people WHERE id = 7").fetchone()
    elif environ["PATH_INFO"] == "/by_walk":
        here.connection.execute("SELECT id FROM people WHERE name = 'nobody'").fetchone()
    start("200 OK", [("Content-Type", "text/plain")])
    return [os.environ["ROWS"].encode()]
