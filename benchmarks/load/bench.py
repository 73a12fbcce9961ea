"""What every part of the comparison works with: the CPUs, a scratch folder, the tools that are there."""

import itertools
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from machine import CpuClock, Placement
from native_tools import NATIVE
from nginx import Nginx, nginx
from peers import LEFT_OUT, Found, Missing
from processes import Ended, ProcessFailed, Started
from scripted_tools import SCRIPTED
from seatrial_tool import SEATRIAL
from tools import Command, Tool

__all__ = ["ALL", "Bench", "Sample", "rounds"]

ALL: tuple[Tool, ...] = (SEATRIAL, *NATIVE, *SCRIPTED)
"""Every tool that can be run from here, Seatrial first."""

_START_UP_S = 60.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of one tool. requests, wrong: by the server's own count; others_share: what others took of one CPU."""

    requests: int
    wrong: int
    server_cpu_s: float
    others_share: float
    ended: Ended
    folder: Path


@dataclass(slots=True)
class Bench:
    """The rig. found: each program by name. only_tools: parts of names; empty for all. broken: tools that failed.

    others_shares: of every run, what others took of one CPU meanwhile.
    """

    cpus: Placement
    scratch: Path
    found: dict[str, Found | Missing]
    only_tools: tuple[str, ...] = ()
    broken: dict[str, str] = field(default_factory=dict)
    others_shares: list[float] = field(default_factory=list)
    _begun_s: float = field(default_factory=time.monotonic)
    _folders: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def tell(self, text: str) -> None:
        """One line of progress on standard error."""
        print(f"[{time.monotonic() - self._begun_s:5.0f} s] {text}", file=sys.stderr, flush=True)

    def folder(self) -> Path:
        """A new folder for one run."""
        made = self.scratch / f"run{next(self._folders)}"
        made.mkdir()
        return made

    def can(self, tools: Sequence[Tool]) -> list[Tool]:
        """Those of `tools` whose program is there and that were asked for; Seatrial always."""
        wanted = [tool for tool in tools if tool is SEATRIAL or self._is_wanted(tool)]
        there = [tool for tool in wanted if isinstance(self.found[tool.program], Found)]
        return [tool for tool in there if tool.name not in self.broken]

    def absent(self, tools: Sequence[Tool]) -> dict[str, str]:
        """The others of `tools`, and the programs that are never compared, with the reason."""
        why = {name: f"missing: {reason}" for name, reason in LEFT_OUT.items()}
        for tool in tools:
            found = self.found[tool.program]
            if isinstance(found, Missing):
                why[tool.name] = f"missing: {found.why}"
            elif tool.name in self.broken:
                why[tool.name] = f"failed: {self.broken[tool.name]}"
            elif tool is not SEATRIAL and not self._is_wanted(tool):
                why[tool.name] = "not asked for"
        return why

    @contextmanager
    def forgiving(self, tool: Tool) -> Iterator[None]:
        """A tool that fails within is left out from then on, with the reason; Seatrial must not fail."""
        try:
            yield
        except (ProcessFailed, ValueError, KeyError, IndexError, OSError) as problem:
            if tool is SEATRIAL:
                raise
            self.broken[tool.name] = " ".join(f"{type(problem).__name__}: {problem}".split())[:300]
            self.tell(f"{tool.name}: {self.broken[tool.name]}")

    def version(self, tool: Tool) -> str:
        """Of the tool's program."""
        found = self.found[tool.program]
        return found.version if isinstance(found, Found) else ""

    def server(self) -> AbstractContextManager[Nginx]:
        """The server that all tools load, on its own CPU."""
        found = self.found["nginx"]
        assert isinstance(found, Found)
        return nginx(found.argv, self.folder(), self.cpus.server)

    def start(self, tool: Tool, command: Command, folder: Path) -> Started:
        """The tool, on the generator's CPU."""
        found = self.found[tool.program]
        assert isinstance(found, Found)
        argv = [*found.argv, *command.arguments]
        return Started(argv, folder, cpu=self.cpus.generator, environment=command.environment, name="tool")

    def sample(
        self,
        tool: Tool,
        command: Command,
        server: Nginx,
        seconds: float,
        meanwhile: Callable[[Started], None] | None = None,
    ) -> Sample:
        """Run the tool against nginx to its end; `meanwhile` may do something while it runs."""
        folder = self.folder()
        requests, wrong, server_cpu_s = server.requests(), server.wrong_answers(), server.cpu_s()
        clock = CpuClock()
        with self.start(tool, command, folder) as started:
            if meanwhile is not None:
                meanwhile(started)
            ended = started.wait(seconds + _START_UP_S, accept=command.accept)
        server_cpu_s = server.cpu_s() - server_cpu_s
        others_share = clock.others_share(ended.cpu_s + server_cpu_s)
        self.others_shares.append(others_share)
        return Sample(
            requests=server.requests() - requests,
            wrong=server.wrong_answers() - wrong,
            server_cpu_s=server_cpu_s,
            others_share=others_share,
            ended=ended,
            folder=folder,
        )

    def _is_wanted(self, tool: Tool) -> bool:
        return not self.only_tools or any(part.lower() in tool.name.lower() for part in self.only_tools)


def rounds(tools: Sequence[Tool], repeats: int) -> list[tuple[int, Tool]]:
    """The order of measuring: A B C, then C B A, and so on, so that a machine that changes slowly favours none."""
    return [
        (number, tool) for number in range(repeats) for tool in (tools if number % 2 == 0 else list(reversed(tools)))
    ]
