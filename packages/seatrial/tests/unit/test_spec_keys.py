import tomllib

import pytest

from seatrial.model.population import DEFAULT_HABITS
from seatrial.spec.habits import USUAL_HABITS
from seatrial.spec.key import BadValue, Key
from seatrial.spec.keys import KEYS, SECTIONS
from seatrial.spec.reference import reference_page


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.path)
def test_the_example_of_every_key_is_accepted_and_its_documentation_is_a_paragraph(key: Key) -> None:
    example = tomllib.loads(key.example)
    assert list(example) == [key.name]
    key.accept(example[key.name])
    assert key.about.endswith(".")
    assert "\n" not in key.about
    assert key.required or key.default is not None or key.default_words


@pytest.mark.parametrize("key", [key for key in KEYS if key.bounds_words()], ids=lambda key: key.path)
def test_every_bound_of_every_key_is_kept(key: Key) -> None:
    kind = int if "whole" in key.kind.words else float
    for bound, inside in ((key.above, False), (key.below, False), (key.at_least, True), (key.at_most, True)):
        if bound is None:
            continue
        wrap = kind
        if "table" in key.kind.words:
            wrap = lambda number: {"x": number}  # noqa: E731
        elif "list" in key.kind.words:
            wrap = lambda number: [kind(number)]  # noqa: E731
        if inside:
            key.accept(wrap(bound))
        else:
            with pytest.raises(BadValue, match=key.bounds_words()):
                key.accept(wrap(bound))
        step = -1 if bound in (key.above, key.at_least) else 1
        with pytest.raises(BadValue, match=key.bounds_words()):
            key.accept(wrap(bound + step))


def test_the_default_of_every_key_is_itself_accepted() -> None:
    for key in KEYS:
        if isinstance(key.default, bool | int | float) or (isinstance(key.default, str) and key.default):
            assert key.accept(key.default) == key.default


def test_no_key_is_declared_twice_and_each_stands_in_its_section() -> None:
    assert len({key.path for key in KEYS}) == len(KEYS)
    for section in SECTIONS:
        assert {key.path.rpartition(".")[0] for key in section.keys} == {section.path}


def test_the_reference_page_names_every_key_with_its_bounds() -> None:
    page = reference_page()
    for key in KEYS:
        assert f"### {key.path}\n\n{key.about}" in page
        assert key.example in page
        assert key.bounds_words() in page


def test_the_habits_the_model_uses_are_the_documented_ones() -> None:
    assert DEFAULT_HABITS.items() <= USUAL_HABITS.items()
    assert {key.name for key in KEYS if key.path.startswith("habits.")} == set(USUAL_HABITS)
