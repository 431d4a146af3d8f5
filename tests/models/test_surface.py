"""Triangles that close around solid are a shape like any other; those that do not say where."""

import pickle

import meshio
import numpy as np
import pytest
import pyvista as pv
from hypothesis import given, settings
from hypothesis import strategies as st

from foretrial.models import INSULATED, ModelError, Part, Patch, Process, Surface, SurfaceError, digest
from foretrial.models.library import COPPER
from foretrial.models.meshfile import read_mesh
from foretrial.models.shape import Shape, aligned, distance, flats, planes

CORNERS = np.array([[x, y, z] for z in (0.0, 1.0) for x, y in ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))])
SIDES = np.array([[0, 2, 1], [0, 3, 2], [4, 5, 6], [4, 6, 7], [0, 1, 5], [0, 5, 4],
                  [1, 2, 6], [1, 6, 5], [2, 3, 7], [2, 7, 6], [3, 0, 4], [3, 4, 7]])  # fmt: skip
PLACE = st.tuples(*[st.floats(-0.05, 0.15)] * 3)


def box(low=(0, 0, 0), high=(100, 60, 20)):
    low, high = np.asarray(low, float), np.asarray(high, float)
    return low + CORNERS * (high - low), SIDES


def joined(*pieces):
    points, triangles, count = [], [], 0
    for one, corners in pieces:
        points.append(one)
        triangles.append(np.asarray(corners) + count)
        count += len(one)
    return np.concatenate(points), np.concatenate(triangles)


def turned(piece):
    return piece[0], piece[1][:, ::-1]


def part(*pieces, unit="mm", **more):
    return Part.from_triangles(*joined(*pieces), unit=unit, **more)


def at(shape, *place):
    return float(distance(shape, *(np.asarray(c) for c in place)))


BLOCK = part(box())
INNER = box((40, 20, 5), (60, 40, 15))


def bracket():
    """An L of 60 x 60 x 20 mm, 20 mm thick, with a hole of 36 sides through its foot, and where it is solid."""
    angle = np.linspace(0.0, 2.0 * np.pi, 36, endpoint=False)
    hole = np.column_stack([40.0 + 6.0 * np.cos(angle), 10.0 + 6.0 * np.sin(angle)])
    ell = np.array([[0, 0], [60, 0], [60, 20], [20, 20], [20, 60], [0, 60]], float)
    flat = np.column_stack([np.concatenate([ell, hole]), np.zeros(42)])
    loops = [[6, *range(6)], [36, *range(41, 5, -1)]]
    sheet = pv.PolyData(flat).delaunay_2d(edge_source=pv.PolyData(flat, faces=np.concatenate(loops)))
    low = sheet.faces.reshape(-1, 4)[:, 1:]
    a, b, c = np.moveaxis(flat[low], 1, 0)
    low = np.where(np.cross(b - a, c - a)[:, 2:] > 0, low[:, ::-1], low)
    rim = np.concatenate([np.stack([one, np.roll(one, -1)], axis=1) for one in (np.arange(6), np.arange(41, 5, -1))])
    i, j = rim.T
    wall = np.concatenate([np.stack([i, j, j + 42], axis=1), np.stack([i, j + 42, i + 42], axis=1)])
    points = np.concatenate([flat, flat + np.array([0.0, 0.0, 20.0])])
    shape = Shape(kind="difference", parts=(
        Shape(kind="prism", numbers=(0.0, 0.02, *(1e-3 * ell).ravel().tolist())),
        Shape(kind="prism", numbers=(-1.0, 1.0, *(1e-3 * hole).ravel().tolist()))))  # fmt: skip
    return points, np.concatenate([low, low[:, ::-1] + 42, wall]), shape


@pytest.mark.parametrize("low", [(0, 0, 0), (-37.3, 12.1, 5.7)])
@settings(max_examples=60)
@given(place=PLACE)
def test_the_distance_from_a_box_of_triangles_is_that_from_the_box(low, place):
    one = part(box(low, np.add(low, (100, 60, 20))))
    exact = Shape(kind="box", numbers=tuple(1e-3 * np.concatenate([low, np.add(low, (100, 60, 20))])))
    assert at(one.shape, *place) == pytest.approx(at(exact, *place), abs=1e-15)


def test_the_distance_holds_at_corners_edges_and_faces_and_along_their_lines():
    ticks = [np.linspace(-size, 2 * size, 13) for size in (0.1, 0.06, 0.02)]
    x, y, z = np.meshgrid(*ticks, indexing="ij")
    exact = distance(Shape(kind="box", numbers=(0, 0, 0, 0.1, 0.06, 0.02)), x, y, z)
    np.testing.assert_allclose(BLOCK.distance(x, y, z), exact, atol=1e-15)
    assert BLOCK.distance(x[:, :1, :1], y[:1, :, :1], z[:1, :1, :]).shape == (13, 13, 13)


def test_the_distance_from_a_sphere_is_exact_to_its_facets():
    ball = pv.Sphere(radius=50.0, theta_resolution=60, phi_resolution=60)
    one = part((np.asarray(ball.points, float), ball.faces.reshape(-1, 4)[:, 1:]))
    rng = np.random.default_rng(3)
    x, y, z = rng.uniform(-0.08, 0.08, (3, 500))
    sagitta = 0.05 * (1.0 - np.cos(np.pi / 59) * np.cos(np.pi / 60))
    miss = one.distance(x, y, z) - (np.sqrt(x**2 + y**2 + z**2) - 0.05)
    assert miss.min() > -1e-9
    assert miss.max() < 1.05 * sagitta
    places = 1e-3 * np.asarray(ball.points, float)
    for scale, inside in ((0.999, True), (1.001, False)):
        assert ((one.distance(*(scale * places).T) < 0.0) == inside).all()


def test_a_bracket_with_a_hole_is_solid_where_its_outline_says():
    points, triangles, exact = bracket()
    one = part((points, triangles), name="bracket")
    rng = np.random.default_rng(5)
    x, y, z = rng.uniform(-0.01, 0.07, (3, 4000))
    far = distance(exact, x, y, z)
    np.testing.assert_array_equal(one.distance(x, y, z) < 0.0, far < 0.0)
    assert (np.abs(one.distance(x, y, z)) >= np.abs(far) - 1e-12).all()
    area = 60 * 20 + 40 * 20 - 18 * 36 * np.sin(2 * np.pi / 36)
    assert one.shape.surface.volume == pytest.approx(20e-9 * area)
    for axis, exact_planes in enumerate([[0.0, 0.02, 0.06], [0.0, 0.02, 0.06], [0.0, 0.02]]):
        assert one.planes(axis) == exact_planes


@settings(max_examples=30)
@given(place=PLACE)
def test_a_cavity_is_outside(place):
    hollow = part(box(), turned(INNER))
    both = BLOCK - part(INNER)
    assert at(hollow.shape, *place) == pytest.approx(at(both.shape, *place), abs=1e-12) or at(both.shape, *place) > 0
    assert (at(hollow.shape, *place) < 0.0) == (at(both.shape, *place) < 0.0)


def test_an_island_in_a_cavity_is_solid_again():
    one = part(box(), turned(INNER), box((45, 25, 8), (55, 35, 12)), box((200, 0, 0), (210, 10, 10)))
    assert at(one.shape, 0.05, 0.03, 0.01) < 0.0
    assert at(one.shape, 0.042, 0.03, 0.01) > 0.0
    assert at(one.shape, 0.205, 0.005, 0.005) < 0.0
    assert one.shape.surface.volume == pytest.approx(1.2e-4 - 4e-6 + 4e-7 + 1e-6)


def torn():
    return np.delete(box()[1], 5, axis=0)


def flipped():
    sides = SIDES.copy()
    sides[4] = sides[4, ::-1]
    return sides


@pytest.mark.parametrize(
    ("pieces", "unit", "told", "place", "count"),
    [
        (
            [(box()[0], torn())],
            "mm",
            r"surface is not closed: 3 edges with one triangle alone, at \(0, 0, 10\) mm and 2 more\. Every edge of a "
            r"part joins two triangles\. Close the gap",
            (0.0, 0.0, 0.01),
            3,
        ),
        (
            [(box((0, 0, 0), (10, 6, 2))[0], torn())],
            "cm",
            r"at \(0, 0, 1\) cm = \(0, 0, 10\) mm and 2 more",
            (0.0, 0.0, 0.01),
            3,
        ),
        (
            [(box()[0], flipped())],
            "mm",
            r"3 edges whose two triangles face opposite ways, at \(.*\) mm and 2 more\. .* Make the normals agree",
            None,
            3,
        ),
        (
            [turned(box())],
            "mm",
            r"is inside out: 1 of 1 shells with the volume -1\.2e\+05 mm3, at .* Turn the norm",
            None,
            1,
        ),
        (
            [box(), turned(box((200, 0, 0), (210, 10, 10)))],
            "mm",
            r"is inside out: 1 of 2 shells with the volume -1000 mm3, at \(20\d",
            None,
            1,
        ),
        ([box(), INNER], "mm", r"has 1 of 2 shells inside another and facing outward, at .* is a cavity and", None, 1),
        (
            [box(), box((100, 60, 0), (200, 120, 20))],
            "mm",
            r"has 1 edge where 4 triangles meet, at \(100, 60, 10\) mm\. .* four meet where two solids touch, .* Join",
            (0.1, 0.06, 0.01),
            1,
        ),
        ([box(), box((100, 0, 0), (200, 60, 20))], "mm", r"has 4 edges where 4 triangles meet", None, 4),
        (
            [(CORNERS[:4] * 50, SIDES[:2])],
            "mm",
            r"is flat: its extent is 50 x 50 x 0 mm, with 2 triangles, at",
            None,
            1,
        ),
        (
            [box(), (CORNERS[:4] * (9, 9, 0) + (0, 0, 50), np.concatenate([SIDES[:2], SIDES[:2, ::-1]]))],
            "mm",
            r"has 1 edge where 4 triangles meet",
            None,
            1,
        ),
        (
            [box(), (CORNERS[:3] * 9 + (0, 0, 50), [[0, 1, 2], [0, 2, 1]])],
            "mm",
            r"encloses nothing in 1 of 2 shells \(0 mm3\), at \(6, 3, 50\) mm\. .* Give the sheet a thickness",
            (0.006, 0.003, 0.05),
            1,
        ),
    ],
)
def test_what_does_not_close_around_solid_says_where(pieces, unit, told, place, count):
    with pytest.raises(SurfaceError, match=told) as caught:
        part(*pieces, unit=unit)
    assert isinstance(caught.value.surface, Surface)
    assert caught.value.places.shape == (count, 3)
    if place is not None:
        np.testing.assert_allclose(caught.value.places[0], place, atol=1e-12)


@pytest.mark.parametrize("suffix", [".ply", ".obj", ".off", ".vtu", ".stl"])
def test_a_surface_written_by_others_is_read_back_as_the_same_part(tmp_path, suffix):
    points, triangles, _ = bracket()
    path = tmp_path / f"bracket{suffix}"
    meshio.write(path, meshio.Mesh(points, [("triangle", triangles)]))
    one = Part.from_mesh(path, unit="mm")
    assert one.name == "bracket"
    np.testing.assert_allclose(one.bounds, [(0, 0, 0), (0.06, 0.06, 0.02)], atol=1e-9)
    assert one.shape.surface.volume == pytest.approx(part((points, triangles)).shape.surface.volume, rel=1e-6)


def test_a_sphere_saved_by_pyvista_is_read(tmp_path):
    for name in ("ball.stl", "ball.ply"):
        pv.Sphere(radius=25.0).save(tmp_path / name)
        ball = Part.from_mesh(tmp_path / name, unit="mm")
        assert ball.shape.surface.volume == pytest.approx(4 / 3 * np.pi * 0.025**3, rel=0.02)


def cells(kind):
    """A block of 3 x 2 x 1 unit cells with points that nothing uses: hexahedra, or six tetrahedra in each."""
    ticks = [np.arange(n + 1.0) for n in (3, 2, 1)]
    points = np.stack(np.meshgrid(*ticks, indexing="ij"), axis=-1).reshape(-1, 3)
    index = np.arange(len(points)).reshape(4, 3, 2)
    found = [index[i : i + 2, j : j + 2, 0:2].ravel()[[0, 4, 6, 2, 1, 5, 7, 3]] for i in range(3) for j in range(2)]
    table = np.array(found)
    if kind == "tetra":
        ways = [[0, 1, 2, 6], [0, 2, 3, 6], [0, 3, 7, 6], [0, 7, 4, 6], [0, 4, 5, 6], [0, 5, 1, 6]]
        table = table[:, ways].reshape(-1, 4)
        table[::2] = table[::2, [0, 2, 1, 3]]  # some turned, as a careless mesher may
    return np.concatenate([points, [[9.0, 9.0, 9.0]]]), table


@pytest.mark.parametrize("kind", ["hexahedron", "tetra"])
def test_solid_cells_become_the_part_that_they_fill(tmp_path, kind):
    points, table = cells(kind)
    meshio.write(tmp_path / "block.vtu", meshio.Mesh(points, [(kind, table)]))
    one = Part.from_mesh(tmp_path / "block.vtu", unit="cm", name="casting")
    assert (one.name, one.bounds) == ("casting", ((0.0, 0.0, 0.0), pytest.approx((0.03, 0.02, 0.01))))
    assert one.shape.surface.volume == pytest.approx(6e-6)
    assert len(one.shape.surface.triangles) == 2 * (2 * (3 * 2 + 3 * 1 + 2 * 1))


def gmsh(tmp_path, names, blocks, tags):
    points, _ = cells("tetra")
    mesh = meshio.Mesh(points, blocks, cell_data={"gmsh:physical": tags, "gmsh:geometrical": tags}, field_data=names)
    meshio.write(tmp_path / "block.msh", mesh, file_format="gmsh22", binary=False)
    return tmp_path / "block.msh"


def test_physical_names_of_faces_are_solids_and_patches(tmp_path):
    points, table = cells("tetra")
    top = Part.from_triangles(*_skin_of(points, table), unit="cm").shape.surface
    up = top.triangles[(top.points[top.triangles][:, :, 2] > 0.0099).all(axis=1)]
    rows = [[int(np.argmin(np.abs(100 * top.points[c] - points).sum(axis=1))) for c in row] for row in up]
    path = gmsh(
        tmp_path,
        {"upper": np.array([7, 2]), "steel": np.array([1, 3])},
        [("triangle", np.array(rows)), ("tetra", table)],
        [np.full(len(rows), 7), np.full(len(table), 1)],
    )
    assert {kind: {n: len(r) for n, r in sets.items()} for kind, sets in read_mesh(path).sets.items()} == {
        "triangle": {"upper": 12},
        "tetra": {"steel": 36},
    }
    one = Part.from_mesh(path, unit="cm")
    assert set(one.shape.surface.solids) == {"block.msh", "upper"}
    assert {patch.name for patch in one.patches} == {"block.msh", "upper"}
    index, names = one.solids_at(np.array([[0.015, 0.011, 0.01], [0.015, 0.011, 0.0], [0.0, 0.011, 0.004]]))
    assert [names[n] for n in index] == ["upper", "block.msh", "block.msh"]


def _skin_of(points, table):
    from foretrial.models.meshfile import Mesh
    from foretrial.models.skin import skin

    return points, skin("block", Mesh(points=points, cells={"tetra": table}, data={}))[0]


def test_names_of_cells_serve_where_no_face_has_one(tmp_path):
    points, table = cells("hexahedron")
    sets = {"left": [np.array([0, 1])], "right": [np.array([2, 3, 4, 5])]}
    meshio.write(tmp_path / "block.inp", meshio.Mesh(points, [("hexahedron", table)], cell_sets=sets))
    one = Part.from_mesh(tmp_path / "block.inp", unit="cm")
    index, names = one.solids_at(np.array([[0.0, 0.013, 0.004], [0.03, 0.013, 0.004]]))
    assert [names[n] for n in index] == ["left", "right"]


@pytest.mark.parametrize(
    ("blocks", "told"),
    [
        (
            [("line", [[0, 1]])],
            r"block\.vtu holds only line\. A part is read from triangles, quads, tetrahedra and hex",
        ),
        (
            [("triangle", [[0, 1, 2]]), ("wedge", [[0, 1, 2, 3, 4, 5]])],
            r"holds cells that are not known: wedge\. .* Export the mesh with these alone",
        ),
        ([("triangle", [[0, 1, 2], [0, 2, 3]])], r"block\.vtu is not closed: 4 edges with one triangle alone"),
    ],
)
def test_a_mesh_that_is_no_part_is_refused(tmp_path, blocks, told):
    points, _ = cells("hexahedron")
    points += 0.1 * np.arange(len(points))[:, None] ** [1, 2, 3]
    meshio.write(tmp_path / "block.vtu", meshio.Mesh(points, [(kind, np.array(rows)) for kind, rows in blocks]))
    with pytest.raises(ModelError, match=told):
        Part.from_mesh(tmp_path / "block.vtu", unit="cm")


def test_flat_faces_across_the_axes_are_kept_for_the_grid():
    assert [flats(BLOCK.shape, axis) for axis in range(3)] == [{0.0, 0.1}, {0.0, 0.06}, {0.0, 0.02}]
    hollow = part(box(), turned(INNER)).shape
    assert flats(hollow, 0) == {0.0, 0.04, 0.06, 0.1}
    assert flats(part(box(), turned(box((40, 20, 5), (44, 24, 7)))).shape, 2) == {0.0, 0.02}
    ball = pv.Sphere(radius=50.0)
    round_one = part((np.asarray(ball.points, float), ball.faces.reshape(-1, 4)[:, 1:])).shape
    assert [flats(round_one, axis) for axis in range(3)] == [set()] * 3
    assert planes(round_one, 2) == {-0.05, 0.05}
    assert not aligned(BLOCK.shape)


def test_a_moved_surface_is_the_same_part_elsewhere():
    there = BLOCK.moved(x=0.5, y=-0.25, z=2.0)
    np.testing.assert_allclose(there.bounds, [(0.5, -0.25, 2.0), (0.6, -0.19, 2.02)])
    assert at(there.shape, 0.55, -0.22, 2.005) == pytest.approx(-0.005)
    assert digest(BLOCK.moved()) == digest(BLOCK)
    assert BLOCK.moved() == BLOCK
    assert hash(BLOCK.moved()) == hash(BLOCK)
    assert len({BLOCK, BLOCK.moved(), there}) == 2


def test_a_surface_prints_in_one_line_and_is_the_same_after_a_journey():
    held = BLOCK.shape.surface
    assert repr(held) == f"Surface(12 triangles, 0.1 x 0.06 x 0.02 m, solids surface, key {held.key[:8]})"
    assert pickle.loads(pickle.dumps(BLOCK)) == BLOCK


def named_part():
    points, triangles = joined(box(), turned(INNER))
    solid = np.repeat([0, 1], 12)
    held = Surface(points=1e-3 * points, triangles=triangles, solid=solid, solids=("outside", "bore"))
    return Part(name="plate", shape=Shape(kind="surface", surface=held))


WALL = np.array([[0.05, 0.03, 0.0], [0.05, 0.03, 0.02], [0.04, 0.03, 0.01], [0.05, 0.04, 0.01], [0.1, 0.03, 0.01]])
NORMAL = np.array([[0, 0, -1], [0, 0, 1], [1, 0, 0], [0, -1, 0], [1, 0, 0]], float)


@pytest.mark.parametrize(
    ("patch", "fits"),
    [
        ({"solid": "bore"}, [0, 0, 1, 1, 0]),
        ({"solid": "outside"}, [1, 1, 0, 0, 1]),
        ({"solid": "outside", "facing": (0, 0, 1)}, [0, 1, 0, 0, 0]),
        ({"plane": ((0, 0, 0.02), (0, 0, 5)), "within": 1e-4}, [0, 1, 0, 0, 0]),
        ({"plane": ((0.05, 0, 0), (1, 0, 0)), "within": 1e-6}, [1, 1, 0, 1, 0]),
        ({"sphere": ((0.05, 0.03, 0.01), 0.0101)}, [1, 1, 1, 1, 0]),
        ({"sphere": ((0.05, 0.03, 0.01), 0.0101), "facing": (0, -1, 0)}, [0, 0, 0, 1, 0]),
        ({"inside": Part.cylinder(0.012, 0.015).moved(x=0.05, y=0.03)}, [1, 0, 1, 1, 0]),
        ({"inside": part(box((90, 0, 0), (99, 60, 20))), "within": 0.0011}, [0, 0, 0, 0, 1]),
        ({"inside": part(box((90, 0, 0), (99, 60, 20))), "within": 0.0009}, [0, 0, 0, 0, 0]),
        ({"box": ((0, 0, 0.005), (0.09, 1, 1))}, [0, 1, 1, 1, 0]),
        ({}, [1, 1, 1, 1, 1]),
    ],
)
def test_wall_is_chosen_by_everything_that_a_patch_states(patch, fits):
    solid, solids = named_part().solids_at(WALL)
    found = Patch(name="here", **patch).fits(NORMAL, WALL, solid, solids)
    assert found.astype(int).tolist() == fits


def test_a_recipe_names_the_solids_as_its_walls(tmp_path):
    points, triangles = joined(box(), turned(INNER))
    mesh = meshio.Mesh(
        points, [("triangle", triangles)], cell_sets={"skin": [np.arange(12)], "bore": [np.arange(12, 24)]}
    )
    meshio.write(tmp_path / "plate.inp", mesh)
    plate = Part.from_mesh(tmp_path / "plate.inp", unit="mm")
    recipe = {"part": plate, "material": COPPER, "start": 900.0, "until": 10.0}
    process = Process.simple(**recipe, walls={"bore": INSULATED, "skin": INSULATED})
    assert digest(process) == digest(Process.simple(**recipe, walls={"bore": INSULATED, "skin": INSULATED}))
    with pytest.raises(ModelError, match=r"patch 'bor' is on no body\. Did you mean 'bore'\?"):
        Process.simple(**recipe, walls={"bor": INSULATED, "skin": INSULATED})


def test_solids_are_found_in_boolean_parts_and_nowhere_else():
    both = named_part() + part(box((200, 0, 0), (210, 10, 10)), name="pin")
    index, names = both.solids_at(np.array([[0.05, 0.03, 0.0], [0.2, 0.005, 0.005], [0.05, 0.04, 0.01]]))
    assert (names, index.tolist()) == (("outside", "bore", "pin"), [0, 2, 1])
    assert Part.box(1, 1, 1).solids_at(WALL) == (pytest.approx(np.full(5, -1)), ())


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (
            lambda: named_part().with_patch("a", solid="bor"),
            r"patch 'a' asks for solid 'bor', .* mean 'bore'\? Correct",
        ),
        (
            lambda: BLOCK.with_patch("a", plane=((0, 0, 0), (0, 0, 1))),
            r"within 0 m\. .* above zero from a plane\. Pass",
        ),
        (lambda: BLOCK.with_patch("a", within=-1.0), r"patch 'a' takes what lies within -1 m\. A distance is not"),
        (
            lambda: BLOCK.with_patch("a", plane=((0, 0, 0), (0, 0, 0)), within=1.0),
            r"a plane of normal \(0, 0, 0\)\. A normal is a direction, such as \(0, 0, 1\)\. Pass plane=",
        ),
        (lambda: BLOCK.with_patch("a", sphere=((0, 0, 0), 0.0)), r"a sphere of radius 0 m\. A radius is above .* Pass"),
        (lambda: BLOCK.with_patch("a", spere=1), r"chosen by 'spere', which is not known\. Did you mean 'sphere'\?"),
        (
            lambda: Patch(name="a", solid="b").fits(NORMAL, WALL),
            r"no solid is known of 5 pieces of wall\. .* Pass solid=",
        ),
        (
            lambda: Part(name="p", shape=BLOCK.shape, active=2),
            r"p is made of triangles and is cartesian with 2 resolved axes\. .* Model the whole part",
        ),
        (lambda: Part.from_triangles(CORNERS, SIDES), r"surface: no unit of length is given\. Its extent is 1 x 1 x 1"),
        (lambda: Part.from_triangles(CORNERS, SIDES + 1, unit="m"), r"triangles \(12, 3\) .* does not fit together"),
        (lambda: Part.from_triangles(CORNERS * np.nan, SIDES, unit="m"), r"\(np, 3\) finite m, .* Correct them"),
        (lambda: Part.from_triangles(CORNERS, SIDES[:0], unit="m"), r"surface holds no triangle\. .* as a body"),
    ],
)
def test_what_cannot_be_chosen_or_made_is_refused(make, told):
    with pytest.raises(ModelError, match=told):
        make()
