"""Melting and freezing in enthalpy: fronts where theory has them, heat kept, and derivatives of mushy alloys."""

from dataclasses import replace

import numpy as np
import pytest

from foretrial.models import (
    Curve,
    Exchange,
    Frame,
    Held,
    Latent,
    Material,
    ModelError,
    Part,
    Probe,
    Process,
    Quantity,
    quantities,
    substitute,
)
from foretrial.models.library import CARBON_STEEL
from foretrial.models.process import INSULATED
from foretrial.solvers import Heat

BASE = Material.simple("alloy", density=7000.0, conductivity=30.0, heat_capacity=600.0)
MUSHY = replace(BASE, latent=Latent(
    heat=Quantity(value=2.5e5, unit="J/kg", name="latent"), solidus=Quantity(value=1700.0, unit="K", name="solidus"),
    liquidus=Quantity(value=1760.0, unit="K", name="liquidus")))  # fmt: skip
PURE = replace(BASE, latent=Latent(heat=2.5e5, solidus=1700.0, liquidus=1700.01))


def casting(material, part=None, until=60.0):
    part = part or Part.slab(0.03)
    walls = {patch.name: INSULATED for patch in part.patches}
    walls |= {"right": Exchange(gas=400.0, film=Quantity(value=900.0, unit="W/(m2.K)", name="film"))}
    return Process.simple(part=part, material=material, start=1800.0, walls=walls, until=until)


@pytest.mark.parametrize("fraction", [None, Curve.pieces((0.0, 1.0, (0.0, 0.0, 3.0, -2.0), 0.0, 0.0)),
                                      Curve.table([0.0, 0.2, 1.0], [0.0, 0.7, 1.0])])  # fmt: skip
@pytest.mark.parametrize("base", [BASE, CARBON_STEEL])
def test_what_a_material_stores_grows_by_the_heat_of_melting(base, fraction):
    melting = replace(base, latent=Latent(heat=2.0e5, solidus=1000.0, liquidus=1100.0, fraction=fraction))
    own, plain = melting.storage(), base.storage()
    T = np.array([200.0, 900.0, 1000.0, 1030.0, 1100.0, 1300.0, 2000.0])
    molten = np.interp(T, [1000.0, 1100.0], [0.0, 1.0])
    molten = molten if fraction is None else fraction(molten)
    gained = own.integral(T, 300.0) - plain.integral(T, 300.0)
    np.testing.assert_allclose(gained, 2.0e5 * molten, rtol=1e-10, atol=1e-6)


@pytest.mark.parametrize("material", [MUSHY, PURE])
@pytest.mark.parametrize("part", [Part.slab(0.03), Part.sheet(0.03, 0.01), Part.box(0.03, 0.01, 0.01)])
def test_a_casting_keeps_its_heat_and_its_melting_range_in_every_dimension(material, part):
    seen = {}
    probes = (Probe(name="core", place=(0.0, 0.005, 0.005)), Probe(name="rim", place=(0.03, 0.005, 0.005)))
    for one in (part, Part.slab(0.03)):
        along = (8, 2, 2)[: one.active] + (None,) * (3 - one.active)
        history = Heat(along=along, tolerance=0.5)(casting(material, one), observe=probes)
        assert history.balance.residual < 1e-9
        assert history.values.max() <= 1800.0 + 0.5
        seen[one.active] = history.values[-1]
    for values in seen.values():
        np.testing.assert_allclose(values, seen[1], atol=0.5)


def test_a_front_moves_as_stefan_has_it():
    width, lam = 0.01, 0.6200626
    ice = replace(Material.simple("ice", density=1.0, conductivity=1.0, heat_capacity=1.0),
                  latent=Latent(heat=100.0, solidus=1000.0, liquidus=1000.0 + width))  # fmt: skip
    frames: list[Frame] = []
    walls = {"left": Held(temperature=1100.0), "right": INSULATED}
    recipe = Process.simple(part=Part.slab(1.0), material=ice, start=1000.0, until=(0.8 / (2 * lam)) ** 2, walls=walls)
    Heat(cells=40, tolerance=0.5)(recipe, keep=frames.append, every=1.0)
    front = np.clip((frames[-1].T["slab"][:, 0, 0] - 1000.0) / width, 0.0, 1.0).mean()
    assert abs(front / 0.8 - 1.0) < 0.002


@pytest.mark.parametrize("name", ["latent", "solidus", "liquidus", "film"])
def test_the_derivative_of_a_mushy_casting_is_its_quotient(name):
    core = (Probe(name="core", place=(0.0, 0.0, 0.0)),)
    base = casting(MUSHY, until=40.0)
    solver = Heat(cells=5, tolerance=0.3)
    frozen = solver.frozen(solver(base, observe=core))
    slope = frozen.tangent(base, free=(name,), observe=core).tangents[0, :, 0]
    value = quantities(base)[name].value
    step = 1e-6 * value
    up, down = (frozen(substitute(base, {name: value + s}), observe=core).values[:, 0] for s in (step, -step))
    quotient = (up - down) / (2.0 * step)
    size = np.abs(quotient).max()
    assert size > 0
    assert np.abs(quotient - slope).max() < 0.02 * size


def test_a_range_that_is_none_and_a_fraction_that_falls_are_refused():
    with pytest.raises(ModelError, match=r"solidus 1700 K and liquidus 1600 K are less than 0\.001 K apart"):
        Latent(heat=1e5, solidus=1700.0, liquidus=1600.0)
    with pytest.raises(ModelError, match=r"the molten fraction runs from 0 to 0\.9"):
        Latent(heat=1e5, solidus=1600.0, liquidus=1700.0, fraction=Curve.table([0.0, 1.0], [0.0, 0.9]))
