"""The explicit march's sweeps against the memory they run on, and against Devito where that is installed.

A single step moves three words a cell, the read of a line before it is written included, and a triad four words an
element. A sweep takes several steps; three words are counted for each of them, so that more than the triad's bandwidth
is possible. Fields are those of 512 cells a side, and of 256 (half in some caches) as well.
"""

import time
from statistics import median

import numpy as np
import pytest
from numba import get_num_threads

from benches.bench_triad import N, triad
from benches.rows import ROWS, peer
from foretrial.models.library import CARBON_STEEL
from foretrial.solvers.kernels.pieces import properties
from foretrial.solvers.kirchhoff import fitted
from foretrial.solvers.sweep import Sweep, aligned

ROUNDS = 7


def fields(n, dtype):
    """A smooth field from 300 to 1200 K, and room for the next one."""
    x = np.linspace(0.0, 1.0, n)
    T = aligned((n, n, n), dtype)
    T[:] = 300.0 + 900.0 * (0.6 * x[:, None, None] + 0.2 * x[None, :, None] + 0.2 * x[None, None, :])
    return T, aligned((n, n, n), dtype)


def seconds(work):
    """How long one call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def in_turn(ours, theirs):
    """Least seconds of ours and of theirs, and the median ratio theirs / ours of neighbouring runs; both are warm."""
    ours(), theirs()
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(ROUNDS)]
    return min(a for a, _ in pairs), min(b for _, b in pairs), median(b / a for a, b in pairs)


def against_triad(id, run, cells, word, limit):
    """Record bandwidths in GB/s of true traffic; the ratio is the median over neighbouring runs."""
    a, b, c = np.zeros(N), np.ones(N), np.ones(N)
    ours, theirs, pair = in_turn(run, lambda: triad(a, b, c, 3.0))
    mine, its = 3 * word * cells, 32 * N
    ratio = pair * mine / its
    ROWS.append({"id": id, "ours": mine / ours / 1e9, "against": "triad", "theirs": its / theirs / 1e9, "unit": "GB/s",
                 "ratio": ratio, "limit": limit, "state": "pass" if ratio >= limit else "fail",
                 "reason": ""})  # fmt: skip


@pytest.mark.parametrize("n", [512, 256])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def bench_heat_explicit(benchmark, dtype, n):
    T, out = fields(n, dtype)
    sweep, eighth = Sweep(T.shape, None, dtype), np.full(3, 1 / 8, dtype)

    def run():
        sweep(T, out, eighth, sweep.at_once)

    began = time.perf_counter()
    run()
    benchmark.extra_info["first call with compilation, s"] = time.perf_counter() - began
    benchmark.pedantic(run, rounds=3)
    name = f"heat-explicit-f{8 * T.itemsize}" + ("" if n == 512 else f"-{n}")
    against_triad(name, run, T.size * sweep.at_once, T.itemsize, 0.85)


@pytest.mark.parametrize("n", [512, 256])
def bench_heat_explicit_kT(benchmark, n):
    H, out = fields(n, np.float64)
    k, c = CARBON_STEEL.conductivity.curve.packed(273.15), CARBON_STEEL.heat_capacity.curve.packed(273.15)
    c[:, [1, 2, 3, 4, 5, 7]] *= CARBON_STEEL.density.value
    work = tuple(np.empty((n, n, 1)) for _ in range(4))
    for m in range(n):
        properties(np.ascontiguousarray(H[:, :, m : m + 1]), k, c, *work)
        H[:, :, m : m + 1] = work[3]
    sweep, number = Sweep(H.shape, fitted(k, c)), np.full(3, 1e4)

    def run():
        sweep(H, out, number, sweep.at_once)

    run()
    benchmark.pedantic(run, rounds=3)
    against_triad("heat-explicit-kT" + ("" if n == 512 else f"-{n}"), run, H.size * sweep.at_once, 8, 0.65)


@pytest.mark.parametrize("n", [512, 256])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def bench_heat_explicit_devito(benchmark, monkeypatch, dtype, n):
    id = f"heat-explicit-f{8 * np.dtype(dtype).itemsize}-{n}-devito"
    monkeypatch.setenv("OMP_NUM_THREADS", str(get_num_threads()))
    monkeypatch.setenv("DEVITO_LANGUAGE", "openmp")
    monkeypatch.setenv("DEVITO_LOGGING", "ERROR")
    devito = peer(id, "devito", unit="Gcell/s", limit=1.0)
    T, out = fields(n, dtype)
    sweep, eighth = Sweep(T.shape, None, dtype), np.full(3, 1 / 8, dtype)
    steps = sweep.at_once
    grid = devito.Grid(shape=(n, n, n), extent=(n - 1.0,) * 3, dtype=dtype)
    u = devito.TimeFunction(name="u", grid=grid, space_order=2, time_order=1)
    u.data[:] = 300.0
    operator = devito.Operator([devito.Eq(u.forward, u + 0.125 * u.laplace)])

    def run():
        sweep(T, out, eighth, steps)

    run()
    benchmark.pedantic(run, rounds=1)
    ours, theirs, ratio = in_turn(run, lambda: operator.apply(time_m=0, time_M=steps - 1, dt=1.0))
    one, other = (T.size * steps / one / 1e9 for one in (ours, theirs))
    ROWS.append({"id": id, "ours": one, "against": "Devito", "theirs": other, "unit": "Gcell/s", "ratio": ratio,
                 "limit": 1.0, "state": "pass" if ratio >= 1.0 else "fail", "reason": ""})  # fmt: skip
