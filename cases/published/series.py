"""Exact temperatures that the published rows and the tests compare with, as their series and closed forms."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import erfc, j0, j1, jn_zeros

Array = NDArray[np.float64]
TERMS = 60


def eigenvalues(shape: str, biot: float, terms: int = TERMS) -> Array:
    """Roots (terms,) of a plate, cylinder or sphere that cools through a film.

    Parameters
    ----------
    shape : str
        "plate": z tan z = Bi; "cylinder": z J1(z) = Bi J0(z); "sphere": 1 - z cot z = Bi.
    biot : float
        Film times half thickness or radius over conductivity.
    terms : int

    Returns
    -------
    (terms,) array

    References
    ----------
    Incropera et al., Fundamentals of Heat and Mass Transfer, 7th ed., sec. 5.5 and 5.6.
    """
    n = np.arange(terms)
    if shape == "plate":
        low, high = n * np.pi, (n + 0.5) * np.pi
    elif shape == "cylinder":  # the residual changes sign once between a zero of J1 and the next zero of J0
        low, high = np.concatenate([[0.0], jn_zeros(1, terms - 1)]), jn_zeros(0, terms)
    else:
        low, high = n * np.pi, (n + 1.0) * np.pi
    ends = zip(low + 1e-9, high - 1e-9, strict=True)
    return np.array([brentq(_residual, a, b, args=(shape, biot), xtol=1e-14) for a, b in ends])


def _residual(z: float, shape: str, biot: float) -> float:
    if shape == "plate":
        return float(z * np.sin(z) - biot * np.cos(z))
    if shape == "cylinder":
        return float(z * j1(z) - biot * j0(z))
    return float((1.0 - biot) * np.sin(z) - z * np.cos(z))


def coefficients(shape: str, z: Array) -> Array:
    """Weights (n,) of the series for a uniform start; `z` (n,) are its eigenvalues."""
    if shape == "plate":
        return 4.0 * np.sin(z) / (2.0 * z + np.sin(2.0 * z))
    if shape == "cylinder":
        return 2.0 * j1(z) / (z * (j0(z) ** 2 + j1(z) ** 2))
    return 4.0 * (np.sin(z) - z * np.cos(z)) / (2.0 * z - np.sin(2.0 * z))


def cooling(shape: str, biot: float, place: float, fourier: ArrayLike) -> Array:
    """Share of the starting difference left in a body that cools through a film.

    Parameters
    ----------
    shape : str
        "plate", "cylinder" or "sphere".
    biot : float
    place : float
        Distance from the middle over half thickness or radius, 0 to 1.
    fourier : (n,)
        Diffusivity times time over length squared.

    Returns
    -------
    (n,) array
        (T - bath) / (start - bath).
    """
    z = eigenvalues(shape, biot)
    form = {"plate": np.cos, "cylinder": j0, "sphere": lambda a: np.sinc(a / np.pi)}[shape](z * place)
    decay = np.exp(-np.multiply.outer(np.asarray(fourier, dtype=float), z**2))
    return np.asarray(decay @ (coefficients(shape, z) * form))


def ierfc(x: float) -> float:
    """Integral of the complementary error function from `x` to infinity."""
    return float(np.exp(-(x**2)) / np.sqrt(np.pi) - x * erfc(x))


def half_space(x: float, t: float) -> float:
    """Rise (K) at depth `x` m, after `t` s, in a half space of k = rho c = 1 that takes in 1 W/m2.

    References
    ----------
    Carslaw and Jaeger, Conduction of Heat in Solids, 2nd ed., sec. 2.9, eq. (7).
    """
    return 2.0 * float(np.sqrt(t)) * ierfc(x / (2.0 * float(np.sqrt(t))))
