"""Facets of an enclosure: pieces of wall gathered into flat rectangles, and what they see of each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..models import Enclosure, Process, SolveError
from .kernels.view import views

if TYPE_CHECKING:
    from .discrete import Local

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
MOST = 800  # facets in an enclosure; more pieces than that are gathered
ASKEW = 0.02  # that view factors of a patch may miss 1 by before their enclosure is refused
LOOKS = 2000  # pairs that are looked at for something between them


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Facing:
    """An enclosure on a grid, whatever its emissivities.

    Attributes
    ----------
    patch : (n,) int
        Patch of every piece of wall, an index into the enclosure's.
    block, piece, facet : (n,) int
        Its block, its place among the block's walls, and its facet.
    area : (m,) m2
        Of the facets.
    over : (m, m)
        View factors between them; rows and what they see of the open (m,) sum to 1.
    missing : float
        Largest share by which a patch's factors missed 1 before they were closed.
    """

    patch: Ints
    block: Ints
    piece: Ints
    facet: Ints
    area: Array
    over: Array
    missing: float

    @property
    def open(self) -> Array:
        """(m,) what each facet sees of the ambient."""
        return np.maximum(1.0 - self.over.sum(axis=1), 0.0)


def facing(enclosure: Enclosure, process: Process, locals: Sequence["Local"]) -> Facing:
    """Find the pieces of an enclosure and their view factors.

    Given factors are of patches; computed ones of facets: between rectangles by Lambert's exact sum over edges from up
    to 4 x 4 Gauss points, to facets of curved walls by their middles, in sections by Hottel's crossed strings. What is
    missing to closure is shared out, symmetrically.

    Raises
    ------
    SolveError
        If a patch has no wall, factors cannot be computed, do not close, or something stands between the patches.

    References
    ----------
    Howell et al., Thermal Radiation Heat Transfer, 7th ed., ch. 4 (crossed strings, contour integration);
    van Leersum, Int. J. Heat and Fluid Flow 10 (1989) 83-85 (closure that keeps reciprocity).
    """
    patch, block, piece = _pieces(enclosure, locals)
    areas = np.empty(piece.size)
    for b, local in enumerate(locals):
        areas[block == b] = local.block.walls.area[piece[block == b]]
    if enclosure.view is not None:
        return _given(enclosure, patch, block, piece, areas)
    if locals[0].metric != "cartesian":
        raise SolveError(
            f"enclosure '{enclosure.name}' of {len(enclosure.patches)} patches in {locals[0].metric} coordinates has "
            "no view factors. They are computed on cartesian grids. Give view=, one row a patch."
        )
    facet, place, normal, side, area, flat = _facets(patch, block, piece, areas, locals)
    K = _factors(place, normal, side, area, flat, locals[0].active)
    of = np.zeros(area.size, dtype=np.int64)
    of[facet] = patch
    _refuse_hidden(enclosure, process, locals, K, place, of)
    missing = _refuse_open(enclosure, K, area, of)
    over = _closed(K, area, enclosure.ambient is None) / area[:, None]
    return Facing(patch=patch, block=block, piece=piece, facet=facet, area=area, over=over, missing=missing)


def _pieces(enclosure: Enclosure, locals: Sequence["Local"]) -> tuple[Ints, Ints, Ints]:
    found: list[tuple[Ints, Ints, Ints]] = []
    for number, name in enumerate(enclosure.patches):
        owner, _, short = name.rpartition(".")
        mine = []
        for index, local in enumerate(locals):
            walls = local.block.walls
            if owner in ("", local.body) and short in walls.patches:
                rows = np.flatnonzero(walls.patch == walls.patches.index(short))
                mine.append((np.full(rows.size, number), np.full(rows.size, index), rows))
        if not sum(one[2].size for one in mine):
            raise SolveError(
                f"enclosure '{enclosure.name}': patch '{name}' has a wall of 0 m2. What radiates has a surface. "
                "It may lie in a contact or a period: take it out, or correct the patch."
            )
        found += mine
    one, two, three = (np.concatenate(c).astype(np.int64) for c in zip(*found, strict=True))
    return one, two, three


def _given(enclosure: Enclosure, patch: Ints, block: Ints, piece: Ints, areas: Array) -> Facing:
    area = np.bincount(patch, areas, len(enclosure.patches))
    K = area[:, None] * np.asarray(enclosure.view)
    askew = np.abs(K - K.T) / np.maximum(np.minimum(area[:, None], area), 1e-300)
    if askew.max() > ASKEW:
        i, j = np.unravel_index(int(np.argmax(askew)), K.shape)
        raise SolveError(
            f"enclosure '{enclosure.name}': view factors times areas between '{enclosure.patches[i]}' and "
            f"'{enclosure.patches[j]}' are {K[i, j]:.4g} and {K[j, i]:.4g} m2. Both ways they are the same. "
            f"The patches have {area[i]:.4g} and {area[j]:.4g} m2: correct the factors."
        )
    missing = float(np.abs(np.asarray(enclosure.view).sum(axis=1) - 1.0).max()) if enclosure.ambient is None else 0.0
    over = _closed(0.5 * (K + K.T), area, enclosure.ambient is None) / area[:, None]
    return Facing(patch=patch, block=block, piece=piece, facet=patch, area=area, over=over, missing=missing)


def _facets(
    patch: Ints, block: Ints, piece: Ints, areas: Array, locals: Sequence["Local"]
) -> tuple[Ints, Array, Array, Array, Array, NDArray[np.bool_]]:
    """Facet of every piece; place (m, 3), normal (m, 3), half edges (m, 2, 3), area (m,) of the facets; rectangles."""
    n = piece.size
    place, normal, half, cell = np.empty((n, 3)), np.empty((n, 3)), np.empty((n, 3)), np.empty((n, 3), dtype=np.int64)
    for b, local in enumerate(locals):
        at, walls = block == b, local.block.walls
        own = piece[at]
        place[at], normal[at] = walls.middles[own], walls.normal[own]
        cell[at] = np.stack(np.unravel_index(walls.cell[own], local.solid.shape), axis=1)
        half[at] = np.stack([0.5 * np.diff(local.edges[a])[cell[at, a]] for a in range(3)], axis=1)
    stride = 1
    while True:
        key = np.column_stack([patch, block, np.round(normal), cell // stride]).astype(np.int64)
        _, facet = np.unique(key, axis=0, return_inverse=True)
        facet = facet.reshape(-1)
        m = int(facet.max()) + 1
        if m <= MOST:
            break
        stride *= 2
    area = np.bincount(facet, areas, m)
    middle, way = (np.stack([np.bincount(facet, areas * what[:, a], m) for a in range(3)], axis=1) / area[:, None]
                   for what in (place, normal))  # fmt: skip
    way /= np.linalg.norm(way, axis=1)[:, None]
    low, high = np.full((m, 3), np.inf), np.full((m, 3), -np.inf)
    inside = half * (np.abs(normal) < 0.5)
    np.minimum.at(low, facet, place - inside)
    np.maximum.at(high, facet, place + inside)
    flat = np.abs(way).max(axis=1) > 1.0 - 1e-9
    side = np.zeros((m, 2, 3))
    for n in range(m):
        axis = int(np.argmax(np.abs(way[n])))
        ends = 0.5 * (high[n] - low[n])
        ends[axis] = 1.0
        others = [a for a in range(3) if a != axis]
        if flat[n] and abs(4.0 * ends.prod() / area[n] - 1.0) < 1e-6:
            side[n, 0, others[0]], side[n, 1, others[1]] = ends[others]
            middle[n] = 0.5 * (low[n] + high[n])
            continue
        flat[n] = False
        across = np.eye(3)[2 if axis != 2 else 0]
        first = np.cross(way[n], across)
        first /= np.linalg.norm(first)
        second = np.cross(way[n], first)
        deep = locals[0].active == 3
        side[n] = 0.5 * (np.sqrt(area[n]) * np.stack([first, second]) if deep else np.stack([area[n] * first, second]))
    return facet, middle, way, side, area, flat


def _factors(place: Array, normal: Array, side: Array, area: Array, flat: NDArray[np.bool_], active: int) -> Array:
    """(m, m) m2: area times view factor, symmetric."""
    if active == 3:
        K = np.zeros((area.size, area.size))
        a, b = side[:, 0], side[:, 1]
        corners = np.stack([place - a - b, place + a - b, place + a + b, place - a + b], axis=1)
        views(place, normal, side, np.ascontiguousarray(corners), area, flat, K)
        return K
    way = place[None, :] - place[:, None]
    way[..., 2] = 0.0
    one, two = np.einsum("ijk,ik->ij", way, normal), -np.einsum("ijk,jk->ij", way, normal)
    away = np.linalg.norm(way, axis=2)
    sees = np.minimum(one, two) > 1e-9 * away
    if active == 1:
        return np.where(sees, np.minimum(area[:, None], area), 0.0)
    along = np.where(np.abs(side[:, 0, 2:]) > 0.0, side[:, 1], side[:, 0])
    ends = [(place + sign * along)[:, :2] for sign in (-1, 1)]
    strings = [[np.linalg.norm(p[:, None] - q[None, :], axis=2) for q in ends] for p in ends]
    crossed = np.abs(strings[0][0] + strings[1][1] - strings[0][1] - strings[1][0])
    return np.where(sees, 0.5 * crossed, 0.0)


def _closed(K: Array, area: Array, whole: bool) -> Array:
    """`K` (m, m) m2 scaled from both sides so that its rows sum to the areas, or (not `whole`) to no more."""
    for _ in range(200):
        share = np.sqrt(area / np.maximum(K.sum(axis=1), 1e-300))
        share = share if whole else np.minimum(share, 1.0)
        if np.abs(share - 1.0).max() < 1e-14:
            break
        K = share[:, None] * K * share
    return K


def _refuse_open(enclosure: Enclosure, K: Array, area: Array, of: Ints) -> float:
    """How far the factors of a patch miss 1; too far is refused."""
    n = len(enclosure.patches)
    sums = np.bincount(of, K.sum(axis=1), n) / np.bincount(of, area, n)
    each = (K.sum(axis=1) / area)[area > 0.1 * area.mean()]
    most, least = int(np.argmax(sums)), int(np.argmin(sums))
    if sums[most] > 1.0 + ASKEW or each.max() > 1.0 + 10.0 * ASKEW:
        raise SolveError(
            f"enclosure '{enclosure.name}': the view factors of '{enclosure.patches[most]}' sum to {sums[most]:.3g} "
            f"(of one facet to {each.max():.3g}). They sum to 1 at most: some patches hide others. Give view=, one "
            "row a patch, or an enclosure that is convex."
        )
    if enclosure.ambient is None and (sums[least] < 1.0 - ASKEW or each.min() < 1.0 - 10.0 * ASKEW):
        raise SolveError(
            f"enclosure '{enclosure.name}': '{enclosure.patches[least]}' sees {sums[least]:.3g} of the patches "
            f"(one facet {each.min():.3g}). An enclosure without ambient is closed, and this is 1. Add the missing "
            "patches, or ambient= for what is open."
        )
    return float(np.abs(sums - 1.0).max()) if enclosure.ambient is None else max(float(sums[most]) - 1.0, 0.0)


def _refuse_hidden(
    enclosure: Enclosure, process: Process, locals: Sequence["Local"], K: Array, place: Array, of: Ints
) -> None:
    """Look along the ways that carry most for a body in between."""
    i, j = np.nonzero(np.triu(K))
    if i.size > LOOKS:
        kept = np.argsort(-K[i, j], kind="stable")[:: i.size // LOOKS]
        i, j = i[kept], j[kept]
    for local in locals:
        body = process.body(local.body)
        for share in (0.5, 0.25, 0.75):
            at = place[i] + share * (place[j] - place[i])
            at[:, body.part.active :] = 0.5 * np.add(*body.part.bounds)[body.part.active :]
            size = np.linalg.norm(place[j] - place[i], axis=1)
            deep = body.part.distance(at[:, 0], at[:, 1], at[:, 2]) < -1e-3 * size
            deep &= _there(local, at)
            if deep.any():
                n = int(np.argmax(deep))
                one, two = enclosure.patches[of[i[n]]], enclosure.patches[of[j[n]]]
                where = tuple(round(float(c), 4) for c in at[n, : body.part.active])
                raise SolveError(
                    f"enclosure '{enclosure.name}': '{body.name}' stands between '{one}' and '{two}' at {where} m. "
                    "View factors are computed between patches with nothing between them. Give view=, one row a patch."
                )


def _there(local: "Local", at: Array) -> NDArray[np.bool_]:
    """Whether places (n, 3) m lie in cells of a block that hold material by now."""
    index = [np.searchsorted(edges, at[:, a], side="right") - 1 for a, edges in enumerate(local.edges)]
    inside = np.all([(i >= 0) & (i < n) for i, n in zip(index, local.solid.shape, strict=True)], axis=0)
    i, j, k = (np.clip(one, 0, n - 1) for one, n in zip(index, local.solid.shape, strict=True))
    return np.asarray(inside & local.solid[i, j, k])
