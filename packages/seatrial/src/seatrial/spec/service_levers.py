"""Built-in levers around the app: PostgreSQL's settings, and servers beside it. Pure."""

from collections.abc import Iterator
from typing import Any

from seatrial.spec.lever import Lever
from seatrial.spec.services import SERVICE_NAMES, Services
from seatrial.spec.subject import slots_per_process
from seatrial.spec.trial_spec import TrialSpec

__all__ = ["service_levers"]

MEBIBYTE = 1024 * 1024
SHARED_BUFFERS_SHARE = 4
INSTANCES = 2
MICRO_CACHE_S = 1

NOT_TOLD = (
    "The app is not told. Say pool = 5 in [database], and hand it on in [subject.environment], by a variable that it "
    'reads: POOL_SIZE = "{pool}".'
)
NOT_EMBEDDED = "It needs the PostgreSQL that Seatrial starts itself."


def service_levers(spec: TrialSpec) -> tuple[Lever, ...]:
    """Each with its changes, or with the reason why it is none for this app."""
    return (*_pools(spec), *_postgres(spec), *_balancers(spec), _hosts(spec))


def _lever(name: str, about: str, costs: str = "", risk: str = "", **changes: dict[str, Any]) -> Lever:
    return Lever(name, about, costs, risk, changes)


def _pools(spec: TrialSpec) -> Iterator[Lever]:
    """Twice as many connections, and half as many."""
    subject = spec.subject
    now = subject.database.pool
    if subject.database.kind == "none":
        yield Lever("pool", refusal="It has no database.")
        return
    if now is None or not subject.is_told_its_pool:
        yield Lever("pool", "Each process keeps more database connections, or fewer.", refusal=NOT_TOLD)
        return
    server = subject.server
    slots = None if server.is_event_loop else slots_per_process(server.worker_class, server.threads)
    used = now if slots is None else min(now, slots)
    more = (
        f"Each process keeps {2 * now} database connections instead of {now}. It helps where requests wait for one of "
        "them while the database has time."
    )
    if slots is not None and now >= slots:
        why = f"Each process works on {slots} at once, and keeps as many connections already."
        yield Lever(f"pool-{2 * now}", more, refusal=why)
    else:
        yield _lever(f"pool-{2 * now}", more, "Memory of PostgreSQL for each.", database={"pool": 2 * now})
    if used > 1:
        about = (
            f"Each process keeps {used // 2} database connections instead of {now}. If that changes nothing, as many "
            "more workers or machines fit under the database's limit."
        )
        risk = "A request that wants two connections at once waits for ever where there is one."
        yield _lever(f"pool-{used // 2}", about, "", risk, database={"pool": used // 2})


def _postgres(spec: TrialSpec) -> Iterator[Lever]:
    for lever in (_pgbouncer(), _commits(), _shared_buffers(spec)):
        is_possible = spec.subject.database.kind == "embedded"
        yield lever if is_possible else Lever(lever.name, lever.about, refusal=NOT_EMBEDDED)
    jit = "PostgreSQL compiles no query while it runs. Compiling takes longer than most queries of web apps."
    if spec.subject.database.settings.get("jit", "off") == "off":
        why = "Seatrial starts PostgreSQL with jit = off already; see to it that your server has it off too."
        yield Lever("jit-off", jit, refusal=why)
    else:
        yield _lever("jit-off", jit, database={"settings": {"jit": "off"}})


def _pgbouncer() -> Lever:
    return _lever(
        "pgbouncer",
        "PgBouncer lets many connections of the app share a few of the database, each for one transaction. It helps "
        "where the database has too many connections, or the app opens one for each request.",
        "One more server to look after, and a little time for each statement.",
        "Nothing of a connection may be expected to last beyond a transaction: no LISTEN, no SET, before version 1.21 "
        "no prepared statements.",
        services={"pooler": "pgbouncer"},
    )


def _commits() -> Lever:
    return _lever(
        "commit-early",
        "PostgreSQL answers a commit before it is on the disk (synchronous_commit off).",
        "",
        "When the machine fails, what was written in the last fraction of a second is lost, though people were told "
        "that it is kept. Nothing is damaged.",
        database={"settings": {"synchronous_commit": "off"}},
    )


def _shared_buffers(spec: TrialSpec) -> Lever:
    megabytes = spec.plan.limits.memory_bytes // SHARED_BUFFERS_SHARE // MEBIBYTE
    return _lever(
        "shared-buffers",
        f"PostgreSQL keeps {megabytes} MB of the data in memory of its own, a quarter of the machine's.",
        "Memory that the app cannot have.",
        "",
        database={"settings": {"shared_buffers": f"{megabytes}MB"}},
    )


def _balancers(spec: TrialSpec) -> Iterator[Lever]:
    services = spec.subject.services
    about = (
        "Caddy takes every request and hands it to the app. It keeps slow visitors away from the workers, which "
        "matters outside more than on this machine, and can serve files and compress."
    )
    if services.balancer != "none":
        yield Lever("caddy", about, refusal="There is a balancer in front already.")
    else:
        yield _lever("caddy", about, "One more server, and CPU for each request.", services={"balancer": "caddy"})
    yield _micro_cache(services)
    count = INSTANCES * services.instances
    balancer = "caddy" if services.balancer == "none" else services.balancer
    yield _lever(
        f"instances-{count}",
        f"{count} servers of the app behind {SERVICE_NAMES[balancer]}, as on several machines: one can be replaced "
        "while the others go on.",
        "Memory for each, and CPU of the balancer.",
        "Nothing may be kept in the memory of one of them.",
        services={"balancer": balancer, "instances": count},
    )


def _hosts(spec: TrialSpec) -> Lever:
    services, price = spec.subject.services, spec.plan.price
    count = services.hosts + 1
    balancer = "caddy" if services.balancer == "none" else services.balancer
    place = "as far away as it is now" if spec.subject.database.is_apart else "on the first"
    about = (
        f"{count} machines run the app behind {SERVICE_NAMES[balancer]}, each with the CPUs and the memory of the plan "
        f"for itself. The balancer is on the first, the database is {place}, and both serve all of them."
    )
    paid = "The price of another machine" if price.usd_month is None else f"Another {price.usd_month:g} USD a month"
    return _lever(
        f"hosts-{count}",
        about,
        f"{paid}, one more machine to look after, and CPU of the balancer.",
        "Nothing may be kept in the memory or on the disk of one of them: sessions, uploads, live connections. The "
        "database carries them all, and when the first machine is away, so is the site.",
        services={"balancer": balancer, "hosts": count},
    )


def _micro_cache(services: Services) -> Lever:
    about = (
        "nginx in front keeps each page for a second, for visitors who send neither a cookie nor a password: of those "
        "who ask for the same page at the same time only one reaches the app."
    )
    if services.balancer not in {"none", "nginx"}:
        return Lever("micro-cache", about, refusal="There is a balancer in front already; nginx alone keeps pages.")
    if services.micro_cache_s:
        return Lever("micro-cache", about, refusal="There is one already.")
    return _lever(
        "micro-cache",
        about,
        "One more server, and CPU for each request. Who is signed in gains nothing.",
        "A page may be a second old. Where an app knows people by anything but a cookie or a password, such as their "
        "address, it must say Cache-Control: private.",
        services={"balancer": "nginx", "micro_cache_s": MICRO_CACHE_S},
    )
