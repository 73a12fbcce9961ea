"""Services, topology and gunicorn's settings in the test bed, with the real servers."""

import urllib.request

from seatrial.spec.subject import Server
from seatrial.testbed.testbed import Testbed

WHERE_FROM = """
import gc, os
IMPORTED_BY = os.getpid()

def app(environ, start):
    start("200 OK", [("Content-Type", "text/plain")])
    return [f"{gc.get_freeze_count() > 1000} {IMPORTED_BY != os.getpid()}".encode()]
"""


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return str(answer.read().decode())


def test_the_collector_is_frozen_and_the_app_preloaded_only_when_asked_for(trial_of, tmp_path):
    (tmp_path / "shop.py").write_text(WHERE_FROM)
    for server, seen in (
        (Server(), "False False"),
        (Server(freeze_gc=True), "True False"),
        (Server(preload=True, freeze_gc=True), "True True"),
    ):
        with Testbed(trial_of(app="shop:app", directory=tmp_path, server=server)) as testbed:
            testbed.prepare()
            testbed.start(1, 2, fresh_data=False)
            assert get(testbed.url) == seen
