"""Holds a test bed with gunicorn, PostgreSQL and the services open until it is ended; tells on stdout what it holds.

`python testbed_holder.py STAGE`: stage "ready", or a progress phrase such as "starting PostgreSQL", at which it stops.
"""

import contextlib
import json
import signal
import sys
from pathlib import Path

from seatrial.errors import TestbedError
from seatrial.spec.plan import Limits, Plan, Price
from seatrial.spec.services import Services
from seatrial.spec.subject import Server, Subject
from seatrial.spec.trial_spec import TrialSpec
from seatrial.spec.workload import WorkloadSpec
from seatrial.testbed.caddy import find_caddy
from seatrial.testbed.pgbouncer import find_pgbouncer
from seatrial.testbed.testbed import Testbed
from seatrial.testbed.valkey import find_valkey

HERE = Path(__file__).parent


def services() -> Services:
    """Those that this Python finds."""
    found = {}
    for key, name, find in (
        ("pooler", "pgbouncer", find_pgbouncer),
        ("cache", "valkey", find_valkey),
        ("balancer", "caddy", find_caddy),
    ):
        with contextlib.suppress(TestbedError):
            find()
            found[key] = name
    return Services(**found, instances=2 if "balancer" in found else 1)


def main() -> None:
    """Open it, say so, wait."""
    stage = sys.argv[1]
    subject = Subject(
        "held", "testbed_app:app", HERE, Path(sys.executable), server=Server(workers=1), services=services()
    )
    limits = Limits(1.0, 512 * 1024 * 1024)
    trial = TrialSpec(Path("seatrial.toml"), subject, Plan("p", "p", "p", limits, Price(None, "", "")), WorkloadSpec())

    def tell(phrase: str) -> None:
        if phrase.startswith(stage):
            held = {
                "token": testbed._token,
                "folder": str(testbed.folder),
                "caveats": testbed.caveats,
                "services": [process.order.argv[0] for process in testbed._running().services],
            }
            print(json.dumps(held), flush=True)
            if stage == "ready":
                signal.pause()

    testbed = Testbed(trial, on_progress=tell)
    with testbed:
        testbed.prepare()
        testbed.start(2, 2, fresh_data=False)
        tell("ready")


if __name__ == "__main__":
    main()
