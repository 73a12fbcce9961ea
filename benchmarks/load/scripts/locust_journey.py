"""Locust: signs in once, then home, a post with the form's token, two more pages, each checked."""

import re
from typing import Any

from locust import FastHttpUser, task

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def token(text: str) -> str:
    """The hidden field of the page's form."""
    found = TOKEN.search(text)
    assert found is not None
    return found[1]


class Member(FastHttpUser):
    """One person, signed in for the whole run; Locust keeps the cookies."""

    def on_start(self) -> None:
        """Sign in."""
        text = self.seen("GET", "/login", "Sign in")
        fields = {"csrf_token": token(text), "name": "ada", "password": "lovelace"}
        self.seen("POST", "/login", "What is new", data=fields)

    @task
    def journey(self) -> None:
        """Five requests, one of them a redirect."""
        text = self.seen("GET", "/home", "What is new")
        self.seen("POST", "/posts", "What is new", data={"csrf_token": token(text), "text": "hello"})
        self.seen("GET", "/people", "People")
        self.seen("GET", "/people/7", "Ada Lovelace")

    def seen(self, method: str, path: str, contains: str, **keywords: Any) -> str:
        """One answer's text, checked."""
        with self.client.request(method, path, catch_response=True, **keywords) as response:
            text = str(response.text)
            if response.status_code != 200 or contains not in text:
                response.failure(f"{path}: {response.status_code} without {contains!r}")
            return text
