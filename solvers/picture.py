"""A solved structure as data for pictures: cells with their outer corners on the walls, displacement and stress."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..models.cells import cells_of
from ..models.deformed import Deformed
from ..models.grid import Grid
from ..models.history import Frame
from ..models.hotspot import HotSpot
from .hotspot import APART as NEAR
from .hotspot import hot_spots
from .outline import outline
from .stress import Sampled, recovered

if TYPE_CHECKING:
    from .reading import Answer

Array = NDArray[np.float64]
HALF = 0.5  # share of solid from which on a cut cell is drawn; its corners go to the wall
SPOTS, APART = 5, 0.06  # worst places, and how far apart they lie, of the largest extent, to be told apart by eye


def picture(answer: "Answer") -> Deformed:
    """What viz and field files draw of an answer.

    Stress at outer points, and at all points of a section, is recovered as readings are; at inner points of a solid it
    is the mean of the cells around, which is as true as those.
    """
    from .reading import strength_at

    grid = answer.rest.grid
    edges = [grid.origin[a] + grid.spacing[a] * np.arange(grid.shape[a] + 1) for a in range(3)]
    even = Grid(x=edges[0], y=edges[1], z=edges[2])
    solid, skin = {}, {}
    for one in answer.fields:
        own, filled = one.piece.filled.member, one.piece.filled
        held = filled.full.copy()
        held[tuple(filled.cells[filled.fraction >= HALF].T)] = True
        solid[own.name] = held & (one.row >= 0)
        skin[own.name] = outline(own.part, even, (0, 0, 0), solid[own.name])
    frame = Frame(t=0.0, T={name: np.zeros(grid.shape) for name in solid}, solid=solid,
                  edges={name: (even.x, even.y, even.z) for name in solid}, skin=skin, metric=grid.metric)  # fmt: skip
    cells = cells_of(frame)
    stress, strength = np.zeros((len(cells.points), 6)), np.full(len(cells.points), np.nan)
    within = np.zeros((len(cells.corners), 6))
    for n, one in enumerate(answer.fields):
        own, rows = one.piece.filled.member, np.flatnonzero(cells.body == n)
        corners = cells.corners[rows]
        within[rows] = one.stress[one.row[solid[own.name]]]
        used = np.unique(corners)
        stress[used] = _at_points(one, answer, cells.points, corners, within[rows], used)
        if own.material.yields is not None:
            strength[used] = strength_at(one.piece, "yield", cells.points[used], grid)
    return Deformed(case=answer.case, points=cells.points, corners=cells.corners, body=cells.body, bodies=cells.bodies,
                    displacement=answer.motion(cells.points), stress=stress, within=within, strength=strength,
                    spots=_worst(answer), metric=grid.metric)  # fmt: skip


def _at_points(field: Sampled, answer: "Answer", points: Array, corners: NDArray[np.int64], within: Array,
               used: NDArray[np.int64]) -> Array:  # fmt: skip
    """Stress (n, 6) Pa at the `used` points of a body."""
    count = np.bincount(corners.ravel(), minlength=len(points))[used]
    found = np.stack([np.bincount(corners.ravel(), np.repeat(within[:, s], corners.shape[1]), len(points))[used]
                      for s in range(6)], axis=1) / count[:, None]  # fmt: skip
    outer = count < (8 if answer.rest.grid.active == 3 else 5)  # inner points of a solid have eight cells around
    found[outer] = recovered(field, answer.rest, points[used[outer]])
    return found


def _worst(answer: "Answer") -> tuple[HotSpot, ...]:
    cells = max(NEAR, APART * max(answer.rest.grid.shape))
    found = [spot for one in answer.fields for spot in
             hot_spots(answer, n=SPOTS, body=one.piece.filled.member.name, apart=cells)]  # fmt: skip
    return tuple(sorted(found, key=lambda spot: -spot.value)[:SPOTS])
