"""A whole Flotilla as Seatrial's test bed runs it, for the benchmarks beside this file."""

import sys
from collections.abc import Mapping
from pathlib import Path

from seatrial.spec.catalog import catalog
from seatrial.spec.subject import Database, Server, Subject
from seatrial.spec.trial_spec import TrialSpec
from seatrial.spec.workload import WorkloadSpec

__all__ = ["ENVIRONMENT", "ROOT", "site_trial"]

ROOT = Path(__file__).parent.parent.parent
PLAN = "do-s-1vcpu-512mb-10gb"

ENVIRONMENT: Mapping[str, str] = {
    "FLOTILLA_ENVIRONMENT": "production",
    "FLOTILLA_SECURE_COOKIES": "off",
    "FLOTILLA_SECRET_KEY": "only for trials: nobody's cookies are signed with it 0123456789",
    "FLOTILLA_LIMITS": "off",
    "FLOTILLA_PASSWORD_GRANT": "on",
    "FLOTILLA_OWNER_URL": "{database_url}",
    "FLOTILLA_DATABASE_URL": "postgresql://flotilla_app:trial@{database_host}:{database_port}/{database_name}",
    "FLOTILLA_MEDIA_FOLDER": "{work}/media",
    "MALLOC_MMAP_THRESHOLD_": "1048576",
}


def site_trial(
    *,
    people: int,
    posts: int,
    workload: WorkloadSpec | None = None,
    command: tuple[str, ...] = (),
    seed: tuple[str, ...] = (),
    memory_bytes: int | None = None,
) -> TrialSpec:
    """The trial on the smallest plan with a town of that size.

    command: starts the site in place of gunicorn, with {port}. seed: further arguments of `flotilla seed`.
    memory_bytes: in place of the plan's, for a town that would not fit.
    """
    plan = catalog().plan(PLAN)
    if memory_bytes is not None:
        from dataclasses import replace

        plan = replace(plan, limits=replace(plan.limits, memory_bytes=memory_bytes))
    flotilla = str(Path(sys.executable).parent / "flotilla")
    return TrialSpec(
        path=Path(__file__),
        subject=Subject(
            name="flotilla",
            app="" if command else "flotilla.app:create_app()",
            directory=ROOT,
            python=Path(sys.executable),
            server=Server(kind="command" if command else "gunicorn", command=command),
            database=Database(),
            health_path="/health",
            environment=ENVIRONMENT,
            prepare=(
                (flotilla, "migrate"),
                (flotilla, "seed", "--people", str(people), "--posts", str(posts), "--seed", "1", "--force", *seed),
            ),
            prepare_timeout_s=3000.0,
            start_timeout_s=60.0,
            size=people,
        ),
        plan=plan,
        workload=workload or WorkloadSpec(),
    )
