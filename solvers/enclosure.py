"""Net radiation in an enclosure: what every wall gets from the others, and how that answers to their temperatures.

Irradiation G and radiosity J of the facets solve J = e E + (1 - e) G, G = F J + open E_ambient, with E the mean of
sigma T^4 over a facet. A wall absorbs e G and emits e sigma T^4; its temperature follows from both and from conduction
behind it. All of this is solved together, to rounding, at given temperatures of the cells: what flows is a function of
those alone, so heat is kept and tangents are exact. Newton's matrix knows the answer of every wall to every other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lu_factor, lu_solve

from ..models import Enclosure, Process, SolveError
from .facets import Facing, facing
from .kernels.conduct import STEFAN_BOLTZMANN, exchange
from .kernels.pieces import properties
from .surroundings import Outputs, Surroundings, level
from .system import number

if TYPE_CHECKING:
    from .discrete import Drive, Geometry, Local

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
PATIENCE = 30


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """How heat into the cells behind an enclosure answers to theta of all of them, beyond each wall's own slope.

    Attributes
    ----------
    unknown, facet : (np,) int
    gives : (np,) W/(m2.(W/m))
        Share of each piece in what its facet emits more, for its theta.
    takes : (np,) m2
        Heat into each piece's cell, for what its facet is irradiated more.
    """

    unknown: Ints
    facet: Ints
    gives: Array
    takes: Array
    exchange: Array
    factor: tuple[Array, Ints]

    def heat(self, theta: Array) -> Array:
        """What a change of theta (n,) W/m brings, (n,) W."""
        emitted = np.bincount(self.facet, self.gives * theta[self.unknown], len(self.exchange))
        got = lu_solve(self.factor, self.exchange @ emitted, check_finite=False)
        return np.bincount(self.unknown, self.takes * got[self.facet], theta.size)


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """The pieces that one block has in an enclosure: their places in the enclosure, and what the kernel asks for."""

    block: int
    at: Ints
    piece: Ints
    unknown: Ints
    area: Array
    gap: Array


class Room:
    """One enclosure of a stage on a geometry, with its emissivities."""

    def __init__(self, enclosure: Enclosure, found: Facing, locals: Sequence["Local"]) -> None:
        self._enclosure, self._found = enclosure, found
        grey = np.array([enclosure.grey(patch).value for patch in enclosure.patches])
        of = np.zeros(found.area.size, dtype=np.int64)
        of[found.facet] = found.patch
        self._grey = grey[of]
        matrix = np.eye(of.size) - found.over * (1.0 - self._grey)
        right = np.column_stack([found.over * self._grey, found.open])
        solved = np.linalg.solve(matrix, right)
        self._exchange, self._open = np.ascontiguousarray(solved[:, :-1]), solved[:, -1].copy()
        self._sides = []
        for block in np.unique(found.block):
            local, at = locals[block], np.flatnonzero(found.block == block)
            piece = found.piece[at]
            cell = local.block.walls.cell[piece]
            self._sides.append(_Side(int(block), at, piece, number(local)[cell], local.block.walls.area[piece],
                                     local.gap[piece]))  # fmt: skip

    def shine(
        self, T: Array, t: float, since: float, outputs: Outputs, met: Sequence[Surroundings],
        drives: Sequence["Drive"], tables: Sequence[tuple[Array, Array]],
    ) -> tuple[list[Array], Answer]:  # fmt: skip
        """What every block's walls absorb of the irradiation at cells of `T` (n,) K, (n walls,) W/m2 each.

        Raises
        ------
        SolveError
            If walls and irradiation do not settle.
        """
        found, ambient = self._found, self._enclosure.ambient
        beyond = 0.0 if ambient is None else STEFAN_BOLTZMANN * level(ambient, t, since, outputs) ** 4
        m, total = found.area.size, found.facet.size
        weight = np.empty(total)
        emitted, stiff, gives, takes = (np.empty(total) for _ in range(4))
        unknown = np.empty(total, dtype=np.int64)
        for side in self._sides:
            weight[side.at] = side.area / found.area[found.facet[side.at]]
            emitted[side.at] = STEFAN_BOLTZMANN * T[side.unknown] ** 4
            unknown[side.at] = side.unknown
        G = self._exchange @ np.bincount(found.facet, weight * emitted, m) + self._open * beyond
        size = np.inf
        for _ in range(PATIENCE):
            for side in self._sides:
                own = found.facet[side.at]
                b = side.block
                wall, slope, k = _walls(side, T, self._grey[own] * G[own], met[b], drives[b], tables[b], t,
                                        self._enclosure.name)  # fmt: skip
                passes = np.maximum(1.0 + slope * side.gap / side.area, 0.0)  # conduction over conduction and exchange
                more = 4.0 * STEFAN_BOLTZMANN * np.abs(wall) ** 3 * passes / k * weight[side.at]
                emitted[side.at] = STEFAN_BOLTZMANN * wall**4
                gives[side.at], stiff[side.at] = more, more * side.gap * self._grey[own]
                takes[side.at] = side.area * passes * self._grey[own]
            left = self._exchange @ np.bincount(found.facet, weight * emitted, m) + self._open * beyond - G
            factor = lu_factor(np.eye(m) - self._exchange * np.bincount(found.facet, stiff, m), check_finite=False)
            G = G + lu_solve(factor, left, check_finite=False)
            size, before = float(np.abs(left).max() / np.abs(G).max()), size
            if size <= 1e-12 or 0.5 * before < size <= 1e-9:  # no wall is known better than that
                absorbed = [np.zeros_like(drive.shine) for drive in drives]
                for side in self._sides:
                    own = found.facet[side.at]
                    absorbed[side.block][side.piece] = self._grey[own] * G[own]
                return absorbed, Answer(unknown, found.facet, gives, takes, self._exchange, factor)
        raise SolveError(
            f"enclosure '{self._enclosure.name}': walls and what they radiate did not settle at t = {t:g} s, "
            f"{np.abs(left).max():.2g} W/m2 were left. They settle to rounding. Look for temperatures far outside the "
            "materials' range, or a film that bends back."
        )


def _walls(side: _Side, T: Array, absorbed: Array, met: Surroundings, drive: "Drive", tables: tuple[Array, Array],
           t: float, name: str) -> tuple[Array, Array, Array]:  # fmt: skip
    """Temperature, slope and conductivity of the walls of one side that absorb so much."""
    here = np.ascontiguousarray(T[side.unknown])
    n = here.size
    theta, wall, heat, slope = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    k, c, h = (np.empty((n, 1, 1)) for _ in range(3))
    properties(here.reshape(-1, 1, 1), *tables, k, theta.reshape(-1, 1, 1), c, h)
    rows = side.piece
    shine = drive.shine[rows] + absorbed
    failed = exchange(here, theta, np.arange(n), side.area, side.gap, shine, met.low[rows], met.high[rows],
                      met.weight[rows], drive.levels, met.films, tables[0], wall, heat, slope)  # fmt: skip
    if failed:
        raise SolveError(
            f"{failed} walls of enclosure '{name}' found no temperature at t = {t:g} s. A wall balances conduction, "
            "film and radiation. Look for a huge film, flux or ambient there."
        )
    properties(wall.reshape(-1, 1, 1), *tables, k, theta.reshape(-1, 1, 1), c, h)
    return wall, slope, k.ravel()


def rooms(enclosures: Sequence[Enclosure], process: Process, shape: "Geometry") -> list[Room]:
    """The enclosures of a stage; view factors found before on that geometry are not computed again."""
    made = []
    for enclosure in enclosures:
        key = named(enclosure)
        if key not in shape.views:
            shape.views[key] = facing(enclosure, process, shape.locals)
        made.append(Room(enclosure, shape.views[key], shape.locals))
    return made


def named(enclosure: Enclosure) -> object:
    """What its view factors depend on."""
    return enclosure.patches, enclosure.view, enclosure.ambient is None
