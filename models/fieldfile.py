"""The door for h5py on this floor: fields as VTKHDF files, written while a run goes on and read step by step.

The file is an UnstructuredGrid with a Steps group (VTK file formats, "VTKHDF", version 2): static solid cells once, one
slice of `temperature` a step. VTK, ParaView and pyvista read it as it is; what they do not know stands at the root.
A structure is laid out by deformed.py: a step is a load case.
"""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from .cells import HEXAHEDRON, LINE, QUAD, Cells, cells_of
from .checkpoint import Checkpoint
from .deformed import LAYOUT as DEFORMED
from .deformed import Deformed, Drawn, restored, stored
from .digest import digest as content
from .errors import Cancelled, ModelError, SolveError
from .history import Frame

Array = NDArray[np.float64]
Single = NDArray[np.float32]
Ints = NDArray[np.int64]

LAYOUT = "foretrial.fields/1"
MOMENT = "foretrial.checkpoint/1"
FIELD = "temperature"
_STEPS = ("Values", "PartOffsets", "NumberOfParts", "PointOffsets", "CellOffsets", "ConnectivityIdOffsets")


class FieldWriter:
    """What a solver's `keep=` can be handed: each frame becomes a step of one VTKHDF file, flushed at once.

    The file grows under a temporary name beside `path` and takes its own name when it is closed, by `with` or by
    `close`; a run that is broken off keeps the steps it has, marked as not complete. Cells whose material is laid down
    later are in the file from the start, with NaN until then. Of a structure, every load case becomes a step, and the
    file is written when it is closed.

    Parameters
    ----------
    path : Path or str
        Where the file will be, such as `fields.vtkhdf`; replaced if it is there.

    Raises
    ------
    SolveError
        When called: a temperature that is not finite, time that runs backwards, or cells that changed.
    ModelError
        If the folder does not exist, or the writer is closed.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        if not self.path.parent.is_dir():
            raise ModelError(
                f"{self.path}: there is no folder {self.path.parent}. A field file needs one. "
                "Make it, or correct the path."
            )
        self._part = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")
        self._file: Any = None
        self._cells: Cells | None = None
        self._done: tuple[int, float, Any] = (0, float("-inf"), None)  # steps, last time, hash: one assignment a step
        self._closed = False
        self._cases: list[Deformed] = []

    def __call__(self, frame: Frame | Drawn) -> None:
        """Append one moment, or load case; a moment that is already there is not written twice."""
        if self._closed:
            raise ModelError(f"{self.path.name} is closed. Frames go to an open file. Make a new FieldWriter.")
        if not isinstance(frame, Frame):
            self._cases.append(frame.deformed())
            return
        last = self._done[1]
        if frame.t == last:
            return
        if not np.isfinite(frame.t) or frame.t < last:
            raise SolveError(
                f"{self.path.name}: a frame at t = {frame.t:g} s follows one at {last:g} s. Time runs forward. "
                "Keep one run in one file."
            )
        if self._cells is None:
            self._begin(cells_of(frame if frame.ever is None else replace(frame, solid=frame.ever)))
        cells = self._cells
        assert cells is not None
        self._refuse_other_cells(frame, cells)
        ever = frame.solid if frame.ever is None else frame.ever
        values = np.concatenate([frame.T[body][ever[body]] for body in cells.bodies]).astype("<f4")
        there = np.concatenate([frame.solid[body][ever[body]] for body in cells.bodies])
        if not np.isfinite(values[there]).all():
            bad = int(np.argmin(np.isfinite(values) | ~there))
            body, place = cells.bodies[cells.body[bad]], cells.points[cells.corners[bad]].mean(axis=0)
            raise SolveError(
                f"{self.path.name}: the temperature of {body} at ({place[0]:.4g}, {place[1]:.4g}, {place[2]:.4g}) m, "
                f"t = {frame.t:g} s, is {values[bad]} K. Every solid cell has a finite one. Shorten the step, or look "
                "for a property that is not finite."
            )
        values[~there] = np.nan
        self._append(float(frame.t), values)

    def __enter__(self) -> "FieldWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        self.close(complete=kind is None)
        if isinstance(error, Cancelled) and self.steps:
            error.add_note(f"{self.path.name} holds {self.steps} moments up to {self._done[1]:.6g} s.")

    @property
    def steps(self) -> int:
        """How many moments are written."""
        return self._done[0]

    def close(self, *, complete: bool = True) -> None:
        """Give the file its name; `complete=False` marks a run that was broken off. Closing twice does nothing."""
        if self._closed:
            return
        self._closed = True
        if self._cases:
            write_deformed(self.path, self._cases)
        if self._file is None:
            return
        steps, _, sha = self._done
        try:  # a step that Ctrl-C cut in two is not counted
            self._file["VTKHDF/Steps"].attrs.modify("NSteps", steps)
            self._file.attrs["complete"] = int(complete)
            self._file.attrs["digest"] = sha.hexdigest()
        finally:
            self._file.close()
        if steps:
            self._part.replace(self.path)
        else:
            self._part.unlink()

    def _begin(self, cells: Cells) -> None:
        self._cells = cells
        self._file = file = h5py.File(self._part, "w")
        file.attrs.update({"layout": LAYOUT, "unit": "K", "metric": cells.metric, "complete": 0, "digest": ""})
        file.attrs["bodies"] = np.array(cells.bodies, dtype=h5py.string_dtype())
        root = file.create_group("VTKHDF")
        root.attrs["Version"] = np.array([2, 2], dtype="<i8")
        root.attrs.create("Type", b"UnstructuredGrid", dtype=h5py.string_dtype("ascii", len("UnstructuredGrid")))
        count, corners = cells.corners.shape
        root["NumberOfPoints"] = np.array([len(cells.points)], dtype="<i8")
        root["NumberOfCells"] = np.array([count], dtype="<i8")
        root["NumberOfConnectivityIds"] = np.array([count * corners], dtype="<i8")
        root["Points"] = cells.points.astype("<f8")
        root["Connectivity"] = cells.corners.ravel().astype("<i8")
        root["Offsets"] = np.arange(0, count * corners + 1, corners, dtype="<i8")
        root["Types"] = np.full(count, cells.kind, dtype="<u1")
        data = root.create_group("CellData")
        data["body"] = cells.body.astype("<i4")
        data.create_dataset(FIELD, (0,), "<f4", maxshape=(None,), chunks=(min(max(count, 1), 1 << 18),),
                            compression="gzip", compression_opts=1, shuffle=True)  # fmt: skip
        data[FIELD].attrs["unit"] = "K"
        steps = root.create_group("Steps")
        steps.attrs["NSteps"] = 0
        offsets = steps.create_group("CellDataOffsets")
        for group, name, dtype in (*((steps, name, "<i8") for name in _STEPS), (offsets, "body", "<i8"),
                                   (offsets, FIELD, "<i8")):  # fmt: skip
            wide = name in ("CellOffsets", "ConnectivityIdOffsets")
            shape = (0, 1) if wide else (0,)
            group.create_dataset(name, shape, "<f8" if name == "Values" else dtype, maxshape=(None, *shape[1:]),
                                 chunks=(256, *shape[1:]))  # fmt: skip
        self._done = (0, float("-inf"), _geometry(cells))

    def _append(self, t: float, values: Single) -> None:
        root = self._file["VTKHDF"]
        steps, (n, _, sha), count = root["Steps"], self._done, len(values)
        sha = sha.copy()
        data = root["CellData"][FIELD]
        data.resize(((n + 1) * count,))
        data[n * count :] = values
        for name in _STEPS:
            steps[name].resize(n + 1, axis=0)
            steps[name][n] = t if name == "Values" else int(name == "NumberOfParts")
        for name, start in (("body", 0), (FIELD, n * count)):
            steps["CellDataOffsets"][name].resize(n + 1, axis=0)
            steps["CellDataOffsets"][name][n] = start
        steps.attrs.modify("NSteps", n + 1)
        sha.update(np.array([t], "<f8").tobytes() + values.tobytes())
        self._file.attrs.modify("digest", sha.hexdigest())
        self._file.flush()
        self._done = (n + 1, t, sha)

    def _refuse_other_cells(self, frame: Frame, cells: Cells) -> None:
        ever = frame.solid if frame.ever is None else frame.ever
        counts = {body: int(ever[body].sum()) if body in ever else 0 for body in frame.T}
        if tuple(frame.T) != cells.bodies or any(
            counts[body] != int((cells.body == k).sum()) for k, body in enumerate(cells.bodies)
        ):
            raise SolveError(
                f"{self.path.name}: at t = {frame.t:g} s the bodies have {counts} solid cells, at the start they had "
                f"{ {body: int((cells.body == k).sum()) for k, body in enumerate(cells.bodies)} }. One file holds one "
                "set of cells. Keep another grid in another file."
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FieldFile:
    """A field file as it was read: times and cells here, values from the file when asked for.

    Attributes
    ----------
    times : (nt,) s
    points : (np, 3) m
    corners : (nc, 8), (nc, 4) or (nc, 2) int
        Points of each hexahedron, quadrilateral or line, in VTK's order.
    body : (nc,) int
        Index into `bodies`.
    unit : str
        SI symbol of the values.
    sealed : str
        The digest that the writer left.
    complete : bool
        Whether the run came to its end.
    """

    path: Path
    times: Array
    points: Array
    corners: Ints
    body: Ints
    bodies: tuple[str, ...]
    unit: str
    metric: str
    sealed: str
    complete: bool

    @property
    def kind(self) -> int:
        """VTK's number for the cells: 12 hexahedron, 9 quadrilateral, 3 line."""
        return {8: HEXAHEDRON, 4: QUAD, 2: LINE}[self.corners.shape[1]]

    @property
    def centres(self) -> Array:
        """(nc, 3) m: middle of each cell."""
        return np.asarray(self.points[self.corners].mean(axis=1))

    def values(self, step: int) -> Single:
        """(nc,) in `unit` at one step; negative steps count from the end."""
        n = self.times.size
        if not -n <= step < n:
            raise ModelError(
                f"{self.path.name} has no step {step}: it holds {n}, from 0 to {n - 1}. Ask for one of them. "
                "Its times are in .times."
            )
        count, first = len(self.corners), step % n
        with h5py.File(self.path, "r") as file:
            return np.asarray(file[f"VTKHDF/CellData/{FIELD}"][first * count : (first + 1) * count])

    def digest(self) -> str:
        """SHA-256 (hex) of cells, times and values as they are in the file now; equals `sealed` if untouched."""
        sha = _geometry(Cells(points=self.points, corners=self.corners, body=self.body, bodies=self.bodies,
                              metric=self.metric))  # fmt: skip
        for step, t in enumerate(self.times):
            sha.update(np.array([t], "<f8").tobytes() + self.values(step).astype("<f4").tobytes())
        return str(sha.hexdigest())


def read_fields(path: Path | str) -> FieldFile:
    """The field file at `path`; its values stay on the disk until they are asked for.

    Raises
    ------
    ModelError
        If there is no such file, or it is not a field file of this project, or it is cut off.
    """
    path = Path(path)
    if not path.is_file():
        raise ModelError(f"{path}: there is no such file. A run writes field files. Correct the path, or run it.")
    try:
        with h5py.File(path, "r") as file:
            if file.attrs.get("layout") != LAYOUT:
                raise ModelError(
                    f"{path.name} has layout {file.attrs.get('layout')!r}. A field file has {LAYOUT!r}. "
                    "Open other VTKHDF files with pyvista.read."
                )
            root = file["VTKHDF"]
            types = root["Types"][:]
            wide = {HEXAHEDRON: 8, QUAD: 4, LINE: 2}[int(types[0])]
            steps = root["Steps"]
            times = steps["Values"][: int(steps.attrs["NSteps"])]
            if root[f"CellData/{FIELD}"].size < times.size * types.size:
                raise ModelError(
                    f"{path.name} holds {root[f'CellData/{FIELD}'].size} temperatures for {times.size} steps of "
                    f"{types.size} cells. Each cell has one a step. The file is cut off: run again."
                )
            return FieldFile(
                path=path, times=times, points=root["Points"][:], corners=root["Connectivity"][:].reshape(-1, wide),
                body=root["CellData/body"][:].astype(np.int64), bodies=tuple(_text(b) for b in file.attrs["bodies"]),
                unit=_text(file.attrs["unit"]), metric=_text(file.attrs["metric"]),
                sealed=_text(file.attrs["digest"]), complete=bool(file.attrs["complete"]),
            )  # fmt: skip
    except (OSError, KeyError, IndexError, ValueError) as cause:
        raise ModelError(
            f"{path.name} cannot be read as a field file ({cause}). A whole VTKHDF file is needed. "
            "Copy it again, or run again."
        ) from cause


def write_deformed(path: Path | str, several: Sequence[Deformed]) -> Path:
    """Load cases of one structure as a VTKHDF file, whole or not at all, and where it is.

    Raises
    ------
    ModelError
        If there is none, or they lie on different cells.
    """
    path, (arrays, attrs) = Path(path), stored(several)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with h5py.File(part, "w") as file:
        for name, array in arrays.items():
            squeezed = {"compression": "gzip", "compression_opts": 1, "shuffle": True} if array.size > 4096 else {}
            file.create_dataset(name, data=array, **squeezed)
        for name, held in attrs.items():
            for key, value in held.items():
                text = isinstance(value, list)
                file[name or "/"].attrs[key] = np.array(value, dtype=h5py.string_dtype()) if text else (
                    np.bytes_(value) if isinstance(value, bytes) else value)  # fmt: skip
    part.replace(path)
    return path


def read_deformed(path: Path | str) -> tuple[Deformed, ...]:
    """The load cases in the file at `path`.

    Raises
    ------
    ModelError
        If there is no such file, or it holds no structure, or it is cut off.
    """
    path = Path(path)
    if not is_deformed(path):
        raise ModelError(f"{path}: no file of a structure is there. A solver's keep writes one. Correct the path.")
    try:
        with h5py.File(path, "r") as file:
            arrays: dict[str, Any] = {}
            file.visititems(lambda name, one: arrays.update({name: one[()]} if isinstance(one, h5py.Dataset) else {}))
            root = {key: [_text(v) for v in value] if isinstance(value, np.ndarray) else _text(value)
                    for key, value in file.attrs.items()}  # fmt: skip
            return restored(arrays, {"": root})
    except (OSError, KeyError, ValueError) as cause:
        raise ModelError(
            f"{path.name} cannot be read as load cases of a structure ({cause}). A whole file is needed. Copy it "
            "again, or run again."
        ) from cause


def is_deformed(path: Path | str) -> bool:
    """Whether a file holds load cases of a structure."""
    try:
        with h5py.File(path, "r") as file:
            return bool(file.attrs.get("layout") == DEFORMED)
    except OSError:
        return False


def write_checkpoint(path: Path | str, checkpoint: Checkpoint) -> None:
    """Put a checkpoint in the place of the one before; a reader finds one of the two, whole, whenever a run dies.

    Raises
    ------
    ModelError
        If the folder does not exist.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise ModelError(
            f"{path}: there is no folder {path.parent}. A checkpoint needs one. Make it, or correct the path."
        )
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with h5py.File(part, "w") as file:
        file.attrs.update({"layout": MOMENT, "process": checkpoint.process, "solver": checkpoint.solver})
        file.attrs["names"] = np.array(checkpoint.names, dtype=h5py.string_dtype())
        file.attrs["t"] = checkpoint.t
        for name, array in checkpoint.arrays.items():
            file[f"arrays/{name}"] = array.astype("<f8")
        file.attrs["digest"] = content(checkpoint)
    with part.open("rb+") as written:
        os.fsync(written.fileno())
    part.replace(path)


def read_checkpoint(path: Path | str) -> Checkpoint:
    """The checkpoint at `path`.

    Raises
    ------
    ModelError
        If there is none, or it is not whole.
    """
    path = Path(path)
    if not path.is_file():
        raise ModelError(f"{path}: there is no such file. A run that saves leaves one. Correct the path, or run it.")
    try:
        with h5py.File(path, "r") as file:
            found = Checkpoint(
                process=_text(file.attrs["process"]), solver=_text(file.attrs["solver"]), t=float(file.attrs["t"]),
                names=tuple(_text(name) for name in file.attrs["names"]),
                arrays={name: array[...] for name, array in file["arrays"].items()})  # fmt: skip
            whole = _text(file.attrs["layout"]) == MOMENT and _text(file.attrs["digest"]) == content(found)
    except (OSError, KeyError, ValueError) as cause:
        raise ModelError(
            f"{path.name} cannot be read as a checkpoint ({cause}). A whole file is needed. Copy it again, or run anew."
        ) from cause
    if not whole:
        raise ModelError(
            f"{path.name} is not the checkpoint that was written: its digest differs. A run goes on from what it left. "
            "Copy it again, or run anew."
        )
    return found


def _geometry(cells: Cells) -> Any:
    noun: Mapping[str, Any] = {
        "layout": LAYOUT, "points": cells.points.astype("<f8"), "corners": cells.corners.astype("<i8"),
        "body": cells.body.astype("<i8"), "bodies": cells.bodies, "metric": cells.metric,
    }  # fmt: skip
    return hashlib.sha256(content(noun).encode())


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
