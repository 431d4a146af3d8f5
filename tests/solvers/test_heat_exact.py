"""Closed forms that need no published table: round bodies, contacts, held and loaded walls, ends by crossing."""

import numpy as np
import pytest

from foretrial.cases.published.manufactured import UNTIL, field, process
from foretrial.cases.published.series import coefficients, cooling, eigenvalues, half_space
from foretrial.models import (
    Between,
    Body,
    Contact,
    Crossing,
    Exchange,
    Extreme,
    Held,
    Material,
    Part,
    Probe,
    Process,
    Source,
    Stage,
)
from foretrial.models.process import INSULATED
from foretrial.solvers import Heat

UNIT = Material.simple("unit", density=1.0, conductivity=1.0, heat_capacity=1.0)
SHAPES = {
    "plate": (Part.slab(1.0), "right"),
    "cylinder": (Part.rod(1.0), "side"),
    "sphere": (Part.ball(1.0), "surface"),
}
HEISLER = {  # first eigenvalue and coefficient, Incropera et al., 7th ed., table 5.1
    "plate": {0.1: (0.3110528, 1.0160942), 1.0: (0.8603336, 1.1191320), 10.0: (1.4288700, 1.2619626)},
    "cylinder": {0.1: (0.4416818, 1.0245794), 1.0: (1.2557837, 1.2070921), 10.0: (2.1794966, 1.5676918)},
    "sphere": {0.1: (0.5422809, 1.0297977), 1.0: (1.5707963, 1.2732395), 10.0: (2.8363004, 1.9249086)},
}


@pytest.mark.parametrize("shape", HEISLER)
def test_the_series_begin_as_tabulated(shape):
    for biot, (first, weight) in HEISLER[shape].items():
        z = eigenvalues(shape, biot)
        assert z[0] == pytest.approx(first, abs=6e-8)
        assert coefficients(shape, z)[0] == pytest.approx(weight, abs=6e-8)
        assert (np.abs(np.diff(z) / np.pi - 1.0) < 0.3).all()  # none is left out


def test_the_half_space_rises_as_published():
    assert [half_space(x, 1.0) for x in (0.0, 1.0, 2.0)] == pytest.approx([1.1283792, 0.3992825, 0.1005091], abs=6e-8)


@pytest.mark.parametrize("biot", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_round_body_cools_as_its_series_says_surface_included(shape, biot):
    part, outside = SHAPES[shape]
    walls = {patch.name: INSULATED for patch in part.patches} | {outside: Exchange(gas=300.0, film=biot)}
    recipe = Process.simple(part=part, material=UNIT, start=400.0, walls=walls, until=1.0)
    fourier = np.linspace(0.1, 1.0, 10)
    for cells, share in ((16, 1.1e-3 if shape == "sphere" else 1e-3), (32, 3e-4)):
        probes = tuple(Probe(name=f"{x}", place=(x, 0.0, 0.0)) for x in (0.0, 0.5, 1.0))
        history = Heat(cells=cells, tolerance=1e-4)(recipe, observe=probes)
        for probe in probes:
            left = (history.at(probe.name, fourier) - 300.0) / 100.0
            exact = cooling(shape, biot, probe.place[0], fourier)
            np.testing.assert_allclose(left, exact, rtol=0, atol=share)


def test_a_bored_rod_settles_to_the_logarithm():
    rod = Part.rod(0.2, bore=0.1)
    walls = {"bore": Held(temperature=500.0), "side": Held(temperature=300.0), "bottom": INSULATED, "top": INSULATED}
    recipe = Process.simple(part=rod, material=UNIT, start=300.0, walls=walls, until=1.0)
    history = Heat(cells=32)(recipe, observe=(Probe(name="middle", place=(0.15, 0.0, 0.0)),))
    assert history.values[-1, 0] == pytest.approx(300.0 + 200.0 * np.log(0.2 / 0.15) / np.log(2.0), abs=0.05)


def pair(resistance):
    """Two slabs of 20 and 30 mm, 10 and 40 W/(m.K), held at 600 and 300 K at their free ends."""
    bodies = (
        Body(part=Part.slab(0.02, name="one"), start=450.0,
             material=Material.simple("a", density=7000.0, conductivity=10.0, heat_capacity=500.0)),
        Body(part=Part.slab(0.03, name="two").moved(x=0.02), start=450.0,
             material=Material.simple("b", density=3000.0, conductivity=40.0, heat_capacity=800.0)),
    )  # fmt: skip
    walls = {"one.left": Held(temperature=600.0), "two.right": Held(temperature=300.0)}
    stage = Stage(name="wait", until=5.0e3, walls=walls)
    contact = Contact(first="one", second="two", resistance=resistance)
    return Process(name="pair", bodies=bodies, stages=(stage,), contacts=(contact,))


@pytest.mark.parametrize("resistance", [0.0, 1e-3, 0.1])
def test_a_contact_drops_its_share_of_the_temperature(resistance):
    probes = (
        Probe(name="before", place=(0.02, 0.0, 0.0), body="one"),
        Probe(name="after", place=(0.02, 0.0, 0.0), body="two"),
    )
    history = Heat(cells=4)(pair(resistance), observe=probes)
    q = 300.0 / (0.02 / 10.0 + resistance + 0.03 / 40.0)
    assert history.values[-1] == pytest.approx([600.0 - q * 0.02 / 10.0, 300.0 + q * 0.03 / 40.0], abs=2e-3)


def test_a_steady_flux_makes_a_straight_line():
    walls = {"left": Exchange(gas=300.0, flux=500.0), "right": Held(temperature=350.0)}
    recipe = Process.simple(part=Part.slab(1.0), material=UNIT, start=350.0, walls=walls, until=40.0)
    history = Heat(cells=4)(recipe, observe=tuple(Probe(name=f"{x}", place=(x, 0, 0)) for x in (0.0, 0.3, 1.0)))
    assert history.values[-1] == pytest.approx([850.0, 700.0, 350.0], abs=1e-2)


def test_a_source_and_a_film_warm_an_even_body_as_its_energy_says():
    copper = Material.simple("copper", density=9000.0, conductivity=4.0e4, heat_capacity=400.0)
    recipe = Process.simple(part=Part.slab(0.01), material=copper, start=300.0, until=600.0,
                            walls={"left": INSULATED, "right": Exchange(gas=300.0, film=50.0)},
                            sources=(Source(body="slab", rate=1.0e6),))  # fmt: skip
    history = Heat(cells=2, tolerance=1e-3)(recipe, observe=(Extreme(name="mean", statistic="mean"),))
    t = np.array([60.0, 300.0, 600.0])
    tau = 9000.0 * 400.0 * 0.01 / 50.0
    np.testing.assert_allclose(history.at("mean", t), 300.0 + 200.0 * (1.0 - np.exp(-t / tau)), rtol=0, atol=0.01)


def test_surroundings_change_along_an_axis_by_straight_lines():
    """A long strip, hardly conducting along itself, meets 300 K at one end and 500 K at the other."""
    poor = Material.simple("poor", density=1000.0, conductivity=1e-3, heat_capacity=1000.0)
    ends = tuple(Exchange(gas=gas, film=100.0) for gas in (300.0, 500.0))
    between = Between(axis=0, places=(0.0, 1.0), exchanges=ends)
    walls = {"bottom": between, "top": between, "left": INSULATED, "right": INSULATED}
    recipe = Process.simple(part=Part.sheet(1.0, 0.001), material=poor, start=400.0, walls=walls, until=1.0e4)
    probes = tuple(Probe(name=f"{x}", place=(x, 0.0005, 0.0)) for x in (0.25, 0.5, 0.75))
    history = Heat(along=(16, 2, None))(recipe, observe=probes)
    assert history.values[-1] == pytest.approx([350.0, 400.0, 450.0], abs=0.1)


def test_a_stage_ends_when_its_probe_crosses():
    air, oil = Exchange(gas=1200.0, film=200.0), Exchange(gas=300.0, film=800.0)
    iron = Material.simple("iron", density=7870.0, conductivity=80.0, heat_capacity=450.0)
    heat = Stage(
        name="heat", walls={"left": air, "right": air}, until=Crossing(observation="core", value=900.0, at_most=1e5)
    )
    cool = Stage(name="cool", walls={"left": oil, "right": oil}, until=30.0)
    recipe = Process(name="both", bodies=(Body(part=Part.slab(0.02), material=iron, start=300.0),), stages=(heat, cool))
    history = Heat(cells=8, tolerance=0.01)(recipe, observe=(Probe(name="core", place=(0.01, 0.0, 0.0)),))
    z = eigenvalues("plate", 200.0 * 0.01 / 80.0)[0]  # one term is enough this late
    c = coefficients("plate", np.array([z]))[0]
    exact = -np.log((900.0 - 1200.0) / (300.0 - 1200.0) / c) / z**2 * 0.01**2 * 7870.0 * 450.0 / 80.0
    assert history.stage_ends[0] == pytest.approx(exact, rel=3e-4)
    assert history.stage_ends[1] == pytest.approx(history.stage_ends[0] + 30.0)
    assert history.at("core", np.array([history.stage_ends[0]]))[0] == pytest.approx(900.0, abs=1e-3)


def test_the_manufactured_field_is_met_inside_and_at_the_walls():
    places = (0.0, 0.3, 1.0)
    probes = tuple(Probe(name=f"{x}", place=(x, 0.0, 0.0)) for x in places)
    off = []
    for cells in (16, 32, 64):
        history = Heat(cells=cells, tolerance=1e-3)(process(), observe=probes)
        off.append(np.abs(history.values[-1] - field(np.array(places), UNTIL)).max())
    assert off[2] < 0.01
    assert np.log2(off[0] / off[1]) > 1.9
    assert np.log2(off[1] / off[2]) > 1.9
