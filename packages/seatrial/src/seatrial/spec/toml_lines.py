"""On which line of a TOML text each key stands.

The standard library's parser tells the line of a broken file only, and not where the keys of a good file are. This
scanner does nothing else: the text must already have been accepted by `tomllib`.
"""

import tomllib
from bisect import bisect_right
from collections.abc import Mapping

__all__ = ["TomlPath", "key_lines"]

TomlPath = tuple[str | int, ...]

BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def key_lines(text: str) -> Mapping[TomlPath, int]:
    """From each key's path to its line, counted from 1.

    A path is the names from the top: `("server", "workers")`; an element of an array is its index:
    `("workload", "operations", 0, "path")`. A table is where its header is, else where it is first mentioned.
    """
    return _Scan(text).lines


class _Scan:
    def __init__(self, text: str) -> None:
        self.text = text
        self.end = len(text)
        self.at = 0
        self.newlines = [index for index, character in enumerate(text) if character == "\n"]
        self.lines: dict[TomlPath, int] = {}
        self.tables_in: dict[TomlPath, int] = {}  # array of tables -> how many so far
        prefix: TomlPath = ()
        while self._skip(" \t\r\n"):
            if self.text[self.at] == "[":
                prefix = self._header()
            else:
                self._assignment(prefix)

    def _line(self) -> int:
        return bisect_right(self.newlines, self.at - 1) + 1

    def _skip(self, blanks: str) -> bool:
        """Passes blanks and comments; false at the end of the text."""
        while self.at < self.end:
            character = self.text[self.at]
            if character == "#":
                newline = self.text.find("\n", self.at)
                self.at = self.end if newline < 0 else newline
            elif character in blanks:
                self.at += 1
            else:
                return True
        return False

    def _header(self) -> TomlPath:
        line = self._line()
        repeated = self.text.startswith("[[", self.at)
        self.at += 2 if repeated else 1
        names = self._dotted()
        path: TomlPath = (*self._resolved(names[:-1], line), names[-1])
        if repeated:
            self.lines.setdefault(path, line)
            index = self.tables_in.get(path, 0)
            self.tables_in[path] = index + 1
            path = (*path, index)
        self.lines[path] = line
        self._skip(" \t")
        self.at += 2 if repeated else 1
        return path

    def _resolved(self, names: list[str], line: int) -> TomlPath:
        """Names of a header as a path: an array of tables on the way means its last table."""
        path: TomlPath = ()
        for name in names:
            path = (*path, name)
            self.lines.setdefault(path, line)
            if path in self.tables_in:
                path = (*path, self.tables_in[path] - 1)
        return path

    def _assignment(self, prefix: TomlPath) -> None:
        line = self._line()
        path = prefix
        for name in self._dotted():
            path = (*path, name)
            self.lines.setdefault(path, line)
        self._skip(" \t")
        self.at += 1  # the equals sign
        self._value(path)

    def _dotted(self) -> list[str]:
        names = []
        while True:
            self._skip(" \t")
            start = self.at
            if self.text[self.at] in "\"'":
                self._string()
                names.append(str(tomllib.loads(f"name = {self.text[start : self.at]}")["name"]))
            else:
                while self.at < self.end and self.text[self.at] in BARE:
                    self.at += 1
                names.append(self.text[start : self.at])
            self._skip(" \t")
            if self.at >= self.end or self.text[self.at] != ".":
                return names
            self.at += 1

    def _value(self, path: TomlPath) -> None:
        self._skip(" \t")
        match self.text[self.at]:
            case "[":
                self._array(path)
            case "{":
                self._inline_table(path)
            case '"' | "'":
                self._string()
            case _:
                while self.at < self.end and self.text[self.at] not in ",]}\n#":
                    self.at += 1

    def _array(self, path: TomlPath) -> None:
        self.at += 1
        index = 0
        while self._skip(" \t\r\n,") and self.text[self.at] != "]":
            self.lines[(*path, index)] = self._line()
            self._value((*path, index))
            index += 1
        self.at += 1

    def _inline_table(self, path: TomlPath) -> None:
        self.at += 1
        while self._skip(" \t\r\n,") and self.text[self.at] != "}":
            self._assignment(path)
        self.at += 1

    def _string(self) -> None:
        quote = self.text[self.at]
        closing = quote * 3 if self.text.startswith(quote * 3, self.at) else quote
        self.at += len(closing)
        while not self.text.startswith(closing, self.at):
            self.at += 2 if quote == '"' and self.text[self.at] == "\\" else 1
        self.at += len(closing)
        while len(closing) == 3 and self.text.startswith(quote, self.at):
            self.at += 1  # up to two quotes may stand before the closing three
