"""Whether a project uses Redis, and through which variables it is told where that is. Pure."""

import re
from collections.abc import Mapping

from seatrial.discover.interpreter import Interpreter
from seatrial.discover.variables import Variable

__all__ = ["CLIENTS", "cache_values", "value_of_cache"]

CLIENTS = ("redis", "valkey", "aioredis", "django-redis", "arq", "rq", "flask-redis", "coredis", "valkey-glide")
"""Packages that speak its protocol; Celery, Flask-Caching and the like use the first."""

ABOUT = re.compile(r"REDIS|VALKEY|^CACHE_|_CACHE_|^CELERY_|BROKER|^RQ_|RESULT_BACKEND|RATELIMIT_STORAGE")
PARTS = (
    (re.compile(r"(URL|URI|DSN|LOCATION|BROKER|BACKEND|STORAGE)$"), "{cache_url}"),
    (re.compile(r"(HOST|HOSTNAME|SERVER|ADDRESS)$"), "{cache_host}"),
    (re.compile(r"PORT$"), "{cache_port}"),
    (re.compile(r"(PASSWORD|PASS|USER|USERNAME)$"), ""),
    (re.compile(r"_DB$"), "0"),
)


def value_of_cache(name: str) -> str | None:
    """What a variable of that name is given, so that the app finds its Redis; None when it is of something else."""
    if not ABOUT.search(name) or re.search(r"TEST|TTL|TIMEOUT|EXPIRE|PREFIX|TYPE|SSL|TLS", name):
        return None
    return next((value for pattern, value in PARTS if pattern.search(name)), None)


def cache_values(variables: Mapping[str, Variable], interpreter: Interpreter) -> dict[str, str]:
    """The variables by which the app is told where Redis is, with their values; nothing where it could not use it."""
    if not any(interpreter.has(client) for client in CLIENTS):
        return {}
    found = {name: value for name in variables if (value := value_of_cache(name)) is not None}
    return found if any("{cache_" in value for value in found.values()) else {}
