"""The application as a process: how it starts, what it tells machines, what it does without its database."""

import dataclasses
import io
import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
import structlog
from flask import Flask

from flotilla.app import create_app
from flotilla.errors import StartError
from flotilla.logs import configure_logs
from flotilla.settings import Settings

RECOVERY_WAIT_S = 30


@contextmanager
def database_down(server: Any, settings: Settings) -> Iterator[None]:
    """The real database refuses connections and drops those it has, as when it restarts."""
    name = urlsplit(settings.database_url).path[1:]
    server.run(
        f"ALTER DATABASE {name} ALLOW_CONNECTIONS false",
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
    )
    try:
        yield
    finally:
        server.run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return dataclasses.replace(settings, pool_wait_s=0.5)


@pytest.fixture
def log_lines() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    yield stream
    structlog.reset_defaults()


def test_importing_the_application_does_nothing() -> None:
    # No setting is there to read, and neither a log line nor a connection may come of it.
    program = "import threading, flotilla.app; print(threading.active_count())"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], env={}, capture_output=True, text=True, timeout=60, check=True
    )
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_it_does_not_start_without_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLOTILLA_DATABASE_URL", raising=False)
    with pytest.raises(StartError, match="FLOTILLA_DATABASE_URL"):
        create_app()


def test_it_does_not_start_on_a_database_that_was_never_prepared(empty_settings: Settings) -> None:
    with pytest.raises(StartError, match="flotilla migrate"):
        create_app(empty_settings)


def test_it_reads_its_settings_from_the_environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOTILLA_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("FLOTILLA_PAGE_SIZE", "7")

    app = create_app()

    assert app.extensions["flotilla.settings"].page_size == 7
    assert app.test_client().get("/live").status_code == 200


def test_health_asks_the_database_and_live_does_not(app: Flask, settings: Settings, database_server: Any) -> None:
    client = app.test_client()
    assert (client.get("/health").status_code, client.get("/health").json["status"]) == (200, "ok")

    with database_down(database_server, settings):
        down = client.get("/health")
        assert (down.status_code, down.json["status"]) == (503, "unavailable")
        assert down.json["reason"]
        assert client.get("/live").status_code == 200
        assert database_server.password not in down.text


def test_without_its_database_every_page_says_so_and_the_site_comes_back_by_itself(
    app: Flask, settings: Settings, database_server: Any, aboard: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = aboard("ada")
    token = ada.token("/home")
    # Each request waits so long for a connection before it says that there is none.
    monkeypatch.setattr(app.extensions["flotilla.site"].database._pools.get(), "timeout", 0.5)

    with database_down(database_server, settings):
        for answer in (
            ada.get("/home"),
            ada.get("/public"),
            app.test_client().get("/"),
            ada.client.post("/posts", data={"csrf_token": token, "text": "Lost?"}),
        ):
            assert answer.status_code == 503
            assert 'data-status="503"' in answer.text
            assert answer.headers["Retry-After"]
            assert "Traceback" not in answer.text
        assert ada.get("/nowhere").status_code == 404

    deadline_s = time.monotonic() + RECOVERY_WAIT_S
    while (answer := ada.get("/home")).status_code == 503:
        assert time.monotonic() < deadline_s, "the site did not come back"
        time.sleep(0.1)
    assert answer.status_code == 200
    assert 'data-me="ada"' in answer.text


def test_a_fault_of_ours_is_a_page_with_a_code_that_the_log_explains(own_app: Flask, log_lines: io.StringIO) -> None:
    @own_app.get("/fault")
    def fault() -> str:
        raise ZeroDivisionError("one by nought")

    configure_logs(json_lines=True, stream=log_lines)
    answer = own_app.test_client().get("/fault", headers={"X-Request-Id": "from-the-proxy-1"})

    assert answer.status_code == 500
    assert "from-the-proxy-1" in answer.text
    assert "ZeroDivisionError" not in answer.text
    logged = [json.loads(line) for line in log_lines.getvalue().splitlines()]
    failed = next(line for line in logged if line["event"] == "request failed")
    assert failed["request_id"] == "from-the-proxy-1"
    assert "one by nought" in failed["exception"]


def test_each_request_is_one_json_line_that_names_nobody(app: Flask, aboard: Callable, log_lines: io.StringIO) -> None:
    ada = aboard("ada")
    configure_logs(json_lines=True, stream=log_lines)

    ada.get("/@ada?before=9")
    ada.get("/nowhere")

    lines = [json.loads(line) for line in log_lines.getvalue().splitlines()]
    assert [(line["method"], line["path"], line["status"]) for line in lines] == [
        ("GET", "/@<handle>", 200),
        ("GET", None, 404),
    ]
    assert all(0 < line["duration_ms"] < 10_000 and line["timestamp"].endswith("Z") for line in lines)
    assert len({line["request_id"] for line in lines}) == 2
    assert "ada" not in log_lines.getvalue()


def test_no_password_token_or_text_reaches_the_log(app: Flask, aboard: Callable, log_lines: io.StringIO) -> None:
    configure_logs(json_lines=True, level="debug", stream=log_lines)
    ada = aboard("ada", password="a calm sea at dawn")
    ada.publish("Nobody's business")
    structlog.get_logger().info("by mistake", password="a calm sea at dawn", token="abc-token")

    written = log_lines.getvalue()
    assert written.count("\n") >= 6
    cookie = ada.client.get_cookie("flotilla_session").value
    for secret in ("calm sea", "abc-token", "Nobody's business", ada.token("/home"), cookie):
        assert secret not in written


def test_the_line_for_each_request_can_be_turned_off(settings: Settings, log_lines: io.StringIO) -> None:
    quiet = create_app(dataclasses.replace(settings, access_log=False))
    configure_logs(json_lines=True, stream=log_lines)

    assert quiet.test_client().get("/live").headers["X-Request-Id"]
    assert log_lines.getvalue() == ""


def test_a_request_id_that_could_forge_a_log_line_is_replaced(app: Flask) -> None:
    for offered in ("short", "x" * 65, 'a"b{}cdefgh', "with spaces inside"):
        given = app.test_client().get("/live", headers={"X-Request-Id": offered}).headers["X-Request-Id"]
        assert given != offered
        assert len(given) == 16


def test_lines_for_a_person_are_text_and_quieter_levels_are_dropped(log_lines: io.StringIO) -> None:
    configure_logs(json_lines=False, level="warning", stream=log_lines)
    structlog.get_logger().info("not this")
    structlog.get_logger().warning("but this", port=8000)

    assert "not this" not in log_lines.getvalue()
    assert "but this" in log_lines.getvalue()
    assert "port=8000" in log_lines.getvalue()
    assert logging.getLogger("flotilla").handlers == []
