"""Structures under load, packed small for a page: the outer surface, where it goes, and how much it is stressed."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from ..models.deformed import Deformed
from .surface import planes, squeeze, surface


def pack_deformed(several: Sequence[Deformed], room: int) -> dict[str, Any] | None:
    """What a page draws of load cases of one structure, or nothing where it takes more than `room` bytes."""
    first, skin = several[0], surface(several[0])
    rows = cKDTree(first.points).query(skin.points)[1] if len(skin.points) != len(first.points) else None
    used = np.arange(len(first.points)) if rows is None else rows
    _, local = np.unique(skin.cell, return_inverse=True)
    mesh = skin.points.astype("<f4").tobytes() + skin.quads.astype("<u4").tobytes() + local.astype("<u4").tobytes()
    cells = np.unique(skin.cell)
    values = {
        "moves": np.concatenate([one.displacement[used].ravel() for one in several]),
        "stress": np.concatenate([one.von_mises[used] for one in several]),
        "strength": np.concatenate([one.strength[used] for one in several]),
    }
    packed: dict[str, Any] = {name: squeeze(planes(held.astype("<f4"))) for name, held in values.items()}
    packed |= {"mesh": squeeze(mesh), "owner": squeeze(first.body[cells].astype("<u1").tobytes())}
    if sum(len(text) for text in packed.values()) > room:
        return None
    tree = cKDTree(skin.points)
    cases = []
    for one in several:
        utilised, strength = one.utilisation[used], one.strength[used]
        known = bool(np.isfinite(utilised).any())
        alike = known and float(np.ptp(strength)) <= 1e-3 * float(np.max(strength))
        cases.append({
            "name": one.case, "exaggeration": one.exaggeration(),
            "most": float(np.linalg.norm(one.displacement, axis=1).max()), "high": float(one.von_mises[used].max()),
            "utilised": float(np.nanmax(utilised)) if known else None,
            "strength": float(strength.min()) if alike else None,
            "spots": [{**asdict(spot), "point": int(tree.query(_flat(spot.place, skin.points))[1])}
                      for spot in one.spots],
        })  # fmt: skip
    return {**packed, "kind": "deformed", "points": len(skin.points), "quads": len(skin.quads), "cases": cases,
            "bodies": list(first.bodies), "metric": first.metric, "flat": first.corners.shape[1] == 4,
            "strong": bool(np.isfinite(values["strength"]).any())}  # fmt: skip


def _flat(place: Sequence[float], points: Any) -> Any:
    """A place (3,) m, in the plane that is drawn where an axis is not resolved."""
    return np.where(np.ptp(points, axis=0) > 0.0, np.asarray(place), points[0])
