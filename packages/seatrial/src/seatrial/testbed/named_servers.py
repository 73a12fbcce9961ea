"""How the servers other than gunicorn that Seatrial knows by name are started: argument lists as values."""

from collections.abc import Callable

from seatrial.spec.subject import Server, Subject

__all__ = ["named_argv", "named_probe"]

BACKLOG = 2048


def named_argv(subject: Subject, server: Server, port: int) -> tuple[str, ...]:
    """Of a server whose kind is neither gunicorn nor a command: in the subject's own Python, without an access log."""
    return (str(subject.python), "-m", server.kind, *_OPTIONS[server.kind](subject.app, server, port))


def named_probe(kind: str) -> str:
    """A program that ends well where the server is installed."""
    return f"import importlib.metadata, {kind}; print('{kind}', importlib.metadata.version('{kind}'))"


def _uvicorn(app: str, server: Server, port: int) -> tuple[str, ...]:
    return (
        *_factory(app, "--factory"),
        *("--host", "127.0.0.1", "--port", str(port), "--workers", str(server.workers)),
        *("--timeout-keep-alive", str(server.keep_alive_s), "--backlog", str(BACKLOG), "--no-access-log"),
    )


def _hypercorn(app: str, server: Server, port: int) -> tuple[str, ...]:
    # It has no access log unless told, and makes an app by a call itself.
    return (
        *("--bind", f"127.0.0.1:{port}", "--workers", str(server.workers)),
        *("--keep-alive", str(server.keep_alive_s), "--backlog", str(BACKLOG), "--graceful-timeout", "2"),
        app,
    )


def _granian(app: str, server: Server, port: int) -> tuple[str, ...]:
    interface = ("asgi",) if server.is_event_loop else ("wsgi", "--blocking-threads", str(server.threads))
    return (
        *_factory(app, "--factory"),
        *("--host", "127.0.0.1", "--port", str(port), "--workers", str(server.workers), "--http", "1"),
        *("--interface", *interface, "--backlog", str(BACKLOG), "--no-access-log"),
        "--http1-keep-alive" if server.keep_alive_s else "--no-http1-keep-alive",
    )


def _waitress(app: str, server: Server, port: int) -> tuple[str, ...]:
    # Its first argument that is no option is the app.
    return (
        f"--listen=127.0.0.1:{port}",
        f"--threads={server.threads}",
        f"--backlog={BACKLOG}",
        f"--channel-timeout={max(1, server.keep_alive_s)}",
        *reversed(_factory(app, "--call")),
    )


def _factory(app: str, flag: str) -> tuple[str, ...]:
    """`shop:create_app()` as the name of the function and the option that has it called."""
    return (app.removesuffix("()"), flag) if app.endswith("()") else (app,)


_OPTIONS: dict[str, Callable[[str, Server, int], tuple[str, ...]]] = {
    "uvicorn": _uvicorn,
    "hypercorn": _hypercorn,
    "granian": _granian,
    "waitress": _waitress,
}
