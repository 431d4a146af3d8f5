"""What holds a structure: nodes that are fixed, and stiffness added beside walls that no node lies on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..models import SolveError
from ..models.load import Fixed, LoadCase, Rest, Sliding, Spring
from ..models.quantity import quantity
from ..models.structure import Structure
from .elements import Elements, Piece, nodes
from .loads import patch_rows, span, spots, weights
from .raster import Filled, Raster
from .trilinear import Trilinear

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
SAFE = 2.0  # times what keeps Nitsche's form positive
_NONE = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
MANY = 2000  # pieces of wall at a time
LEAST = 1e-3  # share of a side of a cell below which a wall on it fixes no node
STIFF = 10.0  # of a line support, over the stiffest elasticity


@dataclass(slots=True, kw_only=True, eq=False)
class Holds:
    """Supports on a grid.

    Attributes
    ----------
    fixed : (active * nodes,) bool
    value : (active * nodes,) m
        Of what is fixed.
    cells : (k, 3) int, more : (k, n, n) N/m, pull : (k, n) N
        Cells to whose matrices something is added, and what pulls at their nodes.
    by : mapping of patch to (unknowns that it fixes, rows of `cells` that are its own)
    """

    fixed: NDArray[np.bool_]
    value: Array
    cells: Ints
    more: Array
    pull: Array
    by: dict[str, tuple[Ints, Ints]]


def holds(structure: Structure, case: LoadCase, grid: Raster, pieces: Sequence[Piece], form: Trilinear,
          built: Elements) -> Holds:  # fmt: skip
    """The supports of a load case.

    Raises
    ------
    SolveError
        If a supported patch has no surface, or two supports ask one node for different displacements.
    """
    size = grid.active * int(np.prod(grid.nodes))
    fixed, value = np.zeros(size, dtype=bool), np.zeros(size)
    if grid.metric == "axisymmetric" and grid.origin[0] < 1e-9 * grid.spacing[0]:
        fixed[: grid.nodes[1]] = True  # nothing leaves the axis
    by: dict[str, tuple[Ints, Ints]] = {}
    weak: list[tuple[str, Ints, Array, Array]] = []
    for key, several in case.supports.items():
        some = False
        for one in pieces:
            rows = patch_rows(one.filled, key)
            if not rows.size:
                continue
            some, kept = True, built.kind[tuple(one.filled.cells[one.filled.owner[rows]].T)] >= 0
            rows = rows[kept]  # not those of slivers that were left out
            flat, sides = _flat(one.filled, rows)
            for support in several:
                if isinstance(support, Spring):
                    weak.append((key, *_sprung(support, one, rows, form, structure.thickness, grid)))
                    continue
                strong, at = _nodes(support, one.filled, rows[flat], sides[flat], grid)
                clash = fixed[strong] & (np.abs(value[strong] - at) > 1e-15)
                if clash.any():
                    raise SolveError(
                        f"load case '{case.name}': patch '{key}' moves a node by {at[clash][0]:.3g} m that another "
                        f"patch moves by {value[strong][clash][0]:.3g} m. A node goes one way. Correct the supports."
                    )
                fixed[strong], value[strong] = True, at
                known, _ = by.get(key, _NONE)
                by[key] = (np.union1d(known, strong), _NONE[1])
                if not flat.all():
                    weak.append((key, *_nitsche(support, one, rows[~flat], form, structure.thickness, built)))
        if not some:
            raise SolveError(
                f"load case '{case.name}': patch '{key}' has a surface of 0 m2 on {span(pieces)}. What holds has a "
                "surface. Correct the patch, whose places are in metres, or use more cells."
            )
    weak += [("rests", *_rested(rest, grid, pieces, form, structure.thickness)) for rest in case.rests]
    cells = np.concatenate([np.zeros((0, 3), dtype=np.int64), *(one[1] for one in weak)])
    more = np.concatenate([np.zeros((0, form.size, form.size)), *(one[2] for one in weak)])
    pull = np.concatenate([np.zeros((0, form.size)), *(one[3] for one in weak)])
    ends = np.cumsum([0, *(len(one[1]) for one in weak)])
    for n, (key, *_) in enumerate(weak):
        known, own = by.get(key, _NONE)
        by[key] = (known, np.concatenate([own, np.arange(ends[n], ends[n + 1])]))
    return Holds(fixed=fixed, value=value, cells=cells, more=more, pull=pull, by=by)


def _flat(filled: Filled, rows: Ints) -> tuple[NDArray[np.bool_], Ints]:
    """Which pieces lie on a side of their cell, and which: 2 axis + side."""
    corners, active = filled.corners[rows], filled.corners.shape[2]
    found, side = np.zeros(len(rows), dtype=bool), np.zeros(len(rows), dtype=np.int64)
    for axis in range(active):
        for n, end in enumerate((-1.0, 1.0)):
            here = (np.abs(corners[:, :, axis] - end) < 1e-6).all(axis=1)
            found |= here
            side[here] = 2 * axis + n
    return found, side


def _asked(support: Fixed | Sliding, axis: int) -> Array:
    """(3,) m what is asked along each axis by a support on a side across `axis`; NaN is free."""
    if isinstance(support, Sliding):
        return np.where(np.arange(3) == axis, 0.0, np.nan)
    each = (support.x, support.y, support.z)
    return np.array([np.nan if one is None else quantity(one, "m").value for one in each])


def _nodes(support: Fixed | Sliding, filled: Filled, rows: Ints, sides: Ints, grid: Raster) -> tuple[Ints, Array]:
    """Unknowns that a support fixes, and to what, on pieces that lie on sides of their cells."""
    active, size = grid.active, int(np.prod(grid.nodes))
    found, values = [np.zeros(0, dtype=np.int64)], [np.zeros(0)]
    bits = np.array([[n >> (active - 1 - a) & 1 for a in range(active)] for n in range(2**active)])
    for side in np.unique(sides):
        axis, end = divmod(int(side), 2)
        own = rows[sides == side]
        cells, of = np.unique(filled.cells[filled.owner[own]], axis=0, return_inverse=True)
        across = float(np.prod(np.delete(grid.spacing[:active], axis)))
        cells = cells[np.bincount(of.ravel(), filled.area[own]) > LEAST * across]  # a sliver of another wall holds none
        on = np.unique(nodes(grid, cells)[:, bits[:, axis] == end])
        asked = _asked(support, axis)
        for a in range(active):
            if not np.isnan(asked[a]):
                found.append(a * size + on)
                values.append(np.full(on.size, asked[a]))
    where, first = np.unique(np.concatenate(found), return_index=True)
    return where, np.concatenate(values)[first]


def _stress(one: Piece, rows: Ints, at: Array, form: Trilinear) -> tuple[Array, Array]:
    """Normal stress (m, q, active, n) out of displacements on pieces of wall, and (m, q, active) what growth takes."""
    position = _rows_in(one, one.filled.cells[one.filled.owner[rows]])
    C = one.stiff[one.of[position]] * one.factor[position][:, None, None]
    m, q, active = at.shape
    B = form.strain(at.reshape(-1, active)).reshape(m, q, form.strains, form.size)
    normal = one.filled.normal[rows][:, :active]
    out = np.zeros((m, active, form.strains))
    pairs = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)) if active == 3 else ((0, 0), (1, 1), (0, 1))
    for row, (i, j) in enumerate(pairs):
        out[:, i, row] += normal[:, j]
        if i != j:
            out[:, j, row] += normal[:, i]
    grown = one.free[position][:, None] + np.einsum("mqa,ma->mq", at, one.slope[position])
    return (np.einsum("mis,mst,mqtn->mqin", out, C, B, optimize=True),
            np.einsum("mis,mst,t,mq->mqi", out, C, form.swell, grown, optimize=True))  # fmt: skip


def _rows_in(one: Piece, cells: Ints) -> Ints:
    """Rows of a piece's cells that are these."""
    shape = one.filled.full.shape
    order = np.argsort(np.ravel_multi_index(tuple(one.cells.T), shape))
    keys = np.ravel_multi_index(tuple(one.cells.T), shape)[order]
    wanted = np.ravel_multi_index(tuple(cells.T), shape)
    at = np.clip(np.searchsorted(keys, wanted), 0, len(keys) - 1)
    return np.asarray(np.where(keys[at] == wanted, order[at], order[0]))


def _nitsche(support: Fixed | Sliding, one: Piece, rows: Ints, form: Trilinear, depth: float,
             built: Elements) -> tuple[Ints, Array, Array]:  # fmt: skip
    """What a support on walls that no node lies on adds to cells: symmetric Nitsche, with a penalty from each cell."""
    filled = one.filled
    cells, of = np.unique(filled.cells[filled.owner[rows]], axis=0, return_inverse=True)
    order = np.argsort(of.ravel(), kind="stable")
    rows, of = rows[order], of.ravel()[order]
    n = form.size
    cross, hold, pulled = (np.zeros((len(cells), n, n)) for _ in range(3))
    toward_s, toward_v = np.zeros((len(cells), n)), np.zeros((len(cells), n))
    for begin in range(0, len(rows), MANY):
        some = slice(begin, begin + MANY)
        first = np.flatnonzero(np.diff(of[some], prepend=-1))
        for total, each in zip((cross, hold, pulled, toward_s, toward_v),
                               _nitsche_each(support, one, rows[some], form, depth), strict=True):  # fmt: skip
            total[of[some][first]] += np.add.reduceat(each, first, axis=0)
    own = built.matrices[built.kind[tuple(cells.T)]] * built.factor(cells)[:, None, None]
    strong = SAFE * _most(pulled, own)
    more = strong[:, None, None] * hold - cross - cross.transpose(0, 2, 1)
    return cells, more, strong[:, None] * toward_v - toward_s


def _nitsche_each(support: Fixed | Sliding, one: Piece, rows: Ints, form: Trilinear,
                  depth: float) -> tuple[Array, Array, Array, Array, Array]:  # fmt: skip
    """Of pieces of wall: displacement times stress, times itself, stress times itself (m, n, n), and what is asked."""
    filled, active = one.filled, form.active
    at, share = spots(filled, rows)
    S, warm = _stress(one, rows, at, form)
    m, q = at.shape[:2]
    N = form.shapes(at.reshape(-1, active)).reshape(m, q, -1)
    V = np.zeros((m, q, active, form.size))
    for a in range(active):
        V[:, :, a, a * form.nodes : (a + 1) * form.nodes] = N
    P = np.zeros((m, active, active))
    asked = np.zeros((m, active))
    if isinstance(support, Sliding):
        P[:] = np.einsum("mi,mj->mij", filled.normal[rows][:, :active], filled.normal[rows][:, :active])
    else:
        given = _asked(support, -1)[:active]
        P[:, np.arange(active), np.arange(active)] = ~np.isnan(given)
        asked[:] = np.nan_to_num(given)
    weight = (filled.area[rows][:, None] * share * depth)[:, :, None, None]
    wide = (m, q * active, form.size)
    PV, PS = (np.matmul(P[:, None], one).reshape(wide) for one in (V, S))
    VW, SW = ((weight * one).reshape(wide).transpose(0, 2, 1) for one in (V, S))
    aim = np.repeat(np.matmul(P, asked[:, :, None])[:, None, :, 0], q, axis=1).reshape(m, -1, 1)
    grown = np.matmul(P[:, None], warm[..., None]).reshape(m, -1, 1)
    return VW @ PS, VW @ PV, SW @ PS, (SW @ aim + VW @ grown)[:, :, 0], (VW @ aim)[:, :, 0]


def _most(upper: Array, lower: Array) -> Array:
    """The largest ratio (m,) of two quadratic forms (m, n, n), where the lower one is not 0."""
    value, vector = np.linalg.eigh(lower)
    keep = value > 1e-9 * value[:, -1:]
    root = np.where(keep, 1.0 / np.sqrt(np.where(keep, value, 1.0)), 0.0)
    side = vector * root[:, None, :]
    return np.asarray(np.linalg.eigvalsh(side.transpose(0, 2, 1) @ upper @ side)[:, -1])


def _sprung(spring: Spring, one: Piece, rows: Ints, form: Trilinear, depth: float,
            grid: Raster) -> tuple[Ints, Array, Array]:  # fmt: skip
    filled, active = one.filled, form.active
    at, _ = spots(filled, rows)
    N = form.shapes(at.reshape(-1, active)).reshape(*at.shape[:2], -1)
    normal = filled.normal[rows][:, :active]
    square = np.einsum("mi,mj->mij", normal, normal)
    along, across = quantity(spring.normal, "N/m3").value, quantity(spring.tangential, "N/m3").value
    P = along * square + across * (np.eye(active) - square)
    NN = np.einsum("mq,mqa,mqb->mab", weights(filled, rows, grid, depth), N, N, optimize=True)
    each = np.einsum("mij,mab->miajb", P, NN).reshape(len(rows), form.size, form.size)
    owner = filled.owner[rows]
    order = np.argsort(owner, kind="stable")
    first = np.unique(owner[order], return_index=True)[1]  # one matrix a cell, however many pieces of wall it has
    more = np.add.reduceat(each[order], first, axis=0) if len(rows) else each
    return filled.cells[owner[order][first]], more, np.zeros((len(first), form.size))


def _rested(rest: Rest, grid: Raster, pieces: Sequence[Piece], form: Trilinear,
            depth: float) -> tuple[Ints, Array, Array]:  # fmt: skip
    """A line support: stiff springs along the line, each share of it in the cell that it crosses."""
    begin, end = np.asarray(rest.begin, dtype=float), np.asarray(rest.end, dtype=float)
    length, active = float(np.linalg.norm(end - begin)), grid.active
    width = float(grid.spacing[:active].min())
    n = max(8 * int(np.ceil(length / width)), 1)
    places = begin + (end - begin) * ((np.arange(n) + 0.5) / n)[:, None]
    solid = np.zeros(grid.shape, dtype=bool)
    for one in pieces:
        if rest.body in ("", one.filled.member.name):
            solid[tuple(one.cells.T)] = True
    scaled = (places - grid.origin)[:, :active] / grid.spacing[:active]
    cells = np.zeros((n, 3), dtype=np.int64)
    cells[:, :active] = np.clip(np.floor(scaled), 0, np.array(grid.shape[:active]) - 1)
    for axis in range(active):  # a place on a plane of the grid belongs to the side that is solid
        other = cells.copy()
        other[:, axis] -= 1
        swap = ~solid[tuple(cells.T)] & (np.abs(scaled[:, axis] - cells[:, axis]) < 1e-6) & (other[:, axis] >= 0)
        swap &= solid[tuple(np.maximum(other, 0).T)]
        cells[swap] = other[swap]
    inside = solid[tuple(cells.T)] & (np.abs(2.0 * (scaled - cells[:, :active]) - 1.0) < 1.0 + 1e-6).all(axis=1)
    if not inside.any():
        raise SolveError(
            f"a rest from {rest.begin} to {rest.end} m meets nothing of {span(pieces)}. A support holds something. "
            "Correct its ends; are they in mm?"
        )
    at = 2.0 * (scaled - cells[:, :active]) - 1.0
    N = form.shapes(np.clip(at[inside], -1.0, 1.0))
    hard = STIFF * max(float(one.stiff[:, 0, 0].max() * one.factor.max()) for one in pieces)
    if active == 2:  # a line across a section is a surface, a place on it a line
        ring = 2.0 * np.pi * max(float(places[:, 0].mean()), width) if grid.metric == "axisymmetric" else 1.0
        hard *= depth * ring / width
    weight = hard * (length / n if length > 0.0 else width)
    more, pull = np.zeros((len(N), form.size, form.size)), np.zeros((len(N), form.size))
    for a, given in enumerate((rest.x, rest.y, rest.z)[:active]):
        if given is not None:
            rows = slice(a * form.nodes, (a + 1) * form.nodes)
            more[:, rows, rows] += weight * np.einsum("ma,mb->mab", N, N)
            pull[:, rows] += weight * given * N
    return cells[inside], more, pull


def held(built: Elements, extra: Holds) -> Elements:
    """The elements with what supports add to them."""
    if not len(extra.cells):
        return built
    cells, of = np.unique(extra.cells, axis=0, return_inverse=True)
    own = built.matrices[built.kind[tuple(cells.T)]] * built.factor(cells)[:, None, None]
    np.add.at(own, of.ravel(), extra.more)
    kind = built.kind.copy()
    kind[tuple(cells.T)] = len(built.matrices) + np.arange(len(cells))
    return replace(built, kind=kind, matrices=np.concatenate([built.matrices, own]))
