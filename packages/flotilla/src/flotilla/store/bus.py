"""What processes tell each other: over the database's notifications, or over a Valkey server where there is one.

With a Valkey, whoever listens hears both, and what is told goes over the database whenever nobody heard it there: the
server is away, or has just come back and the listeners have not. So each thing is told once, or twice when an answer of
the server got lost.
"""

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

import psycopg
from psycopg import sql

from flotilla.settings import Settings
from flotilla.store.connecting import connection_arguments
from flotilla.store.valkey import Valkey

__all__ = ["listen"]

QUIET_S = 30.0
RECONNECT_FIRST_S = 0.5
RECONNECT_MAX_S = 10.0


def listen(
    settings: Settings,
    channels: Sequence[str],
    heard: Callable[[str, str], object],
    *,
    stopped: Callable[[], bool] = lambda: False,
) -> None:
    """Call `heard(channel, payload)` for each thing told, for ever or until `stopped`, which is asked now and then.

    `heard(channel, "")`, for each channel: the connection has just been made, so what was sent before it got lost. With
    a Valkey `heard` is called from two threads.
    """
    if settings.bus_url:
        bus = Valkey(settings.bus_url, what="live bus")
        threading.Thread(
            target=partial(bus.listen, channels, heard, stopped=stopped), name="bus: valkey", daemon=True
        ).start()
    wait_s = RECONNECT_FIRST_S
    while not stopped():
        try:
            with psycopg.connect(
                settings.database_url,
                autocommit=True,
                **connection_arguments(settings) | {"application_name": "flotilla listener"},
            ) as connection:
                for channel in channels:
                    connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                for channel in channels:
                    heard(channel, "")
                wait_s = RECONNECT_FIRST_S
                while not stopped():
                    for notification in connection.notifies(timeout=QUIET_S):
                        heard(notification.channel, notification.payload)
                    # Nothing came for a while: is the other side still there?
                    connection.execute("SELECT 1")
        except psycopg.Error:
            time.sleep(wait_s)  # grows up to RECONNECT_MAX_S: a database that restarts is not stormed
            wait_s = min(wait_s * 2, RECONNECT_MAX_S)
