"""A real S3-compatible server, rclone's, that a test may kill and stop in the middle."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["BUCKET", "BucketProcess", "bucket_process"]

BUCKET = "pictures"
START_WAIT_S = 60
RCLONE = Path(sys.executable).with_name("rclone")


class BucketProcess:
    """One server with one bucket, which is the folder `stored`; after `kill` it starts again at the same port."""

    key_id = "flotilla-tests"

    def __init__(self, folder: Path) -> None:
        self.secret = secrets.token_hex(16)
        self.stored = folder / "served" / BUCKET
        self.stored.mkdir(parents=True)
        self._folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def url(self, prefix: str) -> str:
        return f"s3://{BUCKET}/{prefix}?endpoint={self.endpoint}&region=eu-central-1"

    def kill(self) -> None:
        """As `kill -9`."""
        self._process.kill()
        self._process.wait()

    def start(self) -> None:
        """Again, at the same port, with what was stored before."""
        command = [RCLONE, "serve", "s3", "--config", os.devnull, "--addr", f"127.0.0.1:{self.port}"]
        command += ["--auth-key", f"{self.key_id},{self.secret}", self.stored.parent]
        log = self._folder / "log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=output)
        deadline_s = time.monotonic() + START_WAIT_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                assert self._process.poll() is None, log.read_text()
                assert time.monotonic() < deadline_s, log.read_text()
                time.sleep(0.02)

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Inside `with` it takes connections and answers nothing."""
        os.kill(self._process.pid, signal.SIGSTOP)
        # Until then some of its threads may still answer.
        os.waitpid(self._process.pid, os.WUNTRACED)
        try:
            yield
        finally:
            os.kill(self._process.pid, signal.SIGCONT)

    def keys(self, prefix: str) -> set[str]:
        """The keys of all that is stored behind that prefix, read off the disk; nobody else may change it there."""
        folder = self.stored / prefix
        return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@contextmanager
def bucket_process() -> Iterator[BucketProcess]:
    with tempfile.TemporaryDirectory(prefix="flotilla-bucket-") as folder:
        process = BucketProcess(Path(folder))
        try:
            yield process
        finally:
            process.kill()
