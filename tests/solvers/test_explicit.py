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
    Frame,
    Held,
    Latent,
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
from foretrial.solvers.explicit import Explicit
from foretrial.solvers.kernels.pieces import properties
from foretrial.solvers.kernels.sweeps import BACK, FIRST, formed
from foretrial.solvers.kirchhoff import fitted
from foretrial.solvers.sweep import Sweep, aligned

IRON = Material.simple("iron", density=7870.0, conductivity=80.0, heat_capacity=450.0)
SIDES = ("left", "right", "bottom", "top", "back", "front")


def tables(material):
    """Packed conductivity, and capacity with the density in it."""
    capacity = material.storage().packed(273.15)
    capacity[:, [1, 2, 3, 4, 5, 7]] *= material.density.value
    return material.conductivity.curve.packed(273.15), capacity


STEEL = fitted(*tables(CARBON_STEEL))
TIN = Material(name="tin", density=7000.0, conductivity=IRON.conductivity, heat_capacity=IRON.heat_capacity,
               latent=Latent(heat=60e3, solidus=500.0, liquidus=520.0))  # fmt: skip


def once(field, fourier, steps=1, *, table=None, walls=None, made=None, across=None):
    """`steps` steps in one sweep; `walls` holds gain and slope for each axis, `made` a window and its corner."""
    sweep, out = Sweep(field.shape, table, field.dtype), np.empty_like(field)
    if walls is not None:
        sweep.bare[:] = True
        for a, pair in enumerate(walls):
            sweep.gain[a][:], sweep.slope[a][:] = pair
    if made is not None:
        sweep.made, sweep.corner = made
    sweep.across = across or sweep.across
    sweep(field, out, np.array(fourier, field.dtype), steps)
    return out


def plain(field, fourier, steps, *, table=None, walls=None, made=None):
    """The same by whole arrays."""
    field = field.astype(float)
    for _ in range(steps):
        P, new = field, field.copy()
        if table is not None:
            P = np.empty_like(field)
            formed(P, field, table, FIRST)
        for axis in range(3):
            padded = np.pad(P, [(1, 1) if a == axis else (0, 0) for a in range(3)], mode="edge")
            new += fourier[axis] * np.diff(padded, 2, axis)
            for end in (0, -1) if walls is not None else ():
                wall = tuple(end if a == axis else slice(None) for a in range(3))
                new[wall] += walls[axis][0][end] + walls[axis][1][end] * P[wall]
        if made is not None:
            window = tuple(slice(c, c + n) for c, n in zip(made[1], made[0].shape, strict=True))
            new[window] += made[0]
        field = new
    return field


def block(T, walls, until=20.0, material=IRON, part=None, sources=()):
    part = part or Part.box(0.02, 0.03, 0.04)
    return Process.simple(part=part, material=material, start=T, walls=walls, until=until, sources=sources)


@pytest.mark.parametrize("kind", [np.float64, np.float32, "steel"])
@pytest.mark.parametrize("shape", [(4, 3, 21), (1, 1, 9), (5, 1, 1), (2, 60, 16)])
def test_a_sweep_is_the_plain_steps_one_after_the_other(kind, shape):
    random = np.random.default_rng(1)
    table, dtype = (STEEL, np.float64) if kind == "steel" else (None, kind)
    field = random.uniform(*((1e8, 6e9) if kind == "steel" else (300, 1300)), shape).astype(dtype)
    faces = [(2, *np.delete(shape, axis)) for axis in range(3)]
    walls = [(random.uniform(0, 30, face), random.uniform(-0.1, 0, face)) for face in faces]
    made = random.uniform(0, 9, (1, 1, shape[2])).astype(dtype), np.array([shape[0] - 1, shape[1] // 2, 0])
    f = np.array((0.1, 0.15, 0.05)) * (100.0 if kind == "steel" else 1.0)
    for steps in (1, 2, 3):
        found = once(field, f, steps, table=table, walls=walls, made=made, across=8)
        wanted = plain(field, f, steps, table=table, walls=walls, made=made)
        np.testing.assert_allclose(found, wanted, rtol=1e-5 if dtype is np.float32 else 1e-13)


@pytest.mark.parametrize("material", [CARBON_STEEL, TIN, IRON])
def test_the_polynomials_of_enthalpy_are_the_exact_integrals(material):
    conductivity, capacity = tables(material)
    T = np.linspace(250.0, 1700.0, 4000).reshape(10, 4, 100)
    k, theta, c, h, found = (np.empty_like(T) for _ in range(5))
    properties(T, conductivity, capacity, k, theta, c, h)
    table = fitted(conductivity, capacity)
    formed(found, h, table, FIRST)
    np.testing.assert_allclose(found, theta, atol=1e-9 * np.ptp(theta))
    formed(found, h, table, BACK)
    np.testing.assert_allclose(found, T, atol=1e-6)
    mixed = np.random.default_rng(3).permuted(h.ravel()).reshape(h.shape)
    again, here = np.empty_like(h), np.empty((1, 1, 1))
    formed(again, mixed, table, BACK)
    for place in ((0, 0, 0), (4, 2, 33), (9, 3, 99)):  # whatever its neighbours are
        formed(here, mixed[place].reshape(1, 1, 1), table, BACK)
        assert here[0, 0, 0] == again[place]


@pytest.mark.parametrize("table", [None, STEEL])
def test_results_depend_on_neither_threads_nor_blocks(table):
    field = np.random.default_rng(3).uniform(300, 1300, (140, 40, 33)) * (1.0 if table is None else 3e6)
    f = (0.1, 0.1, 0.1) if table is None else (100.0, 100.0, 100.0)
    before = numba.get_num_threads()
    wanted = once(field, f, 3, table=table)
    try:
        for threads in {1, before}:
            numba.set_num_threads(threads)
            for across in (8, 13, 20):
                np.testing.assert_array_equal(once(field, f, 3, table=table, across=across), wanted)
    finally:
        numba.set_num_threads(before)
    single = field
    for _ in range(3):
        single = once(single, f, table=table)
    np.testing.assert_array_equal(single, wanted)


def test_an_insulated_block_keeps_its_heat_to_the_last_bit():
    T = np.random.default_rng(4).integers(300, 1300, (9, 8, 21)).astype(float)
    new = T
    for _ in range(10):  # eighths of whole numbers: sums without rounding
        new = once(new, (0.125, 0.125, 0.125), 2)
    assert new.sum() == T.sum()
    assert new.min() >= T.min()
    assert new.max() <= T.max()


@pytest.mark.parametrize("table", [None, STEEL])
def test_a_mirrored_field_stays_mirrored_to_the_last_bit(table):
    shape, steel = (9, 35, 21), table is not None
    T = np.random.default_rng(5).uniform(300, 1300, shape) * (3e6 if steel else 1.0)
    f, walls = np.array((0.1, 0.12, 0.08)) * (300.0 if steel else 1.0), [(30.0, -0.1)] * 3
    new = once(T, f, 3, table=table, walls=walls)
    for axis in range(3):
        np.testing.assert_array_equal(
            once(np.ascontiguousarray(np.flip(T, axis)), f, 3, table=table, walls=walls), np.flip(new, axis)
        )


@pytest.mark.parametrize("material", [IRON, CARBON_STEEL, TIN])
def test_walls_bound_every_temperature_at_the_longest_step(material):
    wall = Exchange(gas=400.0, film=5000.0, emissivity=0.8)
    walls = dict.fromkeys(SIDES, wall) | {"left": Held(temperature=1200.0)}
    frames: list[Frame] = []
    Explicit(cells=4)(block(800.0, walls, 5.0, material), keep=frames.append)
    T = np.concatenate([frame.T["box"].ravel() for frame in frames])
    assert T.min() >= 400.0 - 1e-6
    assert T.max() <= 1200.0 + 1e-6


@pytest.mark.parametrize("material", [IRON, CARBON_STEEL, TIN])
def test_what_enters_is_stored_to_rounding(material):
    wall = Exchange(gas=1000.0, film=300.0, emissivity=0.8)
    source = Source(body="box", rate=2e6)
    history = Explicit(cells=4)(block(300.0, dict.fromkeys(SIDES, wall), 20.0, material, sources=(source,)))
    assert history.balance.made == pytest.approx(2e6 * 2.4e-5 * 20.0)
    assert history.balance.residual < 1e-11


@pytest.mark.parametrize("material", [IRON, CARBON_STEEL, TIN])
def test_it_meets_heat_as_both_grids_are_refined(material):
    start = 300.0 if material is TIN else 1100.0
    wall = Exchange(gas=1400.0 - start, film=2000.0, emissivity=0.6)
    recipe = block(start, {"left": wall, "right": INSULATED}, 20.0, material, part=Part.slab(0.02))
    observe = (Probe(name="quarter", place=(0.005, 0.0, 0.0)), Probe(name="far", place=(0.02, 0.0, 0.0)))
    gaps = []
    for cells in (4, 8, 16):
        march = Explicit(cells=cells)(recipe, observe=observe)
        heat = Heat(cells=cells, tolerance=1e-4)(recipe, observe=observe)
        gaps.append(np.abs(march.values[-1] - heat.values[-1]).max())
    order = -np.polyfit(np.log([4, 8, 16]), np.log(gaps), 1)[0]  # the longest step falls as the cells squared
    assert order > 1.8
    assert gaps[-1] < 0.5


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
