"""What `seatrial init` found, as a JSON document."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from seatrial.discover.proposal import Proposal

__all__ = ["proposal_json"]

SCHEMA = "seatrial-init/1"


def proposal_json(proposal: Proposal, written: Sequence[Path]) -> dict[str, Any]:
    """Names are a contract: `schema`, `written`, `found` (topic, what, how, doubt), `environment`, `operations`,
    `left_out` (`METHOD /path` of what no operation covers)."""
    return {
        "schema": SCHEMA,
        "written": [str(path) for path in written],
        "framework": proposal.framework,
        "found": [
            {"topic": clue.topic, "what": clue.what, "how": clue.how, "doubt": clue.doubt or None}
            for clue in proposal.clues
        ],
        "environment": {name: value for name, (value, _) in proposal.environment.items()},
        "operations": [
            {
                "name": o.name,
                "path": o.path,
                "weight": o.weight,
                "signed_in": o.signed_in,
                "seconds": round(o.seconds, 4),
            }
            for o in proposal.operations
        ],
        "left_out": list(proposal.left_out),
    }
