"""Apps as their frameworks' documentation teaches them, each in an environment of its own: what `init` finds.

test_sample_apps_measured.py goes on with one of them; benchmarks/sample_apps.py measures all.
"""

import pytest

pytestmark = [pytest.mark.linux, pytest.mark.timeout(400)]

CASES = {
    "blog": (["--sign-up"], {"front", "posts_one", "drafts", "create"}),
    "noticeboard": (["--sign-up"], {"front", "notices_one", "mine"}),
    "library": (["--user", "reader", "--password", "a-quiet-room"], {"front", "books_one", "loans", "suggest"}),
    "tracker": (["--user", "demo", "--password", "demo-password"], {"tasks", "tasks_one", "users_me"}),
    "weather": ([], {"front", "stations_one", "strongest"}),
    "plain": ([], {"front", "time"}),
    "faulty": ([], {"front", "customers_one"}),
}


@pytest.mark.parametrize(("name", "options", "operations"), [(n, *rest) for n, rest in CASES.items()], ids=CASES)
def test_init_finds_what_people_ask_for(sample_app, run_seatrial, name, options, operations):
    begun = run_seatrial("init", sample_app(name), *options, "--json")
    assert begun.status == 0, begun.err
    assert operations <= {operation["name"] for operation in begun.findings["operations"]}
    told = {clue["what"] for clue in begun.findings["found"]}
    assert ("debugging is on" in told) is (name in {"faulty", "library"})
    assert any("served by the app" in what for what in told) is (name == "faulty")
