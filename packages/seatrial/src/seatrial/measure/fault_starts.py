"""The starts that show what costs an app on a server besides its own code; no capacity is read from them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from seatrial.load.workload import Workload
from seatrial.measure.bench import Bench
from seatrial.measure.faults_pass import FaultsPass, FaultsSeen
from seatrial.measure.measurement import OperationProfile, SettingCost
from seatrial.measure.noted import Noted
from seatrial.measure.setting_costs import DEVELOPMENT_SERVER, server_costs
from seatrial.spec.development import starts_development_server
from seatrial.spec.subject import EVENT_LOOP_SLOTS, Server
from seatrial.spec.trial_spec import TrialSpec
from seatrial.testbed.switches import Switchboard, can_switch
from seatrial.testbed.testbed import Testbed

__all__ = ["FaultStarts"]

PASSES = 1


@dataclass(frozen=True, slots=True)
class FaultStarts:
    """Makes them on an open test bed. spec, workload: as declared."""

    spec: TrialSpec
    testbed: Testbed
    workload: Workload

    @property
    def expected_s(self) -> float:
        """How long `look` takes, about."""
        if not self.spec.measure.faults:
            return 0.0
        return 12.0 if can_switch(self.spec.subject) or self._has_other_server else 0.0

    async def look(self, bench: Bench, number: int, profiles: Sequence[OperationProfile]) -> FaultsSeen:
        """profiles: the operations of the declared server, each alone."""
        if not self.spec.measure.faults:
            return self.named()
        if can_switch(self.spec.subject):
            return await self._switched(bench, number, profiles)
        if self._has_other_server:
            others = await self._on_another_server(bench, number)
            return FaultsSeen(server_costs(self._command, profiles, others), ())
        return self.named()

    def named(self) -> FaultsSeen:
        """What is known before anything is started: a server for development, not what it costs."""
        if not self._is_for_development:
            return FaultsSeen((), ())
        return FaultsSeen((SettingCost(DEVELOPMENT_SERVER, self._command, "", 0),), ())

    @property
    def _command(self) -> str:
        return " ".join(self.spec.subject.server.command)

    @property
    def _is_for_development(self) -> bool:
        subject = self.spec.subject
        return subject.server.kind == "command" and starts_development_server(subject.server.command, subject.directory)

    @property
    def _has_other_server(self) -> bool:
        return self._is_for_development and bool(self.spec.subject.app)

    async def _switched(self, bench: Bench, number: int, profiles: Sequence[OperationProfile]) -> FaultsSeen:
        """One worker, in which what is set for working on the app is switched between requests."""
        subject, noted = self.spec.subject, Noted(self.workload)
        board = Switchboard(self.testbed.folder / "switched")
        self.testbed.use(board.subject(subject))
        try:
            name = "one more start, for debugging, templates and files"
            async with bench.started(number, 1, subject.server.threads, name, noted.workload) as driver:
                return await FaultsPass(
                    driver=driver,
                    testbed=self.testbed,
                    board=board,
                    noted=noted,
                    weights=self.workload.weights,
                    profiles=profiles,
                    static=tuple(subject.services.static),
                    seed=self.spec.measure.seed,
                ).run()
        finally:
            self.testbed.use(subject)

    async def _on_another_server(self, bench: Bench, number: int) -> tuple[OperationProfile, ...]:
        """The same app and data, as it would be served to visitors."""
        subject, server = self.spec.subject, Server()
        if subject.server.is_event_loop:
            server = Server(kind="uvicorn", worker_class="asgi", threads=EVENT_LOOP_SLOTS)
        self.testbed.use(replace(subject, server=server))
        try:
            return await bench.alone(number, server.workers, server.threads, PASSES)
        finally:
            self.testbed.use(subject)
