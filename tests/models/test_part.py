"""A part knows its shape, its patches and its regions, and is put together from others."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretrial.models import ModelError, Part, digest
from foretrial.models.part import EVERYWHERE
from foretrial.models.shape import Shape

BLOCK = Part.box(0.2, 0.1, 0.3)
HOLE = Part.box(0.1, 0.1, 0.3).moved(x=0.05)
SECTION = {"height": 0.2, "width": 0.16, "flange": 0.015, "web": 0.009}
PLACE = st.tuples(st.floats(-0.1, 0.3), st.floats(-0.1, 0.2), st.floats(-0.1, 0.4))


def inside(part, place):
    return float(part.distance(*(np.asarray(c) for c in place))) < 0.0


def patch_of(part, place, normal):
    """The first patch that fits, as the noun's docstring says."""
    for patch in part.patches:
        facing = np.asarray(patch.facing)
        low, high = np.asarray(patch.box)
        faces = not facing.any() or normal @ facing > 0.7 * np.linalg.norm(facing)
        if faces and (low <= place).all() and (place <= high).all():
            return patch.name
    return "surface"


def area_of(part, n=400):
    """Area of a section by counting midpoints."""
    low, high = part.bounds
    x, y = (low[a] + (np.arange(n) + 0.5) * (high[a] - low[a]) / n for a in (0, 1))
    share = (part.distance(x[:, None], y[None, :], np.array(0.5 * (low[2] + high[2]))) < 0.0).mean()
    return share * (high[0] - low[0]) * (high[1] - low[1])


def test_each_maker_resolves_the_axes_that_its_part_has():
    parts = {
        Part.slab(0.1): ("cartesian", 1),
        Part.ball(0.1): ("spherical", 1),
        Part.rod(0.1): ("axisymmetric", 1),
        Part.rod(0.1, 0.5): ("axisymmetric", 2),
        Part.sheet(0.1, 0.2): ("cartesian", 2),
        Part.i_section(**SECTION): ("cartesian", 2),
        Part.tube_section(height=0.1, width=0.1, wall=0.01): ("cartesian", 2),
        Part.i_section(**SECTION, length=1.0): ("cartesian", 3),
        Part.tube_section(height=0.1, width=0.1, wall=0.01, length=1.0): ("cartesian", 3),
        Part.box(0.1, 0.1, 0.1): ("cartesian", 3),
        Part.sphere(0.1): ("cartesian", 3),
        Part.cylinder(0.1, 0.2): ("cartesian", 3),
        Part.extrude([[0, 0], [1, 0], [0, 1]]): ("cartesian", 2),
    }
    for part, (metric, active) in parts.items():
        assert (part.metric, part.active) == (metric, active), part.name


def test_the_standard_sections_have_their_handbook_areas():
    i = Part.i_section(**SECTION)
    assert area_of(i) == pytest.approx(2 * 0.16 * 0.015 + 0.17 * 0.009, rel=0.02)
    assert i.planes(1) == pytest.approx([-0.1, -0.085, 0.085, 0.1])
    assert i.planes(0) == pytest.approx([-0.08, -0.0045, 0.0045, 0.08])
    tube = Part.tube_section(height=0.2, width=0.1, wall=0.01)
    assert area_of(tube) == pytest.approx(0.2 * 0.1 - 0.18 * 0.08, rel=0.02)
    assert tube.planes(0) == pytest.approx([-0.05, -0.04, 0.04, 0.05])


@given(st.floats(-0.08, 0.08), st.floats(-0.1, 0.1))
def test_an_i_section_is_symmetric_about_both_axes(x, y):
    part = Part.i_section(**SECTION)
    distances = [float(part.distance(*map(np.asarray, (a * x, b * y, 0.5)))) for a in (1, -1) for b in (1, -1)]
    np.testing.assert_allclose(distances, distances[0], atol=1e-12)


@given(PLACE)
def test_sum_difference_and_common_part_hold_what_logic_says(place):
    block, hole = inside(BLOCK, place), inside(HOLE, place)
    assert inside(BLOCK + HOLE, place) == (block or hole)
    assert inside(BLOCK & HOLE, place) == (block and hole)
    if float(HOLE.distance(*map(np.asarray, place))) != 0.0:
        assert inside(BLOCK - HOLE, place) == (block and not hole)


def test_a_boolean_part_keeps_the_name_and_patches_of_the_first_and_shows_the_planes_of_both():
    cut = BLOCK - HOLE
    assert (cut.name, cut.patches) == (BLOCK.name, BLOCK.patches)
    assert cut.planes(0) == pytest.approx([0.0, 0.05, 0.15, 0.2])
    assert (BLOCK - Part.box(9.0, 0.05, 9.0).moved(x=-1.0)).planes(0) == pytest.approx([0.0, 0.2])


@pytest.mark.parametrize(
    "part",
    [BLOCK, Part.sphere(0.1), Part.cylinder(0.1, 0.2), Part.i_section(**SECTION), BLOCK - HOLE],
)
@settings(max_examples=30)
@given(place=PLACE, by=st.tuples(*[st.floats(-1.0, 1.0)] * 3))
def test_a_moved_part_is_the_same_part_elsewhere(part, place, by):
    x, y, z = by
    there = [np.asarray(c + d) for c, d in zip(place, by, strict=True)]
    moved = part.moved(x=x, y=y, z=z)
    assert float(moved.distance(*there)) == pytest.approx(float(part.distance(*map(np.asarray, place))), abs=1e-9)
    assert digest(part.moved()) == digest(part)


def test_the_patches_of_an_i_section_cover_its_outline():
    part = Part.i_section(**SECTION, length=1.0)
    for place, normal, name in [
        ((0.0, 0.1, 0.5), (0, 1, 0), "top"),
        ((0.0, -0.1, 0.5), (0, -1, 0), "bottom"),
        ((0.0, 0.05, 1.0), (0, 0, 1), "ends"),
        ((0.0, 0.05, 0.0), (0, 0, -1), "ends"),
        ((0.0045, 0.0, 0.5), (1, 0, 0), "right"),
        ((-0.0045, 0.0, 0.5), (-1, 0, 0), "left"),
        ((0.05, 0.085, 0.5), (0, -1, 0), "right"),
        ((-0.05, -0.085, 0.5), (0, 1, 0), "left"),
        ((0.08, 0.09, 0.5), (1, 0, 0), "right"),
    ]:
        assert patch_of(part, np.array(place), np.array(normal)) == name


def test_a_new_patch_is_looked_at_before_the_old_ones():
    part = BLOCK.with_patch("spot", facing=(0, 1, 0), box=((0.05, 0, 0), (0.15, 1, 1)))
    assert patch_of(part, np.array([0.1, 0.1, 0.1]), np.array([0, 1, 0])) == "spot"
    assert patch_of(part, np.array([0.19, 0.1, 0.1]), np.array([0, 1, 0])) == "top"
    assert patch_of(Part.sphere(0.1), np.array([0.1, 0, 0]), np.array([1, 0, 0])) == "surface"


def test_a_region_is_found_by_its_name_and_everything_is_called_all():
    part = BLOCK.with_region("core", (0.05, 0.02, 0.1), (0.15, 0.08, 0.2)).with_region("end", (0, 0, 0), (1, 1, 0.01))
    assert part.region("core") == ((0.05, 0.02, 0.1), (0.15, 0.08, 0.2))
    assert part.region("end")[1] == (1, 1, 0.01)
    assert part.region("all") == EVERYWHERE
    with pytest.raises(
        ModelError, match=r"box has no region 'coer'\. Did you mean 'core'\? Name it with Part.with_reg"
    ):
        part.region("coer")


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Part.slab(0.0), r"a box has no extent: .* Every size is above zero"),
        (lambda: Part.ball(-0.1), r"a box has no extent"),
        (lambda: Part.sphere(0.0), r"a sphere has no extent"),
        (lambda: Part.cylinder(0.1, -1.0), r"a cylinder has no extent"),
        (
            lambda: Part.rod(0.1, bore=-0.02),
            r"rod: the radius starts at -0\.02 m\. .* never below zero\. Move the part",
        ),
        (lambda: Part.rod(0.1).moved(x=-0.05), r"the radius starts at -0\.05 m"),
        (lambda: Part.rod(0.1, bore=0.2), r"a box has no extent"),
        (lambda: Part.extrude([[0, 0], [1, 1]]), r"extrusion: 2 corners make no polygon\. Three or more .* Complete"),
        (lambda: Part.i_section(height=0.2, width=0.1, flange=0.1, web=0.01), r"i_section: web 0\.01 m .* Correct the"),
        (lambda: Part.i_section(height=0.2, width=0.1, flange=0.01, web=0.1), r"web 0\.1 m in width 0\.1 m"),
        (lambda: Part.tube_section(height=0.1, width=0.1, wall=0.05), r"a box has no extent"),
        (
            lambda: Part(name="p", shape=Shape(kind="sphere", numbers=(0, 0, 0, 1)), metric="cartesan"),
            r"metric 'cartesan' is not known\. Did you mean 'cartesian'\? Choose one of cartesian",
        ),
    ],
)
def test_a_part_that_cannot_be_is_refused(make, text):
    with pytest.raises(ModelError, match=text):
        make()
