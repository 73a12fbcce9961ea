"""K9, the script way: the same small page again and again."""

import os

import k9

URL = os.environ["TARGET"] + "/"
options = {"vus": 32, "duration": os.environ["SECONDS_LONG"] + "s"}


async def default() -> None:
    """One request."""
    await k9.http.get(URL)
