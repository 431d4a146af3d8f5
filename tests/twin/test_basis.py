"""Characteristic and design strengths agree with the published factors, and few or wild samples are refused."""

import numpy as np
import pytest

from foretrial.models import ModelError, Quantity
from foretrial.twin.basis import basis, design_value, tolerance_factor

# One-sided normal tolerance factors at 95 % confidence (MIL-HDBK-17, NIST/SEMATECH e-Handbook 7.2.6.3; Owen 1963).
PUBLISHED = [(5, 0.90, 3.407), (10, 0.90, 2.355), (20, 0.90, 1.926), (30, 0.90, 1.777), (5, 0.99, 5.741),
             (10, 0.99, 3.981), (20, 0.99, 3.295), (30, 0.99, 3.064), (10, 0.95, 2.911)]  # fmt: skip


@pytest.mark.parametrize(("n", "share", "k"), PUBLISHED)
def test_tolerance_factors_are_the_published_ones(n, share, k):
    assert abs(tolerance_factor(n, share=share) - k) < 1e-3


def test_many_samples_need_the_quantile_alone():
    assert abs(tolerance_factor(10**6, share=0.9, confidence=0.5) - 1.281552) < 1e-4


def test_a_basis_value_lies_k_standard_deviations_below_the_mean():
    x = np.array([512.0, 498.0, 505.0, 520.0, 491.0, 508.0, 499.0, 515.0, 503.0, 509.0]) * 1e6
    b, a = basis(x, "Pa", name="strength"), basis(x, "Pa", kind="A")
    np.testing.assert_allclose(b.value, x.mean() - 2.355 * x.std(ddof=1), rtol=1e-5)
    assert a.value < b.value < x.min()
    assert b.dof == 9
    assert b.source == "B value of 10 samples, k = 2.355, confidence 0.95"


def test_a_b_value_is_below_nine_parts_of_ten_nineteen_times_of_twenty_and_scatters_as_stated():
    lots = np.random.default_rng(3).normal(500e6, 20e6, (4000, 8))
    found = [basis(lot, "Pa") for lot in lots]
    values = np.array([one.value for one in found])
    assert abs((values < 500e6 - 1.281552 * 20e6).mean() - 0.95) < 0.012
    assert abs(np.mean([one.std**2 for one in found]) ** 0.5 / values.std() - 1.0) < 0.05


def test_a_design_value_is_the_characteristic_one_over_its_factor():
    given = Quantity(value=355e6, unit="Pa", std=7.1e6, name="yield", source="EN 10025-2")
    told = design_value(given, 1.1)
    assert told.value == 355e6 / 1.1
    assert told.std == 7.1e6 / 1.1
    assert (told.name, told.source) == ("yield design", "EN 10025-2; over a partial factor of 1.1")


@pytest.mark.parametrize(("act", "text"), [
    (lambda: basis([1e6, 2e6], "Pa"), "2 of 2 samples are numbers, and 3 make .* Test more"),
    (lambda: basis([1e6, 2e6, float("nan")], "Pa"), "2 of 3 samples are numbers.* Test more"),
    (lambda: basis([1e6, 9e6, 1e6], "Pa"), "is .* Pa, no strength. These 3 samples scatter too much for a B value"),
    (lambda: basis([1e6] * 4, "Pa", kind="C"), "basis 'C' is none of 3. Known: A, B, 5 %. Choose"),
    (lambda: design_value(1e6, 0.9), "partial factor 0.9 on 1e.06 Pa would raise a strength. It is 1 or more"),
    (lambda: tolerance_factor(1, share=0.9), "n = 1, .* It takes 2 samples"),
])  # fmt: skip
def test_what_makes_no_strength_is_refused(act, text):
    with pytest.raises(ModelError, match=text):
        act()
