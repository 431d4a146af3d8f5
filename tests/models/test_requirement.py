"""A requirement asks one number of a run and knows which side of its limit is right."""

import numpy as np
import pytest

from foretrial.models import Balance, History, Interest, Measured, ModelError, Requirement


def history():
    """Two probes: a cubic with its peak inside a step, and a straight line."""
    t = np.array([0.0, 10.0, 20.0])
    peak = 400.0 + 30.0 * t - t**2
    line = 300.0 + 5.0 * t
    return History(t=t, names=("peak", "line"), values=np.stack([peak, line], 1),
                   rates=np.stack([30.0 - 2.0 * t, np.full(3, 5.0)], 1), stage_ends=(20.0,),
                   balance=Balance(entered=1.0, made=0.0, stored=1.0), iterations=3, cells=8, iteration_error=0.0,
                   solver="s", process="p")  # fmt: skip


def requirement(**changed):
    interest = Interest(observations=("peak",), statistic="max", window=(0.0, 20.0))
    known = {"id": "R1", "text": "Below?", "text_zh": "低于", "interest": interest, "limit": 650.0, "sense": "at most",
             "accuracy": 30.0, "verification": "process", "display": "degC"}  # fmt: skip
    return Requirement(**{**known, **changed})


@pytest.mark.parametrize(
    ("statistic", "window", "names", "answer"),
    [
        ("max", (0.0, 20.0), ("peak", "line"), (625.0, "peak", 15.0)),
        ("max", (0.0, 20.0), ("line",), (400.0, "line", 20.0)),
        ("min", (0.0, 20.0), ("peak", "line"), (300.0, "line", 0.0)),
        ("min", (5.0, 15.0), ("peak",), (525.0, "peak", 5.0)),
        ("last", (0.0, 20.0), ("line", "peak"), (600.0, "peak", 20.0)),
        ("mean", (0.0, 20.0), ("line",), (350.0, "line", 20.0)),
        ("mean", (0.0, 20.0), ("peak",), (400.0 + 300.0 - 400.0 / 3.0, "peak", 20.0)),
    ],
)
def test_a_quantity_of_interest_is_its_statistic_over_its_window(statistic, window, names, answer):
    interest = Interest(observations=names, statistic=statistic, window=window)
    value, name, at = interest.when(history())
    assert name == answer[1]
    assert (value, at) == pytest.approx((answer[0], answer[2]), rel=2e-5)
    assert interest.value(history()) == value


def cooled(rate=0.02, start=1100.0):
    """Two places that cool exponentially towards 300 K, one half as fast, with derivatives by the rate."""
    t = np.linspace(0.0, 200.0, 401)
    rates = np.array([rate, 0.5 * rate])
    rise = (start - 300.0) * np.exp(-np.outer(t, rates))
    slope = -t[:, None] * rise * np.array([1.0, 0.5])
    change = -rise * np.array([1.0, 0.5]) - rates * slope
    return History(t=t, names=("thin", "thick"), values=300.0 + rise, rates=-rates * rise, stage_ends=(200.0,),
                   balance=Balance(entered=1.0, made=0.0, stored=1.0), iterations=3, cells=8, iteration_error=0.0,
                   solver="s", process="p", free=("rate",), tangents=slope[None],
                   tangent_rates=change[None])  # fmt: skip


def test_a_cooling_time_is_that_of_the_slowest_place():
    interest = Interest(observations=("thin", "thick"), statistic="cooling time", window=(0.0, 200.0), unit="s",
                        levels=(1073.15, 773.15))  # fmt: skip
    value, name, at = interest.when(cooled())
    exact = np.log(773.15 / 473.15) / 0.01
    assert (value, name) == (pytest.approx(exact, rel=1e-6), "thick")
    assert at == pytest.approx(np.log(800.0 / 473.15) / 0.01, rel=1e-6)
    assert interest.slopes(cooled())[0] == pytest.approx(-exact / 0.02, rel=1e-3)
    assert interest.gain(cooled()) == pytest.approx(100.0 / 473.15 + 100.0 / 773.15, rel=1e-3)


def test_a_spread_is_the_most_that_places_differ_at_one_time():
    interest = Interest(observations=("thin", "thick"), statistic="spread", window=(0.0, 200.0))
    value, name, at = interest.when(cooled())
    assert (value, name) == (pytest.approx(800.0 * 0.25, rel=1e-4), "thick")
    assert at == pytest.approx(np.log(2) / 0.01, abs=1.0)
    one = cooled().tangent_at("thick", np.array([at]))[0, 0]  # both rates scale time alone: the spread stays
    assert interest.slopes(cooled())[0] == pytest.approx(0.0, abs=0.01 * abs(one))
    assert interest.gain(cooled()) == 2.0


def test_a_place_that_never_falls_through_a_level_has_no_cooling_time():
    interest = Interest(observations=("thick",), statistic="cooling time", window=(0.0, 50.0), unit="s",
                        levels=(1073.15, 373.15))  # fmt: skip
    with pytest.raises(
        ModelError, match=r"'thick' does not fall through 373\.15 K between 0 and 50 s.*Simulate longer"
    ):
        interest.value(cooled())


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"levels": None}, r"cooling time with levels None K is not defined\. .* Give levels=\(higher, lower\)"),
        ({"levels": (500.0, 800.0)}, r"levels \(500\.0, 800\.0\) K is not defined"),
        ({"statistic": "max", "unit": "K"}, r"a max with levels .* other statistics have none"),
        ({"unit": "K"}, r"a cooling time in 'K' is not defined\. .* Say unit='s'"),
    ],
)
def test_a_cooling_time_with_wrong_levels_or_unit_is_refused(changed, told):
    known = {"observations": ("a",), "statistic": "cooling time", "window": (0.0, 9.0), "unit": "s"}
    with pytest.raises(ModelError, match=told):
        Interest(**{**known, "levels": (800.0, 500.0), **changed})


def test_a_margin_is_positive_on_the_right_side_of_the_limit():
    assert requirement().margin(625.0) == 25.0
    assert requirement().margin(660.0) == -10.0
    assert requirement(sense="at least").margin(660.0) == 10.0
    assert requirement(sense="at least").margin(625.0) == -25.0


def test_of_two_limits_the_nearer_one_governs_the_margin():
    both = requirement(sense="within", limit=(600.0, 650.0))
    assert [(both.nearest(x), both.margin(x)) for x in (610.0, 640.0, 590.0, 660.0)] == [
        (600.0, 10.0), (650.0, 10.0), (600.0, -10.0), (650.0, -10.0)]  # fmt: skip
    assert both.limits == (600.0, 650.0)
    assert requirement().limits == (None, 650.0)
    assert requirement(sense="at least").limits == (650.0, None)
    assert requirement().bound == 650.0
    with pytest.raises(ModelError, match=r"R1 has two limits, 600 and 650\. .* Use limits, or nearest\(value\)"):
        _ = both.bound


def test_a_window_beyond_the_run_is_refused():
    interest = Interest(observations=("peak",), statistic="max", window=(0.0, 30.0))
    with pytest.raises(ModelError, match=r"t = 0 to 30 s is asked for, but the run covers 0 to 20 s\. .* cut the data"):
        interest.value(history())


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (
            lambda: Interest(observations=("a",), statistic="maximum", window=(0, 1)),
            r"statistic 'maximum' is not known\. .* Choose one of max, min, mean, last",
        ),
        (
            lambda: Interest(observations=("a",), statistic="max", window=(5.0, 5.0)),
            r"the window \(5\.0, 5\.0\) s is empty\. .* earlier to a later time\. Correct its ends",
        ),
        (lambda: requirement(sense="below"), r"R1: sense 'below' is not known\. .* Say 'at most', 'at least' or"),
        (
            lambda: requirement(limit=(1.0, 2.0)),
            r"R1: limit \(1\.0, 2\.0\) has two sides, .* Say sense='within', or give",
        ),
        (
            lambda: requirement(sense="within"),
            r"R1: limit 650\.0 is nothing to stay within\. .* Give limit=\(low, high\)",
        ),
        (lambda: requirement(sense="within", limit=(2.0, 1.0)), r"limit \(2\.0, 1\.0\) is nothing to stay within"),
        (lambda: requirement(failing=0.7), r"R1: failing = 0\.7 is no probability to allow\. .* Give 1e-3, say"),
        (
            lambda: requirement(
                sense="within",
                limit=(1.0, 2.0),
                interest=Measured(statistic="Cpk", characteristic="d", specification=(1.0, 2.0)),
            ),
            r"R1: a Cpk of logged data with sense 'within' .* Ask each limit by a requirement of its own",
        ),
        (
            lambda: requirement(verification="proces"),
            r"R1: verification 'proces' is not known\. Did you mean 'process'\? Choose one of design,",
        ),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(make, text):
    with pytest.raises(ModelError, match=text):
        make()
