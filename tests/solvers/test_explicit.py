"""The explicit march: its kernels against plain loops, its laws, its orders, and what it refuses."""

import numba
import numpy as np
import pytest

from foretrial.models import (
    Body,
    Contact,
    Controller,
    Crossing,
    Curve,
    Exchange,
    Extreme,
    Frame,
    Held,
    Part,
    Probe,
    Process,
    Signal,
    SolveError,
    Source,
    Stage,
)
from foretrial.models.library import CARBON_STEEL
from foretrial.models.material import Material
from foretrial.models.process import INSULATED
from foretrial.models.solver import Solver
from foretrial.solvers import Heat
from foretrial.solvers.explicit import Explicit, aligned
from foretrial.solvers.kernels.explicit import ACROSS, step, step_serial, vary, vary_serial

IRON = Material.simple("iron", density=7870.0, conductivity=80.0, heat_capacity=450.0)
SIDES = ("left", "right", "bottom", "top", "back", "front")


def once(T, fourier, biot=(0, 0, 0), bath=0.0, *, kernel=step_serial):
    dtype, out = T.dtype, np.empty_like(T)
    kernel(T, out, dtype.type(bath), np.array(fourier, dtype), np.array(biot, dtype))
    return out


def vary_once(T, number, kernel=vary_serial, lanes=2):
    k, c = CARBON_STEEL.conductivity.curve.packed(273.15), CARBON_STEEL.heat_capacity.curve.packed(273.15)
    out = np.empty_like(T)
    kernel(T, out, np.array(number), k, c, np.zeros((lanes, 3 * (ACROSS + 2) + 3, T.shape[2])))
    return out


def block(T, walls, until=20.0, material=IRON, part=None, sources=()):
    part = part or Part.box(0.02, 0.03, 0.04)
    return Process.simple(part=part, material=material, start=T, walls=walls, until=until, sources=sources)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shape", [(4, 3, 21), (1, 1, 9), (5, 1, 1), (2, 40, 16)])
def test_the_compiled_step_is_the_plain_one(dtype, shape):
    T = np.random.default_rng(1).uniform(300, 1300, shape).astype(dtype)
    f, b = (0.1, 0.15, 0.05), (0.5, 0.0, 1.5)
    plain = T.astype(float)
    for axis in range(3):
        padded = np.pad(T.astype(float), [(1, 1) if a == axis else (0, 0) for a in range(3)], mode="edge")
        plain += f[axis] * np.diff(padded, 2, axis)
        for end in (0, -1):
            wall = tuple(end if a == axis else slice(None) for a in range(3))
            plain[wall] += f[axis] * b[axis] * (310.0 - T[wall].astype(float))
    np.testing.assert_allclose(once(T, f, b, 310.0), plain, rtol=1e-14 if dtype is np.float64 else 1e-6)


def test_the_varying_step_is_the_plain_one():
    T = np.random.default_rng(2).uniform(280, 1500, (5, 40, 70))
    k, c = CARBON_STEEL.conductivity.curve, CARBON_STEEL.heat_capacity.curve
    theta, q, number = k.integral(T, 273.15), np.zeros_like(T), (0.2, 0.1, 0.15)
    for axis in range(3):
        padded = np.pad(theta, [(1, 1) if a == axis else (0, 0) for a in range(3)], mode="edge")
        q += number[axis] * np.diff(padded, 2, axis)
    np.testing.assert_allclose(vary_once(T, number), T + q / c(T + 0.5 * q / c(T)), rtol=1e-11)


def test_results_depend_on_neither_threads_nor_lanes():
    T = np.random.default_rng(3).uniform(300, 1300, (70, 40, 33))
    wanted, steel = once(T, (0.1, 0.1, 0.1), (1, 1, 1), 300.0), vary_once(T, (0.1, 0.1, 0.1))
    before = numba.get_num_threads()
    try:
        for threads in {1, before}:
            numba.set_num_threads(threads)
            for lanes in (1, 2, 5):
                found = once(T, (0.1, 0.1, 0.1), (1, 1, 1), 300.0, kernel=step)
                np.testing.assert_array_equal(found, wanted)
                np.testing.assert_array_equal(vary_once(T, (0.1, 0.1, 0.1), vary, lanes), steel)
    finally:
        numba.set_num_threads(before)


def test_an_insulated_block_keeps_its_heat_to_the_last_bit():
    T = np.random.default_rng(4).integers(300, 1300, (9, 8, 21)).astype(float)
    new = T
    for _ in range(10):  # eighths of whole numbers: sums without rounding
        new = once(new, (0.125, 0.125, 0.125))
    assert new.sum() == T.sum()
    assert new.min() >= T.min()
    assert new.max() <= T.max()


def test_a_mirrored_field_stays_mirrored_to_the_last_bit():
    T = np.random.default_rng(5).uniform(300, 1300, (9, 35, 21))
    new = once(T, (0.1, 0.12, 0.08), (1, 1, 1), 300.0)
    for axis in range(3):
        np.testing.assert_array_equal(once(np.ascontiguousarray(np.flip(T, axis)), (0.1, 0.12, 0.08), (1, 1, 1), 300.0),
                                      np.flip(new, axis))  # fmt: skip


@pytest.mark.parametrize("material", [IRON, CARBON_STEEL])
def test_walls_bound_every_temperature_at_the_longest_step(material):
    wall = Exchange(gas=400.0, film=5000.0, emissivity=0.8)
    walls = dict.fromkeys(SIDES, wall) | {"left": Held(temperature=1200.0)}
    frames: list[Frame] = []
    Explicit(cells=4)(block(800.0, walls, 5.0, material), keep=frames.append)
    T = np.concatenate([frame.T["box"].ravel() for frame in frames])
    assert T.min() >= 400.0
    assert T.max() <= 1200.0


@pytest.mark.parametrize(("material", "close"), [(IRON, 1e-11), (CARBON_STEEL, 2e-3)])
def test_what_enters_is_stored(material, close):
    wall = Exchange(gas=1000.0, film=300.0, emissivity=0.8)
    source = Source(body="box", rate=2e6)
    history = Explicit(cells=4)(block(300.0, dict.fromkeys(SIDES, wall), 20.0, material, sources=(source,)))
    assert history.balance.made == pytest.approx(2e6 * 2.4e-5 * 20.0)
    assert history.balance.residual < close


@pytest.mark.parametrize("material", [IRON, CARBON_STEEL])
def test_it_agrees_with_heat_on_the_same_cells(material):
    walls = dict.fromkeys(SIDES, Exchange(gas=300.0, film=800.0, emissivity=0.6))
    observe = (Probe(name="core", place=(0.01, 0.015, 0.02)), Extreme(name="max"), Extreme(name="min", statistic="min"))
    recipe = block(1100.0, walls, 15.0, material)
    march, heat = Explicit(cells=4)(recipe, observe=observe), Heat(cells=4, tolerance=0.01)(recipe, observe=observe)
    np.testing.assert_allclose(march.values[-1], heat.values[-1], atol=2.0)


def test_it_is_first_order_in_time():
    recipe = block(1100.0, {"left": Exchange(gas=300.0, film=800.0), "right": INSULATED}, 10.0, part=Part.slab(0.02))
    observe = (Probe(name="core", place=(0.01, 0.0, 0.0)),)
    base = Explicit(cells=5, dt=0.1)
    T = [base.refined(r, space=False)(recipe, observe=observe).values[-1, 0] for r in (1, 2, 4, 64)]
    slope = np.polyfit(np.log([1, 2, 4]), np.log(np.abs(np.array(T[:3]) - T[3])), 1)[0]
    assert slope == pytest.approx(-1.0, abs=0.08)


def test_frozen_steps_are_repeated_and_the_noun_is_a_solver():
    recipe = block(1100.0, dict.fromkeys(SIDES, Exchange(gas=300.0, film=800.0)), 2.0)
    solver = Explicit(cells=3)
    history = solver(recipe)
    again = solver.frozen(history)
    np.testing.assert_array_equal(again(recipe).t, history.t)
    assert isinstance(solver, Solver)
    assert solver.digest != again.digest
    assert aligned((3, 5)).ctypes.data % 64 == 0


def test_it_says_what_it_cannot_do():
    walls = dict.fromkeys(SIDES, INSULATED)
    recipe = block(1100.0, walls)
    with pytest.raises(SolveError, match=r"dt = 5 s is too long: this grid is stable up to .* s. Leave dt out, or use"):
        Explicit(cells=4, dt=5.0)(recipe)
    with pytest.raises(SolveError, match="neither a grid nor a step"):
        Explicit(dt=0.0)
    with pytest.raises(SolveError, match=r"has none\. Heat has tangents"):
        Explicit().tangent(recipe, free=("film",), observe=())
    with pytest.raises(SolveError, match="takes one cartesian box"):
        Explicit()(block(300.0, {"surface": INSULATED}, part=Part.sphere(0.01)))
    with pytest.raises(SolveError, match="stages of a stated length"):
        Explicit()(block(300.0, walls, Crossing(observation="x", value=400.0)))
    bodies = tuple(
        Body(part=Part.box(1, 1, 1, name=n).moved(x=x), material=IRON, start=300.0) for x, n in enumerate("ab")
    )
    two = Process(name="two", bodies=bodies, contacts=(Contact(first="a", second="b"),),
                  stages=(Stage(name="wait", walls=walls, until=1.0),))  # fmt: skip
    with pytest.raises(SolveError, match="has 2 bodies"):
        Explicit()(two)


def test_a_controller_is_refused():
    wanted = Signal(curve=Curve.constant(900.0), unit="K")
    steer = Controller(name="burner", observation="core", setpoint=wanted, unit="K", gain=2.0, span=(300.0, 1500.0),
                       every=1.0)  # fmt: skip
    walls = dict.fromkeys(SIDES, INSULATED) | {"left": Exchange(gas=steer, film=100.0)}
    with pytest.raises(SolveError, match=r"has 1 controllers \(burner\)\. .* use Heat"):
        Explicit(cells=4)(block(800.0, walls, 5.0, IRON))
