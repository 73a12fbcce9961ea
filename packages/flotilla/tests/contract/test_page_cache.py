"""Pages with a cache beside the database are the pages of a site without one, and a cache that dies is no cache."""

import dataclasses
import re
import threading
import time
from collections import Counter
from random import Random

import pytest
import structlog
from valkey_process import valkey_process

from flotilla.app import create_app
from flotilla.errors import RuleError
from flotilla.social import Visibility
from flotilla.social.sanctions import Kind
from flotilla.social.timelines import Timelines
from flotilla.store.leaving_alone import LEFT_ALONE_MAX_S, LeftAlone
from flotilla.store.valkey import Valkey

NAMES = ("ada", "ben", "cid", "dot", "eve")
# How long ago something was, and the key that makes sending a form twice publish once.
EACH_TIME_ANOTHER = re.compile(r'<time [^>]*>[^<]*|name="key" value="[^"]*"')
METRICS_TOKEN = "only for machines"
WAIT_S = 20
# What a server that hangs may cost one request, on a machine that is busy with other tests.
DELAY_MAX_S = 3.0


@pytest.fixture(scope="module")
def valkey():
    with valkey_process() as process:
        yield process


@pytest.fixture(scope="module")
def made_cached_app(shared_settings, valkey):
    made = create_app(
        dataclasses.replace(
            shared_settings, cache_url=valkey.url, cache_max_age_s=300, metrics_token=METRICS_TOKEN, access_log=False
        )
    )
    yield made
    made.extensions["flotilla.site"].close()


@pytest.fixture
def cached(app, made_cached_app, valkey):
    """The application with a cache, which is empty, beside `app` without one, on the same database."""
    valkey.client().flushall()
    site = made_cached_app.extensions["flotilla.site"]
    for remembering in (site.house_rules, site.announcements, site.site_settings):
        remembering._kept.forget()
    return made_cached_app


@dataclasses.dataclass
class Person:
    """Somebody with one session, who looks at the site with a cache and at the one without."""

    cached: object
    plain: object
    viewer: object = None

    def same(self, path):
        """The page at that path is what it is without a cache; the page."""
        pages = [client.get(path) for client in (self.cached, self.plain)]
        shown = [(page.status_code, EACH_TIME_ANOTHER.sub("", page.text)) for page in pages]
        assert shown[0] == shown[1], (path, set(shown[0][1].splitlines()) ^ set(shown[1][1].splitlines()))
        return pages[0].text

    def press(self, path, **fields):
        """A button or a form, at the site with a cache."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.plain.get("/home").text)[1]
        answer = self.cached.post(path, data={"csrf_token": token, **fields})
        assert answer.status_code in {303, 400, 403, 404}
        return answer


@pytest.fixture
def crew(app, cached, aboard, site):
    """Five people, of whom eve looks after the site, and a visitor."""
    people = {}
    for name in NAMES:
        plain, other = aboard(name).client, cached.test_client()
        other.set_cookie("flotilla_session", plain.get_cookie("flotilla_session").value)
        token = app.extensions["flotilla.session_signer"].unsign(plain.get_cookie("flotilla_session").value).decode()
        people[name] = Person(other, plain, site.accounts.who_is(token))
    site.roles.set(None, "eve", "moderator")
    people["eve"].viewer = dataclasses.replace(people["eve"].viewer, role="moderator")
    people["visitor"] = Person(cached.test_client(), app.test_client())
    return people


@pytest.fixture
def made_pages(monkeypatch):
    """How often the public timeline was made, by the use case that makes it."""
    counted = Counter()
    public = Timelines.public

    def counting(self, *arguments, **named):
        counted["public"] += 1
        return public(self, *arguments, **named)

    monkeypatch.setattr(Timelines, "public", counting)
    return counted


def outcomes(app):
    """How often each outcome came up since the process started, by route."""
    text = app.test_client().get("/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"}).text
    found = re.findall(r'^flotilla_cache_total\{outcome="(\w+)",route="([^"]+)"\} ([0-9.]+)$', text, re.MULTILINE)
    return Counter({(route, outcome): float(count) for outcome, route, count in found})


def paths_of(posts):
    return [
        "/home",
        "/public",
        "/tags/tea",
        *(f"/@{name}" for name in NAMES),
        *(f"/@{who}/{post}" for post, who in posts),
    ]


def look_at_everything(crew, posts, random):
    for name in random.sample(list(crew), 3):
        for path in random.sample(paths_of(posts), 3):
            for _ in range(3):
                crew[name].cached.get(path)


def something_hidden(site, random, crew, posts):
    """Somebody, elsewhere, does what hides something from somebody; whether they could."""
    me, other = (crew[name].viewer for name in random.sample(NAMES[:4], 2))
    eve = crew["eve"].viewer
    mine = [post for post, who in posts if who == me.handle]
    choices = {
        "block": lambda: site.blocks.block(me, other.handle),
        "unblock": lambda: site.blocks.unblock(me, other.handle),
        "mute": lambda: site.blocks.mute(me, other.handle),
        "unfollow": lambda: site.follows.unfollow(me, other.handle),
        "remove": lambda: site.follows.remove_follower(me, other.handle),
        "delete": lambda: site.posts.delete(me, random.choice(mine)),
        "edit": lambda: site.posts.edit(me, random.choice(mine), f"changed {random.random()}"),
        "suspend": lambda: site.sanctions.impose(eve, me.account_id, Kind.SUSPEND),
        "silence": lambda: site.sanctions.impose(eve, me.account_id, Kind.SILENCE),
        "pin": lambda: site.posts.pin(me, random.choice(mine)),
        "hide reposts": lambda: site.follows.follow(me, other.handle, show_reposts=False),
    }
    name = random.choice(list(choices))
    if name in {"delete", "edit", "pin"} and not mine:
        return ""
    try:
        choices[name]()
    except RuleError:
        return ""
    return name


def something_added(random, crew, posts):
    """Somebody presses a button at the site with the cache; whose own pages have to show it."""
    name = random.choice([name for name in NAMES[:4] if crew[name].plain.get("/home").status_code == 200])
    other = random.choice([handle for handle in NAMES[:4] if handle != name])
    post, _ = random.choice(posts)
    deed = random.choice(["like", "unlike", "bookmark", "repost", "follow", "write", "reply"])
    if deed == "follow":
        crew[name].press(f"/@{other}/follow", next="/home")
    elif deed == "write":
        crew[name].press("/posts", text=f"news {random.random()} @{other} #tea", next="/home")
    elif deed == "reply":
        crew[name].press("/posts", text=f"well {random.random()}", parent_id=str(post), next="/home")
    else:
        crew[name].press(f"/posts/{post}/{deed}", next="/home")
    return name


@pytest.mark.parametrize("number", range(2))
def test_whatever_people_do_pages_are_those_of_a_site_without_a_cache(cached, crew, site, number):
    random, done, posts = Random(number), Counter(), []
    before = outcomes(cached)
    for name in NAMES[:4]:
        for visibility in (Visibility.PUBLIC, Visibility.FOLLOWERS):
            post = site.posts.publish(crew[name].viewer, f"from {name} #tea", visibility=visibility)
            posts.append((post, name))
    for _ in range(14):
        look_at_everything(crew, posts, random)
        if random.random() < 0.5:
            who = [something_added(random, crew, posts)]
            done["added"] += 1
        else:
            did = something_hidden(site, random, crew, posts)
            done[did] += 1
            who = list(crew) if did else []
        for name in who:
            for path in random.sample(paths_of(posts), 3):
                crew[name].same(path)
    assert done["added"] > 4, "the town has to be alive"
    assert len(done) > 4, done
    hits = outcomes(cached) - before
    assert sum(count for (_, outcome), count in hits.items() if outcome == "hit") > 100, "and its pages kept"


def test_what_is_hidden_is_hidden_at_once_while_the_cache_hangs_and_when_it_is_back(cached, crew, site, valkey):
    ada, _, cid, dot, eve = (crew[name].viewer for name in NAMES)
    posts = {name: site.posts.publish(crew[name].viewer, f"a secret of {name}") for name in NAMES}
    # Whose words, what hides them, and from whom.
    deeds = [
        ("ada", lambda: site.blocks.block(ada, "ben"), {"ben"}),
        ("dot", lambda: site.blocks.mute(cid, "dot"), {"cid"}),
        ("ada", lambda: site.posts.edit(ada, posts["ada"], "other words"), {"cid", "dot", "visitor"}),
        ("cid", lambda: site.sanctions.impose(eve, cid.account_id, Kind.SILENCE), {"ada", "visitor"}),
        ("dot", lambda: site.posts.delete(dot, posts["dot"]), {"ada", "ben", "visitor"}),
        ("ben", lambda: site.operator.suspend("ben"), {"cid", "dot", "visitor"}),
    ]

    def see(author):
        """Who finds those words, looking often enough for the page to be kept."""
        names = [name for name in crew if name != author]
        return {
            name for name in names for _ in range(3) if f"a secret of {author}" in crew[name].cached.get("/public").text
        }

    def nobody_sees_what_was_hidden():
        return all(not see(author) & hidden_from for author, _, hidden_from in deeds)

    for author, _, hidden_from in deeds:
        before = outcomes(cached)
        assert see(author) >= hidden_from
        assert (outcomes(cached) - before)["/public", "hit"] >= 3, "the page was kept"
    with valkey.hanging():
        for _, deed, _ in deeds:
            deed()
        assert nobody_sees_what_was_hidden()
    until(lambda: back_and(cached, nobody_sees_what_was_hidden()))
    assert nobody_sees_what_was_hidden()
    for person in crew.values():
        person.same("/public")


def back_and(app, holds):
    assert holds
    return not app.extensions["flotilla.site"].page_cache.is_given_up


def test_a_session_that_was_ended_elsewhere_has_no_pages(cached, crew, site):
    ada = crew["ada"]
    for _ in range(3):
        assert 'data-me="ada"' in ada.cached.get("/home").text
    site.sessions.end_others(ada.viewer, "")
    assert ada.cached.get("/home").status_code == 303
    assert 'data-me="ada"' not in ada.cached.get("/public").text


def test_nobody_is_given_the_page_of_somebody_else_or_in_another_language(cached, crew):
    for name, person in crew.items():
        for path in ("/public", "/@ada"):
            for language in ("en", "de"):
                for _ in range(3):
                    page = person.cached.get(path, headers={"Accept-Language": language})
                    assert page.text.count(f'<html lang="{language}">') == 1
                    assert (f'data-me="{name}"' in page.text) == (name != "visitor")
    ada = crew["ada"]
    assert len({re.search(r'csrf_token" value="([^"]+)"', ada.same("/home"))[1] for _ in range(3)}) == 1


def test_what_somebody_did_with_an_app_shows_at_once_on_their_pages(cached, crew, site):
    ada = crew["ada"]
    post = site.posts.publish(crew["ben"].viewer, "worth a like")
    made = site.apps.register(name="an app", redirect_uris=["urn:ietf:wg:oauth:2.0:oob"], scopes="write")
    ids = {"client_id": made.app.client_id, "client_secret": made.client_secret}
    token = site.grants.token_for_person(ada.viewer, scopes="write", **ids).token
    before = outcomes(cached)
    for _ in range(3):
        assert f"/posts/{post}/like" in ada.cached.get("/public").text
    assert (outcomes(cached) - before)["/public", "hit"] == 1
    liked = cached.test_client().post(
        f"/api/v1/statuses/{post}/favourite", headers={"Authorization": f"Bearer {token}"}
    )
    assert liked.status_code == 200
    assert f"/posts/{post}/unlike" in ada.same("/public")


def test_two_forms_from_one_kept_page_publish_two_posts(cached, crew):
    ada = crew["ada"]
    pages = [ada.cached.get("/home").text for _ in range(4)]
    keys = [re.search(r'name="key" value="([^"]+)"', page)[1] for page in pages]
    assert len(set(keys)) == 4
    for number in (2, 3):
        ada.press("/posts", text=f"post {number}", key=keys[number], next="/home")
    ada.press("/posts", text="post 3 again", key=keys[3], next="/home")
    shown = ada.same("/home")
    assert "post 2" in shown
    assert "post 3" in shown
    assert "post 3 again" not in shown


def test_of_many_who_ask_for_a_page_at_once_one_makes_it(cached, crew, site, made_pages, monkeypatch):
    site.posts.publish(crew["ada"].viewer, "for everybody")
    asking, all_asked, claim = 12, threading.Event(), Valkey.claim
    claims = Counter()

    def counting_claim(self, *arguments, **named):
        claims["asked"] += 1
        if claims["asked"] >= asking:
            all_asked.set()
        return claim(self, *arguments, **named)

    public = Timelines.public

    def slow(self, *arguments, **named):
        all_asked.wait(0.9)
        return public(self, *arguments, **named)

    monkeypatch.setattr(Valkey, "claim", counting_claim)
    monkeypatch.setattr(Timelines, "public", slow)
    answers = []

    def ask():
        answers.append(cached.test_client().get("/public"))

    threads = [threading.Thread(target=ask) for _ in range(asking)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    assert made_pages["public"] == 1
    assert {answer.status_code for answer in answers} == {200}
    assert len(answers) == asking
    assert len({answer.text for answer in answers}) == 1
    assert claims["asked"] >= asking, "they asked at once"


def test_while_an_old_page_is_made_anew_the_others_are_given_it_and_none_is_too_old(cached, site, crew, monkeypatch):
    cache = cached.extensions["flotilla.site"].page_cache
    visitor = crew["visitor"].cached
    start_s, passed_s = time.time(), [0.0]
    monkeypatch.setattr("flotilla.social.page_cache.time.time", lambda: start_s + passed_s[0])
    assert "news of ada" not in visitor.get("/public").text
    site.posts.publish(crew["ada"].viewer, "news of ada")
    passed_s[0] = 0.6 * 300
    assert "news of ada" not in visitor.get("/public").text, "others' additions may take their time"
    passed_s[0] = 0.7 * 300
    with monkeypatch.context() as during:
        seen = []

        def making(self, *arguments, **named):
            seen.append("news of ada" in cached.test_client().get("/public").text)
            return original(self, *arguments, **named)

        original = Timelines.public
        during.setattr(Timelines, "public", making)
        assert "news of ada" in visitor.get("/public").text
    assert seen == [False], "who asked meanwhile was given the old page, and made none"
    passed_s[0] = (0.7 + 1.01) * 300
    assert cache.look("no such page", None).outcome == "miss"
    site.posts.publish(crew["ben"].viewer, "news of ben")
    assert "news of ben" in visitor.get("/public").text


def test_pages_that_cannot_be_kept_are_waited_for_by_nobody(cached, crew):
    visitor = crew["visitor"].cached
    began_s = time.monotonic()
    for _ in range(20):
        assert visitor.get("/@nobody").status_code == 404
    assert time.monotonic() - began_s < WAIT_S


@pytest.mark.parametrize("how", ["killed", "hanging"])
def test_a_cache_that_dies_in_the_middle_costs_a_moment_and_comes_back_by_itself(
    cached, crew, site, valkey, how, monkeypatch
):
    page_cache = cached.extensions["flotilla.site"].page_cache
    slowest_s, problems, stop, counted, failed = [0.0], [], threading.Event(), Counter(), LeftAlone.failed
    monkeypatch.setattr(LeftAlone, "failed", lambda self, why: (counted.update(["failures"]), failed(self, why)))

    def read_on(person):
        while not stop.is_set():
            began_s = time.monotonic()
            answer = person.cached.get("/public")
            slowest_s[0] = max(slowest_s[0], time.monotonic() - began_s)
            counted["answers"] += 1
            if answer.status_code != 200:
                problems.append(answer.text)

    with structlog.testing.capture_logs() as logs:
        threads = [threading.Thread(target=read_on, args=(crew[name],)) for name in ("ada", "ben", "visitor")]
        for thread in threads:
            thread.start()
        try:
            until(lambda: not page_cache.is_given_up)
            if how == "killed":
                valkey.kill()
                until(lambda: page_cache.is_given_up)
                for name in ("ada", "visitor"):
                    crew[name].same("/public")
                valkey.start()
            else:
                with valkey.hanging():
                    until(lambda: page_cache.is_given_up)
                    counted.clear()
                    until(lambda: counted["answers"] >= 60)
                    # Those that were under way, and one now and then.
                    assert counted["failures"] < 12
                    for name in ("ada", "visitor"):
                        crew[name].same("/public")
            until(lambda: not page_cache.is_given_up)
        finally:
            stop.set()
            for thread in threads:
                thread.join(WAIT_S)
    assert not problems
    assert slowest_s[0] < DELAY_MAX_S
    said = [line["event"] for line in logs if line.get("purpose") == "cache"]
    assert said == ["valkey does not answer, going on without it", "valkey answers again"]
    before = outcomes(cached)
    for _ in range(4):
        crew["visitor"].same("/public")
    assert (outcomes(cached) - before)["/public", "hit"] >= 3
    assert any(outcome == "off" for _, outcome in before)


def until(holds):
    deadline_s = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


def test_without_a_server_from_the_start_the_site_starts_and_answers(settings, valkey):
    assert LEFT_ALONE_MAX_S < WAIT_S
    nobody = Valkey("redis://127.0.0.1:1/0", what="cache")
    assert nobody.read(["x"]) is None
    assert nobody.is_left_alone
