"""A short visit with much writing: sign in, post, look, like, follow; each write that is answered goes into a book."""

import importlib.util
from pathlib import Path

from acknowledged import BOOK

from seatrial.load.journeys import Journey, Person, expect, get, post, think

_PATH = Path(__file__).parent.parent.parent / "trials" / "flotilla" / "journeys.py"
_SPEC = importlib.util.spec_from_file_location("flotilla_journeys", _PATH)
assert _SPEC is not None
assert _SPEC.loader is not None
trial = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(trial)


def visit(person: Person) -> Journey:
    """Some 14 requests in about 12 seconds; five of them write."""
    yield from trial.sign_in(person)
    yield pause(person)
    yield from write(person)
    for _ in range(2):
        yield pause(person)
        yield from look_and_like(person)
    yield pause(person)
    response = yield get("/public", name="public")
    trial.expect_signed_in(person, response, 'id="public-timeline"')
    trial.remember(person, response)
    yield pause(person)
    yield from follow(person)


def write(person: Person) -> Journey:
    """A post, and then the home timeline, where it has to stand."""
    words = person.unique("note")
    fields = {"csrf_token": trial.token(person), "next": "/home", "text": words}
    # The redirect is asked for apart: what was answered counts, whatever becomes of the page after it.
    answer = yield post("/posts", fields, name="write_post", follow=False)
    if answer.status == 303:
        BOOK.posts.add(words)
    expect(answer, 303)
    response = yield get("/home", name="home")
    trial.expect_signed_in(person, response, words)
    trial.remember(person, response)


def look_and_like(person: Person) -> Journey:
    """One of the posts on the page before, and a like for it."""
    path, number = person.random.choice(trial.known_posts(person))
    response = yield get(path, name="one_post")
    trial.expect_signed_in(person, response, f'id="post-{number}"')
    yield pause(person)
    fields = {"csrf_token": trial.token(person), "next": path}
    answer = yield post(f"/posts/{number}/like", fields, name="like", follow=False)
    if answer.status == 303:
        BOOK.likes.add((str(person.memory["me"]), int(number)))
    expect(answer, 303)


def follow(person: Person) -> Journey:
    """Somebody's page, and a click on follow."""
    me = str(person.memory["me"])
    who = next(who for _ in range(99) if (who := trial.handle(trial.visited.draw(person.random))) != me)
    response = yield get(f"/@{who}", name="profile")
    trial.expect_signed_in(person, response, f'<p class="handle">@{who}</p>')
    yield pause(person)
    fields = {"csrf_token": trial.token(person), "next": f"/@{who}"}
    answer = yield post(f"/@{who}/follow", fields, name="follow", follow=False)
    if answer.status == 303:
        BOOK.follows.add((me, who))
    expect(answer, 303)


def pause(person: Person) -> object:
    """About a second and a half."""
    return think(person.random.uniform(0.5, 2.5))
