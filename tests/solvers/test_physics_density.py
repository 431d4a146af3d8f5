"""Density over temperature: volumes stand still, and heat is the exact integral of density times heat capacity."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.polynomial.legendre import leggauss

from foretrial.models import (
    Exchange,
    Extreme,
    Latent,
    Material,
    ModelError,
    Part,
    Probe,
    Process,
    Property,
    Quantity,
    Source,
    quantities,
    substitute,
)
from foretrial.models.curve import Curve
from foretrial.models.library import CARBON_STEEL
from foretrial.models.material import constant
from foretrial.models.process import INSULATED, quench
from foretrial.models.product import product
from foretrial.solvers import Explicit, Heat

RHO = Property(curve=Curve.table([293.0, 1073.0, 1673.0], [7850.0, 7590.0, 7250.0]), unit="kg/m3",
               scale=Quantity(value=1.0, std=0.005, name="rho"), source="a table", valid=(293.0, 1673.0))  # fmt: skip
STEEL = CARBON_STEEL
LIGHT = replace(STEEL, density=RHO)


def integral(f, breaks):
    """The integral of `f` between breaks, by Gauss on short pieces that start and end on them."""
    x, w = leggauss(20)
    edges = np.unique(np.concatenate([np.linspace(a, b, 9) for a, b in pairwise(breaks)]))
    middle, half = 0.5 * (edges[1:] + edges[:-1]), 0.5 * np.diff(edges)
    return float((half[:, None] * w * f(middle[:, None] + half[:, None] * x)).sum())


@pytest.mark.parametrize("rest", [(500.0, 0.3), (500.0, 0.3, -1e-4), (420.0, 0.8, -1.7e-3, 2.2e-6)])
@pytest.mark.parametrize("pole", [(0.0, 0.0), (13002.0, 1600.0)])
def test_a_product_is_the_product(rest, pole):
    first = Curve.table([200.0, 900.0, 1400.0], [7900.0, 7600.0, 7000.0])
    second = Curve.pieces((300.0, 1500.0, rest, *pole))
    both = product(first, second)
    T = np.linspace(100.0, 1700.0, 4001)
    exact = first(T) * second(T)
    exactly = len(rest) < 4
    np.testing.assert_allclose(both(T), exact, rtol=1e-13 if exactly else 2e-8)
    assert len(both.rows) <= (5 if exactly else 100)


def test_two_poles_multiply():
    one, two = (Curve.pieces((300.0, 1000.0, (2.0, 1e-3), 50.0, p)) for p in (1100.0, 200.0))
    for first, second in ((one, two), (one, one)):
        T = np.linspace(300.0, 1000.0, 777)
        np.testing.assert_allclose(product(first, second)(T), first(T) * second(T), rtol=3e-8)


def test_enthalpy_is_the_integral_of_density_times_heat_capacity():
    curve = LIGHT.volumetric()
    breaks = np.unique([*curve.breaks[(curve.breaks > 300.0) & (curve.breaks < 1500.0)], 300.0, 1500.0])
    expected = integral(lambda T: RHO(T) * STEEL.heat_capacity(T), breaks)
    assert float(curve.integral(1500.0, 300.0)) == pytest.approx(expected, rel=1e-8)
    latent = replace(LIGHT, latent=Latent(heat=2.5e5, solidus=1600.0, liquidus=1650.0))
    more = float(latent.volumetric().integral(1700.0, 1500.0) - LIGHT.volumetric().integral(1700.0, 1500.0))
    assert more == pytest.approx(2.5e5 * float(RHO(1625.0)), rel=1e-6)


def insulated(material, rate):
    return Process.simple(part=Part.slab(0.01), material=material, start=300.0, until=100.0,
                          walls={"left": INSULATED, "right": INSULATED},
                          sources=(Source(body="slab", rate=rate),))  # fmt: skip


def test_an_insulated_part_warms_by_its_own_integral():
    rate = float(LIGHT.volumetric().integral(1300.0, 300.0)) / 100.0
    history = Heat(cells=2, tolerance=0.01)(insulated(LIGHT, rate), observe=(Extreme(name="hottest"),))
    assert history.values[-1, 0] == pytest.approx(1300.0, abs=1e-4)
    assert history.balance.residual < 1e-9
    wrong = Heat(cells=2, tolerance=0.01)(insulated(replace(STEEL, density=7850.0), rate),
                                          observe=(Extreme(name="hottest"),))  # fmt: skip
    assert wrong.values[-1, 0] < 1290.0


def test_a_constant_density_is_the_same_as_a_property_that_does_not_change():
    flat = replace(STEEL, density=constant(7850.0, "kg/m3", name="flat"))
    number = replace(STEEL, density=7850.0)
    core = (Probe(name="core", place=(0.01, 0, 0)),)
    runs = [Heat(cells=4)(quench(Part.slab(0.02), m, start=1200.0, bath=300.0, film=900.0, until=60.0), observe=core)
            for m in (flat, number)]  # fmt: skip
    np.testing.assert_allclose(runs[0].values[-1], runs[1].values[-1], atol=1e-6)


def test_both_marches_agree_on_it_and_its_derivative_is_right():
    bath = quench(Part.slab(0.02), LIGHT, start=1200.0, bath=300.0, film=900.0, until=20.0)
    core = (Probe(name="core", place=(0.01, 0, 0)),)
    solver = Heat(cells=8, tolerance=0.01)
    base = solver(bath, observe=core)
    assert Explicit(cells=8)(bath, observe=core).values[-1, 0] == pytest.approx(base.values[-1, 0], abs=0.5)
    frozen = solver.frozen(base)
    slope = frozen.tangent(bath, free=("rho",), observe=core).tangents[0, -1, 0]
    up, down = (frozen(substitute(bath, {"rho": 1.0 + by}), observe=core).values[-1, 0] for by in (1e-3, -1e-3))
    assert slope == pytest.approx((up - down) / 2e-3, rel=1e-4)
    assert quantities(bath)["rho"].std == 0.005


def test_its_range_and_its_unit_are_held_against_its_source():
    hot = quench(Part.slab(0.02), replace(LIGHT, density=replace(RHO, valid=(293.0, 900.0))), start=1200.0, bath=300.0,
                 film=900.0, until=5.0)  # fmt: skip
    assert any(note.startswith("density of ") and "293 to 900 K" in note for note in Heat(cells=2)(hot).notes)
    with pytest.raises(ModelError, match=r"a property is in g/cm3 where kg/m3 is needed\. .* density in kg/m3"):
        replace(STEEL, density=replace(RHO, unit="g/cm3"))
    walls = {"left": Exchange(film=100.0), "right": INSULATED}
    assert Process.simple(part=Part.slab(0.01), material=LIGHT, start=300.0, walls=walls, until=1.0)
    assert Material.simple("x", density=1.0, conductivity=1.0, heat_capacity=1.0).density.value == 1.0
