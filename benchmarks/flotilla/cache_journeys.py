"""Visitors: nobody signs in, few pages are asked for often and most hardly ever."""

import importlib.util
import re
from pathlib import Path

from seatrial.load.journeys import Journey, Person, expect, get

_PATH = Path(__file__).parent.parent.parent / "trials" / "flotilla" / "journeys.py"
_SPEC = importlib.util.spec_from_file_location("flotilla_journeys", _PATH)
assert _SPEC is not None
assert _SPEC.loader is not None
trial = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(trial)


def everyone(person: Person) -> Journey:
    response = yield get("/public")
    expect(response, contains='id="public-timeline"')
    person.memory["posts"] = re.findall(r'class="when" href="(/@[a-z0-9_]+/\d+)"', response.text)


def somebody(person: Person) -> Journey:
    response = yield get(f"/@{trial.handle(trial.visited.draw(person.random))}")
    expect(response, contains='id="profile-timeline"')
    if posts := re.findall(r'class="when" href="(/@[a-z0-9_]+/\d+)"', response.text):
        person.memory["posts"] = posts


def one_post(person: Person) -> Journey:
    posts = person.memory.get("posts")
    response = yield get(person.random.choice(posts) if isinstance(posts, list) and posts else "/public")
    expect(response)
