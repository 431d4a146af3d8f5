"""A film that follows the wall's own temperature: boiling curves, their derivative, and what a beam brings on top."""

from dataclasses import replace

import numpy as np
import pytest

from foretrial.models import Curve, Exchange, Material, ModelError, Part, Probe, Process, Property, Quantity, SolveError
from foretrial.models.process import INSULATED, Between
from foretrial.solvers import Heat
from foretrial.solvers.kernels.conduct import exchange
from foretrial.solvers.kernels.pieces import temperatures

IRON = Material.simple("iron", density=7870.0, conductivity=40.0, heat_capacity=500.0)
BOILING = Curve.table([373.0, 420.0, 600.0, 900.0, 1200.0], [500.0, 9000.0, 3000.0, 400.0, 300.0])


def film(curve=BOILING, scale=1.0, name="film scale"):
    return Property(curve=curve, unit="W/(m2.K)", scale=Quantity(value=scale, name=name), source="declared",
                    valid=(300.0, 1300.0))  # fmt: skip


def quench(wall, until=20.0):
    return Process.simple(part=Part.slab(0.01), material=IRON, start=1150.0, until=until,
                          walls={"left": INSULATED, "right": wall})  # fmt: skip


def test_a_wall_with_a_boiling_curve_balances_and_has_its_exact_slope():
    rng, n = np.random.default_rng(3), 40
    T = rng.uniform(350.0, 1250.0, n)
    curve = Curve.table([200.0, 2000.0], [20.0, 50.0])
    table, theta = curve.packed(273.15), curve.integral(T, 273.15)
    area, gap, weight = rng.uniform(0.1, 1.0, n), np.full(n, 2e-4), rng.uniform(0.0, 1.0, n)
    packed = BOILING.packed()
    levels = np.array([[330.0, 330.0, 1.5, 0.7, 100.0, 0.0, 0.0, len(packed)], [350.0, 350.0, 80.0, 0.2, 0, 0, 0, 0]])
    shine = rng.uniform(0.0, 1e5, n)
    at = np.arange(n)
    numbers = (at, area, gap, shine, 0 * at, 0 * at + 1, weight, levels, packed, table)
    wall, heat, slope = (np.zeros(n) for _ in range(3))
    assert exchange(T, theta, *numbers, wall, heat, slope) == 0
    h = (1 - weight) * 1.5 * BOILING(wall) + weight * 80.0
    grey = 5.670374419e-8 * ((1 - weight) * 0.7 + weight * 0.2)
    gas = (1 - weight) * 330.0 + weight * 350.0
    q = h * (gas - wall) + grey * (gas**4 - wall**4) + (1 - weight) * 100.0 + shine
    np.testing.assert_allclose(heat, area * q, rtol=1e-9)
    np.testing.assert_allclose((curve.integral(wall, 273.15) - theta) / gap, q, rtol=1e-6, atol=1.0)
    above, below = np.zeros((3, n)), np.zeros((3, n))
    exchange(T, theta + 1e-3, *numbers, *above)
    exchange(T, theta - 1e-3, *numbers, *below)
    knots = np.abs(wall[:, None] - BOILING.breaks).min(axis=1) > 0.1
    np.testing.assert_allclose(((above[1] - below[1]) / 2e-3)[knots], slope[knots], rtol=1e-4)


def test_a_wall_that_could_have_two_temperatures_still_finds_one():
    packed = BOILING.packed()
    levels = np.array([[300.0, 300.0, 3.0, 0.0, 0.0, 0.0, 0.0, len(packed)]])
    n = 200
    T, at, zero = np.linspace(310.0, 1300.0, n), np.arange(n), np.zeros(n)
    table = Curve.constant(2.0).packed(0.0)
    wall, heat, slope = (np.zeros(n) for _ in range(3))
    thick = np.full(n, 0.01)
    failed = exchange(T, 2.0 * T, at, zero + 1, thick, zero, 0 * at, 0 * at, zero, levels, packed, table, wall, heat,
                      slope)  # fmt: skip
    assert failed == 0
    assert ((wall >= 300.0) & (wall <= T)).all()
    np.testing.assert_allclose(heat, 3.0 * BOILING(wall) * (300.0 - wall), rtol=1e-9)
    np.testing.assert_allclose(200.0 * (wall - T), heat, rtol=1e-6, atol=1e-3)


def test_a_thin_plate_in_a_boiling_bath_cools_as_the_lumped_equation_does():
    thin = Process.simple(part=Part.slab(2e-4), material=IRON, start=1150.0, until=1.6,
                          walls={"left": INSULATED, "right": Exchange(gas=330.0, film=film())})  # fmt: skip
    probe = (Probe(name="middle", place=(1e-4, 0.0, 0.0)),)
    history = Heat(cells=2, tolerance=0.01)(thin, observe=probe)
    T, t, dt = 1150.0, 0.0, 1.6 / 4000

    def rate(T):
        return -float(BOILING(T)) * (T - 330.0) / (7870.0 * 500.0 * 2e-4)

    for _ in range(4000):
        k1 = rate(T)
        k2 = rate(T + 0.5 * dt * k1)
        k3 = rate(T + 0.5 * dt * k2)
        T, t = T + dt * (k1 + 2 * k2 + 2 * k3 + rate(T + dt * k3)) / 6, t + dt
    assert 330.0 < T < 500.0
    assert abs(history.values[-1, 0] - T) < 0.5


def test_a_constant_curve_is_a_constant_film_and_lies_between_others():
    wanted = Heat(cells=4)(quench(Exchange(gas=330.0, film=700.0)), observe=(Probe(name="rim", place=(0.01, 0, 0)),))
    flat = Exchange(gas=330.0, film=film(Curve.constant(350.0), 2.0))
    for wall in (flat, Between(axis=1, places=(0.0, 1.0), exchanges=(flat, Exchange(gas=330.0, film=700.0)))):
        found = Heat(cells=4)(quench(wall), observe=(Probe(name="rim", place=(0.01, 0, 0)),))
        np.testing.assert_allclose(found.values[-1], wanted.values[-1], atol=1e-6)
    assert wanted.balance.residual < 1e-9


def test_the_derivative_by_the_scale_of_a_boiling_curve_is_its_quotient():
    rim = (Probe(name="rim", place=(0.01, 0.0, 0.0)),)
    base = quench(Exchange(gas=330.0, film=film()), until=8.0)
    solver = Heat(cells=6, tolerance=0.2)
    frozen = solver.frozen(solver(base, observe=rim))
    slope = frozen.tangent(base, free=("film scale",), observe=rim).tangents[0, -1]
    up, down = (
        frozen(quench(Exchange(gas=330.0, film=film(scale=s)), until=8.0), observe=rim) for s in (1.0001, 0.9999)
    )
    np.testing.assert_allclose((up.values[-1] - down.values[-1]) / 2e-4, slope, rtol=1e-3)


def test_a_property_where_none_belongs_and_a_film_in_another_unit_are_refused():
    with pytest.raises(ModelError, match=r"flux is a property over temperature in W/\(m2\.K\), which only film"):
        Exchange(flux=film())
    wrong = Property(curve=BOILING, unit="W/m2", scale=Quantity(value=1.0), source="here", valid=(300.0, 400.0))
    with pytest.raises(ModelError, match=r"film is a property over temperature in W/m2, .* convert the film's curve"):
        Exchange(film=wrong)


@pytest.mark.parametrize("part", [Part.slab(0.02), Part.sheet(0.02, 0.03), Part.box(0.02, 0.03, 0.04), Part.rod(0.02),
                                  Part.ball(0.02)])  # fmt: skip
def test_a_boiling_curve_serves_every_dimension_with_one_kernel(part):
    walls = dict.fromkeys((patch.name for patch in part.patches), Exchange(gas=330.0, film=film()))
    recipe = Process.simple(part=part, material=IRON, start=1150.0, walls=walls, until=5.0)
    history = Heat(cells=3)(recipe, observe=(Probe(name="core", place=(0.01, 0.01, 0.01)),))
    assert 330.0 < history.values[-1, 0] < 1150.0
    assert history.balance.residual < 1e-8
    for kernel in (exchange, temperatures):
        assert len(getattr(kernel, "signatures", ())) <= 2


def test_half_a_plate_with_an_insulated_plane_of_symmetry_is_the_whole():
    wall = Exchange(gas=330.0, film=film())
    seen = []
    for size, walls in ((0.01, {"left": INSULATED, "right": wall}), (0.02, {"left": wall, "right": wall})):
        recipe = Process.simple(part=Part.slab(size), material=IRON, start=1150.0, walls=walls, until=20.0)
        seen.append(
            Heat(along=(round(size * 800), None, None))(recipe, observe=(Probe(name="rim", place=(size, 0, 0)),))
        )
    np.testing.assert_allclose(seen[1].values[-1], seen[0].values[-1], atol=1e-5)


def test_a_film_used_beyond_its_range_is_noted_or_refused():
    short = replace(film(), valid=(1100.0, 1300.0))
    [note] = [one for one in Heat(cells=3)(quench(Exchange(gas=330.0, film=short))).notes if "film" in one]
    assert note.startswith("film on slab was used from ")
    assert note.endswith(" K; its source states 1100 to 1300 K.")
    with pytest.raises(SolveError, match=r"film on slab was used .* Inside that range it is known\. Give a source"):
        Heat(cells=3)(quench(Exchange(gas=330.0, film=replace(short, beyond="refuse"))))
    assert not Heat(cells=3)(quench(Exchange(gas=330.0, film=film()))).notes
