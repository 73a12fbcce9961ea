"""How the project itself says that it is started: Procfile, Dockerfile, compose, fly.toml, systemd and others."""

import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass

from seatrial.discover.source_tree import SourceTree
from seatrial.spec.development import is_for_development

__all__ = ["StartLine", "find_start_lines", "is_for_development"]

SERVERS = ("gunicorn", "uvicorn", "granian", "hypercorn", "waitress-serve", "daphne", "uwsgi", "fastapi", "flask")
VARIABLE = re.compile(r"\$\{?([A-Z_][A-Z0-9_]*)(?::?-([^}]*))?\}?")


@dataclass(frozen=True, slots=True)
class StartLine:
    """A command that starts a web server. words: as a shell splits it, from the server's name on. source: its file.

    target: the app as it is named there (`shop:app`), empty where it is not. app_dir: what it puts on the path.
    """

    words: tuple[str, ...]
    source: str
    target: str = ""
    app_dir: str = ""

    @property
    def server(self) -> str:
        """The program, such as `gunicorn`."""
        return self.words[0]

    @property
    def is_for_development(self) -> bool:
        """Whether it starts a server that is not made for real visitors."""
        return is_for_development(" ".join(self.words)) or self.server == "flask"

    def option(self, *names: str) -> str:
        """The value of the first option of these that is given, such as `--workers`; empty when none is."""
        for number, word in enumerate(self.words):
            for name in names:
                if word == name and number + 1 < len(self.words):
                    return self.words[number + 1]
                if word.startswith(f"{name}=") or (len(name) == 2 and word.startswith(name) and len(word) > 2):
                    return word.removeprefix(name).removeprefix("=")
        return ""


def find_start_lines(tree: SourceTree) -> list[StartLine]:
    """Every such command, those made for production first, in the order of the files' telling."""
    found = [line for source, text in _commands(tree) if (line := _start_line(text, source))]
    configured = _with_configured(tree) if not found else None
    unique = list(dict.fromkeys([*found, *([configured] if configured else [])]))
    return sorted(unique, key=lambda line: line.is_for_development)


def _commands(tree: SourceTree) -> Iterator[tuple[str, str]]:
    for name in tree.names():
        base = name.rsplit("/", 1)[-1]
        text = tree.text(name)
        if base == "Procfile":
            yield from ((name, m[1]) for m in re.finditer(r"^web\s*:\s*(.+)$", text, re.MULTILINE))
        elif base == "fly.toml":
            yield from ((name, command) for command in _fly(text))
        elif base.startswith("Dockerfile") or base.endswith(".Dockerfile"):
            yield from ((name, command) for command in _docker(text))
        elif re.fullmatch(r"(docker-)?compose[\w.-]*\.ya?ml", base):
            yield from ((name, command) for command in _compose(text))
        elif base.endswith(".service"):
            yield from ((name, m[1]) for m in re.finditer(r"^ExecStart=(.+)$", text, re.MULTILINE))
        elif base.endswith(".sh") or base in {"Makefile", "justfile", "render.yaml", "railway.toml"}:
            yield from ((name, line) for line in _joined(text).splitlines() if _server_in(line))


def _fly(text: str) -> Iterator[str]:
    try:
        processes = tomllib.loads(text).get("processes", {})
    except tomllib.TOMLDecodeError:
        return
    if isinstance(processes, dict):
        yield from (str(command) for name, command in processes.items() if name in {"app", "web"})


def _docker(text: str) -> Iterator[str]:
    said = re.findall(r"^(?:CMD|ENTRYPOINT)\s+(.+)$", _joined(text), re.MULTILINE)
    for command in reversed(said):  # the last one counts
        try:
            words = json.loads(command)
            yield shlex.join(words) if isinstance(words, list) and all(isinstance(w, str) for w in words) else command
        except ValueError:
            yield command


def _compose(text: str) -> Iterator[str]:
    lines = text.splitlines()
    for number, line in enumerate(lines):
        found = re.match(r"^(\s*)command:\s*(.*)$", line)
        if not found:
            continue
        indent, rest = len(found[1]), found[2].strip()
        if rest in {"", ">", "|", ">-", "|-"}:
            block = []
            for following in lines[number + 1 :]:
                if following.strip() and len(following) - len(following.lstrip()) <= indent:
                    break
                block.append(following.strip().removeprefix("- ").strip("\"'"))
            rest = " ".join(block)
        elif rest.startswith("["):
            rest = " ".join(re.findall(r"[\"']([^\"']*)[\"']", rest))
        yield rest.strip("\"'")


def _joined(text: str) -> str:
    return re.sub(r"\\\n\s*", " ", text)


def _server_in(line: str) -> bool:
    return not line.lstrip().startswith("#") and any(re.search(rf"\b{server}\b", line) for server in SERVERS)


def _start_line(command: str, source: str) -> StartLine | None:
    """The last server that is started in a command line, through `sh -c`, `exec`, `poetry run` and the like."""
    text = VARIABLE.sub(lambda m: m[2] or f"${m[1]}", command)
    for part in reversed(re.split(r"&&|\|\||;", text)):
        try:
            words = shlex.split(part, comments=True)
        except ValueError:
            continue
        if len(words) == 1 and " " in words[0] and _server_in(words[0]):
            return _start_line(words[0], source)
        for number, word in enumerate(words):
            if " " in word and _server_in(word):  # sh -c "..."
                return _start_line(word, source)
            program = word.rsplit("/", 1)[-1]
            if program in SERVERS:
                return _read((program, *words[number + 1 :]), source)
            if program == "manage.py" and "runserver" in words:
                return StartLine(("manage.py", *words[number + 1 :]), source)
    return None


def _read(words: tuple[str, ...], source: str) -> StartLine:
    line = StartLine(words, source)
    targets = [word for word in words[1:] if re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*(\(.*\))?", word)]
    target = targets[0] if targets else ""
    return StartLine(words, source, target, line.option("--chdir", "--app-dir", "--pythonpath"))


def _with_configured(tree: SourceTree) -> StartLine | None:
    text = tree.text("gunicorn.conf.py")
    found = re.search(r"^wsgi_app\s*=\s*[\"']([^\"']+)[\"']", text, re.MULTILINE)
    return StartLine(("gunicorn", found[1]), "gunicorn.conf.py", found[1]) if found else None
