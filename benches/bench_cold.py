"""From a new process to the first result of a 1-D case: with the kernels kept from before, and compiling them once."""

import os
import subprocess
import sys
import time

from benches.rows import absolute

WARM, ONCE, ROUNDS = 1.5, 20.0, 5  # s, s
CASE = """
from foretrial.models import Material, Part, Probe
from foretrial.models.process import quench
from foretrial.solvers import Heat

iron = Material.simple("iron", density=7870.0, conductivity=80.0, heat_capacity=450.0)
bath = quench(Part.slab(0.02), iron, start=1100.0, bath=300.0, film=500.0, until=60.0)
history = Heat(cells=8)(bath, observe=(Probe(name="core", place=(0.01, 0.0, 0.0)),))
assert round(float(history.values[-1, 0])) == 652
"""


def first_result(cache) -> float:
    """Wall seconds of a child process that keeps its kernels in `cache`."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", CASE], check=True, env={**os.environ, "NUMBA_CACHE_DIR": str(cache)})
    return time.perf_counter() - began


def bench_cold_1d(benchmark, tmp_path):
    once = first_result(tmp_path)
    benchmark.pedantic(first_result, args=(tmp_path,), rounds=ROUNDS, iterations=1)
    absolute("cold-1d", ours=float(benchmark.stats.stats.min), unit="s", limit=WARM)
    absolute("compile-once", ours=once, unit="s", limit=ONCE)
