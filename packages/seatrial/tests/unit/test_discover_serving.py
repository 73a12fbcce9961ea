"""Which server a trial starts, by what the project's own start line says and its environment has."""

import sys
from pathlib import Path

import pytest

from seatrial.discover.interpreter import Interpreter
from seatrial.discover.proposal import Proposal
from seatrial.discover.proposal_text import proposal_text
from seatrial.discover.serving import with_server
from seatrial.discover.source_tree import SourceTree
from seatrial.discover.start_lines import find_start_lines
from seatrial.spec.development import starts_development_server
from seatrial.spec.reading import read_trial_spec

OPERATION = '\n[[workload.operations]]\nname = "front"\npath = "/"\n'


def chosen(folder, line: str, packages: str, *, target: str = "shop.main:app", interface: str = "asgi") -> Proposal:
    if line:
        (folder / "Procfile").write_text(f"web: {line}\n")
    python = Path(sys.executable)
    found = Interpreter(python, "as given", (3, 13), dict.fromkeys(packages.split(), "1"))
    draft = Proposal("shop", folder, folder, python, target=target, interface=interface, database="none")
    return with_server(draft, find_start_lines(SourceTree(folder)), found)


CASES = {
    "uvicorn": ("uvicorn shop.main:app --workers 4", "uvicorn hypercorn", "asgi", "uvicorn"),
    "fastapi's own command": ("fastapi run shop/main.py", "uvicorn fastapi", "asgi", "uvicorn"),
    "hypercorn": ("hypercorn shop.main:app -w 2", "uvicorn hypercorn", "asgi", "hypercorn"),
    "granian of ASGI": ("granian --interface asgi shop.main:app", "granian uvicorn", "asgi", "granian"),
    "granian of WSGI": ("granian --interface wsgi shop.main:app", "granian gunicorn", "wsgi", "granian"),
    "waitress": ("waitress-serve --call shop.main:app", "waitress gunicorn", "wsgi", "waitress"),
    "gunicorn": ("gunicorn shop.main:app", "gunicorn waitress", "wsgi", "gunicorn"),
    "gunicorn with uvicorn's worker": ("gunicorn -k uvicorn.workers.UvicornWorker a:b", "uvicorn", "asgi", "uvicorn"),
    "gunicorn's own ASGI worker": ("gunicorn -k asgi shop.main:app", "gunicorn uvicorn", "asgi", "gunicorn"),
    "nothing said, ASGI": ("", "granian hypercorn", "asgi", "hypercorn"),
    "nothing said, WSGI": ("", "granian waitress", "wsgi", "gunicorn"),
    "one that cannot run it": ("waitress-serve shop.main:app", "waitress uvicorn", "asgi", "uvicorn"),
}


@pytest.mark.parametrize(("line", "packages", "interface", "kind"), CASES.values(), ids=CASES)
def test_the_server_is_written_by_its_name_and_read_back_as_that(tmp_path, line, packages, interface, kind):
    proposal = chosen(tmp_path, line, packages, interface=interface)
    assert (proposal.server, proposal.command) == (kind, "")
    (tmp_path / "seatrial.toml").write_text(proposal_text(proposal) + OPERATION)
    server = read_trial_spec(tmp_path / "seatrial.toml").subject.server
    assert (server.kind, server.command, server.is_event_loop) == (kind, (), interface == "asgi")
    assert (server.workers, server.threads) == (1, 40 if interface == "asgi" else 4)


def test_a_server_that_is_not_installed_is_not_taken_and_that_is_said(tmp_path):
    proposal = chosen(tmp_path, "hypercorn shop.main:app", "uvicorn")
    assert proposal.server == "uvicorn"
    (clue,) = proposal.clues
    assert clue.doubt == f"Procfile starts hypercorn, but {sys.executable} has no hypercorn."


def test_an_app_that_is_called_with_arguments_is_left_to_gunicorn_which_can(tmp_path):
    proposal = chosen(tmp_path, "", "uvicorn", target='shop:create_app("production")')
    assert (proposal.server, proposal.worker_class) == ("gunicorn", "asgi")


def test_a_server_without_a_name_here_is_told_how_to_be_measured(tmp_path):
    (clue,) = chosen(tmp_path, "uwsgi --http :$PORT --module shop.main:app", "uwsgi", interface="wsgi").clues
    assert "--command" in clue.doubt


@pytest.mark.parametrize(
    ("command", "is_one"),
    [
        ("flask --app shop run --port {port}", True),
        ("{python} manage.py runserver {port}", True),
        ("uvicorn shop:app --reload", True),
        ("fastapi dev shop.py", True),
        ("{python} own.py {port}", True),
        ("{python} serve.py {port}", False),
        ("gunicorn shop:app", False),
        ("fastapi run shop.py", False),
    ],
)
def test_a_command_that_starts_a_server_for_development_is_known(tmp_path, command, is_one):
    (tmp_path / "own.py").write_text("if __name__ == '__main__':\n    app.run(debug=True)\n")
    (tmp_path / "serve.py").write_text("import uvicorn\nuvicorn.run('shop:app')\n")
    assert starts_development_server(command.split(), tmp_path) is is_one
