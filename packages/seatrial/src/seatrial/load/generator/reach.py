"""Whether anybody is there, asked before a load begins: nobody wants to wait a minute to learn that nobody was."""

import socket

from seatrial.errors import LoadError
from seatrial.load.generator.plan import LoadPlan
from seatrial.load.http.target import target

__all__ = ["check_reachable"]

_WITHIN_S = 5.0


def check_reachable(plan: LoadPlan) -> None:
    """Opens one connection and closes it.

    Raises:
        LoadError: the URL cannot be driven, or nobody takes the connection within 5 s.
    """
    there = target(
        plan.base_url, plan.host_header, allow_remote=plan.allow_remote, verify=plan.verify, ca_file=plan.ca_file
    )
    within_s = min(_WITHIN_S, plan.workload.timeout_s)
    try:
        if there.is_socket:
            with socket.socket(socket.AF_UNIX) as mine:
                mine.settimeout(within_s)
                mine.connect(there.address)
        else:
            socket.create_connection((there.address, there.port), timeout=within_s).close()
    except TimeoutError:
        raise LoadError(
            f"nobody took a connection within {within_s:g} s.",
            where=plan.base_url,
            try_this="The app may be busy or stopped, or a firewall in between drops what it gets.",
        ) from None
    except OSError as error:
        raise LoadError(
            f"no connection: {(error.strerror or str(error)).lower()}.",
            where=plan.base_url,
            try_this="Start the app first, and look at the address and port that it says it listens on.",
        ) from None
