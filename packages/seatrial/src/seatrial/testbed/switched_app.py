"""The subject's app, with what is set for working on it switched off and on between requests.

A server is given `seatrial_switched_app:app` in the place of the app that SEATRIAL_SWITCHED_APP names. It runs in the
subject's Python (3.8 or newer), so it imports nothing of Seatrial's, and of frameworks only what the app has imported.

The folder that SEATRIAL_SWITCHED names holds `control`, one byte: which settings are to be off at the next request. At
the first one that is not 0 the process looks for such settings and writes `found.json`, [[kind, words], ...]. Only what
can be changed between two requests is: what an import has decided stays.
"""

from __future__ import annotations

import ast
import functools
import gc
import importlib
import json
import mmap
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

__all__ = [
    "APP_VARIABLE",
    "DEBUG",
    "FOLDER_VARIABLE",
    "INTERFACE_VARIABLE",
    "LOOK",
    "TEMPLATES",
    "SwitchedASGI",
    "SwitchedWSGI",
    "Switches",
    "loaded",
]

FOLDER_VARIABLE = "SEATRIAL_SWITCHED"
APP_VARIABLE = "SEATRIAL_SWITCHED_APP"
INTERFACE_VARIABLE = "SEATRIAL_SWITCHED_INTERFACE"

DEBUG, TEMPLATES, LOOK = 1, 2, 128
"""Bits of `control`; LOOK only has the process look."""

LOCAL_HOSTS = [".localhost", "127.0.0.1", "[::1]"]
"""What Django answers to while it debugs and ALLOWED_HOSTS is empty."""


class Switches:
    """Follows `control`, as it is before each request."""

    def __init__(self, folder: str) -> None:
        """folder: the one that Seatrial made."""
        self._folder = folder
        self._now = 0
        self._settings: tuple[Any, ...] | None = None
        with open(os.path.join(folder, "control"), "r+b") as control:  # noqa: PTH118, PTH123
            self._control = mmap.mmap(control.fileno(), 1)

    def follow(self) -> None:
        """Switch what is to be off from now on, and on what is not."""
        wanted = self._control[0]
        if wanted == self._now:
            return
        if self._settings is None:
            self._settings = tuple(_settings())
            path = os.path.join(self._folder, "found.json")  # noqa: PTH118
            with open(f"{path}.new", "w", encoding="utf-8") as file:  # noqa: PTH123
                json.dump([[kind, words] for kind, words, _, _ in self._settings], file)
            os.replace(f"{path}.new", path)  # noqa: PTH105
            for _, _, _, on in self._settings:
                on()  # what is off in a trial, but on in the project's own settings, is on from here
        for kind, _, off, on in self._settings:
            if (wanted ^ self._now) & kind:
                (off if wanted & kind else on)()
        self._now = wanted


class SwitchedWSGI:
    """A WSGI app around another."""

    def __init__(self, app: Callable[..., Any], switches: Switches) -> None:
        """app: the subject's own."""
        self._app, self._switches = app, switches

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """Part of WSGI."""
        self._switches.follow()
        return self._app(environ, start_response)


class SwitchedASGI:
    """An ASGI app around another."""

    def __init__(self, app: Callable[..., Any], switches: Switches) -> None:
        """app: the subject's own."""
        self._app, self._switches = app, switches

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Part of ASGI."""
        if scope["type"] == "http":
            self._switches.follow()
        await self._app(scope, receive, send)


def loaded(target: str) -> Any:
    """What a server finds under that name: `shop:app`, `shop:create_app()`, `shop:create_app("production")`, `shop`."""
    module, _, name = target.partition(":")
    found: Any = importlib.import_module(module)
    wanted = ast.parse(name or "application", mode="eval").body
    if not isinstance(wanted, ast.Call):
        return functools.reduce(getattr, name.split(".") if name else ["application"], found)
    made: Any = functools.reduce(getattr, (ast.get_source_segment(name, wanted.func) or "").split("."), found)
    named = {word.arg: ast.literal_eval(word.value) for word in wanted.keywords if word.arg}
    return made(*[ast.literal_eval(value) for value in wanted.args], **named)


def _settings() -> Iterator[Any]:
    """Each that is on: (kind, where it stands, what switches it off, what switches it on)."""
    yield from _of_django()
    # A proxy of the current request has no class outside of one: only what an object's type says is asked.
    seen = gc.get_objects()
    for module, name in (("flask", "Flask"), ("quart", "Quart"), ("starlette.applications", "Starlette")):
        kind: Any = getattr(sys.modules.get(module), name, None)
        for app in [one for one in seen if kind is not None and issubclass(type(one), kind)]:
            if app.debug is True:
                yield DEBUG, f"{type(app).__name__}.debug is True", *_debug_of(app)
            # Made when it is first asked for, by those who have one.
            getattr(app, "jinja_env", None)
    kind = getattr(sys.modules.get("jinja2"), "Environment", None)
    for one in gc.get_objects() if kind is not None else ():
        if issubclass(type(one), kind) and one.auto_reload and one.loader is not None:
            yield TEMPLATES, "auto_reload of Jinja is on", *_attribute(one, "auto_reload", False)


def _attribute(one: Any, name: str, off: Any) -> tuple[Callable[[], None], Callable[[], None]]:
    on = getattr(one, name)
    return functools.partial(setattr, one, name, off), functools.partial(setattr, one, name, on)


def _debug_of(app: Any) -> tuple[Callable[[], None], Callable[[], None]]:
    def switched(is_on: bool) -> None:
        # Flask's setter changes how templates are read too; that is a switch of its own.
        jinja = getattr(app, "jinja_env", None)
        reloads = getattr(jinja, "auto_reload", None)
        app.debug = is_on
        if jinja is not None:
            jinja.auto_reload = reloads
        if hasattr(getattr(app, "middleware_stack", None), "debug"):
            app.middleware_stack.debug = is_on

    return functools.partial(switched, False), functools.partial(switched, True)


def _of_django() -> Iterator[Any]:
    settings = getattr(sys.modules.get("django.conf"), "settings", None)
    if settings is None or not settings.configured:
        return
    engines: Any = importlib.import_module("django.template").engines
    kind: Any = importlib.import_module("django.template.backends.django").DjangoTemplates
    backends = [one for one in engines.all() if isinstance(one, kind)]
    own = getattr(settings, "SEATRIAL_DEBUG", False) is True
    if settings.DEBUG or own:
        words = "Django's DEBUG is True" + (" in the project's own settings, and off in this trial" if own else "")
        yield DEBUG, words, *_debug_of_django(settings, [one.engine for one in backends])
    cached: Any = importlib.import_module("django.template.loaders.cached")
    for backend in backends:
        engine = backend.engine
        if not any(isinstance(one, cached.Loader) for one in engine.template_loaders):
            keeping = [cached.Loader(engine, engine.loaders)]
            yield (
                TEMPLATES,
                "Django's templates have no cached loader",
                *_attribute(engine, "template_loaders", keeping),
            )


def _debug_of_django(settings: Any, engines: list[Any]) -> tuple[Callable[[], None], Callable[[], None]]:
    hosts = settings.ALLOWED_HOSTS

    def switched(is_on: bool) -> None:
        settings.DEBUG = is_on
        settings.ALLOWED_HOSTS = hosts if is_on or hosts else LOCAL_HOSTS
        for engine in engines:
            engine.debug = is_on

    return functools.partial(switched, False), functools.partial(switched, True)


if APP_VARIABLE in os.environ:
    _kind = SwitchedASGI if os.environ[INTERFACE_VARIABLE] == "asgi" else SwitchedWSGI
    app = _kind(loaded(os.environ[APP_VARIABLE]), Switches(os.environ[FOLDER_VARIABLE]))
