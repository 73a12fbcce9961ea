"""What is written about each request: one line, without a password, a token or anybody's words."""

import logging
import re
import secrets
import sys
import time
from typing import TextIO

import structlog
from flask import Flask, Response, g, request

__all__ = ["add_request_log", "configure_logs", "request_id"]

SAFE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
# A key that reaches the log by mistake is blanked rather than trusted.
NEVER_LOGGED = frozenset({"body", "cookie", "csrf_token", "email", "password", "secret", "text", "token"})


def configure_logs(
    *, json_lines: bool, level: str = "INFO", stream: TextIO | None = None, part: str | None = None
) -> None:
    """Set structlog up for this process: JSON lines for machines, or aligned text for a person at a terminal.

    `part` is on each line: which of the site's processes wrote it.
    """

    def name_part(_logger: object, _method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
        event["process"] = part
        return event

    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer() if json_lines else structlog.dev.ConsoleRenderer(colors=False)
    )
    tracebacks = [structlog.processors.format_exc_info] if json_lines else []
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            *([name_part] if part else []),
            structlog.processors.add_log_level,
            blank_secrets,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *tracebacks,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(stream or sys.stdout),
        cache_logger_on_first_use=False,
    )


def blank_secrets(_logger: object, _method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """Replace what must never be written down."""
    for key in NEVER_LOGGED.intersection(event):
        event[key] = "[not logged]"
    return event


def request_id() -> str:
    """This request's id: the proxy's `X-Request-Id` when it is harmless, else a new one."""
    known: str | None = g.get("request_id")
    if known is None:
        offered = request.headers.get("X-Request-Id", "")
        known = offered if SAFE_REQUEST_ID.fullmatch(offered) else secrets.token_hex(8)
        g.request_id = known
    return known


def add_request_log(app: Flask, *, access_log: bool) -> None:
    """Give each request an id, sent back as `X-Request-Id`, and with `access_log` write one line about it.

    The path is written as its template (`/@<handle>`), so that a line names no person and lines can be counted.
    """
    log = structlog.get_logger("flotilla.access")

    @app.before_request
    def start() -> None:
        g.started_s = time.perf_counter()

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers["X-Request-Id"] = request_id()
        if access_log:
            rule = request.url_rule
            started_s = g.get("started_s")
            log.info(
                "request",
                request_id=request_id(),
                method=request.method,
                path=rule.rule if rule else None,
                status=response.status_code,
                duration_ms=None if started_s is None else round((time.perf_counter() - started_s) * 1000, 2),
            )
        return response
