import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from seatrial.errors import SpecError
from seatrial.spec.reading import read_trial_spec
from seatrial.spec.slo import SLO
from seatrial.spec.subject import Database, Server
from seatrial.spec.trial_spec import MeasureSettings

SMALLEST = '[subject]\napp = "shop:app"\n[[workload.operations]]\nname = "front"\npath = "/"\n'
APP = '[subject]\napp = "shop:app"\n'
JOURNEYS = '[workload]\njourneys = "journeys.py"\nmix = { browse = 3 }\n'

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def _write(text: str) -> Path:
        path = tmp_path / "seatrial.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return _write


def message(path: Path, *, allow_remote: bool = False) -> str:
    with pytest.raises(SpecError) as caught:
        read_trial_spec(path, allow_remote=allow_remote)
    assert caught.value.exit_status == 2
    return str(caught.value)


def test_the_smallest_file_gets_the_defaults_of_the_values(write: Write, tmp_path: Path) -> None:
    spec = read_trial_spec(write(SMALLEST))
    assert spec.subject.server == Server()
    assert spec.subject.database == Database()
    assert spec.slo == SLO()
    assert spec.measure == MeasureSettings()
    assert spec.plan.id == "do-s-1vcpu-512mb-10gb"
    assert spec.habits == {}
    assert (spec.target_rps, spec.target_daily_users, spec.allow_remote) == (None, None, False)
    assert spec.subject.directory == tmp_path
    assert spec.subject.name == tmp_path.name
    assert spec.results == tmp_path / "results"
    assert [operation.path for operation in spec.workload.operations] == ["/"]


def test_every_key_of_a_full_file_arrives_in_its_field(write: Write, tmp_path: Path) -> None:
    (tmp_path / "journeys.py").write_text("def browse(person): ...\ndef enter(person): ...\n")
    (tmp_path / "code").mkdir()
    spec = read_trial_spec(
        write(
            """
[subject]
name = "shop"
app = "shop:create_app('x')"
directory = "code"
python = "python3"
health_path = "/up"
environment = { A = "{database_url}" }
prepare = ["{bin}/flask db upgrade 'a b'", ["{python}", "fill it.py", "{size}"]]
size = 500
start_timeout_s = 7
prepare_timeout_s = 9.5
[server]
workers = 2
threads = 3
keep_alive_s = 4
[database]
url = "postgresql://shop@127.0.0.1/trial"
[plan]
id = "hetzner-cx23"
memory_mb = 1024
usd_month = 8
[workload]
journeys = "journeys.py"
sign_in = "enter"
people = 11
arrivals = "constant"
timeout_s = 3
keep_alive = false
[workload.mix]
browse = 3
[slo]
latency_quantile = 0.99
latency_max_ms = 250
error_ratio_max = 0
[measure]
restarts = 1
brief_starts = 8
plan_starts = 9
inside = false
faults = false
warm_up_max_s = 2
half_load_s = 3
saturation_s = 4
confirm_s = 5
search_trial_s = 6
within_s = 99
seed = 7
allow_noise = true
results = "../out"
[habits]
sessions_per_day = [1, 2, 3]
peak_factor = 2
headroom = 0.4
[target]
rate_rps = 12
daily_users = 3400
"""
        )
    )
    subject = spec.subject
    assert (subject.name, subject.app, subject.health_path) == ("shop", "shop:create_app('x')", "/up")
    assert subject.directory == tmp_path / "code"
    assert subject.python.name == "python3"
    assert subject.python.is_absolute()
    assert subject.environment == {"A": "{database_url}"}
    assert subject.prepare == (("{bin}/flask", "db", "upgrade", "a b"), ("{python}", "fill it.py", "{size}"))
    assert subject.size == 500
    assert (subject.start_timeout_s, subject.prepare_timeout_s) == (7, 9.5)
    assert subject.server == Server(workers=2, threads=3, keep_alive_s=4)
    assert subject.database == Database("url", "postgresql://shop@127.0.0.1/trial")
    assert (spec.plan.id, spec.plan.limits.cpus, spec.plan.limits.memory_bytes) == ("hetzner-cx23", 2, 2**30)
    assert (spec.plan.price.usd_month, spec.plan.price.source) == (8, "your own figure in seatrial.toml")
    workload = spec.workload
    assert workload.journeys == tmp_path / "journeys.py"
    assert (dict(workload.mix), workload.sign_in, workload.people) == ({"browse": 3}, "enter", 11)
    assert (workload.arrivals, workload.timeout_s, workload.keep_alive) == ("constant", 3, False)
    assert spec.slo == SLO(0.99, 0.25, 0)
    assert dataclasses.astuple(spec.measure) == (1, 8, 9, False, False, 2, 3, 4, 5, 7, 6, 99, True, ())
    assert spec.results == tmp_path.parent / "out"
    assert spec.habits == {"sessions_per_day": (1, 2, 3), "peak_factor": (2, 2, 2), "headroom": (0.4, 0.4, 0.4)}
    assert (spec.target_rps, spec.target_daily_users) == (12, 3400)


def test_all_problems_are_told_at_once_in_the_order_of_their_lines(write: Write) -> None:
    path = write(
        '[subject]\napp = "shop"\nheath_path = "/"\n\n[server]\nworkers = "two"\n\n'
        '[[workload.operations]]\nname = "a"\npath = "/"\n[[workload.operations]]\nname = "a"\nweight = -1\n[sloo]\n'
    )
    text = message(path)
    assert text.startswith(f"{path}: 7 things in this file cannot be used.")
    lines = [line for line in text.splitlines() if line.startswith(f"{path}:") and "things" not in line]
    places = [line.removeprefix(f"{path}:").split(" ")[0:2] for line in lines]
    assert [" ".join(place) for place in places] == [
        "2: subject.app",
        "3: subject.heath_path",
        "6: server.workers",
        "11: workload.operations[1].path",
        "12: workload.operations[1].name",
        "13: workload.operations[1].weight",
        "14: sloo",
    ]
    assert "Did you mean health_path?" in text
    assert "Did you mean slo?" in text


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        (SMALLEST + "[server]\nworkers = 0\n", ":7: server.workers", "a whole number, at least 1 and at most 256"),
        (SMALLEST + "[server]\nworkers = 1.5\n", ":7: server.workers", "must be a whole number; this is 1.5"),
        (SMALLEST + "[server]\nthreads = true\n", ":7: server.threads", "must be a whole number; this is true"),
        (SMALLEST + "[server]\nworkers = '3'\n", ":7: server.workers", 'this is "3"'),
        (SMALLEST + "[slo]\nlatency_quantile = 95\n", ":7: slo.latency_quantile", "95 % is written 0.95"),
        (SMALLEST + "[slo]\nlatency_quantile = 1.0\n", ":7: slo.latency_quantile", "below 1"),
        (SMALLEST + "[slo]\nlatency_max_ms = nan\n", ":7: slo.latency_max_ms", "must be a number"),
        (SMALLEST + "[server]\nkind = 'uwsgi'\n", ":7: server.kind", 'must be "gunicorn" or "uvicorn" or'),
        (SMALLEST + "[server]\nworker_class='sync'\nthreads=2\n", ":8: server.threads", "one request at a time"),
        (SMALLEST + "[server]\ncommand = 'run --port 80'\n", ":7: server.command", "must hold {port}"),
        (SMALLEST + "[server]\ncommand = 'run \"{port}'\n", ":7: server.command", "quotes are closed"),
        (SMALLEST + "[server]\nkind = 'command'\n", ":6: server.command", "is missing"),
        (SMALLEST + "[server]\nkind='gunicorn'\ncommand='r {port}'\n", ":8: server.command", "is not used with kind"),
        (SMALLEST + "[database]\nkind = 'url'\n", ":6: database.url", "is missing"),
        (SMALLEST + "[database]\nurl = 'mysql://127.0.0.1/x'\n", ":7: database.url", "postgresql://"),
        (SMALLEST + "[database]\nurl = 'postgresql://db.example.org/x'\n", ":7: database.url", "--allow-remote"),
        (SMALLEST + "[database]\nkind='none'\nplacement='apart'\n", ":8: database.placement", "that it starts itself"),
        (SMALLEST + "[database]\nround_trip_ms = 2\n", ":7: database.round_trip_ms", 'say placement = "apart"'),
        (SMALLEST + "[database]\nplacement='apart'\nround_trip_ms=0\n", ":8: database.round_trip_ms", "above 0"),
        (SMALLEST + "[server]\ncommand='r {port} {pool}'\n", ":7: server.command", "such as: pool = 5"),
        (SMALLEST + "[plan]\nid = 'do-s-1vcpu-512mb'\n", ":7: plan.id", "Did you mean do-s-1vcpu-512mb-10gb?"),
        (SMALLEST + "[plan]\nid = 'heroku-basic'\n", ":6: plan.cpus", "does not know it for heroku-basic"),
        (SMALLEST + "[plan]\ncpus = 2\n", ":6: plan.memory_mb", "is missing"),
        (SMALLEST + "[plan]\ncpus = 0\nmemory_mb = 512\n", ":7: plan.cpus", "above 0"),
        (SMALLEST + "[habits]\npeak_factor = [3, 2, 4]\n", ":7: habits.peak_factor", "in rising order"),
        (SMALLEST + "[habits]\npeak_factor = [1, 2]\n", ":7: habits.peak_factor", "[low, typical, high]"),
        (SMALLEST + "[habits]\nsessions_per_day = [0, 2, 3]\n", ":7: habits.sessions_per_day[0]", "above 0"),
        (SMALLEST + "[measure]\nworkers = 3\n", ":7: measure.workers", "It belongs below a line [server]."),
        ("workers = 3\n" + SMALLEST, ":1: workers", "It belongs below a line [server]."),
        ("slo = 3\n" + SMALLEST, ":1: slo", "must be a section, [slo]; this is 3"),
        (APP + "[workload]\noperations = 3\n", ":4: workload.operations", "must be a section, [[workload.operations]]"),
        (APP + "[workload.operations]\nname='a'\n", ":3: workload.operations", "[[workload.operations]]"),
        (APP, ": workload", "neither operations nor a mix"),
        (APP + "[workload]\nmix = { browse = 1 }\n", ":4: workload.mix", "no journeys file"),
        (
            APP + JOURNEYS.replace("mix", 'arrivals_are = "sessions"\nsign_in = "enter"\nmix'),
            ":6: workload.sign_in",
            "signs people in who then never come",
        ),
        (APP + JOURNEYS.replace("mix", "returning = 0.5\nmix"), ":5: workload.returning", "here operations arrive"),
        (APP + JOURNEYS.replace("mix", "returning = 1.5\nmix"), ":5: workload.returning", "at most 1"),
        (APP + JOURNEYS.replace("mix", 'order = "odd"\nmix'), ":5: workload.order", "stratified"),
        (APP + JOURNEYS.replace("3", "0"), ":5: workload.mix", "no weight above zero"),
        (APP + JOURNEYS.replace("3", "-1"), ":5: workload.mix.browse", "at least 0"),
        (APP + JOURNEYS.replace("browse", "brows"), ":5: workload.mix.brows", "Did you mean browse?"),
        (APP + JOURNEYS + "sign_in = 'login'\n", ":6: workload.sign_in", "Its functions: browse, enter."),
        (APP + JOURNEYS.replace("journeys.py", "no.py"), ":4: workload.journeys", "is not there"),
        (APP + JOURNEYS.replace("journeys.py", "broken.py"), ":4: workload.journeys", "broken.py, line 2"),
        (APP + '[workload]\njourneys = "journeys.py"\n', ":3: workload", "neither operations nor a mix"),
        (
            SMALLEST.replace("front", "browse") + "[workload]\nmix = {browse=1}\njourneys='journeys.py'\n",
            ":4: workload.operations[0].name",
            "is in the mix too",
        ),
        (SMALLEST + "[workload]\njourneys='journeys.py'\n", ":7: workload.journeys", "is not used"),
        (
            APP + "environment = {A='{nonsense}'}\n" + SMALLEST[27:],
            ":3: subject.environment.A",
            "direct_database_port. To keep the braces, write {{nonsense}}.",
        ),
        (
            APP + "environment = {A='{workers}'}\n" + SMALLEST[27:],
            ":3: subject.environment.A",
            "cannot fill in",
        ),
        (
            SMALLEST + "[database]\nkind='none'\n[server]\ncommand='a {port} {database_url}'\n",
            ":9: server.command",
            "There is no database here",
        ),
        (SMALLEST.replace('"/"', '"x"'), ":5: workload.operations[0].path", "begin with a slash"),
        (SMALLEST + "weight = 0\n", ":3: workload.operations", "no weight above zero"),
        (SMALLEST.replace('app = "shop:app"', ""), ":1: subject.app", "nothing says what to start"),
        (APP + "directory = 'gone'\n" + SMALLEST[27:], ":3: subject.directory", "is not there"),
        (APP + "python = 'gone/python'\n" + SMALLEST[27:], ":3: subject.python", "not a program that can be run"),
        (APP + "health_path = 'up'\n" + SMALLEST[27:], ":3: subject.health_path", "begin with a slash"),
        (
            APP + "environment = {A='{databse_url}'}\n" + SMALLEST[27:],
            ":3: subject.environment.A",
            "mean database_url?",
        ),
        (APP + "environment = {A=1}\n" + SMALLEST[27:], ":3: subject.environment.A", 'text in quotes, such as "1"'),
        (APP + "prepare = ['ok', ['a', 3]]\n" + SMALLEST[27:], ":3: subject.prepare[1][1]", "text in quotes"),
        (APP + "prepare = ['']\n" + SMALLEST[27:], ":3: subject.prepare[0]", "not empty"),
        (APP + "url = 'ftp://127.0.0.1'\n" + SMALLEST[27:], ":3: subject.url", "http://"),
        (APP + "url = 'http://example.org'\n" + SMALLEST[27:], ":3: subject.url", "names another machine, example.org"),
        (
            SMALLEST + "[slo]\nlatency_max_ms = 10001\n",
            ":7: slo.latency_max_ms",
            "is 10001 ms, above workload.timeout_s, 10 s",
        ),
        (
            SMALLEST + "[workload]\ntimeout_s = 0.4\n",
            ":7: workload.timeout_s",
            "is 0.4 s, below slo.latency_max_ms, 500 ms",
        ),
    ],
)
def test_each_mistake_is_named_with_its_line_its_key_and_what_to_do(
    write: Write, tmp_path: Path, text: str, place: str, words: str
) -> None:
    (tmp_path / "journeys.py").write_text("def browse(person): ...\nasync def enter(person): ...\n")
    (tmp_path / "broken.py").write_text("def browse(person): ...\ndef (\n")
    path = write(text)
    told = message(path)
    assert told.startswith(f"{path}{place} ")
    assert words in told


def test_an_objective_as_long_as_people_wait_is_accepted(write: Write) -> None:
    spec = read_trial_spec(write(SMALLEST + "[slo]\nlatency_max_ms = 10000\n"))
    assert spec.slo.latency_max_s == spec.workload.timeout_s == 10.0


def test_files_that_are_not_there_or_not_toml_are_refused_in_words(write: Write, tmp_path: Path) -> None:
    assert f"{tmp_path / 'seatrial.toml'}: there is no such file." in message(tmp_path)
    assert "[subject]" in message(tmp_path / "other.toml")
    assert message(write('[subject]\napp = "x\n')).startswith(f"{tmp_path / 'seatrial.toml'}:2:")
    assert "not valid TOML" in message(write("[subject\n"))
    path = tmp_path / "seatrial.toml"
    path.write_bytes(b"[subject]\nname = '\xff'\n")
    assert f"{path}:2: the file is not UTF-8 text." in message(path)
    path.write_bytes(b"#" * 1_000_001)
    assert "larger than 1,000,000 bytes" in message(path)
    path.write_text("a = " + "[" * 20_000)
    assert "seatrial.toml" in message(path)
    path.unlink()
    path.symlink_to(path)
    assert "cannot be read" in message(path)


def test_a_folder_stands_for_its_seatrial_toml_and_a_byte_order_mark_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "seatrial.toml").write_bytes(b"\xef\xbb\xbf" + SMALLEST.replace("\n", "\r\n").encode())
    assert read_trial_spec(tmp_path).path == tmp_path / "seatrial.toml"


def test_the_python_of_the_apps_own_environment_is_chosen_and_its_link_is_kept(write: Write, tmp_path: Path) -> None:
    assert read_trial_spec(write(SMALLEST)).subject.python == Path(sys.executable)
    link = tmp_path / ".venv" / "bin" / "python"
    link.parent.mkdir(parents=True)
    link.symlink_to(sys.executable)
    assert read_trial_spec(write(SMALLEST)).subject.python == link
    named = SMALLEST.replace("[[", f'python = "../{tmp_path.name}/.venv/bin/python"\n[[', 1)
    assert read_trial_spec(write(named)).subject.python == link


def test_another_machine_is_measured_only_when_it_is_allowed(write: Write) -> None:
    path = write(SMALLEST.replace('app = "shop:app"', 'url = "http://example.org/"'))
    assert "--allow-remote" in message(path)
    spec = read_trial_spec(path, allow_remote=True)
    assert (spec.subject.url, spec.subject.database.kind, spec.allow_remote) == ("http://example.org", "none", True)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "localhost", "[::1]", "app.localhost"])
def test_every_name_of_this_machine_is_taken_for_this_machine(write: Write, host: str) -> None:
    spec = read_trial_spec(write(SMALLEST.replace('app = "shop:app"', f'url = "http://{host}:8000"')))
    assert spec.subject.url == f"http://{host}:8000"


@pytest.mark.parametrize("host", ["127.0.0.1.example.org", "128.0.0.1", "0.0.0.0", "[::2]", "localhost.example.org"])
def test_no_other_machine_is_taken_for_this_one(write: Write, host: str) -> None:
    path = write(SMALLEST.replace('app = "shop:app"', f'url = "http://{host}:8000"'))
    assert "names another machine" in message(path)


def test_a_command_line_needs_no_app_and_makes_the_kind(write: Write) -> None:
    spec = read_trial_spec(
        write(SMALLEST.replace('app = "shop:app"', "") + "[server]\ncommand = ['srv', '--at', '127.0.0.1:{port}']\n")
    )
    assert spec.subject.server.kind == "command"
    assert spec.subject.server.command == ("srv", "--at", "127.0.0.1:{port}")


def test_braces_that_are_doubled_or_hold_no_name_are_left_to_the_app(write: Write) -> None:
    text = SMALLEST.replace(
        "[[", """environment = { A = '{"a": {{b}}}', C = '{{b} {b}}', B = "{work}/{port}" }\n[[""", 1
    )
    text += "[server]\ncommand = 'srv --port {port} -w {workers} -t {threads} {database_url}'\n"
    assert read_trial_spec(write(text)).subject.environment["A"] == '{"a": {{b}}}'


def test_plain_requests_and_journeys_can_be_mixed_and_a_journeys_file_may_only_sign_in(
    write: Write, tmp_path: Path
) -> None:
    (tmp_path / "journeys.py").write_text("def browse(person): ...\ndef enter(person): ...\n")
    both = read_trial_spec(write(SMALLEST + "weight = 0\n" + JOURNEYS)).workload
    assert (len(both.operations), dict(both.mix)) == (1, {"browse": 3})
    only = read_trial_spec(write(SMALLEST + '[workload]\njourneys = "journeys.py"\nsign_in = "enter"\n')).workload
    assert (only.sign_in, dict(only.mix)) == ("enter", {})


def test_a_sync_worker_has_one_slot_without_being_told(write: Write) -> None:
    spec = read_trial_spec(write(SMALLEST + "[server]\nworker_class = 'sync'\nworkers = 3\n"))
    assert spec.subject.server.threads == 1
    assert spec.subject.server.slots == 3


def test_a_plan_of_ones_own_needs_only_cpus_and_memory(write: Write) -> None:
    spec = read_trial_spec(write(SMALLEST + "[plan]\nname = 'attic'\ncpus = 0.5\nmemory_mb = 256\n"))
    assert (spec.plan.id, spec.plan.name, spec.plan.price.usd_month) == ("own", "attic", None)
    assert (spec.plan.limits.cpus, spec.plan.limits.memory_bytes) == (0.5, 268_435_456)


def test_a_password_in_a_refused_address_is_not_repeated(write: Write) -> None:
    path = write(SMALLEST + "[database]\nurl = 'postgresql://me:s3cret@db.example.org/x'\n")
    assert "s3cret" not in message(path)
    path = write(SMALLEST + "[database]\nurl = 'mysql://me:s3cret@127.0.0.1/x'\n")
    assert "s3cret" not in message(path)


def test_more_mistakes_than_anyone_reads_are_counted_not_listed(write: Write) -> None:
    text = message(write(SMALLEST + "[server]\n" + "".join(f"x{number} = 1\n" for number in range(40))))
    assert "40 things" in text
    assert "... and 15 more." in text


def test_a_database_apart_is_one_millisecond_away_unless_the_file_says_otherwise(write: Write) -> None:
    apart = SMALLEST + '[database]\nplacement = "apart"\n'
    assert read_trial_spec(write(apart)).subject.database == Database(placement="apart", round_trip_s=0.001)
    assert read_trial_spec(write(apart + "round_trip_ms = 2\n")).subject.database.round_trip_s == 0.002


def test_an_event_loop_is_reckoned_with_the_forty_functions_that_anyio_runs_at_once(write: Write) -> None:
    gevent = SMALLEST + '[server]\nworker_class = "gevent"\nworkers = 3\n'
    assert read_trial_spec(write(gevent)).subject.server.slots == 120
    assert read_trial_spec(write(gevent + "threads = 100\n")).subject.server.slots == 300
    assert read_trial_spec(write(SMALLEST + '[server]\nworker_class = "sync"\nworkers = 3\n')).subject.server.slots == 3
