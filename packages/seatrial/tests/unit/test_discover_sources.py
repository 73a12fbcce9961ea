"""What is read out of a Locust file and of an OpenAPI file that somebody has."""

import pytest

from seatrial.discover.description import described_in
from seatrial.discover.locust_tasks import locust_requests
from seatrial.errors import SpecError

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
