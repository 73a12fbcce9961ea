"""The machine and the versions a study was made with."""

import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from seatrial import __version__
from seatrial.measure.web_work import cpu_model

__all__ = ["describe_environment"]


def describe_environment(**more: Any) -> Mapping[str, Any]:
    """Plain values that tell one machine from another; no host name, no user name. `more` is added as it is."""
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seatrial": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "cpu_model": cpu_model(),
        "cpus": os.cpu_count(),
        "memory_bytes": _memory_bytes(),
        **more,
    }


def _memory_bytes() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None
