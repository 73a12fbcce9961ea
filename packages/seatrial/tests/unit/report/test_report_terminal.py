"""The answer in a terminal."""

import re
from dataclasses import replace

import pytest

from seatrial.advise.findings import Capacity
from seatrial.measure.measurement import Caveat
from seatrial.measure.prediction_check import PredictionCheck
from seatrial.report.terminal import answer


def joined(text):
    return " ".join(text.split())


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_line_is_longer_than_the_terminal(sample, bare, width):
    for findings in (sample(), bare()):
        assert max(len(line) for line in answer(findings, width).splitlines()) <= width


def test_the_first_sentence_is_the_answer_and_its_interval_follows(sample):
    text = joined(answer(sample()))
    assert text.startswith("One worker of flotilla handles 143 requests a second with 95 % of answers within 500 ms.")
    assert "137 to 149 requests/s. Seen to pass at 133/s, seen to fail at 162/s." in text


def test_the_figures_are_those_of_the_findings_rounded_to_what_they_are_worth(sample):
    text = joined(answer(sample()))
    assert (
        "costs 6.9 ms of CPU (95 % interval 6.6 to 7.2): 4.8 ms flotilla, 2.1 ms PostgreSQL, with 3.2 database" in text
    )
    assert "The dearest is home timeline: 9.1 ms." in text
    assert "2 workers 150/s (142 to 157, measured 148); 3 workers 151/s (143 to 158);" in text
    assert "9 workers 151/s, but they do not fit in memory" in text
    assert (
        "PostgreSQL 92 MB, first worker 74 MB, each further worker 31 MB, of the plan's 512 MB. 8 workers fit." in text
    )
    assert "4 USD a month (as of 2026-11-20)" in text
    assert "about 28,000 daily users" in text
    assert "between 4,400 and 140,000" in text
    assert not re.search(r"\d\.\d{3}", text)


def test_worker_and_thread_are_explained_with_the_servers_own_numbers(sample):
    assert "With its 4 threads it holds 4 requests at once" in joined(answer(sample()))
    single = replace(sample().worker_capacity, threads=1)
    assert "With its 1 thread it holds one request at a time" in joined(answer(sample(worker_capacity=single)))
    several = replace(sample().worker_capacity, workers=3, threads=2)
    assert "3 of them with 2 threads each hold 6 requests at once" in joined(answer(sample(worker_capacity=several)))


def test_of_an_event_loop_no_threads_are_told(sample):
    loop = replace(sample().worker_capacity, threads=40)
    told = joined(answer(sample(server="uvicorn, 1 worker x 40 requests at once", worker_capacity=loop)))
    assert "It works on as many requests as come, changing over wherever one waits; 40 at once" in told
    assert "40 threads" not in told


def test_an_objective_not_met_is_the_first_thing_said(sample):
    text = answer(sample(verdict="violated", verdict_sentence="The plan carries 143 requests/s: less than the target."))
    assert text.startswith("OBJECTIVE NOT MET. The plan carries 143 requests/s: less than the target.\n")


def test_nothing_measured_is_said_in_words_and_never_as_a_zero(bare):
    text = answer(bare())
    assert text.startswith("NOT MEASURED.")
    assert "could not be measured" in joined(text)
    assert "could not be read" in text
    assert "interrupted" in text
    assert "None" not in text
    assert not re.search(r"\b0(\.0)?\b(?! %)", text.replace("512", ""))


def test_an_objective_that_no_rate_meets_is_told_as_that(sample):
    nothing = Capacity(None, None, None, None, 1.0, 1, 4)
    text = joined(answer(sample(verdict="violated", worker_capacity=nothing, plan_capacity=nothing)))
    assert (
        "No rate was found at which one worker of flotilla handles requests with 95 % of answers within 500 ms." in text
    )
    assert "Seen to fail at 1.0/s. No trial was seen to pass." in text


def test_a_single_start_has_no_interval_and_says_so(sample):
    single = replace(sample().worker_capacity, low_rps=None, high_rps=None)
    assert "No interval: that needs at least two fresh starts." in joined(answer(sample(worker_capacity=single)))


def test_what_limits_the_numbers_comes_last_each_with_its_next_step(sample):
    lines = answer(sample(caveats=(Caveat("noise", "it was noisy.", "Measure again."),))).splitlines()
    place = lines.index("What limits these numbers:")
    assert lines[place + 1] == "  - It was noisy. Measure again."
    assert lines.index("What this does not say:") > place


def test_an_interruption_is_said_once(sample):
    caveat = Caveat("incomplete", "The study was interrupted; fewer starts stand behind it.")
    assert answer(sample(complete=False, caveats=(caveat,))).count("interrupted") == 1
    assert answer(sample(complete=False, caveats=())).count("interrupted") == 1


def test_an_app_without_a_database_is_not_told_of_one(sample):
    demand = replace(sample().demand_ms, app=6.9, database=0.0, by_operation={})
    memory = replace(sample().memory_bytes, database=0)
    text = answer(sample(demand_ms=demand, memory_bytes=memory, queries_per_request=None))
    assert "PostgreSQL" not in text
    assert "A request costs 6.9 ms of CPU" in text


def test_an_app_that_was_running_already_is_told_by_its_address_without_workers_memory_or_plan(running):
    text = joined(answer(running()))
    assert text.startswith("The app at http://127.0.0.1:8000 handles 143 requests a second with 95 % of answers")
    assert "95 % interval over repeats: 137 to 149 requests/s." in text
    assert "It was running already: Seatrial neither started nor limited it" in text
    # 0.05 of the requests take 35 ms, all others 10 ms: 10 + 0.04 x 25 = 11 ms.
    assert "Alone, one is answered after 11.0 ms on average; the slowest is write a post: 35.0 ms." in text
    for word in ("One worker", "memory", "plan", "vCPU", "USD", "None"):
        assert word not in text


def test_an_app_that_was_running_already_and_could_not_be_measured_is_told_so(running):
    nothing = Capacity(None, None, None, None, None, None, None)
    text = joined(answer(running(verdict="invalid", verdict_sentence="", worker_capacity=nothing)))
    assert "How many requests a second the app at http://127.0.0.1:8000 handles could not be measured." in text


def test_what_trials_bracket_is_not_called_an_interval(sample):
    method = "bracketed by trials: seen to pass at 133/s, seen to fail at 162/s"
    bracket = replace(sample().worker_capacity, low_rps=133.0, high_rps=162.0, is_bracket=True, method=method)
    text = joined(answer(sample(worker_capacity=bracket)))
    assert "measured Bracketed by trials: seen to pass at 133/s, seen to fail at 162/s. server" in text
    assert "95 % interval over" not in text


def checked(predicted_rps, measured_rps, **others):
    check = PredictionCheck("2026-01-01", 3, 4, "gthread", 1.0, predicted_rps, 610.0, 640.0)
    return replace(check, **others).against(measured_rps)


def test_a_prediction_that_was_checked_is_told_with_what_was_measured_and_by_how_much_it_was_off(sample):
    text = joined(answer(sample(checks=(checked(622.0, 605.0),))))
    assert "3 workers: predicted 622/s (610 to 640), measured 605/s: 2.8 % too high." in text
    assert "such predictions" not in text
    assert "predicted" not in joined(answer(sample(checks=(checked(622.0, None),))))


def test_what_company_cost_each_request_is_told_beside_the_check_of_the_same_study(sample):
    found = sample(checks=(checked(622.0, 605.0),), crowded_cost=1.134, measured_at="2026-01-01")
    assert "2.8 % too high. In company a request took 13 % more CPU, which nobody could" in joined(answer(found))
    assert "In company" not in joined(answer(replace(found, measured_at="2026-02-02")))
    assert "In company" not in joined(answer(replace(found, crowded_cost=0.97)))
    # A single start over three others is as much dearer by chance in one study of ten.
    assert "In company" not in joined(answer(replace(found, crowded_cost=1.04)))


def test_from_three_checks_on_it_is_told_how_large_the_error_usually_was(sample):
    checks = (checked(110.0, 100.0), checked(99.0, 100.0), checked(196.0, 200.0, threads=8))
    text = joined(answer(sample(checks=checks)))
    assert "3 workers x 8 threads: predicted 196/s" in text
    assert "2.0 % too low. Of 3 such predictions, half were off by 2.0 % or less, the worst by 10.0 %." in text
