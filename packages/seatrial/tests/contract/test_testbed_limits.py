"""Real control groups on this machine: CPU is counted rightly, CPUs and memory are held to."""

import os
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from seatrial.measure.calibrating import work_file
from seatrial.measure.calibration_result import read_calibration
from seatrial.testbed.cgroup_layout import GroupLimits
from seatrial.testbed.cgroups import Groups, Unavailable, make_groups
from seatrial.testbed.meters import ProcessMeters
from seatrial.testbed.process import Order, Process, Warden
from seatrial.testbed.running import Running
from seatrial.testbed.testbed import Testbed

pytestmark = [
    pytest.mark.quiet,
    pytest.mark.linux,
    pytest.mark.skipif(sys.platform != "linux", reason="control groups exist on Linux only"),
]
MEBIBYTE = 1024 * 1024
# Says that it is up, waits for the file `go`, uses a second of CPU, says how much it was, stays.
SPIN = """
import pathlib, time
print("up", flush=True)
while not pathlib.Path("go").exists():
    time.sleep(0.02)
began = time.process_time()
while time.process_time() < began + 1.0:
    pass
print("used", time.process_time() - began, flush=True)
time.sleep(60)
"""


@pytest.fixture
def keeper() -> Iterator[Warden]:
    keeper = Warden(f"test{os.getpid()}x{time.monotonic_ns()}")
    yield keeper
    keeper.close()


def groups_or_skip(keeper: Warden, limits: GroupLimits) -> Groups:
    made = make_groups(keeper.token, limits, lambda removal: keeper.tell(groups=removal))
    if isinstance(made, Unavailable):
        pytest.skip(made.reason)
    return made


def run_in(groups: Groups, keeper: Warden, folder: Path, program: str) -> Process:
    app = groups.layout.app
    order = Order(
        (sys.executable, "-c", program), {}, folder, folder / "log", groups=app.entries, own_group=app.members
    )
    return Process(order, keeper)


def a_cpu() -> int:
    return max(os.sched_getaffinity(0))


def test_cpu_seconds_agree_with_the_processs_own_clock_within_2_percent(keeper, tmp_path, eventually):
    groups = groups_or_skip(keeper, GroupLimits((a_cpu(),), 256 * MEBIBYTE))
    process = run_in(groups, keeper, tmp_path, SPIN)
    eventually(lambda: process.log_tail() == "up")
    before_s = groups.app_cpu_s()
    (tmp_path / "go").touch()
    eventually(lambda: "used" in process.log_tail(), 40.0)
    used_s = groups.app_cpu_s() - before_s
    assert used_s == pytest.approx(float(process.log_tail().split()[-1]), rel=0.02)
    assert groups.database_cpu_s() == 0.0
    process.stop()
    groups.close()


def test_the_cpu_meter_opens_no_file_to_be_read(keeper):
    # It is read before and after each single request: what a file's opening takes would be in every figure.
    groups = groups_or_skip(keeper, GroupLimits((a_cpu(),), 256 * MEBIBYTE))
    opened: list[object] = []
    watching = True
    sys.addaudithook(lambda event, args: opened.append(args[0]) if watching and event == "open" else None)
    groups.app_cpu_s()
    groups.database_cpu_s()
    seen = tuple(opened)
    Path("/proc/self/stat").read_bytes()
    watching = False
    assert (seen, len(opened)) == ((), 1)
    groups.close()


def test_the_cpuset_holds_against_a_process_that_wants_all_cpus(keeper, tmp_path):
    groups = groups_or_skip(keeper, GroupLimits((a_cpu(),), 256 * MEBIBYTE))
    program = "import os\ntry: os.sched_setaffinity(0, range(os.cpu_count()))\nfinally: print(os.sched_getaffinity(0))"
    process = run_in(groups, keeper, tmp_path, program)
    process.wait(30.0)
    assert process.log_tail().splitlines()[-1] == str({a_cpu()})
    groups.close()


def test_memory_beyond_the_limit_is_refused_and_counted(keeper, tmp_path):
    groups = groups_or_skip(keeper, GroupLimits((a_cpu(),), 64 * MEBIBYTE))
    process = run_in(
        groups, keeper, tmp_path, "held = [bytearray(b'x' * 2**20) for _ in range(300)]; print('survived')"
    )
    assert process.wait(30.0) == -9
    assert groups.app_oom_kills() == 1
    assert groups.database_oom_kills() == 0
    peak_bytes = groups.memory_peak_bytes()
    assert peak_bytes is None or 60 * MEBIBYTE <= peak_bytes <= 64 * MEBIBYTE
    groups.close()


def test_a_quota_of_half_a_cpu_takes_twice_as_long_and_is_told_as_throttled_time(keeper, tmp_path):
    groups = groups_or_skip(keeper, GroupLimits((a_cpu(),), 256 * MEBIBYTE, (5_000, 10_000)))
    groups.apply_quota()
    program = (
        "import time\nbegan = time.perf_counter()\nused = time.process_time()\n"
        "while time.process_time() - used < 0.5: pass\nprint(time.perf_counter() - began)"
    )
    process = run_in(groups, keeper, tmp_path, program)
    assert process.wait(30.0) == 0
    took_s = float(process.log_tail())
    # Neighbours on the same CPU slow it further and leave less to hold back; they never speed it up.
    assert took_s >= 0.95
    assert groups.throttled_periods() > 0
    assert groups.throttled_s() > 0
    groups.close()


def test_a_calibration_inside_a_quota_tells_of_it_and_is_slower_by_the_clock_only(keeper, tmp_path):
    groups = groups_or_skip(keeper, GroupLimits((a_cpu(),), 256 * MEBIBYTE, (25_000, 50_000)))
    groups.apply_quota()
    (tmp_path / "calibrate.py").write_bytes(work_file())
    program = "import runpy, sys\nsys.argv = ['calibrate.py', '--slices', '4', '--out', 'here.json']\n"
    process = run_in(groups, keeper, tmp_path, program + "runpy.run_path('calibrate.py', run_name='__main__')")
    assert process.wait(60.0) == 0, process.log_tail()
    found = read_calibration(tmp_path / "here.json")
    assert (found.cpu_quota, found.cpus_allowed, found.usable_cpus) == (0.5, 1, 0.5)
    assert found.units_per_wall_s.median < 0.6 * found.units_per_cpu_s.median
    # Four half-seconds, of which the quota takes half; neighbours on the same CPU leave it less to take.
    assert 0 < found.throttled_s < 4
    assert found.throttled_periods > 0
    groups.close()


def test_without_control_groups_the_process_table_tells_nearly_the_same(keeper, tmp_path, eventually):
    spin = "import time\nwhile time.process_time() < 0.5: pass\nprint(time.process_time(), flush=True)\ntime.sleep(60)"
    program = f"import subprocess, sys\nchild = subprocess.Popen([sys.executable, '-c', {spin!r}])\n{spin}"
    process = Process(Order((sys.executable, "-c", program), {}, tmp_path, tmp_path / "log"), keeper)
    meters = ProcessMeters()
    eventually(lambda: len(process.log_tail().splitlines()) == 2, 40.0)
    own_clocks_s = [float(line) for line in process.log_tail().splitlines()]
    used_s = meters.cpu_seconds(Running((process,))).app_s
    assert used_s == pytest.approx(sum(own_clocks_s), rel=0.02)
    assert len(meters.pids(process)) == 2
    process.stop()
    assert meters.cpu_seconds(Running()).app_s == used_s


def test_the_app_runs_on_the_subjects_cpus_and_seatrial_on_the_others(trial_of):
    own = os.sched_getaffinity(0)
    with Testbed(trial_of()) as testbed:
        testbed.prepare()
        testbed.start(1, 2, fresh_data=False)
        with urllib.request.urlopen(f"{testbed.url}/cpus", timeout=10) as answer:
            assert answer.read().decode() == str(list(testbed.placement.subject_cpus))
        assert os.sched_getaffinity(0) == set(testbed.placement.generator_cpus)
    assert os.sched_getaffinity(0) == own


def test_readings_hold_the_cpu_and_memory_of_every_process_of_the_app(trial_of):
    with Testbed(trial_of()) as testbed:
        testbed.prepare()
        testbed.start(2, 2, fresh_data=False)
        before = testbed.readings()
        assert before.processes == len(before.worker_memory_bytes) == 3
        assert before.app_memory_bytes == sum(before.worker_memory_bytes)
        assert before.database_cpu_s is None
        assert before.database_memory_bytes is None
        with urllib.request.urlopen(f"{testbed.url}/spin?0.5", timeout=30) as answer:
            spun_s = float(answer.read())
        spun = testbed.readings()
        with urllib.request.urlopen(f"{testbed.url}/leak?50", timeout=30) as answer:
            answer.read()
        after = testbed.readings()
        assert before.app_cpu_s is not None
        assert spun.app_cpu_s is not None
        assert after.app_cpu_s is not None
        assert after.app_memory_bytes is not None
        # What gunicorn itself needs for one request is added.
        assert spun_s - 0.01 <= spun.app_cpu_s - before.app_cpu_s <= spun_s + 0.05
        grown = after.app_memory_bytes - before.app_memory_bytes
        assert 50 * MEBIBYTE <= grown <= 56 * MEBIBYTE
        testbed.stop()
        stopped = testbed.readings()
        assert stopped.app_memory_bytes is None
        assert stopped.app_cpu_s is not None
        assert stopped.app_cpu_s >= after.app_cpu_s


def test_placeholders_reach_the_apps_environment(trial_of):
    environment = {"PYTHONDONTWRITEBYTECODE": "1", "PLACE": "{port} {work} {{as is}}"}
    with Testbed(trial_of(environment=environment)) as testbed:
        testbed.prepare()
        testbed.start(1, 1, fresh_data=False)
        with urllib.request.urlopen(f"{testbed.url}/environment?PLACE", timeout=10) as answer:
            told = answer.read().decode()
        port, work, rest = told.split(" ", 2)
        assert testbed.url.endswith(f":{port}")
        assert Path(work).is_dir()
        assert rest == "{as is}"
