"""Edges and corners of shapes within cells: found where the distance kinks, and cut by the planes that meet there."""

import numpy as np
from numpy.typing import NDArray

from ..models import Part
from .kernels.corners import SPAN, clipped
from .surface import exactly, surfaces

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
KINK = 0.2  # by which slopes of the distance differ over a box that an edge passes
APART = 0.15  # between the normals of two planes that are told apart
PLANES = 8  # that meet in a box at most
SLACK = 0.03  # of a box by which the distance may differ from that to its planes
SNAP = 0.02  # of a box between a plane and a side that are taken for one
LOOKED = 60_000  # places of a surface of triangles that are looked at for edges


Marks = NDArray[np.bool_]


def kinked(phi: Array, widths: Array) -> tuple[Marks, Marks]:
    """Boxes (m, s, ...) of lattices (m, s + 1, ...) m of distance that an edge near the wall may pass, and those near.

    Parameters
    ----------
    widths : (active,) m
        Of the boxes.
    """
    active = len(widths)
    shape = tuple(n - 1 for n in phi.shape[1:])
    lowest, highest = np.full((active, len(phi), *shape), np.inf), np.full((active, len(phi), *shape), -np.inf)
    near = np.full((len(phi), *shape), np.inf)
    for corner in np.ndindex(*(2,) * active):
        part = phi[(slice(None), *(slice(c, n + c) for c, n in zip(corner, shape, strict=True)))]
        near = np.minimum(near, np.abs(part))
    for a in range(active):
        slope = np.diff(phi, axis=1 + a) / widths[a]
        for corner in np.ndindex(*(1 if b == a else 2 for b in range(active))):
            part = slope[(slice(None), *(slice(c, n + c) for c, n in zip(corner, shape, strict=True)))]
            lowest[a], highest[a] = np.minimum(lowest[a], part), np.maximum(highest[a], part)
    close = near < 0.51 * float(np.linalg.norm(widths))
    return ((highest - lowest).max(axis=0) > KINK) & close, close


def beside(kinks: Marks, near: Marks, cells: Ints) -> Marks:
    """Boxes (m, s, ...) of cells (m, 3) that are near the wall and kink, or lie beside one that does."""
    s, active = kinks.shape[1], kinks.ndim - 1
    place = np.argwhere(near)
    if not len(place) or not kinks.any():
        return kinks
    at = cells[place[:, 0], :active] * s + place[:, 1:]
    span = at.max(axis=0) - at.min(axis=0) + 3
    at -= at.min(axis=0) - 1
    key = np.ravel_multi_index(tuple(at.T), tuple(span))
    marked = at[kinks[tuple(place.T)]]
    around = np.stack(np.meshgrid(*[(-1, 0, 1)] * active, indexing="ij"), axis=-1).reshape(-1, active)
    wanted = np.unique(np.ravel_multi_index(tuple((marked[:, None] + around).reshape(-1, active).T), tuple(span)))
    out = np.zeros_like(kinks)
    out[tuple(place[np.isin(key, wanted)].T)] = True
    return out


def sharp(part: Part, origin: Array, spacing: Array, cells: Ints, boxes: Ints,
          s: int) -> tuple[Marks, Array, Ints, Array]:  # fmt: skip
    """Boxes (b, active) of cells (b, 3) that are s to a side, cut by the planes that the wall has in them.

    Returns
    -------
    understood : (b,) bool
        The planes meet in one edge or corner, raised or hollow; what follows is of those alone.
    moments : (k, 27) or (k, 9)
    owner : (n,) int
        Of the k, behind each piece of wall.
    corners : (n, 3, 3) or (n, 2, 2)
    """
    active = boxes.shape[1]
    none = (
        np.zeros(len(cells), dtype=bool),
        np.zeros((0, 3**active)),
        np.zeros(0, np.int64),
        np.zeros((0, active, active)),
    )
    if not len(cells) or (surfaces(part.shape) and len(cells) * 7 * 8 > LOOKED):
        return none
    low = -1.0 + 2.0 / s * boxes
    half, step, widths = 0.5 * spacing[:active], 2.0 / s, spacing[:active] / s
    share = np.stack(
        np.meshgrid(*[(0.0, 1.0) if active == 3 else (0.0, 0.5, 1.0)] * active, indexing="ij"), axis=-1
    ).reshape(-1, active)
    at = low[:, None] + step * share  # (b, q, active) in cells
    middle = (origin + spacing * (cells + 0.5))[:, None, :active]
    tiny = 1e-4 * float(spacing[:active].min()) / s

    def far(places: Array) -> Array:
        flat = places.reshape(-1, active)
        full = np.full((len(flat), 3), 0.5)
        full[:, :active] = flat
        return exactly(part.shape, full).reshape(places.shape[:-1])

    places = middle + half * at
    phi = far(places)
    g = np.stack([(far(places + tiny * e) - far(places - tiny * e)) / (2.0 * tiny) for e in np.eye(active)], axis=-1)
    use = np.abs(np.linalg.norm(g, axis=-1) - 1.0) < 0.01
    reach = phi - np.einsum("bqa,bqa->bq", g, places)
    straight = reach[:, :, None] + np.einsum("bqa,bra->bqr", g, places) - phi[:, None, :]  # of each sample at another
    straight *= use[:, :, None]
    above, below = np.maximum(straight, 0.0).sum(axis=(1, 2)), np.maximum(-straight, 0.0).sum(axis=(1, 2))
    hollow = above > below
    own = np.where(hollow[:, None], phi >= 0.0, phi <= 0.0)  # no rounded distances on this side of an edge
    planes = np.zeros((len(cells), PLANES, 4))
    best = np.where(hollow, np.inf, -np.inf)[:, None] * np.ones(phi.shape[1])
    used = np.zeros(len(cells), dtype=np.int64)
    every, left = np.arange(len(cells)), use.copy()
    for n in range(PLANES):
        pick = np.where(left, np.abs(phi) + np.where(own, 0.0, 1e9), np.inf).argmin(axis=1)
        some = left[every, pick]
        normal, flat = g[every, pick], straight[every, pick] + phi
        best = np.where(some[:, None], np.where(hollow[:, None], np.minimum(best, flat), np.maximum(best, flat)), best)
        planes[some, n, :active] = (normal * half)[some]
        planes[some, n, 3] = (phi[every, pick] - np.einsum("ba,ba->b", normal * half, at[every, pick]))[some]
        used += some
        left &= np.linalg.norm(g - normal[:, None], axis=-1) > APART
    missed = np.where(use & own, np.abs(best - phi), 0.0).max(axis=1)
    understood = (used > 0) & (missed < SLACK * float(widths.max()))
    hollow &= used > 1
    planes /= np.maximum(np.linalg.norm(planes[:, :, :3], axis=2, keepdims=True), 1e-300)
    planes[hollow] *= -1.0
    _snap(planes, low, step, share, np.abs(phi) < SNAP * float(widths.min()))
    k = int(understood.sum())
    full = np.full((k, 3), -1.0)
    full[:, :active] = low[understood]
    steps = np.full(3, 2.0)
    steps[:active] = step
    out, wall, count = np.zeros((k, 27)), np.zeros((k, PLANES, SPAN, 3)), np.zeros((k, PLANES), dtype=np.int64)
    clipped(full, steps, planes[understood], used[understood], hollow[understood], out, wall, count)
    if active == 2:
        out = 0.5 * out.reshape(k, 9, 3)[:, :, 0]
    return understood, out, *_walls(wall, count, planes[understood], hollow[understood], active)


def _snap(planes: Array, low: Array, step: float, share: Array, on: Marks) -> None:
    """Put planes (b, p, 4) that all but lie on a side of their box on it, so that boxes on both sides of it agree.

    A wall that bends away from a side is a plane of its own in each box, and would leave part of the side to neither.
    What is shared decides: whether the corners of a side, samples (b, q) at `share` (q, active), are `on` the wall.
    """
    active = low.shape[1]
    middle = low + 0.5 * step
    for a in range(active):
        others = [c for c in range(active) if c != a]
        corner = np.isin(share[:, others], (0.0, 1.0)).all(axis=1)
        for end in (0.0, 1.0):
            x = low[:, a] + end * step
            off = planes[:, :, 3] + planes[:, :, a] * x[:, None]
            off += sum(planes[:, :, c] * middle[:, None, c] for c in others)
            tilt = 0.5 * step * np.abs(planes[:, :, others]).sum(axis=2)
            flat = (np.abs(planes[:, :, a]) > 0.9) & (np.abs(off) + tilt < 4.0 * SNAP * step)
            flat &= on[:, corner & (share[:, a] == end)].all(axis=1)[:, None]
            side = np.sign(planes[:, :, a])
            planes[flat] = 0.0
            planes[flat, a] = side[flat]
            planes[flat, 3] = (-side * x[:, None])[flat]


def _walls(wall: Array, count: Ints, planes: Array, hollow: Marks, active: int) -> tuple[Ints, Array]:
    """Polygons (k, p, n, 3) as triangles, or of a section as lines, that look out of the solid; and their owners."""
    owners, found = [np.zeros(0, np.int64)], [np.zeros((0, active, active))]
    for n in range(3, SPAN + 1):
        some = np.argwhere(count == n)
        if not len(some):
            continue
        b, p = some.T
        polygon = wall[b, p, :n]
        out = planes[b, p, :3] * np.where(hollow[b], -1.0, 1.0)[:, None]
        if active == 2:
            along = np.stack([-out[:, 1], out[:, 0]], axis=1)  # with the solid on the left
            reach = np.einsum("bna,ba->bn", polygon[:, :, :2], along)
            every = np.arange(len(b))
            found.append(np.stack([polygon[every, pick(axis=1), :2] for pick in (reach.argmin, reach.argmax)], axis=1))
            owners.append(b)
        else:
            first = np.repeat(polygon[:, :1], n - 2, axis=1)
            fan = np.stack([first, polygon[:, 1:-1], polygon[:, 2:]], axis=2)
            turn = np.cross(fan[:, :, 1] - fan[:, :, 0], fan[:, :, 2] - fan[:, :, 0]).sum(axis=1)
            back = np.einsum("ba,ba->b", turn, out) < 0.0
            fan[back] = fan[back][:, :, [0, 2, 1]]
            found.append(fan.reshape(-1, 3, 3))
            owners.append(np.repeat(b, n - 2))
    return np.concatenate(owners), np.concatenate(found)
