"""Heat across contacts: a resistance that may change with time, or a gap of gas."""

import numpy as np
from numpy.typing import NDArray

from ..models import Contact, Curve, Gap, Property, SolveError
from ..models.quantity import quantity
from .cut import Touching
from .kernels.conduct import touch
from .kernels.gap import bridge

Array = NDArray[np.float64]
Side = tuple[Array, Array, Array]  # T (K) and theta (W/m) of all cells of a block, and its table of conductivity


def crossing(contact: Contact, piece: Touching, first: Side, second: Side, t: float,
             since: float) -> tuple[tuple[Array, Array, Array], tuple[float, float] | None]:  # fmt: skip
    """Heat (W) into the first body across every piece of a contact at `t` s, and its derivatives by both theta (m).

    Beside them the coldest and the hottest gas (K) of a gap, None without one.

    Raises
    ------
    SolveError
        If a gap closes without any way left, or a face finds no temperature.
    """
    heat, by1, by2 = (np.empty(piece.area.size) for _ in range(3))
    sides = first[0].ravel(), first[1].ravel(), second[0].ravel(), second[1].ravel(), piece.cell1, piece.cell2
    where, out = (piece.area, piece.gap1, piece.gap2), (first[2], second[2], heat, by1, by2)
    span = None
    if isinstance(contact.resistance, Gap):
        gas = np.empty(piece.area.size)
        failed = bridge(*sides, *where, *_filled(contact, contact.resistance, t, since), *out, gas)
        span = (float(gas.min()), float(gas.max())) if gas.size else None
    else:
        failed = touch(*sides, *where, contact.resists(t, since), *out)
    if failed:
        raise SolveError(
            f"{failed} pieces of contact found no temperature at t = {t:g} s. A contact passes on what it gets. "
            "Look for temperatures far outside the materials' range."
        )
    return (heat, by1, by2), span


def _filled(contact: Contact, gap: Gap, t: float, since: float) -> tuple[float, float, Array, float]:
    """Reach (m), scale and table of the gas, and exchange between the faces of a gap."""
    reach = gap.reach(t, since)
    if not reach > 0.0:
        raise SolveError(
            f"the gap between '{contact.first}' and '{contact.second}' is {reach:g} m at t = {t:g} s, with its jump "
            "distances. Some way is left where it closes, for the gas and the roughness. Give jump= above 0 m."
        )
    if isinstance(gap.gas, Property):
        return reach, gap.gas.scale.value, gap.gas.curve.packed(), gap.grey
    return reach, 1.0, Curve.constant(quantity(gap.gas, "W/(m.K)").value).packed(), gap.grey
