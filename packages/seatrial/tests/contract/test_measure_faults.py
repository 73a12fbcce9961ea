"""What settings for working on an app cost, seen on real servers with apps whose cost is known beforehand."""

import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

from seatrial.load import event_loop
from seatrial.load.workload import Workload
from seatrial.measure.bench import Bench
from seatrial.measure.fault_starts import FaultStarts
from seatrial.measure.measurement import OperationProfile
from seatrial.measure.progress import Progress
from seatrial.spec.subject import Server
from seatrial.spec.workload import OperationSpec, WorkloadSpec
from seatrial.testbed.switches import DEBUG, TEMPLATES, Switchboard
from seatrial.testbed.testbed import Testbed

BURNS_FLASK = """
import time
from flask import Flask, render_template
from jinja2 import FunctionLoader

app = Flask(__name__, static_folder=None)
app.config["DEBUG"] = True

def burn(seconds):
    since = time.thread_time()
    while time.thread_time() - since < seconds:
        pass

def is_fresh():
    burn(0.003)
    return True

PAGE = '<link rel="stylesheet" href="/files/shop.css"><img src=http://elsewhere.example/a.png>'
app.jinja_loader = FunctionLoader(lambda name: (PAGE, name, is_fresh))

@app.route("/")
def front():
    if app.debug:
        burn(0.006)
    return render_template("front.html")

@app.route("/files/<name>")
def files(name):
    burn(0.002)
    return "body { margin: 0 }", {"Content-Type": "text/css"}

def create(kind, *, word):
    assert (kind, word) == ("shop", "{port}")
    return app
"""

TELLS_STARLETTE = """
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.templating import Jinja2Templates

templates = Jinja2Templates(directory=".")

async def front(request):
    return PlainTextResponse(f"{app.debug} {templates.env.auto_reload}")

app = Starlette(debug=True, routes=[Route("/", front)])
"""


def body(testbed: Testbed) -> str:
    with urllib.request.urlopen(testbed.url + "/", timeout=20) as answer:
        return str(answer.read().decode())


@pytest.mark.linux
def test_each_setting_costs_the_cpu_that_it_burns_and_each_file_its_own(trial_of, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(BURNS_FLASK)
    app = 'shop:create("shop", word="{port}")'
    trial = replace(
        trial_of(app=app, directory=tmp_path), workload=WorkloadSpec(operations=(OperationSpec("front", "/"),))
    )
    alone = OperationProfile("front", 1.0, 10, 0.01, 0.0, 0.0, 0.01, 0.01, 0.0, 0.0)
    with Testbed(trial) as testbed:
        testbed.prepare()
        workload = Workload.from_spec(trial.workload)
        bench = Bench(trial, testbed, workload, Progress(lambda _: None))
        seen = event_loop.run(FaultStarts(trial, testbed, workload).look(bench, 1, [alone]))
    costs = {cost.setting: cost for cost in seen.settings}
    assert set(costs) == {"debug", "templates"}
    # 6 ms and 3 ms by the thread's own clock; both sides of each difference do all else alike.
    assert costs["debug"].cpu_s == pytest.approx(0.006, abs=0.0014)
    assert costs["templates"].cpu_s == pytest.approx(0.003, abs=0.0014)
    assert all(cost.operation == "front" and cost.requests >= 24 for cost in seen.settings)
    (file,) = seen.files
    assert (file.path, file.operations, file.bytes) == ("/files/shop.css", ("front",), len("body { margin: 0 }"))
    assert file.cpu_s is not None
    assert 0.002 <= file.cpu_s < 0.006


def test_an_asgi_app_is_switched_between_requests_and_back(trial_of, tmp_path: Path) -> None:
    (tmp_path / "tells.py").write_text(TELLS_STARLETTE)
    server = Server(kind="uvicorn", worker_class="asgi", threads=40)
    trial = trial_of(app="tells:app", directory=tmp_path, server=server)
    with Testbed(trial) as testbed:
        testbed.prepare()
        board = Switchboard(testbed.folder / "switched")
        testbed.use(board.subject(trial.subject))
        testbed.start(1, 40, fresh_data=False)
        assert board.found() == ()
        told = []
        for off in (0, TEMPLATES, TEMPLATES | DEBUG, DEBUG, 0):
            board.off(off)
            told.append(body(testbed))
        assert told == ["True True", "True False", "False False", "False True", "True True"]
        assert dict(board.found()) == {DEBUG: "Starlette.debug is True", TEMPLATES: "auto_reload of Jinja is on"}
