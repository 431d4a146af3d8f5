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

COARSEST = 64  # cells, solved directly
LENGTH = 400  # cells a segment: long enough for a loop, short enough for the nearest cache
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
    grids, strengths, base = [], [], -(-max(max(piece.volume.shape) + 1 for piece in pieces) // 16) * 16
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
        cells = sum(grid.cells for grid in grids)
        joined = [pairs([np.diff(e) / np.sqrt(s) for e, s in zip(grid.edges, known, strict=True)])
                 if cells > COARSEST else None for grid, known in zip(grids, strengths, strict=True)]  # fmt: skip
        firsts = [one or tuple(np.arange(n + 1) for n in grid.shape) for one, grid in zip(joined, grids, strict=True)]
        book.enter(grids, firsts, links, meets)
        if all(one is None for one in joined):
            return book.closed()
        base = grids[-1].base + grids[-1].cells
        coarser = []
        for n, (grid, first) in enumerate(zip(grids, firsts, strict=True)):
            new, links[n] = _coarser(grid, first, links[n], base)
            coarser.append(new)
            base += new.cells
        book.facings.append([skin.onto(grid, first, new) for skin, grid, first, new
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

    def enter(self, grids: list[Box], firsts: list[tuple[Ints, ...]], links: list[tuple[Ints, Ints, Array]],
              meets: list["Meets"]) -> None:  # fmt: skip
        """One level: grids, how they become the next one, and links by segment."""
        size, level = self.sizes, []
        own, other, value, starts = [], [], [], []
        for grid, first, (one, two, over) in zip(grids, firsts, links, strict=True):
            n0, n1, n2 = grid.shape
            cuts = _cuts(first[1], n2)
            lines = first[1][cuts]
            parts = cuts.size - 1
            begins = []
            for axis, faces in enumerate(grid.g):
                table, at = _segments(faces, axis, lines)
                begins.append(size["at"])
                self.at.append(size["g"] + at)
                self.g.append(table.astype(np.float32).ravel())
                if not self.rows:
                    self.G.append(np.asarray(table, np.float64).ravel())
                size["at"] += at.size
                size["g"] += table.size
            rows = max(CHUNK * parts // (n1 * n2), 1)
            where = []
            for values in (*first, lines, cuts):
                where.append(size["first"])
                size["first"] += values.size
                self.first.append(values)
            level.append([n0, n1, n2, grid.base, *begins, size["row"] + sum(n.size for n in starts), *where[:3], rows,
                          -(-n0 * parts // rows), parts, *where[3:]])  # fmt: skip
            starts.append((grid.base + n2 * (n1 * np.arange(n0)[:, None] + lines[:-1])).ravel())
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

    def closed(self) -> Levels:
        """What the kernels read."""
        pull = np.concatenate(self.pull, axis=1)
        return Levels(
            grids=np.array(self.rows, dtype=np.int64), at=np.concatenate(self.at), g=np.concatenate(self.g),
            G=np.concatenate(self.G), lat=np.append(np.concatenate(self.lat), self.sizes["link"]),
            ends=np.ascontiguousarray(np.concatenate(self.ends, axis=1)), pull=pull.astype(np.float32),
            links=np.ascontiguousarray(self.pull[0]), first=np.concatenate(self.first),
            facings=self.facings, meetings=self.meetings, shares=self.shares)  # fmt: skip


def _cuts(first: Ints, n: int) -> Ints:
    """Which pairs of lines of `n` cells each segment of a plane begins with, and the number of pairs."""
    pairs = first.size - 1
    parts = min(max(round(int(first[-1]) * n / LENGTH), 1), pairs)
    return np.arange(parts + 1) * pairs // parts


def _segments(faces: NDArray, axis: int, lines: Ints) -> tuple[NDArray, Ints]:
    """The different segments of conductances (n, length), and where each one begins as the kernels look for it."""
    most = int(np.diff(lines).max())
    if most == 1:
        table, which = _unique(faces.reshape(-1, faces.shape[2]))
        at = which.reshape(faces.shape[:2]) * table.shape[1]
        return table, (np.stack([at[:, :-1], at[:, 1:]], axis=2) if axis == 1 else at).ravel()
    many = np.arange(most + (axis == 1))
    of = lines[:-1, None] + many
    inside = of < lines[1:, None] + (axis == 1)
    if axis == 2:
        faces = faces[:, :, :-1]
    n = faces.shape[2]
    length = of.shape[1] * n
    rows = np.zeros((faces.shape[0] * (lines.size - 1), length + (axis == 2)), faces.dtype)
    into = rows[:, :length].reshape(faces.shape[0], lines.size - 1, -1, n)
    np.multiply(faces[:, np.minimum(of, faces.shape[1] - 1)], inside[..., None], out=into)
    rows[:, :length] = into.reshape(-1, length)
    table, which = _unique(rows)
    at = which * table.shape[1]
    if table.size > faces.size:  # few repeat, and those side by side share their faces
        table = np.append(faces.ravel(), faces.dtype.type(0))
        at = (n * (faces.shape[1] * np.arange(faces.shape[0])[:, None] + lines[:-1])).ravel()
    return table, np.stack([at, at + n], axis=1).ravel() if axis == 1 else at


def _unique(rows: NDArray) -> tuple[NDArray, Ints]:
    """The different rows of conductances (rows, n), and which of them each row is."""
    rows = np.ascontiguousarray(rows)
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
