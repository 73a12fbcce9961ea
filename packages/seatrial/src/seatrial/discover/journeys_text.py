"""A journeys.py for people who sign in. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from seatrial.discover.proposal import FoundOperation
from seatrial.discover.sign_in import Entrance, fill
from seatrial.discover.tokens import TokenDoor, TokenScheme

__all__ = ["People", "form_steps", "journeys_text", "token_steps"]

TOKEN_SHAPE = r'"(?:access_token|token|access|id_token|jwt|auth_token|key)"\s*:\s*"([^"]+)"'  # noqa: S105 - a pattern

MARKER, SECRET = "TRIALUSER", "TRIALPASSWORD"
"""Stand for the person's name and password until they are written as variables."""

OWN = '{person.memory["user"]}'

HEAD = '''"""What people do in {name}, written by `seatrial init`. Change it as you like: docs, "Journeys"."""

{imports}from seatrial.load.journeys import {needed}

'''


@dataclass(frozen=True, slots=True)
class People:
    """Who the journeys act as. signs_up: each person makes an account of their own first; without, all are `user`."""

    user: str
    password: str
    signs_up: bool


def journeys_text(
    name: str,
    steps: Sequence[str],
    operations: Sequence[FoundOperation],
    people: People,
    scheme: TokenScheme | None = None,
) -> str:
    """The text. steps: the lines of `sign_in` after its first, as `form_steps` and `token_steps` give them.

    scheme: how a token is sent with each request, where there is one.
    """
    said = (
        f"PASSWORD = {people.password!r}"
        if people.signs_up
        else f"USER, PASSWORD = {people.user!r}, {people.password!r}"
    )
    text = "\n".join(steps)
    looked_up = "".join("re.search" for operation in operations if operation.lookup)
    imports = "".join(f"import {module}\n" for module in ("base64", "re") if f"{module}." in text + looked_up)
    imports += "\n" if imports else ""
    first = 'person.unique("trial")' if people.signs_up else "USER"
    parts = [
        HEAD.format(name=name, needed=", ".join(_needed(steps)), imports=imports),
        said,
        "",
        "",
        "def sign_in(person):",
    ]
    parts += [f'    user = person.memory["user"] = {first}', *steps]
    bearer = _sent_token(scheme) if scheme and '["token"]' in text else ""
    for operation in operations:
        asked = repr(operation.path)
        if people.signs_up and people.user in operation.path:
            # A page of whoever asks: each person has one.
            asked = f"f{operation.path.replace(people.user, OWN)!r}"
        parts += ["", "", f"def {operation.name}(person):"]
        if operation.lookup:
            parts += _looked_up(operation.name, operation.lookup, bearer)
            asked = "path"
        parts += [f"    expect((yield get({asked}{bearer})))"]
    return "\n".join(parts) + "\n"


def form_steps(entrance: Entrance, done: str) -> list[str]:
    """Filling in and sending a page's form."""
    entered = fill(entrance, MARKER, SECRET)
    fields = ", ".join(f"{name!r}: {_value(value)}" for name, value in entered.items())
    return [
        f"    page = yield get({entrance.path!r})",
        f"    answer = yield form(page, {entrance.action!r}).submit(**{{{fields}}})",
        "    expect(answer)",
        f"    # Whoever could not be {done} is shown the same form again.",
        f"    assert answer.path.partition('?')[0] != {entrance.path.partition('?')[0]!r} or "
        f"'name=\"{entrance.password_fields[0]}\"' not in answer.text, 'not {done}: the form came back'",
    ]


def token_steps(door: TokenDoor, *, keeps: bool) -> list[str]:
    """Sending what an API takes; keeps: the token that it answers."""
    entered = door.filled(MARKER, SECRET)
    inner = entered[door.wrapped] if door.wrapped else entered
    fields = "{" + ", ".join(f"{name!r}: {_value(value)}" for name, value in inner.items()) + "}"
    fields = f"{{{door.wrapped!r}: {fields}}}" if door.wrapped else fields
    sent = f"{'' if door.is_form else 'json='}{fields}"
    steps = []
    if door.is_basic:
        steps = ['    named = base64.b64encode(f"{user}:{PASSWORD}".encode()).decode()']
        sent = 'headers={"Authorization": f"Basic {named}"}'
    steps += [f"    answer = yield post({door.path!r}, {sent})"]
    steps += ["    expect(answer, status=(200, 201))"]
    if keeps:
        # The first text of the answer that has such a name, however deep.
        steps += [
            f"    found = re.search({TOKEN_SHAPE!r}, answer.text)",
            '    person.memory["token"] = found[1]',
        ]
    return steps


def _looked_up(name: str, lookup: tuple[str, str, str], bearer: str) -> list[str]:
    """Finding the address once for each person."""
    page, pattern, before = lookup
    return [
        f"    path = person.memory.get({name!r})",
        "    if path is None:",
        "        # Its id is drawn anew with the data.",
        f"        page = yield get({page!r}{bearer})",
        f"        found = re.search({pattern!r}, page.text)",
        f"        path = person.memory[{name!r}] = {before!r} + found[1].replace('&amp;', '&')",
    ]


def _sent_token(scheme: TokenScheme) -> str:
    if scheme == TokenScheme():
        return ', bearer=person.memory["token"]'
    value = scheme.value("{person.memory['token']}")
    return f', headers={{"{scheme.header}": f"{value}"}}'


def _needed(steps: Sequence[str]) -> list[str]:
    text = "\n".join(steps)
    return ["expect", *(["form"] if "form(" in text else []), "get", *(["post"] if "post(" in text else [])]


def _value(value: str) -> str:
    if value == SECRET:
        return "PASSWORD"
    if value == MARKER:
        return "user"
    return f"user + {value.removeprefix(MARKER)!r}" if value.startswith(MARKER) else repr(value)
