"""Forms as a browser fills them in: hidden fields (CSRF tokens among them) come along by themselves."""

import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field

from seatrial.load.http.messages import ExpectationError, Request, Response, describe
from seatrial.load.http.multipart import Entry, File, as_lines, multipart
from seatrial.load.journey.page_forms import Button, Control, PageForm, forms_of
from seatrial.load.journey.steps import get, post

__all__ = ["Form", "form"]

_NO_FILE = File("", b"")
_ENCODINGS = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")


@dataclass(frozen=True, slots=True)
class Form:
    """A form, ready to be filled in; controls: its fields in the page's order. page: the answer that holds it.

    name: the operation that sending it is counted under; empty means the journey's.
    """

    action: str
    method: str
    enctype: str
    controls: tuple[Control, ...]
    page: Response = field(repr=False)
    name: str = ""

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """What would be sent as it stands, in order: names and values."""
        return tuple((one.name, value) for one in self.controls for value in one.values)

    @property
    def known(self) -> frozenset[str]:
        """Every name that may be filled in; a button's, to press it."""
        return frozenset(one.name for one in self.controls)

    def submit(self, /, **values: object) -> Request:
        """The request that sends the form so filled in; what is not named goes as it stands.

        A list sends a name several times, None takes it out, a File goes into a field that takes files; a name that
        the form does not have is an error.
        """
        unknown = sorted(values.keys() - self.known)
        if unknown:
            names, known = ", ".join(map(repr, unknown)), ", ".join(sorted(self.known))
            raise self._wrong(f"has no field {names}; it has {known}")
        entries = list(self._entries(values))
        if self.method == "POST" and self.enctype == "multipart/form-data":
            body, content_type = multipart(entries)
            return post(self.action, body, headers=(("Content-Type", content_type),), name=self.name)
        # Any other form sends of a file no more than its name.
        texts = [
            (as_lines(name), value.name if isinstance(value, File) else as_lines(value)) for name, value in entries
        ]
        if self.method == "POST" and self.enctype == "text/plain":
            plain = "".join(f"{name}={value}\r\n" for name, value in texts)
            return post(self.action, plain.encode(), headers=(("Content-Type", "text/plain"),), name=self.name)
        # Byte for byte what a browser writes, which leaves other characters as they are than Python does.
        encoded = urllib.parse.urlencode(texts, safe="*").replace("~", "%7E")
        if self.method == "POST":
            return post(self.action, encoded, name=self.name)
        return get(f"{self.action.partition('?')[0]}?{encoded}", name=self.name)

    def _entries(self, values: dict[str, object]) -> Iterator[Entry]:
        given = set()
        for one in self.controls:
            name = one.name
            if name not in values:
                yield from ((name, _NO_FILE if one.kind == "file" else value) for value in one.values)
            elif name not in given:
                given.add(name)
                value = values[name]
                many = value if isinstance(value, list | tuple) else () if value is None else (value,)
                for item in many:
                    if isinstance(item, File) != (one.kind == "file"):
                        wanted = "takes a File" if one.kind == "file" else "takes no file"
                        raise self._wrong(f"has a field {name!r} that {wanted}, not {type(item).__name__}")
                    yield name, item if isinstance(item, File) else str(item)

    def _wrong(self, what: str) -> ExpectationError:
        return ExpectationError(f"the form of {self.action} {what}.", response=self.page)


def form(response: Response, action: str | None = None, *, name: str = "") -> Form:
    """The page's form with this `action` (as written there, or as a path), or with a button that leads there.

    Without an action, the only form that posts, or else the only form. name: the operation that sending it is counted
    under, instead of the journey's.
    """
    forms = forms_of(response.text)
    if action is None:
        fitting = [one for one in forms if one.method == "POST"] or forms
    else:
        path = _resolved(action, response.path)
        fitting = [one for one in forms if _resolved(one.action or response.path, response.path) == path]
        if not fitting:
            pressed = _with_button(forms, path, response, name)
            if pressed is not None:
                return pressed
    if len(fitting) == 1 or (fitting and action is not None):
        return _form(fitting[0], None, response, name)
    there = ", ".join(f"{one.method or 'GET'} {_resolved(one.action or response.path, response.path)}" for one in forms)
    wanted = f"with action {action!r}" if action is not None else "to fill in"
    many = "several forms" if fitting else "no form"
    raise ExpectationError(
        f"{many} {wanted} (the page's forms: {there or 'none'}); got {describe(response)}",
        try_this="Say which one: form(response, action='/login').",
        response=response,
    )


def _with_button(forms: list[PageForm], path: str, response: Response, name: str) -> Form | None:
    for one in forms:
        for button in one.buttons:
            if button.action and _resolved(button.action, response.path) == path:
                return _form(one, button, response, name)
    return None


def _form(one: PageForm, pressed: Button | None, response: Response, name: str) -> Form:
    action, method, enctype, controls = one.action, one.method, one.enctype, one.controls
    if pressed is not None:
        action, method, enctype = pressed.action, pressed.method or method, pressed.enctype or enctype
        controls = [
            Control(control.name, "button", (pressed.value,)) if control is pressed.control else control
            for control in controls
        ]
    return Form(
        action=_resolved(action or response.path, response.path),
        method=method if method in {"GET", "POST"} else "GET",
        enctype=enctype if enctype in _ENCODINGS else _ENCODINGS[0],
        controls=tuple(controls),
        page=response,
        name=name,
    )


def _resolved(action: str, page: str) -> str:
    parts = urllib.parse.urlsplit(urllib.parse.urljoin(page, action))
    return urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
