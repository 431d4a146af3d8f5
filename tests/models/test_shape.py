"""A shape is one signed distance: zero on its surface, negative inside, never longer than the way there."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretrial.models import ModelError
from foretrial.models.shape import Shape, aligned, bounds, distance, planes

BOX = Shape(kind="box", numbers=(0.0, 0.0, 0.0, 2.0, 1.0, 3.0))
BALL = Shape(kind="sphere", numbers=(1.0, 0.0, 0.0, 0.5))
BAR = Shape(kind="cylinder", numbers=(0.0, 0.0, -1.0, 1.0, 0.5))
ELL = Shape(kind="prism", numbers=(0.0, 1.0, 0, 0, 2, 0, 2, 1, 1, 1, 1, 2, 0, 2))
ROOF = Shape(kind="prism", numbers=(0.0, 1.0, 0, 0, 2, 0, 1, 1))
PRIMITIVES = [BOX, BALL, BAR, ELL, ROOF]
TREES = [
    Shape(kind="union", parts=(BOX, BALL)),
    Shape(kind="difference", parts=(BOX, BALL, BAR)),
    Shape(kind="intersection", parts=(BOX, BAR)),
]
PLACE = st.tuples(*[st.floats(-4.0, 4.0)] * 3)


def at(shape, place):
    return float(distance(shape, *(np.asarray(c) for c in place)))


@pytest.mark.parametrize(
    ("shape", "place", "answer"),
    [
        (BOX, (1.0, 0.5, 1.5), -0.5),
        (BOX, (-3.0, 5.0, 1.0), 5.0),
        (BOX, (2.0, 0.5, 1.0), 0.0),
        (BALL, (1.0, 0.0, 0.0), -0.5),
        (BALL, (1.0, 3.0, 4.0), 4.5),
        (BAR, (0.0, 0.0, 0.0), -0.5),
        (BAR, (3.5, 0.0, 5.0), 5.0),
        (ELL, (0.5, 0.5, 0.5), -0.5),
        (ELL, (1.5, 1.5, 0.5), 0.5),
        (ELL, (1.25, 1.5, 0.5), 0.25),
        (ELL, (5.0, 0.5, 5.0), 5.0),
        (ROOF, (1.0, 1.5, 0.5), 0.5),
        (ROOF, (0.0, 1.0, 0.5), np.sqrt(0.5)),
    ],
)
def test_the_distance_of_a_primitive_is_exact(shape, place, answer):
    assert at(shape, place) == pytest.approx(answer, abs=1e-12)


@pytest.mark.parametrize("shape", PRIMITIVES + TREES)
@settings(max_examples=30)
@given(here=PLACE, there=PLACE)
def test_the_distance_changes_no_faster_than_the_place(shape, here, there):
    gap = float(np.linalg.norm(np.subtract(here, there)))
    assert abs(at(shape, here) - at(shape, there)) <= gap + 1e-12


@pytest.mark.parametrize("shape", PRIMITIVES + TREES)
@settings(max_examples=30)
@given(place=PLACE)
def test_what_is_inside_lies_in_the_bounds(shape, place):
    low, high = bounds(shape)
    if at(shape, place) < 0.0:
        assert all(a <= c <= b for a, c, b in zip(low, place, high, strict=True))


@given(PLACE)
def test_union_difference_and_intersection_hold_what_logic_says(place):
    box, ball, bar = (at(one, place) < 0.0 for one in (BOX, BALL, BAR))
    union, difference, intersection = (at(tree, place) < 0.0 for tree in TREES)
    assert union == (box or ball)
    assert intersection == (box and bar)
    if min(abs(at(one, place)) for one in (BALL, BAR)) > 0.0:
        assert difference == (box and not ball and not bar)


def test_the_inside_of_a_prism_is_its_polygon():
    rng = np.random.default_rng(1)
    x, y = rng.uniform(-1, 3, (2, 500))
    ell = (x > 0) & (y > 0) & (((x < 2) & (y < 1)) | ((x < 1) & (y < 2)))
    np.testing.assert_array_equal(distance(ELL, x, y, np.array(0.5)) < 0.0, ell)


def test_points_broadcast_together():
    x, y, z = np.ones((4, 1, 1)), np.ones((1, 5, 1)), np.ones((1, 1, 6))
    for shape in PRIMITIVES + TREES:
        assert distance(shape, x, y, z).shape == (4, 5, 6)


def test_flat_faces_give_their_planes():
    assert planes(BOX, 1) == {0.0, 1.0}
    assert planes(ELL, 0) == {0.0, 1.0, 2.0}
    assert planes(ELL, 2) == {0.0, 1.0}
    assert planes(Shape(kind="difference", parts=(BOX, ELL)), 0) == {0.0, 1.0, 2.0}


def test_only_shapes_of_faces_across_the_axes_are_aligned():
    assert aligned(BOX)
    assert aligned(ELL)
    assert aligned(Shape(kind="union", parts=(BOX, ELL)))
    for crooked in (BALL, BAR, ROOF, TREES[1]):
        assert not aligned(crooked)


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"kind": "spere"}, r"shape 'spere' is not known\. Did you mean 'sphere'\? Choose one of box, sphere"),
        ({"kind": "box", "numbers": (0, 0, 0, 1, 1)}, r"a box of 5 numbers and 0 parts is incomplete\. .* Complete it"),
        ({"kind": "prism", "numbers": (0, 1, 0, 0, 1, 1)}, r"a prism of 6 numbers"),
        ({"kind": "prism", "numbers": (0, 1, 0, 0, 1, 1, 2, 0, 3)}, r"a prism of 9 numbers"),
        ({"kind": "union"}, r"a union of 0 numbers and 0 parts is incomplete"),
        ({"kind": "sphere", "numbers": (0, 0, 0, 1), "parts": (BOX,)}, r"a sphere of 4 numbers and 1 parts"),
        ({"kind": "sphere", "numbers": (0, 0, 0, np.nan)}, r"size that is not finite: .*nan.* Sizes are finite metres"),
        (
            {"kind": "sphere", "numbers": (0, 0, 0, -1)},
            r"a sphere has no extent: .* Every size is above zero\. Correct",
        ),
        ({"kind": "box", "numbers": (0, 0, 0, 1, 0, 1)}, r"a box has no extent: it runs from .* m\."),
        ({"kind": "prism", "numbers": (0, 1, 0, 0, 1, 0, 2, 0)}, r"a prism has no extent"),
    ],
)
def test_a_shape_that_cannot_be_is_refused(wrong, text):
    with pytest.raises(ModelError, match=text):
        Shape(**wrong)
