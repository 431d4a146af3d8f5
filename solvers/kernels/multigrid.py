"""Conjugate gradients in f64 round a multigrid cycle in f32, as a list of what to do to grids as in `segments`.

    grids           (levels, bodies, 16)
    book            at, g, lat, ends, pull, first
    field           m, over, b, x, y of all levels, and p of the finest
    wide            G, links, M, r, solution of the finest level in f64
    work, far       one segment each for every block, in f32 and f64
    sums            one share of a sum for every block of segments, so that sums know nothing of threads
    numbers         (12, 2) two numbers for each thing to do on a grid

All that runs over a grid runs in one parallel loop, told what to do: a second one would be compiled for as long again.
A grid of one block is swept by one thread: waking another takes longer.
"""

import numpy as np
from numba import njit, prange

from . import gradients as full
from . import segments as half
from .segments import FAST

LOAD, STORE, INVERT, GATHER, BEGIN, RESTRICT, PROLONG, FORTH, BACK, TURN, CURVE, DESCEND = range(12)
SPLIT, SETTLE, TURNED, BENT, ASK = range(12, 17)


@njit(cache=True, fastmath=FAST, error_model="numpy")
def act(what, low, high, t, u, o, book, field, wide, first, second, work, far):
    """Do `what` to the segments low ... high of a grid; its share of a sum, where there is one."""
    at, g, lat, ends, pull, pairs = book
    m, over, b, x, y, p = field
    G, links, M, r, solution = wide
    alpha, beta = np.float32(first), np.float32(second)
    total = 0.0
    if what == FORTH:
        total = half.sweep(low, high, t, at, g, lat, ends, pull, pairs, over, b, x, y, alpha, work)
    elif what == BACK:
        total = half.sweep(low, high, t, at, g, lat, ends, pull, pairs, over, b, y, x, alpha, work)
    elif what == BEGIN:
        half.begin(low, high, t, at, g, lat, ends, pull, pairs, over, b, x, alpha, beta, work)
    elif what == RESTRICT:
        half.restrict(low, high, t, u, at, g, lat, ends, pull, pairs, m, b, x, work)
    elif what == PROLONG:
        half.prolong(low, high, t, u, pairs, x, work)
    elif what == TURN:
        full.turn(low, high, t, pairs, x, alpha, p)
    elif what == CURVE:
        total = full.curvature(low, high, t, at, g, lat, ends, pull, pairs, m, p)
    elif what == DESCEND:
        total = full.descend(low, high, t, at, G, lat, ends, links, pairs, o, M, p, first, solution, r, b, second, far)
    elif what == LOAD:
        full.load(low, high, t, pairs, o, r, first, b)
    elif what == STORE:
        full.load(low, high, t, pairs, o, M, first, m)
    elif what == INVERT:
        half.invert(low, high, t, at, g, lat, ends, pull, pairs, m, over)
    elif what == GATHER:
        half.gather(low, high, t, u, pairs, m)
    return total


@njit(cache=True, parallel=True, fastmath=FAST, error_model="numpy")
def everywhere(what, t, u, o, book, field, wide, first, second, work, far, sums):
    """Do `what` to a grid t, and to u where a coarser one is concerned, block by block; the sum of its shares."""
    paired = what in (RESTRICT, PROLONG, GATHER)
    rows, whole = (max(t[11] // 2, 1), u[0] * t[13]) if paired else (t[11], t[0] * t[13])
    blocks = (whole + rows - 1) // rows
    if t[12] == 1:
        blocks = 1
        for block in range(blocks):  # a literal 0 would be a specialisation of its own
            sums[block] = act(what, block, whole, t, u, o, book, field, wide, first, second, work[block], far[block])
    else:
        for each in prange(blocks):
            block = np.int64(each)
            sums[block] = act(what, block * rows, min((block + 1) * rows, whole), t, u, o, book, field, wide,
                              first, second, work[block], far[block])  # fmt: skip
    total = 0.0
    for block in range(blocks):
        total += sums[block]
    return total


@njit(cache=True, error_model="numpy")
def follow(steps, grids, book, field, wide, numbers, work, far, sums, A, found, tolerance, patience):
    """Do one thing after the other; returns how often `ASK` was met and |r| over its size at the start.

    steps           (n, 3) what, on which level, on which body; `ASK` names the step to go back to until |r| is small

        BEGIN RESTRICT ... SETTLE PROLONG FORTH BACK ...    one cycle: x from b, and b . x
        TURNED TURN CURVE BENT DESCEND ASK                  one step of the gradients
    """
    o, last, k, n = grids[0, 0, 3], grids.shape[0] - 1, 0, 0
    along, before, bend, rest, left, scale = 0.0, 1.0, 0.0, 0.0, 1.0, numbers[LOAD, 0]
    while k < steps.shape[0]:
        what, d, c = steps[k, 0], steps[k, 1], steps[k, 2]
        k += 1
        if what < SPLIT:
            t, u = grids[d, c], grids[min(d + 1, last), c]
            total = everywhere(what, t, u, o, book, field, wide, numbers[what, 0], numbers[what, 1], work, far, sums)
            if what == BACK:
                along = total if c == 0 else along + total
            elif what == CURVE:
                bend += total
            elif what == DESCEND:
                rest += total
        elif what == SPLIT:
            full.dense(grids[last], book[0], book[1], book[2], book[3], book[4], book[5], field[0], A)
        elif what == SETTLE:
            s = grids[last, 0, 3]
            along = full.settle(A, field[2][s:], field[3][s:], found)
        elif what == TURNED:
            numbers[TURN, 0] = along / before if n else 0.0
            before, bend, rest = along, 0.0, 0.0
        elif what == BENT:
            numbers[DESCEND, 0], numbers[DESCEND, 1] = along / (scale * bend), scale
        elif what == ASK:
            n += 1
            left = np.sqrt(rest) * scale
            if left > tolerance and n < patience and np.isfinite(left):
                k = d
    return n, left
