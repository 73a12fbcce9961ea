"""A page with the usual mistake: one query for the list, then one more for each of its lines (N+1)."""

import os
from functools import cache

from flask import Flask, render_template
from jinja2 import DictLoader
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

BOOKS, AUTHORS, PER_PAGE = 20_000, 2_000, 15

PAGE = """<!doctype html><title>Books</title><h1>Books, page {{ page }}</h1><table>
{% for book in books %}<tr><td><a href="/books/{{ book.id }}">{{ book.title }}</a><td>{{ book.author.name }}
<td>{{ book.year }}{% endfor %}</table><a href="/page/{{ page + 1 }}">next</a>"""
BOOK = "<!doctype html><title>{{ book.title }}</title><h1>{{ book.title }}</h1><p>{{ author.name }}, {{ book.year }}"


@cache
def pool() -> ConnectionPool:
    """Opened at the first request of each process."""
    size = int(os.environ["POOL_SIZE"])
    return ConnectionPool(
        os.environ["DATABASE_URL"], min_size=1, max_size=size, open=True, timeout=30, kwargs={"row_factory": dict_row}
    )


def create_app() -> Flask:
    app = Flask(__name__)
    app.jinja_loader = DictLoader({"page.html": PAGE, "book.html": BOOK})

    @app.get("/health")
    def health() -> str:
        with pool().connection() as connection:
            connection.execute("SELECT 1")
        return "ok"

    @app.get("/page/<int:number>")
    def page(number: int) -> str:
        with pool().connection() as connection:
            first = number * 37 % (BOOKS - PER_PAGE)
            books = connection.execute(
                "SELECT id, title, year, author_id FROM books WHERE id > %s ORDER BY id LIMIT %s", (first, PER_PAGE)
            ).fetchall()
            for book in books:
                book["author"] = connection.execute(
                    "SELECT id, name FROM authors WHERE id = %s", (book["author_id"],)
                ).fetchone()
        return render_template("page.html", page=number, books=books)

    @app.get("/books/<int:number>")
    def book(number: int) -> str:
        with pool().connection() as connection:
            found = connection.execute("SELECT * FROM books WHERE id = %s", (number,)).fetchone()
            author = connection.execute("SELECT * FROM authors WHERE id = %s", (found["author_id"],)).fetchone()
        return render_template("book.html", book=found, author=author)

    return app


def fill() -> None:
    """Tables and data, the same every time."""
    with pool().connection() as connection:
        connection.execute("CREATE TABLE authors (id int PRIMARY KEY, name text NOT NULL)")
        connection.execute(
            "CREATE TABLE books (id int PRIMARY KEY, title text NOT NULL, year int NOT NULL, author_id int NOT NULL)"
        )
        connection.execute("INSERT INTO authors SELECT n, 'Author ' || n FROM generate_series(1, %s) n", (AUTHORS,))
        connection.execute(
            "INSERT INTO books SELECT n, 'Book ' || n, 1900 + n %% 120, 1 + n * 7 %% %s FROM generate_series(1, %s) n",
            (AUTHORS, BOOKS),
        )
    pool().close()


if __name__ == "__main__":
    fill()
