"""Where corners of cut cells are drawn: on the wall and its edges, no cell crossed, no value touched."""

import numpy as np
import pytest

from foretrial.models import Extreme, Grid, Material, Part
from foretrial.models.cells import cells_of, crossed
from foretrial.models.process import quench
from foretrial.solvers import Heat
from foretrial.solvers.outline import outline

IRON = Material.simple("iron", density=7870.0, conductivity=30.0, heat_capacity=450.0)
R, LONG = 0.02, 0.05


def drawn(part, cells):
    """The last frame of a short quench, and its cells."""
    frames = []
    process = quench(part, IRON, start=1100.0, bath=300.0, film=500.0, until=0.1)
    Heat(cells=cells, tolerance=5.0)(process, observe=(Extreme(name="hot"),), keep=frames.append)
    return frames[-1], cells_of(frames[-1])


def volume(cells):
    """Of hexahedra, m3, or of quadrilaterals, m2."""
    corners = cells.points[cells.corners]
    if corners.shape[1] == 4:
        x, y = corners[..., 0], corners[..., 1]
        return 0.5 * float((x * np.roll(y, -1, axis=1) - np.roll(x, -1, axis=1) * y).sum())
    total, middle = 0.0, corners.mean(axis=1)[:, None]
    for face in ((0, 4, 7, 3), (1, 2, 6, 5), (0, 1, 5, 4), (3, 7, 6, 2), (0, 3, 2, 1), (4, 5, 6, 7)):
        side = corners[:, list(face)] - middle
        total += float((np.cross(side, np.roll(side, -1, axis=1)) * side.mean(axis=1)[:, None]).sum()) / 6.0
    return total


@pytest.mark.parametrize(("part", "cells", "wanted", "within"), [
    (Part.sphere(R), 8, 4 / 3 * np.pi * R**3, 0.03),
    (Part.sphere(R), 16, 4 / 3 * np.pi * R**3, 0.008),
    (Part.sphere(R).moved(0.0007, 0.0011, 0.0003), 12, 4 / 3 * np.pi * R**3, 0.015),
    (Part.cylinder(R, LONG), 12, np.pi * R**2 * LONG, 0.012),
    (Part.cylinder(R, LONG) - Part.cylinder(0.4 * R, LONG), 12, np.pi * 0.84 * R**2 * LONG, 0.012),
    (Part.disc(R), 8, np.pi * R**2, 0.03),
    (Part.disc(R), 32, np.pi * R**2, 0.002),
    (Part.extrude(np.array([[0, 0], [0.05, 0], [0.03, 0.03], [0, 0.02]]), 0.02), 8, 2.1e-5, 0.002),
])  # fmt: skip
def test_the_cells_that_are_drawn_fill_the_part_and_none_is_crossed(part, cells, wanted, within):
    frame, held = drawn(part, cells)
    assert volume(held) == pytest.approx(wanted, rel=within)
    assert not crossed(held.points[held.corners]).any()
    (body,) = frame.T
    rows, places = frame.skin[body]
    assert (np.diff(rows) > 0).all()
    high = 0.5 if part.active == 2 else places[:, 2]
    h = float(np.diff(frame.edges[body][0]).max())
    off = np.abs(part.distance(places[:, 0], places[:, 1], high))
    assert np.quantile(off, 0.98) < 1e-3 * h


def test_the_rim_of_a_cylinder_is_round_and_sharp():
    frame, _ = drawn(Part.cylinder(R, LONG), 8)
    _, places = frame.skin["cylinder"]
    radius = np.hypot(places[:, 0], places[:, 1])
    rim = (radius > 0.9 * R) & (places[:, 2] < 1e-6)
    assert rim.sum() >= 20
    np.testing.assert_allclose(radius[rim], R, rtol=1e-6)


def test_a_part_of_triangles_is_drawn_like_the_shape_that_it_was_made_of():
    t = np.linspace(0.0, 2 * np.pi, 65)[:-1]
    ring = np.stack([R * np.cos(t), R * np.sin(t)], axis=1)
    points = np.concatenate([np.column_stack([ring, 0 * t]), np.column_stack([ring, 0 * t + LONG]),
                             [[0, 0, 0], [0, 0, LONG]]])  # fmt: skip
    n, k = len(t), np.arange(len(t))
    j = (k + 1) % n
    triangles = np.concatenate([np.stack(one, axis=1) for one in (
        (k, j, j + n), (k, j + n, k + n), (j, k, 0 * k + 2 * n), (k + n, j + n, 0 * k + 2 * n + 1))])  # fmt: skip
    part = Part.from_triangles(points, triangles, unit="m")
    _, held = drawn(part, 12)
    assert volume(held) == pytest.approx(part.shape.surface.volume, rel=0.012)
    assert not crossed(held.points[held.corners]).any()


def test_triangles_among_other_shapes_are_drawn_too():
    t = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])
    part = Part.from_triangles(np.array([[0, 0, 0], [3, 0, 0], [0, 3, 0], [0, 0, 3.0]]), t, unit="m")
    part = part - Part.sphere(1.2)
    x = np.linspace(0.0, 3.0, 25)
    grid = Grid(x=x, y=x, z=x)
    c = grid.centres(0)
    solid = part.distance(*np.meshgrid(c, c, c, indexing="ij")) < 0.0
    _, places = outline(part, grid, (0, 0, 0), solid)
    off = np.abs(part.distance(*places.T)) / (x[1] - x[0])
    assert off.max() < 0.6
    assert np.quantile(off, 0.75) < 0.02


def test_a_part_that_fits_its_grid_is_drawn_by_its_grid():
    frame, _ = drawn(Part.box(0.02, 0.02, 0.03), 4)
    assert frame.skin is None


def test_a_cell_that_is_turned_inside_out_is_known():
    whole = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1.0]])
    turned, dented, flat = whole.copy(), whole.copy(), whole[:4].copy()
    turned[[0, 6]] = turned[[6, 0]]
    dented[6] = [0.6, 0.6, 0.6]
    np.testing.assert_array_equal(crossed(np.array([whole, turned, dented])), [False, True, False])
    np.testing.assert_array_equal(crossed(np.array([flat, flat[[0, 2, 1, 3]]])), [False, True])
