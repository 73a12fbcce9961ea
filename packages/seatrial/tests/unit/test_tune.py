"""Which settings of a server are tried, and which are taken, in worlds whose truth is arithmetic."""

import math
import random
from dataclasses import replace
from itertools import count

import pytest

from seatrial.advise.tuning import promise
from seatrial.advise.tuning.candidates import candidates, references
from seatrial.advise.tuning.conclude import conclude_tuning
from seatrial.advise.tuning.judge import TuneJudge
from seatrial.measure.experiment import Scouted, Seen
from seatrial.measure.measurement import OperationProfile
from seatrial.measure.tune_record import Shape, Tried, TuneRecord
from seatrial.spec.reading import read_declared

MEBIBYTE = 1024 * 1024
CLASSES = ("gthread", "sync", "gevent")
STARTS_MAX = 14

FILE = """\
[subject]
app = "shop:app"

[server]
worker_class = "{kind}"
workers = {workers}
{threads}

[database]
{database}

[plan]
name = "box"
cpus = {cpus}
memory_mb = {memory_mb}

[slo]
latency_max_ms = 5000

[[workload.operations]]
name = "front page"
path = "/"
"""


@pytest.fixture
def declare(tmp_path):
    def write(shape: Shape, cpus: float = 1, memory_mb: int = 512):
        path = tmp_path / "seatrial.toml"
        threads = f"threads = {shape.threads}" if shape.has_threads else ""
        text = FILE.format(
            kind=shape.worker_class,
            workers=shape.workers,
            threads=threads,
            cpus=cpus,
            memory_mb=memory_mb,
            database='kind = "none"' if shape.pool is None else f"pool = {shape.pool}",
        )
        told = "" if shape.pool is None else '\n[subject.environment]\nPOOL_SIZE = "{pool}"\n'
        path.write_text(text + told)
        return read_declared(path)

    return write


class World:
    """Requests of so much CPU and waiting; a throughput by the asymptotic bounds of a closed network: N / (D + Z) and
    1 / D for each CPU (Denning and Buzen 1978), 3 % lower for each worker beyond the CPUs. gevent: a share less. Where
    there are connections a request holds one all the time, so no more of them are inside."""

    def __init__(self, cpu_s: float, wait_s: float, cpus: float, worker_mb: int, gevent_rate: float = 0.9) -> None:
        self.cpu_s, self.wait_s, self.cpus, self.worker_mb = cpu_s, wait_s, cpus, worker_mb
        self.gevent_rate = gevent_rate

    def rps(self, shape: Shape) -> float:
        inside = shape.workers * min(512 if shape.worker_class == "gevent" else shape.threads, shape.pool or 512)
        cpus = min(self.cpus, shape.workers)
        rate = min(inside / (self.cpu_s + self.wait_s), cpus / self.cpu_s)
        rate *= self.gevent_rate if shape.worker_class == "gevent" else 1.0
        return rate * 0.97 ** max(0.0, shape.workers - self.cpus)

    def memory_mb(self, shape: Shape) -> float:
        return 60 + self.worker_mb * shape.workers + 0.3 * shape.workers * shape.threads

    def seen(self, shape: Shape, number: int, chance: random.Random, plan_mb: float) -> Seen:
        if self.memory_mb(shape) > plan_mb:
            return Seen(number, (), failure="the app ran out of memory")
        return Seen(
            number,
            (),
            saturated_rps=self.rps(shape) * math.exp(chance.gauss(0.0, 0.01)),
            cpu_s=self.cpu_s,
            response_time_s=self.cpu_s + self.wait_s,
            memory_bytes=int(self.memory_mb(shape) * MEBIBYTE),
            worker_bytes=self.worker_mb * MEBIBYTE,
        )

    def scouted(self, shape: Shape, saturation_of) -> Scouted:
        wall_s = self.cpu_s + self.wait_s
        profile = OperationProfile(
            "front page", 1.0, 100, self.cpu_s, 0.0, self.wait_s, wall_s, wall_s, cpu_scv=0.0, wait_scv=0.0
        )
        saturation = saturation_of(self.rps(shape), shape.workers, shape.threads, self.cpu_s)
        return Scouted((profile,), saturation, 0.7 * self.rps(shape), 10.0)


def sought(world: World, declared, shape: Shape, saturation_of, seed: int = 1):
    """The record of a whole search, finals included, and the judge; no clock and no server."""
    spec, chance = declared.spec, random.Random(seed)
    judge = TuneJudge(spec)
    record = TuneRecord(
        "now",
        shape,
        600.0,
        classes=CLASSES,
        references=references(spec, CLASSES),
        scouted=world.scouted(shape, saturation_of),
    )
    plan_mb, numbers = spec.plan.limits.subject_memory_bytes / MEBIBYTE, count(1)

    def with_start(record: TuneRecord, shape: Shape) -> TuneRecord:
        return replace(record, tried=(*record.tried, Tried(shape, world.seen(shape, next(numbers), chance, plan_mb))))

    while (found := judge.next_shape(record)) is not None and len(record.tried) < STARTS_MAX:
        record = with_start(record, found)
    for final in 2 * judge.finalists(record):
        record = with_start(record, final)
    return replace(record, complete=True), judge


@pytest.mark.parametrize(
    ("shape", "cpu_ms", "wait_ms", "cpus", "memory_mb", "worker_mb"),
    [
        pytest.param(Shape("sync", 4), 10, 0, 1, 512, 60, marks=pytest.mark.long),
        (Shape("sync", 1), 4, 40, 1, 512, 60),
        pytest.param(Shape("gthread", 1, 4), 2, 200, 1, 512, 90, marks=pytest.mark.long),
        pytest.param(Shape("gthread", 3, 4), 5, 5, 2, 2048, 80, marks=pytest.mark.long),
        pytest.param(Shape("gthread", 1, 1), 10, 90, 1, 1024, 120, marks=pytest.mark.long),
    ],
)
def test_what_is_taken_carries_within_4_percent_of_the_best_of_all(
    declare, saturation_of, shape, cpu_ms, wait_ms, cpus, memory_mb, worker_mb
) -> None:
    world = World(cpu_ms / 1000, wait_ms / 1000, cpus, worker_mb)
    declared = declare(shape, cpus, memory_mb)
    record, judge = sought(world, declared, shape, saturation_of)
    found = conclude_tuning(record, declared, judge)
    plan_mb = declared.spec.plan.limits.subject_memory_bytes / MEBIBYTE
    every = [one for one in candidates(declared.spec, replace(record, tried=())) if world.memory_mb(one) <= plan_mb]
    best_rps = max(world.rps(one) for one in every)
    assert found.best is not None
    taken = Shape(found.best.worker_class, found.best.workers, found.best.threads or 1, found.best.pool)
    assert world.rps(taken) >= 0.96 * best_rps
    # A fifth of a grid of two starts each.
    assert len(record.tried) <= max(2 * len(every) / 5, STARTS_MAX + 8)


def test_connections_are_sought_with_the_threads_where_the_app_is_told_their_number(
    declare, saturation_of, monkeypatch
) -> None:
    monkeypatch.setattr(promise, "REQUESTS", 1_000)
    # 2 ms of CPU and 38 ms in the database: one connection answers 25 a second, with any threads; the CPU could 500.
    shape = Shape("gthread", 1, 4, pool=1)
    declared = declare(shape)
    world = World(0.002, 0.038, 1, 60)
    record, judge = sought(world, declared, shape, saturation_of)
    found = conclude_tuning(record, declared, judge)
    assert found.best is not None
    assert found.best.pool is not None
    assert found.best.saturated_rps > 0.9 * max(world.rps(one) for one in candidates(declared.spec, record))
    assert len(record.tried) <= STARTS_MAX + 8
    assert any(change.after == f"pool = {found.best.pool}" for change in found.changes)


@pytest.mark.parametrize(("kind", "threads"), [("sync", 1), ("gthread", 4), ("gthread", 32)])
def test_no_more_connections_are_thought_of_than_a_process_can_use(declare, kind, threads) -> None:
    declared = declare(Shape(kind, 1, threads, pool=3))
    record = TuneRecord("now", Shape(kind, 1, threads, pool=3), 600.0, classes=CLASSES)
    every = candidates(declared.spec, record)
    assert {one.pool for one in every if one.worker_class == "sync"} == {1}
    assert {one.pool for one in every if one.worker_class == "gthread" and one.threads == 8} == {2, 3, 4, 8}
    assert all(one.workers * (one.pool or 0) <= 92 for one in every)  # PostgreSQL's 100, less those kept back
    assert set(references(declared.spec, CLASSES).values()) <= set(every)


def test_what_others_would_set_is_tried_between_the_steps_of_the_search_too(declare) -> None:
    # Five workers for a dyno of 2 GB; the search itself goes from four to six.
    declared = declare(Shape("sync", 1), memory_mb=2048)
    others = references(declared.spec, CLASSES)
    record = TuneRecord("now", Shape("sync", 1), 600.0, classes=CLASSES, references=others)
    assert others["Heroku's default for 2048 MB"] == Shape("sync", 5)
    assert Shape("sync", 5) in candidates(declared.spec, record)


def test_nothing_is_changed_where_nothing_is_better(declare, saturation_of) -> None:
    # 10 ms of CPU and no waiting: one slot fills the one CPU, and every further worker costs 3 %.
    shape = Shape("sync", 1)
    declared = declare(shape)
    record, judge = sought(World(0.010, 0.0, 1, 60), declared, shape, saturation_of)
    found = conclude_tuning(record, declared, judge)
    assert found.best is not None
    assert found.best.server == "sync 1"
    assert (found.ratio, found.changes) == (1.0, ())
    assert "one-start-each" not in {caveat.code for caveat in found.caveats}
    once = replace(record, tried=record.tried[:1])
    assert "one-start-each" in {caveat.code for caveat in conclude_tuning(once, declared, judge).caveats}


def test_memory_is_kept_to_and_what_others_advise_is_tried_or_said_not_to_fit(declare, saturation_of) -> None:
    # 392 MB for the app: 60 and 150 for each worker, so two fit, and gunicorn's rule of three does not.
    shape = Shape("sync", 1)
    declared = declare(shape)
    record, judge = sought(World(0.005, 0.045, 1, 150), declared, shape, saturation_of)
    assert {one.workers for one in record.shapes if not record.failure_of(one)} <= {1, 2}
    found = conclude_tuning(record, declared, judge)
    tried = {name for row in found.rows for name in row.names}
    assert {"gunicorn's default", "Heroku's default for 512 MB"} <= tried
    told = {**found.not_tried, **{row.server: row.failure for row in found.rows if row.failure}}
    assert any("gunicorn's rule" in name or name == "sync 3" for name in told)


def test_the_gain_comes_with_its_interval_and_the_lines_to_change(declare, saturation_of) -> None:
    # 5 ms of CPU, 45 ms of waiting: one slot answers 20 a second, the CPU could 200.
    shape = Shape("sync", 1)
    declared = declare(shape)
    record, judge = sought(World(0.005, 0.045, 1, 60), declared, shape, saturation_of)
    found = conclude_tuning(record, declared, judge)
    assert found.ratio is not None
    assert found.ratio > 7.0
    assert found.ratio_low is not None
    assert found.ratio_low < found.ratio < (found.ratio_high or 0.0)
    assert 'worker_class = "' in found.changes[0].after
    assert any(change.elsewhere.startswith("gunicorn --") for change in found.changes)
    assert math.isclose(sum(row.starts for row in found.rows), len(record.tried), abs_tol=0.1)
