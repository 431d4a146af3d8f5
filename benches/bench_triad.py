"""How fast is memory here? a = b + s c, the measure that other kernels stand beside."""

import numpy as np
from numba import njit, prange

from benches.rows import absolute, interleaved

N = 40_000_000  # three arrays of 320 MB: several times any last-level cache


@njit(parallel=True, cache=True)
def triad(a, b, c, s):
    """One pass; 32 bytes of true traffic an element, the write-allocate included."""
    for i in prange(a.size):
        a[i] = b[i] + s * c[i]


def bench_triad(benchmark):
    a, b, c = np.zeros(N), np.ones(N), np.ones(N)
    triad(a, b, c, 3.0)
    least, _ = interleaved(benchmark, lambda: triad(a, b, c, 3.0), rounds=9)
    assert a[0] == 4.0
    absolute("triad", ours=32e-9 * N / least, unit="GB/s", limit=1.0, least=True)
