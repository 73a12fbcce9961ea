"""Holds a test bed with gunicorn and PostgreSQL open until it is ended; tells on stdout what it holds, as JSON.

`python testbed_holder.py STAGE`: stage "ready", or a progress phrase such as "starting PostgreSQL", at which it stops.
"""

import json
import signal
import sys
from pathlib import Path

from seatrial.spec.plan import Limits, Plan, Price
from seatrial.spec.subject import Server, Subject
from seatrial.spec.trial_spec import TrialSpec
from seatrial.spec.workload import WorkloadSpec
from seatrial.testbed.testbed import Testbed

HERE = Path(__file__).parent


def main() -> None:
    """Open it, say so, wait."""
    stage = sys.argv[1]
    subject = Subject("held", "testbed_app:app", HERE, Path(sys.executable), server=Server(workers=2))
    limits = Limits(1.0, 512 * 1024 * 1024)
    trial = TrialSpec(Path("seatrial.toml"), subject, Plan("p", "p", "p", limits, Price(None, "", "")), WorkloadSpec())

    def tell(phrase: str) -> None:
        if phrase.startswith(stage):
            held = {"token": testbed._token, "folder": str(testbed._folder), "caveats": testbed.caveats}
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
