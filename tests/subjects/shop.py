"""The app that the README's seatrial.toml declares: a front page, a search, and a command that makes the tables."""

import os

import click
import psycopg
from flask import Flask, request


def create_app() -> Flask:
    app = Flask(__name__)

    @app.get("/")
    def front_page() -> str:
        return "Welcome."

    @app.get("/search")
    def search() -> list[str]:
        with psycopg.connect(os.environ["DATABASE_URL"]) as database:
            rows = database.execute("SELECT name FROM item WHERE name LIKE %s", (f"%{request.args['q']}%",)).fetchall()
        return [name for (name,) in rows]

    @app.cli.group()
    def db() -> None:
        """The tables."""

    @db.command()
    def upgrade() -> None:
        with psycopg.connect(os.environ["DATABASE_URL"]) as database:
            database.execute("CREATE TABLE item (name text)")
            database.execute("INSERT INTO item VALUES ('red shoes'), ('blue hat')")
        click.echo("The tables are there.")

    return app
