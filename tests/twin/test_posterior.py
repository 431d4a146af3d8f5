"""The posterior in few runs, the profile and the smoother: against each other, an exact answer and a peer."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from foretrial import twin
from foretrial.models import Channel, ModelError, Probe, SolveError, Trial
from foretrial.twin.forward import forward, whiten, whitener
from foretrial.twin.sampler import diagnose, sample

sys.path.insert(0, str(Path(__file__).parent))
from killed_study import FREE, trial
from lumped import Lumped, Nodes, recipe, two_sided

FIVE = {"left": (50.0, 3000.0), "right": (50.0, 3000.0), "gas": (280.0, 360.0), "start": (1000.0, 1200.0),
        "conductivity": (0.2, 5.0)}  # fmt: skip


def five(std=3.0):
    """Five unknowns of a slab with a film on each side, seen by two sensors."""
    t, rng = np.linspace(4.0, 240.0, 40), np.random.default_rng(3)
    probes = tuple(Probe(name=n, place=(x, 0.5, 0.5)) for n, x in (("L", 0.01), ("R", 0.03)))
    run = Nodes()(two_sided(), observe=probes)
    channels = {p.name: Channel(name=p.name, t=t, values=run.at(p.name, t) + rng.normal(0.0, std, t.size), unit="K",
                                logged_unit="K", place=p.place, std=std) for p in probes}  # fmt: skip
    log = Trial(name="five", channels=channels, content="five")
    return twin.pose([twin.Experiment(trial=log, process=two_sided(left=500.0, right=500.0))], free=FIVE)


class Bare:
    """Nodes without tangents."""

    digest = "bare"

    def __call__(self, process, **more):
        return Nodes()(process, **more)


@pytest.fixture
def problem():
    return twin.pose([twin.Experiment(trial=trial(), process=recipe(film=900.0))], free=FREE)


def test_a_posterior_of_five_takes_thirty_runs_with_slopes_and_a_hundred_and_fifty_without():
    with_slopes, without = twin.posterior(five(), solver=Nodes()), twin.posterior(five(), solver=Bare())
    assert with_slopes.runs + with_slopes.tangents <= 30
    assert without.runs <= 150
    assert without.tangents == 0
    assert with_slopes.converged, with_slopes.words
    assert without.converged, without.words
    spread = np.sqrt(np.diag(without.covariance))
    assert np.sqrt(np.diag(with_slopes.covariance)) == pytest.approx(spread, rel=0.08)
    assert (np.abs(with_slopes.mean - without.mean) < 0.15 * spread).all()
    truth = np.array([300.0, 900.0, 320.0, 1100.0, 1.0])
    assert (np.abs(with_slopes.mean - truth) < 3.5 * spread).all()


@pytest.mark.slow
def test_a_peer_finds_the_same_posterior_with_a_hundred_times_the_runs():
    emcee = pytest.importorskip("emcee", reason="needs emcee, of the extra foretrial[peers]")
    problem = five()
    ours = twin.posterior(problem, solver=Nodes())
    solvers = (Nodes(),)
    fit = twin.calibrate(problem.experiments, free=FIVE, solver=Nodes(), starts=1)
    at = forward(problem, fit.values, solvers=solvers)
    from foretrial.twin.calibrate import doubt

    tool = whitener(at, inflation=doubt(problem, at)[0][at.row])
    calls = 0

    def density(u):
        nonlocal calls
        if (u < 0.0).any() or (u > 1.0).any():
            return -np.inf
        calls += 1
        white = whiten(tool, forward(problem, problem.values(u), solvers=solvers, slopes=False).residuals)
        return -0.5 * float(white @ white)

    rng = np.random.default_rng(1)
    spread = fit.std / problem.stretch(fit.values)
    peer = emcee.EnsembleSampler(20, 5, density)
    peer.run_mcmc(problem.unit(fit.values) + 0.5 * spread * rng.standard_normal((20, 5)), 2000)
    values = np.array([problem.values(u) for u in peer.get_chain(discard=500, flat=True)])
    assert 100 * (ours.runs + ours.tangents) <= calls
    assert (np.abs(ours.mean - values.mean(axis=0)) < 0.25 * values.std(axis=0)).all()
    assert np.sqrt(np.diag(ours.covariance)) == pytest.approx(values.std(axis=0), rel=0.12)


def test_a_posterior_that_ran_out_of_runs_says_so_and_gives_no_interval():
    found = twin.posterior(five(), solver=Bare(), most=12)
    assert not found.converged
    with pytest.raises(SolveError, match=r"has not converged: No posterior: after .* calls"):
        found.interval()


def test_chains_find_a_bent_density_and_their_diagnosis_tells_stuck_ones():
    def bent(x):
        return -0.5 * (x[:, 0] ** 2 / 4.0 + (x[:, 1] - 0.5 * x[:, 0] ** 2) ** 2)

    rng = np.random.default_rng(2)
    found = sample(bent, rng.normal(0.0, 3.0, (32, 2)), covariance=np.eye(2), steps=9000, seed=1)
    assert found.converged
    flat = found.draws.reshape(-1, 2)
    assert flat.mean(axis=0) == pytest.approx([0.0, 2.0], abs=0.25)
    assert flat[:, 0].std() == pytest.approx(2.0, rel=0.06)
    stuck = rng.standard_normal((4, 500, 1)) + np.array([0.0, 0.0, 0.0, 3.0])[:, None, None]
    assert diagnose(stuck)[0][0] > 1.2
    free = diagnose(rng.standard_normal((4, 1000, 1)))
    assert free[0][0] < 1.01
    assert 3000 < free[1][0] <= 4000


def test_a_profile_agrees_with_the_curvature_where_the_model_is_almost_linear(problem):
    fit = twin.calibrate(problem.experiments, free=FREE, solver=Lumped(), starts=1)
    for found in twin.profile(problem, fit, solver=Lumped()):
        assert found.identifiable
        assert np.diff(found.interval) == pytest.approx(np.diff(found.laplace), rel=0.12)
        assert found.interval[0] < fit.values[problem.names.index(found.name)] < found.interval[1]
        assert found.runs > 5
        assert f"{found.name}: " in found.words[0][0]
        assert not any(found.active)


def test_a_plateau_is_told_as_not_identifiable_with_the_bounds_that_others_met():
    free = {"left": (50.0, 3000.0), "right": (50.0, 3000.0)}
    channel = replace(five(std=3.0).experiments[0].trial["L"], std=400.0)
    log = Trial(name="dull", channels={"L": channel}, content="dull")
    problem = twin.pose([twin.Experiment(trial=log, process=two_sided())], free=free)
    fit = twin.calibrate(problem.experiments, free=free, solver=Nodes(), starts=1)
    [found] = twin.profile(problem, fit, solver=Nodes(), names=("left",))
    assert not found.identifiable
    assert any("not identifiable" in en and "不可辨识" in zh for en, zh in found.words)
    with pytest.raises(ModelError, match=r"'lef' is not free. Did you mean 'left'\?"):
        twin.profile(problem, fit, solver=Nodes(), names=("lef",))


def test_the_smoother_comes_near_the_posterior_without_slopes_and_leaves_failed_members_out(problem):
    exact = twin.posterior(problem, solver=Lumped())
    found = twin.es_mda(problem, solver=Lumped(fails_above=4800.0), members=200, rounds=6)
    spread = np.sqrt(np.diag(exact.covariance))
    assert (np.abs(found.mean - exact.mean) < 1.0 * spread).all()
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx(spread, rel=0.5)
    assert found.misfits[-1] < 1.3 < found.misfits[0]
    assert found.runs <= 200 * 7 + 1
    assert found.failures
    assert any("were left out" in en and "剔除" in zh for en, zh in found.words)


def test_a_smoother_of_almost_nothing_is_refused(problem):
    with pytest.raises(ModelError, match="3 members in 6 rounds make no ensemble"):
        twin.es_mda(problem, solver=Lumped(), members=3)
    with pytest.raises(SolveError, match="members failed, the first: film"):
        twin.es_mda(problem, solver=Lumped(fails_above=101.0), members=20)
