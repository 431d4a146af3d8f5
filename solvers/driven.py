"""What one point of a material answers to a course of strain: its law alone, without a structure."""

import numpy as np
from numpy.typing import NDArray

from ..models import ModelError, Property
from ..models.elastic import Elastic
from ..models.quantity import quantity
from .elements import ROOM
from .kernels.plastic import point
from .points import hardening

Array = NDArray[np.float64]


def driven(material: Elastic, strain: Array, *, T: float = ROOM) -> tuple[Array, Array, Array]:
    """Stress (n, 6) Pa, plastic strain (n, 6) and its length (n,) after each of the strains (n, 6), taken in order.

    Parameters
    ----------
    strain : (n, 6)
        xx yy zz yz zx xy, engineering; it starts from nothing.
    T : float, K

    Raises
    ------
    SolveError
        If the material states no yield, or is not the same in all directions.
    ModelError
        If strains are not numbers, six at a time.
    """
    if strain.ndim != 2 or strain.shape[1] != 6 or not np.isfinite(strain).all():
        raise ModelError(
            f"a course of strain has shape {strain.shape}, or is not all numbers. It has 6 components a step: xx yy zz "
            "yz zx xy. Complete it."
        )
    tab, young, yields = hardening(material), material.young, material.yields
    assert isinstance(young, Property)
    assert yields is not None
    E, nu = float(young(T)), float(material.ratio(T))
    law = np.array([E / (2.0 * (1.0 + nu)), E / (3.0 * (1.0 - 2.0 * nu)), material.at("yield", T),
                    quantity(yields.isotropic, "Pa").value, quantity(yields.kinematic, "Pa").value])  # fmt: skip
    stress, plastic, length = np.zeros_like(strain), np.zeros_like(strain), np.zeros(len(strain))
    ep, p, tangent = np.zeros(6), 0.0, np.zeros((6, 6))
    for n, one in enumerate(np.array(strain, dtype=float)):
        p = point(one, ep, p, law, tab, 0, len(tab), False, stress[n], plastic[n], tangent)
        ep, length[n] = plastic[n].copy(), p
    return stress, plastic, length
