"""A workload whose requests say which operation they are of, for the middleware that looks at them from inside."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from seatrial.load.http.messages import Request
from seatrial.load.journey.person import Person
from seatrial.load.journey.steps import Journey, Page
from seatrial.load.workload import Workload
from seatrial.testbed.measured_server import HEADER

__all__ = ["Marks"]

MIXED = "(mixed)"


class Marks:
    """Numbers for the names under which requests are counted, and a workload that sends them along.

    workload: each operation by its name, and for loads a mix of them in an order that `order` decides: it gives names,
    without an end.
    """

    order: Iterator[str]
    """Which operation comes next when a mix is driven; set before each load."""

    def __init__(self, workload: Workload) -> None:
        """workload: stays as it is."""
        self._numbers: dict[str, int] = {}
        marked = {name: self._marked(name, journey) for name, journey in workload.operations.items()}

        def mixed(person: Person) -> Journey:
            return marked[next(self.order)](person)

        self.workload = replace(workload, operations={**marked, MIXED: mixed}, weights={MIXED: 1.0})

    def name(self, number: int, *, is_redirect: bool) -> str:
        """What the generator calls the requests with that number; "" for a number never given."""
        name = next((name for name, given in self._numbers.items() if given == number), "")
        return f"{name} (redirect)" if name and is_redirect else name

    def _marked(self, operation: str, journey: Callable[[Person], Journey]) -> Callable[[Person], Journey]:
        def marked(person: Person) -> Journey:
            steps = journey(person)
            answer = None
            try:
                while True:
                    step = steps.send(answer)
                    if isinstance(step, Request):
                        step = self._with_mark(step, operation)
                    elif isinstance(step, Page):
                        step = Page(tuple(self._with_mark(request, operation) for request in step.requests))
                    answer = yield step
            except StopIteration:
                return
            finally:
                steps.close()

        return marked

    def _with_mark(self, request: Request, operation: str) -> Request:
        name = request.name or operation
        number = self._numbers.setdefault(name, len(self._numbers))
        mark = (HEADER, f"{number} {request.method} {request.path}")
        return replace(request, name=name, headers=(*request.headers, mark))
