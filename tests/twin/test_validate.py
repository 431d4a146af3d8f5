"""Validation: the comparison error against what it may be, and what the difference can tell."""

from dataclasses import replace

import numpy as np
import pytest

from foretrial import twin
from foretrial.models import ModelError, Quantity


@pytest.fixture
def bench(lab):
    """A fit on one trial, and a maker of validations on another."""
    solver, rng = lab.slab(cells=24, steps=120), np.random.default_rng(11)
    sensors = lab.channels(bias=Quantity(value=0.0, std=0.3))
    first = lab.trial(lab.process(film=600.0), sensors, rng, name="first")
    fit = twin.calibrate(lab.process(film=300.0, std=0.01), first, free={"film": (50.0, 5000.0)}, solver=solver,
                         starts=1, nuisances=("heat_capacity",))  # fmt: skip

    class Bench:
        def see(self, *, film=600.0, trial=None, drift=0.0, fitted=True, sensors=sensors):
            log = trial or lab.trial(lab.process(film=film, gas=340.0), sensors, rng, name="second", drift=drift)
            run = twin.Experiment(trial=log, process=lab.process(film=300.0, std=0.01, gas=340.0))
            fine = twin.refine(solver, run.process, observe=tuple(run.observe.values()))
            return twin.validate(run, fit=self.fit if fitted else None, solver=solver, refinements=fine)

    made = Bench()
    made.fit, made.first, made.solver = fit, first, solver
    return made


def test_a_right_model_is_covered_and_its_error_is_not_resolved(bench):
    seen = bench.see()
    assert seen.disjoint
    assert seen.coverage >= 0.9
    assert seen.model_form < 0.5
    assert seen.area < 0.1
    assert seen.chance > 0.01


def test_the_parts_of_u_val_add_in_squares(bench):
    point = bench.see().points[0]
    assert point.u_val == pytest.approx(np.sqrt(point.u_num**2 + point.u_input**2 + point.u_d**2))
    assert point.u_d == pytest.approx(np.sqrt(1.0 + 0.3**2))
    assert (point.u_input > 0.0).all()


def test_correlated_parameters_widen_a_prediction_less_than_they_would_alone(bench):
    together = bench.see().points[0].u_input
    bench.fit = replace(bench.fit, covariance=np.diag(np.diag(bench.fit.covariance)))
    alone = bench.see().points[0].u_input
    assert np.median(alone / together) > 3.0


def test_a_wrong_film_stands_out_as_model_form(bench):
    seen = bench.see(film=700.0)
    assert seen.resolvable
    assert seen.model_form > 5.0
    assert seen.chance < 1e-6
    assert seen.coverage < 0.7
    assert seen.covered >= 0.9
    assert any("carried as model form" in en for en, _ in seen.words)


def test_model_form_is_what_the_error_holds_beyond_its_uncertainty(bench):
    seen = bench.see(drift=6.0)
    assert seen.model_form**2 == pytest.approx(seen.rms**2 - seen.u_val**2)
    assert seen.effective < 0.5 * 120


def test_the_calibration_trial_is_known_again_under_another_name_and_cut(bench):
    assert bench.see(trial=bench.first).leaked
    renamed = replace(bench.first, name="fresh", content="another")
    seen = bench.see(trial=renamed)
    assert not seen.disjoint
    assert any(en.startswith("Not a validation") for en, _ in seen.words)


def test_gaps_are_not_compared_but_the_model_speaks_in_them(bench, lab):
    log = lab.trial(lab.process(film=600.0, gas=340.0), lab.channels(), np.random.default_rng(0), name="holed")
    holed = log["TC1"].values.copy()
    holed[5:9] = np.nan
    seen = bench.see(trial=replace(log, channels={"TC1": replace(log["TC1"], values=holed)}))
    point = seen.points[0]
    assert point.used.sum() == 56
    assert np.isfinite(point.model).all()


def test_a_prediction_without_a_fit_can_be_validated(bench):
    assert bench.see(fitted=False).rms > 50.0


def test_each_experiment_needs_its_refinement(bench, lab):
    run = twin.Experiment(trial=bench.first, process=lab.process())
    with pytest.raises(ModelError, match="1 experiments come with 0 refinements"):
        twin.validate(run, fit=None, solver=bench.solver, refinements=())
