"""Seatrial: signs in once, then home, a post with the form's token, two more pages, each checked."""

from seatrial.load.journeys import Journey, Person, expect, form, get


def sign_in(person: Person) -> Journey:  # noqa: ARG001 - every journey takes the person; all are Ada here
    """Once for each person."""
    response = yield get("/login")
    expect(response, contains="Sign in")
    response = yield form(response).submit(name="ada", password="lovelace")
    expect(response, contains="What is new")


def journey(person: Person) -> Journey:  # noqa: ARG001
    """Five requests, one of them a redirect."""
    response = yield get("/home")
    expect(response, contains="What is new")
    response = yield form(response).submit(text="hello")
    expect(response, contains="What is new")
    expect((yield get("/people")), contains="People")
    expect((yield get("/people/7")), contains="Ada Lovelace")
