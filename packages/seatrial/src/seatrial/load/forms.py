"""Forms as a browser fills them in: hidden fields (CSRF tokens among them) come along by themselves."""

import re
import urllib.parse
from dataclasses import dataclass
from html.parser import HTMLParser

from seatrial.load.expectation import ExpectationError, describe
from seatrial.load.messages import Request, Response, get, post

__all__ = ["Form", "form"]

# html.parser takes milliseconds for a long page, which the generator must not spend: only the forms are parsed.
_FORM_SOURCE = re.compile(r"<form\b.*?</form\s*>", re.IGNORECASE | re.DOTALL)
_NOT_SENT = frozenset({"file", "reset"})
_BUTTONS = frozenset({"submit", "image", "button"})


@dataclass(frozen=True, slots=True)
class Form:
    """A form of a page. fields: what would be sent as it stands; known: every name that may be filled in."""

    action: str
    method: str
    fields: tuple[tuple[str, str], ...]
    known: frozenset[str]

    def submit(self, /, **values: object) -> Request:
        """The request that sends the form so filled in; None takes a field out, another name is an error."""
        unknown = sorted(values.keys() - self.known)
        if unknown:
            names, known = ", ".join(map(repr, unknown)), ", ".join(sorted(self.known))
            raise ExpectationError(f"the form of {self.action} has no field {names}; it has {known}.")
        sent = [(name, value) for name, value in self.fields if name not in values]
        for name, value in values.items():
            many = value if isinstance(value, (list, tuple)) else () if value is None else (value,)
            sent.extend((name, str(one)) for one in many)
        encoded = urllib.parse.urlencode(sent)
        if self.method == "GET":
            return get(f"{self.action.partition('?')[0]}?{encoded}")
        return post(self.action, encoded)


def form(response: Response, action: str | None = None) -> Form:
    """The page's form with this `action` (as written there, or as a path); without one, the only form that posts."""
    forms = [_parse(source, response.path) for source in _FORM_SOURCE.findall(response.text)]
    if action is None:
        fitting = [one for one in forms if one.method == "POST"] or forms
    else:
        path = _resolved(action, response.path)
        fitting = [one for one in forms if one.action == path]
    if len(fitting) == 1 or (fitting and action is not None):
        return fitting[0]
    there = ", ".join(f"{one.method} {one.action}" for one in forms) or "none"
    wanted = f"with action {action!r}" if action is not None else "to fill in"
    many = "several forms" if fitting else "no form"
    raise ExpectationError(
        f"{many} {wanted} (the page's forms: {there}); got {describe(response)}",
        try_this="Say which one: form(response, action='/login').",
    )


def _resolved(action: str, page: str) -> str:
    parts = urllib.parse.urlsplit(urllib.parse.urljoin(page, action))
    return urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))


def _parse(source: str, page: str) -> Form:
    parser = _FormParser()
    parser.feed(source)
    parser.close()
    return Form(
        action=_resolved(parser.action or page, page),
        method=parser.method if parser.method in {"GET", "POST"} else "GET",
        fields=tuple(parser.fields),
        known=frozenset(parser.known),
    )


class _FormParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.action = ""
        self.method = "GET"
        self.fields: list[tuple[str, str]] = []
        self.known: set[str] = set()
        self._select: tuple[str, bool, list[tuple[str, bool]]] | None = None
        self._textarea: tuple[str, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        name = "" if "disabled" in found else found.get("name", "")
        if tag == "form":
            self.action = found.get("action", "")
            self.method = found.get("method", "GET").upper()
        elif tag in {"input", "button"} and name:
            self._input(name, found, found.get("type", "text" if tag == "input" else "submit").lower())
        elif tag == "select" and name:
            self.known.add(name)
            self._select = (name, "multiple" in found, [])
        elif tag == "option" and self._select:
            self._select[2].append((found.get("value", ""), "selected" in found))
        elif tag == "textarea" and name:
            self.known.add(name)
            self._textarea = (name, [])

    def _input(self, name: str, found: dict[str, str], kind: str) -> None:
        if kind in _NOT_SENT:
            return
        self.known.add(name)
        if kind in _BUTTONS:
            return
        if kind in {"checkbox", "radio"}:
            if "checked" in found:
                self.fields.append((name, found.get("value", "on")))
        else:
            self.fields.append((name, found.get("value", "")))

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self._textarea[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._select:
            name, multiple, options = self._select
            chosen = [value for value, selected in options if selected]
            if not chosen and options and not multiple:
                chosen = [options[0][0]]
            self.fields.extend((name, value) for value in (chosen if multiple else chosen[-1:]))
            self._select = None
        elif tag == "textarea" and self._textarea:
            name, pieces = self._textarea
            # The first line break after the tag is not part of the text.
            self.fields.append((name, "".join(pieces).removeprefix("\n")))
            self._textarea = None
