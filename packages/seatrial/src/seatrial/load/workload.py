"""What is driven: operations, their shares, and who does them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from seatrial.errors import SpecError
from seatrial.load.http.messages import Request
from seatrial.load.http.redirects import leads_on
from seatrial.load.journey.expectation import expect
from seatrial.load.journey.person import Person
from seatrial.load.journey.steps import Journey, request
from seatrial.load.journeys import load_journeys
from seatrial.spec.workload import OperationSpec, WorkloadSpec

__all__ = ["Workload"]


@dataclass(frozen=True, slots=True)
class Workload:
    """A WorkloadSpec made runnable: each operation is a journey function of one person.

    sign_in: run once for each of `people`, before anything is measured; None when nobody signs in.
    timeout_s: how long a person waits for an answer, from when it was due. arrivals: "poisson" or "constant".
    arrivals_are: "operations", each of somebody of `people`, or "sessions": each of a visitor who comes for the first
    time, but for the share `returning` of `people`. order: "stratified" (see `mix`) or "random". listeners: how many
    follow the journey `listener` beside the load. headers: of every request, unless it has its own.
    """

    operations: Mapping[str, Callable[[Person], Journey]]
    weights: Mapping[str, float]
    sign_in: Callable[[Person], Journey] | None = None
    people: int = 30
    timeout_s: float = 10.0
    arrivals: str = "poisson"
    keep_alive: bool = True
    arrivals_are: str = "operations"
    returning: float = 0.0
    order: str = "random"
    listeners: int = 0
    listener: Callable[[Person], Journey] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        missing = sorted(self.weights.keys() - self.operations.keys())
        if missing:
            raise SpecError(f"the mix names {', '.join(missing)}, which no operation is called.", where="workload.mix")
        if self.people < 1:
            raise SpecError(f"people is {self.people}; at least one is needed.", where="workload.people")
        if not 0 < self.timeout_s <= 600:
            raise SpecError(
                f"timeout_s is {self.timeout_s}; it takes more than 0 and at most 600.", where="workload.timeout_s"
            )
        if self.arrivals not in {"poisson", "constant"}:
            raise SpecError(f"arrivals is {self.arrivals!r}; it is poisson or constant.", where="workload.arrivals")
        for key, value, choices in (
            ("arrivals_are", self.arrivals_are, ("operations", "sessions")),
            ("order", self.order, ("random", "stratified")),
        ):
            if value not in choices:
                raise SpecError(f"{key} is {value!r}; it is {' or '.join(choices)}.", where=f"workload.{key}")
        if not 0 <= self.returning <= 1:
            raise SpecError(f"returning is {self.returning}; it is a share, 0 to 1.", where="workload.returning")

    @property
    def host(self) -> str:
        """The app's own name, where `headers` say it; else empty."""
        return next((value for name, value in self.headers.items() if name.lower() == "host"), "")

    @property
    def has_sessions(self) -> bool:
        """Whether what arrives are sessions."""
        return self.arrivals_are == "sessions"

    @classmethod
    def from_spec(cls, spec: WorkloadSpec) -> "Workload":
        """The declared workload, its journeys file imported."""
        operations: dict[str, Callable[[Person], Journey]] = {one.name: _plain(one) for one in spec.operations}
        weights = {one.name: one.weight for one in spec.operations}
        sign_in = listener = None
        if spec.journeys is not None:
            wanted = [*spec.mix, *(name for name in (spec.sign_in, spec.listener) if name)]
            functions = load_journeys(spec.journeys, wanted)
            operations |= {name: functions[name] for name in spec.mix}
            weights |= spec.mix
            sign_in, listener = functions.get(spec.sign_in), functions.get(spec.listener)
        elif spec.mix or spec.sign_in or spec.listener:
            raise SpecError(
                "mix, sign_in and listener name functions, but there is no journeys file.",
                where="workload.journeys",
                try_this='Add journeys = "journeys.py".',
            )
        return cls(
            operations,
            weights,
            sign_in,
            spec.people,
            spec.timeout_s,
            spec.arrivals,
            spec.keep_alive,
            spec.arrivals_are,
            spec.returning,
            spec.order,
            spec.listeners if listener is not None else 0,
            listener,
            spec.headers,
        )


def _plain(operation: OperationSpec) -> Callable[[Person], Journey]:
    """One request, checked; a redirect that is itself the expected answer is not followed."""
    is_redirect = 300 <= (operation.expect_status or 0) < 400
    headers = operation.headers
    if operation.body and not any(name.lower() == "content-type" for name, _ in headers):
        headers = (("Content-Type", operation.content_type), *headers)
    wanted: Request = request(
        operation.method,
        operation.path,
        operation.body.encode("utf-8", "surrogateescape") if operation.body else None,
        headers=headers,
        follow=not is_redirect,
    )

    def journey(person: Person) -> Journey:  # noqa: ARG001 - every journey takes the person; this one sends the same for all
        response = yield wanted
        if operation.expect_status is not None:
            expect(response, operation.expect_status, operation.expect_text)
        elif response.status < 400 and not leads_on(response):
            # What is above, or leads away from the app, is a failure anyhow, named by its status.
            expect(response, response.status, operation.expect_text)

    return journey
