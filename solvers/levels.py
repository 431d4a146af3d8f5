"""The grids of a multigrid cycle, from fine to coarse: conductances, links and walls as each of them sees them.

Pairs of cells along each axis make the next coarser level: conductances of common faces summed and divided by how much
longer the way between the centres is. That is the same finite volumes on the coarser grid, so corrections that are
constant over a pair (piecewise-constant transfer) come out at the right height. Only cells that are thin for their
level are paired, so graded axes and flat cells coarsen along the strong direction first. Links between pairs that
share a face are added to it, links inside a pair vanish, and others stay links of the coarser level; walls and
contacts lie further from the centre of a pair than from that of a cell, so they conduct less.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .facing import Facing, Joint, Meeting, Meets, Piece, Skins
from .kernels.coarsen import halve, mark, unlike
from .pairs import Array, Box, Ints, Single, pairs, parents, shorter, strength

COARSEST = 200  # cells, solved directly
CHUNK = 1 << 14  # cells a block: sums are shared out by it, whatever the number of threads


@dataclass(slots=True, eq=False)
class Levels:
    """All grids of all bodies as the kernels read them, and how walls and contacts go from one to the next."""

    grids: Ints
    at: Ints
    g: Single
    G: Array
    lat: Ints
    ends: Ints
    pull: Single
    links: Array
    first: Ints
    facings: list[list[Facing | None]]
    meetings: list[list[Meeting]]
    shares: list[Array]


def levels(pieces: Sequence[Piece], joints: Sequence[Joint]) -> Levels:
    """Every level of the bodies together, the finest first."""
    orders = [sorted(range(3), key=lambda axis, shape=piece.volume.shape: (shape[axis] > 1, axis)) for piece in pieces]
    grids, strengths, base = [], [], 0
    for piece, order in zip(pieces, orders, strict=True):
        shape = tuple(piece.volume.shape[axis] for axis in order)
        g = tuple(_folded(piece.g[axis], shape, place) for place, axis in enumerate(order))
        grids.append(Box(g, [np.asarray(piece.edges[axis]) for axis in order], base))
        base += grids[-1].cells
        volume = piece.volume.reshape(shape)
        strengths.append([strength(one, volume, edge, axis)
                          for axis, (one, edge) in enumerate(zip(g, grids[-1].edges, strict=True))])  # fmt: skip
    skins = [Skins(piece.skin, order, grid) for piece, order, grid in zip(pieces, orders, grids, strict=True)]
    meets = [Meets(joint, pieces, orders, grids) for joint in joints]
    links = [piece.links for piece in pieces]
    book = _Book(len(joints))
    book.shares = [skin.share for skin in skins]
    while True:
        book.enter(grids, links, meets)
        cells = sum(grid.cells for grid in grids)
        joined = [pairs([np.diff(e) / np.sqrt(s) for e, s in zip(grid.edges, known, strict=True)])
                 if cells > COARSEST else None for grid, known in zip(grids, strengths, strict=True)]  # fmt: skip
        if all(one is None for one in joined):
            return book.closed()
        firsts = [one or tuple(np.arange(n + 1) for n in grid.shape) for one, grid in zip(joined, grids, strict=True)]
        base = grids[-1].base + grids[-1].cells
        coarser = []
        for n, (grid, first) in enumerate(zip(grids, firsts, strict=True)):
            new, links[n] = _coarser(grid, first, links[n], base)
            coarser.append(new)
            base += new.cells
        book.step(firsts, [skin.onto(grid, first, new) for skin, grid, first, new
                           in zip(skins, grids, firsts, coarser, strict=True)])  # fmt: skip
        for meet in meets:
            meet.onto(grids, firsts, coarser)
        grids = coarser


class _Book:
    """Writes the levels down, one after the other."""

    def __init__(self, joints: int) -> None:
        self.rows: list[list[list[int]]] = []
        self.at: list[Ints] = []
        self.g: list[Single] = []
        self.G: list[Array] = []
        self.lat: list[Ints] = []
        self.ends: list[Ints] = []
        self.pull: list[Array] = []
        self.first: list[Ints] = []
        self.facings: list[list[Facing | None]] = []
        self.meetings: list[list[Meeting]] = [[] for _ in range(joints)]
        self.shares: list[Array] = []
        self.sizes = dict.fromkeys(("at", "g", "row", "first", "link"), 0)

    def enter(self, grids: list[Box], links: list[tuple[Ints, Ints, Array]], meets: list["Meets"]) -> None:
        """One level: grids, and links by row."""
        size, level = self.sizes, []
        own, other, value, starts = [], [], [], []
        for grid, (one, two, over) in zip(grids, links, strict=True):
            n0, n1, n2 = grid.shape
            begins = []
            for faces in grid.g:
                table, which = _unique(faces)
                begins.append(size["at"])
                self.at.append(size["g"] + which * table.shape[1])
                self.g.append(table.astype(np.float32).ravel())
                if not self.rows:
                    self.G.append(np.asarray(table, np.float64).ravel())
                size["at"] += which.size
                size["g"] += table.size
            rows = max(CHUNK // n2, 1)
            level.append([n0, n1, n2, grid.base, *begins, size["row"] + sum(n.size for n in starts), 0, 0, 0, rows,
                          -(-n0 * n1 // rows)])  # fmt: skip
            starts.append(grid.base + n2 * np.arange(n0 * n1))
            own += [grid.base + one, grid.base + two]
            other += [grid.base + two, grid.base + one]
            value += [over, over]
        curved = sum(one.size for one in own)
        for meet in meets:
            one, two = (grids[b].base + cell for b, cell in zip(meet.bodies, meet.cells, strict=True))
            own += [one, two]
            other += [two, one]
            value += [np.zeros(one.size), np.zeros(one.size)]
        mine, theirs, values = np.concatenate(own), np.concatenate(other), np.concatenate(value)
        order = np.argsort(mine, kind="stable")
        back = np.empty_like(order)
        back[order] = size["link"] + np.arange(order.size)
        self.lat.append(size["link"] + np.searchsorted(mine[order], np.concatenate(starts)))
        self.ends.append(np.stack([mine[order], theirs[order]]))
        self.pull.append(np.stack([values[order], values[order]]))
        at = curved
        for n, meet in enumerate(meets):
            many = meet.cells[0].size
            self.meetings[n].append(Meeting(meet.into, back[at : at + many], back[at + many : at + 2 * many],
                                            meet.further))  # fmt: skip
            at += 2 * many
        size["row"] += sum(n.size for n in starts)
        size["link"] += order.size
        self.rows.append(level)

    def step(self, firsts: list[tuple[Ints, ...]], facings: list[Facing | None]) -> None:
        """How the level entered last becomes the next one."""
        for row, first in zip(self.rows[-1], firsts, strict=True):
            for axis, one in enumerate(first):
                row[8 + axis] = self.sizes["first"]
                self.sizes["first"] += one.size
                self.first.append(one)
        self.facings.append(facings)

    def closed(self) -> Levels:
        """What the kernels read."""
        pull = np.concatenate(self.pull, axis=1)
        return Levels(
            grids=np.array(self.rows, dtype=np.int64), at=np.concatenate(self.at), g=np.concatenate(self.g),
            G=np.concatenate(self.G), lat=np.append(np.concatenate(self.lat), self.sizes["link"]),
            ends=np.ascontiguousarray(np.concatenate(self.ends, axis=1)), pull=pull.astype(np.float32),
            links=np.ascontiguousarray(self.pull[0]), first=np.concatenate([np.zeros(1, np.int64), *self.first])[1:],
            facings=self.facings, meetings=self.meetings, shares=self.shares)  # fmt: skip


def _unique(faces: NDArray) -> tuple[NDArray, Ints]:
    """The different rows of conductances (rows, n), and which of them each row is."""
    rows = np.ascontiguousarray(faces).reshape(-1, faces.shape[2])
    bits = rows.view(np.uint32)
    weights = np.random.default_rng(0).integers(0, 1 << 63, bits.shape[1], dtype=np.uint64) | np.uint64(1)
    found = np.empty(len(rows), np.uint64)
    mark(bits, weights, found)
    _, which, into = np.unique(found, return_index=True, return_inverse=True)
    into = into.reshape(-1)
    wrong = np.zeros(len(rows), np.int64)
    unlike(bits, which[into], wrong)
    if wrong.any():
        return rows, np.arange(len(rows))
    return rows[which], into


def _coarser(
    grid: Box, first: tuple[Ints, ...], links: tuple[Ints, Ints, Array], base: int
) -> tuple[Box, tuple[Ints, Ints, Array]]:
    """The next level of a body, and the links that stay."""
    below = tuple(one.size - 1 for one in first)
    faces = [np.zeros(tuple(n + (a == axis) for a, n in enumerate(below)), np.float32) for axis in range(3)]
    shares = [shorter(edge, one) for edge, one in zip(grid.edges, first, strict=True)]
    halve(*grid.g, *first, *shares, *faces)
    new = Box(faces, [edge[one] for edge, one in zip(grid.edges, first, strict=True)], base)
    one, two, over = links
    if not over.size:
        return new, links
    ends = [parents(grid, first, cell) for cell in (one, two)]
    apart = [np.ravel_multi_index(tuple(end.T), below) for end in ends]
    step = ends[1] - ends[0]
    way, far = grid.places(two) - grid.places(one), new.places(apart[1]) - new.places(apart[0])
    over = over * np.clip((way * far).sum(axis=1) / np.maximum((far * far).sum(axis=1), 1e-300), 0.0, 1.0)
    near = np.abs(step).sum(axis=1)
    for axis in range(3):
        on = (near == 1) & (step[:, axis] != 0)
        np.add.at(faces[axis], tuple(np.maximum(ends[0][on], ends[1][on]).T), over[on].astype(np.float32))
    on = near > 1
    low, high = np.minimum(*apart)[on], np.maximum(*apart)[on]
    key, into = np.unique(low * new.cells + high, return_inverse=True)
    return new, (key // new.cells, key % new.cells, np.bincount(into, over[on], key.size))


def _folded(g: Array, shape: tuple[int, ...], axis: int) -> Array:
    """Conductances of one axis once axes of one cell stand first."""
    size = tuple(n + (a == axis) for a, n in enumerate(shape))
    return np.zeros(size) if shape[axis] == 1 else np.ascontiguousarray(g).reshape(size)
