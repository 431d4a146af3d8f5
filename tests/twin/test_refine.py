"""Refinement: the limit of a sequence, its order, and an uncertainty that holds what it says."""

import numpy as np
import pytest

from foretrial.models import Interest, ModelError, Probe
from foretrial.twin.limit import limit
from foretrial.twin.refine import refine

SIZES = np.array([2.0, np.sqrt(2.0), 1.0])


def manufactured():
    """Sixty runs with known answers: (formal order, answer as a function of mesh size, limit)."""
    rng = np.random.default_rng(7)
    made = []
    for p in (1.0, 2.0, 2.0, 4.0):  # clean, with the next term on top: 16
        for _ in range(4):
            a, b = rng.uniform(0.5, 5.0), rng.uniform(-0.25, 0.25)
            made.append((p, lambda h, a=a, b=b, p=p: 100.0 + a * h**p * (1.0 + b * h), 100.0))
    for _ in range(10):  # mixed orders of one sign
        a, b = rng.uniform(0.2, 2.0, 2)
        made.append((2.0, lambda h, a=a, b=b: 50.0 + a * h + b * h**2, 50.0))
    for _ in range(6):  # lost order
        a, p = rng.uniform(0.5, 3.0), rng.uniform(0.6, 1.6)
        made.append((2.0, lambda h, a=a, p=p: 20.0 - a * h**p, 20.0))
    for _ in range(6):  # better than promised
        a, p = rng.uniform(0.5, 3.0), rng.uniform(2.3, 3.2)
        made.append((2.0, lambda h, a=a, p=p: 20.0 - a * h**p, 20.0))
    for _ in range(6):  # oscillating: error changes sign with the mesh
        a, f, s = rng.uniform(0.5, 2.0), rng.uniform(2.0, 5.0), rng.uniform(0.0, 6.3)
        made.append((2.0, lambda h, a=a, f=f, s=s: 10.0 + a * h**2 * np.cos(f * h + s), 10.0))
    for _ in range(4):  # far from asymptotic
        a = rng.uniform(2.0, 6.0)
        made.append((2.0, lambda h, a=a: 5.0 + a * np.tanh(0.8 * h**2), 5.0))

    def ridge(n):
        g = np.linspace(0.0, 2.0, n + 1)
        return float(np.trapezoid(np.exp(np.sin(3 * g)), g))

    for n in (3, 4, 6, 8, 12):  # real schemes: trapezoid quadrature and backward Euler, on whole cells
        made.append((2.0, lambda h, n=n: ridge(round(4 * n / h)), ridge(200000)))
        made.append((1.0, lambda h, n=n: (1.0 + h / (4 * n)) ** (-(4 * n) / h), np.exp(-1.0)))
    for n in (4, 6):  # a slab's steady temperature with a source that the mesh samples at cell centres
        made.append(
            (
                2.0,
                lambda h, n=n: float(np.mean(np.sin(np.pi * (np.arange(m := round(4 * n / h)) + 0.5) / m))),
                2 / np.pi,
            )
        )
    return made


def test_sixty_known_answers_are_covered_and_the_uncertainty_is_not_lavish():
    runs = manufactured()
    assert len(runs) == 60
    covered, lavish = [], []
    for formal, answer, truth in runs:
        values = np.array([answer(h) for h in SIZES])
        found = limit(SIZES, values, formal=formal)
        error = abs(values[-1] - truth)
        covered.append(2.0 * found.u[0] >= error)
        lavish.append(2.0 * found.u[0] / max(error, 1e-12))
    assert np.mean(covered) >= 0.9
    assert np.median(lavish) <= 5.0


@pytest.mark.parametrize("formal", [1.0, 2.0, 4.0])
def test_a_clean_sequence_gives_its_order_and_its_limit(formal):
    found = limit(SIZES, 100.0 + 3.0 * SIZES**formal, formal=formal)
    assert found.order == pytest.approx(formal, abs=1e-6)
    assert found.value[0] == pytest.approx(100.0, abs=1e-6)
    assert (found.method, found.asymptotic) == ("gci", True)


def test_more_than_three_levels_are_fitted():
    sizes = np.array([2.0, 1.6, 1.25, 1.0])
    found = limit(sizes, 100.0 + 3.0 * sizes**2 + 0.02 * np.array([1, -1, 1, -1]))
    assert found.method == "least squares"
    assert found.order == pytest.approx(2.0, abs=0.2)
    assert 2.0 * found.u[0] >= 3.0


def test_answers_that_agree_are_exact_and_those_that_oscillate_say_so():
    assert limit(SIZES, np.full(3, 7.0)).method == "exact"
    assert limit(SIZES, np.full(3, 7.0)).u[0] == 0.0
    swung = limit(SIZES, np.array([1.0, 3.0, 2.0]))
    assert swung.oscillates
    assert not swung.asymptotic
    assert np.isnan(swung.order)
    assert 2.0 * swung.u[0] == pytest.approx(6.0)


def test_a_series_has_no_zero_uncertainty_where_it_crosses_its_limit():
    error = np.linspace(-1.0, 1.0, 41)
    found = limit(SIZES, 50.0 + error * SIZES[:, None] ** 2)
    assert found.u.min() >= 0.5 * 1.25 * 0.45
    assert (2.0 * found.u >= np.abs(error)).all()


PROBES = (Probe(name="core", place=(0.02, 0.5, 0.5)), Probe(name="skin", place=(0.008, 0.5, 0.5)))
COLD = Interest(observations=("core",), statistic="last", window=(0.0, 200.0))


def test_a_run_is_refined_and_its_uncertainty_holds_the_exact_answer(lab):
    process, t = lab.process(), np.linspace(4, 235, 200)
    exact = lab.series()(process, observe=PROBES)
    solver = lab.slab(cells=24, steps=120)
    found = refine(solver, process, observe=PROBES, interest=COLD)
    assert [level.cells for level in found.levels] == [12, 17, 24]
    assert found.order == pytest.approx(2.0, abs=0.3)
    assert abs(found.value - COLD.value(exact)) <= 2.0 * found.u_num
    run = solver(process, observe=PROBES)
    for name in ("core", "skin"):
        error = np.abs(run.at(name, t) - exact.at(name, t))
        assert np.mean(error <= 2.0 * found.at(name, t)) >= 0.9
    assert found.words[0][0].startswith("Asymptotic")


def test_space_and_time_can_be_refined_apart(lab):
    found = refine(lab.slab(cells=16, steps=60), lab.process(), observe=PROBES, interest=COLD, together=False)
    space, time = found.parts
    assert found.u_num == pytest.approx(np.hypot(space.u_num, time.u_num))
    assert len({level.steps for level in space.levels}) == 1
    assert len({level.cells for level in time.levels}) == 1


def test_finer_levels_judge_the_run_in_use(lab):
    coarse = lab.slab(cells=8, steps=40)
    found = refine(coarse, lab.process(), observe=PROBES, interest=COLD, ratios=(1.0, 1.5, 2.0))
    exact = COLD.value(lab.series()(lab.process(), observe=PROBES))
    assert found.value == COLD.value(coarse(lab.process(), observe=PROBES))
    assert abs(found.value - exact) <= 2.0 * found.u_num


@pytest.mark.parametrize("ratios", [(0.5, 1.0), (0.5, 0.7, 0.9), (-1.0, 0.5, 1.0)])
def test_too_few_levels_are_refused(lab, ratios):
    with pytest.raises(ModelError, match=r"show no convergence. Three levels or more"):
        refine(lab.slab(), lab.process(), observe=PROBES, ratios=ratios)


def test_a_refinement_knows_only_what_it_observed(lab):
    with pytest.raises(ModelError, match=r"no refinement of 'edge'. Known: core, skin"):
        refine(lab.slab(), lab.process(), observe=PROBES).at("edge", np.array([1.0]))
