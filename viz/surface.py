"""The outer surface of a field file, packed small: what a page needs to draw a part and to be probed."""

import base64
import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..models.deformed import Deformed
from ..models.fieldfile import FieldFile

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

# Outward faces of a hexahedron in VTK's order.
_FACES = ((0, 4, 7, 3), (1, 2, 6, 5), (0, 1, 5, 4), (3, 7, 6, 2), (0, 3, 2, 1), (4, 5, 6, 7))
THICKNESS = 0.06  # of its length: how wide a one-dimensional part is drawn


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surface:
    """Quadrilaterals and the cell behind each.

    Attributes
    ----------
    points : (np, 3) m
    quads : (nq, 4) int
        Counter-clockwise seen from outside.
    cell : (nq,) int
        Index of the cell that a quadrilateral belongs to.
    """

    points: Array
    quads: Ints
    cell: Ints


def surface(fields: FieldFile | Deformed) -> Surface:
    """Faces that only one cell has; a section's own cells; a strip along a line."""
    corners, points = fields.corners, fields.points
    if corners.shape[1] == 4:
        return _used(points, corners, np.arange(len(corners)))
    if corners.shape[1] == 2:
        along = points[corners[:, 1]] - points[corners[:, 0]]
        length = float(np.ptp(points, axis=0).max())
        across = np.array([0.0, 1.0, 0.0]) if abs(along[0, 1]) < abs(along[0]).max() else np.array([1.0, 0.0, 0.0])
        half = 0.5 * THICKNESS * length * across
        lifted = np.concatenate([points - half, points + half])
        n = len(points)
        return _used(lifted, np.column_stack([corners, corners[:, ::-1] + n]), np.arange(len(corners)))
    quads = corners[:, np.array(_FACES)].reshape(-1, 4)
    _, first, count = np.unique(np.sort(quads, axis=1), axis=0, return_index=True, return_counts=True)
    keep = np.sort(first[count == 1])
    return _used(points, quads[keep], keep // len(_FACES))


def _used(points: Array, quads: Ints, cell: Ints) -> Surface:
    used, local = np.unique(quads, return_inverse=True)
    return Surface(points=points[used], quads=local.reshape(quads.shape), cell=cell)


def pack(fields: FieldFile, probes: Sequence[Any], room: int) -> dict[str, Any] | None:
    """The surface with its values as plain data, at most `room` characters; None if the surface alone is larger.

    Moments are left out evenly, first and last kept, until it fits. Values are the stored float32 themselves.

    Parameters
    ----------
    probes : sequence of mappings
        `name` and `place` (3,) m; each gets the stored values of the cell around it.
    """
    skin = surface(fields)
    cells, local = np.unique(skin.cell, return_inverse=True)
    mesh = skin.points.astype("<f4").tobytes() + skin.quads.astype("<u4").tobytes() + local.astype("<u4").tobytes()
    fixed = squeeze(mesh)
    if len(fixed) > room:
        return None
    found = np.array([_nearest(fields, probe["place"]) for probe in probes], dtype=int)
    steps = fields.times.size
    skinned = np.empty((steps, cells.size), dtype="<f4")
    probed, low, high = np.empty((steps, len(found)), dtype="<f4"), np.inf, -np.inf
    for step in range(steps):
        moment = fields.values(step)
        skinned[step], probed[step] = moment[cells], moment[found]
        low, high = min(low, float(np.nanmin(moment))), max(high, float(np.nanmax(moment)))
    shown = np.arange(steps)
    while True:
        values = skinned[shown]
        packed = squeeze(planes(values))
        if len(fixed) + len(packed) <= room or shown.size <= 2:
            break
        shown = np.unique(np.linspace(0, steps - 1, max(2, (shown.size + 1) // 2)).round().astype(int))
    if len(fixed) + len(packed) > room:
        return None
    return {
        "mesh": fixed, "values": packed, "points": len(skin.points), "quads": len(skin.quads), "cells": cells.size,
        "ids": squeeze(cells.astype("<u4").tobytes()), "owner": squeeze(fields.body[cells].astype("<u1").tobytes()),
        "centres": squeeze(fields.centres[cells].astype("<f4").tobytes()), "bodies": list(fields.bodies),
        "low": low, "high": high,
        "times": [float(fields.times[step]) for step in shown], "kept": steps, "metric": fields.metric,
        "flat": fields.corners.shape[1] < 8, "complete": fields.complete,
        "probes": [{"name": str(probe["name"]), "place": [float(x) for x in probe["place"]], "cell": int(cell),
                    "values": probed[shown, k].astype(float).tolist()}
                   for k, (probe, cell) in enumerate(zip(probes, found, strict=True))],
    }  # fmt: skip


def _nearest(fields: FieldFile, place: Sequence[float]) -> int:
    """The cell whose centre is nearest, axes that the field does not resolve left aside."""
    resolved = np.ptp(fields.points, axis=0) > 0
    off = (fields.centres - np.asarray(place, dtype=float)) * resolved
    return int(np.argmin((off**2).sum(axis=1)))


def planes(values: NDArray[np.float32]) -> bytes:
    """Bytes of equal weight side by side: the same numbers, a smaller file."""
    return values.view(np.uint8).reshape(-1, 4).T.tobytes()


def squeeze(raw: bytes) -> str:
    """Bytes as text that a page unpacks."""
    return base64.b64encode(gzip.compress(raw, 9, mtime=0)).decode("ascii")
