"""Fields that vary along curved walls, steady and known everywhere: held, cooled and radiating walls, at any offset."""

import numpy as np
import pytest
from scipy.sparse import diags
from scipy.sparse.linalg import spsolve

from foretrial.models import Exchange, Material, Part, Process
from foretrial.models.shape import Shape
from foretrial.solvers.cut import cut
from foretrial.solvers.discrete import DATUM, Discrete, geometry
from foretrial.solvers.kernels.conduct import STEFAN_BOLTZMANN, exchange

UNIT = Material.simple("unit", density=1.0, conductivity=1.0, heat_capacity=1.0)
NO = (None, None, None)
KINDS = ("held", "film", "radiation")
FILM, GREY, GAS = 5.0, 0.8 * STEFAN_BOLTZMANN, 300.0


def straight(x, y, z):
    """Temperature (K), its gradient, its Laplacian: a plane."""
    return 350.0 + 30.0 * x - 20.0 * y + 10.0 * z, np.stack([30.0 + 0 * x, -20.0 + 0 * x, 10.0 + 0 * x]), 0.0 * x


def wave(x, y, z):
    """The same of a plane wave, across no axis and nothing like the body's round."""
    k = np.array([1.3, 0.7, 0.5])
    u = k[0] * x + k[1] * y + k[2] * z + 0.3
    return 350.0 + 40.0 * np.sin(u), 40.0 * np.cos(u) * k[:, None], -40.0 * (k @ k) * np.sin(u)


def flat(field):
    """The field in a section: as it is where z is 0, and without its change along z."""

    def of(x, y, z):
        T, slope, bend = field(x, y, 0.0 * z)
        slope[2] = 0.0
        return T, slope, bend * (1.3**2 + 0.7**2) / (1.3**2 + 0.7**2 + 0.5**2)

    return of


def block(part, cells, shift=(0.0, 0.0, 0.0)):
    wall = Exchange(gas=GAS, film=1.0)
    walls = {"surface": wall} | {patch.name: wall for patch in part.patches}
    process = Process.simple(part=part, material=UNIT, start=400.0, walls=walls, until=1.0)
    found = cut(process, cells=cells, ratio=1.0, along=NO, shift=shift)
    shape = geometry(process, found)
    return Discrete(process, shape), shape, found.grid


def settled(part, cells, shift, field, kind):
    """Worst cell and worst wall over the field's range, of the steady field that walls and sources of `field` make."""
    model, shape, _ = block(part, cells, shift)
    [local] = shape.locals
    walls, solid = local.block.walls, local.solid
    places = [x[solid] for x in np.meshgrid(*local.centres, indexing="ij")]
    exact, _, bend = field(*places)
    Tw, slope, _ = field(*walls.place.T)
    into = (slope * walls.normal.T).sum(axis=0)
    n = walls.cell.size
    levels, none, each = np.zeros((n, 8)), np.zeros(n), np.arange(n)
    if kind == "held":
        levels[:, 0], levels[:, 5] = Tw, 1.0
    elif kind == "film":
        levels[:, 0], levels[:, 2], levels[:, 4] = GAS, FILM, into - FILM * (GAS - Tw)
    else:
        levels[:, 1], levels[:, 3], levels[:, 4] = GAS, GREY / STEFAN_BOLTZMANN, into - GREY * (GAS**4 - Tw**4)
    K = shape.pattern.parts[0]
    row = np.cumsum(solid.ravel()) - 1
    T, wall, heat, steep = exact.copy(), np.zeros(n), np.zeros(n), np.zeros(n)
    for _ in range(10):
        own = np.zeros(solid.size)
        own[solid.ravel()] = T
        assert not exchange(own, own - DATUM, walls.cell, walls.area, local.gap, none, each, each, none, levels,
                            np.zeros((0, 8)), model._tables[0][0], wall, heat, steep)  # fmt: skip
        left = np.bincount(row[walls.cell], heat, T.size) - K @ T - bend * shape.volume
        change = spsolve((K - diags(np.bincount(row[walls.cell], steep, T.size))).tocsc(), left)
        T += change
        if np.abs(change).max() < 1e-8:
            break
    reach = np.ptp(exact)
    return np.abs(T - exact).max() / reach, np.abs(wall - Tw).max() / reach


def offsets(count, seed=5):
    return [tuple(one) for one in np.random.default_rng(seed).random((count, 3))]


@pytest.mark.parametrize("kind", KINDS)
def test_a_straight_field_is_met_to_rounding_in_a_disc_and_nearly_in_a_ball(kind):
    for shift in offsets(5):
        assert max(settled(Part.disc(1.0), 16, shift, flat(straight), kind)) < 1e-10
    for shift in offsets(2):  # where three unknowns meet, slivers of wall are left open
        assert max(settled(Part.sphere(1.0), 12, shift, straight, kind)) < 2e-5


@pytest.mark.parametrize("kind", KINDS)
def test_a_wave_across_a_disc_is_met_to_second_order_at_every_cell_and_wall(kind):
    worst = [np.max([settled(Part.disc(1.0), 2 * n, shift, flat(wave), kind) for shift in offsets(5)], axis=0)
             for n in (8, 16, 32, 64)]  # fmt: skip
    assert np.log2(worst[0][0] / worst[3][0]) / 3.0 > 1.85
    assert worst[1].max() < 1.4e-3
    assert worst[2].max() < 3.5e-4


@pytest.mark.parametrize("kind", KINDS)
def test_a_wave_through_a_ball_is_met_to_second_order(kind):
    worst = [np.max([settled(Part.sphere(1.0), 2 * n, shift, wave, kind) for shift in offsets(2)], axis=0)
             for n in (4, 8)]  # fmt: skip
    assert worst[1].max() < 5e-3
    assert np.log2(worst[0][0] / worst[1][0]) > 1.7


@pytest.mark.parametrize(("part", "volume", "area", "rim"), [
    (Part.cylinder(1.0, 2.0), 2 * np.pi, 6 * np.pi, 4 * np.pi),
    (Part(name="hexagon", shape=Shape(kind="prism", numbers=(0.0, 2.0, *np.stack(
        [np.cos(0.2 + np.arange(6) * np.pi / 3), np.sin(0.2 + np.arange(6) * np.pi / 3)], axis=1).ravel()))),
     3 * np.sqrt(3), 12 + 3 * np.sqrt(3), 24.0),
], ids=["cylinder", "hexagon"])  # fmt: skip
def test_rims_and_edges_keep_volume_and_wall(part, volume, area, rim):
    """What a rim loses of its wall is less than a tenth of a cell wide."""
    for shift in offsets(3):
        _, shape, grid = block(part, 20, shift)
        [local] = shape.locals
        assert shape.volume.sum() == pytest.approx(volume, rel=1e-3)
        assert local.block.walls.area.sum() == pytest.approx(area, abs=0.1 * rim * grid.widths(0)[0])
