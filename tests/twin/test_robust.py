"""A robust loss: wild readings are named and do not pull; without them hardly anything changes."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from foretrial import twin
from foretrial.models import ModelError, Trial
from foretrial.twin.robust import LOSSES, bend

sys.path.insert(0, str(Path(__file__).parent))
from killed_study import FREE, trial
from lumped import Lumped, recipe


def spoilt():
    channel = trial()["TC"]
    values = channel.values.copy()
    values[[7, 20]] += [150.0, -90.0]
    return Trial(name="log", channels={"TC": replace(channel, values=values)}, content="spoilt")


@pytest.mark.parametrize("loss", LOSSES)
def test_outliers_are_named_and_do_not_pull(loss):
    clean = twin.calibrate(recipe(film=400.0), trial(), free=FREE, solver=Lumped(), starts=1)
    plain = twin.calibrate(recipe(film=400.0), spoilt(), free=FREE, solver=Lumped(), starts=1)
    fit = twin.calibrate(recipe(film=400.0), spoilt(), free=FREE, solver=Lumped(), starts=1, loss=loss)
    assert abs(fit.values[0] - clean.values[0]) < 1.5 * clean.std[0]
    assert abs(plain.values[0] - clean.values[0]) > 5.0 * clean.std[0]
    assert fit.std[0] < 0.25 * plain.std[0]
    t = spoilt()["TC"].t
    [said] = [en for en, zh in fit.words if "robust loss" in en and "稳健" in zh]
    assert "2 of 30 readings are outliers" in said
    assert f"log/TC at t = {t[7]:.6g} s" in said
    assert f"log/TC at t = {t[20]:.6g} s" in said


def test_without_outliers_none_is_named_and_little_changes():
    plain = twin.calibrate(recipe(film=400.0), trial(), free=FREE, solver=Lumped(), starts=1)
    fit = twin.calibrate(recipe(film=400.0), trial(), free=FREE, solver=Lumped(), starts=1, loss="student")
    assert fit.values == pytest.approx(plain.values, abs=float(plain.std[0]) * 0.6)
    assert fit.std == pytest.approx(plain.std, rel=0.35)
    assert any("no reading is an outlier" in en for en, _ in fit.words)
    assert not any("robust" in en for en, _ in plain.words)


@pytest.mark.parametrize("loss", LOSSES)
def test_bent_residuals_have_the_slopes_of_their_bending(loss):
    r = np.array([-30.0, -2.0, -1e-9, 0.0, 0.3, 1.5, 8.0])
    h = 1e-6
    up, down = (bend(r + s, np.ones((7, 1)), loss)[0] for s in (h, -h))
    assert bend(r, np.ones((7, 1)), loss)[1][:, 0] == pytest.approx((up - down) / (2 * h), rel=1e-5)


def test_an_unknown_loss_is_refused():
    with pytest.raises(ModelError, match=r"loss = 'hubber' is none of the 2 robust losses. Did you mean 'huber'\?"):
        twin.calibrate(recipe(), trial(), free=FREE, solver=Lumped(), loss="hubber")


@pytest.mark.parametrize("loss", LOSSES)
def test_a_robust_posterior_is_not_pulled_and_is_as_wide_as_the_fit(loss):
    log = spoilt()
    problem = twin.pose([twin.Experiment(trial=log, process=recipe(film=900.0))], free=FREE)
    fit = twin.calibrate(recipe(film=900.0), log, free=FREE, solver=Lumped(), starts=1, loss=loss)
    found = twin.posterior(problem, solver=Lumped(), loss=loss)
    plain = twin.posterior(problem, solver=Lumped())
    clean = twin.posterior(twin.pose([twin.Experiment(trial=trial(), process=recipe(film=900.0))], free=FREE),
                           solver=Lumped())  # fmt: skip
    assert found.converged, found.words
    spread = np.sqrt(np.diag(found.covariance))
    assert (np.abs(found.mean - clean.mean) < 1.0 * spread).all()
    assert (np.abs(found.mean - fit.values) < 0.3 * fit.std).all()
    assert spread == pytest.approx(fit.std, rel=0.15)
    assert (spread < 0.3 * np.sqrt(np.diag(plain.covariance))).all()
    assert "2 of 30 readings are outliers" in found.words[0][0]
    assert "稳健损失函数" in found.words[0][1]
    for one in twin.profile(problem, fit, solver=Lumped(), loss=loss):
        i = problem.names.index(one.name)
        assert np.diff(one.interval) == pytest.approx(np.diff(found.interval()[i]), rel=0.2)
        assert np.mean(one.interval) == pytest.approx(fit.values[i], abs=0.3 * fit.std[i])


def test_a_robust_posterior_of_a_loss_that_is_none_is_refused():
    problem = twin.pose([twin.Experiment(trial=trial(), process=recipe())], free=FREE)
    with pytest.raises(ModelError, match=r"loss = 'studnet' is none of the 2 robust losses\. Did you mean 'student'"):
        twin.posterior(problem, solver=Lumped(), loss="studnet")
