"""A shop that works on a laptop and has every fault that costs on a server."""

import os
from pathlib import Path

import psycopg
from flask import Flask, render_template, send_from_directory

app = Flask(__name__, static_folder=None)
# Debugging is on, and with it templates are read anew for each request.
app.config["DEBUG"] = True
app.config["TEMPLATES_AUTO_RELOAD"] = True


def connected():
    # A connection for each request.
    return psycopg.connect(os.environ["DATABASE_URL"])


@app.route("/")
def shop():
    with connected() as database:
        orders = database.execute("SELECT id, customer_id FROM orders ORDER BY id DESC LIMIT 20").fetchall()
        rows = []
        for number, customer in orders:
            # One query for each row.
            (name,) = database.execute("SELECT name FROM customers WHERE id = %s", [customer]).fetchone()
            rows.append((number, name))
    return render_template("shop.html", rows=rows)


@app.route("/customers/<int:number>")
def customer(number):
    with connected() as database:
        # No index on the column that is asked for.
        (count,) = database.execute("SELECT count(*) FROM orders WHERE customer_id = %s", [number]).fetchone()
    return f"{count} orders"


@app.route("/files/<path:name>")
def files(name):
    # Files served by Python.
    return send_from_directory(Path(__file__).parent, name)


@app.cli.command("init-db")
def init_db():
    with connected() as database:
        database.execute("CREATE TABLE customers (id int PRIMARY KEY, name text)")
        database.execute("CREATE TABLE orders (id int PRIMARY KEY, customer_id int, note text)")
        database.execute("INSERT INTO customers SELECT g, 'Customer ' || g FROM generate_series(1, 10000) g")
        database.execute(
            "INSERT INTO orders SELECT g, 1 + g % 10000, repeat('x', 100) FROM generate_series(1, 100000) g"
        )


if __name__ == "__main__":
    app.run(debug=True)
