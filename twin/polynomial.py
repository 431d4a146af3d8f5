"""Products of coordinates up to a degree, and their derivatives: what a stand-in is made of."""

import math
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def count(nf: int, degree: int) -> int:
    """How many products of that many coordinates there are."""
    return math.comb(nf + degree, degree)


def products(nf: int, degree: int) -> list[tuple[int, ...]]:
    """Every product of coordinates up to a degree, as the coordinates in it; each follows the one it extends."""
    return [chosen for d in range(degree + 1) for chosen in combinations_with_replacement(range(nf), d)]


def monomials(z: Array, powers: list[tuple[int, ...]]) -> Array:
    """(n, np) products at places (n, nf)."""
    found, place = np.ones((len(powers), len(z))), {p: i for i, p in enumerate(powers)}
    columns = np.ascontiguousarray(z.T)
    for i, p in enumerate(powers[1:], start=1):
        np.multiply(found[place[p[:-1]]], columns[p[-1]], out=found[i])
    return found.T


def slopes_of(z: Array, powers: list[tuple[int, ...]]) -> Array:
    """Derivatives (nf, np) of the products at one place."""
    found = np.zeros((z.size, len(powers)))
    for k, p in enumerate(powers):
        for n, j in enumerate(p):
            found[j, k] += float(np.prod(z[list(p[:n] + p[n + 1 :])]))
    return found
