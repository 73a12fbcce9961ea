"""The rules of the site: their order, their words, who may change them."""

import pytest

from flotilla.errors import ForbiddenError, InvalidInputError, NotFoundError
from flotilla.social import open_site
from flotilla.social.house_rules import RULES_MAX


def texts(site):
    return [rule.text for rule in site.house_rules.all()]


@pytest.fixture
def boss(person):
    return person("boss", "admin")


def test_rules_are_added_moved_changed_and_retired_and_seen_at_once(site, boss):
    first, second, third = (site.house_rules.add(boss, text=text) for text in ("One.", "Two.", "Three."))
    assert texts(site) == ["One.", "Two.", "Three."]

    site.house_rules.move(boss, third, down=False)
    assert texts(site) == ["One.", "Three.", "Two."]
    site.house_rules.move(boss, first, down=True)
    assert texts(site) == ["Three.", "One.", "Two."]
    site.house_rules.move(boss, third, down=False)
    site.house_rules.move(boss, second, down=True)
    assert texts(site) == ["Three.", "One.", "Two."]
    site.house_rules.change(boss, first, text=" Be \n kind. ", hint="Always.")
    site.house_rules.retire(boss, second)
    assert [(rule.text, rule.hint) for rule in site.house_rules.all()] == [("Three.", ""), ("Be kind.", "Always.")]
    with pytest.raises(NotFoundError):
        site.house_rules.change(boss, second, text="Again.")


def test_what_changed_stands_in_the_log(site, boss):
    rule = site.house_rules.add(boss, text="Be kind.")
    site.house_rules.change(boss, rule, text="Be kind!")
    site.house_rules.change(boss, rule, text="Be kind!")

    assert [(row.before, row.after) for row in site.audit_log.page(boss, action="rule").items] == [
        ({"text": "Be kind.", "hint": ""}, {"text": "Be kind!", "hint": ""}),
        ({}, {"text": "Be kind.", "hint": ""}),
    ]


@pytest.mark.parametrize(
    ("words", "field"),
    [({"text": " "}, "text"), ({"text": "x" * 301}, "text"), ({"text": "x", "hint": "x" * 1001}, "hint")],
)
def test_a_rule_is_neither_empty_nor_a_novel(site, boss, words, field):
    with pytest.raises(InvalidInputError) as caught:
        site.house_rules.add(boss, **words)
    assert set(caught.value.problems) == {field}


def test_there_are_only_so_many_rules(site, boss):
    for number in range(RULES_MAX):
        site.house_rules.add(boss, text=f"Rule {number}")
    with pytest.raises(InvalidInputError):
        site.house_rules.add(boss, text="One more")


@pytest.mark.parametrize("role", ["member", "moderator"])
def test_only_admins_change_rules(site, boss, person, role):
    rule, me = site.house_rules.add(boss, text="Be kind."), person("zoe", role)
    for deed in (
        lambda: site.house_rules.add(me, text="Be rude."),
        lambda: site.house_rules.change(me, rule, text="Be rude."),
        lambda: site.house_rules.move(me, rule, down=True),
        lambda: site.house_rules.retire(me, rule),
    ):
        with pytest.raises(ForbiddenError):
            deed()
    assert texts(site) == ["Be kind."]


def test_rules_cost_no_statement_once_they_were_read(site, settings, boss, statements):
    site.house_rules.add(boss, text="Be kind.")
    other = open_site(settings)
    try:
        with statements() as sent:
            assert [texts(other), texts(other)] == [["Be kind."]] * 2
        assert len([statement for statement in sent if "g.rule" in statement]) == 1
    finally:
        other.close()
