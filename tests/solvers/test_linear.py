"""The linear seam: solved to its tolerance, the factorisation kept while it serves, singular told as a sentence."""

import numpy as np
import pytest
from scipy.sparse import csc_matrix, diags

from foretrial.models import SolveError
from foretrial.solvers.linear import Direct


def heat(n, shift):
    """A one-dimensional step's matrix: storage over step on the diagonal, conduction beside it."""
    return csc_matrix(diags([-1.0, 2.0 + shift, -1.0], [-1, 0, 1], shape=(n, n)))


@pytest.mark.parametrize("n", [1, 2, 50])
def test_a_system_is_solved_to_its_tolerance(n):
    A, b = heat(n, 0.01), np.random.default_rng(n).normal(size=n)
    x = Direct(tolerance=1e-12).solve(A, b)
    assert np.linalg.norm(A @ x - b) <= 1e-12 * np.linalg.norm(b)
    assert np.allclose(x, np.linalg.solve(A.toarray(), b), rtol=1e-9)


def test_a_right_side_of_nothing_costs_nothing():
    direct = Direct()
    assert np.array_equal(direct.solve(heat(5, 1.0), np.zeros(5)), np.zeros(5))
    assert direct.factorisations == 0
    assert direct.bytes == 0.0


def test_a_matrix_that_changes_little_is_served_by_the_old_factorisation():
    direct, b = Direct(), np.linspace(1.0, 2.0, 40)
    for shift in (1.0, 1.001, 0.999, 1.002):
        A = heat(40, shift)
        assert np.linalg.norm(A @ direct.solve(A, b) - b) <= 1e-10 * np.linalg.norm(b)
    assert direct.factorisations == 1
    assert direct.bytes > 0.0


def test_a_matrix_that_changes_much_is_factorised_anew_and_as_well_solved():
    direct, b = Direct(), np.linspace(1.0, 2.0, 40)
    for shift in (1.0, 100.0, 1e-4):
        A = heat(40, shift)
        assert np.linalg.norm(A @ direct.solve(A, b) - b) <= 1e-10 * np.linalg.norm(b)
    assert direct.factorisations == 3


def test_numbers_of_very_different_size_are_still_solved():
    scale = np.logspace(-6, 6, 30)
    A = csc_matrix(diags(scale) @ heat(30, 0.5) @ diags(scale))
    b = A @ np.ones(30)
    x = Direct().solve(A, b)
    assert np.linalg.norm(A @ x - b) <= 1e-10 * np.linalg.norm(b)


@pytest.mark.parametrize("A", [csc_matrix((3, 3)), csc_matrix(np.ones((3, 3)))])
def test_a_singular_system_is_told_as_a_sentence(A):
    with pytest.raises(SolveError) as refused:
        Direct().solve(A, np.arange(3.0) + 1.0)
    text = str(refused.value)
    assert "Look for" in text
    assert text.startswith(("the heat equations of a step are singular", "a linear solve stalled above 1e-10"))
