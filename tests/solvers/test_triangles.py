"""Parts of triangles on a grid: distances, signs, volumes and patches against exact ones; what crosses or is thin."""

import numpy as np
import pytest

from foretrial.models import Body, Exchange, Extreme, Grid, Material, Part, Process, SolveError, SurfaceError
from foretrial.models.shape import Shape, distance
from foretrial.models.surface import Surface
from foretrial.solvers import Heat
from foretrial.solvers.curved import curved_block
from foretrial.solvers.surface import exactly, prepared, signed, solids_at
from foretrial.solvers.thickness import thickness

UNIT = Material.simple("unit", density=1.0, conductivity=1.0, heat_capacity=1.0)


def surface(points, triangles, solid=None, solids=("part",)):
    solid = np.zeros(len(triangles), dtype=int) if solid is None else solid
    return Surface(points=np.asarray(points, float), triangles=np.asarray(triangles), solid=solid, solids=solids)


def lattice(points, n, m):
    """Triangles of a closed sheet of n by m points."""
    index = np.arange(n * m).reshape(n, m)
    a, b = index, np.roll(index, -1, 0)
    c, d = np.roll(a, -1, 1), np.roll(b, -1, 1)
    return surface(points, np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3),
                                           np.stack([b, d, c], -1).reshape(-1, 3)]))  # fmt: skip


def torus(n=48, m=24, big=1.0, small=0.4):
    u, v = np.meshgrid(2 * np.pi * np.arange(n) / n, 2 * np.pi * np.arange(m) / m, indexing="ij")
    r = big + small * np.cos(v)
    points = np.stack([r * np.cos(u), r * np.sin(u), small * np.sin(v)], -1).reshape(-1, 3)
    return lattice(points, n, m)


def ball(n=32, radius=1.0, middle=(0.0, 0.0, 0.0)):
    """A sphere of n triangles along an edge of each face of an octahedron, its points on the sphere."""
    points, triangles = [], []
    for sx in (1, -1):
        for sy in (1, -1):
            for sz in (1, -1):
                at = {}
                for i in range(n + 1):
                    for j in range(n + 1 - i):
                        p = np.array([sx * i, sy * j, sz * (n - i - j)], float)
                        at[i, j] = len(points)
                        points.append(p / np.linalg.norm(p))
                turn = 1 if sx * sy * sz > 0 else -1
                for i in range(n):
                    for j in range(n - i):
                        triangles.append((at[i, j], at[i + 1, j], at[i, j + 1])[::turn])
                        if i + j < n - 1:
                            triangles.append((at[i + 1, j], at[i + 1, j + 1], at[i, j + 1])[::turn])
    points, back = np.unique(np.round(points, 12) + 0.0, axis=0, return_inverse=True)
    return surface(radius * points + middle, back.ravel()[np.array(triangles)])


def box(low, high, turned=None, **named):
    corner = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
    sides = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    triangles = [t for a, b, c, d in sides for t in ((a, b, c), (a, c, d))]
    points = np.asarray(low) + corner * np.subtract(high, low)
    return surface(points if turned is None else points @ turned.T, triangles, **named)


def together(*ones):
    shift = np.cumsum([0, *(len(one.points) for one in ones)])
    return surface(np.concatenate([one.points for one in ones]),
                   np.concatenate([one.triangles + s for one, s in zip(ones, shift[:-1], strict=True)]))  # fmt: skip


def rotation(seed):
    q, r = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    q = q * np.sign(np.diag(r))
    return q * np.sign(np.linalg.det(q))


def grid_around(one, n, pad=0.1, graded=False):
    edges = []
    for low, high in zip(*one.bounds, strict=True):
        share = np.linspace(0.0, 1.0, n + 1)
        edges.append(low - pad + (high - low + 2 * pad) * (share**1.5 if graded else share))
    return Grid(x=edges[0], y=edges[1], z=edges[2])


def body(one, patches=()):
    return Body(part=Part(name="part", shape=Shape(kind="surface", surface=one), patches=patches), material=UNIT,
                start=300.0)  # fmt: skip


def field(one, grid):
    """Signed distance at centres, and the centres."""
    points = [grid.centres(axis) for axis in range(3)]
    where = np.meshgrid(*points, indexing="ij")
    return signed(Shape(kind="surface", surface=one), grid, points), np.stack(where, -1)


def volume(one):
    a, b, c = (one.points[one.triangles[:, n]] for n in range(3))
    return float((a * np.cross(b, c)).sum() / 6.0)


def encircled(one, places):
    """How often the surface goes round each place: solid angles of its triangles.

    Van Oosterom and Strackee, IEEE Trans. Biomed. Eng. 30, 1983.
    """
    total = np.zeros(len(places))
    for triangle in one.points[one.triangles]:
        a, b, c = (corner - places for corner in triangle)
        x, y, z = (np.linalg.norm(one, axis=1) for one in (a, b, c))
        top = (a * np.cross(b, c)).sum(axis=1)
        down = x * y * z + (a * b).sum(1) * z + (b * c).sum(1) * x + (c * a).sum(1) * y
        total += 2.0 * np.arctan2(top, down)
    return total / (4.0 * np.pi)


@pytest.mark.parametrize("graded", [False, True], ids=["even", "graded"])
def test_distances_to_a_torus_are_met_to_its_facets_within_the_band(graded):
    one = torus()
    grid = grid_around(one, 40, graded=graded)
    found, p = field(one, grid)
    exact = np.hypot(np.hypot(p[..., 0], p[..., 1]) - 1.0, p[..., 2]) - 0.4
    facet = 0.4 * (1 - np.cos(np.pi / 24)) + 1.4 * (1 - np.cos(np.pi / 48))
    widest = np.sqrt(sum(grid.widths(axis).max() ** 2 for axis in range(3)))
    near = np.abs(exact) < widest
    assert np.abs(found - exact)[near].max() < 1.1 * facet
    assert ((found < 0) == (exact < 0))[np.abs(exact) > facet].all()
    assert (np.abs(found[~near]) > 0.9 * widest).all()


@pytest.mark.parametrize("seed", range(4))
def test_signs_are_exact_everywhere_whatever_the_orientation(seed):
    q = rotation(seed)
    for one in (box((0, 0, 0), (1.0, 0.7, 0.02), q), box((0, 0, 0), (1.0, 1.0, 1.0), q), torus(12, 8)):
        found, p = field(one, grid_around(one, 17))
        assert ((found < 0) == (encircled(one, p.reshape(-1, 3)).reshape(found.shape) > 0.5)).all()


def test_points_edges_and_faces_on_points_of_the_grid_do_not_confuse_the_sign():
    one = ball(4)
    at = np.linspace(-1.5, 1.5, 13)  # the six points, the twelve edges and many faces meet these lines
    found = signed(Shape(kind="surface", surface=one), Grid(x=at, y=at, z=at), [at] * 3)
    p = np.stack(np.meshgrid(at, at, at, indexing="ij"), -1).reshape(-1, 3)
    apart = np.abs(found.ravel()) > 1e-9
    assert ((found.ravel() < 0) == (encircled(one, p) > 0.5))[apart].all()
    cube = signed(Shape(kind="surface", surface=box((-1, -1, -1), (1, 1, 1))), Grid(x=at, y=at, z=at), [at] * 3)
    exact = np.abs(p).max(axis=1).reshape(cube.shape) - 1.0
    inside = exact < 0.0
    assert np.abs(cube - exact)[inside & (exact > -0.4)].max() < 1e-12
    assert (cube[inside] < 0.0).all()
    assert (cube[exact > 1e-9] > 0.0).all()


def test_triangles_without_width_do_no_harm():
    one = ball(6)
    a, b, c = one.triangles[0]
    middle = 0.5 * (one.points[a] + one.points[b])
    points = np.concatenate([one.points, [middle]])
    n = len(one.points)
    # A seam: a triangle is split, its neighbour is not, and a triangle without area closes the gap.
    split = np.concatenate([one.triangles[1:], [(a, n, c), (n, b, c), (a, b, n)]])
    seamed = surface(points, split)
    grid = grid_around(one, 12)
    assert np.abs(field(seamed, grid)[0] - field(one, grid)[0]).max() < 1e-12


@pytest.mark.parametrize("seed", range(2))
def test_the_cut_of_a_ball_of_triangles_is_that_of_a_ball(seed):
    shift = 0.1 * np.random.default_rng(seed).random(3)
    one = ball(24)
    grid = Grid(**{c: np.linspace(-1.1, 1.1, 25) - shift[n] for n, c in enumerate("xyz")})
    found = curved_block(body(one), grid)
    exact = curved_block(Body(part=Part.sphere(1.0), material=UNIT, start=300.0), grid)
    assert (found.fraction * grid.volumes()).sum() == pytest.approx((exact.fraction * grid.volumes()).sum(), rel=4e-3)
    assert found.walls.area.sum() == pytest.approx(exact.walls.area.sum(), rel=4e-3)
    assert (found.fraction * grid.volumes()).sum() == pytest.approx(volume(one), rel=3e-3)


@pytest.mark.parametrize("turned", [None, 5])
def test_distances_at_any_place_are_exact_with_their_sign_beside_edges_and_corners(turned):
    one = box((0, 0, 0), (1.0, 0.8, 0.6), None if turned is None else rotation(turned))
    line = np.linspace(-0.2, 1.2, 15)
    places = np.stack(np.meshgrid(line, line, line, indexing="ij"), axis=-1).reshape(-1, 3)
    if turned is not None:
        places = places @ rotation(turned).T
    holed = Shape(kind="difference", parts=(Shape(kind="surface", surface=one),
                                            Shape(kind="sphere", numbers=(0.5, 0.4, 0.3, 0.2))))  # fmt: skip
    assert np.abs(exactly(holed, places) - distance(holed, *places.T)).max() < 1e-12


@pytest.mark.parametrize("cells", [16, 24])
def test_edges_of_triangles_stay_sharp(cells):
    one = box((0, 0, 0), (1.0, 0.8, 0.6), rotation(5))
    grid = grid_around(one, cells)
    found = curved_block(body(one), grid)
    assert found.walls.area.sum() == pytest.approx(2 * (0.8 + 0.6 + 0.48), rel=0.02)
    assert (found.fraction * grid.volumes()).sum() == pytest.approx(0.48, rel=1e-3)


def test_the_volume_of_turned_solids_is_met_to_second_order():
    one = box((0, 0, 0), (1.0, 0.8, 0.6), rotation(5))
    short = []
    for n in (16, 32):
        grid = grid_around(one, n)
        block = curved_block(body(one), grid)
        short.append(abs((block.fraction * grid.volumes()).sum() / 0.48 - 1.0))
        seen = np.maximum(block.walls.area[:, None] * (block.walls.normal @ rotation(5)), 0.0).sum(axis=0)
        assert seen == pytest.approx([0.48, 0.6, 0.8], rel=0.8 / n)
    assert short[0] < 2e-2
    assert short[1] < short[0] / 3.0


def test_a_cube_on_faces_of_the_grid_is_cut_to_its_exact_volume_and_area():
    one = box((0, 0, 0), (1, 1, 1))
    grid = Grid(**dict.fromkeys("xyz", np.linspace(-0.25, 1.25, 13)))
    block = curved_block(body(one), grid)
    assert (block.fraction * grid.volumes()).sum() == pytest.approx(1.0)
    for side in (-1.0, 1.0):
        seen = np.maximum(side * block.walls.area[:, None] * block.walls.normal, 0.0).sum(axis=0)
        assert seen == pytest.approx(1.0)
    assert block.solid.sum() == 8**3


def test_surfaces_join_trees_with_other_shapes():
    one = ball(16)
    tree = Shape(kind="difference", parts=(Shape(kind="surface", surface=one),
                                           Shape(kind="box", numbers=(0.0, -2.0, -2.0, 2.0, 2.0, 2.0))))  # fmt: skip
    grid = Grid(**dict.fromkeys("xyz", np.linspace(-1.13, 1.11, 29)))
    part = Part(name="half", shape=tree)
    block = curved_block(Body(part=part, material=UNIT, start=300.0), grid)
    assert (block.fraction * grid.volumes()).sum() == pytest.approx(0.5 * volume(one), rel=5e-3)


def test_triangles_that_cross_are_refused_with_where():
    crossed = together(box((0, 0, 0), (1e-2, 1e-2, 1e-2)), box((5e-3, 5e-3, 5e-3), (2e-2, 2e-2, 2e-2)))
    told_where = r"\d+ triangles of the surface cross or cover others, first near \(.*\) mm\. The surface of a solid"
    with pytest.raises(SurfaceError, match=told_where + r" meets itself nowhere\. Unite its bodies") as told:
        prepared(crossed)
    assert told.value.surface is crossed
    assert (np.abs(told.value.places) < 2.1e-2).all()
    covering = together(box((0, 0, 0), (1, 1, 1)), box((0.2, 0.2, 1), (0.7, 0.7, 2)))
    with pytest.raises(SurfaceError, match="cover"):
        prepared(covering)


def test_neighbours_and_near_misses_do_not_cross():
    q = rotation(3)
    for one in (ball(8), torus(), box((0, 0, 0), (1, 1, 1), q), box((0, 0, 0), (1, 1, 1e-4), q),
                together(box((0, 0, 0), (1, 1, 1)), box((0, 0, 1.001), (1, 1, 2))), ):  # fmt: skip
        assert len(prepared(one).crossing) == 0
        rounded = surface(one.points.astype(np.float32), one.triangles)
        assert len(prepared(rounded).crossing) == 0


def test_a_wall_is_measured_between_its_faces_and_refused_below_two_cells():
    q = rotation(7)
    one = box((0, 0, 0), (1.0, 1.0, 0.05), q)
    grid = grid_around(one, 10)
    least, place = thickness(body(one).part, grid)
    assert least == pytest.approx(0.05)
    assert -1e-9 < (q.T @ place)[2] < 0.05 + 1e-9
    with pytest.raises(SolveError, match=r"'part' is about 0\.05 m thick at .* m, less than two cells of .* m\. A wall "
                                         r"has two cells or more\. Use a spacing of 0\.025 m"):  # fmt: skip
        curved_block(body(one), grid)
    fine = Grid(**{c: np.linspace(grid.edges(n)[0], grid.edges(n)[-1], 2 + int(np.ptp(grid.edges(n)) / 0.024))
                   for n, c in enumerate("xyz")})  # fmt: skip
    assert curved_block(body(one), fine).solid.any()


def test_a_wall_that_no_point_of_the_grid_sees_is_refused():
    """Between a centre and a corner, so that neither is inside."""
    edges = np.linspace(0.0, 1.0, 11)
    one = together(box((0.1, 0.1, 0.1), (0.5, 0.9, 0.9)), box((0.715, 0.1, 0.1), (0.735, 0.9, 0.9)))
    with pytest.raises(SolveError, match=r"about 0\.02 m thick .* 10 times the cells"):
        curved_block(body(one), Grid(x=edges, y=edges, z=edges))


def test_the_thickness_of_other_shapes_is_measured_on_their_distance():
    grid = Grid(**dict.fromkeys("xyz", np.linspace(-1.05, 1.05, 22)))
    assert thickness(Part.sphere(1.0), grid)[0] == pytest.approx(2.0, rel=1e-3)
    shell = Part.sphere(1.0) - Part.sphere(0.93)
    assert thickness(shell, grid)[0] == pytest.approx(0.07, rel=1e-2)


def test_walls_belong_to_the_solid_that_is_nearest():
    solid = np.array([0] * 2 + [1] * 10)
    one = box((0, 0, 0), (1, 1, 1), rotation(2), solid=solid, solids=("left", "rest"))
    part = Part(name="part", shape=Shape(kind="surface", surface=one)).with_patch("left", solid="left")
    grid = grid_around(one, 20)
    block = curved_block(Body(part=part, material=UNIT, start=300.0), grid)
    mine = block.walls.patch == block.walls.patches.index("left")
    assert block.walls.area[mine].sum() == pytest.approx(1.0, rel=0.05)
    assert np.median(block.walls.normal[mine] @ -rotation(2)[:, 0]) > 0.99
    places = one.points[one.triangles].mean(axis=1)
    assert (solids_at(part.shape, places)[0] == solid).all()


def test_a_ball_of_triangles_cools_as_a_ball():
    film = Exchange(gas=300.0, film=5.0)
    until, seen = 0.1, (Extreme(name="hot"),)
    found = []
    for part in (Part.sphere(1.0), body(ball(24)).part):
        process = Process.simple(part=part, material=UNIT, start=400.0, walls={"surface": film}, until=until)
        found.append(Heat(cells=12)(process, observe=seen).at("hot", [until])[0])
    assert found[1] == pytest.approx(found[0], abs=0.3)
