"""A history is read between its steps by the cubic through values and slopes, and never outside."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretrial.models import Balance, Extreme, History, ModelError, Probe, Solver
from foretrial.models.history import hermite
from foretrial.solvers import Heat

T = np.array([0.0, 1.0, 4.0, 4.0, 9.0])
NUMBERS = st.floats(-10.0, 10.0)


def history(**changed):
    values = np.stack([300.0 + 2.0 * T, 400.0 - T], axis=1)
    rates = np.stack([np.full(5, 2.0), np.full(5, -1.0)], axis=1)
    known = {"t": T, "names": ("core", "skin"), "values": values, "rates": rates, "stage_ends": (4.0, 9.0),
             "balance": Balance(entered=10.0, made=2.0, stored=12.0), "iterations": 9, "cells": 4,
             "iteration_error": 1e-6, "solver": "s", "process": "p"}  # fmt: skip
    return History(**{**known, **changed})


@settings(max_examples=50)
@given(st.tuples(*[NUMBERS] * 4), st.lists(st.floats(0.0, 9.0), max_size=5))
def test_interpolation_is_exact_for_cubics(coefficients, times):
    cubic = np.polynomial.Polynomial(coefficients)
    at = np.array(times)
    found = hermite(T, cubic(T), cubic.deriv()(T), at)
    np.testing.assert_allclose(found, cubic(at), rtol=1e-12, atol=1e-9)


def test_several_columns_are_interpolated_at_once():
    y, slope = np.stack([T, T**2], axis=1), np.stack([np.ones(5), 2 * T], axis=1)
    np.testing.assert_allclose(hermite(T, y, slope, np.array([0.5, 6.0])), [[0.5, 0.25], [6.0, 36.0]])


def test_the_steps_themselves_are_given_back_as_they_are():
    rng = np.random.default_rng(3)
    t, y, slope = np.array([0.0, 1.0, 4.0]), rng.normal(size=3), rng.normal(size=3)
    np.testing.assert_array_equal(hermite(t, y, slope, t), y)


def test_a_repeated_time_is_a_jump_of_the_slope():
    """Flat up to 4 s, then rising by 2 a second: one slope before, another after."""
    y, slope = np.array([5.0, 5.0, 5.0, 5.0, 15.0]), np.array([0.0, 0.0, 0.0, 2.0, 2.0])
    np.testing.assert_allclose(hermite(T, y, slope, np.array([3.9, 4.0, 4.1, 6.0])), [5.0, 5.0, 5.2, 9.0])


@pytest.mark.parametrize("outside", [-0.1, 9.1, 1e6])
def test_a_time_outside_the_run_is_refused(outside):
    with pytest.raises(
        ModelError, match=r"s is asked for, but the run covers 0 to 9 s\. Ask inside the run\. Make the"
    ):
        history().at("core", np.array([5.0, outside]))


def test_a_time_outside_by_rounding_is_the_end():
    assert history().at("core", np.array([9.0 * (1 + 1e-15), -1e-12])) == pytest.approx([318.0, 300.0])


def test_an_observation_is_found_by_its_name():
    assert history().column("skin") == 1
    np.testing.assert_allclose(history().at("skin", [0.5, 8.0]), [399.5, 392.0])
    with pytest.raises(ModelError, match=r"has no observation 'skni'\. Did you mean 'skin'\? Ask for it with observe"):
        history().at("skni", [1.0])


def test_derivatives_are_read_the_same_way_one_column_a_parameter():
    tangents = np.stack([np.stack([T, -T], 1), np.stack([T**2, T**3], 1)])
    rates = np.stack([np.stack([np.ones(5), -np.ones(5)], 1), np.stack([2 * T, 3 * T**2], 1)])
    with_tangents = history(free=("film", "emissivity"), tangents=tangents, tangent_rates=rates)
    np.testing.assert_allclose(with_tangents.tangent_at("skin", [0.5, 6.0]), [[-0.5, 0.125], [-6.0, 216.0]])
    with pytest.raises(ModelError, match=r"holds no tangents\. They are made on request\. Call solver\.tangent"):
        history().tangent_at("skin", [0.5])


def test_a_balance_is_what_came_in_and_was_made_less_what_is_stored():
    assert history().balance.residual == 0.0
    assert Balance(entered=10.0, made=2.0, stored=11.4).residual == pytest.approx(0.6 / 11.4)
    assert Balance(entered=0.0, made=0.0, stored=0.0).residual == 0.0
    assert replace(history().balance, stored=-12.0).residual == pytest.approx(2.0)


def test_an_extreme_is_one_of_three_statistics():
    assert Extreme(name="hot").statistic == "max"
    with pytest.raises(
        ModelError, match=r"statistic 'maxx' is not known\. Did you mean 'max'\? Choose max, min or mean"
    ):
        Extreme(name="hot", statistic="maxx")


def test_a_probe_is_data():
    assert Probe(name="core", place=(0.0, 0.0, 0.0)) == Probe(name="core", place=(0, 0, 0))


def test_the_full_solver_has_the_face_of_the_seam():
    assert isinstance(Heat(), Solver)
