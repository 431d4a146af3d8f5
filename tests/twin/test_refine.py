"""Refinement: the limit of a sequence, its order, and an uncertainty that holds what it says."""

import numpy as np

from foretrial.twin.limit import limit

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
