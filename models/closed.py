"""Triangles from anywhere become a closed surface, or an error that says where they are none."""

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from .errors import ModelError, SurfaceError
from .nearest import blocks, turns
from .surface import Surface
from .units import factor

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
SNAP = 1e-6  # of the extent: how far the two sides of a slit may lie apart and still be one edge
THIN = 1e-7  # of the extent: a shell thinner than this encloses nothing
SIZES = (1e-5, 1e3)  # m; a part beyond is a unit mistake


def closed(name: str, points: Array, triangles: Ints, solid: Ints, solids: Sequence[str], *,
           unit: str | None) -> Surface:  # fmt: skip
    """The surface of triangles (nt, 3) that name `points` (np, 3) in `unit`; corners at one place are merged.

    Parameters
    ----------
    name : str
        What the errors call it.
    solid : (nt,) int
        Index into `solids` of each triangle.
    unit : str or None
        Of length, such as "mm"; asked for, never guessed.

    Raises
    ------
    ModelError
        If the unit is missing, is no length, or makes the part longer than 1 km or shorter than 10 um.
    SurfaceError
        If the triangles leave an edge open, meet at an edge by more than two, face opposite ways, are inside out, have
        a shell that faces the wrong way, or enclose nothing.
    """
    if len(triangles) == 0:
        raise ModelError(f"{name} holds no triangle. A surface has four or more. Export the part again, as a body.")
    extent = np.ptp(points[triangles.ravel()], axis=0)
    scale = _scale(name, unit, extent)
    assert unit is not None
    told = _Told(name, unit, scale)
    points, triangles, solid, mended = _merged(np.asarray(points, dtype=np.float64) * scale, triangles, solid)
    held = Surface(points=points, triangles=triangles, solid=solid, solids=tuple(solids), mended=mended)
    if not (extent > 0.0).all():
        raise told.error(
            f"is flat: its extent is {_times(extent)} {unit}, with {len(triangles)} triangles", held, points[:1],
            "A part has an extent on every axis. Export a solid body, not a sheet."
        )  # fmt: skip
    edges = _Edges(held.triangles)
    if (edges.count == 1).any():
        held, edges = _snapped(held, edges)
    _refuse_edges(told, held, edges)
    _refuse_shells(told, held, edges)
    return held


def _scale(name: str, unit: str | None, extent: Array) -> float:
    """Metres in one `unit`."""
    if unit is None:
        raise ModelError(
            f"{name}: no unit of length is given. Its extent is {_times(extent)}: read as mm that is "
            f"{_times(extent * 1e-3)} m, read as m {_times(extent)} m. Pass unit='mm', unit='m' or another."
        )
    try:
        scale, _ = factor(unit, "m")
    except ModelError as cause:
        raise ModelError(f"{name}: {cause}") from cause
    size = float(extent.max()) * scale
    if size > 0.0 and not SIZES[0] <= size <= SIZES[1]:
        raise ModelError(
            f"{name}: its extent of {_times(extent)} {unit} is {size:.3g} m. A part is between {SIZES[0]:g} and "
            f"{SIZES[1]:g} m long. Correct the unit."
        )
    return scale


class _Told:
    """Errors in the unit of the file."""

    def __init__(self, name: str, unit: str, scale: float) -> None:
        self.name, self.unit, self.scale = name, unit, scale

    def error(self, what: str, surface: Surface, places: Array, then: str) -> SurfaceError:
        own = f"{_place(places[0] / self.scale)} {self.unit}"
        also = "" if self.unit == "mm" else f" = {_place(places[0] * 1e3)} mm"
        more = f" and {len(places) - 1} more" if len(places) > 1 else ""
        return SurfaceError(f"{self.name} {what}, at {own}{also}{more}. {then}", surface=surface, places=places)

    def volume(self, volume: float) -> str:
        return f"{volume / self.scale**3:.4g} {self.unit}3"


def _edges(which: NDArray[np.bool_]) -> str:
    count = int(which.sum())
    return f"{count} edge{'s' * (count > 1)}"


def _place(place: Array) -> str:
    return f"({', '.join(f'{float(c) + 0.0:.6g}' for c in place)})"


def _times(extent: Array) -> str:
    return " x ".join(f"{float(c):.6g}" for c in extent)


def _merged(points: Array, triangles: Ints, solid: Ints) -> tuple[Array, Ints, Ints, tuple[str, ...]]:
    """Points at exactly one place become one, in order of first use; triangles between fewer than three are dropped."""
    used = points[triangles.ravel()] + 0.0  # no -0.0
    same = _groups(used.view(np.uint64).reshape(-1, 3), used)
    count = int(same.max(initial=-1)) + 1
    first = np.full(count, len(used), dtype=np.int64)
    np.minimum.at(first, same, np.arange(len(used)))
    rank = np.empty(count, dtype=np.int64)
    order = np.argsort(first)
    rank[order] = np.arange(count)
    return _without_collapsed(used[first[order]], rank[same].reshape(-1, 3), solid, ())


def _groups(bits: NDArray[np.uint64], rows: Array | None = None) -> Ints:
    """One number for each kind of row of three integers."""
    mixed = bits[:, 0] * np.uint64(0x9E3779B97F4A7C15)
    for column, odd in ((1, 0xBF58476D1CE4E5B9), (2, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(29)) ^ bits[:, column]) * np.uint64(odd)
    _, first, same = np.unique(mixed, return_index=True, return_inverse=True)
    whole = bits if rows is None else rows
    if not (whole == whole[first][same]).all():  # two kinds of rows were mixed to one number
        _, same = np.unique(whole, axis=0, return_inverse=True)
    return np.asarray(same, dtype=np.int64).ravel()


def _without_collapsed(points: Array, triangles: Ints, solid: Ints, mended: tuple[str, ...]
                       ) -> tuple[Array, Ints, Ints, tuple[str, ...]]:  # fmt: skip
    a, b, c = triangles.T
    whole = (a != b) & (b != c) & (c != a)
    if whole.all():
        return points, triangles, solid, mended
    gone = int((~whole).sum())
    said = f"{gone} triangle{'s' * (gone > 1)} with two corners at one place left out"
    return points, triangles[whole], solid[whole], (*mended, said)


class _Edges:
    """Edges of triangles (nt, 3): `ends` (ne, 2), how many triangles meet (`count`), and which, in `sides`."""

    def __init__(self, triangles: Ints) -> None:
        begin, end = triangles.ravel(), np.roll(triangles, -1, axis=1).ravel()
        low, high = np.minimum(begin, end), np.maximum(begin, end)
        base = int(triangles.max(initial=0)) + 1
        key = low * base + high
        order = np.argsort(key)
        key = key[order]
        self.starts = np.flatnonzero(np.diff(key, prepend=-1))
        self.count = np.diff(self.starts, append=len(key))
        self.ends = np.stack([key[self.starts] // base, key[self.starts] % base], axis=1)
        self.sides = order // 3
        self.forward = (begin < end)[order]

    def middles(self, points: Array, which: NDArray[np.bool_]) -> Array:
        """(n, 3) m of the edges chosen."""
        return np.asarray(points[self.ends[which]].mean(axis=1))

    def pairs(self) -> tuple[Ints, Ints]:
        """The two triangles at each edge, where there are two."""
        return self.sides[self.starts], self.sides[self.starts + 1]


def _snapped(surface: Surface, edges: _Edges) -> tuple[Surface, _Edges]:
    """The surface with the two sides of its slits merged where that closes all of them; else as it was."""
    points = surface.points
    rim = np.unique(edges.ends[edges.count == 1])
    step = SNAP * float(np.ptp(points, axis=0).max())
    one, two = [], []
    for shift in product((0.0, 0.5), repeat=3):  # two points near each other share a cell of one of eight grids
        cell = np.floor((points[rim] - points.min(axis=0)) / step + shift).astype(np.uint64)
        same = _groups(cell)
        first = np.zeros(len(rim), dtype=np.int64)
        first[same[::-1]] = rim[::-1]
        one.append(rim)
        two.append(first[same])
    label = _joined(len(points), np.concatenate(one), np.concatenate(two))
    kept, triangles = np.unique(label[surface.triangles], return_inverse=True)
    said = f"{len(points) - len(kept)} corners at open edges merged with others within {2e3 * step:.2g} mm"
    points, triangles, solid, mended = _without_collapsed(
        points[kept], triangles.reshape(-1, 3), surface.solid, (*surface.mended, said))  # fmt: skip
    tried = _Edges(triangles)
    if len(triangles) == 0 or (tried.count == 1).any():
        return surface, edges
    return Surface(points=points, triangles=triangles, solid=solid, solids=surface.solids, mended=mended), tried


def _joined(count: int, one: Ints, two: Ints) -> Ints:
    """The least of the numbers below `count` that each is joined to by pairs, over any way."""
    label = np.arange(count)
    while len(one):
        a, b = label[one], label[two]
        apart = a != b
        one, two, a, b = one[apart], two[apart], a[apart], b[apart]
        np.minimum.at(label, np.maximum(a, b), np.minimum(a, b))
        while not np.array_equal(shorter := label[label], label):
            label = shorter
    return label


def _refuse_edges(told: _Told, surface: Surface, edges: _Edges) -> None:
    if (loose := edges.count == 1).any():
        raise told.error(
            f"is not closed: {_edges(loose)} with one triangle alone", surface,
            edges.middles(surface.points, loose),
            "Every edge of a part joins two triangles. Close the gap where the surface is made, or export a whole body."
        )  # fmt: skip
    if (many := edges.count > 2).any():
        raise told.error(
            f"has {_edges(many)} where {int(edges.count.max())} triangles meet", surface,
            edges.middles(surface.points, many),
            "Every edge of a part joins two triangles; four meet where two solids touch, or where a face lies twice. "
            "Join the solids to one body, or export each into a file of its own."
        )  # fmt: skip
    odd = edges.forward[edges.starts] == edges.forward[edges.starts + 1]
    if odd.any():
        raise told.error(
            f"has {_edges(odd)} whose two triangles face opposite ways", surface,
            edges.middles(surface.points, odd),
            "All triangles are seen anticlockwise from outside. Make the normals agree where the surface is made."
        )  # fmt: skip


def _refuse_shells(told: _Told, surface: Surface, edges: _Edges) -> None:
    """Each connected shell encloses volume; it faces outward, or inward where it lies inside another."""
    corners = surface.points[surface.triangles]
    label = _joined(len(corners), *edges.pairs())
    _, shell = np.unique(label, return_inverse=True)
    shells = int(shell.max()) + 1
    local = corners - surface.points.mean(axis=0)
    twice = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = 0.5 * np.linalg.norm(twice, axis=1)
    volume = np.bincount(shell, np.einsum("ni,ni->n", local[:, 0], twice) / 6.0, shells)
    order = np.lexsort((area, shell))
    largest = order[np.flatnonzero(np.diff(shell[order], append=shells))]  # triangle of each shell
    places = corners[largest].mean(axis=1)
    flat = np.abs(volume) <= THIN * float(np.ptp(surface.points, axis=0).max()) * np.bincount(shell, area, shells)
    if flat.any():
        worst = int(np.flatnonzero(flat)[0])
        raise told.error(
            f"encloses nothing in {int(flat.sum())} of {shells} shells ({told.volume(abs(volume[worst]))})",
            surface, places[flat], "A shell has an inside. Give the sheet a thickness, or remove it."
        )  # fmt: skip
    depth = _depths(surface, shell, places, np.sign(volume))
    if (out := (depth % 2 == 0) & (volume < 0.0)).any():
        worst = int(np.flatnonzero(out)[np.argmin(volume[out])])
        raise told.error(
            f"is inside out: {int(out.sum())} of {shells} shells with the volume {told.volume(volume[worst])}",
            surface, places[np.concatenate([[worst], np.setdiff1d(np.flatnonzero(out), worst)])],
            "Triangles are seen anticlockwise from outside, and the volume is above zero. Turn the normals round where "
            "the surface is made."
        )  # fmt: skip
    if (wrong := (depth % 2 == 1) & (volume > 0.0)).any():
        raise told.error(
            f"has {int(wrong.sum())} of {shells} shells inside another and facing outward", surface, places[wrong],
            "A shell inside another is a cavity and faces inward. Turn its normals round, or remove it."
        )  # fmt: skip


def _depths(surface: Surface, shell: Ints, places: Array, sign: Array) -> Ints:
    """How many other shells each shell lies in, (shells,)."""
    if len(places) == 1:
        return np.zeros(1, dtype=np.int64)
    row, triangle, turn = turns(blocks(surface.points, surface.triangles), places)
    other = shell[triangle]
    row, other, turn = row[row != other], other[row != other], turn[row != other]
    pair, back = np.unique(row * len(places) + other, return_inverse=True)
    inside = np.bincount(back, turn, len(pair)) * sign[pair % len(places)] > 0.5
    return np.bincount(pair[inside] // len(places), minlength=len(places))
