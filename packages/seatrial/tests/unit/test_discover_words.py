"""What is read out of start commands, variables, addresses and an app's last words."""

import pytest

from seatrial.discover.callables import find_callables
from seatrial.discover.databases import engine_of, value_of_database
from seatrial.discover.interpreter import Interpreter
from seatrial.discover.preparing import seeds_of
from seatrial.discover.repairs import last_words, missing_variables, wants_driver, wants_tables
from seatrial.discover.routes import group_of, name_of
from seatrial.discover.source_tree import SourceTree
from seatrial.discover.start_lines import find_start_lines, is_for_development
from seatrial.discover.values import value_for
from seatrial.discover.variables import find_variables

STARTS = {
    "Procfile": ("web: gunicorn shop:app --workers 3 --log-file -\nworker: celery x\n", "gunicorn", "shop:app"),
    "Dockerfile": ('FROM python\nCMD ["uvicorn", "app.main:app", "--host", "0.0.0.0"]\n', "uvicorn", "app.main:app"),
    "docker-compose.yml": (
        "services:\n  web:\n    command: sh -c 'flask db upgrade && gunicorn -b :$PORT wsgi:app'\n",
        "gunicorn",
        "wsgi:app",
    ),
    "fly.toml": ("[processes]\napp = \"python -m gunicorn 'shop:create_app()'\"\n", "gunicorn", "shop:create_app()"),
    "shop.service": (
        "[Service]\nExecStart=/srv/venv/bin/gunicorn shop.wsgi:application\n",
        "gunicorn",
        "shop.wsgi:application",
    ),
    "gunicorn.conf.py": ('wsgi_app = "shop:app"\nworkers = 2\n', "gunicorn", "shop:app"),
}


@pytest.mark.parametrize(("name", "text", "server", "target"), [(n, *rest) for n, rest in STARTS.items()], ids=STARTS)
def test_a_start_command_is_found_in(tmp_path, name, text, server, target):
    (tmp_path / name).write_text(text)
    (line,) = find_start_lines(SourceTree(tmp_path))
    assert (line.server, line.target, line.source) == (server, target, name)


def test_a_server_for_development_comes_after_one_for_production_and_is_known_as_such(tmp_path):
    (tmp_path / "Procfile").write_text("web: gunicorn shop:app\n")
    (tmp_path / "Makefile").write_text("run:\n\tflask run --debug\n")
    first, second = find_start_lines(SourceTree(tmp_path))
    assert (first.is_for_development, second.is_for_development) == (False, True)
    assert is_for_development("{python} manage.py runserver {port}")
    assert not is_for_development("uvicorn shop:app --port {port}")


VARIABLES = """
import os
from decouple import config
a = os.environ["NEEDED"]
b = os.environ.get("WITH_DEFAULT", "x")
c = os.getenv("MAYBE")
d = config("ASKED")
e = config("ASKED_WITH", default="y")
class Settings(BaseSettings):
    secret_key: str
    algorithm: str = "HS256"
"""


def test_variables_that_the_code_needs_are_told_from_those_it_can_do_without(tmp_path):
    (tmp_path / "config.py").write_text(VARIABLES)
    found = find_variables(SourceTree(tmp_path))
    assert {name for name, variable in found.items() if variable.is_needed} == {"NEEDED", "ASKED", "SECRET_KEY"}
    assert found["WITH_DEFAULT"].default == "x"
    assert found["ALGORITHM"].default == "HS256"


USED = """
import os
import dj_database_url
HOSTS = os.environ.get("HOSTS").split(" ")
WORKERS = int(os.getenv("WORKERS"))
if "BUCKET" in os.environ:
    BUCKET = os.environ["BUCKET"].lower()
if os.getenv("MAIL"):
    MAIL = os.getenv("MAIL").strip()
DATABASES = {"default": dj_database_url.config(conn_max_age=60)}
if os.getenv("DB_KIND", "sqlite") == "postgres":
    pass
DEBUG = os.environ.get("DEBUG", False)
PAGE = env_int("PAGE_SIZE", "20")
class Settings(BaseSettings):
    allowed_hosts: list[str]
"""


def test_how_a_variable_is_used_tells_what_it_must_be(tmp_path):
    (tmp_path / "settings.py").write_text(USED)
    found = find_variables(SourceTree(tmp_path))
    assert {name for name, variable in found.items() if variable.is_needed} == {"HOSTS", "WORKERS", "ALLOWED_HOSTS"}
    assert {"DATABASE_URL", "BUCKET", "MAIL", "PAGE_SIZE"} <= set(found)
    assert (found["DB_KIND"].postgres_word, found["DEBUG"].kind) == ("postgres", "truthy")
    assert value_for("ALLOWED_HOSTS", "postgresql", kind=found["ALLOWED_HOSTS"].kind) == '["*"]'


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("KeyError: 'SECRET_KEY'", ["SECRET_KEY"]),
        (
            "decouple.UndefinedValueError: API_KEY not found. Declare it as envvar or define a default value.",
            ["API_KEY"],
        ),
        ("django.core.exceptions.ImproperlyConfigured: Set the DATABASE_URL environment variable", ["DATABASE_URL"]),
        ('environs.EnvError: Environment variable "MAIL_HOST" not set', ["MAIL_HOST"]),
        (
            "flotilla run: No database: the environment variable FLOTILLA_DATABASE_URL is not set.",
            ["FLOTILLA_DATABASE_URL"],
        ),
        (
            "pydantic_core.ValidationError: 1 validation error for Settings\nsecret_key\n  Field required",
            ["SECRET_KEY"],
        ),
        ("The SECRET_KEY setting must not be empty.", ["SECRET_KEY"]),
        ("KeyError: 'name'", []),
        ("[2026-01-01] [INFO] Listening at: http://127.0.0.1:1", []),
        ("ERROR: something is missing", []),
    ],
)
def test_the_variable_that_an_app_asks_for_in_its_last_words_is(text, names):
    assert [missing.name for missing in missing_variables(text)] == names


def test_a_driver_that_is_not_there_and_a_table_that_is_not_there_are_told_apart():
    assert wants_driver("ModuleNotFoundError: No module named 'psycopg2'")
    assert wants_tables('psycopg.errors.UndefinedTable: relation "users" does not exist')
    assert wants_tables("sqlite3.OperationalError: no such table: users")
    assert not wants_driver("ModuleNotFoundError: No module named 'flask_login'")
    assert not wants_tables("connection refused")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "{database_url}"),
        ("SQLALCHEMY_DATABASE_URI", "{database_url}"),
        ("POSTGRES_HOST", "{database_host}"),
        ("DB_PASSWORD", "{database_password}"),
        ("PGPORT", "{database_port}"),
        ("DATABASE_NAME", "{database_name}"),
        ("REDIS_URL", None),
        ("TEST_DATABASE_URL", None),
        ("SECRET_KEY", None),
    ],
)
def test_a_variable_about_the_database_is_given(name, value):
    assert value_of_database(name, "postgresql") == value


def test_a_variable_that_says_which_kind_of_database_it_is_is_told_from_one_that_says_where_it_is():
    assert engine_of("SQL_ENGINE", "django.db.backends.sqlite3") == "django.db.backends.postgresql"
    assert engine_of("DB_TYPE", "sqlite") == "postgresql"
    assert (engine_of("DB_NAME", "shop"), value_of_database("DB_TYPE", "postgresql")) == ("", None)


def test_a_script_that_is_named_for_data_is_run_where_it_asks_nobody(tmp_path):
    (tmp_path / "main.py").write_text("from fastapi import FastAPI\napp = FastAPI()\n")
    for name, text in {
        "seed.py": "if __name__ == '__main__':\n    pass\n",
        "create_tables.py": "if __name__ == '__main__':\n    pass\n",
        "populate.py": "def rows():\n    pass\n",
        "seed_admin.py": "if __name__ == '__main__':\n    input('name?')\n",
        "seedling.py": "if __name__ == '__main__':\n    pass\n",
    }.items():
        (tmp_path / name).write_text(text)
    tree = SourceTree(tmp_path)
    candidate = find_callables(tree)[0]
    python = Interpreter(tmp_path, "as you said", (3, 11), {})
    commands = [command for command, _, _ in seeds_of(tree, python, candidate)]
    assert commands == ["{python} -m create_tables", "{python} -m seed"]


def test_the_last_words_of_a_log_are_the_line_its_traceback_ends_with():
    log = (
        "Traceback (most recent call last):\n  File 'x'\nOSError: a\nINFO ok\nshop.errors.StockError: none left\nDone\n"
    )
    assert (last_words(log), last_words("all is well")) == ("shop.errors.StockError: none left", "")


def test_an_example_value_is_taken_but_never_an_address_or_a_secret():
    assert value_for("ITEMS_PER_PAGE", "postgresql", "25") == "25"
    assert value_for("SECRET_KEY", "postgresql", "changethis") != "changethis"
    assert value_for("SMTP_HOST", "postgresql", "smtp://mail.example.com") == "127.0.0.1"


@pytest.mark.parametrize(
    ("path", "group", "name"),
    [
        ("/", "/", "front"),
        ("/posts/17", "/posts/{}", "posts_one"),
        ("/posts/17/edit", "/posts/{}/edit", "posts_edit_one"),
        ("/@ada", "/{}", "one"),
        ("/articles/how-to-sail", "/articles/{}", "articles_one"),
        ("/search?q=x&page=2", "/search?page&q", "search_by_page_q"),
        ("/users/3fa85f64-5717-4562-b3fc-2c963f66afa6", "/users/{}", "users_one"),
        ("/sign-in", "/sign-in", "sign_in"),
    ],
)
def test_pages_made_alike_are_one_operation(path, group, name):
    assert (group_of(path), name_of(group_of(path))) == (group, name)
