"""The forms of a page as its HTML has them: which control belongs to which form, and what it sends as it stands.

Own code, since the generator must not spend milliseconds on a page, as parsers that build all of it do. Tags are told
apart as the HTML standard does (13.2.5, tokenization), so that what only stands in a comment, a script, a template or
an attribute is no form; the tests compare with Chromium.
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.entities import html5

__all__ = ["Button", "Control", "PageForm", "forms_of"]

# The attributes of a tag. Nothing is tried twice, so that no page, however odd, takes longer than its length: single
# characters are possessive (*+), groups are atomic, since a possessive group may match wrongly before Python 3.11.5.
_VALUE = r"""(?:"[^"]*+"|'[^']*+'|[^\s>"'][^\s>]*+|(?=>))"""
_ATTRIBUTES = rf"(?>(?:[\s/]*+[^\s/>][^\s/>=]*+(?:=(?=\S){_VALUE}|(?!\s*+=)|\s*+=\s*+{_VALUE}))*)[\s/]*+"
_LOOKED_AT = "form|input|button|select|option|optgroup|textarea|fieldset|legend|template"
# What holds no tags, whatever it looks like. (noscript: people's browsers run scripts.)
_RAW = "script|style|title|iframe|noscript|xmp|noembed|noframes"
_RAW_ELEMENTS = "|".join(rf"<{name}(?=[\s/>]){_ATTRIBUTES}>.*?</{name}(?=[\s/>])" for name in _RAW.split("|"))

# Everything up to the next tag that matters is passed over inside one match: a page has a thousand others. Those whose
# first letter already tells come first.
_NEXT_TAG = re.compile(
    rf"""(?>(?:
        [^<]++
      | </?[aceghjkmpqruvwyz][^\s/>]*+(?:>|{_ATTRIBUTES}>)
      | </?(?!(?:{_LOOKED_AT}|{_RAW})[\s/>])[a-z][^\s/>]*+(?:>|{_ATTRIBUTES}>)
      | <(?![a-z/!?])
      | <!--(?:-?>|.*?--!?>)
      | <(?:[!?](?!--)|/(?![a-z]))[^>]*+>
      | {_RAW_ELEMENTS}
      | </(?:{_RAW})(?=[\s/>]){_ATTRIBUTES}>
    )*)
    <(?P<end>/?)(?P<tag>{_LOOKED_AT})(?=[\s/>])(?P<attributes>{_ATTRIBUTES})>""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL | re.ASCII,
)
_ATTRIBUTE = re.compile(
    r"""[\s/]*+([^\s/>][^\s/>=]*+)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>"'][^\s>]*+)|))?""", re.ASCII
)
_TEXTAREA_END = re.compile(r"</textarea(?=[\s/>])", re.IGNORECASE)
_REFERENCE = re.compile(r"&(?:#[0-9]+|#[xX][0-9a-fA-F]+|[a-zA-Z][a-zA-Z0-9]*);?(?=([=a-zA-Z0-9]?))")
_MARKUP = re.compile(rf"<!--.*?-->|</?[a-zA-Z][^\s/>]*+(?:>|{_ATTRIBUTES}>)", re.DOTALL)
_SPACE = re.compile(r"[ \t\n\f\r]+")
_COLOR = re.compile(r"#[0-9a-fA-F]{6}").fullmatch

# Fields whose value is not one line of text, which a browser would take line breaks out of.
_AS_WRITTEN = frozenset({"hidden", "number", "range", "date", "month", "week", "time", "datetime-local"})
_TRIMMED = frozenset({"url", "email"})
_UNCHECKED_MAX = 1000
_SENDING = frozenset({"submit", "image"})


@dataclass(slots=True)
class Control:
    """One field of a form. values: what it sends as it stands. kind: its type, or its tag where it has none."""

    name: str
    kind: str
    values: tuple[str, ...]


@dataclass(slots=True)
class Button:
    """What sends its form elsewhere: its formaction, and formmethod and formenctype where it has them.

    control: its place among the fields, when it has a name; value: what it sends there when it is pressed.
    """

    value: str
    action: str
    method: str
    enctype: str
    control: Control | None = None


@dataclass(slots=True)
class PageForm:
    """A form as written: attributes as they stand; controls in the page's order, a button (not pressed) among them."""

    id: str
    action: str
    method: str
    enctype: str
    controls: list[Control] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)


@dataclass(slots=True)
class _Option:
    value: str | None
    is_selected: bool
    is_disabled: bool


@dataclass(slots=True)
class _Fieldset:
    is_disabled: bool
    legend: str = "to come"


def forms_of(text: str) -> list[PageForm]:
    """Every form of a page, in order; the time it takes is proportional to the page's length."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _Scan(text.replace("\0", "\ufffd") if "\0" in text else text).forms()


class _Scan:
    def __init__(self, text: str) -> None:
        self._text = text
        self._forms: list[PageForm] = []
        self._open: PageForm | None = None
        # In order, each with its form (or the id of one that may come later), and whether it is disabled.
        self._found: list[tuple[PageForm | str | None, Control | Button, bool]] = []
        self._fieldsets: list[_Fieldset] = []
        # How many of them disable what comes next: what stands in the first legend of one is spared.
        self._disabling = 0
        self._radio_on: dict[tuple[int, str], Control] = {}
        self._select: Mapping[str, str] | None = None
        self._options: list[_Option] = []
        self._group_is_disabled = False
        self._option_at = -1

    def forms(self) -> list[PageForm]:
        text, at, templates = self._text, 0, 0
        while found := _NEXT_TAG.match(text, at):
            if self._option_at >= 0:
                self._option_ends(found.start("end") - 1)
            at = found.end()
            is_end, tag, attributes = found.groups()
            tag = tag.lower()
            if tag == "template":
                templates = max(0, templates - 1) if is_end else templates + 1
            elif templates:
                continue
            elif is_end:
                self._end(tag)
            elif tag == "textarea":
                at = self._textarea(_attributes(attributes), at)
            else:
                self._start(tag, _attributes(attributes), at)
        self._select_ends()
        by_id = {form.id: form for form in reversed(self._forms) if form.id}
        for owner, one, is_disabled in self._found:
            form = by_id.get(owner) if isinstance(owner, str) else owner
            if form is not None:
                self._take(form, one, is_disabled=is_disabled)
        return self._forms

    def _start(self, tag: str, found: Mapping[str, str], at: int) -> None:
        if tag == "form":
            if self._open is None:
                method, enctype = found.get("method", "").upper(), found.get("enctype", "").lower()
                self._open = PageForm(found.get("id", ""), found.get("action", ""), method, enctype)
                self._forms.append(self._open)
        elif tag == "option":
            if self._select is not None:
                is_disabled = self._group_is_disabled or "disabled" in found
                self._options.append(_Option(found.get("value"), "selected" in found, is_disabled))
                self._option_at = at if "value" not in found else -1
        elif tag == "optgroup":
            self._group_is_disabled = "disabled" in found
        elif tag == "fieldset":
            self._fieldsets.append(_Fieldset("disabled" in found))
            self._disabling += "disabled" in found
        elif tag == "legend":
            if self._fieldsets and self._fieldsets[-1].legend == "to come":
                self._fieldsets[-1].legend = "open"
                self._disabling -= self._fieldsets[-1].is_disabled
        elif tag == "select":
            self._select_ends()
            self._select, self._options = found, []
        else:
            self._field(tag, found)

    def _end(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select_ends()
        elif tag == "optgroup":
            self._group_is_disabled = False
        elif self._fieldsets and tag in {"fieldset", "legend"}:
            innermost = self._fieldsets[-1]
            if innermost.legend == "open":
                innermost.legend = "over"
                self._disabling += innermost.is_disabled
            if tag == "fieldset":
                self._fieldsets.pop()
                self._disabling -= innermost.is_disabled

    def _field(self, tag: str, found: Mapping[str, str]) -> None:
        """An input or a button."""
        if tag == "input":
            self._select_ends()
        kind, name = found.get("type", "").lower(), found.get("name", "")
        if tag == "button":
            kind = kind if kind in {"button", "reset"} else "submit"
        if kind in _SENDING:
            control = Control(name, "button", ()) if name and kind == "submit" else None
            if control is not None:
                self._give(found, control)
            if "formaction" in found:
                # Of an input without a value, Chromium sends the label that it shows.
                value = found.get("value", "Submit" if tag == "input" else "")
                method, enctype = found.get("formmethod", "").upper(), found.get("formenctype", "").lower()
                self._give(found, Button(value, found["formaction"], method, enctype, control))
        elif name and kind not in {"button", "reset"}:
            self._give(found, Control(name, kind, _values(name, kind, found)))

    def _textarea(self, found: Mapping[str, str], at: int) -> int:
        self._select_ends()
        end = _TEXTAREA_END.search(self._text, at)
        stop = end.start() if end else len(self._text)
        if found.get("name"):
            # The first line break after the tag is not part of the text.
            text = html.unescape(self._text[at:stop]).removeprefix("\n")
            self._give(found, Control(found["name"], "textarea", (text,)))
        return stop

    def _option_ends(self, at: int) -> None:
        text = html.unescape(_MARKUP.sub("", self._text[self._option_at : at]))
        self._options[-1].value = _SPACE.sub(" ", text).strip(" ")
        self._option_at = -1

    def _select_ends(self) -> None:
        found, self._select = self._select, None
        if found is None:
            return
        # Where the page ends before the list does, nothing was checked: looking at all of it could take forever.
        if self._option_at >= 0:
            self._option_ends(self._option_at + _UNCHECKED_MAX)
        self._group_is_disabled = False
        chosen = [one for one in self._options if one.is_selected]
        if "multiple" not in found:
            chosen = chosen[-1:]
            if not chosen and found.get("size", "1") in {"", "0", "1"}:
                chosen = [one for one in self._options if not one.is_disabled][:1]
        if found.get("name"):
            values = tuple(one.value or "" for one in chosen if not one.is_disabled)
            self._give(found, Control(found["name"], "select", values))

    def _give(self, found: Mapping[str, str], one: Control | Button) -> None:
        self._found.append((found.get("form", self._open), one, self._disabling > 0 or "disabled" in found))

    def _take(self, form: PageForm, one: Control | Button, *, is_disabled: bool) -> None:
        if isinstance(one, Button):
            form.buttons.extend(() if is_disabled else (one,))
            return
        if one.kind == "radio" and one.values:
            # Only one of a group can be on: the last that says so, though it be disabled.
            other = self._radio_on.get((id(form), one.name))
            if other is not None:
                other.values = ()
            self._radio_on[id(form), one.name] = one
        form.controls.extend(() if is_disabled else (one,))


def _values(name: str, kind: str, found: Mapping[str, str]) -> tuple[str, ...]:
    """What an input sends as it stands (HTML, 4.10.5.1, value sanitization; 4.10.22.4, the entry list)."""
    if kind in {"checkbox", "radio"}:
        return (found.get("value", "on"),) if "checked" in found else ()
    value = found.get("value", "")
    if kind == "hidden" and name.lower() == "_charset_":
        value = "UTF-8"
    elif kind == "color":
        value = value.lower() if _COLOR(value) else "#000000"
    elif kind == "file":
        value = ""
    elif kind not in _AS_WRITTEN:
        value = value.replace("\n", "").replace("\r", "")
        value = value.strip(" \t\f") if kind in _TRIMMED else value
    return (value,)


def _attributes(text: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(text):
        # Of an attribute that is there twice, the first counts.
        found.setdefault(name.lower(), _unescaped(double or single or bare))
    return found


def _unescaped(value: str) -> str:
    return _REFERENCE.sub(_character, value) if "&" in value else value


def _character(reference: re.Match[str]) -> str:
    """As HTML says for attributes: "&copy=1" in an address stays what it is, though &copy is a character."""
    text = reference[0]
    if text.startswith("&#"):
        return html.unescape(text)
    if not text.endswith(";") and reference[1]:
        return text
    return html5.get(text[1:], text)
