"""Heat across contacts: pressed, over a gap of gas that may open, and by radiation from face to face."""

from dataclasses import replace

import numpy as np
import pytest

from foretrial.models import (
    INSULATED,
    Body,
    Contact,
    Curve,
    Gap,
    Held,
    Material,
    Part,
    Pressed,
    Probe,
    Process,
    Property,
    Quantity,
    Signal,
    SolveError,
    Stage,
    quantities,
    substitute,
)
from foretrial.solvers import Heat
from foretrial.solvers.kernels.gap import bridge

SIGMA = 5.670374419e-8
STUFF = Material.simple("stuff", density=8000.0, conductivity=20.0, heat_capacity=500.0)
AIR = Property(curve=Curve.table([300.0, 1500.0], [0.026, 0.09]), unit="W/(m.K)", source="declared",
               scale=Quantity(value=1.0, name="air"), valid=(300.0, 1500.0))  # fmt: skip
FACES = (Probe(name="hot face", place=(0.01, 0.0, 0.0), body="hot"),
         Probe(name="cold face", place=(0.01, 0.0, 0.0), body="cold"))  # fmt: skip
NAMES = ("air", "width", "jump", "grey", "hardness")


def stack(resistance, until=4000.0, hot=1200.0, cold=400.0):
    """Two slabs of 10 mm, their outer faces held, so that the steady flux is known."""
    bodies = (Body(part=Part.slab(0.01), material=STUFF, start=hot, name="hot"),
              Body(part=Part.slab(0.01).moved(0.01), material=STUFF, start=cold, name="cold"))  # fmt: skip
    walls = {"hot.left": Held(temperature=hot), "cold.right": Held(temperature=cold)}
    return Process(name="stack", bodies=bodies, contacts=(Contact(first="hot", second="cold", resistance=resistance),),
                   stages=(Stage(name="hold", walls=walls, until=until),))  # fmt: skip


def settled(resistance):
    history = Heat(cells=2, tolerance=0.05)(stack(resistance), observe=FACES)
    hot, cold = history.values[-1]
    return hot, cold, 20.0 / 0.01 * (1200.0 - hot), history


def test_a_pressed_joint_resists_as_its_correlation_says():
    law = Pressed(conductivity=(20.0, 20.0), roughness=5e-6, slope=0.1, hardness=3e9, pressure=1e6)
    hot, cold, q, _ = settled(law)
    assert q == pytest.approx(law.conductance(0.0) * (hot - cold), rel=1e-6)
    assert 10.0 < hot - cold < 790.0


def test_a_gap_passes_heat_by_its_gas_and_by_radiation():
    gap = Gap(width=3e-4, jump=1e-6, gas=AIR, emissivity=(0.8, 0.6))
    hot, cold, q, history = settled(gap)
    grey = 1.0 / (1.0 / 0.8 + 1.0 / 0.6 - 1.0)
    exact = float(AIR(0.5 * (hot + cold))) / 3.01e-4 * (hot - cold) + grey * SIGMA * (hot**4 - cold**4)
    assert q == pytest.approx(exact, rel=1e-6)
    assert 20.0 / 0.01 * (cold - 400.0) == pytest.approx(q, rel=1e-6)
    assert abs(history.balance.entered - history.balance.stored) < 1e-5  # J, of 4e6 J that one gives the other


def test_a_gap_gives_what_a_resistance_of_its_size_gives():
    one = settled(Gap(width=3e-4, gas=0.03))
    other = settled(3e-4 / 0.03)
    np.testing.assert_allclose(one[:3], other[:3], rtol=1e-7)


def test_a_gap_knows_its_exact_slopes():
    rng, n = np.random.default_rng(2), 50
    T1, T2 = rng.uniform(300.0, 1500.0, (2, n))
    k1, k2 = Curve.table([200.0, 2000.0], [20.0, 50.0]), Curve.constant(0.5)
    tables = k1.packed(273.15), k2.packed(273.15)
    theta1, theta2 = k1.integral(T1, 273.15), k2.integral(T2, 273.15)
    at, gaps = np.arange(n), 10.0 ** rng.uniform(-5, -2, (3, n))

    def heat(more1=0.0, more2=0.0):
        out = np.zeros((4, n))
        assert bridge(T1, theta1 + more1, T2, theta2 + more2, at, at, gaps[0], gaps[1], gaps[2], 1e-4, 1.0,
                      AIR.curve.packed(), 0.5, *tables, *out) == 0  # fmt: skip
        return out

    _, by1, by2, _ = heat()
    np.testing.assert_allclose((heat(1e-2)[0] - heat(-1e-2)[0]) / 2e-2, by1, rtol=1e-4, atol=1e-9 * abs(by1).max())
    np.testing.assert_allclose((heat(0, 1e-2)[0] - heat(0, -1e-2)[0]) / 2e-2, by2, rtol=1e-4, atol=1e-9 * by2.max())


def test_a_gap_that_opens_slows_the_cooling_down():
    def hot_face(width):
        bodies = (Body(part=Part.slab(0.01), material=STUFF, start=1200.0, name="hot"),
                  Body(part=Part.slab(0.01).moved(0.01), material=STUFF, start=400.0, name="cold"))  # fmt: skip
        walls = {"hot.left": INSULATED, "cold.right": Held(temperature=400.0)}
        gap = Gap(width=width, gas=0.05, jump=2e-5)
        process = Process(name="cast", bodies=bodies, stages=(Stage(name="cool", walls=walls, until=60.0),),
                          contacts=(Contact(first="hot", second="cold", resistance=gap),))  # fmt: skip
        history = Heat(cells=2)(process, observe=FACES)
        assert abs(history.balance.residual) < 1e-6
        return history.values[-1, 0]

    opening = Signal(curve=Curve.table([0.0, 20.0, 60.0], [0.0, 0.0, 3e-4]), unit="m")
    assert hot_face(0.0) + 20.0 < hot_face(opening) < hot_face(3e-4) - 20.0


@pytest.mark.parametrize("name", NAMES)
def test_what_is_uncertain_in_a_contact_has_its_tangent(name):
    def number(value, unit, name):
        return Quantity(value=value, unit=unit, name=name)

    gap = Gap(width=number(3e-4, "m", "width"), jump=number(2e-5, "m", "jump"), gas=AIR,
              emissivity=(number(0.8, "1", "grey"), 0.6))  # fmt: skip
    law = Pressed(conductivity=(20.0, 20.0), roughness=5e-6, slope=0.1, hardness=number(3e9, "Pa", "hardness"),
                  pressure=1e6)  # fmt: skip
    process = stack(law if name == "hardness" else gap, until=30.0)
    solver = Heat(cells=2, tolerance=0.5)
    frozen = solver.frozen(solver(process, observe=FACES))
    slope = frozen.tangent(process, free=(name,), observe=FACES).tangents[0]
    value = quantities(process)[name].value
    step = 1e-4 * value
    above, below = (frozen(substitute(process, {name: value + way * step}), observe=FACES).values for way in (1, -1))
    np.testing.assert_allclose(slope, (above - below) / (2.0 * step), rtol=1e-5, atol=1e-7 * np.abs(slope).max())
    assert np.abs(slope).max() > 0.0


def test_a_gas_beyond_the_range_of_its_source_is_said_or_refused():
    gas = replace(AIR, valid=(300.0, 700.0))
    history = Heat(cells=2)(stack(Gap(width=3e-4, gas=gas), until=1.0))
    assert any("gas between hot and cold was used from " in note for note in history.notes)
    assert not Heat(cells=2)(stack(Gap(width=3e-4, gas=AIR), until=1.0)).notes
    with pytest.raises(SolveError, match=r"gas between hot and cold was used .* Give a source beyond it"):
        Heat(cells=2)(stack(Gap(width=3e-4, gas=replace(gas, beyond="refuse")), until=1.0))


def test_a_gap_that_closes_without_any_way_left_is_refused():
    with pytest.raises(SolveError, match=r"gap between 'hot' and 'cold' is 0 m at t = 0 s.* Give jump= above 0 m"):
        Heat(cells=2)(stack(Gap(width=0.0, gas=0.03)))


def test_the_order_of_the_two_bodies_does_not_matter():
    gap = Gap(width=3e-4, gas=AIR, emissivity=(0.8, 0.6))
    forth = stack(gap, until=30.0)
    back = replace(
        forth, contacts=(Contact(first="cold", second="hot", resistance=replace(gap, emissivity=(0.6, 0.8))),)
    )
    one, two = (Heat(cells=2)(p, observe=FACES).values[-1] for p in (forth, back))
    np.testing.assert_allclose(one, two, rtol=0, atol=1e-6)
