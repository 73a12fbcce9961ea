"""Where a server beside the app runs."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from seatrial.testbed.cgroup_layout import GroupFiles
from seatrial.testbed.process import Warden

__all__ = ["Surroundings", "unprivileged_user"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a server runs. groups: None without control groups. folder: exists, may be entered by every user."""

    keeper: Warden
    folder: Path
    cpus: tuple[int, ...]
    groups: GroupFiles | None


def unprivileged_user() -> tuple[int, int] | None:
    """(uid, gid) for a server that refuses to run as root; None when this process is not root."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid
