"""What a probe and an extreme read, held against a steady field that is known everywhere."""

import numpy as np
import pytest

from foretrial.models import Exchange, Extreme, Held, Material, Part, Probe, Process
from foretrial.models.process import INSULATED, quench
from foretrial.solvers import Heat

LIGHT = Material.simple("light", density=10.0, conductivity=50.0, heat_capacity=10.0)  # settles at once
SHEET = Part.sheet(0.4, 0.2).with_region("middle", (0.1, 0.05, 0.0), (0.3, 0.15, 1.0))


def settled(observe, *, cells=4):
    """A sheet held at 300 K left and 500 K right: T = 300 + 500 x."""
    walls = {"left": Held(temperature=300.0), "right": Held(temperature=500.0), "top": INSULATED, "bottom": INSULATED}
    process = Process.simple(part=SHEET, material=LIGHT, start=400.0, walls=walls, until=5.0)
    return Heat(cells=cells)(process, observe=observe).values[-1]


@pytest.mark.parametrize("cells", [2, 5])
@pytest.mark.parametrize("place", [(0.0, 0.1), (0.4, 0.0), (0.137, 0.2), (0.2, 0.1), (0.3999, 0.0713), (0.0001, 0.19)])
def test_a_probe_reads_a_straight_field_exactly_anywhere(place, cells):
    [found] = settled((Probe(name="here", place=(*place, 0.0)),), cells=cells)
    assert found == pytest.approx(300.0 + 500.0 * place[0], abs=1e-6)


def test_extremes_and_means_take_walls_and_corners_in():
    watched = (Extreme(name="hot"), Extreme(name="cold", statistic="min"), Extreme(name="mean", statistic="mean"),
               Extreme(name="middle", statistic="mean", region="middle"))  # fmt: skip
    assert settled(watched) == pytest.approx([500.0, 300.0, 400.0, 400.0], abs=1e-6)


def test_an_extreme_of_a_region_stays_within_a_cell_of_it():
    hot, cold = settled((Extreme(name="hot", region="middle"), Extreme(name="cold", region="middle", statistic="min")),
                        cells=8)  # fmt: skip
    assert hot == pytest.approx(450.0, abs=0.5 * 500.0 * 0.025)
    assert cold == pytest.approx(350.0, abs=0.5 * 500.0 * 0.025)


def test_no_probe_is_hotter_than_the_hottest_nor_colder_than_the_coldest():
    hot = Exchange(gas=1200.0, film=80.0, emissivity=0.7)
    steel = Material.simple("steel", density=7850.0, conductivity=45.0, heat_capacity=480.0)
    process = Process.simple(part=SHEET, material=steel, start=300.0, until=600.0,
                             walls={"left": hot, "top": hot, "right": INSULATED, "bottom": INSULATED})  # fmt: skip
    places = [(x, y) for x in np.linspace(0.0, 0.4, 5) for y in np.linspace(0.0, 0.2, 4)]
    probes = tuple(Probe(name=f"P{i}", place=(*p, 0.0)) for i, p in enumerate(places))
    history = Heat(cells=8)(process, observe=(*probes, Extreme(name="hot"), Extreme(name="cold", statistic="min")))
    read, hottest, coldest = history.values[:, :-2], history.values[:, -2], history.values[:, -1]
    assert (read.max(axis=1) <= hottest + 0.5).all()
    assert (read.min(axis=1) >= coldest - 0.5).all()


def test_the_core_of_a_quenched_plate_is_its_hottest_place():
    steel = Material.simple("steel", density=7850.0, conductivity=45.0, heat_capacity=480.0)
    bath = quench(Part.slab(0.2), steel, start=1100.0, bath=300.0, film=5000.0, until=30.0)
    core = Probe(name="core", place=(0.1, 0.0, 0.0))
    history = Heat(cells=10)(bath, observe=(core, Extreme(name="hot")))
    assert np.abs(history.values[:, 0] - history.values[:, 1]).max() < 0.5
