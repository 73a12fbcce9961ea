"""Locust: the same small page again and again, or at a pace (PER_USER_RPS)."""

import os

from locust import FastHttpUser, constant_throughput, task

PER_USER_RPS = float(os.environ.get("PER_USER_RPS", "0"))


class Reader(FastHttpUser):
    """Asks for the small page."""

    if PER_USER_RPS:
        wait_time = constant_throughput(PER_USER_RPS)

    @task
    def small(self) -> None:
        """One request."""
        self.client.get("/")
