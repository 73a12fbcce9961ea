"""A journey performed by one of Locust's users: from answer to answer, waiting in between as Locust's users do."""

import logging
import re
from collections.abc import Callable

import gevent
from gevent.pool import Pool
from locust.env import Environment
from locust.exception import CatchResponseError

from seatrial.export.locust_exchange import Asked, Sender
from seatrial.load.http.messages import ExpectationError, Request
from seatrial.load.journey.page_run import AT_ONCE
from seatrial.load.journey.person import Person
from seatrial.load.journey.steps import Journey, Page, Think

__all__ = ["JourneyPerformer"]

_TOLD_MAX = 100
_QUOTED = re.compile(r"""(["']).*?\1""", re.DOTALL)
_log = logging.getLogger("seatrial")


class JourneyPerformer:
    """Performs journeys; what goes wrong is a failure in Locust's statistics, and the first of its kind in its log."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._told: set[str] = set()

    def perform(self, sender: Sender, operation: str, journey: Callable[[Person], Journey], person: Person) -> bool:
        """Drive one journey to its end; whether all of it was right."""
        try:
            steps = journey(person)
        except Exception as error:  # noqa: BLE001 - the user's code may raise anything; it is told in words
            return self._failed_without_answer(operation, person, _in_words(error))
        try:
            return self._drive(sender, operation, steps, person)
        finally:
            steps.close()

    def _drive(self, sender: Sender, operation: str, steps: Journey, person: Person) -> bool:
        answer: object = None
        asked: list[Asked] = []
        all_right = True
        while True:
            try:
                step: object = steps.send(answer)
            except StopIteration:
                return self._settle(operation, person, asked) and all_right
            except Exception as error:  # noqa: BLE001 - as above
                return self._blame(operation, person, asked, error)
            all_right &= self._settle(operation, person, asked)
            asked = []
            if isinstance(step, Think):
                gevent.sleep(step.seconds)
                answer = None
            elif isinstance(step, Request):
                asked = [sender.send(person, operation, step)]
                answer = asked[0].response
            elif isinstance(step, Page):
                asked = Pool(AT_ONCE).map(lambda one: sender.send(person, operation, one), step.requests)
                answer = tuple(one.response for one in asked)
            else:
                words = (
                    f"it yielded a {type(step).__name__}; exported, it yields get(), post(), page() and think() only"
                )
                return self._failed_without_answer(operation, person, words)
            if any(one.response is None for one in asked):
                return self._settle(operation, person, asked)

    def _settle(self, operation: str, person: Person, asked: list[Asked]) -> bool:
        for one in asked:
            if one.is_wrong:
                self._tell(operation, person, one.described())
            one.settle()
        return not any(one.is_wrong for one in asked)

    def _blame(self, operation: str, person: Person, asked: list[Asked], error: Exception) -> bool:
        """The journey's error belongs to the request whose answer it is about, or to the last one."""
        if not asked:
            return self._failed_without_answer(operation, person, _in_words(error))
        about = getattr(error, "response", None)
        found = (one for one in asked if about is not None and one.response is about)
        blamed = next(found, None) or next((one for one in asked if one.is_wrong), asked[-1])
        for one in asked:
            if one is not blamed:
                self._settle(operation, person, [one])
        if isinstance(error, ExpectationError):
            # Neither what was expected, such as a person's name, nor what came instead is the same for all.
            words = f"expectation: {_QUOTED.sub('...', str(error).partition(', got ')[0])}"
        elif blamed.is_wrong:
            # Who stumbles over an error page that the journey did not expect has no fault of its own.
            words = ""
        else:
            words = f"journey: {type(error).__name__}"
        told = str(error) if isinstance(error, ExpectationError) else f"{_in_words(error)}; got {blamed.described()}"
        self._tell(operation, person, told, kind=words)
        blamed.settle(words)
        return False

    def _failed_without_answer(self, operation: str, person: Person, words: str) -> bool:
        """The journey's own code failed where it should have made a request: a request that never went out."""
        self._tell(operation, person, words)
        fire: Callable[..., None] = self._environment.events.request.fire
        fire(
            request_type="journey",
            name=operation,
            response_time=0,
            response_length=0,
            response=None,
            context={},
            exception=CatchResponseError(f"journey: {words}"),
        )
        return False

    def _tell(self, operation: str, person: Person, words: str, *, kind: str = "") -> None:
        told = f"{operation} {kind or words}"
        if told not in self._told and len(self._told) < _TOLD_MAX:
            self._told.add(told)
            _log.warning("%s, person %d: %s", operation, person.number, words)


def _in_words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
