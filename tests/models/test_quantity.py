"""A quantity carries its unit and uncertainty, is found by its name in any recipe, and is moved there."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretrial.models import (
    Contact,
    Curve,
    Exchange,
    Held,
    Material,
    ModelError,
    Part,
    Process,
    Quantity,
    Signal,
    digest,
    quantities,
    substitute,
)
from foretrial.models.quantity import quantity

FILM = Quantity(value=25.0, unit="W/(m2.K)", std=3.0, name="film", valid=(1.0, 100.0))
STEEL = Material.simple("steel", density=7850.0, conductivity=40.0, heat_capacity=500.0)


def recipe(film=FILM):
    gas = Signal(
        curve=Curve.table([0, 60], [300, 900]),
        unit="K",
        scale=Quantity(value=1.0, name="gain"),
        bias=Quantity(value=0.0, unit="K", std=2.0, name="offset"),
    )
    walls = {"left": Exchange(gas=gas, film=film), "right": Exchange(gas=300.0, film=film)}
    return Process.simple(part=Part.slab(0.01), material=STEEL, start=300.0, walls=walls, until=60.0)


def test_a_quantity_is_written_with_name_spread_and_unit():
    assert str(FILM) == "film = 25 +- 3 W/(m2.K)"
    assert str(Quantity(value=0.5)) == "0.5 1"


def test_a_quantity_holds_plain_floats_whatever_number_it_was_given():
    one = Quantity(value=np.int64(3), std=np.float32(0.5))
    assert type(one.value) is float
    assert type(one.std) is float
    assert one == Quantity(value=3.0, std=0.5)


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"value": "25"}, r"film: value '25' is not a number\. .* holds an SI number\. Convert text with .*to_si"),
        ({"value": True}, r"film: value True is not a number\."),
        ({"value": 1.0, "std": None}, r"film: std None is not a number\."),
        ({"value": math.nan}, r"film = nan W/\(m2\.K\) is not finite\. A number is needed\. Mend its source"),
        ({"value": 1.0, "std": -1.0}, r"film: std = -1\.0 W/\(m2\.K\) is no uncertainty\. It is >= 0\. Give 0 for"),
        ({"value": 1.0, "std": math.inf}, r"film: std = inf"),
        ({"value": 1.0, "distribution": "norml"}, r"'norml' is not known\. Did you mean 'normal'\? Choose one of"),
        ({"value": 1.0, "valid": (5.0, 2.0)}, r"lower bound 5 is not below upper bound 2 W/\(m2\.K\)\. .* Swap"),
        ({"value": 9.0, "valid": (1.0, 5.0)}, r"film = 9 W/\(m2\.K\) lies outside its range 1 to 5 .* Correct the"),
    ],
)
def test_a_number_that_cannot_be_meant_is_refused(wrong, text):
    with pytest.raises(ModelError, match=text):
        Quantity(unit="W/(m2.K)", name="film", **wrong)


def test_a_bare_number_becomes_an_exact_quantity():
    assert quantity(300, "K") == Quantity(value=300.0, unit="K")
    assert quantity(25.0, "W/(m2.K)", "film").name == "film"
    assert quantity(FILM, "W/(m2.K)") is FILM


def test_another_unit_is_refused_rather_than_converted():
    with pytest.raises(
        ModelError, match=r"film is in W/\(m2\.K\), but K is needed here\. Inside, .* Convert it with .*to_si"
    ):
        quantity(FILM, "K")


def test_a_number_outside_the_range_of_its_use_is_refused_by_the_name_of_its_use():
    with pytest.raises(ModelError, match=r"emissivity = 1\.2 lies outside its range 0 to 1"):
        Exchange(emissivity=1.2)
    with pytest.raises(ModelError, match=r"film = -3 W/\(m2\.K\) lies outside its range"):
        Exchange(film=Quantity(value=-3.0, unit="W/(m2.K)"))
    with pytest.raises(ModelError, match=r"contact resistance = -1 m2\.K/W lies outside its range"):
        Contact(first="a", second="b", resistance=-1.0)


def test_every_named_quantity_of_a_recipe_is_found_once():
    found = quantities(recipe())
    assert set(found) == {"film", "gain", "offset", "steel conductivity", "steel heat capacity"}
    assert found["film"] is FILM


def test_two_different_quantities_of_one_name_are_refused():
    other = replace(FILM, value=30.0)
    with pytest.raises(
        ModelError, match=r"'film' occurs as film = 25 .* and as film = 30 .* One name is one parameter"
    ):
        quantities((Exchange(film=FILM), Exchange(film=other)))


@given(st.floats(1.0, 100.0), st.floats(-20.0, 20.0))
def test_a_substituted_recipe_holds_the_new_values_and_nothing_else_changes(film, offset):
    before = recipe()
    after = substitute(before, {"film": film, "offset": offset})
    found, known = quantities(after), quantities(before)
    assert found["film"] == replace(FILM, value=film)
    assert found["offset"].value == offset
    assert {name: found[name] for name in known if name not in ("film", "offset")} == {
        name: known[name] for name in known if name not in ("film", "offset")
    }
    assert digest(substitute(after, {"film": 25.0, "offset": 0.0})) == digest(before)


def test_substituting_nothing_new_gives_back_the_very_same_noun():
    before = recipe()
    assert substitute(before, {}) is before
    walls = {"left": Held(temperature=Quantity(value=300.0, unit="K", name="wall")), "right": Exchange()}
    assert substitute(walls, {"wall": 310.0})["right"] is walls["right"]


def test_substituting_reaches_lists_and_keeps_their_kind():
    nested = [FILM, (FILM, "text")]
    moved = substitute(nested, {"film": 30.0})
    assert moved[0].value == moved[1][0].value == 30.0
    assert type(moved) is list
    assert type(moved[1]) is tuple


def test_an_unknown_parameter_is_refused_with_the_nearest_name():
    with pytest.raises(ModelError, match=r"'flim' is not in this recipe\. Did you mean 'film'\? Correct the name"):
        substitute(recipe(), {"flim": 30.0})


def test_a_value_outside_the_stated_range_is_refused_when_substituted():
    with pytest.raises(ModelError, match=r"film = 500 W/\(m2\.K\) lies outside its range 1 to 100"):
        substitute(recipe(), {"film": 500.0})
