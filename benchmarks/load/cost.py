"""What a request costs the generator: requests per CPU second, for the small page and for a signed-in journey."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from bench import ALL, Bench, Sample, rounds
from nginx import Nginx
from processes import ProcessFailed
from seatrial_tool import SEATRIAL, told
from table import Table, count, median_and_range, ratio
from tools import Command, Load, Tool

__all__ = ["journey", "plain"]

_SHORT_S = 1


@dataclass(frozen=True, slots=True)
class _Cost:
    """One long run and one short one: their difference leaves out what starting takes."""

    long: Sample
    short: Sample
    own_rps: float | None

    @property
    def whole(self) -> float:
        """Requests per CPU second, start-up included."""
        return self.long.requests / self.long.ended.cpu_s

    @property
    def net(self) -> float:
        """Requests per CPU second of what the long run did more than the short one."""
        requests, cpu_s = self.long.requests - self.short.requests, self.long.ended.cpu_s - self.short.ended.cpu_s
        if requests <= 0 or cpu_s <= 0:
            raise ProcessFailed("a long run did no more than one of a second: this machine is too busy to compare on")
        return requests / cpu_s

    def facts(self) -> dict[str, object]:
        """For the record."""
        runs = {
            name: {
                "requests": one.requests,
                "wrong": one.wrong,
                "generator_cpu_s": round(one.ended.cpu_s, 4),
                "server_cpu_s": round(one.server_cpu_s, 4),
                "wall_s": round(one.ended.wall_s, 3),
                "others_cpu_share": round(one.others_share, 3),
            }
            for name, one in (("long", self.long), ("short", self.short))
        }
        return {**runs, "requests_per_cpu_s": self.net, "with_start_up": self.whole, "own_figure": self.own_rps}


def plain(bench: Bench, seconds: int, repeats: int) -> Table:
    """The small page, 32 connections, as fast as it goes."""
    return _compare(
        bench,
        "Requests per CPU second of the generator: a GET of 12 bytes, 32 connections",
        [(tool, tool.plain) for tool in ALL if tool.plain is not None],
        seconds,
        repeats,
    )


def journey(bench: Bench, seconds: int, repeats: int) -> Table:
    """32 signed-in people: home, a post with the form's token, a redirect, two more pages; each checked."""
    return _compare(
        bench,
        "The same through a signed-in journey: cookies, the form's token, checks of status and text",
        [(tool, tool.journey) for tool in ALL if tool.journey is not None],
        seconds,
        repeats,
    )


def _compare(
    bench: Bench,
    title: str,
    kinds: list[tuple[Tool, Callable[[Load], Command]]],
    seconds: int,
    repeats: int,
) -> Table:
    commands = {tool.name: command for tool, command in kinds}
    tools = [tool for tool, _ in kinds]
    seen: dict[str, list[_Cost]] = {}
    with bench.server() as server:
        for number, tool in rounds(bench.can(tools), repeats):
            if tool.name in bench.broken:
                continue
            with bench.forgiving(tool):
                cost = _cost(bench, tool, commands[tool.name], server, seconds)
                bench.tell(f"{tool.name}, round {number + 1}: {count(cost.net)} requests per CPU second")
                seen.setdefault(tool.name, []).append(cost)
    return _table(bench, title, tools, seen)


def _cost(bench: Bench, tool: Tool, command: Callable[[Load], Command], server: Nginx, seconds: int) -> _Cost:
    short, long = (
        bench.sample(tool, command(Load(server.url, length_s)), server, length_s)
        for length_s in (_SHORT_S, _SHORT_S + seconds)
    )
    if tool is not SEATRIAL:
        return _Cost(long, short, None)
    document = told(long.ended)
    if document["errors"]:
        raise ProcessFailed(f"Seatrial counted errors: {document['errors']}; {document['failures'][:1]}")
    return _Cost(long, short, float(document["generator"]["requests_per_cpu_s"]))


def _table(bench: Bench, title: str, tools: list[Tool], seen: dict[str, list[_Cost]]) -> Table:
    ours = median(cost.net for cost in seen[SEATRIAL.name])
    order = sorted((tool for tool in tools if tool.name in seen), key=lambda tool: -_middle(seen[tool.name]))
    rows = [
        (
            f"{tool.name} {bench.version(tool)}",
            median_and_range([cost.net for cost in seen[tool.name]]),
            ratio(_middle(seen[tool.name]), ours),
            count(median(cost.whole for cost in seen[tool.name])),
            count(median(cost.long.requests / cost.long.ended.wall_s for cost in seen[tool.name])),
        )
        for tool in order
    ]
    rows += [(name, why, "", "", "") for name, why in bench.absent(tools).items()]
    header = ("generator", "requests per CPU second", "of Seatrial", "with start-up", "requests/s")
    own = [cost.own_rps for cost in seen[SEATRIAL.name] if cost.own_rps is not None]
    notes = [
        "Requests as nginx counted them, CPU seconds of the whole process tree (wait4). The first column leaves "
        "start-up out, for every tool alike: it is the difference between a long run and one of a second.",
        f"By Seatrial's own figure, of the measured interval alone: {median_and_range(own)}.",
        *_wrong(seen),
    ]
    facts = {name: [cost.facts() for cost in costs] for name, costs in seen.items()}
    return Table(title, header, rows, notes, facts)


def _middle(costs: list[_Cost]) -> float:
    return median(cost.net for cost in costs)


def _wrong(seen: dict[str, list[_Cost]]) -> list[str]:
    """Tools that did not do what they were asked to."""
    notes = []
    for name, costs in seen.items():
        samples = [sample for cost in costs for sample in (cost.long, cost.short)]
        wrong = sum(sample.wrong for sample in samples)
        if wrong:
            notes.append(f"{name}: {wrong} of {sum(s.requests for s in samples)} requests got a wrong answer.")
    return notes
