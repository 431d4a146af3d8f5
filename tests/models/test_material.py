"""A material knows its units, and is positive everywhere it is stated to hold."""

from dataclasses import replace

import numpy as np
import pytest

from foretrial.models import Curve, Material, ModelError, Property, Quantity, substitute
from foretrial.models.material import constant

K = Property(
    curve=Curve.table([300.0, 600.0], [50.0, 20.0]),
    unit="W/(m.K)",
    scale=Quantity(value=1.0, std=0.05, name="k"),
    source="a table",
    valid=(300.0, 600.0),
)
CP = constant(500.0, "J/(kg.K)", name="cp")
IRON = Material(name="iron", density=Quantity(value=7870.0, unit="kg/m3"), conductivity=K, heat_capacity=CP)


def test_a_property_is_its_curve_times_its_scale():
    np.testing.assert_allclose(K([300.0, 450.0, 600.0]), [50.0, 35.0, 20.0])
    np.testing.assert_allclose(substitute(K, {"k": 1.1})([[300.0], [900.0]]), [[55.0], [22.0]])


def test_a_simple_material_is_constant_and_exact():
    one = Material.simple("iron", density=7870.0, conductivity=80.0, heat_capacity=450.0)
    np.testing.assert_array_equal(one.conductivity([10.0, 3000.0]), 80.0)
    assert one.density == Quantity(value=7870.0, unit="kg/m3")
    assert one.heat_capacity.scale == Quantity(value=1.0, name="iron heat capacity")


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (
            lambda: constant(-3.0, "W/(m.K)", name="k"),
            r"k = -3 W/\(m\.K\) is not positive\. .* above zero\. Correct the",
        ),
        (lambda: constant(float("nan"), "W/(m.K)"), r"property = nan W/\(m\.K\) is not positive"),
        (lambda: replace(K, beyond="guess"), r"beyond = 'guess' is not known\. .* held or refused\. Say beyond='hold'"),
        (
            lambda: replace(K, curve=Curve.table([300, 600], [50, -10])),
            r"k falls to -10 W/\(m\.K\) between 300 and 600 K\. It is positive everywhere\. Correct the sign",
        ),
        (lambda: replace(IRON, density=0.0), r"iron: density 0 kg/m3 is not positive\. .* weighs something\. Correct"),
        (
            lambda: replace(IRON, density=Quantity(value=7.8, unit="1")),
            r"iron density is in 1, but kg/m3 is needed here",
        ),
        (lambda: replace(IRON, conductivity=CP), r"iron: a property is in J/\(kg\.K\) where W/\(m\.K\) .* Convert the"),
        (
            lambda: replace(IRON, anisotropy=(1.0, 0.0, 1.0)),
            r"iron: anisotropy \(1\.0, 0\.0, 1\.0\) holds .* Correct it",
        ),
    ],
)
def test_a_material_that_cannot_be_is_refused(make, text):
    with pytest.raises(ModelError, match=text):
        make()
