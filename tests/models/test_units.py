"""Units become SI at this door, there and back, and what is no unit is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretrial.models import ModelError
from foretrial.models.units import SI, dimension, factor, from_si, to_si

KNOWN = [
    (550.0, "degC", "K", 823.15),
    (550.0, "°C", "K", 823.15),
    (550.0, " C ", "K", 823.15),
    (550.0, "deg C", "K", 823.15),
    (550.0, "celsius", "K", 823.15),
    (212.0, "degF", "K", 373.15),
    (212.0, "F", "K", 373.15),
    (300.0, "K", "K", 300.0),
    (12.5, "kW/m2", "W/m2", 12500.0),
    (12.5, "kW/m²", "W/m2", 12500.0),
    (1.25, "W/cm2", "W/m2", 12500.0),
    (15.0, "mm", "m", 0.015),
    (2.0, "h", "s", 7200.0),
    (15.0, "min", "s", 900.0),
    (250.0, "ms", "s", 0.25),
    (50.0, "W/(m.degC)", "W/(m.K)", 50.0),
    (0.5, "kJ/(kg.K)", "J/(kg.K)", 500.0),
    (7.85, "g/cm3", "kg/m3", 7850.0),
    (80.0, "%", "1", 0.8),
    (0.8, "", "1", 0.8),
    (0.8, "-", "1", 0.8),
    (1.0, "MPa", "Pa", 1e6),
    (6.0, "degC/min", "K/s", 0.1),
    (40.0, "mV", "V", 0.04),
]


@pytest.mark.parametrize(("value", "unit", "si", "answer"), KNOWN)
def test_a_value_becomes_the_si_number_that_a_handbook_gives(value, unit, si, answer):
    assert to_si(value, unit, si) == pytest.approx(answer, rel=1e-12)


@given(st.sampled_from(KNOWN), st.floats(-1e6, 1e6))
def test_a_value_comes_back_as_it_went(known, value):
    _, unit, si, _ = known
    assert from_si(to_si(value, unit, si), si, unit) == pytest.approx(value, rel=1e-9, abs=1e-6)


def test_a_scale_and_an_offset_make_the_conversion():
    scale, offset = factor("degF", "K")
    assert scale == pytest.approx(5 / 9)
    assert offset == pytest.approx(459.67 * 5 / 9)
    assert factor("mm", "m")[1] == 0.0


@pytest.mark.parametrize("symbol", SI)
def test_each_si_symbol_measures_itself(symbol):
    assert dimension(symbol) == symbol
    assert factor(symbol, symbol) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("unit", "symbol"),
    [("degC", "K"), ("MPa", "Pa"), ("kW/m2", "W/m2"), ("mm", "m"), ("min", "s"), ("percent", "1"), ("mm/s", "m/s")],
)
def test_a_unit_has_the_symbol_of_what_it_measures(unit, symbol):
    assert dimension(unit) == symbol


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        ("1 MPa", r"unit '1 MPa' holds a number\. A unit is a name alone.* Move the number to the value"),
        ("1e3 W", r"unit '1e3 W' holds a number"),
        ("2*mm", r"unit '2\*mm' holds a number"),
        ("MPA", r"unit 'MPA' is not known\. Did you mean 'MPa'\? Write the unit as an SI symbol"),
        ("furlongg", r"unit 'furlongg' is not known\."),
        (None, r"unit None is not a unit's name\. A unit is a word such as 'K' or 'mm'\. State it as text"),
        ("  ", r"unit '  ' is not a unit's name"),
        ("mm", r"unit 'mm' does not measure what 'Pa' measures\. A value convertible to Pa is needed here\. Correct"),
        ("", r"unit '' does not measure what 'Pa' measures"),
    ],
)
def test_what_is_no_unit_of_pressure_is_refused(unit, text):
    with pytest.raises(ModelError, match=text):
        to_si(1.0, unit, "Pa")


def test_a_dimension_that_nothing_here_has_is_refused():
    with pytest.raises(ModelError, match=r"unit 'mol' measures something that no channel .* Known: K, .* Convert the"):
        dimension("mol")
