"""The other balancers of the test bed, and the micro-cache, with the real HAProxy and nginx."""

import os
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from email.message import Message

import pytest

from seatrial.errors import TestbedError
from seatrial.spec.services import Services
from seatrial.spec.subject import Server
from seatrial.testbed import haproxy, nginx
from seatrial.testbed.meters import descendants
from seatrial.testbed.testbed import Testbed

FINDERS = {"haproxy": haproxy.find_haproxy, "nginx": nginx.find_nginx}
PERSONAL = [{"Cookie": "session=ada"}, {"Authorization": "Bearer ada"}]
NEVER_KEPT = ["/private", "/no-store", "/no-cache", "/at-once", "/long-over", "/greets", "/missing"]
LONG_S = 60


def get(url: str, headers: Mapping[str, str] = {}, data: bytes | None = None) -> tuple[str, Message]:
    asked = urllib.request.Request(url, headers=dict(headers), data=data)
    try:
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return answer.read().decode("latin-1"), answer.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.read().decode(), error.headers


def installed(name: str) -> None:
    try:
        FINDERS[name]()
    except TestbedError as error:
        pytest.skip(f"{error.what}: {error.try_this}")


@pytest.mark.parametrize("name", ["haproxy", "nginx"])
def test_each_spreads_requests_believes_the_load_compresses_and_does_without_an_instance(trial_of, tmp_path, name):
    installed(name)
    (tmp_path / "site.css").write_text("p { color: navy }\n" * 200)
    static = {"/static/": tmp_path} if name == "nginx" else {}
    services = Services(balancer=name, instances=2, static=static, compression=True)
    with Testbed(trial_of(app="served_app:app", services=services, server=Server(workers=1))) as testbed:
        testbed.prepare()
        testbed.start(2, 2, fresh_data=False)
        assert testbed._beside.versions[{"haproxy": "HAProxy", "nginx": "nginx"}[name]]
        assert len({get(f"{testbed.url}/instance")[0] for _ in range(40)}) == 2
        assert get(f"{testbed.url}/scheme", {"X-Forwarded-Proto": "https"})[0] == "https"
        body, headers = get(testbed.url, {"Accept-Encoding": "gzip"})
        assert headers["Content-Encoding"] == "gzip"
        assert len(body) < 300
        if static:
            body, headers = get(f"{testbed.url}/static/site.css")
            assert (len(body), headers["Content-Type"]) == (3600, "text/css")
        dead = testbed._app.processes[1]
        for pid in reversed(descendants(dead.pid)):
            os.kill(pid, signal.SIGKILL)
        assert dead.wait(10.0) == -signal.SIGKILL
        left = str(testbed._app.processes[0].pid)
        assert {get(f"{testbed.url}/instance")[0] for _ in range(20)} == {left}


@pytest.fixture(scope="module")
def url(trial_of) -> Iterator[str]:
    """Of an app whose pages nginx keeps for longer than any test takes."""
    installed("nginx")
    services = Services(balancer="nginx", micro_cache_s=LONG_S)
    with Testbed(trial_of(app="kept_app:app", services=services)) as testbed:
        testbed.prepare()
        testbed.start(1, 2, fresh_data=False)
        yield testbed.url


def test_who_sends_neither_cookie_nor_password_is_given_the_page_that_was_kept(url):
    first, headers = get(f"{url}/a?page=1")
    again, headers_again = get(f"{url}/a?page=1")
    assert (first, headers["X-Cache-Status"]) == (again, "MISS")
    assert headers_again["X-Cache-Status"] == "HIT"
    assert get(f"{url}/a?page=2")[0] != first
    assert get(f"{url}/a?page=1", {"Host": "elsewhere.example"})[0] != first
    assert get(f"{url}/a?page=1", {"X-Forwarded-Proto": "https"})[0] != first
    # A form is not a page.
    assert "POST" in get(f"{url}/a?page=1", data=b"a=1")[0]
    assert get(f"{url}/a?page=1")[0] == first


@pytest.mark.parametrize("personal", PERSONAL, ids=["cookie", "password"])
def test_a_known_persons_page_is_neither_kept_nor_taken_from_what_is_kept(url, personal):
    (who,) = personal.values()
    address = f"{url}/of/{who.partition('=')[0].partition(' ')[0]}"
    own = [get(address, personal) for _ in range(2)]
    anybodys = get(address)[0]
    own.append(get(address, personal))
    assert "for anybody" in anybodys
    assert get(address)[0] == anybodys
    assert len({text for text, _ in own}) == 3
    for text, headers in own:
        assert f"for {who}," in text
        assert headers["X-Cache-Status"] is None


@pytest.mark.parametrize("path", NEVER_KEPT)
def test_what_an_app_does_not_want_kept_is_made_anew_for_everybody(url, path):
    assert get(url + path)[0] != get(url + path)[0]


def test_a_page_that_varies_is_kept_in_each_of_its_forms(url):
    pages = {language: get(f"{url}/languages", {"Accept-Language": language})[0] for language in ("de", "en")}
    for language, page in pages.items():
        assert page.endswith(language)
        assert get(f"{url}/languages", {"Accept-Language": language})[0] == page


def test_a_page_is_kept_for_its_second_and_not_for_as_long_as_browsers_may(trial_of, eventually):
    installed("nginx")
    services = Services(balancer="nginx", micro_cache_s=1)
    with Testbed(trial_of(app="kept_app:app", services=services)) as testbed:
        testbed.prepare()
        testbed.start(1, 2, fresh_data=False)
        first = {path: get(testbed.url + path)[0] for path in ("/a", "/hour")}
        for path, page in first.items():
            eventually(lambda path=path, page=page: get(testbed.url + path)[0] != page)


@pytest.mark.parametrize("name", ["haproxy", "nginx"])
def test_what_is_not_installed_is_named_with_how_to_install_it(monkeypatch, tmp_path, name):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr({"haproxy": haproxy, "nginx": nginx}[name], "PLACES", str(tmp_path))
    with pytest.raises(TestbedError, match="is not installed") as caught:
        FINDERS[name]()
    assert f"apt-get install {name}" in caught.value.try_this
