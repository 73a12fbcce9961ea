"""The keys of seatrial.toml that say what is measured and on what: subject, plan."""

from pathlib import Path

from seatrial.spec.key import COMMANDS, FLAG, NUMBER, PATH, TEXT, TEXT_BY_NAME, WHOLE_NUMBER, Key, Section
from seatrial.spec.subject import Subject

__all__ = [
    "CACHE_PLACEHOLDERS",
    "CHEAPEST_PLAN_ID",
    "COMMAND_PLACEHOLDERS",
    "DATABASE_PLACEHOLDERS",
    "PLACEHOLDERS",
    "PLAN",
    "POOL_PLACEHOLDER",
    "SIZE_PLACEHOLDER",
    "SUBJECT",
]

CHEAPEST_PLAN_ID = "do-s-1vcpu-512mb-10gb"
"""The plan when none is named: the least expensive whole server of the catalogue whose CPU may be used all day."""

DATABASE_PLACEHOLDERS = (
    "database_url",
    "database_host",
    "database_port",
    "database_name",
    "database_user",
    "database_password",
    "direct_database_url",
    "direct_database_host",
    "direct_database_port",
)
"""What Seatrial fills in between braces when there is a database."""

PLACEHOLDERS = ("port", "work", "python", "bin")
"""What Seatrial always fills in between braces in `environment`, `prepare` and `command`."""

COMMAND_PLACEHOLDERS = ("workers", "threads")
"""What it fills in in `command` besides."""

CACHE_PLACEHOLDERS = ("cache_url", "cache_host", "cache_port")
"""What it fills in when `services.cache` is given."""

POOL_PLACEHOLDER = "pool"
"""What it fills in when `database.pool` is given."""

SIZE_PLACEHOLDER = "size"
"""What it fills in when `subject.size` is given."""

_SUBJECT = Subject(name="", app="", directory=Path(), python=Path())

SUBJECT = Section(
    "subject",
    "The app that is measured: where it is, how it is made ready, how to know that it is up.",
    (
        Key(
            "subject.name",
            TEXT,
            "What the app is called in the answer. Only for the reader.",
            'name = "shop"',
            default_words="the name of the app's folder",
        ),
        Key(
            "subject.app",
            TEXT,
            "The app's WSGI callable as gunicorn names it: the module, a colon, and the variable or the call that"
            " makes the app. Flask: `shop:app` or `shop:create_app()`. Django: `mysite.wsgi:application`. Needed "
            "unless `server.command` or `subject.url` is given.",
            'app = "shop:create_app()"',
            default="",
            default_words="none",
        ),
        Key(
            "subject.directory",
            PATH,
            "The folder the app is started in, so that its modules can be imported. A relative path starts at the"
            " folder of seatrial.toml.",
            'directory = "."',
            default=".",
        ),
        Key(
            "subject.copied",
            FLAG,
            "Run the app in a private copy of its folder, which is made afresh for every start and removed in the end. "
            "For an app that keeps its data in files of its own, as with SQLite. Environments, .git and node_modules "
            "are left out; at most 1 GB.",
            "copied = true",
            default=_SUBJECT.is_copied,
        ),
        Key(
            "subject.python",
            PATH,
            "The Python that has the app's packages installed: a path, or a command name that is on the PATH.",
            'python = ".venv/bin/python"',
            default_words="`.venv/bin/python` or `venv/bin/python` in the app's folder when there is one, else "
            "the Python that runs Seatrial",
        ),
        Key(
            "subject.health_path",
            TEXT,
            "A path that answers 200 as soon as the app can work. It is asked until it does; best one that needs "
            "no sign-in.",
            'health_path = "/health"',
            default=_SUBJECT.health_path,
        ),
        Key(
            "subject.url",
            TEXT,
            "The address of an app that is already running. Seatrial then starts nothing, limits nothing and reads no "
            "CPU or memory: the answer is what the app at that address carries where it runs, and says nothing of "
            "workers or of a plan; `[server]` and `[plan]` are not used. How many requests it works on at once is "
            "found by keeping more and more of them inside until no more are answered. An address on another machine "
            "is refused unless `--allow-remote` is given: a load test of somebody else's server is an attack.",
            'url = "http://127.0.0.1:8000"',
            default=_SUBJECT.url,
            default_words="none: Seatrial starts the app",
        ),
        Key(
            "subject.environment",
            TEXT_BY_NAME,
            "Environment variables for the app and its `prepare` commands. Values may hold `{database_url}`, "
            "`{database_host}`, `{database_port}`, `{database_name}`, `{database_user}`, `{database_password}`, "
            "`{port}`, `{work}` (a folder that is removed after the run), `{python}` and `{bin}` (the app's Python, "
            "and the folder it is in); with a cache `{cache_url}`, `{cache_host}` and `{cache_port}`. With a pooler, "
            "`{database_url}`, `{database_host}` and `{database_port}` lead the app through it; "
            "`{direct_database_url}`, `{direct_database_host}` and `{direct_database_port}` never do. Braces that are "
            "meant are doubled: `{{name}}`.",
            'environment = { DATABASE_URL = "{database_url}" }',
            default={},
            default_words="none",
        ),
        Key(
            "subject.prepare",
            COMMANDS,
            "Commands run once, in this order, before the first start: make the tables, load data. Each is text that "
            "is split as a shell would, or a list of words; no shell runs it. They may hold the placeholders of "
            "`environment`. Measure with as much data as the app will have: queries on empty tables cost nothing.",
            'prepare = ["{bin}/flask --app shop db upgrade", ["{python}", "load_data.py"]]',
            default=_SUBJECT.prepare,
            default_words="none",
        ),
        Key(
            "subject.size",
            WHOLE_NUMBER,
            "How much data `prepare` makes, such as people: what `{size}` stands for in `prepare` and `environment`. "
            "`measure.sizes` says further amounts.",
            "size = 10000",
            default=_SUBJECT.size,
            default_words="none",
            above=0,
            at_most=1_000_000_000,
        ),
        Key(
            "subject.start_timeout_s",
            NUMBER,
            "How many seconds the app may take until `health_path` answers.",
            "start_timeout_s = 30",
            default=_SUBJECT.start_timeout_s,
            above=0,
            at_most=600,
        ),
        Key(
            "subject.prepare_timeout_s",
            NUMBER,
            "How many seconds all `prepare` commands together may take.",
            "prepare_timeout_s = 180",
            default=_SUBJECT.prepare_timeout_s,
            above=0,
            at_most=3600,
        ),
    ),
)

PLAN = Section(
    "plan",
    "The hosting plan whose limits the app and its database get together. Give the `id` of a plan of the catalogue, or "
    "describe your own with `cpus` and `memory_mb`. With both, what you give replaces what the catalogue says.",
    (
        Key(
            "plan.id",
            TEXT,
            "A plan of Seatrial's catalogue.",
            f'id = "{CHEAPEST_PLAN_ID}"',
            default="",
            default_words=f'"{CHEAPEST_PLAN_ID}" when the section says nothing',
        ),
        Key(
            "plan.catalog",
            PATH,
            "A file of plans of your own, which change the catalogue and add to it: [its keys](plans-toml.md). A "
            "relative path starts at the folder of seatrial.toml.",
            'catalog = "my-plans.toml"',
            default_words="none: the catalogue as it comes",
        ),
        Key(
            "plan.name",
            TEXT,
            "What your own plan is called in the answer.",
            'name = "office server"',
            default="",
            default_words='the catalogue\'s name, or "your own plan"',
        ),
        Key(
            "plan.cpus",
            NUMBER,
            "How many CPUs (vCPUs) the plan has; half a CPU is `0.5`.",
            "cpus = 1",
            default_words="the catalogue's",
            above=0,
            at_most=512,
        ),
        Key(
            "plan.memory_mb",
            NUMBER,
            "How much memory the plan has, in MB of 1,048,576 bytes. Seatrial keeps 120 MB of it (a quarter below"
            " 480 MB) for the operating system.",
            "memory_mb = 512",
            default_words="the catalogue's",
            at_least=64,
            at_most=16_777_216,
        ),
        Key(
            "plan.usd_month",
            NUMBER,
            "What the plan costs a month in US dollars, before tax. Prices age: put in what you would pay.",
            "usd_month = 4",
            default_words="the catalogue's, with its date",
            at_least=0,
            at_most=1_000_000,
        ),
    ),
)
