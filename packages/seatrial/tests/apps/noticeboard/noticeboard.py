"""A notice board in one file, with raw SQL and a page for members. It needs two variables and a command."""

import os

import psycopg
from flask import Flask, redirect, request, session
from werkzeug.security import check_password_hash, generate_password_hash

app = Flask(__name__)
app.secret_key = os.environ["SECRET_KEY"]

FORM = (
    "<form method=post action={0}><input name=username><input type=password name=password><button>{0}</button></form>"
)


def connected():
    return psycopg.connect(os.environ["DATABASE_URL"])


@app.get("/")
def board():
    with connected() as database:
        notices = database.execute("SELECT id, text FROM notices ORDER BY id DESC LIMIT 10").fetchall()
    rows = "".join(f"<li><a href=/notices/{number}>{text}</a>" for number, text in notices)
    return f"<ul>{rows}</ul><a href=/login>Sign in</a> <a href=/register>Sign up</a> <a href=/mine>Yours</a>"


@app.get("/notices/<int:number>")
def notice(number):
    with connected() as database:
        row = database.execute("SELECT text FROM notices WHERE id = %s", [number]).fetchone()
    return row[0] if row else ("No such notice.", 404)


@app.get("/mine")
def mine():
    return f"Hello {session['name']}" if "name" in session else redirect("/login")


@app.route("/register", methods=["GET", "POST"])
def register():
    if request.method == "GET":
        return FORM.format("/register")
    with connected() as database:
        secret = generate_password_hash(request.form["password"], "pbkdf2:sha256:1000")
        database.execute("INSERT INTO members VALUES (%s, %s)", [request.form["username"], secret])
    return redirect("/login")


@app.route("/login", methods=["GET", "POST"])
def login():
    if request.method == "GET":
        return FORM.format("/login")
    with connected() as database:
        row = database.execute("SELECT secret FROM members WHERE name = %s", [request.form["username"]]).fetchone()
    if row is None or not check_password_hash(row[0], request.form["password"]):
        return FORM.format("/login")
    session["name"] = request.form["username"]
    return redirect("/mine")


@app.cli.command("init-db")
def init_db():
    with connected() as database:
        database.execute("CREATE TABLE members (name text PRIMARY KEY, secret text)")
        database.execute("CREATE TABLE notices (id int PRIMARY KEY, text text)")
        database.execute("INSERT INTO notices SELECT g, 'Notice ' || g FROM generate_series(1, 100) g")
