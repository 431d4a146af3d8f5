"""What a stopped iteration, or the rounding of a factorisation, can have left in a reading of a structure."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..models.elastic import Elastic, Ply
from ..models.gauge import MOTIONS, Reaction, Reading, Safety
from ..models.material import Property
from ..models.quantity import quantity
from .elements import ROOM
from .reading import Answer
from .statics import Rest

Array = NDArray[np.float64]
SPREAD = 4.0  # by how much a recovery that reaches out to a wall may enlarge errors of the stresses in cells


def left(one: Reading, found: float, answer: Answer) -> float:
    """Bound on what is left in a reading that is `found`, in its unit.

    The last correction of the displacements is known by its energy and its largest part, and what it leaves is less
    than itself: an iteration here gains a factor of two or more, every time. No cell holds more of that energy than
    there is, so a stress in it is off by at most sqrt(stiffness x energy / volume), and a force by the energy that
    its support takes to move.
    """
    if not hasattr(one, "what") and not isinstance(one, (Safety, Reaction)):
        return _stress(one, answer)
    if isinstance(one, Reaction):
        return _force(one, answer.rest)
    if isinstance(one, Safety):
        return found**2 * _stress(one, answer) / _weakest(one, answer)
    if one.what in MOTIONS:
        return math.sqrt(3.0) * answer.rest.moved
    return _stress(one, answer)


def _stress(one: Reading, answer: Answer) -> float:
    """Pa."""
    own, grid = answer.fields[answer.field(getattr(one, "body", ""))].piece, answer.rest.grid
    stiffest = max(float(np.linalg.eigvalsh(C)[-1]) for C in own.stiff) * float(own.factor.max())
    volume = float(np.prod(grid.spacing[: grid.active]))
    if grid.metric == "axisymmetric":
        radius = grid.origin[0] + grid.spacing[0] * (float(own.cells[:, 0].min()) + 0.5)
        volume *= 2.0 * math.pi * max(radius, 0.5 * float(grid.spacing[0]))
    elif grid.active == 2:
        volume *= answer.rest.thickness
    return SPREAD * math.sqrt(stiffest * answer.rest.energy / volume)


def _weakest(one: Safety, answer: Answer) -> float:
    """The least strength that a factor can have been formed with, Pa."""
    own = answer.fields[answer.field(one.body)].piece
    material: Elastic = own.filled.material
    if one.against == "ply" and isinstance(material.ply, Ply):
        given = (*material.ply.tension, *material.ply.compression, *material.ply.shear)
        return min(quantity(each, "Pa").value for each in given)
    law = material.ultimate if one.against == "ultimate" else material.yields and material.yields.stress
    if own.T is None or not isinstance(law, Property):
        return material.at(one.against, ROOM)
    return float(np.min(law(own.T)))


def _force(one: Reaction, rest: Rest) -> float:
    """N: how far the supported patch moves as a whole takes energy, and no more of it is left."""
    dofs, rows = rest.holds.by[one.patch]
    size, axis = int(np.prod(rest.grid.nodes)), "xyz".index(one.axis)
    moved = np.zeros(rest.u.size)
    moved[dofs[(dofs >= axis * size) & (dofs < (axis + 1) * size)]] = 1.0
    if rows.size:
        n = rest.form.nodes
        moved[rest.built.unknowns(rest.holds.cells[rows])[:, axis * n : (axis + 1) * n]] = 1.0
    other = replace(rest, u=moved, built=rest.held)
    return math.sqrt(float(moved @ other.pulled()) * rest.energy)
