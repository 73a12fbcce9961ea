"""Settings in the page: their declaration, who may change them, and the environment behind them."""

from dataclasses import replace

import pytest

from flotilla.errors import ForbiddenError, InvalidInputError
from flotilla.social import open_site


@pytest.fixture
def boss(person):
    return person("boss", "admin")


def change(site, boss, **texts):
    now = site.site_settings.now()
    shown = {declared.field_name: getattr(now, declared.field_name) for declared in site.site_settings.declared}
    site.site_settings.change(boss, {name: str(value) for name, value in (shown | texts).items()})


def test_what_an_admin_chose_counts_instead_of_the_environment_until_it_is_emptied(settings, boss):
    site = open_site(replace(settings, site_name="From the environment", contact_email="env@example.org"))
    try:
        change(site, boss, site_name=" Harbour ", site_description="Small boats.")

        now = site.site_settings.now()
        assert (now.site_name, now.site_description, now.contact_email) == (
            "Harbour",
            "Small boats.",
            "env@example.org",
        )
        assert now.database_url == settings.database_url
        change(site, boss, site_name="", site_description="")
        now = site.site_settings.now()
        assert (now.site_name, now.site_description) == ("From the environment", "")
    finally:
        site.close()


def test_what_is_as_in_the_environment_is_not_stored_so_that_the_environment_still_counts(settings, owner, boss):
    site = open_site(settings)
    try:
        change(site, boss, site_name="Harbour")
        assert owner.execute("SELECT name FROM g.site_setting").fetchall() == [("site_name",)]
        change(site, boss, site_name=settings.site_name)
        assert owner.execute("SELECT name FROM g.site_setting").fetchall() == []
    finally:
        site.close()


def test_every_setting_that_cannot_be_accepted_is_told_and_none_is_changed(site, boss):
    with pytest.raises(InvalidInputError) as caught:
        change(site, boss, site_name="x" * 41, default_language="xx", contact_email="nobody", site_description="Fine.")

    assert set(caught.value.problems) == {"site_name", "default_language", "contact_email"}
    assert "FLOTILLA" not in str(caught.value)
    assert site.site_settings.now().site_description == ""


def test_nothing_but_what_is_declared_for_the_page_can_be_changed(site, owner, boss):
    change(site, boss, secret_key="x" * 50, environment="production")

    assert owner.execute("SELECT count(*) FROM g.site_setting").fetchone() == (0,)
    assert not [declared.name for declared in site.site_settings.declared if declared.secret]


def test_a_stored_value_that_this_program_would_refuse_does_not_count(settings, owner):
    owner.execute("""INSERT INTO g.site_setting VALUES ('default_language', '"xx"'), ('unknown', '1'), ('port', '1')""")
    site = open_site(settings)
    try:
        assert site.site_settings.now() == settings
    finally:
        site.close()


@pytest.mark.parametrize("role", ["member", "moderator"])
def test_only_admins_change_settings(site, person, role):
    with pytest.raises(ForbiddenError):
        site.site_settings.change(person("zoe", role), {"site_name": "Mine"})


def test_what_was_and_what_is_stand_in_the_log(site, boss):
    change(site, boss, site_name="Harbour")
    change(site, boss, site_name="Harbour")

    (row,) = site.audit_log.page(boss, action="setting").items
    assert (row.subject, row.before, row.after) == ("site_name", {"site_name": "Flotilla"}, {"site_name": "Harbour"})


def test_settings_cost_no_statement_once_they_were_read(site, statements):
    site.site_settings.now()
    with statements() as sent:
        site.site_settings.now()
    assert sent == []
