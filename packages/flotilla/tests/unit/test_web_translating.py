"""The site's words in two languages: found, filled in, escaped, and none forgotten."""

import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from jinja2 import DictLoader

from flotilla.web.compiling import TranslatingEnvironment, translated
from flotilla.web.translating import LANGUAGES, Words, words_of

TRANSLATE = Path(__file__).parents[2] / "translate.py"
TEMPLATE_CODE = re.compile(
    r"\{% trans\b.*?endtrans %\}|\{% block hull %\}\w+|\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL
)
ELEMENT = re.compile(r"<[^>]*>|&\w+;")
BRAND = re.compile(r"\bFlotilla\b")


def shown(template: str, words: Words, **values: object) -> str:
    """The template as its reader sees it."""
    environment = TranslatingEnvironment(_ThisApp(), autoescape=True, loader=DictLoader({"page.html": template}))
    environment.add_extension("jinja2.ext.i18n")
    environment.newstyle_gettext = True  # type: ignore[attr-defined]
    return translated(environment, words, number=words.number).get_template("page.html").render(values)


class _ThisApp:
    """As much of an application as an environment asks for."""

    def create_global_jinja_loader(self) -> None:
        return None


def german() -> Words:
    return words_of("de")


def test_every_sentence_has_its_german_text_and_the_catalogs_are_fresh() -> None:
    checked = subprocess.run(
        [sys.executable, TRANSLATE, "--check"], check=False, capture_output=True, text=True, timeout=60
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_sentence_without_a_translation_is_found(tmp_path: Path) -> None:
    package = tmp_path / "src" / "flotilla"
    (package / "translations").mkdir(parents=True)
    (package / "social").mkdir()
    (package / "web").mkdir()
    (package / "templates").mkdir()
    (package / "social" / "rules.py").write_text('raise NotFoundError(f"Only {MOST} may, {name}.")\n')
    (package / "web" / "face.py").write_text('heading = _("One heading")\n')
    (package / "templates" / "page.html").write_text("{% trans %}\nTwo\nwords\n{% endtrans %}{{ _('Third') }}")
    (package / "translations" / "de.po").write_text('msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n')
    (tmp_path / "translate.py").write_bytes(TRANSLATE.read_bytes())

    run = [sys.executable, tmp_path / "translate.py", "--check"]
    checked = subprocess.run(run, check=False, capture_output=True, text=True, timeout=60)

    assert checked.returncode == 1
    for message in ("Only %(MOST)s may, %(name)s.", "One heading", "Two words", "Third"):
        assert f"no translation of {message!r}" in checked.stdout


@pytest.mark.parametrize(
    "path", sorted(Path(str(files("flotilla").joinpath("templates"))).rglob("*.html")), ids=lambda p: p.name
)
def test_templates_hold_no_words_that_nobody_translates(path: Path) -> None:
    source = TEMPLATE_CODE.sub("", path.read_text(encoding="utf-8"))

    words = re.findall(r"[A-Za-z]{2,}[^\n]*", BRAND.sub("", ELEMENT.sub(" ", source)))
    attributes = re.findall(r'\b(?:aria-label|title|placeholder|alt)="[^"]*[A-Za-z]{2,}[^"]*"', source)

    assert words + attributes == []


def test_fixed_words_are_translated_when_the_template_is_compiled() -> None:
    environment = TranslatingEnvironment(_ThisApp(), autoescape=True, extensions=["jinja2.ext.i18n"])
    german_one = translated(environment, german())

    compiled = german_one.compile("<b>{{ _('Older posts') }}</b>", raw=True)

    assert "<b>" in compiled
    assert "Ältere Beiträge" in compiled
    assert "gettext" not in compiled
    assert "Older posts" not in compiled


def test_what_people_wrote_stays_escaped_inside_a_translation() -> None:
    template = "{% trans name %}Posts by {{ name }}, newest first{% endtrans %}|{{ _('Post by %(name)s', name=name) }}"
    macro = "{% macro m(text) %}{{ text }}{% endmacro %}{{ m(_('Post by %(name)s', name=name)) }}"

    assert shown(template, german(), name="<b>") == (
        "Beiträge von &lt;b&gt;, die neuesten zuerst|Beitrag von &lt;b&gt;"
    )
    assert shown(macro, german(), name="<b>") == "Beitrag von &lt;b&gt;"


@pytest.mark.parametrize(
    ("n", "text"), [(0, "0 Personen"), (1, "1 Person"), (2, "2 Personen"), (1500, "1.500 Personen")]
)
def test_one_and_many_differ(n: int, text: str) -> None:
    template = "{{ ngettext('%(num)s like', '%(num)s likes', likes) }}"

    assert shown(template, german(), likes=n) == f"{text} gefällt das"
    assert german().counted("%(num)s like", "%(num)s likes", n) == f"{text} gefällt das"


def test_english_is_what_the_code_says() -> None:
    template = "{{ _('Home') }} {{ ngettext('%(num)s like', '%(num)s likes', 2) }} {{ pgettext('button', 'Post') }}"

    assert shown(template, words_of("en")) == "Home 2 likes Post"


def test_a_rule_speaks_english_and_is_understood_in_german_with_its_numbers() -> None:
    told = german().sentence("A password has at least 8 characters.")

    assert told == "Ein Passwort hat mindestens 8 Zeichen."
    assert german().sentence("Nobody wrote a translation of this.") == "Nobody wrote a translation of this."
    assert german().sentence("") == ""


def test_a_name_in_a_sentence_is_not_taken_for_more_than_a_name() -> None:
    told = shown(
        "{{ _(problem) }}", german(), problem="That is <b>12</b> characters long, 3 more than a post may have."
    )

    assert told == "Das sind &lt;b&gt;12&lt;/b&gt; Zeichen, 3 mehr, als ein Beitrag haben darf."


def test_every_language_names_itself() -> None:
    assert dict(LANGUAGES) == {"en": "English", "de": "Deutsch"}
