"""What `seatrial load` sends, from its arguments: one request of a URL, a file of journeys, or a seatrial.toml."""

import argparse
import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from seatrial.command_line.quantities import seconds, share, weights, whole_number
from seatrial.errors import LoadError, SpecError
from seatrial.load.http.target import is_this_machine, split_url
from seatrial.spec.checking import did_you_mean
from seatrial.spec.journeys_file import DeclaredJourneys, declared_journeys
from seatrial.spec.reading import read_trial_spec
from seatrial.spec.workload import OperationSpec, WorkloadSpec

__all__ = ["load_target", "load_workload", "workload_of_file"]

_URL_FORM = "Write it so: http://127.0.0.1:8000/path, or unix:/run/app.sock:/path"
_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - refused here, not listened on
DATA_BYTES_MAX = 16 * 1024 * 1024
_METHOD = re.compile(r"[A-Za-z]{1,20}")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t -~\x80-\xff]*")
_OF_ONE_REQUEST = ("method", "data", "header", "expect_status", "expect_text")
_OF_JOURNEYS = ("mix", "people", "sign_in", "no_sign_in", "sessions", "returning", "listeners", "listener")


def load_target(options: argparse.Namespace) -> tuple[str, str]:
    """Address and path of the URL: ("http://127.0.0.1:8000", "/path?query").

    Raises SpecError when it is no URL, or another machine's without permission.
    """
    text: str = options.url.strip()
    try:
        base_url, path = split_url(text)
        parts = urllib.parse.urlsplit(base_url)
        if parts.scheme in {"unix", "http+unix"}:
            return base_url, path
        host, _ = parts.hostname, parts.port
    except LoadError as error:
        raise SpecError(error.what, where="URL", try_this=_URL_FORM) from None
    except ValueError as error:
        raise _no_url(text, str(error)) from None
    if parts.scheme not in {"http", "https"}:
        raise _no_url(text, f"{parts.scheme}:// is not driven")
    if not host:
        raise _no_url(text, "it names no host")
    if parts.username is not None:
        raise SpecError(
            "a name and password in the URL are not sent.",
            where="URL",
            try_this="Send them as a header: --header 'Authorization: Basic ...'",
        )
    if host in _EVERY_ADDRESS:
        raise SpecError(
            f"{host} is where a server may listen, not where it is asked.",
            where="URL",
            try_this=f"It means every address of the machine: write {_EVERY_ADDRESS[host]} instead.",
        )
    if not (options.i_may_load_this_host or is_this_machine(host)):
        raise SpecError(
            f"{host} is not this machine.",
            where="URL",
            try_this="Load on a machine that others use can take it down for them, and many providers forbid it. If it "
            "is yours, or you were asked to, add --i-may-load-this-host.",
        )
    return base_url, path


def load_workload(options: argparse.Namespace, path: str) -> WorkloadSpec:
    """What is sent, with how long each person waits; `path` is the URL's."""
    if options.journeys is None:
        _refuse(options, _OF_JOURNEYS, "is about journeys", "Name their file: --journeys journeys.py")
        workload = WorkloadSpec(operations=(_one_request(options, path),))
    else:
        _refuse(options, _OF_ONE_REQUEST, "is of a single request, and journeys make their own", "Leave it out.")
        if path != "/":
            raise SpecError(
                f"with --journeys the URL is only the address, without {path!r}.",
                where="URL",
                try_this="Journeys say themselves which paths they ask for.",
            )
        workload = workload_of_file(options)
    if options.arrivals is not None:
        workload = replace(workload, arrivals=options.arrivals)
    if options.timeout is not None:
        workload = replace(workload, timeout_s=seconds("--timeout", options.timeout, at_most_s=600.0, example="10"))
    if options.sessions:
        workload = replace(workload, arrivals_are="sessions")
    if options.returning is not None:
        if workload.arrivals_are != "sessions":
            raise SpecError("is about sessions.", where="--returning", try_this="Add --sessions.")
        workload = replace(workload, returning=share("--returning", options.returning, example="0.8"))
    if options.listeners is not None or options.listener is not None:
        workload = _with_listeners(options, workload)
    return replace(workload, keep_alive=workload.keep_alive and not options.no_keep_alive)


def _no_url(text: str, why: str) -> SpecError:
    return SpecError(
        f"{text!r} is no URL that can be loaded: {why}.",
        where="URL",
        try_this=_URL_FORM,
    )


def _refuse(options: argparse.Namespace, names: tuple[str, ...], why: str, try_this: str) -> None:
    for name in names:
        if getattr(options, name):
            raise SpecError(f"{why}.", where=f"--{name.replace('_', '-')}", try_this=try_this)


def _one_request(options: argparse.Namespace, path: str) -> OperationSpec:
    body = _body(options.data)
    method = (options.method or ("POST" if options.data is not None else "GET")).upper()
    if not _METHOD.fullmatch(method):
        raise SpecError(f"{method!r} is no method of HTTP.", where="--method", try_this="Such as GET, POST or DELETE.")
    status = None
    if options.expect_status is not None:
        status = whole_number("--expect-status", options.expect_status, at_least=200, at_most=599, example="200")
    return OperationSpec(
        name=f"{method} {path}",
        path=path,
        method=method,
        body=body,
        expect_status=status,
        expect_text=options.expect_text or "",
        headers=tuple(_header(text) for text in options.header or ()),
    )


def _body(data: str | None) -> str:
    if data is None or not data.startswith("@"):
        return data or ""
    path = Path(data[1:])
    try:
        with path.open("rb") as file:
            content = file.read(DATA_BYTES_MAX + 1)
    except OSError as error:
        raise SpecError(
            f"{path} cannot be read: {error.strerror}.",
            where="--data",
            try_this="After @ stands the path of a file; without @ the text itself.",
        ) from None
    if len(content) > DATA_BYTES_MAX:
        raise SpecError(
            f"{path} is larger than {DATA_BYTES_MAX // 1024**2} MB.",
            where="--data",
            try_this="Name a smaller file: all of it is kept in memory and goes out with each request.",
        )
    return content.decode("utf-8", "surrogateescape")


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    name, value = name.strip(), value.strip()
    if not colon or not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
        raise SpecError(
            f"{text!r} is no header.", where="--header", try_this="Write it so: --header 'Accept: text/html'"
        )
    if name.lower() in {"content-length", "transfer-encoding"}:
        raise SpecError(f"{name} follows from the body.", where="--header", try_this="Leave it out.")
    return name, value


def workload_of_file(options: argparse.Namespace) -> WorkloadSpec:
    """The workload of a seatrial.toml or a file of journeys, as --mix, --people and --sign-in have it."""
    path: Path = options.journeys
    if options.no_sign_in and options.sign_in:
        raise SpecError("stands beside --sign-in.", where="--no-sign-in", try_this="Leave one of the two out.")
    if path.suffix == ".toml" or path.is_dir():
        spec = read_trial_spec(path, allow_remote=True)
        workload = spec.workload
        if options.mix is not None:
            workload = replace(workload, mix=weights("--mix", options.mix, example="home=40,public=10"))
        if workload.journeys is not None and (options.mix is not None or options.sign_in is not None):
            _check_names(_declared(workload.journeys), workload.journeys, [*workload.mix, options.sign_in or ""])
        if options.sign_in is not None:
            workload = replace(workload, sign_in=options.sign_in)
    else:
        workload = _of_journeys(options, path.absolute())
    if options.no_sign_in:
        workload = replace(workload, sign_in="")
    if options.people is not None:
        workload = replace(workload, people=whole_number("--people", options.people, at_most=100_000, example="30"))
    return workload


def _with_listeners(options: argparse.Namespace, workload: WorkloadSpec) -> WorkloadSpec:
    name = options.listener or workload.listener
    if not name or workload.journeys is None:
        raise SpecError(
            "which journey do they follow?",
            where="--listeners",
            try_this="Name one that connects and comes to a listen(): --listener live_updates",
        )
    _check_names(_declared(workload.journeys), workload.journeys, [name])
    count = workload.listeners
    if options.listeners is not None:
        count = whole_number("--listeners", options.listeners, at_most=100_000, example="500")
    if not count:
        raise SpecError("how many are they?", where="--listener", try_this="Say it: --listeners 500")
    return replace(workload, listeners=count, listener=name)


def _of_journeys(options: argparse.Namespace, path: Path) -> WorkloadSpec:
    declared = _declared(path)
    sign_in = options.sign_in or ("sign_in" if "sign_in" in declared.names else "")
    mix = _mix(options.mix, declared, path, sign_in)
    _check_names(declared, path, [*mix, sign_in])
    return WorkloadSpec(journeys=path, mix=mix, sign_in=sign_in)


def _declared(path: Path) -> DeclaredJourneys:
    try:
        return declared_journeys(path)
    except FileNotFoundError:
        raise SpecError(
            "there is no such file.", where=str(path), try_this="--journeys names a Python file of journeys."
        ) from None
    except (OSError, SyntaxError, ValueError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        words = getattr(error, "msg", None) or getattr(error, "strerror", None) or str(error)
        try_this = "It must be a Python file that you may read."
        if isinstance(error, SyntaxError):
            try_this = f"Look what Python says: python -m py_compile {path}"
        elif isinstance(error, ValueError):
            try_this = 'It is Python text, and its mix is written so: MIX = {"home": 40, "public": 10}'
        raise SpecError(
            f"it cannot be read as a file of journeys: {words}.",
            where=f"{path}{line}",
            try_this=try_this,
        ) from None


def _mix(given: str | None, declared: DeclaredJourneys, path: Path, sign_in: str) -> Mapping[str, float]:
    if given is not None:
        return weights("--mix", given, example="home=40,public=10")
    if declared.mix is not None:
        return declared.mix
    names = [name for name in declared.names if name != sign_in]
    if not names:
        raise SpecError(
            "there are no journeys in this file.",
            where=str(path),
            try_this="A journey is a function of one person that yields requests:\n"
            "    from seatrial.load.journeys import expect, get\n\n"
            "    def home(person):\n"
            "        expect((yield get('/')), contains='Welcome')",
        )
    if len(names) > 1:
        raise SpecError(
            f"how often does each of its {len(names)} journeys happen?",
            where=str(path),
            try_this=f"Say it with --mix {','.join(f'{name}=1' for name in names[:3])}, or in the file: "
            f'MIX = {{"{names[0]}": 1, "{names[1]}": 1}}',
        )
    return {names[0]: 1.0}


def _check_names(declared: DeclaredJourneys, path: Path, names: list[str]) -> None:
    for name in names:
        if name and declared.bound is not None and name not in declared.bound:
            known = f"Its journeys are: {', '.join(declared.names) or 'none'}."
            raise SpecError(
                f"there is no journey {name!r}.", where=str(path), try_this=did_you_mean(name, declared.names) or known
            )
