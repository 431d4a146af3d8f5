"""Traps that a verdict must not fall into, each beside a harmless twin that it must not be afraid of."""

from dataclasses import replace

import numpy as np
import pytest

from foretrial import twin
from foretrial.models import Quantity, State, TrialError, digest

DRAWS = 50


def state(verdict, name):
    return next(c["state"] for c in verdict.content["criteria"] if c["id"] == name)


@pytest.fixture(scope="module")
def harmless():
    """Fifty honest campaigns, each judged against a limit above the truth and one below it."""
    from functools import cache

    @cache
    def draw(judge, **more):
        return [judge(np.random.default_rng(seed), limits=(15.0, -15.0), **more) for seed in range(DRAWS)]

    return draw


def share(pairs):
    """Share of draws in which the one is a PASS and the other a FAIL."""
    return np.mean([a.state is State.PASS and b.state is State.FAIL for a, b in pairs])


def test_honest_campaigns_reach_pass_and_fail_in_nine_of_ten_draws(lab, harmless):
    assert share(harmless(lab.judge)) >= 0.9


def test_a_leaked_validation_trial_never_passes_even_under_another_name(lab, rng):
    verdict = lab.judge(rng, leak=True)
    assert verdict.state is not State.PASS
    assert state(verdict, "E1") == "not-met"


def test_a_huge_validation_uncertainty_is_no_pass(lab, rng):
    verdict = lab.judge(rng, noise=30.0)
    assert state(verdict, "E3") == "not-met"
    assert verdict.state is State.INCONCLUSIVE


def test_a_parameter_far_from_its_prior_is_no_pass(lab, rng):
    verdict = lab.judge(rng, prior=(900.0, 20.0))
    assert state(verdict, "D4") == "not-met"
    assert verdict.state is not State.PASS


def test_a_prior_that_is_right_does_no_harm(lab, harmless):
    assert share(harmless(lab.judge, prior=(620.0, 40.0))) >= 0.9


def test_numerical_error_above_sensor_noise_is_no_pass(lab, rng):
    verdict = lab.judge(rng, solver=lab.slab(cells=4, steps=8), noise=0.2, bias=0.1)
    assert state(verdict, "C7") == "not-met"
    assert verdict.state is not State.PASS


def test_a_bound_that_was_hit_is_not_read_as_a_measurement(lab, rng):
    verdict = lab.judge(rng, bounds=(50.0, 500.0))
    assert state(verdict, "D3") == "not-met"
    assert verdict.state is not State.PASS
    assert any("a bound is no measurement" in w["en"] for w in verdict.content["calibration"]["words"])


def test_lag_that_nobody_stated_reads_as_a_low_film_and_is_noticed(lab, rng):
    verdict = lab.judge(rng, sensor={"lag": Quantity(value=12.0, unit="s")},
                        believed={"lag": Quantity(value=0.0, unit="s")}, needs=("D2",))  # fmt: skip
    film = verdict.content["calibration"]["parameters"][0]
    assert film["value"] < 580.0
    assert state(verdict, "D2") == "not-met"
    assert verdict.state is not State.PASS


def test_lag_that_is_stated_does_no_harm(lab, harmless):
    class Lagged:
        def __call__(self, rng, **more):
            return lab.judge(rng, sensor={"lag": Quantity(value=12.0, unit="s", std=0.5)}, **more)

    pairs = harmless(Lagged())
    assert share(pairs) >= 0.9
    films = [a.content["calibration"]["parameters"][0] for a, _ in pairs]
    assert np.mean([abs(f["value"] - 600.0) <= 2.0 * f["std"] for f in films]) >= 0.9


def test_correlated_residuals_are_not_counted_as_independent(lab, rng):
    verdict = lab.judge(rng, drift=4.0, needs=("D2",))
    assert verdict.content["calibration"]["effective"] < 0.5 * verdict.content["calibration"]["n"]
    assert state(verdict, "D2") == "not-met"
    assert verdict.state is not State.PASS


def test_white_residuals_are_counted_as_they_are_and_intervals_hold_the_truth(lab, harmless):
    fits = [a.content["calibration"] for a, _ in harmless(lab.judge)]
    assert np.mean([f["effective"] >= 0.5 * f["n"] for f in fits]) >= 0.9
    assert np.mean([abs(f["parameters"][0]["value"] - 600.0) <= 2.0 * f["parameters"][0]["std"] for f in fits]) >= 0.9


def test_the_inverse_crime_is_named_and_simulated_readings_are_no_trial(lab, rng):
    solver, process = lab.slab(cells=6, steps=24), lab.process(film=600.0, gas=335.0)
    channels = lab.channels(bias=Quantity(value=0.0, std=0.5))
    run = solver(
        process,
        observe=tuple(twin.Experiment(trial=lab.trial(process, channels, rng), process=process).observe.values()),
    )
    own = twin.synthetic(channels, run, rng=rng)
    fit = twin.calibrate(
        lab.process(film=300.0, gas=335.0), own, free={"film": (50.0, 5000.0)}, solver=solver, starts=1
    )
    assert any("Inverse crime" in en for en, _ in fit.words)
    other = twin.calibrate(lab.process(film=300.0, gas=335.0), lab.trial(process, channels, rng),
                           free={"film": (50.0, 5000.0)}, solver=solver, starts=1)  # fmt: skip
    assert not any("Inverse crime" in en for en, _ in other.words)
    assert abs(other.values[0] - 600.0) > 3.0 * abs(fit.values[0] - 600.0)  # the crime hides this solver's error
    verdict = lab.judge(rng, trial=replace(own, name="second"))
    assert verdict.state is State.NOT_VALID_HERE
    assert any("Predicted, not tried" in reason for reason in verdict.reasons)


def told(verdict, kind, trial):
    """Whether the verdict is no PASS for that finding, and says so in its checklist, its reasons and its record."""
    b7 = next(c for c in verdict.content["criteria"] if c["id"] == "B7")
    part = verdict.content["calibration" if trial == "first" else "validation"]
    kinds = [(one["trial"], one["kind"]) for one in part["mistaken"]]
    reasons = [r for r in verdict.content["result"]["reasons"] if r["en"].startswith(f"Trial {trial}, ")]
    return (verdict.state is not State.PASS and "B7" in verdict.content["question"]["needs"]
            and b7["state"] == "not-met" and trial in b7["why"] and (trial, kind) in kinds
            and any(r["zh"].startswith(f"试验 {trial}，通道 ") for r in reasons))  # fmt: skip


def exchange(name):
    """Two thermocouples of one trial on each other's clamps."""

    def spoil(trial):
        if trial.name != name:
            return trial
        a, b = trial["TC1"], trial["TC2"]
        return replace(trial, channels={"TC1": replace(a, values=b.values), "TC2": replace(b, values=a.values)},
                       content=digest(["exchanged", a.values]))  # fmt: skip

    return spoil


def rewired(trial):
    """The same wiring, but the sidecar says so: each column has the place that its sensor has."""
    if trial.name != "first":
        return trial
    a, b = trial["TC1"], trial["TC2"]
    channels = {"TC1": replace(b, name="TC1"), "TC2": replace(a, name="TC2")}
    return replace(trial, channels=channels, content=digest(["rewired", a.values]))


@pytest.mark.parametrize("name", ["first", "second"])
def test_swapped_thermocouples_are_no_pass_and_are_named_whatever_the_requirement_needs(lab, name):
    for seed in range(4):
        verdict = lab.judge(np.random.default_rng(seed), spoil=exchange(name))
        assert told(verdict, "swapped", name)
    assert any("TC1 and TC2 look exchanged" in reason for reason in verdict.reasons)


@pytest.mark.slow
def test_swapped_columns_that_the_sidecar_tells_of_do_no_harm(lab, harmless):
    assert share(harmless(lab.judge, spoil=rewired)) >= 0.9


def test_a_verdict_for_which_nobody_looked_is_no_pass(lab, rng):
    verdict = lab.judge(rng, mistaken=None)
    assert (state(verdict, "B7"), verdict.state) == ("not-met", State.INCONCLUSIVE)
    assert verdict.content["calibration"]["mistaken"] is None


def test_sensors_on_their_own_clamps_are_never_called_swapped_nor_their_clock_wrong(lab):
    solver = lab.slab(cells=24, steps=120)
    told = []
    for seed in range(DRAWS):
        log = lab.trial(lab.process(), lab.channels(bias=Quantity(value=0.0, std=0.5)), np.random.default_rng(seed))
        experiment = twin.Experiment(trial=log, process=lab.process(film=550.0))
        fit = twin.calibrate([experiment], free={"film": (50.0, 5000.0)}, solver=solver, starts=1)
        told += twin.crossed(experiment, fit=fit, solver=solver)
        told += twin.faults(log)
    assert told == []  # and the same campaigns reach PASS and FAIL, see the first test


CLOCK = {"clock": Quantity(value=6.0, unit="s")}


def test_a_clock_that_nobody_compared_is_no_pass(lab):
    for seed in range(4):
        verdict = lab.judge(
            np.random.default_rng(seed), sensor=CLOCK, believed={"clock": Quantity(value=0.0, unit="s")}
        )
        assert told(verdict, "clock", "first")
    film = verdict.content["calibration"]["parameters"][0]
    assert abs(film["value"] - 600.0) > 20.0
    off = [one["size"] for one in verdict.content["calibration"]["mistaken"] if one["kind"] == "clock"]
    assert off == pytest.approx([6.0], abs=2.0)


def test_a_clock_that_was_compared_does_no_harm(lab, harmless):
    class Compared:
        def __call__(self, rng, **more):
            stated = {"clock": Quantity(value=6.0, unit="s", std=0.5, group="A")}
            return lab.judge(rng, sensor=stated, **more)

    pairs = harmless(Compared())
    assert share(pairs) >= 0.9
    films = [a.content["calibration"]["parameters"][0] for a, _ in pairs]
    assert np.mean([abs(f["value"] - 600.0) <= 2.0 * f["std"] for f in films]) >= 0.9


def test_a_time_zone_apart_is_refused_and_summer_time_on_the_way_is_told(lab, rng):
    log = lab.trial(lab.process(), lab.channels(), rng)
    late = replace(log, channels={n: replace(c, t=c.t + 3600.0) for n, c in log.channels.items()})
    with pytest.raises(TrialError, match=r"readings up to 3840 s, but the run of .* ends at 240 s"):
        lab.judge(rng, trial=replace(late, name="second"))
    leap = {n: replace(c, t=np.where(c.t > 100.0, c.t + 3600.0, c.t)) for n, c in log.channels.items()}
    assert [f.kind for f in twin.faults(replace(log, channels=leap))] == ["clock"]


def fahrenheit(trial):
    """The firmware that was loaded in the middle of the second trial writes the same column in another unit."""
    if trial.name != "second":
        return trial
    c = trial["TC1"]
    values = np.where(c.t < 120.0, c.values, 1.8 * (c.values - 273.15) + 32.0 + 273.15)
    channels = {**trial.channels, "TC1": replace(c, values=values)}
    return replace(trial, channels=channels, content=digest(["fahrenheit", values]))


def declared(trial):
    """The whole second trial in that unit, to a tenth of a degree, and the sidecar says so."""
    if trial.name != "second":
        return trial
    c = trial["TC1"]
    values = (np.round(1.8 * (c.values - 273.15) + 32.0, 1) - 32.0) / 1.8 + 273.15
    channels = {**trial.channels, "TC1": replace(c, values=values, logged_unit="degF", resolution=0.1 / 1.8)}
    return replace(trial, channels=channels, content=digest(["declared", values]))


def test_a_firmware_that_swaps_a_unit_is_no_pass_and_is_told(lab, rng):
    assert told(lab.judge(rng, spoil=fahrenheit), "unit", "second")
    log = fahrenheit(lab.trial(lab.process(), lab.channels(), rng, name="second"))
    [fault] = twin.faults(log)
    assert (fault.kind, fault.channel) == ("unit", "TC1")
    assert "read as degF from there on" in fault.en


@pytest.mark.slow
def test_a_unit_that_is_stated_does_no_harm(lab, harmless):
    assert share(harmless(lab.judge, spoil=declared)) >= 0.9


def stuck(trial):
    """A reading that froze on the way, and the same left out with its reason."""
    if trial.name != "second":
        return trial
    c = trial["TC2"]
    values = np.where(c.t < 60.0, c.values, c.values[c.t < 60.0][-1])
    return replace(trial, channels={**trial.channels, "TC2": replace(c, values=values)}, content=digest(["s", values]))


def left_out(trial):
    spoiled = stuck(trial)
    if spoiled is trial:
        return trial
    out = replace(spoiled["TC2"], unused="froze at 60 s")
    return replace(spoiled, channels={**spoiled.channels, "TC2": out}, content=digest(["out", out.values]))


def test_a_stuck_channel_is_no_pass_and_is_told(lab, rng):
    assert lab.judge(rng, spoil=stuck).state is not State.PASS
    [fault] = twin.faults(stuck(lab.trial(lab.process(), lab.channels(), rng, name="second")))
    assert (fault.kind, fault.channel) == ("stuck", "TC2")


@pytest.mark.slow
def test_a_stuck_channel_that_its_sidecar_leaves_out_does_no_harm(lab, harmless):
    assert share(harmless(lab.judge, spoil=left_out)) >= 0.9


CEILING = {"limits": (273.15, 900.0)}


def test_a_range_that_nobody_stated_is_no_pass(lab, rng):
    verdict = lab.judge(rng, sensor=CEILING, believed={"limits": None}, needs=("D2",))
    assert state(verdict, "D2") == "not-met"
    assert verdict.state is not State.PASS


@pytest.mark.slow
def test_a_range_that_is_stated_does_no_harm(lab, harmless):
    class Ranged:
        def __call__(self, rng, **more):
            return lab.judge(rng, sensor=CEILING, **more)

    assert share(harmless(Ranged())) >= 0.9


@pytest.fixture
def rng():
    return np.random.default_rng(2024)
