"""Lives: Weibull by likelihood, bounds that hold, binomial plans, and refusals."""

import math

import numpy as np
import pytest

from foretrial import twin
from foretrial.models import TrialError
from foretrial.twin.reliability import counted, goodness

FAILED = [54, 187, 216, 240, 244, 335, 361, 373, 375, 386]
PUBLISHED = twin.lives([*FAILED, *[500.0] * 10], censored=[0] * 10 + [1] * 10)


def drawn(rng, n, cut, shape=1.7):
    x = 600.0 * rng.weibull(shape, n)
    return twin.lives(np.minimum(x, cut), censored=x > cut)


def test_the_published_lives_give_their_law():
    law = twin.weibull(PUBLISHED)
    assert (law.scale, law.shape, law.likelihood) == pytest.approx((606.528, 1.7208, -75.135), abs=1e-3)
    assert law.reliability(law.life(0.1)) == pytest.approx(0.9)


def test_the_law_is_where_the_likelihood_is_flat():
    law = twin.weibull(PUBLISHED)
    t, r = PUBLISHED.begin, 10
    power = t**law.shape
    assert law.scale == pytest.approx((power.sum() / r) ** (1.0 / law.shape), rel=1e-6)
    score = r / law.shape + np.log(FAILED).sum() - r * np.sum(power * np.log(t)) / power.sum()
    assert score == pytest.approx(0.0, abs=1e-4)


def test_short_intervals_tell_what_exact_lives_tell_and_long_ones_less():
    t = np.array(FAILED, dtype=float)
    near, far = (
        twin.lives(
            np.r_[np.maximum(t - h, 0.0), [500.0] * 10], censored=[0] * 10 + [1] * 10, until=np.r_[t + h, [500.0] * 10]
        )
        for h in (0.01, 60.0)
    )
    assert twin.weibull(near).shape == pytest.approx(twin.weibull(PUBLISHED).shape, abs=1e-3)
    wide, tight = (twin.reliability_at(d, 200.0) for d in (far, near))
    assert wide.upper - wide.lower > 0.99 * (tight.upper - tight.lower)


def test_inspected_units_alone_give_a_law():
    data = twin.lives([0, 100, 200, 300, 500, 500], censored=[0, 0, 0, 0, 1, 1], until=[100, 200, 300, 400, 500, 500])
    law = twin.weibull(data)
    assert 0.5 < law.shape < 3.0
    assert law.reliability(500.0) == pytest.approx(2.0 / 6.0, abs=0.1)


def test_profile_bounds_are_where_the_likelihood_has_dropped():
    from scipy.stats import t as student

    b = twin.parameter_bounds(PUBLISHED, confidence=0.95)["shape"]

    def top(shape):
        t, r = PUBLISHED.begin, 10
        scale = (np.sum(t**shape) / r) ** (1.0 / shape)
        z = (t / scale) ** shape
        return r * math.log(shape) + np.sum(np.log(FAILED)) * (shape - 1) - r * shape * math.log(scale) - z.sum()

    drop = 0.5 * student.ppf(0.95, 9) ** 2
    assert top(b.value) - top(b.lower) == pytest.approx(drop, rel=1e-4)
    assert top(b.value) - top(b.upper) == pytest.approx(drop, rel=1e-4)


def coverage(rng, draws, n, cut):
    true, t = math.exp(-((200.0 / 600.0) ** 1.7)), 200.0
    data = [drawn(rng, n, cut) for _ in range(draws)]
    return np.mean([twin.reliability_at(d, t, confidence=0.95).lower <= true for d in data if d.failures >= 2])


def test_lower_bounds_of_a_reliability_hold():
    assert 0.92 <= coverage(np.random.default_rng(1), 120, 20, 500.0) <= 0.995


@pytest.mark.slow
def test_lower_bounds_of_a_reliability_hold_as_often_as_they_say_in_2000_tests():
    assert 0.93 <= coverage(np.random.default_rng(2), 2000, 30, 900.0) <= 0.97


def test_binomial_bounds_hold_and_are_exact_at_their_ends():
    assert twin.binomial(0, 22).lower == pytest.approx(0.1 ** (1 / 22))
    assert twin.binomial(22, 22).lower == 0.0
    rng = np.random.default_rng(3)
    got = [twin.binomial(int(k), 30, confidence=0.95).lower <= 0.9 for k in rng.binomial(30, 0.1, 2000)]
    assert np.mean(got) >= 0.95


def test_zero_failures_of_22_show_ninety_per_cent_at_ninety():
    assert twin.units_needed(0.9, confidence=0.9) == 22
    assert twin.binomial(0, 22, confidence=0.9).lower >= 0.9 > twin.binomial(0, 21, confidence=0.9).lower
    assert twin.units_needed(0.9, confidence=0.9, failures=1) == 38
    assert twin.units_needed(0.9, confidence=0.9, lives_each=2.0, shape=2.0) == 6
    assert twin.units_needed(0.99, confidence=0.95) == 299


def test_weibayes_meets_the_success_run_and_the_extended_test():
    data = twin.lives(np.full(22, 500.0), censored=np.ones(22))
    one = twin.weibayes(data, 500.0, shape=2.0)
    assert one.lower == pytest.approx(0.1 ** (1 / 22))
    assert one.value == one.upper == 1.0
    assert twin.weibayes(data, 250.0, shape=2.0).lower == pytest.approx(0.1 ** (0.25 / 22))


def test_weibayes_bounds_hold_with_failures():
    rng = np.random.default_rng(4)
    true = math.exp(-((200.0 / 600.0) ** 1.7))
    got = [twin.weibayes(drawn(rng, 15, 500.0), 200.0, shape=1.7, confidence=0.95).lower <= true for _ in range(2000)]
    assert np.mean(got) >= 0.94


def test_units_whose_state_is_not_known_are_not_counted():
    data = twin.lives([100.0, 150.0, 300.0, 400.0], censored=[0, 1, 1, 0])
    assert counted(data, 200.0) == (1, 3)


def test_lives_of_another_law_are_told_from_weibull_ones():
    rng = np.random.default_rng(5)
    assert np.mean([goodness(drawn(rng, 25, 900.0)) < 0.01 for _ in range(60)]) <= 0.05
    mixed = [twin.lives(np.r_[rng.normal(10.0, 0.5, 20), rng.normal(900.0, 20.0, 20)]) for _ in range(20)]
    assert np.mean([goodness(d) < 0.01 for d in mixed]) >= 0.9
    assert goodness(twin.lives([1.0, 2.0, 3.0])) == 1.0


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: twin.weibull(twin.lives([5.0, 5.0], censored=[0, 0])), "2 failures at 1 different lives"),
        (lambda: twin.weibull(twin.lives([5.0, 6.0], censored=[1, 1])), "0 failures at 0 different lives"),
        (lambda: twin.lives([5.0, -1.0]), r"unit 2 lived from -1 to -1\. A life is above 0"),
        (lambda: twin.lives([]), "there are no units"),
        (lambda: twin.lives([5.0], until=[4.0]), "unit 1 lived from 5 to 4"),
        (lambda: twin.binomial(5, 4), "5 failures of 4 units cannot be"),
        (lambda: twin.units_needed(1.0), "a plan for reliability 1 at confidence 0.9"),
    ],
)
def test_what_no_law_can_be_made_from_is_refused(make, match):
    with pytest.raises(TrialError, match=match):
        make()
