"""Opening connections to the subject: over TCP, TLS or a Unix socket; and why one could not be opened, in words."""

import asyncio
import errno
import ssl

from seatrial.errors import LoadError
from seatrial.load.http.target import Target

__all__ = ["dial", "own_limit", "why_not"]

# The generator's own limits: a failure of the rig, never of the subject.
_OWN_LIMITS = {errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM}
# A Unix socket says so at once when its queue is full; TCP lets wait.
_QUEUE_FULL = {errno.EAGAIN, errno.EWOULDBLOCK}


async def dial(target: Target, protocol: asyncio.Protocol, *, timeout_s: float) -> None:
    """Connect `protocol`, through the TLS handshake where there is one, which may take timeout_s; or raise OSError."""
    loop = asyncio.get_running_loop()
    if target.is_socket:
        await loop.create_unix_connection(lambda: protocol, target.address)
    elif target.tls is None:
        await loop.create_connection(lambda: protocol, target.address, target.port)
    else:
        await loop.create_connection(
            lambda: protocol,
            target.address,
            target.port,
            ssl=target.tls,
            server_hostname=target.server_name,
            ssl_handshake_timeout=timeout_s,
        )


def why_not(target: Target, error: OSError) -> tuple[str, str]:
    """Why `dial` raised this: the cause, as in `Observation.error`, and in words."""
    why = error.strerror or str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return "tls", f"the certificate of {target} is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return "tls", f"no TLS with {target}: {(error.reason or why).replace('_', ' ').lower()}"
    if isinstance(error, TimeoutError):
        return "timeout", f"{target} did not take the connection"
    if isinstance(error, ConnectionResetError | ConnectionAbortedError):
        if target.tls is not None:
            return "tls", f"{target} ended the TLS handshake ({why})"
        return "reset", f"{target} reset the connection"
    if error.errno in _QUEUE_FULL:
        why = "its queue of connections is full"
    return "refused", f"{target} refused the connection ({why})"


def own_limit(error: OSError) -> LoadError | None:
    """What to raise when it is this machine that has no more connections to give, else None."""
    if error.errno not in _OWN_LIMITS:
        return None
    return LoadError(
        f"this machine could not open another connection: {error.strerror}.",
        where="load generator",
        try_this="Raise the limit of open files (ulimit -n 65536), or offer less load.",
    )
