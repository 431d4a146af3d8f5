"""Surroundings that change from place to place and in time at once."""

import numpy as np
import pytest

from foretrial.models import INSULATED, Between, Curve, Exchange, Material, Part, Process, Property, Quantity, Signal
from foretrial.solvers.discrete import Discrete, prepared

QUICK = Material.simple("quick", density=1000.0, conductivity=1e7, heat_capacity=500.0)
PLACES = (0.0, 0.25, 1.0)


def signal(times, values, unit):
    return Signal(curve=Curve.table(times, values), unit=unit)


def entering(*exchanges, t):
    """What enters a sheet of 400 K and 1 m x 1 m through its right side, W per metre."""
    walls = dict.fromkeys(("left", "bottom", "top"), INSULATED)
    process = Process.simple(part=Part.sheet(1.0, 1.0), material=QUICK, start=400.0, until=10.0,
                             walls=walls | {"right": Between(axis=1, places=PLACES, exchanges=exchanges)})  # fmt: skip
    model = Discrete(process, prepared(process, cells=64, ratio=1.0, along=(None, None, None)))
    return model.flow(model.start(), t).entered


@pytest.mark.parametrize("t", [0.0, 4.0, 10.0])
def test_a_film_may_change_over_places_and_time(t):
    films = [signal([0.0, 10.0], [10.0 * n, 40.0 / n], "W/(m2.K)") for n in (1, 2, 4)]
    gas = signal([0.0, 10.0], [500.0, 700.0], "K")
    seen = entering(*(Exchange(gas=gas, film=film) for film in films), t=t)
    h = [film.at(t, 0.0) for film in films]
    exact = (0.25 * 0.5 * (h[0] + h[1]) + 0.75 * 0.5 * (h[1] + h[2])) * (gas.at(t, 0.0) - 400.0)
    assert seen == pytest.approx(exact, rel=1e-4)


def test_a_film_over_the_walls_temperature_may_change_over_places():
    curve = Property(curve=Curve.table([300.0, 500.0], [10.0, 30.0]), unit="W/(m2.K)", source="declared",
                     scale=Quantity(value=1.0), valid=(300.0, 500.0))  # fmt: skip
    films = [curve, 40.0, curve]
    seen = entering(*(Exchange(gas=500.0, film=film) for film in films), t=0.0)
    assert seen == pytest.approx(100.0 * np.trapezoid([20.0, 40.0, 20.0], PLACES), rel=1e-4)
