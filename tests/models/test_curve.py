"""A curve is exact in its pieces, holds its ends, and its integral is exact too."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from foretrial.models import Curve, ModelError

COEFFICIENT = st.floats(-10.0, 10.0)


@st.composite
def curves(draw):
    """One to four pieces, cubics with a pole outside the piece."""
    n = draw(st.integers(1, 4))
    breaks = np.cumsum([draw(st.floats(-5.0, 5.0))] + [draw(st.floats(0.1, 3.0)) for _ in range(n)])
    parts = []
    for left, right in pairwise(breaks):
        away = draw(st.floats(0.2, 4.0))
        pole = right + away if draw(st.booleans()) else left - away
        parts.append(
            (left, right, [draw(COEFFICIENT) for _ in range(4)], draw(st.sampled_from((0.0, 1.0, -3.0))), pole)
        )
    return parts


def by_hand(parts, x):
    left, right = parts[0][0], parts[-1][1]
    x = min(max(x, left), right)
    _, _, c, r, p = next((part for part in parts if x < part[1]), parts[-1])
    return sum(a * x**i for i, a in enumerate(c)) + (r / (x - p) if r else 0.0)


@given(curves(), st.floats(-10.0, 20.0))
def test_a_curve_of_pieces_gives_the_formula_of_each_piece(parts, x):
    curve = Curve.pieces(*parts)
    scale = 1.0 + max(sum(abs(a) * max(abs(p[0]), abs(p[1])) ** i for i, a in enumerate(p[2])) for p in parts)
    assert float(curve(x)) == pytest.approx(by_hand(parts, x), abs=1e-11 * scale + 1e-9)
    assert curve.one(x) == float(curve(x))


@given(curves(), st.floats(-8.0, 20.0), st.floats(-8.0, 20.0))
def test_the_integral_is_that_of_a_quadrature_beyond_the_ends_too(parts, start, end):
    curve = Curve.pieces(*parts)
    low, high = min(start, end), max(start, end)
    stops = [low, *(b for b in curve.breaks if low < b < high), high]
    sums = [quad(curve.one, a, b, epsabs=1e-10, epsrel=1e-12) for a, b in pairwise(stops)]
    whole = (1 if end >= start else -1) * sum(one for one, _ in sums)
    size = sum(abs(one) for one, _ in sums)
    assert float(curve.integral(end, start=start)) == pytest.approx(whole, abs=1e-8 + 1e-9 * size)


@given(curves())
def test_a_curve_beyond_its_ends_holds_its_end_values(parts):
    curve = Curve.pieces(*parts)
    left, right = curve.range
    np.testing.assert_array_equal(curve([left - 100.0, right + 100.0]), curve([left, right]))


def test_a_table_is_straight_between_its_points():
    curve = Curve.table([0.0, 1.0, 3.0], [10.0, 20.0, 0.0])
    np.testing.assert_allclose(curve([-1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 9.0]), [10, 10, 15, 20, 10, 0, 0])
    assert float(curve.integral(3.0, start=0.0)) == pytest.approx(35.0)
    assert curve([[0.0, 1.0], [3.0, 4.0]]).shape == (2, 2)


def test_a_constant_is_the_same_everywhere():
    curve = Curve.constant(7.5)
    np.testing.assert_array_equal(curve([-1e6, 0.0, 1e6]), 7.5)
    assert float(curve.integral(12.0, start=2.0)) == pytest.approx(75.0)


def test_the_packed_table_has_its_integral_zero_where_asked():
    curve = Curve.pieces((0.0, 1.0, (1.0, 2.0), 0.0, 0.0), (1.0, 2.0, (3.0,), 1.0, 5.0))
    packed = curve.packed(0.5)
    assert packed.shape == (4, 8)
    assert packed[1, 7] == pytest.approx(float(curve.integral(0.0, start=0.5)))
    assert packed[3, 7] == pytest.approx(float(curve.integral(2.0, start=0.5)))


def test_the_arrays_of_a_curve_cannot_be_written():
    curve = Curve.table([0.0, 1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="read-only"):
        curve.rows[0, 0] = 5.0


@pytest.mark.parametrize(
    ("x", "y", "text"),
    [
        (
            [0, 1, 2],
            [1, 2],
            r"a table of 3 places and 2 values makes no curve\. .* as many values .* Complete the table",
        ),
        ([0], [1], r"a table of 1 places and 1 values makes no curve"),
        ([0, 1, 1, 2], [1, 2, 3, 4], r"do not increase: 1 is followed by 1\. .* each once\. Sort the table"),
        ([0, 2, 1], [1, 2, 3], r"do not increase: 2 is followed by 1\."),
        ([0, 1, 2], [1, np.nan, 3], r"holds a number that is not finite\. Every knot is finite\. Look for NaN"),
        ([0, np.inf, 2], [1, 2, 3], r"holds a number that is not finite"),
    ],
)
def test_a_table_that_is_no_function_is_refused(x, y, text):
    with pytest.raises(ModelError, match=text):
        Curve.table(x, y)


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ([(0, 1, (1,), 0, 0), (2, 3, (1,), 0, 0)], r"starts at 2 where the one before ends at 1\. .* Make both ends"),
        ([(0, 1, (1, 2, 3, 4, 5), 0, 0)], r"from 0 has 5 coefficients\. A cubic has four at most\. Split the range"),
        ([(0, 1, (1,), 2.0, 0.5)], r"pole at 0\.5 lies inside its piece from 0 to 1\. .* Correct the pole"),
        ([], r"a curve of 0 breaks and rows of shape \(0,\) does not fit together\. .* Use Curve.table"),
    ],
)
def test_pieces_that_do_not_make_one_curve_are_refused(parts, text):
    with pytest.raises(ModelError, match=text):
        Curve.pieces(*parts)
