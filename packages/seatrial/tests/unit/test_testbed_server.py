"""Argument lists and environments as values."""

from pathlib import Path

import pytest

from seatrial.errors import SpecError
from seatrial.spec.subject import Server, Subject
from seatrial.testbed import measured_server
from seatrial.testbed.server import Gunicorn, child_environment, fill, gunicorn_version, server_argv

PYTHON = Path("/srv/shop/.venv/bin/python")
OWN = Path("/opt/seatrial/bin/python")


def a_subject(**fields) -> Subject:
    return Subject("shop", "shop:create_app()", Path("/srv/shop"), PYTHON, **fields)


def test_gunicorn_gets_workers_threads_and_no_files_outside():
    server = Server(workers=3, threads=8, keep_alive_s=7)
    argv = server_argv(a_subject(), server, 4321, {}, Gunicorn((27, 0, 1), Path("/dev/shm")))
    assert argv[:4] == (str(PYTHON), "-m", "gunicorn", "shop:create_app()")
    assert {
        "--bind=127.0.0.1:4321",
        "--workers=3",
        "--threads=8",
        "--worker-class=gthread",
        "--keep-alive=7",
        "--backlog=2048",
        "--worker-tmp-dir=/dev/shm",
        "--no-control-socket",
    } <= set(argv)
    assert not any("access" in part for part in argv)


def test_preloading_is_gunicorns_own_option_and_freezing_goes_through_the_door():
    server = Server(preload=True, freeze_gc=True)
    argv = server_argv(a_subject(), server, 1, {}, Gunicorn((27,)))
    assert argv[:3] == (str(PYTHON), measured_server.__file__, "shop:create_app()")
    assert "--preload" in argv


@pytest.mark.parametrize("kind", ["uvicorn", "hypercorn", "granian", "waitress"])
def test_a_server_by_name_is_told_the_app_as_it_is_or_to_call_what_makes_it(kind):
    server = Server(kind, threads=3, keep_alive_s=7)
    plain = server_argv(Subject("shop", "shop:app", Path("/srv"), PYTHON), server, 4321, {}, None)
    assert plain[:3] == (str(PYTHON), "-m", kind)
    assert "shop:app" in plain
    assert any("4321" in part for part in plain)
    made = server_argv(a_subject(), server, 4321, {}, None)
    if kind == "hypercorn":
        assert made[-1] == "shop:create_app()"
    else:
        assert "shop:create_app" in made
        assert {"--factory", "--call"} & set(made)
        assert not {"--factory", "--call"} & set(plain)


def test_sync_workers_get_no_threads_and_old_gunicorns_no_unknown_option():
    argv = server_argv(a_subject(), Server(worker_class="sync"), 1, {}, Gunicorn((23, 0)))
    assert not any(part.startswith("--threads") for part in argv)
    assert "--no-control-socket" not in argv


@pytest.mark.parametrize(
    ("output", "version"), [("gunicorn 27.0.1", (27, 0, 1)), ("warning\ngunicorn 25.1", (25, 1)), ("what", ())]
)
def test_the_version_is_read_from_what_it_says(output, version):
    assert gunicorn_version(output) == version


def test_a_command_of_ones_own_gets_its_port():
    server = Server(kind="command", command=("uvicorn", "app:app", "--port={port}", '{"a": 1}'))
    assert server_argv(a_subject(server=server), server, 99, {"port": "99"}, None) == (
        "uvicorn",
        "app:app",
        "--port=99",
        '{"a": 1}',
    )


def test_a_command_may_take_its_port_from_the_environment():
    server = Server(kind="command", command=("./serve",))
    subject = a_subject(server=server, environment={"PORT": "{port}"})
    assert server_argv(subject, server, 99, {"port": "99"}, None) == ("./serve",)


def test_an_unknown_placeholder_is_named_with_those_that_are_known():
    with pytest.raises(SpecError) as caught:
        fill("x{databse_url}", {"database_url": "u", "port": "1"}, "subject.environment.URL")
    assert "nothing provides the placeholder {databse_url}" in str(caught.value)
    assert "{database_url}, {port}" in str(caught.value)
    assert caught.value.where == "subject.environment.URL"


@pytest.mark.parametrize(
    ("text", "expected"), [("{port}", "80"), ("{{port}}", "{port}"), ("{}", "{}"), ("${HOME}", "${HOME}"), ("a", "a")]
)
def test_only_known_names_in_braces_are_replaced(text, expected):
    assert fill(text, {"port": "80"}, "here") == expected


def test_the_apps_environment_is_the_users_own_without_what_belongs_to_another_python():
    own = {"HOME": "/home/me", "PATH": "/usr/bin", "PYTHONPATH": "/x", "VIRTUAL_ENV": "/y", "GUNICORN_CMD_ARGS": "-w 9"}
    subject = a_subject(environment={"DATABASE_URL": "{database_url}", "HOME": "{work}"})
    made = child_environment(subject, own, OWN, {"database_url": "postgresql://x", "work": "/w"})
    assert made == {
        "HOME": "/w",
        "PATH": "/srv/shop/.venv/bin:/usr/bin",
        "PYTHONUNBUFFERED": "1",
        "DATABASE_URL": "postgresql://x",
    }


def test_an_app_in_seatrials_own_python_keeps_its_path():
    made = child_environment(a_subject(), {"PYTHONPATH": "/x", "VIRTUAL_ENV": "/y"}, PYTHON, {})
    assert made["PYTHONPATH"] == "/x"
    assert made["VIRTUAL_ENV"] == "/y"


@pytest.mark.parametrize("worker_class", ["gevent", "asgi"])
def test_an_event_loop_gets_its_class_and_no_threads(worker_class):
    argv = server_argv(a_subject(), Server(worker_class=worker_class), 1, {}, Gunicorn((27, 0, 1)))
    assert f"--worker-class={worker_class}" in argv
    assert not any(part.startswith("--threads") for part in argv)
