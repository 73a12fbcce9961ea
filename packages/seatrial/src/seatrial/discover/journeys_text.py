"""A journeys.py for people who sign in. Pure."""

import re
from collections.abc import Sequence

from seatrial.discover.proposal import FoundOperation
from seatrial.discover.sign_in import Entrance, fill

__all__ = ["journeys_text"]

OWN = '{person.memory["user"]}'

HEAD = '''"""What people do in {name}, written by `seatrial init`. Change it as you like: docs, "Journeys"."""

from seatrial.load.journeys import expect, form, get

'''


def journeys_text(
    name: str,
    sign_in: Entrance,
    sign_up: Entrance | None,
    operations: Sequence[FoundOperation],
    *,
    user: str,
    password: str,
) -> str:
    """The text. sign_up: by which each person first makes an account of their own; without it all are `user`."""
    parts = [HEAD.format(name=name)]
    parts += [f"PASSWORD = {password!r}", ""] if sign_up else [f"USER, PASSWORD = {user!r}, {password!r}", ""]
    parts += ["", "def sign_in(person):"]
    if sign_up:
        parts += ['    user = person.unique("trial")']
        parts += _sent(sign_up, "user", "signed up")
    parts += _sent(sign_in, "user" if sign_up else "USER", "signed in")
    if sign_up:
        parts += ['    person.memory["user"] = user']
    for operation in operations:
        asked = repr(operation.path)
        if sign_up and user in operation.path:
            # A page of whoever asks: each person has one.
            asked = f"f{operation.path.replace(user, OWN)!r}"
        parts += ["", "", f"def {operation.name}(person):", f"    expect((yield get({asked})))"]
    return "\n".join(parts) + "\n"


def _sent(entrance: Entrance, user: str, done: str) -> list[str]:
    marker = "TRIALUSER"
    entered = fill(entrance, marker, "TRIALPASSWORD")
    fields = ", ".join(f"{_argument(name)}: {_value(value, user, marker)}" for name, value in entered.items())
    return [
        f"    page = yield get({entrance.path!r})",
        f"    answer = yield form(page, {entrance.action!r}).submit(**{{{fields}}})",
        f"    # Whoever could not be {done} is shown the form again.",
        f"    expect(answer, lacks='name=\"{entrance.password_fields[0]}\"')",
    ]


def _argument(name: str) -> str:
    return repr(name)


def _value(value: str, user: str, marker: str) -> str:
    if value == "TRIALPASSWORD":
        return "PASSWORD"
    if value == marker:
        return user
    if value.startswith(marker):
        return f"{user} + {re.sub(marker, '', value)!r}"
    return repr(value)
