"""Solids at rest: the product with all element matrices, blocks of one to 25 million unknowns, and whole jobs.

Rows that need much memory, and CalculiX where it is installed, run with FORETRIAL_BENCH=all.
"""

import gc
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from benches import calculix
from benches.rows import absolute, beside, interleaved
from foretrial.models import Part
from foretrial.models.elastic import Elastic
from foretrial.models.load import Fixed, LoadCase, Traction
from foretrial.models.structure import Structure
from foretrial.solvers.cycle import Cycle, Product, solve
from foretrial.solvers.elements import Elements
from foretrial.solvers.joined import Joint
from foretrial.solvers.raster import Raster
from foretrial.solvers.strength import Strength
from foretrial.solvers.trilinear import Trilinear, elasticity

ALL = os.environ.get("FORETRIAL_BENCH") == "all"
TOLERANCE = 1e-8


def block(shape, size):
    """A block clamped at x = 0 with a unit of shear spread over its other end."""
    spacing = np.array(size) / np.array(shape)
    grid = Raster(origin=np.zeros(3), spacing=spacing, shape=shape, active=3)
    K, F = Trilinear(spacing, 3).full(elasticity(1.0, 0.3))
    stiff = Elements(grid=grid, kind=np.zeros(shape, np.int32), matrices=K[None], classes=1, scale=None,
                     swelling=F[None])  # fmt: skip
    fixed, f = np.zeros((3, *grid.nodes), dtype=bool), np.zeros((3, *grid.nodes))
    fixed[:, 0] = True
    share = np.ones(grid.nodes[1:])
    share[[0, -1]] *= 0.5
    share[:, [0, -1]] *= 0.5
    f[2, -1] = share / share.sum()
    return stiff, fixed.ravel(), f.ravel()


@pytest.mark.parametrize(("name", "dtype", "least"), [("f32", np.float32, 0.8), ("f64", np.float64, 0.4)])
def bench_matvec(benchmark, name, dtype, least):
    stiff, _, f = block((128, 128, 128), (1.0, 1.0, 1.0))
    product = Product(Joint(kind=stiff.kind, K=stiff.matrices, classes=1, scale=None), dtype)
    x, out = np.random.default_rng(0).standard_normal(f.size).astype(dtype), np.empty(f.size, dtype)
    product(x, out)
    one, _ = interleaved(benchmark, lambda: product(x, out), rounds=30)
    absolute(f"matvec-{name}", ours=1e-9 * f.size / one, unit="GDOF/s", limit=least, least=True)


def resident():
    """Bytes of this process that lie in memory now, and the most so far."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text("utf-8").splitlines())
    return tuple(1024.0 * float(lines[key].split()[0]) for key in ("VmRSS", "VmHWM"))


def bench_static_1m(benchmark):
    stiff, fixed, f = block((68, 68, 68), (1.0, 1.0, 1.0))
    counts = []

    def ours():
        counts.append(solve(stiff, fixed, np.zeros(f.size), f, tolerance=TOLERANCE, free=False)[1].iterations)

    ours()
    one, _ = interleaved(benchmark, ours, rounds=5)
    absolute("static-1m iterations", ours=max(counts), unit="", limit=10)
    absolute("static-1m", ours=one, unit="s", limit=0.6)


@pytest.mark.skipif(not ALL, reason="needs 3 GB: FORETRIAL_BENCH=all")
def bench_static_25m(benchmark):
    small = block((24, 24, 24), (1.0, 1.0, 1.0))
    solve(small[0], small[1], np.zeros(small[2].size), small[2], tolerance=TOLERANCE, free=False)  # compiled
    gc.collect()
    peak = Path("/proc/self/clear_refs")  # Linux counts; elsewhere only time is taken
    before = resident()[0] if peak.exists() else None
    if before is not None:
        peak.write_text("5", "utf-8")
    stiff, fixed, f = block((203, 203, 203), (1.0, 1.0, 1.0))
    counts = []

    def ours():
        cycle = Cycle(stiff, fixed)
        cycle.solve(f.copy(), TOLERANCE)
        counts.append(cycle.iterations)

    one, _ = interleaved(benchmark, ours, rounds=1)
    if before is not None:
        absolute("static-25m memory", ours=(resident()[1] - before) / 2**30, unit="GiB", limit=2.2)
    absolute("static-25m iterations", ours=max(counts), unit="", limit=10)
    absolute("static-25m", ours=one, unit="s", limit=6.0)


def cantilever():
    """A block of 4 x 1 x 1 m clamped at one end, as a user writes it down."""
    part = Part.box(4.0, 1.0, 1.0)
    case = LoadCase(name="pull", supports={"left": Fixed()}, loads={"right": Traction(value=(0.0, 0.0, 1e3))})
    return Structure.simple(part=part, material=Elastic(name="unit", young=1e9, poisson=0.3), case=case)


def bench_cantilever_285k(benchmark):
    solver, structure, kept = Strength(along=(112, 28, 28), linear="multigrid"), cantilever(), []

    def ours():
        solver(structure, keep=kept.append)

    ours()
    one, _ = interleaved(benchmark, ours, rounds=3)
    mean = 1e6 * float(kept[-1].u[2, -1].mean())  # over the nodes of the end face, under a load that is even over it
    assert round(mean, 3) == 263.982  # what CalculiX prints for C3D8I on the same cells
    absolute("cantilever-285k", ours=one, unit="s", limit=0.57)
    if ALL and shutil.which("ccx"):
        with tempfile.TemporaryDirectory() as folder:
            theirs, their_mean = calculix.cantilever(Path(folder), (112, 28, 28))
        assert abs(mean / their_mean - 1.0) < 5e-6
        beside("cantilever-285k-calculix", ours=one, theirs=theirs, against="CalculiX", unit="s", limit=100.0)


def bench_cold_100k(benchmark):
    text = ("from benches.bench_strength import cantilever; from foretrial.solvers.strength import Strength; "
            "Strength(along=(80, 20, 20), linear='multigrid')(cantilever())")  # fmt: skip

    def ours():
        subprocess.run([sys.executable, "-c", text], check=True, cwd=Path(__file__).parents[1])

    ours()
    began = time.perf_counter()
    one, _ = interleaved(benchmark, ours, rounds=3)
    assert time.perf_counter() > began
    absolute("cold-100k", ours=one, unit="s", limit=2.0)
