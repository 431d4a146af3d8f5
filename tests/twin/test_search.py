"""Least squares on bases that shift under it: ends compare, bases settle, failures are on record."""

import numpy as np
import pytest

from foretrial.models import SolveError
from foretrial.twin.search import APART, best_of, descend, descend_together

TRUTH = np.array([0.6, 0.3])
BEGINS = [np.array(one) for one in ([0.1, 0.1], [0.9, 0.8], [0.5, 0.9], [0.2, 0.5])]


class Bases:
    """Residuals whose smallest sum of squares hangs on where the base was set, as steps of a run make it."""

    def __init__(self, noise=0.02, fails=lambda _, __: False):
        self.set_at, self.runs, self.noise, self.fails = [], 0, noise, fails

    def __call__(self, at):
        if self.fails(at, None):
            raise SolveError("no steps were found here. Move on. Move on.")
        self.set_at.append(at)
        own = self.noise * np.sin(4000.0 * at.sum())

        def residuals(u):
            self.runs += 1
            if self.fails(at, u):
                raise SolveError("no run was found here. Move on. Move on.")
            x, y = u - TRUTH
            r = np.array([10.0 * x + 4.0 * x * y, 10.0 * y + 2.0 * x**2, 1.0 + own])
            return r, np.array([[10.0 + 4.0 * y, 4.0 * x], [4.0 * x, 10.0], [0.0, 0.0]])

        return residuals


def test_alone_each_start_ends_with_a_sum_of_squares_of_its_own_and_together_they_compare():
    alone = [descend(Bases(), begin).objective for begin in BEGINS]
    bases = Bases()
    together = descend_together(bases, BEGINS)
    assert np.ptp(alone) > 1e-3 * min(alone)
    assert np.ptp([one.objective for one in together]) < 1e-5 * together[0].objective
    assert all(np.allclose(one.end, TRUTH, atol=1e-3) for one in together)
    assert [list(one.begin) for one in together] == [list(begin) for begin in BEGINS]
    assert sum(one.evaluations for one in together) == bases.runs
    assert {one.outcome for one in together} == {"converged"}


def test_the_common_base_is_set_where_the_best_start_ends():
    bases = Bases()
    best = best_of(descend_together(bases, BEGINS))
    assert np.abs(bases.set_at[-1] - best.end).max() < 5e-4
    assert len(bases.set_at) <= len(BEGINS) + 3


def test_a_start_that_ends_in_another_hollow_says_so_by_its_objective():
    def rebase(_):
        def residuals(u):  # two hollows: 0.2 (lower) and 0.9
            x = u[0]
            return np.array([(x - 0.2) * (x - 0.9) * 10.0, x]), np.array([[(2.0 * x - 1.1) * 10.0], [1.0]])

        return residuals

    low, high = descend_together(rebase, [np.array([0.1]), np.array([0.95])])
    assert low.objective < 0.5 * high.objective
    assert (low.end[0], high.end[0]) == (pytest.approx(0.2, abs=0.05), pytest.approx(0.9, abs=0.05))
    assert best_of([high, low]) is low


def test_a_start_whose_run_fails_on_the_common_base_keeps_what_it_had_and_is_not_taken_for_the_best():
    fair = Bases()

    def rebase(at):  # from the corner it looks perfect, and on any other steps it does not run
        def residuals(u):
            if u[0] < 0.05:
                if at[0] < 0.05 and not asked:
                    asked.append(u)
                    return np.array([1e-3, 0.0, 0.0]), np.zeros((3, 2))
                raise SolveError("no run was found here. Move on. Move on.")
            return fair(at)(u)

        return residuals

    asked = []
    corner, other = descend_together(rebase, [np.zeros(2), BEGINS[3]])
    assert (corner.outcome, corner.objective, list(corner.end)) == (APART, 1e-6, [0.0, 0.0])
    assert "no run was found here" in corner.failures[-1]
    assert other.outcome == "converged"
    assert best_of([corner, other]) is other
    failing = Bases(fails=lambda at, u: u is None and np.abs(at - TRUTH).max() < 0.02)
    stuck = descend_together(failing, BEGINS)
    assert all(not one.failed for one in stuck)
    assert all(one.outcome == APART for one in stuck)
    assert all("no steps were found" in one.failures[-1] for one in stuck)


def test_starts_that_never_run_are_failed_and_the_others_go_on():
    one = Bases(fails=lambda _, u: u is not None and u[0] < 0.15)
    found = descend_together(one, BEGINS)
    assert found[0].failed
    assert found[0].outcome.startswith("failed: no run was found here")
    assert all(d.outcome == "converged" for d in found[1:])
    assert all(d.failed for d in descend_together(Bases(fails=lambda _, __: True), BEGINS))


def test_progress_never_runs_backwards():
    told = []
    descend_together(Bases(), BEGINS, tell=lambda text, share: told.append((share, text)))
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert shares[0] >= 0.0
    assert shares[-1] <= 1.0
    assert any(text.startswith("start 2 of 4 on the steps of the best") for _, text in told)
