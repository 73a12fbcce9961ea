"""What a Prometheus may ask: counts and times of requests by route, waits for the database, work to be done, listeners.

Off unless FLOTILLA_METRICS_TOKEN is set. A route is named by its pattern, so that no line names a person. With several
processes each keeps its numbers in a file of the folder PROMETHEUS_MULTIPROC_DIR, which `flotilla run` makes in memory;
whichever process is asked adds them up.
"""

import hmac
import os
import time
from functools import cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, abort, current_app, g, request

from flotilla.settings import Settings
from flotilla.web.sessions import site

__all__ = ["FOLDER", "add_metrics", "blueprint", "meters"]

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
BATCH_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
BUCKETS_S = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
POOL_LOOK_EVERY_S = 1.0
NO_ROUTE = "none"

blueprint = Blueprint("metrics", __name__)


class Meters:
    """What is counted in each process. Made once: the library keeps a list of all of them."""

    def __init__(self) -> None:
        # Late: a site without a token needs none of it.
        from prometheus_client import Counter, Gauge, Histogram

        self.requests = Counter(
            "flotilla_requests", "Answers, by route and kind of status.", ["method", "route", "status"]
        )
        self.seconds = Histogram("flotilla_request_seconds", "Time to an answer.", ["route"], buckets=BUCKETS_S)
        self.pool_queued = Gauge(
            "flotilla_pool_requests_queued",
            "How often a database connection had to be waited for.",
            multiprocess_mode="livesum",
        )
        self.pool_wait = Gauge(
            "flotilla_pool_wait_seconds", "Time spent waiting for them.", multiprocess_mode="livesum"
        )
        self.past_pooler = Gauge(
            "flotilla_pooler_passed_by",
            "Processes that connect past the pooler because it is gone.",
            multiprocess_mode="livesum",
        )
        self.listeners = Gauge(
            "flotilla_live_listeners", "Live connections that are open.", multiprocess_mode="livesum"
        )
        self.batches = Histogram(
            "flotilla_batch_size", "Writes stored together, by kind.", ["kind"], buckets=BATCH_BUCKETS
        )
        self.cache = Counter(
            "flotilla_cache", "Looks for a kept page, by route and what came of it.", ["route", "outcome"]
        )
        self.cache_given_up = Gauge(
            "flotilla_cache_given_up", "Processes whose cache server does not answer.", multiprocess_mode="livesum"
        )
        self.storage_given_up = Gauge(
            "flotilla_media_given_up",
            "Processes whose storage for pictures does not answer.",
            multiprocess_mode="livesum",
        )
        self.looked_s = 0.0

    def look_at_batch(self, kind: str, size: int) -> None:
        """Count a batch of that many writes."""
        self.batches.labels(kind).observe(size)

    def look_at_pool(self, numbers: dict[str, int]) -> None:
        """Take over the pool's own numbers."""
        self.pool_queued.set(numbers.get("requests_queued", 0))
        self.pool_wait.set(numbers.get("requests_wait_ms", 0) / 1000)
        self.past_pooler.set(numbers.get("past_pooler", 0))


@cache
def meters() -> Meters:
    """This process's meters."""
    return Meters()


def add_metrics(app: Flask, settings: Settings) -> None:
    """Count the requests to `app`, if there is a token to ask with."""
    if not settings.metrics_token:
        return
    known = meters()
    app.extensions["flotilla.site"].together.watch(known.look_at_batch)

    @app.after_request
    def count(response: Response) -> Response:
        rule = request.url_rule.rule if request.url_rule else NO_ROUTE
        known.requests.labels(request.method, rule, f"{response.status_code // 100}xx").inc()
        started_s = g.get("started_s")
        if started_s is not None:
            known.seconds.labels(rule).observe(time.perf_counter() - started_s)
        now_s = time.monotonic()
        if now_s - known.looked_s > POOL_LOOK_EVERY_S:
            known.looked_s = now_s
            known.look_at_pool(site().database.pool_numbers())
            known.cache_given_up.set(site().page_cache.is_given_up)
            known.storage_given_up.set(site().files.is_given_up)
        return response


@blueprint.get("/metrics")
def metrics() -> Response:
    """All numbers, for whoever shows the token."""
    settings: Settings = current_app.extensions["flotilla.settings"]
    offered = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
    if not settings.metrics_token or not hmac.compare_digest(offered, settings.metrics_token.encode()):
        abort(404)
    from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

    body = generate_latest(_registry()) + _jobs().encode() + _lag().encode()
    return Response(body, content_type=CONTENT_TYPE_LATEST)


def _registry() -> Any:
    from prometheus_client import REGISTRY, CollectorRegistry, multiprocess

    if FOLDER not in os.environ:
        return REGISTRY
    folder = Path(os.environ[FOLDER])
    for pid in {path.stem.rpartition("_")[2] for path in folder.glob("gauge_live*_*.db")}:
        if not _is_alive(int(pid)):
            multiprocess.mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]
    return registry


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _jobs() -> str:
    lines = ["# HELP flotilla_jobs Work to be done later, by queue.", "# TYPE flotilla_jobs gauge"]
    for queue, due, planned, failed in site().background.depth():
        for state, count in (("due", due), ("planned", planned), ("failed", failed)):
            lines.append(f'flotilla_jobs{{queue="{queue}",state="{state}"}} {count}')
    return "\n".join(lines) + "\n"


def _lag() -> str:
    lag_s = site().feeds.lag_s()
    if lag_s is None:
        return ""
    name = "flotilla_fan_out_lag_seconds"
    told = "Age of the oldest post that has not reached its author's followers yet."
    return f"# HELP {name} {told}\n# TYPE {name} gauge\n{name} {lag_s:.3f}\n"
