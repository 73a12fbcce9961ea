"""What a guest does."""

from seatrial.load.journeys import Journey, Person, expect, get


def hotel(person: Person) -> Journey:
    """The rooms of one hotel: async from end to end."""
    response = yield get(f"/hotels/{person.random.randrange(1, 501)}", name="hotel")
    expect(response, contains="rooms")


def report(_person: Person) -> Journey:
    """The blocking handler."""
    response = yield get("/report", name="report")
    expect(response, contains="500")
