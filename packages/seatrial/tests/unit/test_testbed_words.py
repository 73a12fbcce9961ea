"""Sentences and small decisions of the test bed."""

import signal
from pathlib import Path

import pytest

from seatrial.errors import SpecError
from seatrial.spec.plan import Limits
from seatrial.testbed.database import GivenDatabase
from seatrial.testbed.enclosure import out_of_memory_words
from seatrial.testbed.meters import Tally
from seatrial.testbed.postgres_install import open_to_all
from seatrial.testbed.preparation import command_words
from seatrial.testbed.process import describe_exit, tail
from seatrial.testbed.target import check_target
from seatrial.testbed.this_machine import is_loopback, is_this_machine
from seatrial.testbed.warden import Register

MEBIBYTE = 1024 * 1024


def test_memory_that_ran_out_is_told_with_the_plans_numbers():
    assert out_of_memory_words("the app", 392 * MEBIBYTE, Limits(1.0, 512 * MEBIBYTE)) == (
        "the app ran out of memory at 392 MB of the plan's 512 MB (120 MB of them are the operating system's)"
    )


@pytest.mark.parametrize(
    ("status", "words"),
    [(0, "exit status 0"), (3, "exit status 3"), (-signal.SIGKILL, "signal SIGKILL"), (-77, "signal 77")],
)
def test_an_exit_is_a_status_or_a_signal(status, words):
    assert describe_exit(status) == words


def test_the_tail_of_a_log_is_its_last_lines(tmp_path: Path):
    log = tmp_path / "log"
    assert tail(log) == ""
    log.write_text("x" * 200_000 + "\n" + "\n".join(str(number) for number in range(50)) + "\n\n")
    assert tail(log, 3) == "47\n48\n49"


def test_a_long_command_is_one_short_line():
    assert command_words(("python", "-c", "a\nb")) == "python -c a b"
    assert len(command_words(("x" * 300,))) == 103


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.8.9.1", True), ("localhost", True), ("::1", True), ("192.0.2.1", False)],
)
def test_loopback_is_told_from_the_rest(host, expected):
    assert is_loopback(host) is expected
    assert is_this_machine(host) is expected


def test_a_local_socket_is_this_machine():
    assert is_this_machine("/run/postgresql")


@pytest.mark.parametrize("url", ["https://127.0.0.1", "127.0.0.1:80", "http://", "ftp://127.0.0.1"])
def test_a_target_that_is_no_plain_http_address_is_refused(url):
    with pytest.raises(SpecError, match="is not an address such as"):
        check_target(url, allow_remote=True)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://me@127.0.0.1/shop", "mysql is not PostgreSQL"),
        ("postgresql://me@127.0.0.1:nine/shop?nonsense=1", "cannot be read"),
        ("postgresql://me@192.0.2.1/shop", "192.0.2.1 is not this machine"),
    ],
)
def test_a_database_address_that_cannot_be_used_is_refused(url, says):
    with pytest.raises(SpecError, match=says):
        GivenDatabase(url)


def test_a_database_address_with_a_driver_in_it_reaches_the_app_as_it_was_written():
    url = "postgresql+psycopg://me:secret@127.0.0.1:5433/shop"
    given = GivenDatabase(url).placeholders()
    assert given["database_url"] == url
    assert (given["database_host"], given["database_port"], given["database_name"]) == ("127.0.0.1", "5433", "shop")
    assert (given["database_user"], given["database_password"]) == ("me", "secret")


def test_a_file_below_a_closed_folder_is_not_open_to_all(tmp_path: Path):
    file = tmp_path / "closed" / "file"
    file.parent.mkdir(mode=0o700)
    file.write_text("")
    file.chmod(0o755)
    assert not open_to_all(file)
    assert open_to_all(Path("/etc/passwd"))


def test_a_tally_keeps_what_ended_processes_used(monkeypatch):
    clocks = {1: 2.0, 2: 3.0}
    monkeypatch.setattr("seatrial.testbed.meters.process_cpu_s", clocks.get)
    tally = Tally()
    assert tally.add([1, 2]) == 5.0
    clocks[1] = 2.5
    assert tally.add([1]) == 5.5
    # Process id 1 is given out again: its clock starts anew.
    clocks[1] = 0.25
    assert tally.add([1]) == 5.75
    assert tally.add([]) == 5.75


def test_the_wardens_register_takes_in_what_it_is_told_and_forgets_what_has_ended():
    register = Register(mark="tok")
    register.note({"folder": "/tmp/x"})
    register.note({"process": 7, "born": 99, "signal": 15})
    register.note({"process": 8, "born": None, "signal": 3})
    register.note({"groups": {"folders": ["/c/a/app", "/c/a"], "home": "/c", "enabled": [], "leaf": ""}})
    register.note({"ended": 7})
    register.note({"ended": 7})
    register.note({"something": "new"})
    assert register.folders == ["/tmp/x"]
    assert register.processes == {8: (None, 3)}
    assert register.groups == ["/c/a/app/cgroup.procs", "/c/a/cgroup.procs"]
