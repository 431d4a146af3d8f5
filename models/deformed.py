"""A structure in one load case, as data for pictures: where it is, where it goes, and how much it is stressed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .cells import HEXAHEDRON, QUAD
from .digest import digest
from .errors import ModelError
from .hotspot import HotSpot

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

LAYOUT = "foretrial.deformed/1"
ROOT, STEPS = "VTKHDF", "VTKHDF/Steps"
_TO_VTK, _FROM_VTK = [0, 1, 2, 5, 3, 4], [0, 1, 2, 4, 5, 3]  # VTK has a tensor as xx yy zz xy yz xz


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Deformed:
    """A structure at rest under one load case; outer points lie on its walls, and each body has points of its own.

    Attributes
    ----------
    case : str
        Load case or combination.
    points : (np, 3) m
        Before it deforms.
    corners : (nc, 8) or (nc, 4) int
        Points of each hexahedron, or quadrilateral of a section, in VTK's order.
    body : (nc,) int
        Index into `bodies`.
    displacement : (np, 3) m
    stress : (np, 6) Pa
        xx yy zz yz zx xy at the points, one-sided at walls and between bodies.
    within : (nc, 6) Pa
        The same in the middle of the solid of each cell.
    strength : (np,) Pa
        Yield at the temperature there; NaN where the material states none.
    spots : tuple of HotSpot
        The worst places of this case, the worst first.
    metric : str
        "axisymmetric" sections lie in x = radius, y = axis.
    """

    case: str
    points: Array
    corners: Ints
    body: Ints
    bodies: tuple[str, ...]
    displacement: Array
    stress: Array
    within: Array
    strength: Array
    spots: tuple[HotSpot, ...] = ()
    metric: str = "cartesian"

    def __post_init__(self) -> None:
        n, m = len(self.points), len(self.corners)
        for name, shape in (("points", (n, 3)), ("displacement", (n, 3)), ("stress", (n, 6)), ("within", (m, 6)),
                            ("strength", (n,)), ("body", (m,))):  # fmt: skip
            given = getattr(self, name)
            held = np.array(given, dtype=np.int64 if name == "body" else np.float64)
            if held.shape != shape or (name != "strength" and not np.isfinite(held).all()):
                raise ModelError(
                    f"load case '{self.case}': {name} has shape {held.shape} with {int((~np.isfinite(held)).sum())} "
                    f"numbers that are not finite. A picture of {n} points and {m} cells has {shape}, all finite. "
                    "Solve the structure again."
                )
            held.setflags(write=False)
            object.__setattr__(self, name, held)
        if self.corners.ndim != 2 or self.corners.shape[1] not in (4, 8) or self.corners.max(initial=-1) >= n:
            raise ModelError(
                f"load case '{self.case}': cells {self.corners.shape} with points up to {self.corners.max(initial=-1)} "
                f"of {n}. Cells have 4 or 8 of the points. Correct them."
            )

    def deformed(self) -> "Deformed":
        """Itself: what is kept of a run is asked for its picture."""
        return self

    @property
    def kind(self) -> int:
        """VTK's number for the cells: 12 hexahedron, 9 quadrilateral."""
        return HEXAHEDRON if self.corners.shape[1] == 8 else QUAD

    @property
    def von_mises(self) -> Array:
        """(np,) Pa at the points."""
        return equivalent(self.stress)

    @property
    def utilisation(self) -> Array:
        """(np,) von Mises over yield; NaN where the material states none."""
        return np.asarray(self.von_mises / self.strength)

    def exaggeration(self, *, share: float = 0.08) -> float:
        """A round factor, 1, 2, 5, 10 ..., that makes the largest displacement about `share` of the largest extent.

        It is below 1 only where the part really moves farther than that.
        """
        most = float(np.linalg.norm(self.displacement, axis=1).max(initial=0.0))
        extent = float(np.ptp(self.points, axis=0).max(initial=0.0))
        if not most > 0.0 or not extent > 0.0:
            return 1.0
        wanted = share * extent / most
        ten = 10.0 ** np.floor(np.log10(wanted))
        return float(max(m * ten for m in (1.0, 2.0, 5.0) if m * ten <= wanted * (1.0 + 1e-9)))


class Drawn(Protocol):
    """Whatever a solver hands to `keep` that has a picture of a structure."""

    def deformed(self) -> Deformed:
        """The picture."""
        ...


def equivalent(stress: Array) -> Array:
    """Von Mises stress (n,) Pa of stresses (n, 6) Pa."""
    x, y, z = stress[:, 0], stress[:, 1], stress[:, 2]
    direct = (x - y) ** 2 + (y - z) ** 2 + (z - x) ** 2
    return np.asarray(np.sqrt(0.5 * direct + 3.0 * (stress[:, 3:] ** 2).sum(axis=1)))


def stored(several: Sequence[Deformed]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Arrays and attributes, by path, of a VTKHDF file whose steps are load cases.

    ParaView and pyvista see points and cells with `displacement` (m), `stress` (Pa: xx yy zz xy yz xz, VTK's order),
    `von Mises` (Pa) and `utilisation`; what they do not know stands at the root.

    Raises
    ------
    ModelError
        If there is no load case, two have one name, or they lie on different cells.
    """
    names = [one.case for one in several]
    if not several or len(set(names)) < len(names):
        raise ModelError(f"load cases {names} are no file. It holds one or more, each once. Keep one run in one file.")
    first = several[0]
    for one in several[1:]:
        if one.corners.shape != first.corners.shape or not np.array_equal(one.points, first.points):
            raise ModelError(
                f"load case '{one.case}' has {len(one.corners)} cells, '{first.case}' has {len(first.corners)} or has "
                "them elsewhere. One file holds one set of cells. Keep another grid in another file."
            )
    n, (m, wide), steps = len(first.points), first.corners.shape, len(several)
    at_points = {
        "displacement": [one.displacement for one in several],
        "stress": [one.stress[:, _TO_VTK] for one in several],
        "von Mises": [one.von_mises for one in several],
        "utilisation": [one.utilisation for one in several],
        "strength": [one.strength for one in several],
    }
    in_cells = {
        "stress": [one.within[:, _TO_VTK] for one in several],
        "von Mises": [equivalent(one.within) for one in several],
    }
    arrays: dict[str, Any] = {
        f"{ROOT}/NumberOfPoints": np.array([n]), f"{ROOT}/NumberOfCells": np.array([m]),
        f"{ROOT}/NumberOfConnectivityIds": np.array([m * wide]), f"{ROOT}/Points": first.points,
        f"{ROOT}/Connectivity": first.corners.ravel(), f"{ROOT}/Offsets": np.arange(0, m * wide + 1, wide),
        f"{ROOT}/Types": np.full(m, first.kind, dtype="<u1"), f"{ROOT}/CellData/body": first.body.astype("<i4"),
        f"{STEPS}/Values": np.arange(steps, dtype=float), f"{STEPS}/NumberOfParts": np.ones(steps, dtype="<i8"),
        f"{STEPS}/CellDataOffsets/body": np.zeros(steps, dtype="<i8"),
    }  # fmt: skip
    for name in ("PartOffsets", "PointOffsets", "CellOffsets", "ConnectivityIdOffsets"):
        flat = (steps, 1) if name in ("CellOffsets", "ConnectivityIdOffsets") else (steps,)
        arrays[f"{STEPS}/{name}"] = np.zeros(flat, dtype="<i8")
    for room, held, size in (("PointData", at_points, n), ("CellData", in_cells, m)):
        for name, values in held.items():
            arrays[f"{ROOT}/{room}/{name}"] = np.concatenate(values).astype("<f4")
            arrays[f"{STEPS}/{room}Offsets/{name}"] = np.arange(steps, dtype="<i8") * size
    spots = json.dumps([[asdict(spot) for spot in one.spots] for one in several])
    attrs: dict[str, dict[str, Any]] = {
        "": {"layout": LAYOUT, "unit": "Pa", "metric": first.metric, "bodies": list(first.bodies), "cases": names,
             "spots": spots, "digest": digest(tuple(several))},
        ROOT: {"Version": np.array([2, 2]), "Type": b"UnstructuredGrid"},
        STEPS: {"NSteps": steps},
    }  # fmt: skip
    return arrays, attrs


def restored(arrays: Mapping[str, Any], attrs: Mapping[str, Mapping[str, Any]]) -> tuple[Deformed, ...]:
    """The load cases that `stored` laid out, to single precision."""
    root = attrs[""]
    points, body = arrays[f"{ROOT}/Points"], arrays[f"{ROOT}/CellData/body"]
    n, m = len(points), len(body)
    corners = arrays[f"{ROOT}/Connectivity"].reshape(m, -1)
    found = []
    for k, (case, spots) in enumerate(zip(root["cases"], json.loads(str(root["spots"])), strict=True)):
        own = {name: arrays[f"{ROOT}/PointData/{name}"][k * n : (k + 1) * n] for name in
               ("displacement", "stress", "strength")}  # fmt: skip
        within = arrays[f"{ROOT}/CellData/stress"][k * m : (k + 1) * m]
        found.append(Deformed(case=case, points=points, corners=corners, body=body, bodies=tuple(root["bodies"]),
                              displacement=own["displacement"], stress=own["stress"][:, _FROM_VTK],
                              within=within[:, _FROM_VTK], strength=own["strength"],
                              spots=tuple(HotSpot(**{**spot, "place": tuple(spot["place"])}) for spot in spots),
                              metric=str(root["metric"])))  # fmt: skip
    return tuple(found)
