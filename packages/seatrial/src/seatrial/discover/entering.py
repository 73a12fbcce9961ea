"""Getting behind an app's sign-in, by its forms or for a token, and what the journeys will do the same way."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from seatrial.discover.choosing import OPERATIONS_MAX, chosen_operations
from seatrial.discover.crawl import Found
from seatrial.discover.journeys_text import People, form_steps, journeys_text, token_steps
from seatrial.discover.log_operations import LoggedRequests
from seatrial.discover.proposal import Proposal
from seatrial.discover.sign_in import PASSWORD, Entrance, entrances, signed_in_by
from seatrial.discover.tokens import TokenDoor, token_doors, token_of
from seatrial.discover.visitor import Visitor

__all__ = ["Doors", "Entering"]

TRIAL_USER = "trialperson1"
CLOSED = "What is behind it was not opened: name somebody with --user and --password, or allow --sign-up."


@dataclass(frozen=True, slots=True)
class Doors:
    """How people get in, as far as it was found: by a form of a page, or for a token."""

    sign_in: Entrance | TokenDoor | None
    sign_up: Entrance | TokenDoor | None

    @classmethod
    def of(cls, found: Found) -> "Doors":
        """Forms before tokens: an app that has pages is used by them."""
        doors: list[Entrance] | list[TokenDoor] = entrances(found.pages) or token_doors(found.openapi)
        sign_in = next((door for door in doors if not door.registers), None)
        return cls(sign_in, next((door for door in doors if door.registers), None))


class Entering:
    """One project's way behind its sign-in. url: of the running app; open_anew: opens its pages as a visitor."""

    def __init__(
        self, url: str, people: People, logged: LoggedRequests | None, open_anew: Callable[[Visitor], Found]
    ) -> None:
        self._url = url
        self._people = people
        self._logged = logged
        self._open_anew = open_anew

    def with_operations(self, proposal: Proposal, public: Found) -> Proposal:
        """The proposal with its operations: public ones, and those of somebody signed in where that was possible."""
        doors = Doors.of(public)
        outside = replace(proposal, operations=chosen_operations(public, self._logged))
        if doors.sign_in is None:
            return outside
        people = self._people
        shown = f"{'form' if isinstance(doors.sign_in, Entrance) else 'token'} at {doors.sign_in.path}"
        if not people.user:
            if not (people.signs_up and doors.sign_up):
                return outside.with_clue("sign-in", shown, "found", CLOSED)
            people = People(TRIAL_USER, PASSWORD, signs_up=True)
            if not _entered(Visitor(self._url), doors.sign_up, people):
                doubt = f"{doors.sign_up.path} made no account; name somebody with --user and --password."
                return outside.with_clue("sign-in", shown, "found", doubt)
        else:
            people = replace(people, signs_up=False)
        visitor = Visitor(self._url)
        if not _entered(visitor, doors.sign_in, people):
            doubt = f"{people.user} could not sign in; are user and password right, does subject.prepare make them?"
            return outside.with_clue("sign-in", shown, "found", doubt)
        how = "each person signs up first" if people.signs_up else f"as {people.user}"
        ready = self._with_journeys(outside, self._open_anew(visitor), doors, people)
        return ready.with_clue("sign-in", shown, how)

    def _with_journeys(self, outside: Proposal, inside: Found, doors: Doors, people: People) -> Proposal:
        own = people.user.lower()
        operations = tuple(
            replace(operation, signed_in=True, name=operation.name.replace(own, "own"))
            for operation in chosen_operations(inside, self._logged)
        )
        known = {operation.group for operation in operations}
        entries = {door.path for door in (doors.sign_in, doors.sign_up) if door is not None}
        left = [o for o in outside.operations if o.group not in known and o.path not in entries]
        steps = []
        if people.signs_up and doors.sign_up:
            steps += _steps(doors.sign_up, "signed up", keeps=False)
        assert doors.sign_in is not None
        steps += _steps(doors.sign_in, "signed in", keeps=True)
        text = journeys_text(outside.name, steps, operations, people)
        return replace(outside, operations=(*operations, *left[: OPERATIONS_MAX - len(operations)]), journeys=text)


def _steps(door: Entrance | TokenDoor, done: str, *, keeps: bool) -> list[str]:
    return form_steps(door, done) if isinstance(door, Entrance) else token_steps(door, keeps=keeps)


def _entered(visitor: Visitor, door: Entrance | TokenDoor, people: People) -> bool:
    """Whether the door took the person; the visitor then has their cookies or token."""
    if isinstance(door, Entrance):
        return signed_in_by(visitor, door, people.user, people.password) is not None
    if door.registers:
        return door.accepted(visitor, people.user, people.password)
    token = token_of(visitor, door, people.user, people.password)
    if token:
        visitor.headers["Authorization"] = f"Bearer {token}"
    return bool(token)
