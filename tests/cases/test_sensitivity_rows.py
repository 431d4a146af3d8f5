"""The rows of Ishigami and Sobol's g: random failures shift nothing, failures that lie together are said."""

import numpy as np
import pytest

from foretrial.cases.published import sensitivity

ANSWERS = np.array([[0.8, 0.2], [0.8, 0.2]])
INPUTS = [sensitivity._flat(name, 0.0, 1.0) for name in ("x1", "x2")]


def straight(x):
    return 2.0 * x["x1"] + x["x2"]


def test_a_row_tells_of_the_mean_over_repeats_and_of_failures_that_lie_together():
    found = sensitivity._reach(straight, INPUTS, ANSWERS, 512)
    assert abs(found.reached - found.answer) < 0.05
    assert "in the mean of 16 repeats by" in found.note
    assert "bounds hold 4 of 4 exact shares" in found.note
    assert "they cluster in x1" in found.note


def test_shares_that_repeats_contradict_are_no_number():
    wrong = ANSWERS + np.array([0.05, -0.05])
    assert np.isnan(sensitivity._reach(straight, INPUTS, wrong, 512).reached)


def test_a_cluster_that_is_not_seen_is_no_number(monkeypatch):
    monkeypatch.setattr(type(sensitivity.twin.sobol(straight, INPUTS, n=16)), "clustered", property(lambda _: False))
    assert np.isnan(sensitivity._reach(straight, INPUTS, ANSWERS, 512).reached)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_first_input_s_highest_twentieth_is_what_fails(seed):
    rng = np.random.default_rng(seed)
    x = rng.random(4000)
    q = INPUTS[0]
    edge = q.value + (0.5 - sensitivity.LOST) * 12**0.5 * q.std
    assert np.mean(x > edge) == pytest.approx(0.05, abs=0.02)
