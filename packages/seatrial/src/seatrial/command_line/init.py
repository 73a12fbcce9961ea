"""`seatrial init`: look, write, tell."""

import argparse
import json
import sys

from seatrial.commands import init
from seatrial.discover.discovery import Wishes
from seatrial.report.proposal_document import proposal_json
from seatrial.report.proposal_terminal import proposal_table

__all__ = ["run_init"]


def run_init(options: argparse.Namespace) -> int:
    """Runs `init`; returns the exit status."""
    wishes = Wishes(
        app=options.app,
        command=options.start,
        python=options.python.absolute() if options.python else None,
        user=options.user,
        password=options.password,
        signs_up=options.sign_up,
        logs=tuple(options.log),
        har=options.har,
        prepare=tuple(options.prepare),
        openapi=options.openapi,
        locust=options.locust,
    )

    def tell(step: str) -> None:
        if not options.quiet:
            print(step, file=sys.stderr, flush=True)  # noqa: T201 - progress

    proposal, written = init(options.path, wishes, tell=tell, overwrite=options.overwrite)
    if options.json:
        print(json.dumps(proposal_json(proposal, written), indent=2))  # noqa: T201 - the command's own output
        return 0
    print(proposal_table(proposal))  # noqa: T201
    for path in written:
        print(f"wrote {path}")  # noqa: T201
    print(f"next: seatrial measure {written[0]}")  # noqa: T201
    return 0
