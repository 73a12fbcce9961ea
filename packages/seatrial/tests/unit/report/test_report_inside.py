"""Where the time of a request goes, as it is told."""

from dataclasses import replace

from seatrial.advise.findings import Fault, InsideFindings
from seatrial.report import inside_sentences as say
from seatrial.report.fault_sentences import fault_sentences
from seatrial.report.html import report_html
from seatrial.report.shares import time_bars
from seatrial.report.terminal import answer


def joined(text):
    return " ".join(text.split())


def one_operation(sample, **parts):
    """A request of 20 ms alone: 5 of the app, 3 of PostgreSQL, and what is given."""
    known = {"alone": 20.0, "app_alone": 5.0, "database_alone": 3.0, "share": 1.0, "unattributed": 0.0, **parts}
    return replace(sample().demand_ms, by_operation={"page": known})


def test_the_parts_of_the_time_of_the_mean_request_are_told_and_those_that_are_nothing_are_not(sample):
    demand = one_operation(sample, database_wait=4.0, lock_wait=6.0, external_wait=0.02, unattributed=1.98)
    assert say.time_sentence(sample(demand_ms=demand)) == (
        "Alone, one takes 20.0 ms on average: 5.0 ms CPU of flotilla, 3.0 ms CPU of PostgreSQL, 4.0 ms waiting for "
        "PostgreSQL, 6.0 ms waiting for locks, 2.0 ms not attributed."
    )


def test_the_bars_of_the_parts_fill_the_width_in_proportion_and_stand_side_by_side(sample):
    demand = one_operation(sample, database_wait=4.0, lock_wait=0.0, external_wait=6.0, unattributed=2.0)
    (bar,) = time_bars(sample(demand_ms=demand))
    assert bar.pieces == (
        ("app_alone", 0.0, 25.0),
        ("database_alone", 25.0, 15.0),
        ("database_wait", 40.0, 20.0),
        ("external_wait", 60.0, 30.0),
        ("unattributed", 90.0, 10.0),
    )


def test_parts_that_are_more_than_the_whole_are_told_with_their_sign_and_draw_no_bar(sample):
    demand = one_operation(sample, database_wait=14.0, unattributed=-2.0)
    findings = sample(demand_ms=demand)
    assert "-2.0 ms not attributed" in say.time_sentence(findings)
    (bar,) = time_bars(findings)
    assert [piece[0] for piece in bar.pieces] == ["app_alone", "database_alone", "database_wait"]


def test_n_plus_one_is_named_with_count_time_and_remedy(sample):
    what = "one request sends 20 times: SELECT name FROM author WHERE id = ?"
    (text,) = fault_sentences(sample(faults=(Fault("n-plus-one", "home timeline", what, 1.7, "Fetch them at once."),)))
    assert text == f"N+1 queries, in home timeline: {what}. 1.7 ms of each home timeline. Fetch them at once."


def test_of_many_faults_the_dearest_are_told_and_the_rest_counted(sample):
    faults = tuple(Fault("missing-index", f"page {n}", "all rows are read", 1.0, "Make one.") for n in range(7))
    told = fault_sentences(sample(faults=faults))
    assert (len(told), told[-1]) == (5, "3 more of such kinds are in study.json.")


def test_the_dearest_of_each_kind_is_told_however_cheap_it_is(sample):
    dear = tuple(Fault("missing-index", f"page {n}", "all rows are read", 9.0, "Make one.") for n in range(5))
    told = fault_sentences(sample(faults=(*dear, Fault("debug", "", "DEBUG is True", 0.2, "Switch it off."))))
    assert told[-2:] == [
        "Debugging is on: DEBUG is True. 0.20 ms of the mean request. Switch it off.",
        "1 more of such kinds are in study.json.",
    ]


def test_a_cost_with_an_interval_is_told_with_it_or_as_the_most_that_it_can_be(sample):
    (text,) = fault_sentences(sample(faults=(Fault("debug", "", "on", 1.26, "Off.", 0.24),)))
    assert text == "Debugging is on: on. 1.3 ms (+-0.24 ms) of the mean request. Off."
    (text,) = fault_sentences(sample(faults=(Fault("debug", "", "on", 0.125, "Off.", 0.25),)))
    assert text == "Debugging is on: on. At most 0.38 ms of the mean request: not seen above the noise. Off."


def test_growth_of_memory_is_told_per_request_and_per_day_only_above_noise(sample):
    # 1240 bytes x 143.2/s x 86,400 s = 14.3 GB of 1024^3.
    text = say.growth_sentence(sample())
    assert text.startswith(
        "The app grew by 1.2 kB a request (1010 bytes to 1.4 kB): at 143/s that would be 14 GB a day"
    )
    assert "that would be 14 GB a day, if it went on. It was seen over 6,200 requests only" in text
    quiet = replace(sample().inside, growth=replace(sample().inside.growth, is_above_noise=False))
    assert say.growth_sentence(sample(inside=quiet)) == ""


def test_the_middleware_says_what_it_costs_or_that_it_cannot_be_told(sample):
    assert say.middleware_sentence(sample()) == (
        "The measuring middleware cost 0.02 +- 0.01 ms of CPU a request, in no other figure."
    )
    unsure = replace(sample().inside, middleware_error_ms=0.03)
    assert "less than can be told (0.02 +- 0.03 ms" in say.middleware_sentence(sample(inside=unsure))


def test_a_change_with_load_that_the_starts_do_not_agree_on_is_no_change(sample):
    assert "saturated 6.9 ms: +6 % (+4 % to +8 % over starts)." in say.load_sentence(sample())
    change = replace(sample().inside.change, low_share=-0.02, high_share=0.14)
    assert "no change that the starts agree on" in say.load_sentence(
        sample(inside=replace(sample().inside, change=change))
    )


def test_waits_too_short_for_glances_are_said_to_be_less_than_those_can_tell(sample):
    text = say.database_sentence(sample())
    assert "at 50 % load 2.9 ms with a connection in use, less than 0.1 ms waiting for locks, 0.2 ms for disk" in text
    assert "at 80 % load 3.6 ms with a connection in use, 0.4 ms waiting for locks, 0.3 ms for disk" in text


def test_regression_is_told_with_what_it_finds_apart_and_what_it_cannot_tell(sample):
    text = say.regression_sentence(sample())
    assert "these cost other than alone: profile 7.1 ms +- 0.8 against 5.9 ms; of like the windows do not tell." in text
    none = replace(sample().inside.regression, identified=(), apart=())
    assert "no operation's CPU can be told" in say.regression_sentence(sample(inside=InsideFindings(regression=none)))


def test_terminal_and_page_tell_it_and_stay_silent_where_nothing_was_seen(sample, bare, running):
    faults = (Fault("n-plus-one", "home timeline", "one request sends 20 times: SELECT 1", 1.7, "Join."),)
    text = joined(answer(sample(faults=faults)))
    assert "Alone, one takes" in text
    assert "N+1 queries" in text
    assert "The app grew by 1.2 kB a request" in text
    page = report_html(sample())
    assert "Where the time of a request goes" in page
    for nothing in (bare(), running()):
        assert "Where the time of a request goes" not in report_html(nothing)
        assert "its time" not in answer(nothing)
