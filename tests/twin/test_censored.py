"""A reading at the end of a range bounds the value: in a fit, in a posterior, and against a prediction."""

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import norm

from foretrial import twin
from foretrial.models import Channel, Interest, Trial
from foretrial.twin.censored import Censored, one_sided, tail

sys.path.insert(0, str(Path(__file__).parent))
from lumped import Lumped, recipe


@pytest.mark.parametrize("z", [-3.0, -0.5, 0.0, 2.0])
def test_the_tail_of_a_limit_squares_to_its_log_likelihood_and_knows_its_slope_and_curvature(z):
    r, slope, curvature = (float(x[0]) for x in tail(np.array([z])))
    assert r**2 == pytest.approx(-2.0 * norm.logcdf(z), rel=1e-12)
    assert slope == pytest.approx(derivative(lambda x: tail(np.array([x]))[0][0], z), rel=1e-6)
    assert curvature == pytest.approx(derivative(lambda x: -derivative(norm.logcdf, x), z), rel=1e-3)


def derivative(f, x, step=1e-4):
    return (f(x + step) - f(x - step)) / (2.0 * step)


def test_the_tail_of_a_limit_is_finite_however_far_off_the_model_is():
    for part in tail(np.array([-1e8, -40.0, 40.0, 1e8])):
        assert np.isfinite(part).all()


def test_what_channels_share_moves_limited_readings_and_the_slopes_know_it():
    rng = np.random.default_rng(1)
    base = {"sigmas": np.full(9, 1.5), "row": np.zeros(9, int), "shared": rng.normal(0.0, 1.0, (9, 2))}
    edge = {"sigmas": np.full(5, 1.5), "row": np.zeros(5, int), "shared": rng.normal(0.0, 1.0, (5, 2)),
            "times": np.zeros(5)}  # fmt: skip
    J, Je, begin, away = (rng.normal(0.0, 1.0, s) for s in ((9, 3), (5, 3), 9, 5))

    def at(x):
        past = Censored(beyond=away + Je @ x, jacobian=Je, **edge)
        return one_sided(SimpleNamespace(residuals=begin + J @ x, jacobian=J, censored=past, **base), np.array([1.7]))

    here = at(np.zeros(3))
    for k in range(3):
        moved = derivative(lambda s, k=k: at(s * np.eye(3)[k]).residuals, 0.0)
        np.testing.assert_allclose(here.slopes[:, k], moved, rtol=1e-6, atol=1e-9)
        twice = derivative(lambda s, k=k: at(s * np.eye(3)[k]).slopes.T @ at(s * np.eye(3)[k]).residuals, 0.0)
        np.testing.assert_allclose((here.information.T @ here.information)[:, k], twice, rtol=1e-6, atol=1e-9)


HIGH = 886.0  # K, so near what the bath tends to that noise decides which readings are cut off
WARM = (1500.0, 900.0)  # film, gas


def cut(seed, how):
    """A body that a bath warms, by its closed form, from a thermocouple that ends at `HIGH` for a third of the run."""
    t = np.linspace(2.0, 240.0, 120)
    T = WARM[1] + (320.0 - WARM[1]) * np.exp(-2.0 * WARM[0] * t / (7850.0 * 480.0 * 0.04))
    x = np.minimum(T + np.random.default_rng(seed).normal(0.0, 3.0, t.size), HIGH)
    share = float(np.mean(x >= HIGH))
    values = np.where(x >= HIGH, np.nan, x) if how == "dropped" else x
    channel = Channel(name="TC1", t=t, values=values, unit="K", logged_unit="degC", place=(0.02, 0.5, 0.5), std=3.0,
                      limits=(200.0, HIGH) if how == "limited" else None)  # fmt: skip
    return Trial(name="log", channels={"TC1": channel}, content=f"{seed}", source="bench"), share


def test_a_thermocouple_that_saturates_for_a_third_of_the_run_gives_no_bias():
    found, shares = {how: [] for how in ("limited", "dropped", "believed")}, []
    for seed in range(50):
        for how, fits in found.items():
            log, share = cut(seed, how)
            fits.append(twin.calibrate(recipe(film=1200.0, gas=850.0, start=320.0), log, solver=Lumped(), starts=1,
                                       free={"film": (50.0, 5000.0), "gas": (600.0, 1500.0)}))  # fmt: skip
            shares.append(share)
    off = {how: np.array([f.values for f in fits]) - WARM for how, fits in found.items()}
    mean, sure = (np.array([f(x, axis=0) for x in off.values()]) for f in (np.mean, np.std))
    sure = sure / np.sqrt(50)
    rms = np.sqrt([np.mean(x**2, axis=0) for x in off.values()])
    assert 0.2 < np.mean(shares) < 0.4
    assert (np.abs(mean[0]) < 3.0 * sure[0]).all()
    assert (np.abs(mean[1]) > 5.0 * sure[1]).all()  # what dropping them costs: those below the limit are the low ones
    assert (rms[0] < 0.8 * rms[1]).all()
    assert (rms[0] < 0.5 * rms[2]).all()
    z = off["limited"] / np.array([f.std for f in found["limited"]])
    assert np.mean(np.abs(z) <= 1.96) >= 0.9


def test_the_posterior_of_a_log_that_saturates_is_that_of_its_whole_likelihood():
    log, _ = cut(3, "limited")
    problem = twin.pose([twin.Experiment(trial=log, process=recipe(film=1500.0, gas=900.0, start=320.0))],
                        free={"film": (1000.0, 2200.0), "gas": (880.0, 920.0)})  # fmt: skip
    found = twin.posterior(problem, solver=Lumped())
    assert found.converged
    c = log["TC1"]
    film, gas = np.meshgrid(np.linspace(1400.0, 1600.0, 201), np.linspace(890.0, 910.0, 201), indexing="ij")
    T = gas[..., None] + (320.0 - gas[..., None]) * np.exp(-2.0 * film[..., None] * c.t / (7850.0 * 480.0 * 0.04))
    logs = np.where(c.saturated, norm.logcdf((T - HIGH) / 3.0), -0.5 * ((c.values - T) / 3.0) ** 2).sum(axis=-1)
    weight = np.exp(logs - logs.max())
    weight /= weight.sum()
    for k, axis in enumerate((film, gas)):
        mean = float((weight * axis).sum())
        std = float(np.sqrt((weight * (axis - mean) ** 2).sum()))
        assert abs(found.mean[k] - mean) < 0.15 * std
        assert np.sqrt(found.covariance[k, k]) == pytest.approx(std, rel=0.1)


def test_readings_at_a_limit_speak_against_a_prediction_and_never_for_it(lab):
    solver, ceiling, process = lab.slab(cells=12, steps=60), 800.0, lab.process()
    log = lab.trial(process, lab.channels(n=40), np.random.default_rng(5))

    def told(high):
        """The log with its range, and with readings that stand at its end at those times too."""
        kept = {n: replace(c, limits=(200.0, ceiling),
                           values=np.where(high(c.t), ceiling, np.minimum(c.values, ceiling)))
                for n, c in log.channels.items()}  # fmt: skip
        run = twin.Experiment(trial=replace(log, channels=kept), process=process)
        fine = twin.refine(solver, process, observe=tuple(run.observe.values()),
                           interest=Interest(observations=("TC1",), statistic="last", window=(0.0, 240.0)))  # fmt: skip
        return twin.validate(run, fit=None, solver=solver, refinements=fine)

    good, odd = told(lambda t: t < 0.0), told(lambda t: t > 200.0)  # by then the slab is far below
    used = sum(int(p.used.sum()) for p in good.points)
    limited = sum(int(np.isfinite(p.beyond).sum()) for p in good.points)
    assert used + limited == 80
    assert limited > 20
    assert sum(p.missed(2.0) for p in good.points) == 0
    says = f"{limited} readings stand at a limit of their range: they count for no agreement; 0 of them contradict"
    assert any(says in en for en, _ in good.words)
    inside = np.concatenate([np.abs(p.error[p.used]) <= 2.0 * p.u_val[p.used] for p in good.points])
    assert good.coverage == pytest.approx(inside.mean())  # the agreeing ones are not counted
    late = sum(int((c.t > 200.0).sum()) for c in log.channels.values())
    assert sum(p.missed(2.0) for p in odd.points) == late > 10
    assert odd.coverage <= 1.0 - late / used
