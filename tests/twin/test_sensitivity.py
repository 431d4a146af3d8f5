"""Sobol indices and elementary effects: known answers, failed runs, correlated inputs, and runs of a solver."""

import math
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from foretrial import twin
from foretrial.models import Interest, ModelError, Probe, Quantity, SolveError, digest, substitute
from foretrial.solvers import Heat
from foretrial.twin.draws import factors, values
from foretrial.twin.inputs import inputs
from foretrial.twin.sensitivity import Number

FIRST, TOTAL = (0.313905, 0.442411, 0.0), (0.557589, 0.442411, 0.243684)


def flat(name, low, high):
    return Quantity(value=(low + high) / 2, std=(high - low) / math.sqrt(12), distribution="uniform", name=name)


ANGLES = [flat(name, -math.pi, math.pi) for name in ("x1", "x2", "x3")]


def ishigami(x):
    return np.sin(x["x1"]) + 7 * np.sin(x["x2"]) ** 2 + 0.1 * x["x3"] ** 4 * np.sin(x["x1"])


def lossy(function, rng, share=0.05):
    def found(x):
        y = np.array(function(x))
        y[rng.random(y.size) < share] = np.nan
        return y

    return found


def test_the_indices_of_the_ishigami_function_are_found_inside_their_intervals():
    found = twin.sobol(ishigami, ANGLES, n=2**14)
    assert found.names == ("x1", "x2", "x3")
    assert found.first == pytest.approx(FIRST, abs=0.003)
    assert found.total == pytest.approx(TOTAL, abs=0.003)
    for answer, ends in ((FIRST, found.first_interval), (TOTAL, found.total_interval)):
        assert all(low - 1e-9 <= one <= high + 1e-9 for one, (low, high) in zip(answer, ends, strict=True))
    assert found.variance == pytest.approx(13.8446, rel=0.005)
    assert found.failed == 0
    assert (found.first_bounds == found.first_interval).all()
    assert "All 81920 runs ended" in found.words[0][0]


def test_one_run_in_twenty_may_fail_at_random_without_bias():
    rng, errors = np.random.default_rng(5), []
    for seed in range(40):
        found = twin.sobol(lossy(ishigami, rng), ANGLES, n=512, seed=seed)
        errors.append([*(found.first - FIRST), *(found.total - TOTAL)])
    spread = np.std(errors, axis=0) / math.sqrt(len(errors))
    assert (np.abs(np.mean(errors, axis=0)) < 3.5 * spread + 0.002).all()


def test_random_failures_are_seldom_called_clustered():
    rng = np.random.default_rng(0)
    called = [twin.sobol(lossy(ishigami, rng), ANGLES, n=256, seed=seed).clustered for seed in range(100)]
    assert sum(called) <= 4


@pytest.mark.parametrize("n", [256, 2048])
def test_failures_at_one_end_are_named_and_bounded_from_both_extremes(n):
    def fails(x):
        return np.where(x["x1"] > 2.8, np.nan, x["x1"] + 0.5 * x["x2"] + 0.1 * x["x3"])

    found = twin.sobol(fails, ANGLES, n=n)
    assert found.where == ("x1",)
    assert "cluster in x1" in found.words[0][0]
    assert "集中于 x1" in found.words[0][1]
    truth = np.array([1.0, 0.25, 0.01]) / 1.26
    for bounds in (found.first_bounds, found.total_bounds):
        assert (bounds[:, 0] <= truth).all()
        assert (truth <= bounds[:, 1]).all()
    assert found.first_bounds[0, 1] - found.first_bounds[0, 0] > 0.05


def test_failures_in_a_corner_are_seen_and_known_extremes_can_be_given():
    def fails(x):
        return np.where((x["x1"] > 1.8) & (x["x3"] < -1.8), np.nan, x["x1"] + x["x2"])

    found = twin.sobol(fails, ANGLES, n=1024)
    assert set(found.where) == {"x1", "x3"}
    wide = twin.sobol(fails, ANGLES, n=1024, extremes=(-20.0, 20.0))
    assert (np.ptp(wide.total_bounds, axis=1) >= np.ptp(found.total_bounds, axis=1)).all()


def test_what_cannot_be_asked_is_refused():
    with pytest.raises(ModelError, match=r"n = 1000 is no power of two from 16 on\. .* Take n = 1024\."):
        twin.sobol(ishigami, ANGLES, n=1000)
    with pytest.raises(ModelError, match=r"the number stays at 3 in every run\. .* Widen the inputs"):
        twin.sobol(lambda x: np.full(x["x1"].size, 3.0), ANGLES, n=64)
    with pytest.raises(SolveError, match=r"320 of 320 runs failed: fewer than 16 rows are left\. .* larger n"):
        twin.sobol(lambda x: x["x1"] * np.nan, ANGLES, n=64)
    with pytest.raises(ModelError, match=r"the function gave \(\) for 320 draws\. .* twin\.one_by_one"):
        twin.sobol(lambda _: 1.0, ANGLES, n=64)
    with pytest.raises(ModelError, match="has no name or no uncertainty: nothing can be drawn"):
        twin.sobol(ishigami, [Quantity(value=1.0, name="exact")], n=64)
    with pytest.raises(ModelError, match="levels = 5 is odd"):
        twin.morris(ishigami, ANGLES, levels=5)
    with pytest.raises(SolveError, match="effects of 'x1' are left"):
        twin.morris(lambda x: x["x1"] * np.nan, ANGLES)


@pytest.mark.parametrize("kind", ["normal", "uniform", "triangular", "lognormal"])
def test_draws_have_the_stated_mean_and_standard_deviation(kind):
    q = Quantity(value=5.0, std=0.7, distribution=kind, name="q")
    drawn = values(q, (np.arange(100_000) + 0.5) / 100_000)
    assert drawn.mean() == pytest.approx(5.0, rel=1e-4)
    assert drawn.std() == pytest.approx(0.7, rel=2e-3)
    cut = values(replace(q, valid=(4.5, 5.2)), np.linspace(0.0, 1.0, 101))
    assert (cut.min(), cut.max()) == (pytest.approx(4.5, abs=1e-6), pytest.approx(5.2, abs=1e-6))
    assert (np.diff(cut) > 0.0).all()


def test_a_correlated_group_is_one_factor():
    pair = [Quantity(value=0.0, std=1.0, name=name, group="gauge") for name in ("a", "b")]
    found = twin.sobol(lambda x: x["a"] + x["b"] + x["c"], [*pair, Quantity(value=0.0, std=2.0, name="c")], n=1024)
    assert found.names == ("gauge", "c")
    assert found.total == pytest.approx([0.5, 0.5], abs=0.01)


def test_elementary_effects_of_a_straight_function_are_exact_and_a_failed_run_costs_only_its_neighbours():
    def straight(x):
        return 3.0 * x["x1"] - 2.0 * x["x2"] + 0.0 * x["x3"]

    found = twin.morris(straight, ANGLES, trajectories=12)
    assert found.effect == pytest.approx([3.0 * math.pi, -2.0 * math.pi, 0.0])
    assert found.scatter == pytest.approx(np.zeros(3), abs=1e-12)
    assert found.top(2) == ("x1", "x2")
    assert found.runs == 48
    some = twin.morris(lossy(straight, np.random.default_rng(3), 0.1), ANGLES, trajectories=12)
    assert some.failed > 0
    assert (some.count < 12).any()
    assert some.effect == pytest.approx(found.effect)
    assert "unbiased only where failures are random" in some.words[0][0]


def test_what_interacts_scatters():
    found = twin.morris(ishigami, ANGLES, trajectories=64)
    assert found.scatter[2] > 1.0
    assert abs(found.effect[2]) < found.size[2]


CORE = (Probe(name="TC1", place=(0.02, 0.5, 0.5)),)
COLD = Interest(observations=("TC1",), statistic="last", window=(0.0, 200.0))


def uncertain(lab, film_std=120.0):
    process = lab.process(film=600.0, std=0.03)
    wall = process.stages[0].walls["left"]
    wall = replace(wall, film=replace(wall.film, std=film_std))
    return replace(process, stages=(replace(process.stages[0], walls={"left": wall, "right": wall}),))


def test_runs_and_derivatives_agree_where_the_number_is_nearly_straight(lab):
    process, solver = uncertain(lab, film_std=20.0), lab.slab(cells=6, steps=30)
    asked = {"interest": COLD, "solver": solver, "observe": CORE}
    straight = twin.sensitivity(process, by="tangents", **asked)
    said = []
    runs = twin.sensitivity(process, by="runs", n=64, tell=lambda text, share: said.append((text, share)), **asked)
    assert straight.names == runs.names
    assert runs.total == pytest.approx(straight.total, abs=0.05)
    assert straight.first.sum() == pytest.approx(1.0)
    assert math.sqrt(runs.variance) == pytest.approx(math.sqrt(straight.variance), rel=0.1)
    assert said[-1][0] == "sensitivity: run 256 of 256"
    with pytest.raises(ModelError, match=r"by = 'run' is not known\. Did you mean 'runs'"):
        twin.sensitivity(process, by="run", **asked)


def test_runs_that_a_solver_refuses_are_counted_and_located(lab):
    process = uncertain(lab)
    asked = {"interest": COLD, "solver": lab.slab(cells=4, steps=16, fails_above=750.0), "observe": CORE}
    found = twin.sensitivity(process, n=64, **asked)
    assert 0 < found.failed < 64
    assert found.where == ("film",)
    screened = twin.screen(process, trajectories=8, **asked)
    assert screened.runs == 24
    content = found.content()
    assert content["failed"] == found.failed
    assert content["rows"][0]["name"] in ("film", "heat_capacity")


def test_the_parameters_of_a_fit_move_together(lab):
    solver = lab.slab(cells=6, steps=30)
    log = lab.trial(lab.process(film=600.0), lab.channels(), np.random.default_rng(2))
    process = lab.process(film=300.0, std=0.01)
    fit = twin.calibrate(process, log, free={"film": (50.0, 5000.0)}, solver=solver, starts=1,
                         nuisances=("heat_capacity",))  # fmt: skip
    [own] = factors(inputs(process, fit=fit))
    assert own.name == "fit"
    assert own.root @ own.root.T == pytest.approx(fit.covariance)
    found = twin.sensitivity(process, interest=COLD, solver=solver, observe=CORE, fit=fit, n=64)
    assert found.total == pytest.approx([1.0], abs=0.25)
    slopes = twin.predict(process, interest=COLD, solver=solver, observe=CORE, fit=fit).slopes
    assert found.variance == pytest.approx(slopes @ fit.covariance @ slopes, rel=0.25)
    assert found.mean == pytest.approx(
        COLD.value(solver(substitute(process, dict(zip([p.name for p in fit.parameters], fit.values, strict=True))),
                          observe=CORE)), abs=0.5)  # fmt: skip


def test_a_number_travels_to_other_processes_and_workers_change_nothing(lab):
    process = uncertain(lab)
    asked = {"interest": COLD, "solver": lab.slab(cells=4, steps=16), "observe": CORE}
    number = Number(process=process, **{**asked, "solver": Heat(cells=4)})
    again = pickle.loads(pickle.dumps(number))
    assert digest([again.process, again.interest]) == digest([number.process, number.interest])
    with ThreadPoolExecutor(2) as pool:
        shared = twin.sensitivity(process, n=16, workers=pool.map, **asked)
    assert (shared.total == twin.sensitivity(process, n=16, **asked).total).all()
