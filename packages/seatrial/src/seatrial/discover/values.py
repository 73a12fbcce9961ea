"""What a variable that the app asks for is given during a trial. Pure."""

import json
import re

from seatrial.discover.databases import value_of_database

__all__ = ["value_for"]

SECRET = "only-for-a-trial-on-this-machine-0123456789-ABCDEFGHIJ"  # noqa: S105 - said in its own words


def value_for(name: str, scheme: str, example: str = "", *, has_database: bool = True, kind: str = "") -> str:
    """A value that lets the app start without reaching anything outside of this machine.

    example: what an example file says, taken where it is no address, no secret and holds no variable of a shell.
    kind: "int", "bool", "list" and the like, where the code declares it.
    """
    value = _value_for(name, scheme, example, has_database)
    if kind in {"list", "set", "tuple", "sequence"} and not value.startswith("["):
        return json.dumps([part for part in value.split(",") if part])
    if kind in {"int", "float"} and not value.startswith("{") and not value.isdigit():
        return "60"
    if kind == "bool" and value.lower() not in {"0", "1", "true", "false"}:
        return "0"
    return value


def _value_for(name: str, scheme: str, example: str, has_database: bool) -> str:
    if has_database and (found := value_of_database(name, scheme)) is not None:
        return found
    if re.search(r"SECRET|SALT|TOKEN$|_KEY$|^KEY$|PASSWORD|PASSWD", name) and "EXPIRE" not in name:
        return SECRET
    if re.search(r"ALLOWED_?HOSTS|TRUSTED_?HOSTS", name):
        # The one value that needs no separator, of which nobody knows whether it is a comma or a blank.
        return "*"
    if example and not re.search(r"\$|://|localhost|changeme|<|>|{|}", example):
        return example
    for pattern, value in (
        (r"DEBUG|TESTING|RELOAD", "0"),
        (r"ORIGINS", "http://127.0.0.1"),
        (r"REDIS|CELERY|BROKER|CACHE_URL", "redis://127.0.0.1:6379/0"),
        (r"PORT$", "8025"),
        (r"E?MAIL|FROM|ADMIN|SUPERUSER|RECIPIENT", "trial@example.org"),
        (r"HOST(NAME)?$|SERVER$|DOMAIN", "127.0.0.1"),
        (r"URL$|URI$|ENDPOINT|BASE", "http://127.0.0.1"),
        (r"MINUTES|SECONDS|HOURS|DAYS|TIMEOUT|LIMIT|SIZE|COUNT|MAX|MIN|EXPIRE|TTL|ROUNDS", "60"),
        (r"ALGORITHM", "HS256"),
        (r"LEVEL", "INFO"),
        (r"PATH$|DIR$|FOLDER|ROOT", "{work}"),
        (r"ENABLE|USE_|_TLS|_SSL|IS_", "0"),
    ):
        if re.search(pattern, name):
            return value
    return "trial"
