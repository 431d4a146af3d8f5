"""Points at which stress is looked after: where they lie in each cell, what they weigh and what strains them.

Full cells have the points of Gauss and modes that let them bend, so that they neither lock in shear nor in volume.
Cut cells have points inside their solid, of positive weights that hold its moments, and mean dilatation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from ..models import Part, Property, SolveError
from ..models.curve import Curve
from ..models.elastic import Elastic
from ..models.quantity import quantity
from .elements import ROOM, Piece, unknowns
from .raster import Raster
from .ring import Ring
from .surface import exactly, surfaces
from .trilinear import Trilinear

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
FINE = 7, 5  # places along each axis of a cut cell, of a section and of a solid, among which points are chosen
CLOSE = 1e-6  # share of a cell's solid by which the moments of its points may miss
KNOTS = 200  # of a smooth hardening curve
ROWS = {3: [0, 1, 5], 4: [0, 1, 2, 5], 6: [0, 1, 2, 3, 4, 5]}


@dataclass(slots=True, kw_only=True, eq=False)
class Points:
    """All points of a structure, in the shape that `kernels.plastic.respond` takes.

    Attributes
    ----------
    dofs : (m, n), shape, start : (m,)
        Unknowns, geometry and first kept point of each share of a cell that one member fills.
    first : (g + 1,), at : (P, active), B : (P, 6, n), M : (P, 6, k), weight : (P,) m3
        Points of each geometry.
    of : (Q,) int, local : (Q, active)
        The share of a cell that a kept point belongs to, and its place there, -1 ... 1.
    begin : (pieces + 1,) int
        First share of each piece.
    tab : (j, 2), span : (m, 2)
        Hardening of the members.
    """

    dofs: Ints
    shape: Ints
    start: Ints
    first: Ints
    B: Array
    M: Array
    weight: Array
    of: Ints
    local: Array
    begin: Ints
    tab: Array
    span: Ints

    @property
    def volume(self) -> Array:
        """(Q,) m3 of each kept point."""
        return self.weight[self.first[self.shape[self.of]] + np.arange(self.of.size) - self.start[self.of]]


def points(pieces: Sequence[Piece], grid: Raster, form: Trilinear | Ring, plane: str) -> Points:
    """The points of all pieces."""
    at, B, M, weight, tables = [], [], [], [], []
    dofs, shape, counts, begin = [], [], [], [0]
    whole = _full(form) if isinstance(form, Trilinear) else _rings(form)
    for one in whole:
        for kept, new in zip((at, B, M, weight), one, strict=True):
            kept.append(new)
    for one in pieces:
        tables.append(hardening(one.filled.material))
        full = one.cells[: one.fulls]
        shape.append(full[:, 0] if len(whole) > 1 else np.zeros(len(full), dtype=np.int64))
        rows = np.arange(len(one.cells) - one.fulls) + len(at)
        for place, share in _chosen(one, grid, form):
            strain = _six(form.strain(place))
            if plane != "stress":
                trace = strain[:, :3].sum(axis=1)
                mean = share @ trace / share.sum()
                strain[:, :3] += ((mean - trace) / 3.0)[:, None, :]
            at.append(place)
            B.append(strain)
            M.append(np.zeros((len(place), 6, M[0].shape[2])))
            weight.append(share)
        shape.append(rows)
        dofs.append(unknowns(grid, one.cells))
        begin.append(begin[-1] + len(one.cells))
    first = np.concatenate([[0], np.cumsum([len(w) for w in weight])])
    which = np.concatenate(shape)
    counts = np.diff(first)[which]
    start = np.concatenate([[0], np.cumsum(counts)])
    of = np.repeat(np.arange(which.size), counts)
    every = np.concatenate(at)
    ends = np.cumsum([0, *(len(t) for t in tables)])
    span = np.concatenate([np.tile([ends[n], ends[n + 1]], (len(one.cells), 1)) for n, one in enumerate(pieces)])
    local = every[first[which[of]] + np.arange(of.size) - start[of]]
    return Points(dofs=np.concatenate(dofs), shape=which, start=start[:-1], first=first, B=np.concatenate(B),
                  M=np.concatenate(M), weight=np.concatenate(weight), of=of, local=local,
                  begin=np.array(begin), tab=np.concatenate(tables), span=span)  # fmt: skip


def _six(strain: Array) -> Array:
    """Rows (m, 6, n) of strains (m, strains, n)."""
    out = np.zeros((strain.shape[0], 6, strain.shape[2]))
    out[:, ROWS[strain.shape[1]]] = strain
    return out


def _full(form: Trilinear) -> list[tuple[Array, Array, Array, Array]]:
    """Places, strains out of nodes and out of modes, and weights of the points of a full cell."""
    d = form.active
    at = np.array(list(product((-1.0, 1.0), repeat=d))) / np.sqrt(3.0)
    M = np.zeros((len(at), form.strains, d * d))
    rows = {(0, 0): 0, (1, 1): 1, (0, 1): 2, (1, 0): 2} if d == 2 else {
        (0, 0): 0, (1, 1): 1, (2, 2): 2, (1, 2): 3, (2, 1): 3, (2, 0): 4, (0, 2): 4, (0, 1): 5, (1, 0): 5}  # fmt: skip
    for q in range(d):
        for j in range(d):
            M[:, rows[q, j], q * d + j] = -2.0 * at[:, q] / form.half[q]
    return [(at, _six(form.strain(at)), _six(M), np.full(len(at), form.volume))]


def _rings(form: Ring) -> list[tuple[Array, Array, Array, Array]]:
    """The same of every column of rings."""
    (at, weight), (B, G) = form.points, form.strained()
    return [(at, _six(B[c]), _six(G[c]), weight[c]) for c in range(form.columns)]


def _chosen(one: Piece, grid: Raster, form: Trilinear | Ring) -> list[tuple[Array, Array]]:
    """Places and weights (m3) of the points of each cut cell: few of many inside the solid that hold its moments.

    References
    ----------
    Lawson and Hanson 1974, Solving Least Squares Problems, chapter 23; Tchakaloff 1957, Bull. Sci. Math. 81, 123-134.
    """
    cells, active = one.cells[one.fulls :], grid.active
    if not len(cells) or isinstance(form, Ring):
        return []
    fine = FINE[active - 2]
    line = (2.0 * np.arange(fine) + 1.0) / fine - 1.0
    tried = np.array(list(product(line, repeat=active)))
    powers = np.array(list(product(range(3), repeat=active)))
    kept = np.arange(len(powers)) if active == 2 else np.flatnonzero(powers.sum(axis=1) <= 2)
    terms = np.prod(tried[:, None, :] ** powers[None, kept], axis=2).T
    part, found = one.filled.member.part, []
    for cell, moments, middle in zip(cells, one.moments, one.middles[one.fulls :], strict=True):
        inside = _inside(part, grid, cell, tried)
        place, share = middle[None], moments[:1]
        if np.count_nonzero(inside) >= 3:
            size = np.maximum(np.abs(terms[:, inside]).max(axis=1), 1e-3)[:, None]
            weights, left = nnls(terms[:, inside] / size, moments[kept] / size[:, 0])
            some = weights > 0.0
            if left <= 0.05 * moments[0] and weights.sum() > 0.0:
                place, share = tried[inside][some], weights[some] * (moments[0] / weights.sum())
        found.append((place, share * form.volume))
    return found


def _inside(part: Part, grid: Raster, cell: Ints, tried: Array) -> NDArray[np.bool_]:
    places = np.tile(grid.origin + grid.spacing * (cell + 0.5), (len(tried), 1))
    places[:, : grid.active] += 0.5 * grid.spacing[: grid.active] * tried
    if grid.active == 2:
        places[:, 2] = 0.5
    if surfaces(part.shape):
        return np.asarray(exactly(part.shape, places) < 0.0)
    return np.asarray(part.distance(*places.T) < 0.0)


def hardening(material: Elastic) -> Array:
    """(j, 2) plastic strain and factor on first yield.

    Raises
    ------
    SolveError
        If the material states no yield, or is not the same in all directions.
    """
    if material.yields is None or material.orthotropic is not None:
        lacks = "no yield stress" if material.yields is None else "a stiffness that differs along its axes"
        raise SolveError(
            f"{material.name} has {lacks}. What flows is isotropic and yields somewhere. Give "
            "Elastic(yields=Yield(stress=...)), with its source, or ask Strength, which stays elastic."
        )
    curve = material.yields.curve
    if not isinstance(curve, Curve):
        return np.array([[0.0, 1.0]])
    straight = not curve.rows[:, 2:5].any()
    at = curve.breaks if straight else np.linspace(*curve.range, KNOTS)
    return np.stack([at, curve(at)], axis=1)


def laws(pieces: Sequence[Piece], warm: Sequence[Array | None]) -> Array:
    """(m, 5) shear and bulk modulus, first yield, its growth and travel, Pa, of all shares at temperatures (K)."""
    found = []
    for one, T in zip(pieces, warm, strict=True):
        material, out = one.filled.material, np.zeros((len(one.cells), 5))
        at = np.full(len(one.cells), ROOM) if T is None else T
        young, yields, ratio = material.young, material.yields, material.ratio(at)
        assert isinstance(young, Property)
        assert yields is not None
        assert isinstance(yields.stress, Property)
        E = young(at)
        out[:, 0], out[:, 1] = E / (2.0 * (1.0 + ratio)), E / (3.0 * (1.0 - 2.0 * ratio))
        out[:, 2] = yields.stress(at)
        out[:, 3], out[:, 4] = (quantity(one, "Pa").value for one in (yields.isotropic, yields.kinematic))
        found.append(out)
    return np.concatenate(found)
