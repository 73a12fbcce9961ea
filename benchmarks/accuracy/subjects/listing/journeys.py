"""What a reader of the list does."""

from seatrial.load.journeys import Journey, Person, expect, get


def list_page(person: Person) -> Journey:
    """A page of the list: the operation with N+1 queries."""
    response = yield get(f"/page/{person.random.randrange(500)}", name="list_page")
    expect(response, contains="next")


def one_book(person: Person) -> Journey:
    """One book: two queries."""
    response = yield get(f"/books/{person.random.randrange(1, 20_000)}", name="one_book")
    expect(response, contains="Author")
