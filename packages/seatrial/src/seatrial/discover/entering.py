"""Getting behind an app's sign-in, by its forms or for a token, and what the journeys will do the same way."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from seatrial.discover.choosing import OPERATIONS_MAX, chosen_operations
from seatrial.discover.crawl import Found
from seatrial.discover.journeys_text import People, form_steps, journeys_text, token_steps
from seatrial.discover.log_operations import LoggedRequests
from seatrial.discover.preparing import SUPERUSER
from seatrial.discover.proposal import Proposal
from seatrial.discover.routes import RANDOM_PART
from seatrial.discover.sign_in import PASSWORD, Entrance, entrances, signed_in_by
from seatrial.discover.tokens import TokenDoor, TokenScheme, scheme_that_opens, token_doors, token_in, token_schemes
from seatrial.discover.visitor import Answer, Visitor

__all__ = ["Doors", "Entering", "has_superuser", "with_superuser"]

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
        trouble = ""
        if people.user:
            people = replace(people, signs_up=False)
        elif people.signs_up and doors.sign_up:
            people = People(TRIAL_USER, PASSWORD, signs_up=True)
            _, trouble = self._entered(Visitor(self._url, dict(outside.headers)), doors.sign_up, people, public)
        if trouble and has_superuser(proposal):
            people, trouble = replace(people, signs_up=False), ""
        if people.signs_up and not doors.sign_up and has_superuser(proposal):
            people = People(TRIAL_USER, PASSWORD, signs_up=False)
        if not people.user:
            return outside.with_clue("sign-in", shown, "found", CLOSED)
        if trouble:
            doubt = f"No account could be made: {trouble}. Name somebody with --user and --password."
            return outside.with_clue("sign-in", shown, "found", doubt)
        visitor = Visitor(self._url, dict(outside.headers))
        scheme, trouble = self._entered(visitor, doors.sign_in, people, public)
        if trouble:
            doubt = f"{people.user} could not sign in: {trouble}. Does subject.prepare make them, with this password?"
            return outside.with_clue("sign-in", shown, "found", doubt)
        how = "each person signs up first" if people.signs_up else f"as {people.user}"
        ready = self._with_journeys(outside, self._open_anew(visitor), doors, people, scheme)
        return ready.with_clue("sign-in", shown, how)

    def _entered(
        self, visitor: Visitor, door: Entrance | TokenDoor, people: People, public: Found
    ) -> tuple[TokenScheme | None, str]:
        """(how the visitor now sends a token, what went wrong); they have their cookies or token when nothing did."""
        if isinstance(door, Entrance):
            return None, signed_in_by(visitor, door, people.user, people.password)
        answer = door.sent(visitor, people.user, people.password)
        if not answer.is_good:
            return None, f"{door.path} answered {answer.status or 'nothing'}{_said(answer)}"
        if door.registers or (visitor.cookies and not token_in(answer)):
            return None, ""
        token = token_in(answer)
        if not token:
            return None, f"{door.path} answered no token that is known as one"
        closed = [a.asked for a in public.bad.values() if a.status in {401, 403}]
        return scheme_that_opens(visitor, closed, token, token_schemes(public.openapi)), ""

    def _with_journeys(
        self, outside: Proposal, inside: Found, doors: Doors, people: People, scheme: TokenScheme | None
    ) -> Proposal:
        own = people.user.lower()
        operations = tuple(
            replace(operation, signed_in=True, name=operation.name.replace(own, "own"))
            for operation in chosen_operations(inside, self._logged)
            # An id that is drawn anew with the data, in no page whose own address is known: nothing would be there.
            if operation.lookup or not RANDOM_PART.search(operation.path)
        )
        known = {operation.group for operation in operations}
        entries = {door.path for door in (doors.sign_in, doors.sign_up) if door is not None}
        left = [o for o in outside.operations if o.group not in known and o.path not in entries]
        steps = []
        if people.signs_up and doors.sign_up:
            steps += _steps(doors.sign_up, "signed up", keeps=False)
        assert doors.sign_in is not None
        steps += _steps(doors.sign_in, "signed in", keeps=scheme is not None)
        text = journeys_text(outside.name, steps, operations, people, scheme)
        return replace(outside, operations=(*operations, *left[: OPERATIONS_MAX - len(operations)]), journeys=text)


def _steps(door: Entrance | TokenDoor, done: str, *, keeps: bool) -> list[str]:
    return form_steps(door, done) if isinstance(door, Entrance) else token_steps(door, keeps=keeps)


def _said(answer: Answer) -> str:
    words = " ".join(answer.body.split())[:120]
    return f" ({words})" if words and not answer.is_page else ""


def has_superuser(proposal: Proposal) -> bool:
    """Whether Django's own command makes somebody who can sign in."""
    return any(command.endswith(SUPERUSER) for command, _ in proposal.prepare)


def with_superuser(proposal: Proposal, manage: str) -> Proposal:
    """The proposal with an account made by Django's own command, for a project in which nobody can sign up."""
    reason = "createsuperuser reads it"
    for name, value in (
        ("USERNAME", TRIAL_USER),
        ("EMAIL", f"{TRIAL_USER}@example.org"),
        ("PASSWORD", PASSWORD),
    ):
        proposal = proposal.with_variable(f"DJANGO_SUPERUSER_{name}", value, reason)
    command, how = f"{manage} {SUPERUSER}", "somebody who can sign in, in the trial's own data"
    return proposal.with_prepared(command, how).with_clue("seed", command, how)
