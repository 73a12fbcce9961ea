"""The trial's own journeys, and the home timeline as a phone app asks for it."""

import importlib.util
import re
from pathlib import Path

from seatrial.load.journeys import Journey, Person, expect, get, post

_PATH = Path(__file__).parent.parent.parent / "trials" / "flotilla" / "journeys.py"
_SPEC = importlib.util.spec_from_file_location("flotilla_journeys", _PATH)
assert _SPEC is not None
assert _SPEC.loader is not None
trial = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(trial)

home, profile, one_post, write_post, like = (
    trial.home,
    trial.profile,
    trial.one_post,
    trial.write_post,
    trial.like,
)


def sign_in(person: Person) -> Journey:
    """In the browser, and then for a token of the same person."""
    yield from trial.sign_in(person)
    made = yield post(
        "/api/v1/apps",
        {"client_name": "trial", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob", "scopes": "read write follow"},
    )
    app = made.json()
    granted = yield post(
        "/oauth/token",
        {
            "grant_type": "password",
            "client_id": app["client_id"],
            "client_secret": app["client_secret"],
            "username": person.memory["me"],
            "password": trial.PASSWORD,
            "scope": "read write follow",
        },
    )
    person.memory["bearer"] = granted.json()["access_token"]


def home_json(person: Person) -> Journey:
    response = yield get("/api/v1/timelines/home?limit=20", bearer=str(person.memory["bearer"]))
    expect(response)
    assert len(re.findall(r'"visibility"', response.text)) >= 20
