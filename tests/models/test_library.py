"""The library gives the published values, and says where each comes from and how far it holds."""

import numpy as np
import pytest

from foretrial.models import ModelError, quantities
from foretrial.models.library import CARBON_STEEL, INSULATION_BOARD, LIBRARY, material

ROWS = [(name, prop) for name in LIBRARY for prop in ("conductivity", "heat_capacity")]
SINGLE = ("insulation board", "heat_capacity")  # published at one temperature alone


@pytest.mark.parametrize(("name", "prop"), ROWS)
def test_each_property_gives_its_published_values(name, prop):
    points = LIBRARY[name].points[prop]
    assert len(points) >= 3 or (name, prop) == SINGLE
    T, value = np.transpose(points)
    np.testing.assert_allclose(getattr(LIBRARY[name], prop)(T), value, rtol=3e-4)


@pytest.mark.parametrize(("name", "prop"), ROWS)
def test_each_published_point_lies_where_the_source_holds(name, prop):
    row = getattr(LIBRARY[name], prop)
    assert all(row.valid[0] <= T <= row.valid[1] for T, _ in LIBRARY[name].points[prop])


@pytest.mark.parametrize("name", LIBRARY)
def test_each_number_has_a_source_a_name_and_an_uncertainty(name):
    found = quantities(LIBRARY[name])
    assert len(found) == 3
    for one in found.values():
        assert one.std > 0
        assert one.source
    for row in (LIBRARY[name].conductivity, LIBRARY[name].heat_capacity):
        assert len(row.source) > 15
        assert row.beyond_std > 0


def test_no_two_materials_share_a_parameter():
    names = [one for each in LIBRARY.values() for one in quantities(each)]
    assert len(names) == len(set(names))


def test_steel_takes_the_heat_of_its_transformation():
    """The integral over the peak, 600 to 900 degC, by hand from expression (3.2)."""
    low, high = 873.15, 1173.15
    by_hand = 666.0 * 135.0 + 13002.0 * np.log(138.0 / 3.0) + 545.0 * 165.0 + 17820.0 * np.log(169.0 / 4.0)
    assert float(CARBON_STEEL.heat_capacity.curve.integral(high, start=low)) == pytest.approx(by_hand, rel=1e-12)


def test_steel_holds_the_ends_of_the_code_beyond_it():
    assert CARBON_STEEL.conductivity([200.0, 1700.0]) == pytest.approx([53.334, 27.3])


def test_the_board_goes_on_below_260_degc_by_its_first_line():
    k = INSULATION_BOARD.conductivity
    slope = float(k(600.0) - k(580.0)) / 20.0
    assert float(k(533.15) - k(333.15)) / 200.0 == pytest.approx(slope)
    assert 0.03 < float(k(293.15)) < 0.04
    assert "assumption" in k.source


def test_a_material_is_found_by_name():
    assert material(" Carbon Steel") is CARBON_STEEL
    assert material("304l").name == "304L"


def test_a_misspelt_material_is_answered_with_the_nearest():
    with pytest.raises(ModelError, match=r"'carbon stel' is not in the library\. Did you mean 'carbon steel'\?"):
        material("carbon stel")
