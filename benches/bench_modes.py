"""The first six modes of a tapered membrane, from its outline to its shapes."""

from functools import partial

import numpy as np

from benches.rows import absolute, interleaved
from foretrial.cases.published.swings import FV32, frequencies, membrane
from foretrial.solvers import Modal

CELLS = 290  # 204 160 unknowns


def bench_modal_fv32(benchmark):
    solver, structure, observe = Modal(along=(2 * CELLS, CELLS, None)), membrane(), frequencies(6)
    np.testing.assert_allclose(solver(structure, observe=observe).values[0], FV32, rtol=1e-3)
    seconds, _ = interleaved(benchmark, partial(solver, structure, observe=observe), rounds=3)
    absolute("modal-fv32", ours=seconds, unit="s", limit=5.0)
