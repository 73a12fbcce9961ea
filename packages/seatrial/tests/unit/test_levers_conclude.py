"""From starts whose figures are given to ranks, words and the lines to change."""

import math
import re
from dataclasses import replace
from pathlib import Path

from seatrial.advise.levers.conclude import conclude_levers
from seatrial.advise.levers.effect import Effect
from seatrial.advise.levers.findings import LeverFindings
from seatrial.advise.levers.hosts import hosts_seen
from seatrial.load.books.observation import HeardCounts
from seatrial.measure.experiment import Seen
from seatrial.measure.lever_record import Comparison, Forecast, LeverRecord
from seatrial.measure.measurement import Caveat, HostUse
from seatrial.report.levers_document import levers_json
from seatrial.report.levers_page import levers_html
from seatrial.report.levers_terminal import levers_answer
from seatrial.report.levers_words import heard_words, hosts_words, times_words
from seatrial.spec.lever import Lever
from seatrial.spec.reading import read_declared

FILE = """\
[subject]
name = "shop"
app = "shop:app"
[plan]
name = "one CPU"
cpus = 1
memory_mb = 512
[server]
threads = 4
[[workload.operations]]
name = "front page"
path = "/"
"""

MEBIBYTE = 1024 * 1024

THREADS = Lever("threads-16", "More at once.", "Memory.", "Globals.", {"server": {"threads": 16}})
VARIABLE = Lever("a long name <of> my own lever", "", "", "", {"subject": {"environment": {"FAST": "1"}}}, is_own=True)
SLOWER = Lever("sync", "One at a time.", changes={"server": {"worker_class": "sync", "threads": None}})
BROKEN = Lever("broken", "No.", changes={"server": {"workers": 9}})
REFUSED = Lever("gevent", "No.", refusal="There is no gevent.")

CHANCE = (0.99, 1.01, 1.005, 0.995)


def starts_of(levers: tuple[str, ...], rate_rps: float, cpu_s: float, first: int) -> list[Seen]:
    return [
        Seen(first + turn, levers, rate_rps * factor, cpu_s, 0.06 * factor, int(100e6), error_ratio=0.0)
        for turn, factor in enumerate(CHANCE)
    ]


def the_findings(tmp_path: Path) -> LeverFindings:
    """Now 100/s; with threads 400/s; with the variable 130/s, half the CPU; both together 440/s; sync 50/s."""
    path = tmp_path / "seatrial.toml"
    path.write_text(FILE)
    kinds: list[tuple[tuple[str, ...], float, float]] = [
        ((), 100.0, 0.008),
        ((THREADS.name,), 400.0, 0.008),
        ((VARIABLE.name,), 130.0, 0.004),
        ((SLOWER.name,), 50.0, 0.008),
        ((THREADS.name, VARIABLE.name), 440.0, 0.004),
    ]
    starts = [seen for place, kind in enumerate(kinds) for seen in starts_of(*kind, first=1 + place * len(CHANCE))]
    firsts = {levers: 1 + place * len(CHANCE) for place, (levers, _, _) in enumerate(kinds)}

    def compared(base: tuple[str, ...], tried: tuple[str, ...]) -> Comparison:
        return Comparison(
            base, tried, tuple((firsts[base] + turn, firsts[tried] + turn) for turn in range(len(CHANCE)))
        )

    both = (THREADS.name, VARIABLE.name)
    record = LeverRecord(
        created_at="2026-01-01T00:00:00+00:00",
        levers=(THREADS, VARIABLE, SLOWER, BROKEN, REFUSED),
        budget_s=600.0,
        forecasts={THREADS.name: Forecast(3.9, 3.6, 4.2)},
        fixed_rate_rps=70.0,
        starts=(*starts, Seen(99, (BROKEN.name,), failure="the app ended", details="boom")),
        comparisons=(
            *(compared((), (lever.name,)) for lever in (SLOWER, VARIABLE, THREADS)),
            compared(both[:1], both),
            compared((), both),
        ),
        left_out=("keep-alive",),
        failures={BROKEN.name: "the app ended"},
        combined=both,
        spent_s=300.0,
        complete=True,
        caveats=(Caveat("noisy-machine", "It was not quiet."),),
    )
    return conclude_levers(record, read_declared(path))


def test_levers_are_ranked_by_what_they_did_to_the_highest_throughput(tmp_path) -> None:
    found = the_findings(tmp_path)
    assert [row.name for row in found.rows] == [THREADS.name, VARIABLE.name, SLOWER.name, BROKEN.name]
    assert [row.outcome for row in found.rows] == ["better", "better", "worse", "does not work"]
    best = found.rows[0].effects["saturated_rps"]
    assert best is not None
    assert math.isclose(best.ratio, 4.0, rel_tol=1e-9)
    cpu = found.rows[1].effects["cpu_s"]
    assert cpu is not None
    assert (round(cpu.ratio, 9), cpu.outcome) == (0.5, "better")
    memory = found.rows[0].effects["memory_bytes"]
    assert memory is not None
    assert memory.outcome == "no effect"


def test_the_lines_to_change_say_where_they_stand_and_what_is_there_now(tmp_path) -> None:
    found = the_findings(tmp_path)
    (threads,) = found.rows[0].changes
    assert (threads.section, threads.line, threads.before, threads.after) == (
        "[server]",
        9,
        "threads = 4",
        "threads = 16",
    )
    assert threads.elsewhere == "gunicorn --threads 16"
    (variable,) = found.rows[1].changes
    assert (variable.section, variable.line, variable.after) == ("[subject.environment]", None, 'FAST = "1"')
    assert [change.after for change in found.rows[2].changes] == ['worker_class = "sync"', "leave out threads"]
    assert found.combination is not None
    assert [change.after for change in found.combination.changes] == ["threads = 16", 'FAST = "1"']


def test_the_table_fits_80_columns_and_says_what_was_not_measured(tmp_path) -> None:
    text = levers_answer(the_findings(tmp_path))
    assert max(map(len, text.splitlines())) <= 80
    assert re.search(r"^threads-16 +better +400 +x4\.0 \(\d\.\d-\d\.\d\) +x3\.9 ", text, re.MULTILINE)
    assert "Best: threads-16 + a long name <of> my own lever, 100 -> 440 answers/s" in text.replace("\n", " ")
    assert "Left out for want of time: keep-alive." in text
    assert "- broken: the app ended." in text
    assert "- gevent: There is no gevent." in text
    assert "It was not quiet." in text


def test_an_interval_that_says_nothing_is_a_question_mark_and_fits_its_column() -> None:
    wide = Effect(100.0, 141.0, 1.41, 0.0002, 6430.0, "cannot tell", 2)
    assert times_words(wide) == "x1.41 (?)"
    assert times_words(None) == "-"
    assert times_words(replace(wide, low=0.45, high=4.4)) == "x1.41 (0.45-4.4)"


def test_the_page_escapes_and_the_json_has_the_same_facts(tmp_path) -> None:
    found = the_findings(tmp_path)
    page = levers_html(found)
    assert "a long name &lt;of&gt; my own lever" in page
    assert "<of>" not in page
    document = levers_json(found)
    assert document["schema"] == "seatrial.levers/1"
    assert document["rows"][0]["effects"]["saturated_rps"]["outcome"] == "better"
    assert document["left_out"] == ["keep-alive"]


def test_the_unit_of_before_and_after_is_said_once(tmp_path) -> None:
    page = levers_html(the_findings(tmp_path))
    assert "100 → 400<" in page
    assert "8.0 → 4.0 ms" in page
    assert 'data-label="memory"' in page


def on_hosts(*cpu_utilization: float, memory_mb: int = 100, limit_mb: int | None = 392) -> tuple[HostUse, ...]:
    limit = None if limit_mb is None else limit_mb * MEBIBYTE
    return tuple(
        HostUse(f"host {number}", used, memory_mb * MEBIBYTE, limit) for number, used in enumerate(cpu_utilization, 1)
    )


def test_of_several_hosts_the_one_that_gives_way_first_is_named(tmp_path) -> None:
    path = tmp_path / "seatrial.toml"
    path.write_text(FILE)
    hosts = Lever("hosts-2", "Two.", changes={"services": {"balancer": "caddy", "hosts": 2}})
    other = Lever("other", "Other.", changes={"server": {"threads": 16}})
    starts = [
        Seen(1, (), 100.0, 0.008, 0.05, 10**8),
        Seen(2, ("hosts-2",), 200.0, 0.008, 0.05, 10**8, hosts=on_hosts(0.98, 0.80)),
        Seen(3, ("hosts-2",), 200.0, 0.008, 0.05, 10**8, hosts=on_hosts(1.0, 0.84)),
        Seen(4, ("other",), 200.0, 0.008, 0.05, 10**8, hosts=on_hosts(0.5, 0.5)),
    ]
    comparisons = (
        Comparison((), ("hosts-2",), ((1, 2), (1, 3))),
        Comparison((), ("other",), ((1, 4),)),
    )
    record = LeverRecord("2026-11-29", (hosts, other), 60.0, starts=tuple(starts), comparisons=comparisons)
    found = conclude_levers(record, read_declared(path))
    assert hosts_words(found) == (
        "Saturated, with hosts-2: host 1 99 % of its CPU, 100 MB of 392 MB; host 2 82 % of its CPU, 100 MB of 392 MB. "
        "Host 1 gives way first.",
    )
    assert "Host 1 gives way first." in levers_answer(found).replace("\n", " ")
    assert "Host 1 gives way first." in levers_html(found).replace("\N{NO-BREAK SPACE}", " ")
    assert levers_json(found)["hosts"][0]["first"] == ["host 1"]


def test_hosts_that_are_as_full_give_way_together_and_none_where_none_is_full(tmp_path) -> None:
    def first_of(uses: tuple[HostUse, ...]) -> tuple[str, ...]:
        (seen,) = hosts_seen([Seen(1, (), 100.0, hosts=uses)])
        return seen.first

    assert first_of(on_hosts(0.97, 0.93)) == ("host 1", "host 2")
    assert first_of(on_hosts(0.6, 0.7)) == ()
    assert first_of(on_hosts(0.5, 0.5, memory_mb=380)) == ("host 1", "host 2")
    assert first_of((*on_hosts(0.6, 0.6), HostUse("database", 0.95, 10**8, None))) == ("database",)
    assert hosts_seen([Seen(1, (), 100.0)]) == ()


def test_how_full_hosts_are_is_not_taken_from_a_start_that_the_rig_spoiled() -> None:
    spoiled = Seen(1, (), None, hosts=on_hosts(0.2, 0.2))
    (seen,) = hosts_seen([spoiled, Seen(2, (), 100.0, hosts=on_hosts(0.95, 0.95))])
    assert [host.cpu_utilization for host in seen.hosts] == [0.95, 0.95]
    assert hosts_seen([spoiled]) == ()


def test_every_caveat_of_the_test_bed_is_kept(tmp_path) -> None:
    path = tmp_path / "seatrial.toml"
    path.write_text(FILE)
    told = (Caveat("testbed", "The hosts share a CPU."), Caveat("testbed", "The database is apart."))
    noisy = Caveat("noisy", "It was noisy.")
    starts = (Seen(1, (), 100.0, 0.008, 0.05, 10**8, caveats=(noisy,), heard=HeardCounts(7, 0, 0, 1, 2)),)
    record = LeverRecord("2026-11-29", (), 60.0, starts=starts, caveats=told)
    found = conclude_levers(record, read_declared(path))
    assert [caveat.text for caveat in found.caveats] == [
        "The hosts share a CPU.",
        "The database is apart.",
        "It was noisy. (In 1 of 1 starts.)",
    ]
    assert "7 events heard; of what was written, 1 heard by nobody before the end. 2 times one listener" in heard_words(
        found
    )
    assert heard_words(the_findings(tmp_path)) == ""
