"""Services, topology and settings of servers in a seatrial.toml."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from seatrial.advise.words import server_words
from seatrial.errors import SpecError
from seatrial.measure.study import Study
from seatrial.measure.study_file import read_study, write_study
from seatrial.spec.reading import read_trial_spec
from seatrial.spec.services import Services
from seatrial.spec.trial_spec import TrialSpec

FILE = """
[subject]
app = "shop:app"
[[workload.operations]]
name = "front"
path = "/"
"""
Read = Callable[..., TrialSpec]


@pytest.fixture
def read(tmp_path) -> Read:
    (tmp_path / "shop" / "static").mkdir(parents=True)

    def reading(more: str, file: str = FILE) -> TrialSpec:
        (tmp_path / "seatrial.toml").write_text(file + more, encoding="utf-8")
        return read_trial_spec(tmp_path)

    return reading


ALL = """
[server]
workers = 3
preload = true
freeze_gc = true
[database]
settings = { Synchronous_Commit = false, jit = "off", shared_buffers = "64MB", work_mem = 8192, random_page_cost = 1.5 }
[services]
pooler = "pgbouncer"
pool_size = 7
cache = "valkey"
balancer = "caddy"
instances = 2
static = { "/static/" = "shop/static" }
compression = true
"""


def test_every_key_arrives_and_comes_back_from_the_study(read: Read, a_study: Callable[[], Study], tmp_path: Path):
    spec = read(ALL)
    assert spec.subject.services == Services(
        "pgbouncer", 7, "valkey", "caddy", 2, {"/static/": tmp_path / "shop" / "static"}, compression=True
    )
    assert (spec.subject.server.preload, spec.subject.server.freeze_gc) == (True, True)
    assert spec.subject.database.settings == {
        "synchronous_commit": "off",
        "jit": "off",
        "shared_buffers": "64MB",
        "work_mem": "8192",
        "random_page_cost": "1.5",
    }
    study = replace(a_study(), spec=spec)
    write_study(study, tmp_path / "study.json")
    assert read_study(tmp_path / "study.json") == study


def test_a_study_from_before_there_were_services_is_read_as_one_without(a_study: Callable[[], Study], tmp_path: Path):
    path = tmp_path / "study.json"
    study = a_study()
    write_study(study, path)
    document = msgspec.json.decode(path.read_bytes())
    del document["spec"]["subject"]["services"]
    del document["spec"]["subject"]["database"]["settings"]
    for name in ("preload", "freeze_gc"):
        del document["spec"]["subject"]["server"][name]
    path.write_bytes(msgspec.json.encode(document))
    assert read_study(path) == study


def test_the_workers_of_all_instances_count_and_are_told(read: Read):
    spec = read(ALL)
    assert spec.subject.shape == (6, 4)
    assert spec.subject.whole_server.slots == 24
    assert server_words(spec) == (
        "gunicorn gthread, 3 workers x 4 threads, in each of 2 instances behind Caddy, with Valkey and PgBouncer"
    )
    assert server_words(read('[services]\nbalancer = "caddy"')).endswith("4 threads, behind Caddy")
    hosts = read(ALL + "hosts = 3\n").subject
    assert (hosts.services.servers, hosts.shape) == (6, (18, 4))


@pytest.mark.parametrize(
    ("more", "said", "advice"),
    [
        ("[services]\ninstances = 2", "services.instances need a balancer", 'Say balancer = "caddy"'),
        ("[services]\nhosts = 2", "services.hosts need a balancer", 'Say balancer = "caddy"'),
        ('[services]\nstatic = { "/s/" = "shop/static" }', "served by the balancer, and there is none", "caddy"),
        ("[services]\ncompression = true", "done by the balancer, and there is none", "caddy"),
        ('[services]\nbalancer = "caddy"\nstatic = { "static" = "shop" }', "a slash at both ends", '"/static/"'),
        ('[services]\nbalancer = "caddy"\nstatic = { "/s/" = "nowhere" }', "names no folder", "collectstatic"),
        ('[services]\nbalancer = "caddy"\nmicro_cache_s = 1', "micro_cache_s is done by nginx", 'balancer = "nginx"'),
        ('[services]\nbalancer = "haproxy"\nstatic = { "/s/" = "shop/static" }', "HAProxy serves no files", "nginx"),
        ("[services]\npool_size = 3", "is the pooler's, and there is none", 'pooler = "pgbouncer"'),
        ('[services]\npooler = "pgbouncer"\n[database]\nkind = "none"', "there is none", 'kind = "embedded"'),
        ('[database]\nkind = "none"\nsettings = { jit = "off" }', "there is none", 'kind = "embedded"'),
        ("[database]\nsettings = { Port = 5432 }", "is set by Seatrial itself", "Leave it out"),
        ('[database]\nsettings = { "a b" = 5432 }', "not a name", "shared_buffers"),
        ("[database]\nsettings = { jit = [1] }", "must be text in quotes", ""),
        ('[server]\ncommand = "serve {port}"\npreload = true', "a setting of gunicorn's", "Leave it out"),
        ('[server]\nkind = "uvicorn"\nfreeze_gc = true', "a setting of gunicorn's", "Leave it out"),
        ('[server]\nkind = "uvicorn"\nworker_class = "sync"', "which uvicorn has not", "Leave it out."),
        ('[server]\nkind = "granian"\nworker_class = "gevent"', "which granian has not", 'or say "asgi"'),
        ('[server]\nkind = "waitress"\nworkers = 2', "waitress is one process", "services.instances"),
        ('[server]\ncommand = "serve {port} {cache_url}"', "which Seatrial cannot fill in", 'cache = "valkey"'),
    ],
)
def test_what_does_not_go_together_is_refused_with_what_to_try(read: Read, more: str, said: str, advice: str):
    with pytest.raises(SpecError) as caught:
        read(more)
    assert said in str(caught.value)
    assert advice in str(caught.value)


def test_servers_by_name_take_requests_as_they_do_and_apps_they_can_call(read: Read):
    uvicorn = read('[server]\nkind = "uvicorn"\nworkers = 2')
    assert (uvicorn.subject.server.worker_class, uvicorn.subject.server.threads) == ("asgi", 40)
    assert server_words(uvicorn) == "uvicorn, 2 workers x 40 requests at once"
    assert server_words(read('[server]\nkind = "granian"')) == "granian, 1 worker x 4 threads"
    file = FILE.replace("shop:app", "shop:create_app('test')")
    read('[server]\nkind = "gunicorn"', file)
    with pytest.raises(SpecError, match="calls with arguments, which waitress cannot"):
        read('[server]\nkind = "waitress"', file)


def test_an_app_that_is_running_already_has_its_services_already(read: Read):
    file = FILE.replace('app = "shop:app"', 'url = "http://127.0.0.1:8000"')
    with pytest.raises(SpecError, match=r"services\.cache is not used with subject\.url"):
        read('[services]\ncache = "valkey"', file)


def test_the_cache_and_the_direct_way_to_the_database_can_be_handed_to_the_app(read: Read):
    file = FILE.replace(
        'app = "shop:app"',
        'app = "shop:app"\nenvironment = { C = "{cache_url}", D = "{direct_database_url}" }\n'
        'prepare = ["migrate {direct_database_host} {direct_database_port} {cache_url}"]',
    )
    assert read('[services]\ncache = "valkey"', file).subject.environment["C"] == "{cache_url}"
    with pytest.raises(SpecError, match="There is no cache here"):
        read("", file)
