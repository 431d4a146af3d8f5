"""A model error that is there is found and told; one that is not there is not; parameters keep their meaning."""

from dataclasses import replace

import numpy as np
import pytest

from foretrial import twin
from foretrial.models import ModelError, Trial
from foretrial.twin.discrepancy import discrepancy

FREE = {"film": (50.0, 5000.0)}


def fitted(lab, *, bend=0.0, seed=3):
    """A fit to readings that a slow wave of `bend` K was added to."""
    solver = lab.slab(cells=24, steps=120)
    trial = lab.trial(lab.process(), lab.channels(std=0.5), np.random.default_rng(seed))
    waves = {n: replace(c, values=c.values + bend * np.sin(c.t / 25.0)) for n, c in trial.channels.items()}
    trial = Trial(name="log", channels=waves, source="bench")
    runs = (twin.Experiment(trial=trial, process=lab.process()),)
    return twin.calibrate(runs, free=FREE, solver=solver, starts=1), runs, solver


def test_readings_of_a_right_model_ask_for_none(lab):
    fit, runs, solver = fitted(lab)
    found = discrepancy(fit, runs, solver=solver)
    assert found.gain < 3.0
    assert "do not ask for an error" in found.fit.words[-2][0]
    assert "未显示模型自身存在偏差" in found.fit.words[-2][1]
    assert found.fit.values[0] == pytest.approx(fit.values[0], abs=fit.std[0])


@pytest.mark.parametrize("kernel", ["OU", "Matern 3/2", "Matern 5/2"])
def test_a_wave_that_the_model_lacks_is_found_with_its_size_and_its_shape(lab, kernel):
    fit, runs, solver = fitted(lab, bend=6.0)
    found = discrepancy(fit, runs, solver=solver, kernel=kernel)
    assert found.gain > 30.0
    assert 2.0 < found.size < 20.0
    assert 10.0 < found.length < 480.0
    waves = -6.0 * np.sin(fit.times / 25.0)
    assert np.corrcoef(found.error, waves)[0, 1] > 0.95
    assert np.sqrt(np.mean((found.error - waves) ** 2)) < 1.5
    assert "The model errs by" in found.fit.words[-2][0]


def test_an_error_kept_aside_takes_nothing_from_the_parameters_and_one_that_is_not_widens_them(lab):
    fit, runs, solver = fitted(lab, bend=6.0)
    aside, free = (discrepancy(fit, runs, solver=solver, orthogonal=o) for o in (True, False))
    assert free.fit.std[0] > 1.5 * aside.fit.std[0]
    assert f"becomes {aside.fit.values[0]:.4g}" in aside.fit.words[-1][0]


def test_intervals_with_a_free_error_hold_the_truth(lab):
    inside = []
    for seed in range(12):
        fit, runs, solver = fitted(lab, bend=4.0, seed=seed)
        found = discrepancy(fit, runs, solver=solver, orthogonal=False).fit
        inside.append(abs(found.values[0] - 600.0) <= 2.0 * found.std[0])
    assert sum(inside) >= 10


def test_what_cannot_be_meant_is_refused(lab):
    fit, runs, solver = fitted(lab)
    with pytest.raises(ModelError, match=r"kernel 'Matern' is not known\. .*Choose one of OU, Matern 3/2, Matern 5/2"):
        discrepancy(fit, runs, solver=solver, kernel="Matern")
    short = {n: replace(c, t=c.t[:5], values=c.values[:5]) for n, c in runs[0].trial.channels.items()}
    few = twin.Experiment(trial=replace(runs[0].trial, channels=short), process=runs[0].process)
    with pytest.raises(ModelError, match=r"log/TC1 has fewer than 8 readings"):
        discrepancy(fit, (few,), solver=solver)
