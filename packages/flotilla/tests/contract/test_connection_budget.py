"""The sum of all processes' connections against what the real PostgreSQL allows, told before anybody has to wait."""

import dataclasses
from urllib.parse import urlsplit

import psycopg
import pytest
import structlog

from flotilla.store import connection_budget


@pytest.fixture
def instance(own_settings):
    return dataclasses.replace(own_settings, workers=3, threads=4, pool_size=4, live=True, jobs=True)


def warnings(settings):
    with structlog.testing.capture_logs() as logs:
        connection_budget.warn_if_too_few(settings)
    return logs


def test_each_worker_has_a_pool_and_each_listener_a_connection_more(instance):
    assert connection_budget.wanted(instance) == {"web": 12, "live": 5, "jobs": 5}
    behind = dataclasses.replace(instance, pooler_url="postgresql://user@pooler/flotilla")
    assert connection_budget.wanted(behind) == {"web": 0, "live": 1, "jobs": 5}
    assert connection_budget.wanted(dataclasses.replace(instance, live=False, jobs=False)) == {"web": 12}


def test_what_the_database_allows_is_what_it_really_lets_in(instance, database_server):
    name = urlsplit(instance.database_url).path[1:]
    # 100, of which three are kept for the superuser.
    assert connection_budget.allowed(instance) == 97
    assert not warnings(instance)
    database_server.run(f"ALTER DATABASE {name} CONNECTION LIMIT 21")
    assert connection_budget.allowed(instance) == 21
    (told,) = warnings(instance)
    assert (told["allowed"], told["wanted"], told["web"], told["live"], told["jobs"]) == (21, 22, 12, 5, 5)
    opened = [psycopg.connect(instance.database_url) for _ in range(21)]
    with pytest.raises(psycopg.OperationalError, match="too many connections"):
        psycopg.connect(instance.database_url)
    for connection in opened:
        connection.close()
