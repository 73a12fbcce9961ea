"""What signed-in people do on Flotilla: one generator function per operation, as any user of Seatrial writes it."""

import re
from typing import cast

from seatrial.load.journeys import Journey, Person, Response, Zipf, expect, form, get, post

PEOPLE = 10_000
PASSWORD = "correct horse battery"  # of every person of the seeded town

# Few people are visited often, most hardly ever.
visited = Zipf(PEOPLE, exponent=0.9, seed="visited")

POST_LINK = re.compile(r'class="when" href="(/@[a-z0-9_]+/(\d+))"')
OLDER_LINK = re.compile(r'rel="next" href="([^"]+)"')
TAG_LINK = re.compile(r'href="(/tags/[^"]+)"')


def handle(rank: int) -> str:
    return f"person{rank:05d}"


def sign_in(person: Person) -> Journey:
    """Once for each person, before anything is measured."""
    page = yield get("/sign-in")
    expect(page, contains='id="sign-in"')
    me = handle(1 + (person.number * 331) % PEOPLE)  # spread over the town: busy and quiet people
    home = yield form(page, "/sign-in").submit(handle=me, password=PASSWORD)
    expect(home, contains=f'data-me="{me}"')
    person.memory["me"] = me
    remember(person, home)


def home(person: Person) -> Journey:
    page = yield get("/home")
    expect_signed_in(person, page, 'id="home-timeline"')
    remember(person, page)


def older_home(person: Person) -> Journey:
    page = yield get(str(person.memory.get("older") or "/home"))
    expect_signed_in(person, page, 'id="home-timeline"')


def public(person: Person) -> Journey:
    page = yield get("/public")
    expect_signed_in(person, page, 'id="public-timeline"')
    remember(person, page)


def profile(person: Person) -> Journey:
    who = handle(visited.draw(person.random))
    page = yield get(f"/@{who}")
    expect_signed_in(person, page, f'<p class="handle">@{who}</p>')


def one_post(person: Person) -> Journey:
    path, number = person.random.choice(known_posts(person))
    page = yield get(path)
    expect_signed_in(person, page, f'id="post-{number}"')


def tag(person: Person) -> Journey:
    page = yield get(str(person.memory.get("tag") or "/tags/harbour"))
    expect_signed_in(person, page, 'id="tag-timeline"')


def like(person: Person) -> Journey:
    path, number = person.random.choice(known_posts(person))
    page = yield post(f"/posts/{number}/like", {"csrf_token": token(person), "next": path})
    expect_signed_in(person, page, f'formaction="/posts/{number}/unlike"')


def write_post(person: Person) -> Journey:
    words = person.unique("note")
    text = f"Fair wind today, {words} @{handle(visited.draw(person.random))} #harbour"
    page = yield post("/posts", {"csrf_token": token(person), "next": "/home", "text": text})
    expect_signed_in(person, page, words)


def follow(person: Person) -> Journey:
    who = handle(visited.draw(person.random))
    if who == person.memory["me"]:
        who = handle(PEOPLE)
    page = yield post(f"/@{who}/follow", {"csrf_token": token(person), "next": f"/@{who}"})
    expect_signed_in(person, page, f'formaction="/@{who}/unfollow"')


def expect_signed_in(person: Person, page: Response, marker: str) -> None:
    expect(page, contains=marker)
    expect(page, contains=f'data-me="{person.memory["me"]}"')


def remember(person: Person, page: Response) -> None:
    """Keep what a person would click next: the form token, the posts seen, the next page, a tag."""
    text = page.text
    if "token" not in person.memory:
        person.memory["token"] = dict(form(page, "/posts").fields)["csrf_token"]
    if seen := POST_LINK.findall(text):
        person.memory["posts"] = seen
    if (older := OLDER_LINK.search(text)) and older[1].startswith("/home"):
        person.memory["older"] = older[1]
    if found := TAG_LINK.search(text):
        person.memory["tag"] = found[1]


def token(person: Person) -> str:
    return str(person.memory["token"])


def known_posts(person: Person) -> list[tuple[str, str]]:
    return cast("list[tuple[str, str]]", person.memory["posts"])
