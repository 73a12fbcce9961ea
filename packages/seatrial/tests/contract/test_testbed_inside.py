"""The measuring middleware in a real gunicorn, beside the project's own configuration of it."""

import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from seatrial.testbed import measured_server
from seatrial.testbed.inside import InsideView
from seatrial.testbed.testbed import Testbed

# As a project has it: gunicorn reads it from the working directory, unless it is told another file.
CONFIGURATION = """
preload_app = True

def post_fork(server, worker):
    open("forked", "a").write("once ")
"""
APP = """
import importlib.util, time

def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/broken":
        raise RuntimeError("as it was before")
    if path == "/wait":
        time.sleep(0.05)
    if path == "/wait-long":
        time.sleep(1.0)
    found = [name for name in ("measured_server", "warden", "readings") if importlib.util.find_spec(name)]
    start_response("200 OK", [("Content-Type", "text/plain")])
    if path == "/stream":
        return (b"y" * 1000 for _ in range(3))
    if path == "/file":
        return environ["wsgi.file_wrapper"](open(__file__, "rb"))
    return [repr(found).encode()]
"""

BUSY = """
import sys, time
sys.path.insert(0, sys.argv[1])
from measured_server import _Book

book, until = _Book(sys.argv[2]), time.monotonic() + 20
print("begins", flush=True)
while time.monotonic() < until:
    book.begin()
    book.end(0, 0, 0, 0, 0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
"""


@pytest.fixture
def testbed(trial_of, tmp_path: Path):
    (tmp_path / "gunicorn.conf.py").write_text(CONFIGURATION)
    (tmp_path / "shop.py").write_text(APP)
    with Testbed(trial_of(app="shop:app", directory=tmp_path)) as opened:
        opened.prepare()
        opened.start(2, 2, fresh_data=False, is_measured=True)
        yield opened


def ask(testbed: Testbed, path: str, *, mark: str = "") -> bytes:
    headers = {"X-Seatrial-Operation": mark} if mark else {}
    request = urllib.request.Request(testbed.url + path, headers=headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return bytes(answer.read())


def test_marked_requests_are_seen_from_inside_while_it_is_on_and_answers_stay_as_they_were(testbed, eventually) -> None:
    view = testbed.inside
    assert view is not None
    assert ask(testbed, "/", mark="7 GET /") == b"[]"  # nothing of Seatrial's is where the app looks for modules
    assert view.requests() == ()
    view.switch(on=True)
    ask(testbed, "/")
    assert ask(testbed, "/wait", mark="3 GET /wait") == b"[]"
    assert ask(testbed, "/stream", mark="4 GET /stream") == b"y" * 3000
    assert ask(testbed, "/file", mark="5 GET /file") == APP.encode()
    assert ask(testbed, "/", mark="6 POST /before") == b"[]"
    with pytest.raises(urllib.error.HTTPError, match="500"):
        ask(testbed, "/broken", mark="8 GET /broken")
    # A worker writes down what it saw when its answer is out.
    eventually(lambda: len(view.requests()) == 5, left=view.requests)
    seen = {request.operation: request for request in view.requests()}
    assert sorted(seen) == [3, 4, 5, 6, 8]
    assert [number for number, request in seen.items() if request.is_redirect] == [6]
    assert seen[3].answer_bytes == 2
    assert seen[4].answer_bytes == 3000
    assert 0.05 <= seen[3].wall_s < 0.5
    # Going to sleep and waking up are CPU of the worker too.
    assert 0.05 - seen[3].cpu_s <= seen[3].elsewhere_s < 0.5
    assert seen[3].cpu_s < 0.02
    assert not any(request.has_driver for request in seen.values())
    assert view.in_flight() == 0
    view.switch(on=False)
    ask(testbed, "/", mark="7 GET /")
    assert len(view.requests()) == 5


def test_the_projects_own_gunicorn_configuration_stays_in_force(testbed, tmp_path: Path) -> None:
    assert (tmp_path / "forked").read_text().split() == ["once", "once"]


def test_what_is_begun_inside_is_seen_while_it_lasts(testbed, eventually) -> None:
    import threading

    view = testbed.inside
    view.switch(on=True)
    began_s = time.perf_counter()
    # Twenty times as long as between two looks: nobody looks away for all of it.
    asking = threading.Thread(target=ask, args=(testbed, "/wait-long"), kwargs={"mark": "1 GET /wait-long"})
    asking.start()
    eventually(lambda: view.in_flight() == 1, left=view.in_flight)
    asking.join(timeout=10)
    eventually(lambda: view.in_flight() == 0, left=view.in_flight)
    (seen,) = view.requests()
    assert began_s < seen.began_s < time.perf_counter()  # one clock for both, so that the way in can be told


def test_a_glance_never_finds_more_requests_inside_than_there_are(tmp_path: Path) -> None:
    view = InsideView(tmp_path / "inside")
    source = str(Path(measured_server.__file__).parent)
    with subprocess.Popen(
        [sys.executable, "-c", BUSY, source, str(view.folder)], stdout=subprocess.PIPE, text=True
    ) as one_at_a_time:
        assert one_at_a_time.stdout is not None
        assert one_at_a_time.stdout.readline() == "begins\n"
        try:
            seen = {view.in_flight() for _ in range(3_000)}
        finally:
            one_at_a_time.kill()
    # One thread, so one request at most; a count that is zero for a moment would show all that were ever begun.
    assert seen <= {0, 1}
