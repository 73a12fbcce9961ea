"""Compiled templates, kept where Python keeps its compiled modules: only the first start after an update compiles them.

That takes a second of CPU, half of what a start takes. As with Python's own files, whoever may write there may change
what the site does; where this process may not write, every start compiles.
"""

import marshal
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import version
from importlib.util import cache_from_source
from pathlib import Path
from types import CodeType

from jinja2.bccache import Bucket, BytecodeCache

__all__ = ["CompiledTemplates"]

DIGEST_BYTES = 32


class CompiledTemplates(BytecodeCache):
    """The code of one set of templates in one file, by template and by the digest of its source."""

    def __init__(self, path: Path, made_with: Iterable[Path]) -> None:
        """`path`: as if a module lay there; `made_with`: the files, besides a template, that decide what it becomes."""
        self._file = Path(cache_from_source(str(path)))
        parts = [sys.version.encode(), version("jinja2").encode(), *(file.read_bytes() for file in made_with)]
        self._made_with = b"".join(sha256(part).digest() for part in parts)
        self._codes: dict[tuple[str, str], CodeType] = self._read()
        self._is_complete = True

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give the bucket its code, if it is known."""
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Take over what was compiled just now."""
        if bucket.code is not None:
            self._codes[bucket.key, bucket.checksum] = bucket.code
            self._is_complete = False

    def keep(self) -> None:
        """Write the file anew if something was compiled, whole or not at all; it is no loss if that cannot be."""
        if self._is_complete:
            return
        content = marshal.dumps(self._codes)
        with suppress(OSError):
            self._file.parent.mkdir(exist_ok=True)
            # Several processes may start at once; the last one's file stays.
            mine = self._file.with_suffix(f".{os.getpid()}")
            try:
                mine.write_bytes(self._digest(content) + content)
                mine.replace(self._file)
            finally:
                mine.unlink(missing_ok=True)
        self._is_complete = True

    def _read(self) -> dict[tuple[str, str], CodeType]:
        with suppress(OSError):
            kept = self._file.read_bytes()
            digest, content = kept[:DIGEST_BYTES], kept[DIGEST_BYTES:]
            if digest == self._digest(content):
                codes: dict[tuple[str, str], CodeType] = marshal.loads(content)  # noqa: S302 (as Python's own)
                return codes
        return {}

    def _digest(self, content: bytes) -> bytes:
        return sha256(self._made_with + content).digest()
