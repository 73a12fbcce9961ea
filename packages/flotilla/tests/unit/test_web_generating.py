"""Templates as Python: what a page says is what jinja itself would make of its template."""

from enum import IntEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment
from jinja2.exceptions import UndefinedError
from markupsafe import Markup, escape

from flotilla.web.compiling import TranslatingEnvironment
from flotilla.web.generating import escaped

NASTY = """<b a="1" b='2'>&amp;</b>"""
TEMPLATES = (
    "{{ text }} {{ text ~ number }} {{ safe }} {{ number }} {{ none }} {{ yes }} {{ missing }} {{ text | safe }}",
    "{% set kept %}<i>{{ text }}</i>{% endset %}{{ kept }}{{ [text, safe] | join('<') }}{{ text[:9] | upper }}",
    "{% macro m(a, b='<', c=3) %}{{ a }}{{ b }}{{ c }}|{% endmacro %}"
    "{{ m(text) }}{{ m(text, safe) }}{{ m(safe, text, 4) }}{{ m(a=text, c=number) }}{{ m(text, c=5) }}{{ m() }}",
    "{% macro m(a) %}<p>{{ a }}{{ caller() if caller }}</p>{% endmacro %}"
    "{% call m(text) %}{{ text }}{% endcall %}{{ m(safe) }}",
    "{% macro m() %}{{ varargs | join }}{{ kwargs.x }}{% endmacro %}{{ m(text, safe, x=text) }}",
    "{% for word in [text, safe, number] %}{{ loop.index }}{{ word }}{{ join(text, *[word], **{'last': safe}) }}"
    "{% else %}none{% endfor %}",
    "{% block one %}{{ text }}{% for each in [1] %}{{ join(text, first=each) }}{% endfor %}{% endblock %}"
    "{{ self.one() }}",
    "{% filter upper %}{{ text }}{% endfilter %}{{ text if number > 1 else safe }}{{ shape.text }}{{ shape['text'] }}",
    "{% autoescape false %}{{ text }}{% macro m(a) %}{{ a }}{% endmacro %}{{ m(text) }}{% endautoescape %}",
)
VALUES = {"text": NASTY, "safe": Markup("<hr>"), "number": 12345, "none": None, "yes": True, "shape": {"text": NASTY}}


class _ThisApp:
    def create_global_jinja_loader(self) -> None:
        return None


class Height(IntEnum):
    HIGH = 3


def joined(*parts: object, **named: object) -> str:
    return " ".join(map(str, (*parts, *named, *named.values())))


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_gives_what_jinja_itself_makes_of_it(template: str) -> None:
    usual = Environment(autoescape=True)
    ours = TranslatingEnvironment(_ThisApp(), autoescape=True)

    pages = [made.from_string(template).render(**VALUES, join=joined) for made in (usual, ours)]

    assert pages[1] == pages[0]
    assert NASTY not in pages[0] or "safe" in template or "autoescape false" in template


@pytest.mark.parametrize("call", ["m(1, 2)", "m(1, a=1)", "m(b=1)", "nothing()"])
def test_a_wrong_call_fails_as_it_would_in_jinja(call: str) -> None:
    template = "{% macro m(a) %}{{ a }}{% endmacro %}{{ " + call + " }}"

    for environment in (Environment(autoescape=True), TranslatingEnvironment(_ThisApp(), autoescape=True)):
        with pytest.raises((TypeError, UndefinedError)):
            environment.from_string(template).render()


@given(st.text() | st.text(alphabet="<>&\"'a") | st.integers() | st.booleans() | st.none() | st.floats())
def test_every_value_is_escaped_as_markupsafe_escapes_it(value: object) -> None:
    for each in (value, str(value) * 40, Markup(value), Markup("<b>{}</b>").format(value), Height.HIGH, [value]):
        assert "".join([escaped(each)]) == str(escape(each))
