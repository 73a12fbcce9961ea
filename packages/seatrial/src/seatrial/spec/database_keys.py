"""The keys of seatrial.toml about the app's database and the connections to it."""

from seatrial.spec.key import NUMBER, SETTINGS, TEXT, WHOLE_NUMBER, Key, Section
from seatrial.spec.subject import Database

__all__ = ["DATABASE"]

_DATABASE = Database()

DATABASE = Section(
    "database",
    "Where the app's data is during the measurement.",
    (
        Key(
            "database.kind",
            TEXT,
            "`embedded`: Seatrial starts a private PostgreSQL, inside the plan's limits, and removes it "
            "afterwards. `url`: a database of yours on this machine; **`prepare` and the load write to it**. "
            "`none`: the app has no database server.",
            'kind = "embedded"',
            default=_DATABASE.kind,
            default_words='"embedded"; "url" when `database.url` is given; "none" when `subject.url` is given',
            choices=("embedded", "url", "none"),
        ),
        Key(
            "database.url",
            TEXT,
            "The address of your own PostgreSQL, for kind `url`. Not one whose data matters: it is filled and "
            "written to. A database on another machine is refused unless `--allow-remote` is given.",
            'url = "postgresql://shop@127.0.0.1/shop_trial"',
            default=_DATABASE.url,
            default_words="none",
        ),
        Key(
            "database.placement",
            TEXT,
            "Where the embedded PostgreSQL runs. `beside`: on the plan's CPUs and in its memory, together with the "
            "app, as on one small server. `apart`: outside the plan's limits and behind a network of `round_trip_ms`, "
            "as a managed database is.",
            'placement = "beside"',
            default=_DATABASE.placement,
            choices=("beside", "apart"),
        ),
        Key(
            "database.round_trip_ms",
            NUMBER,
            "How many milliseconds a question to the database and its answer spend on the way, with placement `apart`. "
            "A relay of Seatrial's holds everything back for half of it in each direction. Between two machines of one "
            "data centre it is about 0.2 to 1, between two data centres of one city 1 to 3.",
            "round_trip_ms = 2",
            default_words="1 with placement `apart`",
            above=0,
            at_most=1000,
        ),
        Key(
            "database.pool",
            WHOLE_NUMBER,
            "How many connections each process of the app keeps open: SQLAlchemy's `pool_size` (5 when you say "
            "nothing), `max_size` of psycopg's pool (4). Django without a pool opens one for each thread. It changes "
            "nothing in the app by itself: it is reckoned against what a database plan allows, and `environment` can "
            "hand it on as `{pool}`. Where it does, `seatrial tune` and `seatrial levers` try other numbers.",
            "pool = 5",
            default_words="one for each thread",
            at_least=0,
            at_most=10_000,
        ),
        Key(
            "database.overflow",
            WHOLE_NUMBER,
            "How many more each process opens when all of its pool are taken: SQLAlchemy's `max_overflow` (10 when "
            "you say nothing).",
            "overflow = 10",
            default=_DATABASE.overflow,
            at_least=0,
            at_most=10_000,
        ),
        Key(
            "database.background_connections",
            WHOLE_NUMBER,
            "Connections of what works beside the web workers in production, all together: job workers, a scheduler, "
            "a metrics exporter.",
            "background_connections = 2",
            default=_DATABASE.background_connections,
            at_least=0,
            at_most=10_000,
        ),
        Key(
            "database.settings",
            SETTINGS,
            "PostgreSQL's own settings, for kind `embedded`, in place of those that Seatrial chooses for the plan. "
            '`synchronous_commit = "off"` answers before what was written is on the disk: when the machine fails, the '
            "last fraction of a second is lost, though nothing is damaged.",
            'settings = { synchronous_commit = "off", jit = "off", shared_buffers = "64MB" }',
            default=_DATABASE.settings,
            default_words="none: tuned to the plan's memory",
        ),
    ),
)
