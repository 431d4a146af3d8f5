"""Gradients with a multigrid cycle: few iterations, the answer of the factorisation, symmetric, the same to the bit."""

from dataclasses import replace

import numba
import numpy as np
import pytest
from scipy.sparse.linalg import spsolve

from foretrial.models import Body, Contact, Exchange, Held, Material, Part, Probe, Process, Quantity, SolveError, Stage
from foretrial.models.library import CARBON_STEEL
from foretrial.models.process import INSULATED
from foretrial.solvers import Heat
from foretrial.solvers.cut import cut
from foretrial.solvers.discrete import Discrete, geometry
from foretrial.solvers.facing import Piece, Skin
from foretrial.solvers.kernels import gradients, segments
from foretrial.solvers.kernels import multigrid as kernels
from foretrial.solvers.linear import Direct, Multigrid, chosen
from foretrial.solvers.multigrid import Cycle

UNIT = Material.simple("unit", density=1.0, conductivity=1.0, heat_capacity=1.0)
IRON = Material.simple("iron", density=7870.0, conductivity=80.0, heat_capacity=450.0)
BATH = Exchange(gas=300.0, film=2000.0, emissivity=0.5)
PARTS = {
    "slab": (Part.slab(0.1), (400, None, None)),
    "sheet": (Part.sheet(0.1, 0.07), (60, 41, None)),
    "plate": (Part.box(0.1, 0.1, 0.002), (40, 40, 2)),
    "box": (Part.box(0.1, 0.08, 0.05), (21, 18, 15)),
    "rod": (Part.rod(0.05, 0.2), (30, 80, None)),
    "ball": (Part.ball(0.05), (300, None, None)),
    "section": (Part.i_section(height=0.2, width=0.2, flange=0.02, web=0.01, length=0.1), (40, 40, 9)),
}


def process(part, wall=BATH, material=CARBON_STEEL, until=20.0):
    """The part in a bath on all sides."""
    walls = {patch.name: wall for patch in part.patches}
    return Process.simple(part=part, material=material, start=1000.0, walls=walls, until=until)


def step(name, wall=BATH, dt=30.0):
    """The equations of a step of that part, and a rough right side."""
    part, along = PARTS[name]
    recipe = process(part, wall)
    model = Discrete(recipe, geometry(recipe, cut(recipe, cells=2, ratio=1.0, along=along)))
    rng = np.random.default_rng(1)
    T = rng.uniform(400.0, 1100.0, model.shape.volume.size)
    return model, model.system(model.flow(T, 0.0), dt), rng.normal(size=T.size)


@pytest.mark.parametrize("wall", [BATH, INSULATED, Held(temperature=300.0)])
@pytest.mark.parametrize("name", PARTS)
def test_multigrid_gives_what_the_factorisation_gives(name, wall):
    model, A, b = step(name, wall)
    multigrid = Multigrid(model.shape.pattern, tolerance=1e-11)
    x, exact = multigrid.solve(A, b), spsolve(A.assembled(), b)
    assert np.abs(x - exact).max() <= 1e-8 * np.abs(exact).max()
    assert multigrid.iterations <= 18
    assert multigrid.bytes > 0.0


def even(shape, sizes=(1.0, 1.0, 1.0), edges=None):
    """Edges, volumes, conductances and skin of a box."""
    edges = edges or [np.linspace(0.0, size, n + 1) for size, n in zip(sizes, shape, strict=True)]
    width = [np.diff(edge) for edge in edges]
    middle = np.stack(np.meshgrid(*[0.5 * (e[1:] + e[:-1]) for e in edges], indexing="ij"), axis=-1)
    volume = width[0][:, None, None] * width[1][None, :, None] * width[2][None, None, :]
    number, g, pieces = np.arange(volume.size).reshape(shape), [], []
    for axis in range(3):
        along = [-1 if a == axis else 1 for a in range(3)]
        way = np.zeros(shape[axis] + 1)
        way[1:-1] = 1.0 / np.diff(0.5 * (edges[axis][1:] + edges[axis][:-1]))
        area = np.take(volume / width[axis].reshape(along), [0], axis)
        g.append(area * way.reshape(along))
        for end in (0, -1):
            cell = np.take(number, end, axis).ravel()
            place, normal = middle.reshape(-1, 3)[cell], np.zeros((cell.size, 3))
            place[:, axis], normal[:, axis] = edges[axis][end], 1.0 if end else -1.0
            half = np.full(cell.size, 0.5 * width[axis][end])
            pieces.append(
                (cell, np.broadcast_to(np.take(area, 0, axis), number.take(0, axis).shape).ravel(), half, normal, place)
            )
    cell, area, gap, normal, place = (np.concatenate(one) for one in zip(*pieces, strict=True))
    return edges, volume, g, Skin(cell=cell, area=area, gap=gap, normal=normal, place=place)


def cycle(shape, fourier, biot=0.0, edges=None, sizes=(1.0, 1.0, 1.0)):
    """A cycle of a box, its storage and wall conductance, and a rough right side."""
    edges, volume, g, skin = even(shape, sizes, edges)
    thin = min(np.diff(edge).min() for edge, n in zip(edges, shape, strict=True) if n > 1)
    wall = skin.area / (skin.gap + 1.0 / biot) if biot else np.zeros(skin.cell.size)
    total = np.bincount(skin.cell, wall, volume.size)
    m = volume / (fourier * thin**2) + total.reshape(shape)
    b = np.random.default_rng(2).normal(size=shape)
    return Cycle([Piece(g=g, edges=edges, volume=volume, skin=skin)]), m, b, total[skin.cell]


@pytest.mark.parametrize("biot", [0.0, 1.0, 30.0, 1e9])
@pytest.mark.parametrize("fourier", [0.1, 10.0, 1e3, 1e6])
@pytest.mark.parametrize("n", [24, 37])
def test_an_even_grid_takes_ten_iterations_whatever_the_step_and_the_walls(n, fourier, biot):
    solver, m, b, wall = cycle((n, n, n), fourier, biot)
    solver.solve(m, b.copy(), 1e-8, wall)
    assert solver.iterations <= 10


STEEP = np.concatenate([[0.0], np.cumsum(np.geomspace(1e-3, 1.0, 32))])


@pytest.mark.parametrize(
    ("shape", "edges", "most"),
    [((32, 32, 32), [STEEP, STEEP, STEEP], 18), ((32, 48, 1), [STEEP, np.linspace(0, 5, 49), np.array([0.0, 1.0])], 18),
     ((40, 40, 40), [np.linspace(0, 1, 41), np.linspace(0, 1, 41), np.linspace(0, 10, 41)], 18)],
)  # fmt: skip
def test_spacing_that_grows_a_thousandfold_or_flat_cells_take_few_more(shape, edges, most):
    solver, m, b, wall = cycle(shape, 1e4, 1.0, edges)
    solver.solve(m, b.copy(), 1e-8, wall)
    assert solver.iterations <= most


def test_a_jump_of_conductivity_by_a_thousand_takes_a_few_more():
    edges, volume, g, _ = even((40, 40, 40))
    inside = np.ones(volume.shape)
    inside[13:28, 13:28, 13:28] = 1000.0
    for axis in range(3):
        low, high = np.take(inside, range(39), axis), np.take(inside, range(1, 40), axis)
        np.moveaxis(g[axis], axis, 0)[1:-1] *= np.moveaxis(2.0 * low * high / (low + high), axis, 0)
    solver = Cycle([Piece(g=g, edges=edges, volume=volume)])
    solver.solve(volume / 0.1, np.random.default_rng(5).normal(size=volume.shape), 1e-8)
    assert solver.iterations <= 18


def test_each_kernel_is_compiled_at_most_twice():
    for module in (kernels, gradients, segments):
        for name in vars(module):
            assert len(getattr(getattr(module, name), "signatures", ())) <= 2, name


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 1, 1), (1, 7, 1), (3, 1, 211), (5, 1, 1), (1, 1, 999), (2, 130, 7)])
def test_axes_of_one_cell_and_odd_counts_are_solved(shape):
    solver, m, b, wall = cycle(shape, 50.0) if max(shape) > 1 else cycle((2, 1, 1), 50.0)
    x = solver.solve(m, b.copy(), 1e-10, wall)
    assert x.shape == b.shape
    assert abs((m * x - b).sum()) <= 1e-8 * np.abs(b).sum()  # what flows between cells adds up to nothing


def test_the_inverse_and_the_cycle_are_symmetric_and_positive():
    solver, m, x, wall = cycle((14, 9, 22), 1e3, 5.0)
    y = np.random.default_rng(3).normal(size=x.shape)
    one, other = solver.solve(m, x.copy(), 1e-12, wall), solver.solve(m, y.copy(), 1e-12, wall)
    assert np.vdot(y, one) == pytest.approx(np.vdot(x, other), rel=1e-9)
    assert np.vdot(x, one) > 0.0
    found = []
    for right in (x, y):
        found.append(solver._smoothed(right.ravel(), 1.0).astype(float).reshape(x.shape))
        assert np.vdot(right, found[-1]) > 0.0
    assert np.vdot(y, found[0]) == pytest.approx(np.vdot(x, found[1]), rel=1e-4)


def test_a_hundredfold_smaller_and_larger_problem_takes_the_same_iterations():
    counts = set()
    for size in (1e-6, 1.0, 1e4):
        solver, m, b, wall = cycle((16, 16, 16), 1e3, sizes=(size, size, size))
        solver.solve(m, 1e-9 * b, 1e-8, wall)
        counts.add(solver.iterations)
    assert len(counts) == 1


def test_the_bits_know_nothing_of_the_number_of_threads():
    before, found = numba.get_num_threads(), []
    try:
        for threads in (1, min(2, numba.config.NUMBA_NUM_THREADS)):
            numba.set_num_threads(threads)
            solver, m, b, wall = cycle((40, 41, 42), 1e3, 3.0)
            found.append(solver.solve(m, b.copy(), 1e-10, wall))
    finally:
        numba.set_num_threads(before)
    assert np.array_equal(*found)


def test_a_right_side_of_nothing_costs_nothing():
    solver, m, b, wall = cycle((4, 4, 4), 1.0)
    assert not solver.solve(m, 0.0 * b, 1e-8, wall).any()
    assert solver.iterations == 0


def test_a_right_side_that_is_no_number_is_told_as_a_sentence():
    solver, m, b, wall = cycle((4, 4, 4), 1.0)
    b[0, 0, 0] = np.nan
    with pytest.raises(SolveError, match=r"a linear solve stalled at nan of its right side.*reaches 1e-08\. Look for"):
        solver.solve(m, b.copy(), 1e-8, wall)


@pytest.mark.parametrize("name", ["slab", "box", "section"])
def test_a_run_is_the_same_either_way_and_its_tangents_too(name):
    part, along = PARTS[name]
    along = tuple(n and min(n, 16) for n in along)
    bath = replace(BATH, film=Quantity(value=2000.0, unit="W/(m2.K)", name="film"))
    recipe = process(part, bath, until=20.0)
    place = (0.05, 0.0, 0.0) if name != "section" else (0.0, 0.0, 0.0)
    seen = (Probe(name="here", place=place),)
    first = Heat(along=along, linear="direct", tolerance=0.5)
    frozen = first.frozen(first(recipe, observe=seen))
    runs = [replace(frozen, linear=kind).tangent(recipe, free=("film",), observe=seen) if name == "slab" else
            replace(frozen, linear=kind)(recipe, observe=seen) for kind in ("direct", "multigrid")]  # fmt: skip
    np.testing.assert_allclose(runs[1].values, runs[0].values, rtol=0, atol=1e-5)
    if name == "slab":
        np.testing.assert_allclose(runs[1].tangents, runs[0].tangents, rtol=0, atol=1e-6)


def test_few_cells_are_factorised_and_many_are_not():
    small, large = process(Part.box(0.1, 0.1, 0.1)), process(Part.box(0.1, 0.1, 0.1))
    for recipe, n, kind in ((small, 10, Direct), (large, 30, Multigrid)):
        shape = geometry(recipe, cut(recipe, cells=2, ratio=1.0, along=(n, n, n)))
        assert isinstance(chosen("auto", shape.pattern), kind)
        assert isinstance(chosen("multigrid", shape.pattern), Multigrid)
        assert isinstance(chosen("direct", shape.pattern), Direct)
        assert "parts" not in vars(shape.pattern)  # no matrix was written down


def test_a_kind_that_nobody_knows_is_refused():
    with pytest.raises(SolveError, match=r"linear = 'multgrid' is none of the 3 ways.*Did you mean 'multigrid'\?"):
        Heat(linear="multgrid")
    assert Heat(linear="direct").digest != Heat().digest


RESISTANCES = {"perfect": 0.0, "good": 1e-5, "poor": 1e-2}


def touching(n, resistance, dt=30.0, films=True):
    """The equations of a step of two bodies that touch, off each other's edges, and a rough right side."""
    names = ("left", "right", "bottom", "top", "back", "front")
    one, two = Part.box(0.1, 0.1, 0.1, name="one"), Part.box(0.05, 0.08, 0.06, name="two").moved(x=0.1, y=0.01, z=0.03)
    bodies = (Body(part=one, material=CARBON_STEEL, start=1000.0), Body(part=two, material=IRON, start=400.0))
    walls = {f"{body}.{name}": BATH if films else INSULATED for body in ("one", "two") for name in names}
    recipe = Process(name="pair", bodies=bodies, stages=(Stage(name="wait", until=1.0, walls=walls),),
                     contacts=(Contact(first="two", second="one", resistance=resistance),))  # fmt: skip
    model = Discrete(recipe, geometry(recipe, cut(recipe, cells=2, ratio=1.0, along=(n, n, n))))
    rng = np.random.default_rng(4)
    T = model.start() + rng.uniform(-200.0, 200.0, model.shape.volume.size)
    return model, model.system(model.flow(T, 0.0), dt), rng.normal(size=T.size)


@pytest.mark.parametrize("films", [True, False])
@pytest.mark.parametrize("resistance", RESISTANCES.values(), ids=RESISTANCES)
def test_bodies_in_contact_are_solved_together_as_by_the_factorisation(resistance, films):
    model, A, b = touching(20, resistance, 300.0, films)
    multigrid = Multigrid(model.shape.pattern, tolerance=1e-11)
    x, exact = multigrid.solve(A, b), Direct(tolerance=1e-12).solve(A, b)
    assert np.abs(x - exact).max() <= 1e-8 * np.abs(exact).max()
    assert multigrid.iterations <= 10


def test_many_cells_in_contact_take_few_iterations_too():
    model, A, b = touching(56, 1e-4)
    multigrid = chosen("auto", model.shape.pattern)
    assert isinstance(multigrid, Multigrid)
    x = multigrid.solve(A, b)
    assert np.linalg.norm(A.assembled() @ x - b) <= 1.1e-10 * np.linalg.norm(b)
    assert multigrid.iterations <= 10


def test_bodies_that_touch_no_other_are_solved_by_themselves():
    away = Part.box(0.1, 0.1, 0.1, name="away").moved(x=0.2)
    names = [f"{body}.{patch.name}" for body in ("here", "away") for patch in away.patches]
    recipe = Process(name="two", bodies=(Body(part=Part.box(0.1, 0.1, 0.1, name="here"), material=IRON, start=300.0),
                                         Body(part=away, material=IRON, start=900.0)), contacts=(),
                     stages=(Stage(name="wait", until=1.0, walls=dict.fromkeys(names, BATH)),))  # fmt: skip
    seen = (Probe(name="p", place=(0.25, 0.0, 0.0), body="away"),)
    history = [Heat(along=(12, 6, 6), linear=kind)(recipe, observe=seen) for kind in ("direct", "multigrid")]
    np.testing.assert_allclose(history[1].values[-1], history[0].values[-1], rtol=0, atol=1e-5)


def sphere(n, shift, biot=1.0):
    """The equations of a step of a ball cut out of a moved grid."""
    wall = {"surface": Exchange(gas=300.0, film=biot)}
    recipe = Process.simple(part=Part.sphere(1.0), material=UNIT, start=400.0, until=1.0, walls=wall)
    model = Discrete(recipe, geometry(recipe, cut(recipe, cells=n, ratio=1.0, along=(None, None, None), shift=shift)))
    return model, model.system(model.flow(model.start(), 0.0), 0.1)


@pytest.mark.parametrize("biot", [0.01, 1.0, 1000.0])
def test_a_cut_grid_takes_twelve_iterations_wherever_it_lies(biot):
    rng = np.random.default_rng(8)
    for _ in range(3):
        model, A = sphere(48, tuple(rng.random(3)), biot)
        multigrid, b = Multigrid(model.shape.pattern, tolerance=1e-8), rng.normal(size=model.shape.volume.size)
        x = multigrid.solve(A, b)
        assert multigrid.iterations <= 12
        assert np.linalg.norm(A.assembled() @ x - b) <= 1.01e-8 * np.linalg.norm(b)
        assert multigrid.bytes < 210.0 * b.size
