"""Finding the forms by which people sign in and sign up, and using them as a person would."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from seatrial.discover.visitor import Answer, Visitor
from seatrial.load.journey.page_forms import PageForm, forms_of

__all__ = ["PASSWORD", "Entrance", "entrances", "fill", "signed_in_by"]

PASSWORD = "Calm-sea-at-dawn-42"  # noqa: S105 - of people who exist for the time of a trial
REGISTERS = re.compile(r"regist|sign[-_]?up|join|create[-_]?account|new[-_]?user", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entrance:
    """A form with a password. path: of its page; action: where it is sent to, as written.

    registers: it makes an account. user_field, password_fields: the names of its fields; others: those it must have
    filled in besides, with the kind of each.
    """

    path: str
    action: str
    registers: bool
    user_field: str
    password_fields: tuple[str, ...]
    others: tuple[tuple[str, str], ...] = ()


def entrances(pages: Iterable[Answer]) -> list[Entrance]:
    """Every such form, each once: those to sign in by first."""
    found: dict[tuple[str, str], Entrance] = {}
    for page in pages:
        for form in forms_of(page.body):
            entrance = _entrance(page, form)
            if entrance:
                found.setdefault((entrance.path, entrance.action), entrance)
    # The staff's own door last: an app's users come in by another, where there is one.
    return sorted(found.values(), key=lambda entrance: (entrance.registers, "/admin" in entrance.path))


def _entrance(page: Answer, form: PageForm) -> Entrance | None:
    passwords = [control.name for control in form.controls if control.kind == "password"]
    if not passwords or form.method != "POST":
        return None
    shown = [c for c in form.controls if c.kind not in {"hidden", "password", "submit", "button", "image"}]
    texts = [c for c in shown if c.kind not in {"checkbox", "radio", "select", "file"}]
    if not texts:
        return None
    user = next((c for c in texts if re.search(r"user|login|handle|nick|account", c.name, re.IGNORECASE)), None)
    user = user or next((c for c in texts if c.kind == "email" or "mail" in c.name.lower()), texts[0])
    registers = len(passwords) > 1 or bool(REGISTERS.search(page.path)) or len(texts) > 2
    others = tuple((c.name, "email" if _is_email(c.name, c.kind) else c.kind) for c in shown if c is not user)
    return Entrance(
        page.path, form.action or page.path, registers, user.name, tuple(passwords), others if registers else ()
    )


def _is_email(name: str, kind: str) -> bool:
    return kind == "email" or "mail" in name.lower()


def fill(entrance: Entrance, user: str, password: str) -> dict[str, str]:
    """What a person of that name enters; for an account that is made, the other fields too."""
    named = f"{user}@example.org" if _is_email(entrance.user_field, "") and "@" not in user else user
    entered = {entrance.user_field: named, **dict.fromkeys(entrance.password_fields, password)}
    for name, kind in entrance.others:
        if kind == "email":
            entered[name] = user if "@" in user else f"{user}@example.org"
        elif kind == "checkbox":
            entered[name] = "on"
        elif kind not in {"select", "radio", "file"}:
            entered[name] = f"{user} trial"[:30]
    return entered


def signed_in_by(visitor: Visitor, entrance: Entrance, user: str, password: str) -> str:
    """Sends the form as that person; what went wrong, in words, empty when nothing did."""
    page = visitor.get(entrance.path)
    form = next((f for f in forms_of(page.body) if (f.action or page.path) == entrance.action and _passwords(f)), None)
    if form is None:
        return f"{entrance.path} has no such form any more"
    entered = fill(entrance, user, password)
    kept = [(c.name, value) for c in form.controls if c.name not in entered for value in c.values]
    fields = [*kept, *entered.items()]
    target = urlsplit(urljoin(f"http://app{page.path}", entrance.action))
    answer = visitor.send(target.path, fields, headers={"Referer": f"{visitor.origin}{page.path}"})
    again = any(_passwords(f) for f in forms_of(answer.body)) and answer.path.partition("?")[0] == target.path
    if again:
        told = re.search(
            r"<[^>]*class=[\"'][^\"']*(?:error|danger|invalid)[^>]*>(?:\s*<[^>]*>)*\s*([^<]{3,150})", answer.body
        )
        return f"{entrance.path} showed the form again" + (f" ({' '.join(told[1].split())})" if told else "")
    if not answer.is_good:
        return f"{target.path} answered {answer.status or 'nothing'}"
    return ""


def _passwords(form: PageForm) -> list[str]:
    return [control.name for control in form.controls if control.kind == "password"]
