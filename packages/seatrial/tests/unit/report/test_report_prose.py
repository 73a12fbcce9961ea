"""Capitals, full stops and no-break spaces."""

from seatrial.report.prose import capitalised, ended, kept_together


def test_numbers_stay_beside_their_units():
    assert kept_together("95 % of 4 threads within 500 ms") == "95\u00a0% of 4 threads within 500\u00a0ms"


def test_a_sentence_gets_one_full_stop_and_a_capital():
    assert ended(capitalised("what PostgreSQL does")) == "What PostgreSQL does."
    assert ended("Done.") == "Done."
    assert ended("(in 2 of 3.)") == "(in 2 of 3.)"
    assert ended("") == ""
