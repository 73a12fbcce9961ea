"""The sum of connections, by hand; the published accidents are in it."""

from seatrial.model.connections import connections_needed


def test_the_terms_add_up_one_by_one():
    found = connections_needed(4, 15, pool=(5, 10), background=6, limit=200)
    assert [(term.name, term.connections) for term in found.terms] == [
        ("web workers", 60),
        ("background workers", 6),
        ("the same again while deploying", 66),
        ("migrations", 1),
        ("reserve", 3),
    ]
    assert found.total == 136
    assert found.fits
    assert found.terms[0].reckoning == "4 workers x (5 + 10)"


def test_sqlalchemy_as_it_comes_does_not_fit_the_smallest_managed_database():
    # Four workers of 5 + 10 against 22 connections, of which the provider has taken its own reserve out already.
    found = connections_needed(4, 15, pool=(5, 10), reserve=0, is_rolling=False, limit=22)
    assert found.total == 61
    assert not found.fits


def test_a_hundred_workers_with_a_pool_of_ten_ask_for_a_thousand():
    assert connections_needed(96, 10, is_rolling=False, reserve=0).total == 961


def test_behind_a_pooler_its_connections_are_all_there_are_even_during_a_deploy():
    found = connections_needed(96, 10, pooler=20, reserve=0)
    assert [(term.name, term.connections) for term in found.terms if term.connections] == [
        ("pooler", 20),
        ("migrations", 1),
    ]


def test_every_machine_has_its_own_workers_and_a_limit_that_nobody_set_is_none():
    found = connections_needed(2, 4, instances=3, is_rolling=False)
    assert found.terms[0].connections == 24
    assert found.terms[0].reckoning == "2 workers x 4 x 3 machines"
    assert found.fits


def test_the_last_connection_that_is_allowed_fits():
    assert connections_needed(2, 4, limit=20).total == 20
    assert connections_needed(2, 4, limit=20).fits
    assert not connections_needed(2, 4, limit=19).fits
