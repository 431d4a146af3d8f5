"""An implicit step of a block by multigrid: iterations, time beside scipy and FiPy, memory, and cost by size.

One backward step of the heat equation, Fourier number 0.1 of the block's length, a film on every wall: the equations
of a long step, which simple solvers feel. Rows that need much memory or time run with FORETRIAL_BENCH=all.
"""

import gc
import os
import time
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse.linalg import LinearOperator, cg

from benches.rows import absolute, beside, interleaved, peer
from foretrial.models import Exchange, Material, Part, Process
from foretrial.solvers.cut import cut
from foretrial.solvers.discrete import Discrete, geometry
from foretrial.solvers.facing import Piece
from foretrial.solvers.linear import Multigrid
from foretrial.solvers.multigrid import Cycle

ALL = os.environ.get("FORETRIAL_BENCH") == "all"
UNIT = Material.simple("unit", density=1.0, conductivity=1.0, heat_capacity=1.0)
FOURIER, BIOT, TOLERANCE = 0.1, 1.0, 1e-8


def block(n):
    """The equations of a step of a cube of n^3 cells with a film on every wall, and a smooth right side."""
    walls = dict.fromkeys(("left", "right", "bottom", "top", "back", "front"), Exchange(gas=0.0, film=BIOT))
    recipe = Process.simple(part=Part.box(1.0, 1.0, 1.0), material=UNIT, start=1.0, walls=walls, until=1.0)
    model = Discrete(recipe, geometry(recipe, cut(recipe, cells=n, ratio=1.0, along=(n, n, n))))
    A = model.system(model.flow(model.start(), 0.0), FOURIER)
    x = (np.arange(n) + 0.5) / n
    warm = 1.0 + np.sin(3.0 * x)[:, None, None] * np.cos(5.0 * x)[None, :, None] * np.exp(x)[None, None, :]
    return model.shape.pattern, A, (model.shape.volume * warm.ravel())


def bare(n, inside=None):
    """The same as conductances, edges, volume, diagonal and right side alone: nothing of a march beside it.

    `inside` is a range of cells along each axis and how many times as well it conducts.
    """
    h, shape = 1.0 / n, (n, n, n)
    g = []
    for axis in range(3):
        one = np.full(tuple(n + (a == axis) for a in range(3)), h)
        ends = np.moveaxis(one, axis, 0)
        ends[0] = ends[-1] = 0.0
        g.append(one)
    if inside is not None:
        k = np.ones(shape)
        k[(inside[0],) * 3] = inside[1]
        for axis in range(3):
            low, high = np.take(k, range(n - 1), axis), np.take(k, range(1, n), axis)
            np.moveaxis(g[axis], axis, 0)[1:-1] *= np.moveaxis(2.0 * low * high / (low + high), axis, 0)
    m = np.full(shape, h**3 / FOURIER)
    for axis in range(3):
        ends = np.moveaxis(m, axis, 0)
        ends[0] += h**2 / (0.5 * h + 1.0 / BIOT)
        ends[-1] += h**2 / (0.5 * h + 1.0 / BIOT)
    x = (np.arange(n) + 0.5) * h
    b = (1.0 + np.sin(3.0 * x)[:, None, None] * np.cos(5.0 * x)[None, :, None]) * np.exp(x)[None, None, :]
    edges = [np.linspace(0.0, 1.0, n + 1)] * 3
    return Cycle([Piece(g=g, edges=edges, volume=np.broadcast_to(h**3, shape))]), m, b


def bench_heat_implicit_100(benchmark):
    pattern, A, b = block(100)
    ours = Multigrid(pattern, tolerance=TOLERANCE)
    matrix = A.assembled().tocsr()
    over = 1.0 / matrix.diagonal()
    jacobi = LinearOperator(matrix.shape, lambda r: over * r)

    def theirs():
        x, failed = cg(matrix, b, rtol=TOLERANCE, M=jacobi)
        assert failed == 0
        return x

    x, other = ours.solve(A, b), theirs()
    assert np.linalg.norm(matrix @ x - b) <= 1.01 * TOLERANCE * np.linalg.norm(b)
    np.testing.assert_allclose(x, other, rtol=0, atol=1e-5 * np.abs(other).max())
    one, two = interleaved(benchmark, lambda: ours.solve(A, b), theirs, rounds=1)
    absolute("heat-implicit-100 iterations", ours=ours.iterations, unit="", limit=10)
    beside("heat-implicit-100", ours=one, theirs=two, against="scipy cg, Jacobi", unit="s", limit=20.0)


def resident():
    """Bytes of this process that lie in memory now, and the most so far."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text("utf-8").splitlines())
    return tuple(1024.0 * float(lines[key].split()[0]) for key in ("VmRSS", "VmHWM"))


def bench_heat_256(benchmark):
    warm, m, b = bare(24)
    warm.solve(m, b, TOLERANCE)  # compiled
    gc.collect()
    peak = Path("/proc/self/clear_refs")  # Linux counts; elsewhere only time is taken
    before = resident()[0] if peak.exists() else None
    if before is not None:
        peak.write_text("5", "utf-8")
    cycle, m, b = bare(256)
    cycle.solve(m, b, TOLERANCE)  # uses up its right side, as a march does
    if before is not None:
        absolute("heat-256 memory", ours=(resident()[1] - before) / m.size, unit="B", limit=90.0)
    right = cycle.solve(m, m.copy(), TOLERANCE)
    one, _ = interleaved(benchmark, lambda: cycle.solve(m, right.copy(), TOLERANCE), rounds=3)
    assert cycle.iterations <= 10
    absolute("heat-256", ours=one, unit="s", limit=2.0)


def bench_heat_scaling(benchmark):
    sizes = (192, 256, 320, 400) if ALL else (192, 256, 320)
    cost = {}

    def all_sizes():
        for n in sizes:
            cycle, m, b = bare(n)
            cycle.solve(m, b.copy(), 0.1)
            for _ in range(2):
                began = time.perf_counter()
                cycle.solve(m, b.copy(), TOLERANCE)
                each = (time.perf_counter() - began) / cycle.iterations / n**3
                cost[n] = min(cost.get(n, np.inf), each)
            del cycle, m, b
            gc.collect()

    benchmark.pedantic(all_sizes, rounds=1, iterations=1)
    for n in sizes[1:]:
        absolute(f"heat-scaling {n}/{sizes[0]}", ours=cost[n] / cost[sizes[0]], unit="", limit=1.2)
    absolute("heat-scaling ns a cell and iteration", ours=1e9 * max(cost.values()), unit="ns", limit=60.0)


def bench_heat_cut(benchmark):
    wall, places, cells = {"surface": Exchange(gas=0.0, film=BIOT)}, np.random.default_rng(11), 128
    recipe = Process.simple(part=Part.sphere(1.0), material=UNIT, start=1.0, walls=wall, until=1.0)
    counts, times, setup = [], [], []

    def all_places():
        for _ in range(20 if ALL else 4):
            shift = tuple(float(one) for one in places.random(3))
            began = time.perf_counter()
            table = cut(recipe, cells=cells, ratio=1.0, along=(None, None, None), shift=shift)
            model = Discrete(recipe, geometry(recipe, table))
            setup.append(time.perf_counter() - began)
            A, b = model.system(model.flow(model.start(), 0.0), FOURIER), places.normal(size=model.shape.volume.size)
            ours = Multigrid(model.shape.pattern, tolerance=TOLERANCE)
            ours.solve(A, b)
            began = time.perf_counter()
            ours.solve(A, b)
            times.append(time.perf_counter() - began)
            counts.append(ours.iterations)
            assert "parts" not in vars(model.shape.pattern)  # no matrix was written down

    benchmark.pedantic(all_places, rounds=1, iterations=1)
    absolute(f"heat-cut iterations, worst of {len(counts)}", ours=max(counts), unit="", limit=12)
    absolute("heat-cut solve", ours=min(times), unit="s", limit=2.0)
    absolute("heat-cut set up", ours=min(setup), unit="s", limit=10.0)


def bench_heat_jump(benchmark):
    n, far = 64, slice(20, 41)
    cycle, m, b = bare(n, inside=(far, 1000.0))
    benchmark.pedantic(lambda: cycle.solve(m, b.copy(), TOLERANCE), rounds=1, iterations=1)
    absolute("heat-jump 1000:1 iterations", ours=cycle.iterations, unit="", limit=20)


@pytest.mark.filterwarnings("ignore")  # the peer uses names that numpy is about to drop
@pytest.mark.parametrize(("n", "dt", "steps", "rounds", "limit"), [(50, 1e-3, 3, 2, 50.0), (100, FOURIER, 1, 1, 60.0)])
def bench_heat_fipy(benchmark, n, dt, steps, rounds, limit):
    fipy = peer(f"heat-fipy-{n}", "fipy", unit="s", limit=limit)
    h = 1.0 / n
    mesh = fipy.Grid3D(dx=h, dy=h, dz=h, nx=n, ny=n, nz=n)
    T = fipy.CellVariable(mesh=mesh, value=0.0)
    T.constrain(1.0, mesh.facesLeft)
    equation = fipy.TransientTerm() == fipy.DiffusionTerm(coeff=1.0)
    solver = fipy.LinearPCGSolver(tolerance=TOLERANCE, iterations=1000, criterion="RHS")

    def theirs():  # both take as few steps as the peer's patience asks for, the same ones to the same tolerance
        T.setValue(0.0)
        for _ in range(steps):
            equation.solve(var=T, dt=dt, solver=solver)
        return np.array(T.value)

    cycle, m, _ = bare(n)
    m[:] = h**3 / dt
    face = np.zeros_like(m)
    face[0] = 2.0 * h  # area over half a cell
    m += face

    def ours():
        field = np.zeros(m.shape)
        for _ in range(steps):
            field = cycle.solve(m, h**3 / dt * field + face, TOLERANCE)
        return field

    np.testing.assert_allclose(ours().ravel(order="F"), theirs(), rtol=0, atol=1e-5)
    one, two = interleaved(benchmark, ours, theirs, rounds=rounds)
    beside(f"heat-fipy-{n}", ours=one / steps, theirs=two / steps, against="FiPy, a step", unit="s", limit=limit)
