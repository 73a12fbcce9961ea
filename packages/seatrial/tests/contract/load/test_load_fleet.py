"""Whole loads, by one process and by several, against a real gunicorn: exact counts, different people, nothing left."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import psutil
import pytest

from seatrial.errors import LoadError, SpecError
from seatrial.load.arrivals.shapes import Constant, Poisson
from seatrial.load.books.cpu_share import CpuShare
from seatrial.load.generator import cpus
from seatrial.load.generator.fleet import generate
from seatrial.load.generator.null_server import null_server
from seatrial.load.generator.plan import LoadPlan
from seatrial.spec.workload import OperationSpec, WorkloadSpec

Eventually = Callable[..., None]

PLAIN = WorkloadSpec(operations=(OperationSpec("home", "/"),))
HOME = WorkloadSpec(operations=(OperationSpec("home", "/", expect_text="Hello"),), people=6, timeout_s=10.0)

# What a person does is also written down, in one line of a file that all processes append to.
VISITS = """
import os
from seatrial.load.journeys import expect, get

def visit(person):
    with open({log!r}, "a") as log:
        log.write(f"{{os.getpid()}} {{person.number}} {{person.unique('text')}}\\n")
    print("journeys may print what they like")
    expect((yield get("/")), contains="Hello")

def sign_in(person):
    {sign_in}
    yield get("/")
"""

# A load for as long as it is left alone; prints what came of it.
LONG_LOAD = """
import json, sys
from seatrial.load.arrivals.shapes import Constant
from seatrial.load.generator.fleet import generate
from seatrial.load.generator.plan import LoadPlan
from seatrial.spec.workload import OperationSpec, WorkloadSpec

url, processes = sys.argv[1], int(sys.argv[2])
plan = LoadPlan(
    base_url=url, workload=WorkloadSpec(operations=(OperationSpec("home", "/"),)), duration_s=600.0,
    arrivals=Constant(40.0), processes=processes, is_self_checked=False,
)
result = generate(plan, tell=lambda text: print(text, flush=True))
print(json.dumps({
    "requests": result.tally.total.requests, "answered": result.tally.total.answered, "arrivals": result.arrivals,
    "lasted_s": result.plan.duration_s, "is_interrupted": result.is_interrupted, "errors": result.tally.total.errors,
}))
"""


def a_plan(url: str, **more: object) -> LoadPlan:
    basis = {"workload": HOME, "duration_s": 1.0, "arrivals": Poisson(60.0), "is_self_checked": False}
    return LoadPlan(base_url=url, **{**basis, **more})


def due_inside(plan: LoadPlan) -> int:
    """Arrivals that the plan's parts have in its interval."""
    whole_s = plan.lead_in_s + plan.duration_s
    parts = [plan.arrivals.part(index, plan.processes) for index in range(plan.processes)]
    return sum(1 for part in parts for at_s in part.offsets(whole_s, plan.seed) if at_s >= plan.lead_in_s)


@pytest.mark.parametrize("arrivals", [Poisson(60.0), Constant(60.0)])
@pytest.mark.parametrize("processes", [1, 2])
def test_what_is_counted_is_exactly_what_was_due(gthread: str, processes: int, arrivals: Poisson | Constant) -> None:
    plan = a_plan(gthread, processes=processes, arrivals=arrivals, lead_in_s=0.5, seed=7)
    result = generate(plan)
    total = result.tally.total
    assert result.failures == ()
    assert result.arrivals == total.requests == total.answered == due_inside(plan)
    assert result.tally.operations.keys() == {"home"}
    assert total.from_due.count == total.from_sent.count == result.tally.lateness.count == total.requests
    assert sum(row.offered for row in result.tally.series()) == total.requests
    assert sum(row.answered for row in result.tally.series()) >= total.requests
    assert 0 < total.from_sent.quantile_s(0.5) <= total.from_due.quantile_s(0.5) < 10
    assert len(result.processes) == processes
    assert sum(one.arrivals for one in result.processes) == result.arrivals
    assert result.cpu_s > 0
    assert not result.is_interrupted


def test_a_closed_loop_whose_own_code_keeps_it_from_its_sockets_is_late(
    gthread: str, journeys: Callable[..., WorkloadSpec]
) -> None:
    # Half of the time nothing is heard, and no CPU is used. Four seconds, so that one second in which this process
    # itself had something to do (a look at all of pytest's memory, say) is no half of them.
    stalls = journeys(visit="__import__('time').sleep(0.05); yield get('/slow?s=0.05')")
    result = generate(a_plan(gthread, workload=stalls, arrivals=None, concurrency=1, duration_s=4.0))
    assert result.processes[0].busy < 0.5
    assert result.lateness.quantile_s(0.99) > 0.02
    assert "generator-late" in [fault.code for fault in result.faults]


@contextlib.contextmanager
def busy_loops(cpu: int, count: int) -> Iterator[None]:
    with contextlib.ExitStack() as others:
        for _ in range(count):
            command = ["taskset", "-c", str(cpu), sys.executable, "-c", "while True: pass"]
            others.callback(others.enter_context(subprocess.Popen(command)).kill)
        yield


on_one_cpu = pytest.mark.skipif(not cpus.usable(), reason="CPUs can be chosen on Linux only")


@pytest.mark.linux
@on_one_cpu
def test_who_never_rests_uses_its_cpu_or_waits_for_it() -> None:
    mine = cpus.usable()[-1]
    with cpus.kept_to((mine,)), busy_loops(mine, 1):
        share = CpuShare()
        until_s = time.perf_counter() + 0.5
        while time.perf_counter() < until_s:
            pass
        share.stop()
    assert share.waited > 0.2
    assert share.busy + share.waited == pytest.approx(1.0, abs=0.1)


@pytest.mark.linux
@on_one_cpu
def test_a_closed_loop_that_shares_its_cpu_with_busy_loops_says_little_about_the_server() -> None:
    its, mine = cpus.usable()[0], cpus.usable()[-1]
    with null_server((its,)) as url, busy_loops(mine, 3):
        result = generate(a_plan(url, workload=PLAIN, arrivals=None, concurrency=32, cpus=(mine,)))
    assert {fault.code for fault in result.faults} & {"generator-starved", "generator-late"}


def test_even_arrivals_of_two_processes_interleave_to_the_schedule_of_one(gthread: str) -> None:
    # 20/s for 2 s: 20 in each second only if the two processes begin together and take every other arrival.
    rows = generate(a_plan(gthread, processes=2, arrivals=Constant(20.0), duration_s=2.0)).tally.series()
    assert [row.offered for row in rows[:2]] == [20, 20]


def test_a_closed_loop_is_shared_and_its_lead_in_is_not_counted(gthread: str) -> None:
    result = generate(a_plan(gthread, processes=2, arrivals=None, concurrency=3, lead_in_s=0.3, duration_s=0.7))
    total = result.tally.total
    assert result.failures == ()
    assert [one.in_flight_max for one in result.processes] == [2, 1]
    assert result.offered_rate_rps is None
    assert total.requests == total.answered == result.arrivals > 20
    assert result.throughput_rps == pytest.approx(result.tally.answered_inside / 0.7)


@pytest.mark.parametrize("more", [{"arrivals": Constant(6.0)}, {"arrivals": None, "concurrency": 4}])
def test_throughput_holds_what_was_on_its_way_when_the_lead_in_ended(
    gthread: str, tmp_path: Path, more: dict[str, object]
) -> None:
    # Each answer takes 0.5 s: nothing that the lead-in asks for is answered in it.
    asked = tmp_path / "asked"
    path = tmp_path / "slow.py"
    path.write_text(
        "from seatrial.load.journeys import get\n\ndef slow(person):\n"
        f"    with open({str(asked)!r}, 'a') as log:\n        log.write('.')\n    yield get('/slow?s=0.5')\n"
    )
    result = generate(
        a_plan(gthread, workload=WorkloadSpec(journeys=path, mix={"slow": 1.0}, people=4), lead_in_s=0.4, **more)
    )
    rows, total = result.tally.series(), result.tally.total
    assert total.requests == total.answered == result.arrivals
    assert sum(row.offered for row in rows) == total.requests
    assert sum(row.answered for row in rows) == len(asked.read_text())
    # The first row is the interval.
    assert result.tally.answered_inside == rows[0].answered


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the program openssl")
def test_every_process_trusts_the_certificates_of_the_plan_and_no_others(
    gunicorn: Callable[..., AbstractContextManager[str]], tmp_path: Path
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=seatrial test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    with gunicorn("--worker-class", "gthread", "--threads", "4", "--certfile", certificate, "--keyfile", key) as http:
        url = http.replace("http:", "https:")
        for trust in ({"ca_file": certificate}, {"verify": False}):
            total = generate(a_plan(url, processes=2, arrivals=Constant(20.0), **trust)).tally.total
            assert total.requests == total.answered == 20
        result = generate(a_plan(url, processes=2, arrivals=Constant(20.0), duration_s=0.5))
        assert result.tally.total.errors == Counter(tls=10)
        assert "is not trusted" in result.failures[0]


@pytest.fixture
def journeys(tmp_path: Path) -> Callable[..., WorkloadSpec]:
    """A workload of the journey `visit`, with people who may sign in."""

    def write(sign_in: str = "", visit: str = "", people: int = 7) -> WorkloadSpec:
        text = VISITS.format(log=str(tmp_path / "visits"), sign_in=sign_in or "pass")
        if visit:
            text = text.replace("    print(", f"    {visit}\n    print(")
        path = tmp_path / "journeys.py"
        path.write_text(text)
        return WorkloadSpec(journeys=path, mix={"visit": 1.0}, sign_in="sign_in" if sign_in else "", people=people)

    return write


def test_people_of_different_processes_are_different_people(
    gthread: str, journeys: Callable[..., WorkloadSpec], tmp_path: Path
) -> None:
    plan = a_plan(gthread, workload=journeys(people=7), processes=3, arrivals=Constant(60.0), duration_s=2.0)
    assert generate(plan).tally.total.answered == 120
    visits = [line.split() for line in (tmp_path / "visits").read_text().splitlines()]
    assert len(visits) == 120
    assert len({text for _, _, text in visits}) == 120
    people: dict[str, set[int]] = {}
    for process, number, _ in visits:
        people.setdefault(process, set()).add(int(number))
    assert sorted(people.values(), key=min) == [{1, 4, 7}, {2, 5}, {3, 6}]


def test_visitors_of_sessions_are_new_people_in_every_process(
    gthread: str, journeys: Callable[..., WorkloadSpec], tmp_path: Path
) -> None:
    spec = journeys(people=4)
    sessions = WorkloadSpec(journeys=spec.journeys, mix=spec.mix, people=4, arrivals_are="sessions")
    result = generate(a_plan(gthread, workload=sessions, processes=2, arrivals=Constant(40.0)))
    assert result.sessions is not None
    assert result.sessions.begun == result.arrivals == 40
    numbers = [int(line.split()[1]) for line in (tmp_path / "visits").read_text().splitlines()]
    assert sorted(numbers) == list(range(5, 45))


def test_each_person_is_signed_in_once_by_the_process_they_belong_to(
    gthread: str, journeys: Callable[..., WorkloadSpec], tmp_path: Path
) -> None:
    note = f"open({str(tmp_path / 'signed_in')!r}, 'a').write(f'{{person.number}}\\n')"
    generate(a_plan(gthread, workload=journeys(sign_in=note), processes=2))
    assert Counter((tmp_path / "signed_in").read_text().split()) == Counter("1234567")


def test_what_the_cap_refuses_counts_as_failed_at_no_less_than_the_timeout(gthread: str) -> None:
    slow = WorkloadSpec(operations=(OperationSpec("slow", "/slow?s=0.5"),), people=2, timeout_s=5.0)
    result = generate(a_plan(gthread, workload=slow, processes=2, arrivals=Constant(40.0), in_flight_max=4))
    total = result.tally.total
    assert result.arrivals == total.requests == 40
    assert total.errors["cap"] >= 20
    assert total.errors["cap"] + total.answered == 40
    assert result.in_flight_max <= 4
    assert total.from_due.quantile_s(0.95) >= 5.0
    assert "in-flight-cap" in [fault.code for fault in result.faults]


@pytest.mark.parametrize("processes", [1, 2])
def test_a_sign_in_that_fails_is_told_and_nothing_is_left(
    gthread: str, journeys: Callable[..., WorkloadSpec], processes: int
) -> None:
    with pytest.raises(LoadError, match=r"signing in: .*no such account"):
        generate(a_plan(gthread, workload=journeys(sign_in="raise ValueError('no such account')"), processes=processes))
    assert not members()


def members() -> list[psutil.Process]:
    """Children of this process that generate load."""
    return [one for one in psutil.Process().children() if "seatrial.load.generator.member" in " ".join(one.cmdline())]


@pytest.mark.parametrize("processes", [1, 2])
def test_a_journeys_file_without_the_journey_is_told_by_its_name(
    gthread: str, journeys: Callable[..., WorkloadSpec], processes: int
) -> None:
    spec = journeys()
    wrong = WorkloadSpec(journeys=spec.journeys, mix={"shop": 1.0})
    with pytest.raises(SpecError, match="there is no function 'shop'") as told:
        generate(a_plan(gthread, workload=wrong, processes=processes))
    assert str(spec.journeys) in str(told.value)
    assert not members()


@pytest.mark.parametrize(
    ("visit", "said"),
    [
        ("os.kill(os.getpid(), 9)", "1 of the generator's 2 processes ended by itself"),
        ("os._exit(0)", "ended by itself"),
    ],
)
def test_a_process_that_ends_by_itself_ends_the_load_with_an_error(
    gthread: str, journeys: Callable[..., WorkloadSpec], visit: str, said: str
) -> None:
    with pytest.raises(LoadError, match=said):
        generate(a_plan(gthread, workload=journeys(visit=visit), processes=2, duration_s=60.0))
    assert not members()


def test_a_target_that_is_not_this_machine_is_refused_by_every_process() -> None:
    for processes in (1, 2):
        with pytest.raises(LoadError, match="not this machine"):
            generate(a_plan("http://192.0.2.1:80", processes=processes))
    assert not members()


@pytest.fixture
def long_load(gthread: str) -> Iterator[Callable[[int], "subprocess.Popen[str]"]]:
    """Starts a load of ten minutes in a process of its own; returns when it has begun."""
    started: list[subprocess.Popen[str]] = []

    def start(processes: int) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            # A shell's background job ignores SIGINT, and so would all it starts: tests may run in one.
            ["env", "--default-signal=INT", sys.executable, "-c", LONG_LOAD, gthread, str(processes)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        while (line := process.stdout.readline()) and "s of load" not in line:
            pass
        assert line, process.communicate(timeout=10)[1]
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate(timeout=10)


@pytest.mark.parametrize("processes", [1, 2])
def test_one_interrupt_gives_what_was_seen_until_then_and_ends_all(
    long_load: Callable[[int], "subprocess.Popen[str]"], eventually: Eventually, processes: int
) -> None:
    process = long_load(processes)
    load = psutil.Process(process.pid)
    children = load.children(recursive=True)
    assert len(children) == (processes if processes > 1 else 0)
    # Long enough for some requests whatever else the machine does: each has used CPU time since the load began.
    working = children or [load]
    begun_s = [sum(one.cpu_times()[:2]) for one in working]
    eventually(lambda: all(sum(one.cpu_times()[:2]) > at_s + 0.02 for one, at_s in zip(working, begun_s, strict=True)))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    told = json.loads(out.splitlines()[-1])
    assert told["is_interrupted"]
    assert told["requests"] == told["answered"] > 0
    assert told["errors"] == {}
    assert 0 < told["lasted_s"] < 60
    assert told["requests"] <= told["arrivals"] <= 40 * told["lasted_s"] + 2
    try:
        eventually(lambda: not any(one.is_running() for one in children), left=lambda: children)
    finally:
        end(children)


def end(processes: list[psutil.Process]) -> None:
    """What should not be there must not stay because a test found it."""
    for one in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()


def test_nothing_survives_when_the_generator_is_killed(
    long_load: Callable[[int], "subprocess.Popen[str]"], eventually: Eventually
) -> None:
    process = long_load(2)
    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) == 2
    try:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=10)
        eventually(lambda: not any(one.is_running() for one in children), left=lambda: children)
    finally:
        end(children)


def test_a_load_that_checked_itself_first_says_what_it_can_do(gthread: str) -> None:
    steps: list[str] = []
    result = generate(a_plan(gthread, is_self_checked=True, duration_s=0.5), tell=steps.append)
    assert result.self_check is not None
    assert result.self_check.ceiling_rps > 300
    assert [step for step in steps if "generator" in step or "load" in step] == steps
    assert len(steps) == 2
