"""What a journeys file imports, and how such a file is read.

    from seatrial.load.journeys import expect, get

    def home(person):
        response = yield get("/home")
        expect(response, contains="What is new")

A journey is a generator function of one person: it yields requests and pauses and gets each request's answer back.
"""

import importlib.util
import inspect
import itertools
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import ModuleType

from seatrial.errors import SpecError
from seatrial.load.http.messages import ExpectationError, Request, Response
from seatrial.load.http.multipart import File
from seatrial.load.journey.expectation import expect
from seatrial.load.journey.forms import Form, form
from seatrial.load.journey.live_steps import close, emit, get_ready, listen, send, socketio, wait_for, websocket
from seatrial.load.journey.person import Person
from seatrial.load.journey.steps import Journey, Page, Think, get, page, post, request, think
from seatrial.load.live.events import Event, Message
from seatrial.load.zipf import Zipf

__all__ = [
    "Event",
    "ExpectationError",
    "File",
    "Form",
    "Journey",
    "Message",
    "Page",
    "Person",
    "Request",
    "Response",
    "Think",
    "Zipf",
    "close",
    "emit",
    "expect",
    "form",
    "get",
    "listen",
    "load_journeys",
    "page",
    "post",
    "request",
    "send",
    "socketio",
    "think",
    "wait_for",
    "websocket",
]

_loaded = itertools.count(1)


def load_journeys(path: Path, names: Iterable[str]) -> Mapping[str, Callable[[Person], Journey]]:
    """The functions `names` of the journeys file `path`, by name; SpecError when one cannot be used."""
    module = _imported(path)
    return {name: _journey_function(module, name, path) for name in names}


def _imported(path: Path) -> ModuleType:
    if not path.is_file():
        raise SpecError(
            "there is no such file.",
            where=str(path),
            try_this="Check `journeys` in seatrial.toml; it is relative to that file.",
        )
    name = f"_seatrial_journeys_{next(_loaded)}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise SpecError("this is not a Python file.", where=str(path), try_this="A journeys file ends in .py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    # Its neighbours may be imported as if it were run from its own folder.
    sys.path.insert(0, str(path.parent))
    writes_bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise SpecError(
            f"{type(error).__name__}: {error}",
            where=f"{path}, line {_line(error, path)}",
            try_this="The file must import without an error; it is run with Seatrial's own Python.",
        ) from error
    finally:
        sys.dont_write_bytecode = writes_bytecode
        sys.path.remove(str(path.parent))
    if any(value is socketio or value is websocket for value in vars(module).values()):
        get_ready()
    return module


def _line(error: BaseException, path: Path) -> int:
    if isinstance(error, SyntaxError) and error.lineno:
        return error.lineno
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return (frames[-1].lineno or 1) if frames else 1


def _journey_function(module: ModuleType, name: str, path: Path) -> Callable[[Person], Journey]:
    function = getattr(module, name, None)
    if function is None:
        there = ", ".join(
            found
            for found, value in vars(module).items()
            if inspect.isgeneratorfunction(value) and not found.startswith("_")
        )
        raise SpecError(
            f"there is no function {name!r}.", where=str(path), try_this=f"Its journeys are: {there or 'none'}."
        )
    if not callable(function) or not inspect.isgeneratorfunction(inspect.unwrap(function)):
        raise SpecError(
            f"{name!r} is not a journey: a journey is a function that yields requests.",
            where=f"{path}, line {_definition_line(function)}",
            try_this=f"Write it so:  def {name}(person):\n                  response = yield get('/')",
        )
    journey: Callable[[Person], Journey] = function
    return journey


def _definition_line(thing: object) -> int:
    code = getattr(thing, "__code__", None)
    return int(code.co_firstlineno) if code else 1
