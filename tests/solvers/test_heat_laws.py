"""What holds for any field: heat is kept, no new extreme, mirrors, one slab in one, two and three dimensions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretrial.models import (
    Body,
    Contact,
    Curve,
    Exchange,
    Extreme,
    Frame,
    Held,
    Part,
    Probe,
    Process,
    Stage,
)
from foretrial.models.library import CARBON_STEEL, LIBRARY
from foretrial.models.process import INSULATED
from foretrial.solvers import Heat
from foretrial.solvers.kernels.conduct import conduct, exchange
from foretrial.solvers.kernels.pieces import properties

few = settings(max_examples=12, deadline=None)
kelvin = st.floats(280.0, 1400.0)


def enclosed(first, second, one, other, resistance):
    """Two touching blocks in an insulated box."""
    block = Part.box(0.02, 0.03, 0.04, name="one")
    bodies = (Body(part=block, material=LIBRARY[one], start=first),
              Body(part=block.moved(x=0.02), material=LIBRARY[other], start=second, name="two"))  # fmt: skip
    sides = dict.fromkeys(("left", "right", "bottom", "top", "back", "front"), INSULATED)
    contact = Contact(first="one", second="two", resistance=resistance)
    stage = Stage(name="wait", until=60.0, walls=sides)
    return Process(name="enclosed", bodies=bodies, stages=(stage,), contacts=(contact,))


@few
@given(
    kelvin, kelvin, st.sampled_from(list(LIBRARY)), st.sampled_from(list(LIBRARY)), st.sampled_from([0.0, 1e-4, 1e-2])
)
def test_insulated_blocks_keep_their_heat_and_make_no_new_extreme(first, second, one, other, resistance):
    recipe = enclosed(first, second, one, other, resistance)
    frames: list[Frame] = []
    history = Heat(cells=2, tolerance=0.05)(recipe, keep=frames.append)
    balance = history.balance
    held = {name: float(np.asarray(LIBRARY[m].heat_capacity(T))) * LIBRARY[m].density.value * 2.4e-5 * T
            for name, m, T in (("one", one, first), ("two", other, second))}  # fmt: skip
    assert balance.entered == balance.made == 0.0
    assert abs(balance.stored) <= 1e-9 * sum(held.values())
    low, high = min(first, second), max(first, second)
    field = np.concatenate([frame.T[body].ravel() for frame in frames for body in ("one", "two")])
    assert field.min() >= low - 0.05
    assert field.max() <= high + 0.05


@few
@given(kelvin, kelvin, st.floats(1.0, 2000.0), st.floats(0.0, 1.0))
def test_a_bath_bounds_every_temperature(start, bath, film, emissivity):
    wall = Exchange(gas=bath, film=film, emissivity=emissivity)
    recipe = Process.simple(part=Part.sheet(0.03, 0.02), material=CARBON_STEEL, start=start, until=120.0,
                            walls=dict.fromkeys(("left", "right", "bottom", "top"), wall))  # fmt: skip
    frames: list[Frame] = []
    Heat(cells=4, tolerance=0.05)(recipe, keep=frames.append)
    field = np.concatenate([frame.T["sheet"].ravel() for frame in frames])
    assert field.min() >= min(start, bath) - 0.05
    assert field.max() <= max(start, bath) + 0.05


@few
@given(kelvin, st.tuples(kelvin, kelvin), st.tuples(st.floats(0.0, 500.0), st.floats(0.0, 500.0)))
def test_a_mirrored_process_has_a_mirrored_history(start, gases, films):
    one, other = (Exchange(gas=gas, film=film, emissivity=0.5) for gas, film in zip(gases, films, strict=True))
    places = (0.0, 0.004, 0.015, 0.02)
    seen = []
    for left, right, at in ((one, other, places), (other, one, [0.02 - x for x in places])):
        recipe = Process.simple(part=Part.slab(0.02), material=CARBON_STEEL, start=start, until=60.0,
                                walls={"left": left, "right": right})  # fmt: skip
        probes = tuple(Probe(name=f"{n}", place=(x, 0.0, 0.0)) for n, x in enumerate(at))
        seen.append(Heat(cells=5)(recipe, observe=probes).values[-1])
    np.testing.assert_allclose(seen[0], seen[1], rtol=0, atol=1e-6)


def test_one_slab_is_the_same_in_one_two_and_three_dimensions():
    hot = Exchange(gas=1300.0, film=100.0, emissivity=0.8)
    flat = dict.fromkeys(("bottom", "top", "back", "front"), INSULATED) | {
        "left": hot,
        "right": Held(temperature=400.0),
    }
    seen = []
    for part, active in ((Part.slab(0.02), 2), (Part.sheet(0.02, 0.03), 4), (Part.box(0.02, 0.03, 0.05), 6)):
        walls = {name: flat[name] for name in ("left", "right", "bottom", "top", "back", "front")[:active]}
        recipe = Process.simple(part=part, material=CARBON_STEEL, start=400.0, walls=walls, until=300.0)
        probes = tuple(Probe(name=f"{x}", place=(x, 0.013, 0.021)) for x in (0.0, 0.007, 0.02))
        seen.append(Heat(cells=6)(recipe, observe=probes).values)
    np.testing.assert_allclose(seen[1], seen[0], rtol=0, atol=1e-6)
    np.testing.assert_allclose(seen[2], seen[0], rtol=0, atol=1e-6)


def test_an_extruded_section_is_its_cross_section():
    fire = Exchange(gas=1100.0, film=25.0, emissivity=0.7)
    sizes = {"height": 0.1, "width": 0.1, "flange": 0.01, "web": 0.006}
    seen = []
    for length in (None, 0.05):
        part = Part.i_section(**sizes, length=length)
        walls = dict.fromkeys(("top", "bottom", "left", "right"), fire) | ({"ends": INSULATED} if length else {})
        recipe = Process.simple(part=part, material=CARBON_STEEL, start=300.0, walls=walls, until=200.0)
        observe = (Extreme(name="max"), Extreme(name="min", statistic="min"), Probe(name="web", place=(0.0, 0.0, 0.02)))
        along = (None, None, 2 if length else None)
        seen.append(Heat(cells=2, along=along)(recipe, observe=observe).values)
    np.testing.assert_allclose(seen[1], seen[0], rtol=0, atol=1e-6)


def test_the_compiled_loop_conducts_as_a_plain_one_does():
    rng = np.random.default_rng(1)
    shape = (4, 3, 5)
    theta = rng.normal(size=shape)
    g = [rng.uniform(size=tuple(n + (a == axis) for a, n in enumerate(shape))) for axis in range(3)]
    out = np.empty(shape)
    conduct(theta, *g, out)
    plain = np.zeros(shape)
    for i, j, k in np.ndindex(*shape):
        for axis in range(3):
            for side in (0, 1):
                near, face = [i, j, k], [i, j, k]
                near[axis] += 2 * side - 1
                face[axis] += side
                if 0 <= near[axis] < shape[axis]:
                    plain[i, j, k] += g[axis][tuple(face)] * (theta[tuple(near)] - theta[i, j, k])
    np.testing.assert_allclose(out, plain, rtol=0, atol=1e-13)


@pytest.mark.parametrize("name", LIBRARY)
def test_the_compiled_properties_are_those_of_the_curve(name):
    k, c = LIBRARY[name].conductivity.curve, LIBRARY[name].heat_capacity.curve
    T = np.concatenate([np.linspace(150.0, 1800.0, 400), k.breaks, c.breaks[c.breaks > 1.0]]).reshape(-1, 1, 1)
    found = [np.empty_like(T) for _ in range(4)]
    properties(T, k.packed(273.15), c.packed(273.15), *found)
    wanted = [k(T), k.integral(T, 273.15), c(T), c.integral(T, 273.15)]
    for ours, exact in zip(found, wanted, strict=True):
        np.testing.assert_allclose(ours, exact, rtol=1e-12, atol=1e-9)


def test_a_wall_balances_conduction_film_radiation_and_flux():
    rng, n = np.random.default_rng(2), 20
    T = rng.uniform(300.0, 1500.0, n)
    curve = Curve.table([200.0, 2000.0], [20.0, 50.0])
    table = curve.packed(273.15)
    theta = curve.integral(T, 273.15)
    area, gap = rng.uniform(0.1, 1.0, n), rng.uniform(1e-4, 1e-2, n)
    levels = np.column_stack([rng.uniform(300, 1500, n), rng.uniform(300, 1500, n), rng.uniform(0, 500, n),
                              rng.uniform(0, 1, n), rng.normal(size=n) * 1e4, *np.zeros((3, n))])  # fmt: skip
    at, wall, heat, slope = np.arange(n), np.zeros(n), np.zeros(n), np.zeros(n)
    numbers = (at, area, gap, np.zeros(n), at, at, np.zeros(n), levels, np.zeros((0, 8)), table)
    assert exchange(T, theta, *numbers, wall, heat, slope) == 0
    gas, radiant, film, grey, flux = levels.T[:5]
    q = film * (gas - wall) + grey * 5.670374419e-8 * (radiant**4 - wall**4) + flux
    np.testing.assert_allclose(heat, area * q, rtol=1e-10)
    np.testing.assert_allclose((curve.integral(wall, 273.15) - theta) / gap, q, rtol=1e-6, atol=1e-3)
    near = [np.zeros(n) for _ in range(3)]
    exchange(T, theta + 1.0, *numbers, *near)
    np.testing.assert_allclose(near[1] - heat, slope, rtol=1e-3, atol=1e-9)


@pytest.mark.parametrize("part", [Part.slab(0.02), Part.sheet(0.02, 0.03), Part.box(0.02, 0.03, 0.04),
                                  Part.rod(0.02), Part.rod(0.02, 0.05), Part.ball(0.02)])  # fmt: skip
def test_one_kernel_serves_all_dimensions_with_few_signatures(part):
    walls = {patch.name: Exchange(gas=900.0, film=100.0) for patch in part.patches}
    recipe = Process.simple(part=part, material=CARBON_STEEL, start=300.0, walls=walls, until=10.0)
    history = Heat(cells=2)(recipe, observe=(Extreme(name="max"),))
    assert 300.0 < history.values[-1, 0] < 900.0
    for kernel in (conduct, exchange, properties):
        assert len(getattr(kernel, "signatures", ())) <= 2
