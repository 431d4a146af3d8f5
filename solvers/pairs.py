"""Which cells of a grid a coarser one joins: pairs along each axis, of cells that are thin for their level."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Single = NDArray[np.float32]
Ints = NDArray[np.int64]


class Box:
    """A body on one level while the levels are made; axes of one cell stand first."""

    def __init__(self, g: Sequence[Any], edges: list[Array], base: int) -> None:
        self.g, self.edges, self.base = g, edges, base
        self.shape = tuple(edge.size - 1 for edge in edges)
        self.cells = int(np.prod(self.shape))

    def places(self, cell: Ints) -> Array:
        """Centres (n, 3) of flat cells, m."""
        return middles(self.edges, np.stack(np.unravel_index(cell, self.shape), axis=1))


def parents(grid: Box, first: tuple[Ints, ...], cell: Ints) -> Ints:
    """Along each axis, the pair (n, 3) that flat cells belong to."""
    at = np.unravel_index(cell, grid.shape)
    return np.stack([np.searchsorted(one, at[a], side="right") - 1 for a, one in enumerate(first)], axis=1)


def middles(edges: Sequence[Array], at: Ints) -> Array:
    """Centres (n, 3) of the cells `at` (n, 3), m."""
    return np.stack([0.5 * (edge[1:] + edge[:-1])[at[:, a]] for a, edge in enumerate(edges)], axis=1)


def strength(g: Array, volume: Array, edges: Array, axis: int) -> float:
    """How well the axis conducts, from a few open faces: 1 where its share of conductivity is 1."""
    n = volume.shape[axis]
    if n == 1:
        return 1.0
    few = tuple(slice(None) if a == axis else slice(size // 16, None, size // 8 + 1) for a, size in enumerate(g.shape))
    inner = np.moveaxis(g[few], axis, 0)[1:-1]
    cells = np.moveaxis(volume[few], axis, 0)
    way = np.diff(0.5 * (edges[1:] + edges[:-1])).reshape(-1, 1, 1)
    between = 0.5 * (cells[1:] + cells[:-1])
    found = (inner * way**2)[inner > 0] / between[inner > 0]
    return float(np.median(found)) if found.size else 1.0


def pairs(widths: list[Array]) -> tuple[Ints, Ints, Ints] | None:
    """The first cell of every pair along each axis: thin cells are paired, until the level shrinks by a tenth or more.

    None where nothing can be paired.
    """
    able = [w for w in widths if w.size > 1]
    if not able:
        return None
    least = sorted(float(w.min()) for w in able)
    limit = max([1.5 * least[0], *least[1:2]])
    most = 2.0 * max(float(w.max()) for w in able)
    while True:
        first = [_paired(w, limit) for w in widths]
        shrunk = np.prod([(one.size - 1) / w.size for one, w in zip(first, widths, strict=True)])
        if shrunk <= 0.9 or limit > most:
            return first[0], first[1], first[2]
        limit *= 1.5


def _paired(widths: Array, limit: float) -> Ints:
    first, k = [0], 0
    thin = widths < limit
    while k < widths.size:
        k += 2 if k + 1 < widths.size and thin[k] and thin[k + 1] else 1
        first.append(k)
    return np.array(first)


def shorter(edges: Array, first: Ints) -> Single:
    """Way between cells over way between pairs, at the faces between pairs."""
    fine, coarse = 0.5 * (edges[1:] + edges[:-1]), 0.5 * (edges[first][1:] + edges[first][:-1])
    share = np.ones(first.size, np.float32)
    at = first[1:-1]
    share[1:-1] = (fine[at] - fine[at - 1]) / np.diff(coarse)
    return share
