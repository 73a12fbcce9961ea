"""Student's t against published tables, and the interval over starts by arithmetic."""

import pytest

from seatrial.model import confidence


@pytest.mark.parametrize(
    ("probability", "degrees", "published"),
    [
        (0.975, 1, 12.7062),
        (0.975, 2, 4.3027),
        (0.975, 3, 3.1824),
        (0.95, 4, 2.1318),
        (0.975, 9, 2.2622),
        (0.995, 30, 2.75),
    ],
)
def test_students_t_gives_the_tabled_quantile(probability, degrees, published):
    assert confidence.student_t_quantile(probability, degrees) == pytest.approx(published, abs=6e-5)
    assert confidence.student_t_quantile(1 - probability, degrees) == pytest.approx(-published, abs=6e-5)


def test_students_t_refuses_certainty():
    with pytest.raises(ValueError, match="probability"):
        confidence.student_t_quantile(1.0, 2)


def test_three_runs_give_the_interval_of_the_textbook():
    # mean 10, standard deviation 1, t = 4.3027: 10 +- 4.3027 / sqrt(3).
    assert confidence.interval_over_starts([9.0, 10.0, 11.0]) == (
        pytest.approx(10.0),
        pytest.approx(10 - 2.4841, abs=1e-3),
        pytest.approx(10 + 2.4841, abs=1e-3),
    )


def test_one_run_has_a_mean_and_no_interval():
    assert confidence.interval_over_starts([7.0]) == (7.0, None, None)


def test_no_run_is_refused():
    with pytest.raises(ValueError, match="at least one run"):
        confidence.interval_over_starts([])
