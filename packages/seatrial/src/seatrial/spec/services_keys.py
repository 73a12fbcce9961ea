"""The keys of seatrial.toml about the servers beside the app: pooler, cache, balancer."""

from seatrial.spec.key import FLAG, TEXT, TEXT_BY_NAME, WHOLE_NUMBER, Key, Section
from seatrial.spec.services import Services

__all__ = ["SERVICES"]

_SERVICES = Services()

SERVICES = Section(
    "services",
    "Servers that Seatrial starts beside the app, inside the plan's limits: what they use is part of the answer.",
    (
        Key(
            "services.pooler",
            TEXT,
            "What stands between app and database and lets many connections of the app share a few of the database. "
            "`pgbouncer`: PgBouncer in transaction mode; `{database_url}` then leads the app through it, `prepare` and "
            "`{direct_database_url}` go straight to the database. It must be installed (`apt-get install pgbouncer`). "
            "Before version 1.21 (Debian 12 has 1.18) the app must not use prepared statements: psycopg "
            "`prepare_threshold=None`, asyncpg `statement_cache_size=0`. In transaction mode nothing may be expected "
            "to last beyond a transaction: no `LISTEN`, no `SET`, no advisory lock of a session. Needs the embedded "
            "PostgreSQL.",
            'pooler = "pgbouncer"',
            default=_SERVICES.pooler,
            choices=("none", "pgbouncer"),
        ),
        Key(
            "services.pool_size",
            WHOLE_NUMBER,
            "How many connections the pooler keeps to the database, at most. Requests wait in it for a free one.",
            "pool_size = 10",
            default=_SERVICES.pool_size,
            at_least=1,
            at_most=90,
        ),
        Key(
            "services.cache",
            TEXT,
            "A store in memory in which the app may keep what it would otherwise ask the database for again. `valkey`: "
            "Valkey, which speaks the protocol of Redis, at the address `{cache_url}` "
            "(`redis://127.0.0.1:PORT/0`). It uses at most a sixteenth of the plan's memory, 16 MB to 256 MB, forgets "
            "what was used least recently, writes nothing to the disk, and is empty at every start. It comes with "
            "`pip install 'seatrial[services]'`.",
            'cache = "valkey"',
            default=_SERVICES.cache,
            choices=("none", "valkey"),
        ),
        Key(
            "services.balancer",
            TEXT,
            "What takes the requests and hands them to the app, over HTTP without TLS: each to the instance with the "
            "fewest, leaving one out for 2 s that refused a connection. The load goes to it. `caddy` comes with `pip "
            "install 'seatrial[services]'`; `haproxy`, which serves no files, and `nginx`, which alone can keep pages "
            "(`micro_cache_s`), must be installed (`apt-get install haproxy nginx`).",
            'balancer = "caddy"',
            default=_SERVICES.balancer,
            choices=("none", "caddy", "haproxy", "nginx"),
        ),
        Key(
            "services.instances",
            WHOLE_NUMBER,
            "How many servers run the app behind the balancer, each with a `{port}` of its own and `server.workers` "
            "workers. They share the plan's CPUs and memory, as on one machine; with `hosts`, there are so many on "
            "each.",
            "instances = 2",
            default=_SERVICES.instances,
            at_least=1,
            at_most=32,
        ),
        Key(
            "services.hosts",
            WHOLE_NUMBER,
            "How many machines run the app behind the balancer, for `seatrial levers`: each is the plan, with its CPUs "
            "and its memory for itself. The first also has the balancer, the cache and the pooler, and a database that "
            "is not `apart`. They are control groups of this machine, so all of them must fit into it, beside one CPU "
            "for the load generator: two hosts on a machine of two CPUs need `plan.cpus` of 0.5 or less.",
            "hosts = 2",
            default=_SERVICES.hosts,
            at_least=1,
            at_most=16,
        ),
        Key(
            "services.static",
            TEXT_BY_NAME,
            "Folders that the balancer serves by itself: the beginning of the path, with a slash at both ends, and the "
            "folder. A relative path starts at the folder of seatrial.toml.",
            'static = { "/static/" = "shop/static" }',
            default=_SERVICES.static,
            default_words="none: the app serves everything",
        ),
        Key(
            "services.compression",
            FLAG,
            "Whether the balancer compresses text with gzip for those who accept it, as browsers do.",
            "compression = true",
            default=_SERVICES.compression,
        ),
        Key(
            "services.micro_cache_s",
            WHOLE_NUMBER,
            "How many seconds nginx keeps a page that it was answered with status 200, for visitors who send neither "
            "`Cookie` nor `Authorization`; 0 keeps nothing. Everybody else's requests all reach the app, and what the "
            "app answers them is never kept. Nor is what sets a cookie, what `Cache-Control` forbids to keep "
            "(`private`, `no-store`, `no-cache`, `max-age=0`) or what has an `Expires` and no `Cache-Control`; `Vary` "
            "is heeded. An app that knows people by anything else, such as their address or a header of its own, must "
            'say `Cache-Control: private`. Needs `balancer = "nginx"`.',
            "micro_cache_s = 1",
            default=_SERVICES.micro_cache_s,
            at_least=0,
            at_most=60,
        ),
    ),
)
