"""One person doing one journey once: drives its generator from answer to answer, without a task of its own."""

import math
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Any

from seatrial.load.books.interval import Interval
from seatrial.load.books.observation import Observation
from seatrial.load.http.content_coding import BodyError
from seatrial.load.http.messages import ExpectationError, Request, Response, describe
from seatrial.load.http.redirects import leads_on
from seatrial.load.journey.connect_run import ConnectRun
from seatrial.load.journey.emit_run import CloseRun, EmitRun, SendRun
from seatrial.load.journey.listen_run import ListenRun, WaitRun
from seatrial.load.journey.page_run import PageRun
from seatrial.load.journey.person import Person
from seatrial.load.journey.request_run import RequestRun
from seatrial.load.journey.steps import Journey, Page, Think
from seatrial.load.journey.think_run import ThinkRun
from seatrial.load.journey.under_way import Closable, Pause, Seen, Stage, StepRun
from seatrial.load.live.messages import Close, Emit, Listen, OpenSocketIO, OpenWebSocket, Send, WaitFor

__all__ = ["Job", "JourneyRun"]

Job = tuple[str, Callable[[Person], Journey], Person]
"""An operation's name, its journey, and who does it."""


class JourneyRun:
    """A journey under way; on_end(run) is called once.

    counts_from_s: its requests due from then on belong to the interval (perf_counter). failed: some request went wrong.
    """

    __slots__ = (
        "_due_s",
        "_generator",
        "_journey",
        "_kept",
        "_on_end",
        "_under_way",
        "counts_from_s",
        "failed",
        "interval",
        "operation",
        "person",
        "stage",
        "step",
    )

    def __init__(
        self,
        stage: Stage,
        interval: Interval,
        job: Job,
        on_end: Callable[["JourneyRun"], None],
        *,
        counts_from_s: float = -math.inf,
    ) -> None:
        self.stage = stage
        self.interval = interval
        self.operation, self._journey, self.person = job
        self.counts_from_s = counts_from_s
        self.failed = False
        self._on_end = on_end
        self._generator: Journey | None = None
        self._under_way: StepRun | None = None
        self.step = 0
        self._due_s = 0.0
        # Made when there is something to keep: most journeys open nothing.
        self._kept: list[Closable] | None = None

    def start(self, due_s: float) -> None:
        """Begin with the journey's first step, which was due at `due_s`."""
        self._due_s = due_s
        try:
            self._generator = self._journey(self.person)
        except Exception as error:  # noqa: BLE001 - the user's code may raise anything; it is told in words
            self._failed_without_answer("journey", _in_words(error))
            return
        self.over(None, due_s)

    def cut(self, error: str) -> None:
        """End it now: a request on its way is counted with this error, a pause just ends."""
        if self._under_way is not None:
            self._under_way.cut(error)
        else:
            self._end()

    def wake(self) -> None:
        """Let a pause end now; after `interval.stopping` was set, the journey then ends with it."""
        if isinstance(self._under_way, Pause):
            if isinstance(self._under_way, ThinkRun):
                self._curtailed()
            self._under_way.cut("")

    def over(self, answer: object, at_s: float, seen: Sequence[Seen] = ()) -> None:
        """A step ended: see `under_way.Host`."""
        self._under_way = None
        step = None
        if self._generator is not None:
            try:
                step = self._generator.send(answer)
            except StopIteration:
                self._generator = None
            except Exception as error:  # noqa: BLE001 - the user's code may raise anything; it is told in words
                # In here, not after: an exception kept in a variable keeps this very frame, and neither would ever go
                # while the garbage collector hardly ever looks.
                self._due_s = at_s
                self._blame(error, seen)
                self._end()
                return
        for one in seen:
            one.observe()
        if step is None or self.interval.stopping:
            if step is not None:
                self._curtailed()
            self._end()
            return
        self._take(step, at_s)

    def give_up(self, seen: Sequence[Seen] = ()) -> None:
        """A step failed: see `under_way.Host`."""
        self._under_way = None
        for one in seen:
            one.observe()
        self._end()

    def keep(self, open_now: Closable) -> None:
        """Close this at the end: see `under_way.Host`."""
        self._kept = [*(self._kept or ()), open_now]

    def settled(self) -> None:
        """The journey listens: see `under_way.Host`."""

    def note(self, seen: Observation, detail: str, request: Request | None = None) -> None:
        """Count an observation: see `under_way.Host`."""
        failure = None
        if seen.error:
            self.failed = True
            failure = self._explained(seen, detail, request)
        if seen.due_s >= self.counts_from_s:
            self.interval.add(seen, failure)
        else:
            self.interval.add_before(seen)

    def _curtailed(self) -> None:
        self.interval.curtailed += self.counts_from_s < math.inf

    def _take(self, step: object, due_s: float) -> None:
        if type(step) is Request:
            # What nearly every step is, without a detour.
            self.step += 1
            self._under_way = RequestRun(self, step, due_s, self)
            return
        self._due_s = due_s
        self.step += type(step) is not Think
        begin = _BEGINNINGS.get(type(step))
        if begin is None:
            self._failed_without_answer(
                "journey", f"it yielded {step!r}; a journey yields get(), post(), page() or think()."
            )
            return
        self._under_way = begin(self, step, due_s)

    def request_over(self, run: RequestRun) -> None:
        """Called by the one request of a step: see `request_run.Waiting`."""
        if run.response is None:
            self.give_up((run,))
        else:
            self.over(run.response, run.done_s, (run,))

    def _blame(self, error: Exception, seen: Sequence[Seen]) -> None:
        """Observe a step's requests, the journey's error with the one it is about."""
        is_judged = isinstance(error, ExpectationError | BodyError)
        if is_judged:
            # A body that is not what its headers say is no matter of what the journey expected.
            name, detail = "protocol" if isinstance(error, BodyError) else "expectation", str(error)
        else:
            name, detail = "journey", _in_words(error)
        if not seen:
            self._failed_without_answer(name, detail, ends=False)
            return
        about = getattr(error, "response", None)
        blamed = next((one for one in seen if about is not None and one.response is about), None)
        if blamed is None:
            blamed = next((one for one in seen if _is_wrong(one.response)), seen[-1])
        if not is_judged:
            detail = f"{detail}; got {_described(blamed.response)}"
            # Who stumbles over an error page that the journey did not expect has no fault of its own.
            name = "status" if _is_wrong(blamed.response) else name
        for one in seen:
            if one is blamed:
                one.observe(name, detail)
            else:
                one.observe()

    def _failed_without_answer(self, error: str, detail: str, *, ends: bool = True) -> None:
        """The journey's own code failed where it should have made a request: a request that never went out."""
        now_s = time.perf_counter()
        self.note(Observation(self.operation, self._due_s, now_s, now_s, now_s, 0, error), detail)
        if ends:
            self._end()

    def _explained(self, seen: Observation, detail: str, request: Request | None) -> tuple[str, str]:
        sent = f" ({request.method} {request.path})" if request else ""
        status = f", status {seen.status}" if seen.status else ""
        kind = f"{self.operation} {self.step} {seen.status} {seen.error} {detail}"
        return (
            kind,
            f"{self.operation}, step {self.step}{sent}, person {self.person.number}{status}: {seen.error}: {detail}",
        )

    def _end(self) -> None:
        self._under_way = None
        generator, self._generator = self._generator, None
        if generator is not None:
            try:
                generator.close()
            except Exception as error:  # noqa: BLE001 - the user's clean-up may raise anything; it is told in words
                self.interval.explain(
                    f"{self.operation} close", f"{self.operation}: on ending it raised {_in_words(error)}"
                )
        kept, self._kept = self._kept, None
        for open_now in kept or ():
            open_now.close()
        on_end, self._on_end = self._on_end, _already_over
        on_end(self)


_BEGINNINGS: dict[type, Callable[[JourneyRun, Any, float], StepRun]] = {
    Page: PageRun,
    Think: ThinkRun,
    OpenSocketIO: ConnectRun,
    OpenWebSocket: ConnectRun,
    Emit: EmitRun,
    Send: SendRun,
    WaitFor: WaitRun,
    Listen: ListenRun,
    Close: CloseRun,
}
"""What each kind of step begins; a new kind is a line here and a module of its own."""


def _already_over(run: JourneyRun) -> None:
    """Takes the place of on_end once it was called."""


def _is_wrong(answer: object) -> bool:
    return isinstance(answer, Response) and ((answer.status >= 400 and not answer.expected) or leads_on(answer))


def _described(answer: object) -> str:
    return describe(answer) if isinstance(answer, Response) else "no answer" if answer is None else repr(answer)[:200]


def _in_words(error: BaseException) -> str:
    """The error, and the line of the journeys file that it came from (not the line of a library it called)."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    where = next((frame for frame in reversed(frames) if frame.filename == frames[0].filename), None)
    return f"{type(error).__name__}: {error}" + (f" ({where.filename}, line {where.lineno})" if where else "")
