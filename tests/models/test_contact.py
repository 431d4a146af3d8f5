"""Contacts as data: a number, a pressed joint after Yovanovich, a gap of gas, each over time."""

import numpy as np
import pytest

from foretrial.models import (
    Contact,
    Controller,
    Curve,
    Gap,
    ModelError,
    Pressed,
    Property,
    Quantity,
    Signal,
    digest,
    quantities,
    substitute,
)

OPENING = Signal(curve=Curve.table([0.0, 100.0], [0.0, 2e-4]), unit="m")


def joint(**changed):
    return Pressed(**{"conductivity": (16.2, 16.2), "roughness": 1e-6, "slope": 0.1, "hardness": 3e9,
                      "pressure": 3e6, **changed})  # fmt: skip


def contact(resistance):
    return Contact(first="a", second="b", resistance=resistance)


def test_a_pressed_joint_follows_the_correlation():
    assert joint().conductance(0.0) == pytest.approx(1.25 * 16.2 * 0.1 / 1e-6 * 1e-3**0.95)
    assert joint(conductivity=(10.0, 40.0)).conductance(0.0) == pytest.approx(joint().conductance(0.0) * 16.0 / 16.2)
    slope = np.log(joint(pressure=6e6).conductance(0.0) / joint().conductance(0.0)) / np.log(2.0)
    assert slope == pytest.approx(0.95)
    assert contact(joint()).resists(0.0) == pytest.approx(1.0 / joint().conductance(0.0))


def test_a_joint_without_pressure_is_open():
    assert contact(joint(pressure=0.0)).resists(0.0) == 1e9


def test_pressure_resistance_and_width_may_change_with_time():
    press = Signal(curve=Curve.table([0.0, 10.0], [1e6, 2e6]), unit="Pa", clock="stage")
    assert joint(pressure=press).conductance(25.0, since=20.0) == pytest.approx(joint(pressure=1.5e6).conductance(0.0))
    grows = Signal(curve=Curve.table([0.0, 10.0], [1e-4, 2e-4]), unit="m2.K/W")
    assert contact(grows).resists(5.0) == pytest.approx(1.5e-4)
    assert Gap(width=OPENING, gas=0.03, jump=1e-6).reach(50.0) == pytest.approx(1.01e-4)
    assert contact(Gap(width=OPENING, gas=0.03)).resists(50.0) == 0.0


def test_two_grey_plates_exchange_less_than_black_ones():
    assert Gap(width=1e-4, gas=0.0, emissivity=(1.0, 1.0)).grey == 1.0
    assert Gap(width=1e-4, gas=0.0, emissivity=(0.8, 0.5)).grey == pytest.approx(1.0 / (1.25 + 2.0 - 1.0))
    assert Gap(width=1e-4, gas=0.0).grey == 0.0


def test_what_is_uncertain_in_a_contact_is_found_and_moved():
    pressed = contact(joint(pressure=Quantity(value=3e6, unit="Pa", name="press", std=1e5)))
    assert set(quantities(pressed)) == {"press"}
    moved = substitute(pressed, {"press": 6e6})
    assert moved.resistance.pressure.value == 6e6
    assert digest(moved) != digest(pressed)
    gas = Property(curve=Curve.table([300.0, 900.0], [0.026, 0.06]), unit="W/(m.K)", source="declared",
                   scale=Quantity(value=1.0, name="gas scale"), valid=(300.0, 900.0))  # fmt: skip
    gap = contact(Gap(width=Quantity(value=1e-4, unit="m", name="width"), gas=gas, emissivity=(0.8, 0.8)))
    assert set(quantities(gap)) == {"width", "gas scale"}


STEER = Controller(name="press", observation="core", setpoint=Signal(curve=Curve.constant(400.0), unit="K"), unit="Pa",
                   gain=1.0, span=(0.0, 1.0), every=1.0)  # fmt: skip


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: contact(-1.0), r"contact resistance = -1 m2\.K/W lies outside its range"),
        (lambda: contact(OPENING), r"contact resistance is driven by a signal in m, but m2\.K/W is needed"),
        (lambda: joint(conductivity=16.2), r"conductivity 16\.2\. Its bodies have one each\. Give two in W/\(m\.K\)"),
        (lambda: joint(pressure=STEER), r"joint pressure is driven by controller 'press' in Pa\. .* Give a number"),
        (lambda: joint(hardness=3.0), r"joint hardness = 3 Pa lies outside its range 1000 to"),
        (lambda: Gap(width=-1e-4, gas=0.03), r"gap width = -0\.0001 m lies outside its range"),
        (lambda: Gap(width=1e-4, gas=0.03, emissivity=(0.8,)), r"1 emissivities\. Its two faces have one each\. Give"),
        (
            lambda: Gap(width=1e-4, gas=Property(curve=Curve.constant(1.0), unit="J/(kg.K)", source="",
                                                 scale=Quantity(value=1.0), valid=(300.0, 400.0))),
            r"gas of a gap is in J/\(kg\.K\), but W/\(m\.K\) is needed\. .* Convert",
        ),
    ],
)  # fmt: skip
def test_a_contact_that_cannot_be_what_was_meant_is_refused(make, text):
    with pytest.raises(ModelError, match=text):
        make()
