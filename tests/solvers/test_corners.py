"""Edges and corners that a grid does not know are cut as they are, at any offset of it."""

from dataclasses import replace

import numpy as np
import pytest

from foretrial.models import Elastic, LoadCase, Part, Patch, Structure
from foretrial.models.shape import Shape
from foretrial.solvers.loads import patch_rows
from foretrial.solvers.raster import fill, raster

SOFT = Elastic(name="soft", young=1e9)
TURNED = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 0.6], [0.0, 0.6]]) @ np.array([[0.92, 0.39], [-0.39, 0.92]])
STRETCH = 0.92**2 + 0.39**2
BOX = Shape(kind="box", numbers=(0.0, 0.0, 0.0, 1.0, 1.0, 1.0))
PARTS = {
    "turned rectangle": (Part.extrude(TURNED), 0.6 * STRETCH),
    "angle": (Part.extrude(np.array([[0, 0], [2, 0], [2, 1], [1, 1], [1, 2], [0, 2]], dtype=float)), 3.0),
    "box": (Part.box(1.0, 0.7, 0.5), 0.35),
    "turned prism": (Part.extrude(TURNED, 0.5), 0.3 * STRETCH),
    "hollow box": (
        Part(name="hollow", shape=Shape(kind="difference", parts=(
            BOX, Shape(kind="box", numbers=(0.25, 0.25, 0.25, 0.75, 0.75, 0.75))))), 0.875),
}  # fmt: skip


def cut(part, offset, cells=5):
    structure = Structure.simple(
        part=part, material=SOFT, case=LoadCase(free=True), plane="stress" if part.active == 2 else ""
    )
    grid = raster(structure, cells=cells, shift=tuple(np.random.default_rng(offset).random(3)))
    return fill(structure.bodies[0], grid), grid


@pytest.mark.parametrize("offset", range(3))
@pytest.mark.parametrize("name", PARTS)
def test_a_shape_of_flat_faces_keeps_its_volume_and_its_closed_wall(name, offset):
    part, size = PARTS[name]
    filled, grid = cut(part, offset)
    partly = ~filled.full[tuple(filled.cells.T)]
    held = (filled.full.sum() + filled.fraction[partly].sum()) * np.prod(grid.spacing[: grid.active])
    assert held == pytest.approx(size, rel=1e-6)
    wall = filled.area[:, None] * filled.normal
    assert np.abs(wall.sum(axis=0)).max() < 1e-4 * filled.area.sum()
    assert (wall * filled.place)[:, : grid.active].sum() / grid.active == pytest.approx(size, rel=2e-4)


@pytest.mark.parametrize("cells", [20, 37, 40])
def test_a_bore_that_meets_its_symmetry_planes_loses_none_of_its_wall(cells):
    ring = Part.sheet(0.5, 0.5) & (Part.disc(0.2) - Part.disc(0.1))
    flat = (
        Patch(name="left", box=((-1, -1, -1), (1e-9, 1, 2))),
        Patch(name="bottom", box=((-1, -1, -1), (1, 1e-9, 2))),
    )
    part = replace(ring, patches=(*flat, Patch(name="bore", inside=Part.disc(0.11))))
    structure = Structure.simple(part=part, material=SOFT, case=LoadCase(free=True), plane="stress")
    filled = fill(structure.bodies[0], raster(structure, cells=1, along=(cells, cells, None)))
    bore = patch_rows(filled, "bore")
    assert filled.area[bore].sum() == pytest.approx(0.05 * np.pi, rel=5e-4)
    assert (filled.area[bore, None] * filled.normal[bore])[:, :2].sum(axis=0) == pytest.approx([-0.1, -0.1], rel=2e-4)
