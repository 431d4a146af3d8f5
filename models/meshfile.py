"""The door for meshio: a moment of a field as .vtu, .vtk or .xdmf, and meshes of triangles or solids read in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import ModelError, did_you_mean

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

# meshio's names of the cells known here, and their number of points.
CELLS = {"line": 2, "triangle": 3, "quad": 4, "tetra": 4, "hexahedron": 8}
HOLDING = (".vtu", ".vtk", ".xdmf")  # formats that bring values back
SURFACES = (".stl", ".ply", ".obj", ".off")  # formats of triangles alone
SUFFIXES = (".vtu", ".vtk", ".xdmf", ".msh", ".inp", ".stl", ".ply", ".obj", ".off", ".med", ".bdf", ".nas")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mesh:
    """Points (np, 3) m, the corners (n, corners) of each kind of cell, and in `data` their values, if any.

    `sets` holds, for each kind, the named sets (rows of its cells) that the file has; `left_out` kinds not known here.
    """

    points: Array
    cells: Mapping[str, Ints]
    data: Mapping[str, Mapping[str, Array]]
    sets: Mapping[str, Mapping[str, Ints]] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()


def write_mesh(path: Path | str, points: ArrayLike, cells: Mapping[str, ArrayLike],
               data: Mapping[str, ArrayLike] | None = None) -> Path:  # fmt: skip
    """Write points (np, 3) m, one kind of cells {"hexahedron": (nc, 8)} and values (nc,) per cell; say where.

    Raises
    ------
    ModelError
        If the suffix is not known, a corner names no point, or a number is not finite.
    """
    import meshio

    path = Path(path)
    _refuse_suffix(path)
    xyz = _points(path, points)
    blocks = {kind: np.asarray(corners, dtype=np.int64) for kind, corners in cells.items()}
    _refuse_cells(path, blocks, len(xyz))
    if len(blocks) != 1:
        raise ModelError(
            f"{path.name}: {len(blocks)} kinds of cells ({', '.join(blocks)}) were given. One kind goes into one file. "
            "Write each kind into a file of its own."
        )
    [kind], suffix = blocks, path.suffix.lower()
    lost = f"values of {list(data)}" if data and suffix not in HOLDING else kind
    if lost != kind or (suffix in SURFACES and kind != "triangle"):
        raise ModelError(
            f"{path.name}: {suffix} would lose the {lost}. Values are kept by {', '.join(HOLDING)}; "
            f"{', '.join(SURFACES)} hold triangles alone. Choose another suffix."
        )
    count = sum(len(corners) for corners in blocks.values())
    values = {name: np.asarray(one) for name, one in (data or {}).items()}
    for name, one in values.items():
        if one.shape[:1] != (count,) or not np.isfinite(one).all():
            raise ModelError(
                f"{path.name}: '{name}' has {one.shape[0] if one.ndim else 0} values, "
                f"{int((~np.isfinite(one)).sum())} of them not finite, for {count} cells. "
                "Each cell has one finite value. Pass one value a cell."
            )
    if not path.parent.is_dir():
        raise ModelError(
            f"{path}: there is no folder {path.parent}. A mesh file needs one. Make it, or correct the path."
        )
    mesh = meshio.Mesh(xyz, list(blocks.items()), cell_data={name: [one] for name, one in values.items()})
    part = path.with_name(f".part-{path.name}")
    extra = {"data_format": "XML"} if path.suffix.lower() == ".xdmf" else {}  # one file, not two
    meshio.write(part, mesh, **extra)
    part.replace(path)
    return path


def read_mesh(path: Path | str) -> Mesh:
    """The mesh in a file, its lengths taken as metres; cells of kinds not known here are left out.

    Raises
    ------
    ModelError
        If the file is missing, of an unknown kind, broken, or holds no cell or a point that is not finite.
    """
    import meshio

    path = Path(path)
    if not path.is_file():
        raise ModelError(f"{path}: there is no such file. A mesh is read from one. Correct the path.")
    _refuse_suffix(path)
    try:
        with np.errstate(over="ignore"):  # its STL reader guesses a count from whatever bytes are there
            mesh = meshio.read(path)
    except (Exception, SystemExit) as cause:  # meshio's readers raise whatever they meet, and some of them exit
        raise ModelError(
            f"{path.name} cannot be read as {path.suffix} ({type(cause).__name__}: {cause}). "
            "The content fits its suffix in a whole file. Export the mesh again."
        ) from cause
    points = _points(path, mesh.points)
    cells: dict[str, list[Ints]] = {}
    data: dict[str, dict[str, list[Array]]] = {}
    sets: dict[str, dict[str, list[Ints]]] = {}
    named = _named(mesh)
    for k, block in enumerate(mesh.cells):
        if block.type in CELLS and len(block.data):
            before = sum(len(one) for one in cells.get(block.type, ()))
            for name, rows in named[k].items():
                sets.setdefault(block.type, {}).setdefault(name, []).append(rows + before)
            cells.setdefault(block.type, []).append(np.asarray(block.data, dtype=np.int64))
            for name, values in mesh.cell_data.items():
                data.setdefault(block.type, {}).setdefault(name, []).append(np.asarray(values[k]))
    if not cells:
        found = sorted({block.type for block in mesh.cells})
        raise ModelError(
            f"{path.name} holds no cell that is known here: {', '.join(found) or 'it is empty'}. "
            f"Known: {', '.join(CELLS)}. Export the mesh with one of them."
        )
    joined = {kind: np.concatenate(blocks) for kind, blocks in cells.items()}
    _refuse_cells(path, joined, len(points))
    values = {kind: {name: np.concatenate(all_of) for name, all_of in named.items()} for kind, named in data.items()}
    gathered = {kind: {name: np.concatenate(rows) for name, rows in of.items()} for kind, of in sets.items()}
    left_out = tuple(sorted({block.type for block in mesh.cells if block.type not in CELLS and len(block.data)}))
    return Mesh(points=points, cells=joined, data=values, sets=gathered, left_out=left_out)


def _named(mesh: Any) -> list[dict[str, Ints]]:
    """Rows of each block's cells by name: cell sets, and physical groups of a dimension."""
    named: list[dict[str, Ints]] = [{} for _ in mesh.cells]
    for name, blocks in mesh.cell_sets.items():
        for k, rows in enumerate(blocks if not name.startswith("gmsh:") else ()):
            if rows is not None and len(rows):
                named[k][name] = np.asarray(rows, dtype=np.int64)
    for k, tags in enumerate(mesh.cell_data.get("gmsh:physical", ())):
        for name, (tag, dimension) in mesh.field_data.items():
            rows = np.flatnonzero(np.asarray(tags) == tag)
            if len(rows) and mesh.cells[k].dim == dimension:
                named[k][name] = rows.astype(np.int64)
    return named


def _points(path: Path, points: ArrayLike) -> Array:
    xyz = np.atleast_2d(np.asarray(points, dtype=np.float64))
    if xyz.size == 0 or xyz.ndim != 2 or xyz.shape[1] not in (2, 3):
        raise ModelError(
            f"{path.name} has points of shape {xyz.shape}. A mesh has one or more points (x, y, z) in m. "
            "Export it again, or pass points (np, 3)."
        )
    if not np.isfinite(xyz).all():
        bad = int(np.argmin(np.isfinite(xyz).all(axis=1)))
        raise ModelError(
            f"{path.name}: point {bad} is {tuple(float(x) for x in xyz[bad])} m. Every coordinate is finite. "
            "Mend the point where the mesh is made."
        )
    return np.column_stack([xyz, np.zeros(len(xyz))]) if xyz.shape[1] == 2 else xyz


def _refuse_suffix(path: Path) -> None:
    if path.suffix.lower() not in SUFFIXES:
        raise ModelError(
            f"{path.name}: suffix '{path.suffix}' is no mesh format known here. "
            f"{did_you_mean(path.suffix.lower(), SUFFIXES)} Save the mesh under one of {', '.join(SUFFIXES)}."
        )


def _refuse_cells(path: Path, cells: Mapping[str, Ints], count: int) -> None:
    for kind, corners in cells.items():
        if corners.size == 0 or corners.ndim != 2 or corners.shape[1] != CELLS.get(kind, -1):
            raise ModelError(
                f"{path.name}: cells '{kind}' of shape {corners.shape} are not known. Known kinds and corners: "
                f"{', '.join(f'{name} {n}' for name, n in CELLS.items())}. Pass (nc, corners) of one of them."
            )
        if corners.min() < 0 or corners.max() >= count:
            raise ModelError(
                f"{path.name}: a {kind} names point {corners.max() if corners.max() >= count else corners.min()}, but "
                f"there are {count}, from 0 to {count - 1}. Corners are indices of points. Number them from 0."
            )
