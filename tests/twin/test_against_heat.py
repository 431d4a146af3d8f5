"""Laplace, profile, posterior and smoother with the real solver: of one quench, and of the furnace section."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from foretrial import twin
from foretrial.cases import furnace_section as beam
from foretrial.models import Channel, Exchange, Material, Part, Process, Quantity, Trial
from foretrial.solvers import Heat

K, RC, THICK, UNTIL, GAS = 30.0, 7850.0 * 500.0, 0.04, 240.0, 320.0
TRUE = {"left": 300.0, "right": 900.0, "start": 1100.0}
FREE = {"left": (50.0, 3000.0), "right": (50.0, 3000.0), "start": (1000.0, 1200.0)}
TIMES, PLACES = np.linspace(4.0, UNTIL, 60), (0.004, 0.02, 0.034)


def lines(left, right, start, nodes=101):
    """Temperatures (3, 60) by the method of lines on vertices: it shares nothing with the solver."""
    x = np.linspace(0.0, THICK, nodes)
    h = x[1]

    def rate(_, T):
        dT = np.empty(nodes)
        dT[1:-1] = K * (T[2:] - 2.0 * T[1:-1] + T[:-2]) / (RC * h**2)
        for i, j, film in ((0, 1, left), (-1, -2, right)):
            dT[i] = 2.0 * (K * (T[j] - T[i]) / h + film * (GAS - T[i])) / (RC * h)
        return dT

    found = solve_ivp(rate, (0.0, UNTIL), np.full(nodes, start), method="BDF", t_eval=TIMES, rtol=1e-8, atol=1e-6)
    return np.array([np.interp(PLACES, x, T) for T in found.y.T]).T


def recipe():
    """What is known of the quench: films and start are guesses."""
    steel = Material.simple("steel", density=7850.0, conductivity=K, heat_capacity=500.0)
    walls = {side: Exchange(gas=GAS, film=Quantity(value=400.0, unit="W/(m2.K)", name=side))
             for side in ("left", "right")}  # fmt: skip
    return Process.simple(part=Part.slab(THICK), material=steel, walls=walls, until=UNTIL,
                          start=Quantity(value=1090.0, unit="K", name="start"))  # fmt: skip


def experiment(seed=3, std=2.0, bias=1.0):
    """Three noisy thermocouples, each with an offset of its own."""
    rng = np.random.default_rng(seed)
    channels = {}
    for i, (place, T) in enumerate(zip(PLACES, lines(**TRUE), strict=True)):
        read = T + rng.normal(0.0, std, T.size) + rng.normal(0.0, bias)
        channels[f"TC{i}"] = Channel(name=f"TC{i}", t=TIMES, values=read, unit="K", logged_unit="K", std=std,
                                     place=(place, 0.5, 0.5), bias=Quantity(value=0.0, unit="K", std=bias))  # fmt: skip
    return twin.Experiment(trial=Trial(name="quench", channels=channels, content=f"quench {seed}"), process=recipe())


@pytest.fixture(scope="module")
def quench():
    solver, run = Heat(cells=8, tolerance=0.2), experiment()
    fit = twin.calibrate((run,), free=FREE, solver=solver, starts=1)
    return solver, twin.pose((run,), free=FREE), fit


def test_the_posterior_of_a_quench_is_what_its_curvature_says_and_holds_the_truth(quench):
    solver, problem, fit = quench
    found = twin.posterior(problem, solver=solver)
    assert found.converged, found.words
    assert found.runs + found.tangents <= 30
    assert (np.abs(found.mean - fit.values) < 0.2 * fit.std).all()
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx(fit.std, rel=0.06)
    low, high = found.interval(0.99).T
    truth = np.array([TRUE[name] for name in problem.names])
    assert ((low < truth) & (truth < high)).all()


def test_the_profiles_of_a_quench_are_what_its_curvature_says(quench):
    solver, problem, fit = quench
    for found in twin.profile(problem, fit, solver=solver):
        std = fit.std[problem.names.index(found.name)]
        assert found.identifiable
        assert found.interval == pytest.approx(found.laplace, abs=0.15 * std)
        assert len(found.words) == 1, found.words


def test_a_smoother_without_slopes_comes_to_the_same_quench(quench):
    solver, problem, fit = quench
    found = twin.es_mda(problem, solver=replace(solver, tolerance=0.5), members=40)
    assert (np.abs(found.mean - fit.values) < 1.0 * fit.std).all()
    ratio = np.sqrt(np.diag(found.covariance)) / fit.std
    assert ((ratio > 0.65) & (ratio < 1.5)).all(), ratio


@pytest.fixture(scope="module")
def section(tmp_path_factory):
    store = tmp_path_factory.mktemp("section") / "trials.h5"
    beam.freeze(store)
    run = beam.compared(twin.read(store, "sp_section_test2"))
    solver = Heat(cells=1, tolerance=0.5)
    fit = twin.calibrate((run,), free=beam.FREE, solver=solver, starts=1)
    return solver, twin.pose((run,), free=beam.FREE), fit


@pytest.mark.slow
@pytest.mark.xfail(reason="the profile's lower end of the emissivity lies .37 of the fit's std from the curvature's")
def test_every_way_gives_the_furnace_section_the_same_intervals(section):
    """The model misses readings by twice what is stated, so all must weigh them alike."""
    solver, problem, fit = section
    assert fit.misfit > 2.0
    found = twin.posterior(problem, solver=solver)
    assert found.converged, found.words
    assert found.runs + found.tangents <= 30
    profiles = twin.profile(problem, fit, solver=solver)
    for i, one in enumerate(profiles):
        assert one.identifiable
        assert len(one.words) == 1, one.words
        laplace = fit.values[i] + 1.96 * fit.std[i] * np.array([-1.0, 1.0])
        assert one.interval == pytest.approx(laplace, abs=0.3 * fit.std[i])
        assert found.interval()[i] == pytest.approx(laplace, abs=0.4 * fit.std[i])


@pytest.mark.slow
@pytest.mark.xfail(reason="its weights are of where its own first rounds end: film lies 1.6 of the fit's std away")
def test_the_smoother_gives_the_furnace_section_the_same_interval(section):
    solver, problem, fit = section
    smoothed = twin.es_mda(problem, solver=solver, members=30)
    assert any("their residuals are correlated or larger than stated" in en for en, _ in smoothed.words)
    for i in range(len(fit.values)):
        assert smoothed.mean[i] == pytest.approx(fit.values[i], abs=fit.std[i])
        assert 0.6 < smoothed.members[:, i].std(ddof=1) / fit.std[i] < 1.6
