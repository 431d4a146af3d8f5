"""The cycle of a solid's elements: its kernel against a loop, its iterations, and what it must not know."""

from itertools import product

import numba
import numpy as np
import pytest

from foretrial.models import SolveError
from foretrial.solvers.cycle import Cycle, Product, entries, solve
from foretrial.solvers.elements import Elements
from foretrial.solvers.joined import Joint, joined
from foretrial.solvers.loose import rigid
from foretrial.solvers.raster import Raster
from foretrial.solvers.trilinear import Trilinear, elasticity

RNG = np.random.default_rng(7)


def stiffness(C, spacing=(1.0, 1.0, 1.0)):
    return Trilinear(np.array(spacing), 3).full(C)[0]


def orthotropic():
    C = np.diag([3.0, 2.0, 4.0, 0.7, 0.9, 1.1])
    C[0, 1] = C[1, 0] = 0.5
    C[1, 2] = C[2, 1] = 0.8
    C[0, 2] = C[2, 0] = 0.3
    return C


def mixed(shape, *, varied, classes=2):
    """Cells of two classes, of none and of their own, all over the place."""
    K = np.stack([stiffness(elasticity(1.0, 0.3), (1.0, 0.8, 1.3)), stiffness(orthotropic(), (1.0, 0.8, 1.3))])
    kind = RNG.integers(-1, classes, shape).astype(np.int32)
    own = RNG.random(shape) < 0.1
    kind[own] = classes + np.arange(own.sum())
    root = RNG.standard_normal((int(own.sum()), 24, 24))
    scale = RNG.uniform(0.5, 2.0, shape) if varied else None
    return Joint(kind=kind, K=np.concatenate([K, root @ root.transpose(0, 2, 1)]), classes=classes, scale=scale)


def plain(joint, x):
    """K x cell by cell."""
    y = np.zeros(x.shape)
    for i, j, k in np.argwhere(joint.kind >= 0):
        row = joint.kind[i, j, k]
        factor = joint.scale[i, j, k] if joint.scale is not None and row < joint.classes else 1.0
        at = (slice(None), slice(i, i + 2), slice(j, j + 2), slice(k, k + 2))
        y[at] += (factor * joint.K[row] @ x[at].ravel()).reshape(3, 2, 2, 2)
    return y


def box(shape, *, nu=0.3, size=None, free=False):
    """A block of unit cells clamped at x = 0, pulled aside at its other end."""
    spacing = np.ones(3) if size is None else np.array(size) / np.array(shape)
    grid = Raster(origin=np.zeros(3), spacing=spacing, shape=shape, active=3)
    K, F = Trilinear(spacing, 3).full(elasticity(1.0, nu))
    stiff = Elements(grid=grid, kind=np.zeros(shape, np.int32), matrices=K[None], classes=1, scale=None,
                     swelling=F[None])  # fmt: skip
    fixed, f = np.zeros((3, *grid.nodes), dtype=bool), np.zeros((3, *grid.nodes))
    fixed[:, 0] = not free
    f[2, -1] = 1.0 / f[2, -1].size
    return stiff, fixed.ravel(), f.ravel()


def holed(cells, offset, *, nu=0.3, void=1e-5):
    """A cube with a spherical cavity whose cut cells count their solid, out of eight points in each."""
    shape = (cells,) * 3
    stiff, fixed, f = box(shape, nu=nu)
    form, C = Trilinear(np.ones(3), 3), elasticity(1.0, nu)
    centre, radius = 0.5 * cells + np.asarray(offset), 0.3 * cells
    n = 6
    at = (np.arange(n) + 0.5) / n
    places = np.array(list(product(at, at, at)))
    corner = np.indices(shape).reshape(3, -1).T
    away = np.linalg.norm(corner + 0.5 - centre, axis=1)
    near = np.flatnonzero(np.abs(away - radius) < 0.9)
    kind = np.where(away > radius, 0, -1).astype(np.int32)
    solid = np.linalg.norm(corner[near][:, None] + places - centre, axis=2) > radius
    share = solid.mean(axis=1)
    cut = (share > 1e-9) & (share < 1.0)
    kind[near[share <= 1e-9]], kind[near[share == 1.0]] = -1, 0
    kind[near[cut]] = 1 + np.arange(cut.sum())
    x = 2.0 * places - 1.0
    powers = np.array([x[:, 0] ** a * x[:, 1] ** b * x[:, 2] ** c for a, b, c in product(range(3), repeat=3)])
    moments = solid[cut] @ powers.T * (8.0 / n**3)
    own = form.stiffness(moments, C) + void * form.stiffness(form.whole - moments, C)
    stiff.kind, stiff.matrices = kind.reshape(shape), np.concatenate([stiff.matrices, own])
    return stiff, fixed, f


def iterations(stiff, fixed, f, tolerance=1e-8):
    u, cycle = solve(stiff, fixed, np.zeros(f.size), f, tolerance=tolerance, free=False)
    left = np.where(fixed, 0.0, f - cycle.applied(u, np.empty_like(u)))
    assert np.linalg.norm(left) <= 1.01 * tolerance * np.linalg.norm(f)
    return cycle.iterations


@pytest.mark.parametrize("varied", [False, True])
@pytest.mark.parametrize(("dtype", "close"), [(np.float64, 1e-13), (np.float32, 2e-6)])
@pytest.mark.parametrize("shape", [(3, 4, 5), (18, 2, 3), (1, 1, 300)])
def test_the_kernel_is_a_loop_over_cells(shape, dtype, close, varied):
    joint = mixed(shape, varied=varied)
    x = RNG.standard_normal((3, *(n + 1 for n in shape)))
    y, asked = np.full(x.size, np.nan, dtype), plain(joint, x)
    Product(joint, dtype)(x.astype(dtype).ravel(), y)
    np.testing.assert_allclose(y.reshape(x.shape), asked, rtol=0, atol=close * np.abs(asked).max())


def test_a_class_that_is_not_of_45_entries_is_applied_as_it_is():
    joint = mixed((3, 4, 5), varied=True)
    turned = elasticity(1.0, 0.3)
    turned[0, 3] = turned[3, 0] = 0.2
    joint.K[1] = stiffness(turned)
    assert entries(joint.K[:2])[1].tolist() == [True, False]
    x = RNG.standard_normal((3, 4, 5, 6))
    y, asked = np.empty(x.size), plain(joint, x)
    Product(joint, np.float64)(x.ravel(), y)
    np.testing.assert_allclose(y.reshape(x.shape), asked, rtol=0, atol=1e-13 * np.abs(asked).max())


def test_products_are_symmetric():
    joint = mixed((17, 5, 6), varied=True)
    P, x, y = Product(joint, np.float64), *RNG.standard_normal((2, 3 * 18 * 6 * 7))
    Px, Py = np.empty_like(x), np.empty_like(y)
    P(x, Px)
    P(y, Py)
    assert y @ Px == pytest.approx(x @ Py, rel=1e-12)


def test_the_cycle_is_symmetric():
    stiff, fixed, _ = holed(12, (0.2, 0.1, 0.4))
    cycle = Cycle(stiff, fixed)
    fine, out = cycle.levels[0], []
    vectors = RNG.standard_normal((2, fine.b.size)).astype(np.float32) * (fine.over.ravel() > 0.0)
    for one in vectors:
        fine.b.reshape(-1)[:] = one
        cycle()
        out.append(fine.x.ravel().astype(np.float64))
    assert vectors[1] @ out[0] == pytest.approx(vectors[0] @ out[1], rel=1e-3)


def test_rigid_motion_costs_no_energy():
    stiff, fixed, _ = holed(9, (0.3, 0.2, 0.1))
    cycle = Cycle(stiff, fixed)
    for mode in rigid(stiff.grid):
        assert np.abs(cycle.applied(mode, np.empty_like(mode))).max() < 1e-12


def test_joined_cells_keep_the_energy_of_constant_strain():
    joint = mixed((5, 4, 7), varied=False)
    joint.kind[joint.kind > 1] = 1
    strain = RNG.standard_normal((3, 3))
    energy = []
    for width in (1, 2, 4):
        shape = tuple(n + 1 for n in joint.kind.shape)
        u = np.einsum("ij,jabc->iabc", strain, width * np.indices(shape))
        energy.append(np.sum(u * plain(joint, u)))
        joint = joined(joint)
    np.testing.assert_allclose(energy[1:], energy[0], rtol=1e-8)


@pytest.mark.parametrize("shape", [(24, 24, 24), (25, 25, 25), (56, 14, 14), (37, 29, 23), (52, 13, 11), (19, 38, 76)])
@pytest.mark.parametrize("nu", [0.3, 0.45])
def test_uniform_solids_take_ten_iterations_whatever_their_size(shape, nu):
    assert iterations(*box(shape, nu=nu)) <= (10 if nu < 0.4 else 12)


def test_a_large_solid_of_an_odd_size_takes_ten_iterations_too():
    assert iterations(*box((103, 103, 103))) <= 10


@pytest.mark.parametrize("offset", RNG.random((5, 3)).round(3).tolist())
def test_cut_solids_take_twelve_iterations_wherever_they_are_cut(offset):
    assert iterations(*holed(28, offset)) <= 12


def test_stiffness_that_varies_smoothly_costs_no_iterations():
    stiff, fixed, f = box((24, 24, 24))
    x = np.arange(24) / 24.0
    stiff.scale = 1.0 + 0.5 * np.sin(3.0 * x[:, None, None] + 2.0 * x[None, :, None]) * np.cos(4.0 * x)
    assert iterations(stiff, fixed, f) <= 11


def test_one_part_a_thousand_times_as_stiff_takes_longer_and_is_solved():
    stiff, fixed, f = box((24, 24, 24))
    stiff.matrices = np.concatenate([stiff.matrices, 1000.0 * stiff.matrices])
    stiff.classes = 2
    stiff.kind[7:16, 5:15, 8:18] = 1
    assert iterations(stiff, fixed, f) <= 40


def test_the_answer_knows_nothing_of_the_threads():
    stiff, fixed, f = holed(20, (0.4, 0.3, 0.2))
    answers, before = [], numba.get_num_threads()
    for threads in {1, numba.config.NUMBA_NUM_THREADS}:
        numba.set_num_threads(threads)
        answers.append(solve(stiff, fixed, np.zeros(f.size), f, tolerance=1e-8, free=False)[0])
    numba.set_num_threads(before)
    assert all((one == answers[0]).all() for one in answers)


def test_a_free_solid_under_balanced_loads_does_not_drift():
    stiff, fixed, f = box((16, 11, 9), free=True)
    modes = np.linalg.qr(rigid(stiff.grid).T)[0].T
    f = RNG.standard_normal(f.size)
    f -= modes.T @ (modes @ f)
    u, cycle = solve(stiff, fixed, np.zeros(f.size), f, tolerance=1e-9, free=True)
    assert cycle.iterations <= 20
    assert np.abs(modes @ u).max() < 1e-9 * np.linalg.norm(u)
    assert np.linalg.norm(f - cycle.applied(u, np.empty_like(u))) <= 1.1e-9 * np.linalg.norm(f)


def test_prescribed_displacements_are_kept():
    stiff, fixed, f = box((12, 6, 6))
    value = np.zeros((3, 13, 7, 7))
    value[0, 0] = 1e-3
    u, _ = solve(stiff, fixed, value.ravel(), np.zeros(f.size), tolerance=1e-9, free=False)
    np.testing.assert_allclose(u.reshape(value.shape)[0], 1e-3, rtol=1e-7)


def test_what_does_not_converge_is_said(monkeypatch):
    monkeypatch.setattr("foretrial.solvers.cycle.PATIENCE", 2)
    stiff, fixed, f = box((8, 8, 8))
    with pytest.raises(SolveError, match=r"after 2 iterations.*Look for parts that hang on an edge"):
        solve(stiff, fixed, np.zeros(f.size), f, tolerance=1e-8, free=False)
