"""K9, the script way: signs in once, then home, a post with the form's token, two more pages, each checked."""

import os
import re
from typing import Any

import k9

URL = os.environ["TARGET"]
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
options = {
    "vus": 32,
    "duration": os.environ["SECONDS_LONG"] + "s",
    "noCookiesReset": True,
    "thresholds": {"checks": ["rate==1"]},
}


def token(text: str) -> str:
    """The hidden field of the page's form."""
    found = TOKEN.search(text)
    assert found is not None
    return found[1]


async def seen(method: str, path: str, contains: str, **keywords: Any) -> str:
    """One answer's text, checked; K9 keeps the cookies and follows redirects."""
    response = await k9.http.request(method, URL + path, **keywords)
    text = str(response.text)
    k9.check(response, {contains: lambda response: response.status == 200 and contains in text})
    return text


async def default() -> None:
    """Five requests, one of them a redirect; before the first of each person, the sign-in."""
    if k9.vu.iteration == 0:
        text = await seen("GET", "/login", "Sign in")
        fields = {"csrf_token": token(text), "name": "ada", "password": "lovelace"}
        await seen("POST", "/login", "What is new", data=fields)
    text = await seen("GET", "/home", "What is new")
    await seen("POST", "/posts", "What is new", data={"csrf_token": token(text), "text": "hello"})
    await seen("GET", "/people", "People")
    await seen("GET", "/people/7", "Ada Lovelace")
