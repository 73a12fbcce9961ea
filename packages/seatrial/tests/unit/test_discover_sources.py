"""What is read out of a Locust file and of an OpenAPI file that somebody has."""

import pytest

from seatrial.discover.choosing import with_coverage
from seatrial.discover.description import described_in
from seatrial.discover.locust_tasks import locust_requests
from seatrial.discover.proposal import FoundOperation, Proposal
from seatrial.errors import SpecError
from seatrial.report.proposal_document import proposal_json

LOCUST = """
from locust import HttpUser, between, task


class Visitor(HttpUser):
    wait_time = between(1, 5)
    weight = 2

    def on_start(self):
        self.client.post("/login", json={"username": "foo", "password": "bar"})

    @task
    def hello(self):
        self.client.get("/hello")
        self.client.get(self.next_page)

    @task(3)
    def items(self):
        for item_id in range(10):
            self.client.get(f"/items/{item_id}", name="/items")


class Writer(HttpUser):
    @task(5)
    def write(self):
        with self.client.post("/posts", json={"text": "hello"}, catch_response=True) as answer:
            answer.success()
"""


def test_tasks_are_read_with_their_weights_and_what_the_text_does_not_tell_is_counted(tmp_path):
    path = tmp_path / "locustfile.py"
    path.write_text(LOCUST)
    seen = locust_requests(path)
    assert seen.counts == {"GET /items/{}": 6, "POST /posts": 5, "GET /hello": 2}
    assert seen.samples == {"GET /hello": "/hello", "POST /posts": "/posts"}
    assert (seen.lines, seen.malformed, seen.share("GET /items/{}")) == (4, 1, 6 / 13)


TASKS_OF_EVERY_KIND = """
from locust import HttpUser, task, SequentialTaskSet


def buy(user):
    user.client.post("/cart")


class Visitor(HttpUser):
    tasks = [buy]

    def on_start(self):
        self.client.post("/login", json={})

    @task
    def hello(self):
        self.client.get("/hello")
        self.client.get(self.next_page)

    @task
    def other(self):
        self.look_around()

    class Inner(SequentialTaskSet):
        @task
        def search(self):
            self.client.get("/search?q=" + word())
"""


def test_what_cannot_be_read_out_of_a_locust_file_is_named_with_its_place_and_why(tmp_path):
    path = tmp_path / "locustfile.py"
    path.write_text(TASKS_OF_EVERY_KIND)
    seen = locust_requests(path)
    assert seen.counts == {"GET /hello": 1}
    assert (seen.lines, seen.malformed) == (3, 2)
    assert sorted(seen.unread) == [
        "Inner.search (line 27): client.get('/search?q=' + word()), whose address is not text",
        "Visitor.hello (line 18): client.get(self.next_page), whose address is not text",
        "Visitor.on_start (line 13): client.post('/login'), not under @task",
        "Visitor.other (line 21): no self.client request stands in it",
        "Visitor.tasks (line 10): tasks in a list",
        "buy (line 6): client.post('/cart'), in a function of no class",
    ]
    told = with_coverage(Proposal("shop", tmp_path, tmp_path, tmp_path), seen).clues
    assert [clue.what for clue in told if clue.topic == "not read"] == list(seen.unread)
    assert all("not in the workload" in clue.doubt for clue in told if clue.topic == "not read")


def test_everything_that_no_operation_covers_is_listed_the_first_of_them_in_the_table(tmp_path):
    routes = [(["GET", "POST"], "/posts/{id}"), *((["GET"], f"/page{n}") for n in range(40)), (["GET"], "/static/{f}")]
    sent = FoundOperation("posts_one", "/posts/7")
    proposal = with_coverage(Proposal("shop", tmp_path, tmp_path, tmp_path, operations=(sent,)), None, routes)
    listed = proposal_json(proposal, ())["left_out"]
    assert listed == ["POST /posts/{id}", *(f"GET /page{n}" for n in range(40))]
    (clue,) = [clue for clue in proposal.clues if clue.topic == "left out"]
    assert clue.what == "41 more addresses"
    assert clue.doubt.endswith("/page22 and 17 more (init --json lists them).")


@pytest.mark.parametrize("text", ["def (", "print('no tasks')", "class A:\n    @task\n    def x(self): pass\n"])
def test_a_file_without_a_readable_task_is_refused_with_what_would_do(tmp_path, text):
    path = tmp_path / "locustfile.py"
    path.write_text(text)
    with pytest.raises(SpecError, match="@task"):
        locust_requests(path)


@pytest.mark.parametrize("text", ["openapi: 3.1.0\npaths: {}\n", "[]", '{"openapi": "3.1.0"}'])
def test_a_description_that_cannot_be_used_is_refused_with_what_would_do(tmp_path, text):
    path = tmp_path / "api.json"
    path.write_text(text)
    with pytest.raises(SpecError, match=r"/openapi\.json"):
        described_in(path)
