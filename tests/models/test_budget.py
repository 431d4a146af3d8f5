"""A budget combines its lines as the GUM does."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretrial.models import Budget, Line


def line(name, contribution, kind="input", dof=math.inf, group=""):
    return Line(name=name, kind=kind, std=abs(contribution), unit="K", sensitivity=math.copysign(1.0, contribution),
                contribution=contribution, dof=dof, group=group)  # fmt: skip


def budget(*lines, **more):
    return Budget(quantity="T", unit="K", lines=lines, **more)


@given(st.lists(st.floats(-100.0, 100.0), min_size=1, max_size=8))
def test_independent_lines_add_in_squares(contributions):
    found = budget(*(line(str(n), c) for n, c in enumerate(contributions))).combined()
    assert found == pytest.approx(math.hypot(*contributions), rel=1e-12)


@given(st.lists(st.floats(-100.0, 100.0), min_size=1, max_size=8))
def test_lines_of_one_group_add_before_squaring(contributions):
    found = budget(line("alone", 3.0), *(line(str(n), c, group="g") for n, c in enumerate(contributions))).combined()
    assert found == pytest.approx(math.hypot(3.0, sum(contributions)), rel=1e-12, abs=1e-9)


def test_opposed_lines_of_one_group_cancel():
    assert budget(line("a", 5.0, group="g"), line("b", -5.0, group="g")).combined() == 0.0


def test_a_correlation_between_two_lines_counts_twice_their_product():
    pair = (line("a", 3.0), line("b", 4.0))
    assert budget(*pair, correlations=(("a", "b", 1.0),)).combined() == pytest.approx(7.0)
    assert budget(*pair, correlations=(("a", "b", -1.0),)).combined() == pytest.approx(1.0)
    assert budget(*pair, correlations=(("a", "b", 0.5),)).combined() == pytest.approx(math.sqrt(9 + 16 + 12))
    assert budget(*pair, correlations=(("a", "absent", 0.5),)).combined() == pytest.approx(5.0)


def test_a_part_of_the_kinds_can_be_combined_alone():
    mixed = budget(line("mesh", 3.0, "numerical"), line("film", 4.0, "parameter"), line("probe", 12.0, "sensor"))
    assert mixed.combined() == pytest.approx(13.0)
    assert mixed.combined("numerical", "parameter") == pytest.approx(5.0)
    assert mixed.combined("model form") == 0.0


def test_the_expanded_uncertainty_is_the_coverage_factor_times_the_combined():
    assert budget(line("a", 3.0), line("b", 4.0)).expanded == pytest.approx(10.0)
    assert budget(line("a", 3.0), line("b", 4.0), coverage=3.0).expanded == pytest.approx(15.0)


def test_degrees_of_freedom_follow_welch_and_satterthwaite():
    """JCGM 100, H.1.6: an end gauge of 32 nm with 16 effective degrees of freedom."""
    parts = [(25.0, 18), (9.7, 25.6), (2.9, 50), (16.6, 2)]
    gauge = budget(*(line(str(n), c, dof=dof) for n, (c, dof) in enumerate(parts)))
    assert gauge.combined() == pytest.approx(32.0, abs=0.5)
    assert gauge.dof == pytest.approx(16.7, abs=1.0)
    assert budget(line("a", 3.0)).dof == math.inf


def test_the_lines_that_matter_most_come_first():
    found = budget(line("a", 1.0), line("b", -5.0), line("c", 3.0))
    assert [one.name for one in found.top(2)] == ["b", "c"]
