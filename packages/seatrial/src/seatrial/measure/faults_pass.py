"""The passes of a start in which what is set for working on the app is switched, and its files are asked for alone."""

import random
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from seatrial.load.books.observation import Observation
from seatrial.load.driver import Driver
from seatrial.measure.measurement import FileCost, OperationProfile, SettingCost
from seatrial.measure.noted import FILE, Noted
from seatrial.measure.profile import SETTLE_S
from seatrial.measure.setting_costs import SwitchedRequest, setting_costs, steps_of
from seatrial.testbed.readings import CpuSeconds
from seatrial.testbed.switches import Switchboard
from seatrial.testbed.testbed import Testbed

__all__ = ["FaultsPass", "FaultsSeen"]

WARM_UP_S = 1.0
SWITCHED_S = 6.0
"""About how long operations are sent in turn with settings on and off; where none is found this is left out."""

OF_EACH = (12, 150)
"""Fewest and most requests of each operation in each state."""

OF_EACH_FILE = 12
ALL_FILES_S = 3.0


@dataclass(frozen=True, slots=True)
class FaultsSeen:
    """What the start showed."""

    settings: tuple[SettingCost, ...]
    files: tuple[FileCost, ...]


@dataclass(frozen=True, slots=True)
class FaultsPass:
    """One start of the subject inside what follows the switches. profiles: of its operations, each alone."""

    driver: Driver
    testbed: Testbed
    board: Switchboard
    noted: Noted
    weights: Mapping[str, float]
    profiles: Sequence[OperationProfile]
    static: Sequence[str]
    seed: int

    async def run(self) -> FaultsSeen:
        """Looks, then measures what there is."""
        await self.driver.closed_loop(1, WARM_UP_S)
        self.board.off(0)
        await self._sent(list(self.weights), (0,))
        found = dict(self.board.found())
        settings: tuple[SettingCost, ...] = ()
        if found:
            steps = steps_of(found)
            # What is kept from now on is made when it is first asked for; that is no part of its cost.
            await self._sent(2 * list(self.weights), steps[-1:])
            settings = setting_costs(found, await self._sent(self._sequence(len(steps)), steps))
        self.board.off(0)
        return FaultsSeen(settings, await self._files())

    def _sequence(self, steps: int) -> list[str]:
        alone_s = fmean([p.wall_s for p in self.profiles]) + SETTLE_S
        fewest, most = OF_EACH
        each = steps * min(most, max(fewest, int(SWITCHED_S / (steps * alone_s * len(self.weights)))))
        names = [name for name in self.weights for _ in range(each)]
        random.Random(f"{self.seed}/switched").shuffle(names)
        return names

    async def _sent(self, names: Sequence[str], steps: Sequence[int]) -> list[SwitchedRequest]:
        """One request at a time, each with a state that is drawn: a journey of two would else meet the same ones."""
        drawn = random.Random(f"{self.seed}/states")
        seen: list[SwitchedRequest] = []

        def before() -> tuple[int, CpuSeconds]:
            step = drawn.choice(steps)
            self.board.off(step)
            return step, self.testbed.cpu_seconds()

        def after() -> tuple[int, CpuSeconds]:
            time.sleep(SETTLE_S)
            return 0, self.testbed.cpu_seconds()

        def judged(one: Observation, then: tuple[int, CpuSeconds], now: tuple[int, CpuSeconds]) -> None:
            if not one.error:
                seen.append(SwitchedRequest(one.operation, then[0], _used_s(one, then[1], now[1])))

        await self.driver.serial(names, before, after, judged)
        self.testbed.check_alive()
        return seen

    async def _files(self) -> tuple[FileCost, ...]:
        """Each file alone, in turn; those that another server hands out are not the app's."""
        linked = {
            path: operations
            for path, operations in self.noted.files().items()
            if not any(path.startswith(prefix) for prefix in self.static)
        }
        order = [path for path in linked for _ in range(OF_EACH_FILE)]
        random.Random(f"{self.seed}/files").shuffle(order)
        seen: dict[str, list[tuple[Observation, float | None]]] = defaultdict(list)

        def after() -> CpuSeconds:
            time.sleep(SETTLE_S)
            return self.testbed.cpu_seconds()

        def judged(one: Observation, then: CpuSeconds, now: CpuSeconds) -> None:
            if not one.error and one.operation in linked:
                used_s = None if now.app_s is None or then.app_s is None else now.app_s - then.app_s
                seen[one.operation].append((one, used_s))

        until_s = time.perf_counter() + ALL_FILES_S
        for path in order:
            if time.perf_counter() > until_s:
                break
            self.noted.asked = iter((path,))
            await self.driver.serial((FILE,), self.testbed.cpu_seconds, after, judged)
        sizes = self.noted.sizes
        files = (path for path in linked if seen[path] and path in sizes)
        return tuple(_file(path, linked[path], sizes[path], seen[path]) for path in files)


def _file(
    path: str, operations: Sequence[str], size: int, seen: Sequence[tuple[Observation, float | None]]
) -> FileCost:
    used = [used_s for _, used_s in seen if used_s is not None]
    walls = [one.done_s - one.sent_s for one, _ in seen]
    return FileCost(
        path=path,
        operations=tuple(operations),
        requests=len(seen),
        bytes=size,
        cpu_s=fmean(used) if used else None,
        wall_s=fmean(walls),
    )


def _used_s(one: Observation, then: CpuSeconds, now: CpuSeconds) -> float:
    """CPU of the app, since the database does the same in either state; where nothing tells it, how long it took."""
    if then.app_s is None or now.app_s is None:
        return one.done_s - one.sent_s
    return now.app_s - then.app_s
