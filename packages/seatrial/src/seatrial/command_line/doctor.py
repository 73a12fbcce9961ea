"""`seatrial doctor`: look, tell."""

import argparse
import json
import sys

from seatrial.commands import doctor
from seatrial.report.checkup_terminal import checkup_json, checkup_text

__all__ = ["run_doctor"]


def run_doctor(options: argparse.Namespace) -> int:
    """Runs `doctor`; 0 when a measurement can be made, 3 when something stops it."""

    def tell(step: str) -> None:
        print(step, file=sys.stderr, flush=True)  # noqa: T201 - progress

    checks = doctor(options.path, tell=tell)
    print(json.dumps(checkup_json(checks), indent=2) if options.json else checkup_text(checks), end="")  # noqa: T201
    return 3 if any(check.verdict == "stops" for check in checks) else 0
