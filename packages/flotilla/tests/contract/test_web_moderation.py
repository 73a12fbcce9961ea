"""The pages of moderators and admins: who is let in, and what can be done there with a browser without scripts."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from werkzeug.routing import Rule

PLACES = ("/moderation", "/admin")
ENTERED = {"id": "1", "any": "up", "default": "ada"}


def staff_rules(app: Flask) -> list[tuple[str, str]]:
    """(method, path) of everything below the two places, whatever blueprint it came from."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(PLACES):
            path = entered(rule)
            found += [(method, path) for method in sorted(rule.methods - {"HEAD", "OPTIONS"})]
    return found


def entered(rule: Rule) -> str:
    path = rule.rule
    for words in re.findall(r"<any\(([^)]+)\):\w+>", path):
        path = path.replace(re.search(r"<any\([^)]+\):\w+>", path)[0], words.split(",")[0].strip(), 1)
    return re.sub(r"<[^:>]+>", "ada", re.sub(r"<id:\w+>", "1", path))


@pytest.fixture
def staff(aboard: Callable, app: Flask) -> Callable:
    """staff("mo", "moderator"): somebody with that role, at a browser."""

    def made(handle: str, role: str) -> object:
        who = aboard(handle)
        app.extensions["flotilla.site"].roles.set(None, handle, role)
        return who

    return made


def ask(person, method, path, token):
    return person.client.open(path, method=method, data={"csrf_token": token} if method == "POST" else None)


def test_there_are_pages_to_walk(app):
    walked = staff_rules(app)
    assert len(walked) >= 29
    assert {path.split("/")[1] for _, path in walked} == {"moderation", "admin"}


def test_every_view_of_those_blueprints_lies_below_the_two_places(app):
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith(("moderation", "admin")):
            assert rule.rule.startswith(PLACES), rule


def test_every_page_and_button_of_moderators_and_admins_sends_visitors_to_sign_in(app, visitor):
    nobody = visitor()
    token = nobody.token("/sign-in")
    for method, path in staff_rules(app):
        answer = ask(nobody, method, path, token)
        assert (answer.status_code, answer.location.partition("?")[0]) == (303, "/sign-in"), (method, path)


def test_every_page_and_button_of_moderators_and_admins_refuses_members(app, aboard):
    ada = aboard("ada")
    token = ada.token("/home")
    for method, path in staff_rules(app):
        answer = ask(ada, method, path, token)
        assert answer.status_code == 403, (method, path)
        assert "That is not yours to change" in answer.text


def test_every_page_and_button_of_admins_refuses_moderators_who_are_let_into_their_own(app, staff):
    mo = staff("mo", "moderator")
    token = mo.token("/home")
    for method, path in staff_rules(app):
        answer = ask(mo, method, path, token)
        if path.startswith("/admin"):
            assert answer.status_code == 403, (method, path)
        else:
            assert answer.status_code in {200, 303, 400, 404}, (method, path, answer.status_code)


def test_every_page_of_both_is_there_for_admins_and_marks_where_one_is(app, staff):
    boss = staff("boss", "admin")
    pages = [path for method, path in staff_rules(app) if method == "GET" and not re.search(r"/(1|ada)\b", path)]
    for path in pages:
        answer = boss.client.get(path, follow_redirects=True)
        assert answer.status_code == 200, path
        assert len(re.findall(r"<h1\b", answer.text)) == 1, path
        assert 'aria-current="page"' in answer.text.partition('class="tabs"')[2], path


def test_only_those_who_look_after_the_site_are_shown_the_way_there(aboard, staff):
    mo, boss = staff("mo", "moderator"), staff("boss", "admin")

    assert 'href="/moderation"' not in aboard("ada").get("/home").text
    assert 'href="/moderation"' in mo.get("/home").text
    assert "/admin/" not in mo.get("/moderation/reports").text
    assert 'href="/admin/roles"' in boss.get("/moderation/reports").text


def test_a_post_is_reported_from_its_page_and_the_report_acted_on(aboard, staff):
    eve, ada, mo = aboard("eve"), aboard("ada"), staff("mo", "moderator")
    post = eve.publish("buy my pills")
    form = ada.get(f"/report?person=eve&post={post}")
    assert re.search(rf'name="post" value="{post}" checked', form.text)

    reported = ada.post_form(
        f"/report?person=eve&post={post}", "/report", person="eve", post=str(post), category="spam", comment="Always."
    )

    assert "A moderator will look at it" in reported.text
    assert ada.get("/report?person=eve").status_code == 200
    queue = mo.get("/moderation/reports")
    assert "1 report is open." in queue.text
    (report,) = set(re.findall(r'href="(/moderation/reports/\d+)"', queue.text))
    shown = mo.get(report).text
    assert "buy my pills" in shown
    assert "Always." in shown
    acted = mo.post_form(report, f"{report}/act", kind="remove", post=str(post), text="No selling.")
    assert (acted.status_code, acted.location) == (303, "/moderation/reports")
    assert "buy my pills" not in eve.get("/@eve").text
    assert "Resolved by @mo." in mo.get(report).text
    assert "No report is open." in mo.get("/moderation/reports").text
    late = mo.client.post(f"{report}/act", data={"csrf_token": mo.token(report), "kind": "silence"})
    assert late.status_code == 409
    assert "@mo has resolved this report already." in late.text


def test_a_form_with_something_missing_comes_back_with_what_was_entered(aboard, staff):
    aboard("eve")
    ada, mo = aboard("ada"), staff("mo", "moderator")

    answer = ada.post_form("/report?person=eve", "/report", person="eve", comment="I had to type this.")
    assert answer.status_code == 400
    assert "Choose what it is about." in answer.text
    assert "I had to type this." in answer.text

    ada.post_form("/report?person=eve", "/report", person="eve", category="spam")
    report = re.search(r'href="(/moderation/reports/\d+)"', mo.get("/moderation/reports").text)[1]
    for fields, told in (
        ({"text": "Words to keep."}, "Choose what to do."),
        ({"kind": "warn", "text": " "}, "A warning says what it is about."),
        ({"kind": "silence", "text": "Words to keep." * 200}, "too long"),
    ):
        answer = mo.post_form(report, f"{report}/act", **fields)
        assert answer.status_code == 400
        assert told in answer.text
        assert fields["text"] in answer.text
    answer = mo.post_form(report, f"{report}/note", note="")
    assert answer.status_code == 400


def test_reports_are_taken_on_given_back_noted_resolved_and_reopened(aboard, staff):
    aboard("eve")
    ada, mo, mia = aboard("ada"), staff("mo", "moderator"), staff("mia", "moderator")
    ada.post_form("/report?person=eve", "/report", person="eve", category="other")
    report = re.search(r'href="(/moderation/reports/\d+)"', mo.get("/moderation/reports").text)[1]

    assert mo.post_form(report, f"{report}/take").location == report
    assert mia.post_form(report, f"{report}/take").status_code == 409
    assert report in mo.get("/moderation/reports?queue=mine").text
    assert report not in mia.get("/moderation/reports?queue=mine").text
    mo.post_form(report, f"{report}/note", note="<b>Look</b> again")
    assert "&lt;b&gt;Look&lt;/b&gt; again" in mia.get(report).text
    mia.post_form(report, f"{report}/give_back")
    mia.post_form(report, f"{report}/resolve")
    assert report in mo.get("/moderation/reports?queue=resolved").text
    mo.post_form(report, f"{report}/reopen")
    assert report in mo.get("/moderation/reports").text


def test_somebody_is_suspended_and_brought_back_from_their_page(aboard, staff):
    eve, mo = aboard("eve"), staff("mo", "moderator")
    eve.publish("I was here")
    file = "/moderation/accounts/eve"

    assert mo.post_form(file, f"{file}/act", kind="suspend", text="Enough.").location == file
    assert eve.get("/home").location.startswith("/sign-in")
    assert mo.get("/@eve").status_code == 404
    shown = mo.get(file).text
    assert "suspended" in shown
    again = mo.post_form(file, f"{file}/act", kind="suspend")
    assert again.status_code == 409
    undo = re.search(r'action="(/moderation/sanctions/\d+/undo)"', shown)[1]
    assert mo.post_form(file, undo, next=file).location == file
    assert "I was here" in mo.get("/@eve").text


def test_nobody_is_offered_or_granted_measures_against_those_above(staff):
    staff("boss", "admin")
    mo = staff("mo", "moderator")

    shown = mo.get("/moderation/accounts/boss")
    assert "/moderation/accounts/boss/act" not in shown.text
    refused = mo.client.post("/moderation/accounts/boss/act", data={"csrf_token": mo.token("/home"), "kind": "suspend"})
    assert refused.status_code == 403


def test_networks_and_domains_are_blocked_and_let_in_again(staff, visitor):
    mo = staff("mo", "moderator")
    path = "/moderation/blocks"

    own = mo.post_form(path, f"{path}/networks", network="127.0.0.0/8", severity="access")
    assert own.status_code == 400
    assert "lock yourself out" in own.text
    assert 'value="127.0.0.0/8"' in own.text
    mo.post_form(path, f"{path}/networks", network="198.51.100.0/24", severity="access", days="3", comment="flood")
    stranger = visitor().client
    assert stranger.get("/", environ_base={"REMOTE_ADDR": "198.51.100.7"}).status_code == 403
    mo.post_form(path, f"{path}/domains", domain="spam.example", domain_comment="throw-away")
    shown = mo.get(path).text
    assert "198.51.100.0/24" in shown
    assert "spam.example" in shown
    for remove in re.findall(r'action="(/moderation/blocks/\w+/\d+/remove)"', shown):
        mo.post_form(path, remove)
    assert stranger.get("/", environ_base={"REMOTE_ADDR": "198.51.100.7"}).status_code == 200
    assert "spam.example" not in mo.get(path).text
    assert mo.post_form(path, f"{path}/networks", network="x", severity="access", days="soon").status_code == 400


def test_rules_are_written_and_read_by_everyone(staff, visitor):
    boss, nobody = staff("boss", "admin"), visitor()
    path = "/admin/rules"
    boss.post_form(path, path, text="Be kind.", hint="Always.")
    boss.post_form(path, path, text="No selling.")
    first, second = sorted(set(re.findall(r'action="(/admin/rules/\d+)"', boss.get(path).text)))

    boss.post_form(path, f"{second}/up")
    boss.post_form(path, first, text="Be very kind.")
    assert boss.post_form(path, first, text="").status_code == 400

    assert nobody.get("/rules").location == "/about#rules"
    assert re.findall(r"<li><p><b>(.*?)</b>", nobody.get("/about").text) == ["No selling.", "Be very kind."]
    boss.post_form(path, f"{second}/retire")
    assert "No selling." not in nobody.get("/about").text


def test_an_announcement_stands_on_every_page_until_a_person_puts_it_away(aboard, staff, visitor):
    ada, boss, nobody = aboard("ada"), staff("boss", "admin"), visitor()
    path = "/admin/announcements"
    boss.post_form(path, path, text="We move <soon>.")

    assert "We move &lt;soon&gt;." in nobody.get("/public").text
    assert "/dismiss" not in nobody.get("/public").text
    dismiss = re.search(r'action="(/announcements/\d+/dismiss)"', ada.get("/public?x=1").text)[1]
    assert ada.post_form("/public", dismiss, next="/public?x=1").location == "/public?x=1"
    assert "We move" not in ada.get("/home").text
    assert "We move" in boss.get("/home").text
    take_down = re.search(r'action="(/admin/announcements/\d+/take-down)"', boss.get(path).text)[1]
    boss.post_form(path, take_down)
    assert "We move" not in nobody.get("/public").text
    assert ada.post_form("/public", dismiss).status_code == 303
    wrong = boss.post_form(path, path, text="Words to keep.", ends_at="yesterday")
    assert wrong.status_code == 400
    assert "Words to keep." in wrong.text


def test_settings_are_changed_and_seen_by_everyone_at_once(staff, visitor):
    boss, nobody = staff("boss", "admin"), visitor()
    path = "/admin/settings"

    boss.post_form(path, path, site_name="Harbour & Co", site_description="Small boats.", default_language="en")
    shown = nobody.get("/about").text
    assert "<h1>Harbour &amp; Co</h1>" in shown
    assert "· Harbour &amp; Co</title>" in shown
    assert "Small boats." in shown
    form = boss.get(path).text
    for name in re.findall(r'<(?:input|select|textarea)[^>]* id="(\w+)"', form):
        assert re.search(rf'<label for="{name}">[^<]+</label>', form), f"{name} has no label"
    assert '<option value="no" selected>No</option>' in form
    wrong = boss.post_form(path, path, site_name="x" * 41, site_description="Words to keep.")
    assert wrong.status_code == 400
    assert "Words to keep." in wrong.text
    assert "Harbour" in nobody.get("/about").text


def test_roles_are_given_and_the_last_admin_cannot_step_down(aboard, staff):
    aboard("ada")
    boss = staff("boss", "admin")
    path = "/admin/roles"

    assert boss.post_form(path, path, handle="@Ada", role="moderator").status_code == 303
    assert ">@ada</a></th><td>Moderator</td>" in boss.get(path).text
    assert boss.post_form(path, path, handle="nobody", role="moderator").status_code == 404
    assert boss.post_form(path, path, handle="ada", role="king").status_code == 400
    refused = boss.post_form(path, path, handle="boss", role="member")
    assert refused.status_code == 403
    assert "last admin" in refused.text


def test_the_log_is_read_with_filters(aboard, staff):
    aboard("eve")
    mo = staff("mo", "moderator")
    mo.post_form("/moderation/accounts/eve", "/moderation/accounts/eve/act", kind="silence", text="Loud.")

    shown = mo.get("/moderation/log?about=eve&actor=mo&action=sanction").text
    assert "@eve" in shown
    assert "Loud." in shown
    assert "the operator" in mo.get("/moderation/log?action=role").text
    missing = mo.get("/moderation/log?actor=nobody")
    assert missing.status_code == 404
    assert "nobody with this handle" in missing.text


def test_no_page_of_theirs_takes_more_than_six_statements(app, aboard, staff, statements):
    eve, ada, boss = aboard("eve"), aboard("ada"), staff("boss", "admin")
    boss.post_form("/admin/rules", "/admin/rules", text="Be kind.")
    post = eve.publish("hello")
    ada.post_form("/report?person=eve", "/report", person="eve", category="spam", post=str(post))
    boss.get("/moderation/statistics")
    report = re.search(r'href="(/moderation/reports/\d+)"', boss.get("/moderation/reports").text)[1]
    pages = {path for method, path in staff_rules(app) if method == "GET" and "/1" not in path and "ada" not in path}
    for path in sorted(pages | {report, "/moderation/accounts/eve", f"/report?person=eve&post={post}", "/about"}):
        boss.get(path)
        with statements() as sent:
            assert boss.get(path).status_code in {200, 303}
        assert len(sent) <= 6, (path, sent)


def test_whoever_waits_is_let_in_or_turned_away(app, owner, aboard, staff, visitor):
    mo = staff("mo", "moderator")
    for handle in ("ada", "eve"):
        aboard(handle)
        owner.execute("UPDATE g.account SET state = 'waiting', reason = 'I <3 boats' WHERE handle = %s", [handle])
    ids = dict(owner.execute("SELECT handle, id FROM g.account").fetchall())
    path = "/moderation/waiting"

    shown = mo.get(path).text
    assert shown.count("I &lt;3 boats") == 2
    mo.post_form(path, f"{path}/{ids['ada']}/approve")
    mo.post_form(path, f"{path}/{ids['eve']}/reject")

    assert "Nobody waits" in mo.get(path).text
    assert dict(owner.execute("SELECT handle, state FROM g.account WHERE handle <> 'mo'").fetchall())["ada"] == "active"
    log = mo.get("/moderation/log?action=approval").text
    assert "@ada" in log
    assert "@eve" in log
    assert mo.post_form("/home", f"{path}/{ids['ada']}/approve").status_code == 404


def test_admins_see_and_withdraw_everyones_invitations(aboard, staff):
    ada, boss = aboard("ada"), staff("boss", "admin")
    ada.post_form("/settings/invites", "/settings/invites", days="7", uses="3")
    path = "/admin/invites"

    shown = boss.get(path).text
    code = re.search(r'name="code" value="([^"]+)"', shown)[1]
    assert ">@ada</a>" in shown
    boss.post_form(path, f"{path}/withdraw", code=code)

    assert "Nobody has invited anyone" in boss.get(path).text
    assert "invitation withdrawn" in boss.get("/moderation/log?action=invite").text


def test_the_last_admin_cannot_delete_the_account(staff):
    boss = staff("boss", "admin")

    answer = boss.post_form("/settings/delete", "/settings/delete", password="a calm sea at dawn")

    assert answer.status_code == 403
    assert "last admin" in answer.text
    assert boss.get("/admin/roles").status_code == 200
