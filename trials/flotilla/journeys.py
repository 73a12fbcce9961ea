"""What people do on Flotilla: one generator function per operation, as any user of Seatrial writes it; `visit`, a whole
session of many of them, which sessions.toml drives; and `open_page`, what listens beside them in live.toml.
"""

import os
import re
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any, cast

from seatrial.load.journeys import (
    File,
    Journey,
    Person,
    Response,
    Zipf,
    expect,
    form,
    get,
    listen,
    page,
    post,
    socketio,
    think,
)

PEOPLE = int(os.environ.get("SEATRIAL_SIZE", "10000"))
PASSWORD = "correct horse battery"  # of every person of the seeded town

# As large as a phone's photo is once an app has made it smaller.
PICTURE = Path(__file__).with_name("harbour.jpg").read_bytes()

# Few people are visited often, most hardly ever.
visited = Zipf(PEOPLE, exponent=0.9, seed="visited")

POST_LINK = re.compile(r'class="when" href="(/@[a-z0-9_]+/(\d+))"')
OLDER_LINK = re.compile(r'rel="next" href="([^"]+)"')
REPOST_BUTTON = re.compile(r'formaction="/posts/(\d+)/repost"')
TAG_LINK = re.compile(r'href="(/tags/[^"]+)"')
PART_LINK = re.compile(r'<link rel="(?:stylesheet|icon)" href="([^"]+)"')
PICTURE_LINK = re.compile(r'<img [^>]*src="(/media/[^"]+)"')


def handle(rank: int) -> str:
    return f"person{rank:05d}"


def sign_in(person: Person) -> Journey:
    """Once for each person, before anything is measured; in a visit, by whoever comes for the first time."""
    entrance = yield get("/sign-in", name="sign_in")
    expect(entrance, contains='id="sign-in"')
    me = handle(1 + (person.number * 331) % PEOPLE)  # spread over the town: busy and quiet people
    home = yield form(entrance, "/sign-in", name="sign_in").submit(handle=me, password=PASSWORD)
    expect(home, contains=f'data-me="{me}"')
    person.memory["me"] = me
    remember(person, home)


def home(person: Person) -> Journey:
    response = yield get("/home")
    expect_signed_in(person, response, 'id="home-timeline"')
    remember(person, response)


def older_home(person: Person) -> Journey:
    response = yield get(str(person.memory.get("older") or "/home"))
    expect_signed_in(person, response, 'id="home-timeline"')


def public(person: Person) -> Journey:
    response = yield get("/public")
    expect_signed_in(person, response, 'id="public-timeline"')
    remember(person, response)


def profile(person: Person) -> Journey:
    who = handle(visited.draw(person.random))
    response = yield get(f"/@{who}")
    expect_signed_in(person, response, f'<p class="handle">@{who}</p>')


def one_post(person: Person) -> Journey:
    path, number = person.random.choice(known_posts(person))
    response = yield get(path)
    expect_signed_in(person, response, f'id="post-{number}"')


def tag(person: Person) -> Journey:
    response = yield get(str(person.memory.get("tag") or "/tags/harbour"))
    expect_signed_in(person, response, 'id="tag-timeline"')


def like(person: Person) -> Journey:
    path, number = person.random.choice(known_posts(person))
    response = yield post(f"/posts/{number}/like", {"csrf_token": token(person), "next": path})
    expect_signed_in(person, response, f'formaction="/posts/{number}/unlike"')


def write_post(person: Person) -> Journey:
    words = person.unique("note")
    text = f"Fair wind today, {words} @{handle(visited.draw(person.random))} #harbour"
    sent = {"csrf_token": token(person), "next": "/home", "text": text}
    response = yield post("/posts", sent, cause=told_of(person))
    expect_signed_in(person, response, words)


def follow(person: Person) -> Journey:
    who = handle(visited.draw(person.random))
    if who == person.memory["me"]:
        who = handle(PEOPLE)
    response = yield post(f"/@{who}/follow", {"csrf_token": token(person), "next": f"/@{who}"})
    expect_signed_in(person, response, f'formaction="/@{who}/unfollow"')


def notifications(person: Person) -> Journey:
    response = yield get("/notifications")
    expect_signed_in(person, response, "<h1")


def messages(person: Person) -> Journey:
    response = yield get("/messages")
    expect_signed_in(person, response, "<h1")


def search(person: Person) -> Journey:
    word = person.random.choice(("harbour", "wind", "person000", "#harbour"))
    response = yield get(f"/search?q={word.replace('#', '%23')}")
    expect_signed_in(person, response, 'name="q"')


def bookmark(person: Person) -> Journey:
    path, number = person.random.choice(known_posts(person))
    response = yield post(f"/posts/{number}/bookmark", {"csrf_token": token(person), "next": path})
    expect_signed_in(person, response, f'formaction="/posts/{number}/unbookmark"')


def repost(person: Person) -> Journey:
    # What is for followers only has no such button.
    number = person.random.choice(cast("list[str]", person.memory["repostable"]))
    reposted = cast("set[str]", person.memory.setdefault("reposted", set()))
    cause = None if number in reposted else told_of(person)  # whoever does it again tells nobody anything new
    reposted.add(number)
    response = yield post(f"/posts/{number}/repost", {"csrf_token": token(person), "next": "/home"}, cause=cause)
    expect_signed_in(person, response, 'id="home-timeline"')


def reply(person: Person) -> Journey:
    path, number = person.random.choice(known_posts(person))
    words = person.unique("reply")
    sent = {"csrf_token": token(person), "next": path, "text": f"Well said {words}", "parent_id": number}
    response = yield post("/posts", sent, cause=told_of(person))
    expect_signed_in(person, response, words)


def post_a_picture(person: Person) -> Journey:
    words = person.unique("picture")
    sent = {"csrf_token": token(person), "next": "/home", "text": words, "picture_1_alt": "Boats in a harbour"}
    picture = File("harbour.jpg", PICTURE, "image/jpeg")
    response = yield post("/posts", sent, files={"picture_1": picture}, name="post_a_picture")
    expect_signed_in(person, response, words)


def write_message(person: Person) -> Journey:
    who = handle(visited.draw(person.random))
    if who == person.memory["me"]:
        who = handle(PEOPLE)
    words = person.unique("message")
    response = yield post("/messages", {"csrf_token": token(person), "to": f"@{who}", "text": words})
    expect_signed_in(person, response, words)


def open_page(person: Person) -> Journey:
    """An open page of somebody who just looks at it: hears of each post of those they follow, and of their own.

    The hint holds the author's id and nothing of the text, so posts are told apart by counting: the third that somebody
    wrote since the pages were opened is the third that these hear of.
    """
    if "account_id" not in person.memory:
        expect(found := (yield get(f"/api/v1/accounts/lookup?acct={person.memory['me']}", name="lookup")))
        person.memory["account_id"] = str(found.json()["id"])
    socket = yield socketio()
    heard: Counter[str] = Counter()

    def cause(event: Any) -> str:
        heard.update((author := str(event.args[0]["author_id"]),))
        return f"{author}:{heard[author]}"

    yield listen(socket, event="post", cause=cause)


def told_of(person: Person) -> str | None:
    """What `open_page` calls the next post of that person; None while nobody listens."""
    if "account_id" not in person.memory:
        return None
    person.memory["written"] = written = int(cast("int", person.memory.get("written", 0))) + 1
    return f"{person.memory['account_id']}:{written}"


def visit(person: Person) -> Journey:
    """A session of some two minutes: arrive, sign in or come back, look around, read, like, perhaps write.

    Some 8 requests; 7 more of somebody new, whose browser has nothing of the site yet; and one for each picture.
    """
    rng = person.random
    if "me" not in person.memory:
        # Somebody new looks at what is public before signing in.
        yield from opened(person, "/", "arrive")
        yield reading(rng.expovariate(1 / 10))
        yield from sign_in(person)
    response = yield from opened(person, "/home", "home")
    expect_signed_in(person, response, 'id="home-timeline"')
    remember(person, response)
    for _ in range(rng.randint(2, 5)):
        yield reading(rng.expovariate(1 / 20))
        yield from wander(person)
    if rng.random() < 0.1:
        yield reading(rng.expovariate(1 / 30))  # writing takes its time too
        words = person.unique("note")
        if rng.random() < 0.2:
            yield from post_a_picture(person)
            return
        written = yield form(response, "/posts", name="write_post").submit(text=f"Fair wind today, {words} #harbour")
        expect_signed_in(person, written, words)


def wander(person: Person) -> Journey:
    """The next few pages: a post of the timeline and perhaps a like, its author, or older posts."""
    rng = person.random
    choice = rng.random()
    if choice < 0.6:
        path, number = rng.choice(known_posts(person))
        response = yield from opened(person, path, "one_post")
        expect_signed_in(person, response, f'id="post-{number}"')
        if rng.random() < 0.3 and f'formaction="/posts/{number}/like"' in response.text:
            yield reading(rng.expovariate(1 / 5))
            liked = yield form(response, f"/posts/{number}/like", name="like").submit()
            expect_signed_in(person, liked, f'formaction="/posts/{number}/unlike"')
        yield reading(rng.expovariate(1 / 15))
        response = yield from opened(person, path.rpartition("/")[0], "profile")
        expect_signed_in(person, response, 'id="profile-timeline"')
    else:
        older = str(person.memory.get("older") or "/public")
        response = yield from opened(
            person, older if choice < 0.9 else "/public", "older_home" if choice < 0.9 else "public"
        )
        expect_signed_in(person, response, '-timeline"')
        remember(person, response)


def opened(person: Person, path: str, name: str) -> Generator[Any, Any, Response]:
    """A page as a browser opens it: then its stylesheet, icon and pictures, unless they are kept from an earlier page.

    Flotilla itself serves them here, as it does without a proxy in front; behind one that keeps them for everybody, the
    app would hardly see those requests. Browsers keep them for a year, since their addresses change with their content.
    """
    response: Response = yield get(path, name=name)
    kept = cast("set[str]", person.memory.setdefault("kept", set()))
    parts = dict.fromkeys(PART_LINK.findall(response.text), "static")
    parts |= dict.fromkeys(PICTURE_LINK.findall(response.text), "picture")
    wanted = [get(part, name=kind) for part, kind in parts.items() if part not in kept]
    # From now on: a second window of the same browser does not ask for what is on its way.
    kept.update(parts)
    if wanted:
        for part in (yield page(*wanted)):
            expect(part)
    return response


def reading(seconds: float) -> Any:
    """A pause before the next click, of at least a second and at most two minutes."""
    return think(min(max(seconds, 1.0), 120.0))


def expect_signed_in(person: Person, response: Response, marker: str) -> None:
    expect(response, contains=marker)
    expect(response, contains=f'data-me="{person.memory["me"]}"')


def remember(person: Person, response: Response) -> None:
    """Keep what a person would click next: the form token, the posts seen, the next page, a tag."""
    text = response.text
    if "token" not in person.memory:
        person.memory["token"] = dict(form(response, "/posts").fields)["csrf_token"]
    if seen := POST_LINK.findall(text):
        person.memory["posts"] = seen
    if buttons := REPOST_BUTTON.findall(text):
        person.memory["repostable"] = buttons
    if (older := OLDER_LINK.search(text)) and older[1].startswith("/home"):
        person.memory["older"] = older[1]
    if found := TAG_LINK.search(text):
        person.memory["tag"] = found[1]


def token(person: Person) -> str:
    return str(person.memory["token"])


def known_posts(person: Person) -> list[tuple[str, str]]:
    return cast("list[tuple[str, str]]", person.memory["posts"])
