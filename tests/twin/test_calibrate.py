"""Calibration: a known number comes back, its interval holds the truth, and what cannot be meant is refused."""

from dataclasses import replace

import numpy as np
import pytest

from foretrial import twin
from foretrial.models import ModelError, Parameter, Probe, Quantity, SolveError, Trial, TrialError

FREE = {"film": (50.0, 5000.0)}


@pytest.fixture
def trial(lab):
    return lab.trial(lab.process(film=600.0), lab.channels(), np.random.default_rng(5))


@pytest.fixture
def solver(lab):
    return lab.slab(cells=24, steps=120)


def without(solver):
    """The same solver, neither tangents nor frozen steps nor coarser ones."""

    class Bare:
        digest = "bare"

        def __call__(self, process, **more):
            return solver(process, **more)

    return Bare()


def test_a_film_made_by_another_discretisation_comes_back(lab, trial, solver):
    fit = twin.calibrate(lab.process(film=200.0), trial, free=FREE, solver=solver)
    assert abs(fit.values[0] - 600.0) <= 3.0 * fit.std[0]
    assert fit.std[0] < 1.0
    assert len(fit.starts) == 4
    assert all(abs(s.end[0] - fit.values[0]) < 0.1 for s in fit.starts)
    assert fit.parameters[0].transform == "log"
    assert fit.misfit == pytest.approx(1.0, abs=0.2)


def test_differences_between_runs_find_what_tangents_find(lab, trial, solver):
    by_tangent = twin.calibrate(lab.process(film=300.0), trial, free=FREE, solver=solver, starts=1)
    by_runs = twin.calibrate(lab.process(film=300.0), trial, free=FREE, solver=without(solver), starts=1)
    assert by_runs.values == pytest.approx(by_tangent.values, rel=1e-4)
    assert by_runs.std == pytest.approx(by_tangent.std, rel=1e-2)


def test_a_cheaper_solver_may_search_and_the_full_one_polishes(lab, trial, solver):
    fit = twin.calibrate(lab.process(film=200.0), trial, free=FREE, solver=solver, search=lab.slab(cells=8, steps=40))
    assert abs(fit.values[0] - 600.0) <= 3.0 * fit.std[0]
    assert fit.solver == solver.digest


def test_several_experiments_share_a_parameter(lab, solver):
    rng = np.random.default_rng(8)
    runs = []
    for name, gas in (("one", 320.0), ("two", 360.0)):
        log = lab.trial(lab.process(film=600.0, gas=gas), lab.channels(), rng, name=name)
        probes = {"TC1": Probe(name="core", place=(0.02, 0.5, 0.5))}
        runs.append(
            twin.Experiment(trial=log, process=lab.process(film=300.0, gas=gas), observe=probes, window=(10, 200))
        )
    fit = twin.calibrate(runs, free=FREE, solver=solver, starts=2)
    assert abs(fit.values[0] - 600.0) <= 3.0 * fit.std[0]
    assert set(fit.rows) == {"one/TC1", "two/TC1"}
    assert fit.times.min() >= 10.0
    assert fit.times.max() <= 200.0
    assert {"one", "two"} <= set(fit.data)


def test_a_nuisance_widens_what_it_is_tangled_with_and_says_so(lab, trial, solver):
    alone = twin.calibrate(lab.process(film=300.0), trial, free=FREE, solver=solver, starts=1)
    fit = twin.calibrate(lab.process(film=300.0, std=0.01), trial, free=FREE, solver=solver, starts=1,
                         nuisances=("heat_capacity",))  # fmt: skip
    assert fit.std[0] > 5.0 * alone.std[0]
    assert fit.correlation[0, 1] > 0.9
    assert any(en.startswith("Only film / heat_capacity is seen") for en, _ in fit.words)
    assert any(en.startswith("heat_capacity") and "weakly seen" in en for en, _ in fit.words)


def test_the_offset_of_a_sensor_does_not_average_away(lab, solver):
    films, stds = [], []
    for seed in range(20):
        log = lab.trial(
            lab.process(film=600.0), lab.channels(bias=Quantity(value=0.0, std=2.0)), np.random.default_rng(seed)
        )
        fit = twin.calibrate(lab.process(film=500.0), log, free=FREE, solver=solver, starts=1)
        films.append(fit.values[0])
        stds.append(fit.std[0])
    assert np.mean(np.abs(np.array(films) - 600.0) <= 2.0 * np.array(stds)) >= 0.85


def test_correlated_residuals_widen_the_interval(lab, trial, solver):
    white = twin.calibrate(lab.process(film=500.0), trial, free=FREE, solver=solver, starts=1)
    bent = twin.calibrate(lab.process(film=500.0), lab.drift(trial, 4.0), free=FREE, solver=solver, starts=1)
    assert bent.effective < 0.4 * bent.residuals.size
    assert bent.std[0] > 3.0 * white.std[0]
    assert any("correlated in time" in en for en, _ in bent.words)


def test_gaps_are_skipped_and_counted(lab, trial, solver):
    holed = trial["TC1"].values.copy()
    holed[10:20] = np.nan
    log = replace(trial, channels={**trial.channels, "TC1": replace(trial["TC1"], values=holed)})
    fit = twin.calibrate(lab.process(film=500.0), log, free=FREE, solver=solver, starts=1)
    assert fit.residuals.size == 110
    assert any(en.startswith("10 readings are missing") for en, _ in fit.words)


def test_a_failed_run_does_not_poison_the_search(lab, trial):
    solver = lab.slab(cells=24, steps=120, fails_above=900.0)
    fit = twin.calibrate(lab.process(film=200.0), trial, free=FREE, solver=solver)
    assert abs(fit.values[0] - 600.0) <= 3.0 * fit.std[0]
    assert fit.failures
    assert all("is too much" in cause for cause in fit.failures)


def test_all_starts_failed_is_an_error_that_says_why(lab, trial):
    with pytest.raises(SolveError, match=r"all 4 starts failed; the first: failed: film = 200 .* Run the solver"):
        twin.calibrate(lab.process(film=200.0), trial, free=FREE, solver=lab.slab(fails_above=1.0))


def test_a_start_that_fails_is_on_record(lab, trial):
    solver = lab.slab(cells=24, steps=120, fails_above=700.0)
    fit = twin.calibrate(lab.process(film=2000.0), trial, free=FREE, solver=solver)
    assert fit.starts[0].outcome.startswith("failed: film = 2000")
    assert abs(fit.values[0] - 600.0) <= 3.0 * fit.std[0]


def test_a_bound_is_flagged(lab, trial, solver):
    fit = twin.calibrate(lab.process(film=200.0), trial, free={"film": (100.0, 400.0)}, solver=solver, starts=1)
    assert fit.active == ("film",)
    assert any("film stopped at its upper bound 400" in en for en, _ in fit.words)


def test_a_parameter_that_nothing_sees_keeps_the_width_of_its_prior(lab, solver):
    log = lab.trial(lab.process(film=600.0), lab.channels(std=500.0), np.random.default_rng(1))
    fit = twin.calibrate(lab.process(film=600.0), log, free={"film": (590.0, 610.0)}, solver=solver, starts=1)
    assert fit.std[0] == pytest.approx(20.0 / np.sqrt(12.0), rel=0.2)
    assert any("not seen by the data" in en for en, _ in fit.words)


def test_the_same_seed_gives_the_same_fit_and_progress_is_told(lab, trial, solver):
    told = []
    first = twin.calibrate(lab.process(film=200.0), trial, free=FREE, solver=solver, tell=lambda *a: told.append(a))
    again = twin.calibrate(lab.process(film=200.0), trial, free=FREE, solver=solver)
    assert (first.values == again.values).all()
    assert any("start 2 of 4" in text for text, _ in told)
    assert all(0.0 <= part <= 1.0 for _, part in told)


def test_words_come_in_two_languages(lab, trial, solver):
    fit = twin.calibrate(lab.process(film=200.0), trial, free=FREE, solver=solver, starts=1)
    assert all(en and any("一" <= c <= "鿿" for c in zh) for en, zh in fit.words)


@pytest.mark.parametrize(("free", "more", "error", "text"), [
    ({"flim": (1.0, 2.0)}, {}, ModelError, r"'flim' is not in the recipe. Did you mean 'film'\?"),
    ({"film": (900.0, 100.0)}, {}, ModelError, r"lower bound 900 is not below upper bound 100 W/\(m2.K\)"),
    ({"film": (float("nan"), 100.0)}, {}, ModelError, "lower bound nan"),
    ({}, {}, ModelError, "0 parameters"),
    (FREE, {"priors": {"fil": (1.0, 1.0)}}, ModelError, "prior for 'fil'.*Did you mean 'film'"),
    (FREE, {"priors": {"film": (600.0, 0.0)}}, ModelError, "prior 600 .* is none"),
    (FREE, {"nuisances": ("hat",)}, ModelError, "'hat' is not in the recipe"),
    (FREE, {"noise": {"TC9": 1.0}}, TrialError, "noise for 'TC9'"),
    (FREE, {"noise": 0.0}, TrialError, "states no uncertainty"),
    ({"film": Parameter(name="film", unit="", lower=0.0, upper=9.0, transform="log")}, {}, ModelError,
     "transform 'log'"),
])  # fmt: skip
def test_what_cannot_be_meant_is_refused(lab, trial, solver, free, more, error, text):
    with pytest.raises(error, match=text):
        twin.calibrate(lab.process(), trial, free=free, solver=solver, **more)


def test_a_calibration_without_readings_is_refused(lab, trial, solver):
    empty = replace(trial, channels={n: replace(c, values=c.values * np.nan) for n, c in trial.channels.items()})
    with pytest.raises(TrialError, match="0 readings to compare with"):
        twin.calibrate(lab.process(), empty, free=FREE, solver=solver)
    with pytest.raises(TrialError, match="0 temperature channels with a documented place"):
        twin.calibrate(lab.process(), Trial(name="bare", channels={}), free=FREE, solver=solver)
    with pytest.raises(ModelError, match="comes without a trial"):
        twin.calibrate(lab.process(), free=FREE, solver=solver)
    with pytest.raises(ModelError, match="0 experiments"):
        twin.calibrate([], free=FREE, solver=solver)


def test_a_driving_channel_is_not_compared_with(lab, trial):
    driving = replace(trial, channels={"TC1": replace(trial["TC1"], drives=True)})
    with pytest.raises(TrialError, match="'TC1' of trial 'trial' drives the model"):
        twin.Experiment(trial=driving, process=lab.process(), observe={"TC1": Probe(name="a", place=(0, 0, 0))})
