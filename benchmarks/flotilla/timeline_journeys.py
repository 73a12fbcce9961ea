"""Three people's home timelines, the first page and deeper ones."""

import re
from collections.abc import Callable

from seatrial.load.journeys import Journey, Person, expect, form, get

PASSWORD = "correct horse battery"
OLDER = re.compile(r'rel="next" href="([^"]+)"')


def _sign_in(number: int) -> Callable[[Person], Journey]:
    def sign_in(_person: Person) -> Journey:
        page = yield get("/sign-in")
        me = f"person{number:05d}"
        home = yield form(page, "/sign-in").submit(handle=me, password=PASSWORD)
        expect(home, contains=f'data-me="{me}"')

    return sign_in


def _first(_person: Person) -> Journey:
    expect((yield get("/home")), contains='id="home-timeline"')


def _deeper(person: Person) -> Journey:
    page = yield get(str(person.memory.get("older") or "/home"))
    expect(page, contains='id="home-timeline"')
    older = OLDER.search(page.text)
    # Ten pages down, then from the top again.
    depth = int(str(person.memory.get("depth") or 0))
    person.memory["depth"] = 0 if depth >= 10 else depth + 1
    person.memory["older"] = older[1].replace("&amp;", "&") if older and depth < 10 else "/home"


def first_1(person: Person) -> Journey:
    yield from _first(person)


def first_2(person: Person) -> Journey:
    yield from _first(person)


def first_3(person: Person) -> Journey:
    yield from _first(person)


def deeper_1(person: Person) -> Journey:
    yield from _deeper(person)


def deeper_2(person: Person) -> Journey:
    yield from _deeper(person)


def deeper_3(person: Person) -> Journey:
    yield from _deeper(person)


def sign_in_1(person: Person) -> Journey:
    yield from _sign_in(1)(person)


def sign_in_2(person: Person) -> Journey:
    yield from _sign_in(2)(person)


def sign_in_3(person: Person) -> Journey:
    yield from _sign_in(3)(person)
