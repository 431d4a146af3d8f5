"""Which triangle is nearest to a place, and how often the surface goes round it: exact, in NumPy, for few places.

Triangles are sorted along a space-filling curve into blocks, whose boxes say which blocks a place need not look at.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .surface import Surface

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
BLOCK = 64  # triangles
PAIRS = 1_000_000  # of places and triangles looked at together: about 0.3 GB


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Blocks:
    """Triangles of `points` (np, 3) in order: block n holds `triangles[BLOCK n : BLOCK (n + 1)]` within its box.

    Attributes
    ----------
    triangles : (nt, 3) int
        Rows of `points`.
    origin : (nt,) int
        Which triangle each one was.
    low, high : (nb, 3) m
        Corners of the boxes.
    middle, reach : (nt, 3) and (nt,) m
        A ball around each triangle.
    """

    points: Array
    triangles: Ints
    origin: Ints
    low: Array
    high: Array
    middle: Array
    reach: Array


def blocks(points: Array, triangles: Ints) -> Blocks:
    """The same triangles in blocks of what lies together and is alike in size."""
    corners = points[triangles]
    low, high = corners.min(axis=1), corners.max(axis=1)
    least = low.min(axis=0)
    span = max(float((high.max(axis=0) - least).max()), np.finfo(float).tiny)
    bits = np.clip((0.5 * (low + high) - least) / span * 1023.0, 0.0, 1023.0).astype(np.int64)
    for shift, mask in ((16, 0x30000FF), (8, 0x300F00F), (4, 0x30C30C3), (2, 0x9249249)):
        bits = (bits | (bits << shift)) & mask
    curve = bits[:, 0] | (bits[:, 1] << 1) | (bits[:, 2] << 2)
    size = np.floor(0.5 * np.log2(np.maximum((high - low).max(axis=1) / span, 1e-9)))
    order = np.lexsort((curve, size))
    starts = np.arange(0, len(order), BLOCK)
    middle = 0.5 * (low + high)[order]
    reach = np.sqrt(((corners[order] - middle[:, None]) ** 2).sum(axis=2).max(axis=1)) * (1.0 + 1e-9)
    low, high = np.minimum.reduceat(low[order], starts), np.maximum.reduceat(high[order], starts)
    return Blocks(points=points, triangles=triangles[order], origin=order, low=low, high=high,
                  middle=middle, reach=reach)  # fmt: skip


def turns(held: Blocks, places: Array) -> tuple[Ints, Ints, Ints]:
    """The triangles that a ray from each place (n, 3) along +x goes through: rows of `places`, triangles, and turns.

    A turn is 1 where the ray leaves, -1 where it enters; their sum over a closed surface is how often it goes round
    the place. Edges are crossed at one point, computed once for both of their triangles, so that nothing falls
    between them wherever the ray runs.
    """
    found = []
    near = (held.low[:, 1:], held.high[:, 1:], held.high[:, 0])
    for rows in _slices(len(places), max(PAIRS // len(held.low), 1)):
        p = places[rows]
        over = ((near[0] <= p[:, None, 1:]) & (near[1] >= p[:, None, 1:])).all(axis=2) & (near[2] >= p[:, :1])
        for row, one in _within(held, over):
            hit, turn = _crossed(held, one, p[row])
            found.append((row[hit] + rows.start, held.origin[one[hit]], turn))
    row, triangle, turn = (np.concatenate(c) for c in zip(*found, strict=True)) if found else (np.zeros(0, int),) * 3
    return row.astype(np.int64), triangle.astype(np.int64), turn.astype(np.int64)


def _crossed(held: Blocks, one: Ints, p: Array) -> tuple[NDArray[np.bool_], Ints]:
    """Which pairs cross, and the turns of those: triangles are cut at the height of the place, then the cut lines."""
    corner = held.triangles[one]
    above = held.points[corner, 1] > p[:, 1:2]
    count = above.sum(axis=1)
    hit = (count == 1) | (count == 2)
    corner, above, p = corner[hit], above[hit], p[hit]
    single = above.sum(axis=1) == 1
    odd = np.argmax(above == single[:, None], axis=1)  # the corner on a side of its own
    rows = np.arange(len(odd))
    apex = corner[rows, odd]
    ends = [_cut(held.points, apex, corner[rows, (odd + step) % 3], p[:, 1]) for step in (1, 2)]
    ahead = np.where(single[:, None], ends[1], ends[0])
    behind = np.where(single[:, None], ends[0], ends[1])
    rises = behind[:, 0] > p[:, 2]
    crosses = (ahead[:, 0] > p[:, 2]) != rises
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (p[:, 2] - ahead[:, 0]) / (behind[:, 0] - ahead[:, 0])
        crosses &= ahead[:, 1] + t * (behind[:, 1] - ahead[:, 1]) > p[:, 0]
    hit[hit] = crosses
    return hit, np.where(rises[crosses], 1, -1)


def _cut(points: Array, one: Ints, two: Ints, y: Array) -> Array:
    """(n, 2) z and x where edges cross the height `y`, the same whichever way the edge is run through."""
    a, b = points[np.minimum(one, two)], points[np.maximum(one, two)]
    t = (y - a[:, 1]) / (b[:, 1] - a[:, 1])
    return np.asarray(a[:, [2, 0]] + t[:, None] * (b - a)[:, [2, 0]])


def nearest(held: Blocks, places: Array) -> tuple[Array, Ints]:
    """Distance (n,) m from places (n, 3) to the surface, without sign, and the triangle (n,) that is nearest."""
    far, which = np.full(len(places), np.inf), np.zeros(len(places), dtype=np.int64)
    for rows in _slices(len(places), max(PAIRS // (4 * len(held.low)), 1)):
        p = places[rows]
        least = np.zeros((len(p), len(held.low)))  # squared, to the boxes
        for a in range(3):
            c = p[:, a : a + 1]
            least += np.maximum(np.maximum(held.low[:, a] - c, c - held.high[:, a]), 0.0) ** 2
        first = np.zeros(least.shape, dtype=bool)
        first[np.arange(len(p)), least.argmin(axis=1)] = True
        bound = np.full(len(p), np.inf)
        for row, one in _within(held, first):
            starts, _, most = _reach(held, p, row, one)
            bound[row[starts]] = np.minimum.reduceat(most, starts)
        for row, one in _within(held, least <= (bound * bound * (1.0 + 1e-9))[:, None]):
            starts, least_of, most = _reach(held, p, row, one)
            close = least_of <= np.minimum.reduceat(most, starts)[np.searchsorted(row[starts], row)]
            row, one = row[close], one[close]
            square = _square(held.points[held.triangles[one]], p[row])
            order = np.lexsort((held.origin[one], square, row))
            best = order[np.flatnonzero(np.diff(row[order], prepend=-1))]
            far[rows][row[best]] = np.sqrt(square[best])
            which[rows][row[best]] = held.origin[one[best]]
    return far, which


def _reach(held: Blocks, p: Array, row: Ints, one: Ints) -> tuple[Ints, Array, Array]:
    """Where the pairs of each row start, and the least and most that each triangle may be away."""
    far = np.sqrt(((held.middle[one] - p[row]) ** 2).sum(axis=1))
    reach = held.reach[one] + 1e-9 * far
    return np.flatnonzero(np.diff(row, prepend=-1)), far - reach, far + reach


def _square(corner: Array, p: Array) -> Array:
    """Squared distance of each place to its triangle, (n, 3, 3) corners; a triangle without area is its edges."""
    edge = np.roll(corner, -1, axis=1) - corner
    to = p[:, None, :] - corner
    length = np.einsum("nij,nij->ni", edge, edge)
    t = np.clip(np.einsum("nij,nij->ni", to, edge) / np.where(length > 0.0, length, 1.0), 0.0, 1.0)
    away = to - t[:, :, None] * edge
    square = np.einsum("nij,nij->ni", away, away).min(axis=1)
    normal = np.cross(edge[:, 0], edge[:, 1])
    size = np.einsum("ni,ni->n", normal, normal)
    over = (np.einsum("nij,nij->ni", np.cross(normal[:, None, :], edge), to) >= 0.0).all(axis=1) & (size > 0.0)
    flat = np.einsum("ni,ni->n", to[:, 0], normal) ** 2 / np.where(size > 0.0, size, 1.0)
    return np.asarray(np.where(over, flat, square))


def _slices(count: int, step: int) -> Iterator[slice]:
    return (slice(n, min(n + step, count)) for n in range(0, count, step))


def _within(held: Blocks, chosen: NDArray[np.bool_]) -> Iterator[tuple[Ints, Ints]]:
    """Rows and triangles (sorted by row, whole rows) of the chosen blocks (rows, nb), some pairs at a time."""
    row, block = np.nonzero(chosen)
    stops = np.searchsorted(row, np.arange(len(chosen) + 1))
    begin = 0
    while begin < len(chosen):
        end = int(np.searchsorted(stops, stops[begin] + PAIRS // BLOCK, side="right")) - 1
        end = min(max(end, begin + 1), len(chosen))
        part = slice(int(stops[begin]), int(stops[end]))
        if part.stop > part.start:
            one = (block[part][:, None] * BLOCK + np.arange(BLOCK)).ravel()
            real = one < len(held.triangles)
            yield np.repeat(row[part], BLOCK)[real], one[real]
        begin = end


@lru_cache(maxsize=8)
def _blocks_of(surface: Surface) -> Blocks:
    return blocks(surface.points, surface.triangles)


def distance(surface: Surface, places: Array) -> Array:
    """Signed distance (n,) m of places (n, 3) from a closed surface, negative inside; exact.

    References
    ----------
    Hormann and Agathos, The point in polygon problem for arbitrary polygons, Computational Geometry 20 (2001):
    the rule by which edges through a ray count once, here on the line that a plane through the place cuts.
    """
    held = _blocks_of(surface)
    row, _, turn = turns(held, places)
    far, _ = nearest(held, places)
    return np.where(np.bincount(row, turn, len(places)) > 0.5, -far, far)


def solids_at(surface: Surface, places: Array) -> tuple[Array, Ints]:
    """Distance (n,) m without sign, and the index (n,) into `surface.solids` of the triangle nearest to each place."""
    far, which = nearest(_blocks_of(surface), places)
    return far, surface.solid[which]
