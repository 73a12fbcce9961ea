"""Each way in which a subject does not come up, or goes down, is told apart in words."""

import http.client
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from seatrial.errors import SpecError, SubjectExited, TestbedError
from seatrial.spec.subject import Database, Server
from seatrial.testbed.testbed import Testbed


def command(*argv: str) -> Server:
    return Server(kind="command", command=argv)


def started(trial) -> BaseException:
    """The failure of starting it; the test bed is closed then."""
    with Testbed(trial) as testbed, pytest.raises((TestbedError, SpecError)) as caught:
        prepare_and_start(testbed)
    assert not testbed.folder.exists()
    return caught.value


def prepare_and_start(testbed: Testbed) -> None:
    testbed.prepare()
    testbed.start(1, 2, fresh_data=False)


def test_a_module_missing_in_the_app_names_it_and_says_where_to_install_it(trial_of):
    error = started(trial_of(app="testbed_app:missing_module()"))
    assert isinstance(error, SubjectExited)
    assert "ended while it was starting (exit status 3)" in str(error)
    assert "`flask_of_which_nobody_heard` is not installed" in str(error)
    assert "install it there, or set subject.python" in str(error)
    assert "ModuleNotFoundError" in error.details


def test_an_app_that_exits_is_told_with_its_status_and_its_last_lines(trial_of):
    error = started(trial_of(server=command(sys.executable, "-c", "print('farewell {port}'); raise SystemExit(7)")))
    assert isinstance(error, SubjectExited)
    assert "ended while it was starting (exit status 7)" in str(error)
    assert "farewell" in error.details


def test_an_app_ended_by_a_signal_is_told_with_the_signal(trial_of):
    error = started(trial_of(server=command(sys.executable, "-c", "import os; os.kill(os.getpid(), 15) # {port}")))
    assert "ended while it was starting (signal SIGTERM)" in str(error)


def test_only_the_last_twenty_lines_are_shown(trial_of):
    talk = "print(*range(100), sep=chr(10)); raise SystemExit(1) # {port}"
    error = started(trial_of(server=command(sys.executable, "-c", talk)))
    assert error.details.splitlines() == [str(number) for number in range(80, 100)]


def test_an_app_that_never_listens_is_told_apart(trial_of):
    trial = trial_of(server=command(sys.executable, "-c", "import time; time.sleep(60) # {port}"), start_timeout_s=1.0)
    error = started(trial)
    assert "does not listen on port" in str(error)
    assert "after 1 s" in str(error)


def test_an_app_that_listens_on_another_port_is_told_which(trial_of):
    server = "import socket,time; s=socket.create_server(('127.0.0.1',0)); time.sleep(60) # {port}"
    error = started(trial_of(server=command(sys.executable, "-c", server), start_timeout_s=1.0))
    assert "It listens on port" in str(error)
    assert "put {port} into subject.server.command" in str(error)


def test_an_app_that_listens_but_never_answers_is_told_apart(trial_of):
    error = started(trial_of(app="testbed_app:hanging", start_timeout_s=2.0))
    assert "listens on port" in str(error)
    assert "has not answered within" in str(error)


def test_an_app_that_answers_500_is_told_with_its_answer_and_its_log(trial_of):
    error = started(trial_of(app="testbed_app:failing", start_timeout_s=20.0))
    assert "answers 500 to its health path instead of 200" in str(error)
    assert "something broke" in error.details
    assert "the ledger is missing" in error.details


def test_an_app_that_fills_the_memory_while_starting_ran_out_of_memory(trial_of):
    error = started(trial_of(app="testbed_app:leaking()", memory_mb=128))
    assert isinstance(error, SubjectExited)
    assert "the app ran out of memory at 96 MB of the plan's 128 MB" in str(error)
    assert "32 MB of them are the operating system's" in str(error)


def test_an_app_that_leaks_into_the_limit_later_ran_out_of_memory(trial_of):
    with Testbed(trial_of(memory_mb=128)) as testbed:
        testbed.prepare()
        testbed.start(1, 2, fresh_data=False)
        testbed.check_alive()
        with pytest.raises((urllib.error.URLError, http.client.HTTPException, OSError)):
            urllib.request.urlopen(f"{testbed.url}/leak?500", timeout=20)
        assert testbed.readings().oom_kills >= 1
        with pytest.raises(SubjectExited, match="the app ran out of memory at 96 MB of the plan's 128 MB"):
            testbed.check_alive()
        # gunicorn has replaced its worker meanwhile; a fresh start begins with a clean slate.
        testbed.start(1, 2, fresh_data=False)
        testbed.check_alive()


def test_a_port_taken_by_somebody_else_is_told(trial_of):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        server = f"import socket; socket.create_server(('127.0.0.1', {port})) # {{port}}"
        error = started(trial_of(server=command(sys.executable, "-c", server)))
    assert "is taken by another program" in str(error)
    assert "use {port} in the command" in str(error)


def test_an_answer_from_somebody_elses_server_is_not_taken_for_the_subjects(tmp_path):
    from seatrial.testbed.process import Order, Process, Warden
    from seatrial.testbed.readiness import wait_until_ready

    with subprocess.Popen(
        [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as other:
        assert other.stdout is not None
        port = int(other.stdout.readline().split("port ")[1].split()[0])
        keeper = Warden("testtakenport")
        try:
            sleeper = Order((sys.executable, "-c", "import time; time.sleep(60)"), {}, tmp_path, tmp_path / "log")
            process = Process(sleeper, keeper)
            with pytest.raises(TestbedError, match=f"port {port} is taken by another program"):
                wait_until_ready(process, port, "/", 10.0, str)
            process.stop()
        finally:
            keeper.close()
            other.kill()


def test_a_program_that_does_not_exist_is_told_with_its_name(trial_of):
    error = started(trial_of(server=command("/nowhere/uvicorn", "--port", "{port}")))
    assert "cannot start `/nowhere/uvicorn`: No such file or directory" in str(error)


def test_a_command_that_never_says_port_is_refused(trial_of):
    error = started(trial_of(server=command("python", "app.py")))
    assert isinstance(error, SpecError)
    assert "does not say {port}" in str(error)


def test_a_python_without_gunicorn_is_lent_seatrials_and_told_so(trial_of, tmp_path):
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True, timeout=60)
    with Testbed(trial_of(python=bare / "bin" / "python")) as testbed:
        testbed.prepare()
        testbed.start(1, 4, fresh_data=False)
        assert any("lent its own" in caveat for caveat in testbed.caveats)
    assert not list((bare / "lib").glob("*/site-packages/*"))  # nothing was put into the project's own


def test_an_app_that_ends_later_is_seen_by_check_alive(trial_of):
    serve = (
        "import http.server as h, threading, os, sys\n"
        "threading.Timer(1.0, os._exit, (9,)).start()\n"
        "h.HTTPServer(('127.0.0.1', {port}), h.SimpleHTTPRequestHandler).serve_forever()"
    )
    with Testbed(trial_of(server=command(sys.executable, "-c", serve))) as testbed:
        testbed.prepare()
        testbed.start(1, 1, fresh_data=False)
        assert testbed._app.processes[0].wait(10.0) == 9
        with pytest.raises(SubjectExited, match=r"the app ended by itself \(exit status 9\)"):
            testbed.check_alive()


def test_a_preparing_command_that_fails_is_told_with_its_number_and_last_lines(trial_of):
    prepare = (("{python}", "-c", "pass"), ("{python}", "-c", "print('no such column'); raise SystemExit(4)"))
    error = started(trial_of(prepare=prepare))
    assert error.where == "subject.prepare[1]"
    assert "failed (exit status 4)" in str(error)
    assert error.details == "no such column"


def test_a_preparing_command_that_hangs_is_ended_at_its_deadline(trial_of):
    error = started(trial_of(prepare=(("sleep", "60"),), prepare_timeout_s=0.5))
    assert "`sleep 60` did not end within 0.5 s" in str(error)


def test_a_target_on_another_machine_is_refused_unless_allowed(trial_of):
    with pytest.raises(SpecError, match=r"the target 192\.0\.2\.7 is not on this machine"):
        Testbed(trial_of(url="http://192.0.2.7:80"))
    Testbed(trial_of(url="http://192.0.2.7:80", allow_remote=True))


def test_a_database_on_another_machine_is_refused(trial_of):
    with pytest.raises(SpecError, match=r"the database's host 192\.0\.2\.7 is not this machine"):
        Testbed(trial_of(database=Database("url", "postgresql://me:pw@192.0.2.7/shop")))


def test_a_database_that_nobody_runs_is_told_with_host_port_name_and_advice(trial_of):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    error = started(trial_of(database=Database("url", f"postgresql://me:pw@127.0.0.1:{port}/shop")))
    assert f"the database at 127.0.0.1, port {port}, database `shop`, user `me`, cannot be used" in str(error)
    assert "start PostgreSQL, correct the port" in str(error)
    assert "refused" in error.details


def test_a_working_folder_that_cannot_be_made_is_told(trial_of, tmp_path: Path):
    missing = tmp_path / "gone"
    with pytest.raises(TestbedError, match="cannot make the working folder"):
        Testbed(trial_of(), work=missing).__enter__()
