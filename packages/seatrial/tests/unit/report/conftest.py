"""Findings as a real study gives them, for the tests of the report."""

from dataclasses import replace

import pytest

from seatrial.advise.findings import (
    Capacity,
    DailyUsers,
    DatabaseLoad,
    DearStatement,
    DemandChange,
    DemandMs,
    Findings,
    InsideFindings,
    MemoryFindings,
    MemoryGrowth,
    PlanFindings,
    RegressionCheck,
    WorkerPrediction,
)
from seatrial.measure.measurement import Caveat

MB = 1024 * 1024

OPERATIONS = {
    "home timeline": (6.31, 2.84, 1.2, 0.42, 4.0),
    "public timeline": (4.93, 2.21, 0.9, 0.18, 3.0),
    "profile": (4.12, 1.73, 0.7, 0.17, 3.0),
    "one post": (2.64, 0.92, 0.4, 0.14, 2.0),
    "write a post": (3.88, 1.96, 4.6, 0.04, 6.0),
    "like": (2.21, 1.44, 3.9, 0.05, 4.0),
}


INSIDE = InsideFindings(
    change=DemandChange(6.5, 6.9, 2.0, 2.1, 0.062, 0.041, 0.083),
    middleware_ms=0.021,
    middleware_error_ms=0.008,
    busy_slots=(0.61, 0.6),
    database=(
        DatabaseLoad(0.5, 72.0, 2.9, 2.1, 0.0, 0.21, 0.03),
        DatabaseLoad(0.8, 115.0, 3.6, 2.4, 0.42, 0.33, 0.02),
    ),
    statements=(
        DearStatement("SELECT post.id FROM post JOIN follow ON ... ORDER BY post.id DESC LIMIT ?", 0.84, 1.12),
        DearStatement("SELECT name FROM author WHERE id = ?", 8.4, 0.71),
    ),
    regression=RegressionCheck(("home timeline", "profile"), ("like",), (("profile", 5.9, 7.1, 0.8),)),
    growth=MemoryGrowth(1240.0, 1010.0, 1470.0, 6200, is_above_noise=True),
)


def _parts_alone(app, database, wait):
    """A request alone: its CPU, four fifths of its wait for PostgreSQL, and a tenth each elsewhere and nowhere."""
    return {
        "alone": app + database + wait,
        "app_alone": app,
        "database_alone": database,
        "database_wait": 0.8 * wait,
        "lock_wait": 0.0,
        "external_wait": 0.1 * wait,
        "unattributed": 0.1 * wait,
        "connection_hold": database + 0.8 * wait,
        "round_trips": 5.0,
        "rows": 21.0,
        "answer_bytes": 18_432.0,
    }


def _points():
    rows = []
    for run in (1, 2, 3):
        wobble = 1.0 + 0.02 * (run - 2)
        for rate, time_s, verdict, label in (
            (40.0, 0.021, "sustained", "warm-up"),
            (72.0, 0.026, "sustained", "half load"),
            (147.0, 0.031, "sustained", "saturation"),
            (130.0, 0.118, "sustained", "confirm low"),
            (165.0, 1.93, "violated", "confirm high"),
        ):
            rows.append(
                {
                    "offered_rate_rps": rate * wobble,
                    "slo_quantile_s": time_s * wobble,
                    "p50_s": time_s * 0.42,
                    "p99_s": time_s * 1.62,
                    "verdict": verdict,
                    "label": label,
                    "workers": 1,
                }
            )
    rows.append({**rows[4], "offered_rate_rps": 158.0, "slo_quantile_s": 0.84, "verdict": "invalid", "label": "search"})
    rows.append({**rows[1], "offered_rate_rps": 148.0, "slo_quantile_s": 0.21, "label": "search", "workers": 2})
    return tuple(rows)


def sample_findings(**changes):
    """One worker of flotilla on the smallest plan; keyword arguments replace fields."""
    curve = tuple(
        (rate, 0.0178 / (1 - rate / 148.5))
        for rate in (5, 20, 40, 60, 80, 100, 115, 125, 133, 139, 142, 143.2, 145, 147)
    )
    findings = Findings(
        subject="flotilla",
        server="gunicorn gthread, 1 worker x 4 threads",
        objective="95 % of answers within 500 ms",
        latency_max_s=0.5,
        latency_quantile=0.95,
        verdict="sustained",
        verdict_sentence="",
        worker_capacity=Capacity(
            143.2, 137.1, 149.3, 132.6, 161.7, 1, 4, "measured: saturation, times the model's ratio"
        ),
        plan_capacity=Capacity(149.6, 143.0, 156.1, None, None, 2, 4, "model"),
        demand_ms=DemandMs(
            app=4.83,
            database=2.08,
            total=6.91,
            low_total=6.62,
            high_total=7.2,
            wait=1.31,
            by_operation={
                name: {
                    "app": app,
                    "database": database,
                    "total": app + database,
                    "wait": wait,
                    "share": share,
                    "queries": queries,
                    **_parts_alone(app, database, wait),
                }
                for name, (app, database, wait, share, queries) in OPERATIONS.items()
            },
        ),
        queries_per_request=3.24,
        memory_bytes=MemoryFindings(92 * MB, 74 * MB, 31 * MB, 120 * MB, 512 * MB, 8),
        workers_that_fit=8,
        worker_predictions=(
            WorkerPrediction(1, 4, 143.2, 143.2, True),
            WorkerPrediction(2, 4, 149.6, 148.0, True, 142.0, 157.0),
            WorkerPrediction(3, 4, 150.7, None, True, 143.0, 158.0),
            WorkerPrediction(4, 4, 150.9, None, True),
            WorkerPrediction(9, 4, 150.9, None, False),
        ),
        bottleneck={
            "station": "cpu",
            "utilization": 0.97,
            "sentence": "The CPU gives way first: at 143 requests/s it is 97 % busy.",
        },
        plan=PlanFindings(
            "digitalocean-basic-512mb",
            "s-1vcpu-512mb-10gb",
            "DigitalOcean",
            "Droplet Basic",
            1.0,
            "shared",
            512 * MB,
            4.0,
            "https://www.digitalocean.com/pricing/droplets",
            "2026-11-20",
        ),
        daily_users=DailyUsers(
            4_390.0,
            28_300.0,
            136_200.0,
            0.3,
            {
                "sessions_per_day": (1.2, 3.0, 14.0),
                "requests_per_session": (8.0, 20.0, 60.0),
                "peak_factor": (1.7, 3.0, 6.0),
            },
        ),
        caveats=(
            Caveat(
                "no-cgroup-rights",
                "CPU and memory were pinned, not limited, because this account may not make control groups.",
                "Run it once as root, or on the plan itself.",
            ),
            Caveat(
                "noise",
                "Another program used up to 6 % of the measured CPU.",
                "Close other programs and measure again.",
            ),
        ),
        limits_of_this=(
            "how fast this plan's CPU is against this machine's: the limits were the plan's, the CPU was not",
            "What happens when the tables are ten times as large.",
            "What the network between your users and the server adds.",
        ),
        points=_points(),
        curve=curve,
        inside=INSIDE,
        dearest_operation="home timeline",
        dearest_queries=(
            ("home timeline", "SELECT post.id FROM post JOIN follow ON ... ORDER BY post.id DESC LIMIT 20", 2.0),
        ),
        environment={
            "cpu_model": "AMD EPYC 7B13",
            "kernel": "6.1.0",
            "python": "3.11.7",
            "postgresql": "16.4",
            "placement": {"subject": [0], "generator": [1]},
            "seatrial": "0.1.0",
        },
        measured_at="2026-11-23T18:40:12+00:00",
    )
    return replace(findings, **changes)


def bare_findings(**changes):
    """A study in which next to nothing could be read."""
    nothing = Capacity(None, None, None, None, None, 1, 4)
    return sample_findings(
        **{
            "verdict": "invalid",
            "verdict_sentence": "The load generator was the limit, so nothing can be said of the subject.",
            "worker_capacity": nothing,
            "plan_capacity": nothing,
            "demand_ms": DemandMs(None, None, None),
            "queries_per_request": None,
            "memory_bytes": MemoryFindings(None, None, None, 120 * MB, 512 * MB, None),
            "workers_that_fit": None,
            "worker_predictions": (),
            "bottleneck": {},
            "daily_users": DailyUsers(None, None, None, 0.3, {}),
            "points": (),
            "curve": (),
            "dearest_operation": "",
            "dearest_queries": (),
            "inside": InsideFindings(),
            "environment": {},
            "complete": False,
            **changes,
        }
    )


def running_findings(**changes):
    """An app that was running already: no plan, no meters."""
    operations = {
        name: {"app": None, "database": None, "total": None, "wait": None, "alone": 10.0, "share": parts[3]}
        for name, parts in OPERATIONS.items()
    }
    operations["write a post"]["alone"] = 35.0
    return sample_findings(
        **{
            "address": "http://127.0.0.1:8000",
            "server": "running at http://127.0.0.1:8000, seen to work on about 4 requests at once",
            "worker_capacity": Capacity(143.2, 137.1, 149.3, 132.6, 161.7, None, None, "mean of 3 repeats"),
            "plan_capacity": None,
            "plan": None,
            "memory_bytes": None,
            "workers_that_fit": None,
            "worker_predictions": (),
            "demand_ms": DemandMs(None, None, None, by_operation=operations),
            "queries_per_request": None,
            "inside": InsideFindings(),
            "points": tuple({**row, "workers": None} for row in _points() if row["workers"] == 1),
            "caveats": (),
            "limits_of_this": (),
            **changes,
        }
    )


@pytest.fixture
def running():
    """Builds findings of an app that was running already."""
    return running_findings


@pytest.fixture
def sample():
    """Builds findings of a good study."""
    return sample_findings


@pytest.fixture
def bare():
    """Builds findings of a study that saw nothing."""
    return bare_findings
