"""The door for meshes: what is written is read back, and what cannot be read says why."""

import numpy as np
import pytest

from foretrial.models import ModelError
from foretrial.models.meshfile import read_mesh, write_mesh

CUBE = np.array([[x, y, z] for z in (0.0, 1.0) for x, y in ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))])
HEX = {"hexahedron": [[0, 1, 2, 3, 4, 5, 6, 7]]}


@pytest.mark.parametrize("suffix", [".vtu", ".vtk", ".xdmf"])
def test_a_hexahedron_and_its_value_are_read_back(tmp_path, suffix):
    path = write_mesh(tmp_path / f"cube{suffix}", CUBE, HEX, {"temperature": [351.25]})
    mesh = read_mesh(path)
    np.testing.assert_allclose(mesh.points, CUBE)
    np.testing.assert_array_equal(mesh.cells["hexahedron"], HEX["hexahedron"])
    np.testing.assert_allclose(mesh.data["hexahedron"]["temperature"].ravel(), [351.25])
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", [".stl", ".ply", ".obj", ".off", ".vtu"])
def test_triangles_are_read_back_as_the_same_surface(tmp_path, suffix):
    corners = np.array([[0, 1, 2], [0, 2, 3]])
    mesh = read_mesh(write_mesh(tmp_path / f"square{suffix}", CUBE[:4], {"triangle": corners}))
    a, b, c = (mesh.points[mesh.cells["triangle"][:, k]] for k in range(3))
    assert 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() == pytest.approx(1.0)


def test_points_of_a_plane_mesh_lie_at_z_0(tmp_path):
    path = write_mesh(tmp_path / "a.vtu", CUBE[:4, :2], {"quad": [[0, 1, 2, 3]]})
    assert (read_mesh(path).points[:, 2] == 0.0).all()


@pytest.mark.parametrize(
    ("points", "cells", "data", "name", "text"),
    [
        (
            CUBE,
            HEX,
            None,
            "a.vtx",
            r"suffix '\.vtx' is no mesh format .* Did you mean '\.vt[uk]'\? Save the mesh under",
        ),
        (CUBE * np.nan, HEX, None, "a.vtu", r"point 0 is \(nan, nan, nan\) m\. Every coordinate is finite\. Mend"),
        (np.zeros((0, 3)), HEX, None, "a.vtu", r"points of shape \(0, 3\)\. A mesh has one or more points"),
        (
            CUBE,
            {"hexahedron": [[0, 1, 2, 3, 4, 5, 6, 8]]},
            None,
            "a.vtu",
            r"names point 8, but there are 8, from 0 to 7",
        ),
        (CUBE, {"hexagon": [[0, 1, 2, 3, 4, 5]]}, None, "a.vtu", r"cells 'hexagon' of shape \(1, 6\) are not known"),
        (CUBE, {**HEX, "line": [[0, 1]]}, None, "a.vtu", r"2 kinds of cells .* One kind goes into one file"),
        (CUBE, HEX, {"T": [1.0, 2.0]}, "a.vtu", r"'T' has 2 values, 0 of them not finite, for 1 cells\. Each cell"),
        (CUBE, HEX, {"T": [np.inf]}, "a.vtu", r"'T' has 1 values, 1 of them not finite"),
        (CUBE, HEX, None, "a.stl", r"\.stl would lose the hexahedron\. Values are kept by .* Choose another suffix"),
        (CUBE, HEX, {"T": [1.0]}, "a.msh", r"\.msh would lose the values of \['T'\]\."),
        (CUBE, HEX, None, "no/a.vtu", r"there is no folder .* Make it, or correct the path"),
    ],
)
def test_what_is_no_mesh_is_not_written(tmp_path, points, cells, data, name, text):
    with pytest.raises(ModelError, match=text):
        write_mesh(tmp_path / name, points, cells, data)
    assert not list(tmp_path.iterdir())


def test_what_is_no_mesh_is_not_read(tmp_path):
    with pytest.raises(ModelError, match=r"there is no such file\. A mesh is read from one\. Correct the path"):
        read_mesh(tmp_path / "no.stl")
    (tmp_path / "part.step").write_text("ISO-10303-21;")
    with pytest.raises(ModelError, match=r"suffix '\.step' is no mesh format known here"):
        read_mesh(tmp_path / "part.step")
    (tmp_path / "cut.vtu").write_text("<VTKFile")
    with pytest.raises(ModelError, match=r"cut\.vtu cannot be read as \.vtu .* Export the mesh again"):
        read_mesh(tmp_path / "cut.vtu")
    (tmp_path / "points.vtk").write_text(
        "# vtk DataFile Version 3.0\npoints\nASCII\nDATASET UNSTRUCTURED_GRID\nPOINTS 1 float\n0 0 0\n"
        "CELLS 1 2\n1 0\nCELL_TYPES 1\n1\n"
    )
    with pytest.raises(
        ModelError, match=r"points\.vtk holds no cell that is known here: vertex\. Known: line, triangle"
    ):
        read_mesh(tmp_path / "points.vtk")
