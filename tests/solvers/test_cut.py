"""From parts to cells: edges on every flat face, volumes and areas exact, patches where they are named."""

import numpy as np
import pytest

from foretrial.models import Body, Material, Part, Process, SolveError, Stage
from foretrial.models.process import INSULATED, Contact
from foretrial.solvers.cut import cut

STEEL = Material.simple("steel", density=7850.0, conductivity=45.0, heat_capacity=480.0)
SECTION = Part.i_section(height=0.2, width=0.2, flange=0.015, web=0.009)


def process(*parts, contacts=()):
    names = {"surface", *(patch.name for part in parts for patch in part.patches)}
    stage = Stage(name="hold", walls=dict.fromkeys(names, INSULATED), until=1.0)
    return Process(name="cut", bodies=tuple(Body(part=p, material=STEEL, start=300.0) for p in parts), stages=(stage,),
                   contacts=contacts)  # fmt: skip


def made(*parts, cells=2, ratio=1.0, along=(None, None, None), contacts=()):
    return cut(process(*parts, contacts=contacts), cells=cells, ratio=ratio, along=along)


def volume(found, n=0):
    block = found.blocks[n]
    own = tuple(slice(o, o + m) for o, m in zip(block.offset, block.shape, strict=True))
    return float((found.grid.volumes()[own] * block.fraction).sum())


def areas(block):
    walls = block.walls
    return {name: float(walls.area[walls.patch == n].sum()) for n, name in enumerate(walls.patches)}


@pytest.mark.parametrize(("part", "wanted"), [
    (Part.slab(0.02), 0.02),
    (Part.sheet(0.2, 0.1), 0.02),
    (Part.box(0.2, 0.1, 0.05), 0.001),
    (Part.ball(0.1), 4 / 3 * np.pi * 0.1**3),
    (Part.rod(0.1, 0.5), np.pi * 0.1**2 * 0.5),
    (Part.rod(0.1, 0.5, bore=0.04), np.pi * (0.1**2 - 0.04**2) * 0.5),
    (SECTION, 2 * 0.2 * 0.015 + 0.17 * 0.009),
    (Part.tube_section(height=0.2, width=0.1, wall=0.008), 0.2 * 0.1 - 0.184 * 0.084),
], ids=lambda p: getattr(p, "name", ""))  # fmt: skip
@pytest.mark.parametrize("cells", [1, 3])
def test_a_part_keeps_its_volume_on_every_grid(part, wanted, cells):
    assert volume(made(part, cells=cells)) == pytest.approx(wanted, rel=1e-12)


def test_the_surface_of_a_section_is_whole_and_lies_in_its_patches():
    found = areas(made(SECTION).blocks[0])
    side = 0.015 * 2 + 0.17 + 2 * (0.2 - 0.009) / 2
    assert found["top"] == pytest.approx(0.2)
    assert found["bottom"] == pytest.approx(0.2)
    assert found["left"] == pytest.approx(side)
    assert found["right"] == pytest.approx(side)
    assert found["ends"] == 0.0
    assert found["surface"] == 0.0


def test_edges_lie_on_every_face_and_the_thinnest_distance_has_the_cells_asked_for():
    grid = made(SECTION, cells=3).grid
    for axis in range(2):
        edges = grid.edges(axis)
        assert all(np.abs(edges - plane).min() < 1e-12 for plane in SECTION.planes(axis))
    web = grid.x[(grid.x > -0.0045 - 1e-9) & (grid.x < 0.0045 + 1e-9)]
    assert web.size == 4
    assert grid.z.size == 2  # a section is one cell deep


def test_refining_divides_every_cell():
    coarse, fine = (made(SECTION, cells=2, ratio=ratio) for ratio in (1.0, 2.0))
    assert fine.cells == 4 * coarse.cells
    assert np.allclose(fine.grid.x[::2], coarse.grid.x)


def test_an_axis_can_be_told_its_cells():
    found = made(Part.box(0.2, 0.1, 3.0), cells=2, along=(None, None, 10))
    assert found.grid.shape == (4, 2, 10)


def test_bodies_that_touch_trade_their_common_face_and_no_other():
    first, second = Part.sheet(0.1, 0.2, name="first"), Part.sheet(0.05, 0.2, name="second").moved(x=0.1)
    found = made(first, second, contacts=(Contact(first="second", second="first"),))
    [piece] = found.touching
    assert piece.area.sum() == pytest.approx(0.2)
    assert (piece.first, piece.second) == (1, 0)
    assert areas(found.blocks[0])["right"] == 0.0
    assert areas(found.blocks[1])["left"] == 0.0
    assert areas(found.blocks[0])["left"] == pytest.approx(0.2)


def test_a_shared_face_is_shared_where_both_have_it():
    first, second = Part.sheet(0.1, 0.2, name="first"), Part.sheet(0.05, 0.08, name="second").moved(x=0.1, y=0.06)
    found = made(first, second, contacts=(Contact(first="first", second="second"),))
    assert found.touching[0].area.sum() == pytest.approx(0.08)
    assert areas(found.blocks[0])["right"] == pytest.approx(0.12)


def test_parts_of_two_kinds_share_no_grid():
    with pytest.raises(SolveError, match=r"metric \['cartesian', 'spherical'\] .* do not share a grid\. .* Make them"):
        made(Part.slab(0.1), Part.ball(0.1))
