"""The triangles around a mesh: its own faces, or the outer faces of its solid cells."""

import numpy as np
from numpy.typing import NDArray

from .errors import ModelError
from .meshfile import Mesh

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
# Corners of the faces of a cell, in the order of meshio (VTK); a triangle's last corner stands twice.
FACES = {
    "tetra": [[0, 2, 1, 1], [0, 1, 3, 3], [1, 2, 3, 3], [2, 0, 3, 3]],
    "hexahedron": [[0, 3, 2, 1], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]],
}
FLAT = ("line", "line3", "vertex")  # kinds that enclose nothing: they may be left out


def skin(name: str, mesh: Mesh) -> tuple[Ints, Ints, tuple[str, ...]]:
    """Triangles (nt, 3), the solid (nt,) of each, and the names of the solids.

    Solid cells have a skin of the faces that only one of them has, turned outward; faces of the mesh that lie in it
    give it their names, else the cells do. Without solid cells the faces are the surface as they are.

    Raises
    ------
    ModelError
        If the mesh holds neither, or cells of a kind that is not known and would be missing.
    """
    lost = [kind for kind in mesh.left_out if kind not in FLAT]
    if lost or not set(mesh.cells) & {"triangle", "quad", *FACES}:
        told = f"holds cells that are not known: {', '.join(lost)}" if lost else f"holds only {', '.join(mesh.cells)}"
        raise ModelError(
            f"{name} {told}. A part is read from triangles, quads, tetrahedra and hexahedra of straight edges. "
            "Export the mesh with these alone."
        )
    faces, names = _faces(mesh)
    if set(mesh.cells) & set(FACES):
        outer, cell_names = _outer(mesh)
        known = {tuple(sorted(set(row))): n for row, n in zip(faces.tolist(), names, strict=True) if n}
        own = [known.get(tuple(sorted(set(row))), "") for row in outer.tolist()] if known else [""] * len(outer)
        faces, names = outer, own if known else cell_names
    solids = tuple(dict.fromkeys(one or name for one in names))
    index = {one: n for n, one in enumerate(solids)}
    solid = np.array([index[one or name] for one in names], dtype=np.int64)
    quad = faces[:, 2] != faces[:, 3]
    triangles = np.concatenate([faces[:, :3], faces[quad][:, [0, 2, 3]]])
    return triangles, np.concatenate([solid, solid[quad]]), solids


def _faces(mesh: Mesh) -> tuple[Ints, list[str]]:
    """Triangles and quads (n, 4) of the mesh, and the name of each, empty where it has none."""
    found, names = [np.zeros((0, 4), dtype=np.int64)], list[str]()
    for kind, last in (("triangle", [0, 1, 2, 2]), ("quad", [0, 1, 2, 3])):
        if kind in mesh.cells:
            found.append(mesh.cells[kind][:, last])
            names += _names(mesh, kind)
    return np.concatenate(found), names


def _names(mesh: Mesh, kind: str) -> list[str]:
    """Of each cell, the first of the sets that hold it."""
    names = [""] * len(mesh.cells[kind])
    for name, rows in reversed(list(mesh.sets.get(kind, {}).items())):
        for row in rows.tolist():
            names[row] = name
    return names


def _outer(mesh: Mesh) -> tuple[Ints, list[str]]:
    """Faces (n, 4) that one solid cell alone has, anticlockwise from outside, and the names of their cells."""
    faces, middles, names = [], [], []
    for kind, local in FACES.items():
        if kind in mesh.cells:
            cells = mesh.cells[kind]
            faces.append(cells[:, local].reshape(-1, 4))
            middles.append(np.repeat(mesh.points[cells].mean(axis=1), len(local), axis=0))
            names += [name for name in _names(mesh, kind) for _ in local]
    every, middle = np.concatenate(faces), np.concatenate(middles)
    flat = every[:, 2] == every[:, 3]  # a triangle, known by three corners
    alike = np.where(flat[:, None] & (np.arange(4) == 3), -1, every)
    alike.sort(axis=1)
    order = np.lexsort(alike.T)
    fresh = np.append(True, (np.diff(alike[order], axis=0) != 0).any(axis=1))
    single = np.zeros(len(every), dtype=bool)
    single[order] = fresh & np.append(fresh[1:], True)
    every, middle, flat = every[single], middle[single], flat[single]
    corner = mesh.points[every]
    across = np.cross(corner[:, 2] - corner[:, 0], corner[:, 3] - corner[:, 1])
    across[flat] = np.cross(corner[flat, 1] - corner[flat, 0], corner[flat, 2] - corner[flat, 0])
    inward = np.einsum("ni,ni->n", across, corner.mean(axis=1) - middle) < 0.0
    every[inward & flat] = every[inward & flat][:, [0, 2, 1, 1]]
    every[inward & ~flat] = every[inward & ~flat][:, ::-1]
    return every, [name for name, kept in zip(names, single.tolist(), strict=True) if kept]
