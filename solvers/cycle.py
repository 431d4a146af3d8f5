"""Gradients in f64 round a geometric multigrid cycle in f32: displacements of a solid without its matrix.

The next level joins eight cells: full ones of a kind to one twice as wide, others to the exact sum of their matrices,
so cut cells stay cut.
Two Chebyshev sweeps on Jacobi before and after.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ..models import SolveError
from .elements import Elements
from .holds import rigid
from .kernels import elastic as kernel

Array = NDArray[np.float64]
LEAST, DEEP = 400, 12  # unknowns at which the coarsest level is factorised, and levels at most
BAND, OVER = 0.1, 1.1  # the spectrum that the sweeps damp, over its estimated end
PATIENCE = 200


@dataclass(slots=True, eq=False)
class Level:
    """Elements of one level in f32, and its vectors."""

    kind: NDArray[np.int32]
    K: NDArray[np.float32]
    classes: int
    scale: NDArray[np.float32]
    over: NDArray[np.float32]
    most: float
    b: NDArray[np.float32]
    x: NDArray[np.float32]
    r: NDArray[np.float32]
    d: NDArray[np.float32]


def _shares() -> Array:
    """(8, 8, 8) of the nodes of a joined cell at those of each of its eight: child, fine node, coarse node."""
    found = np.zeros((8, 8, 8))
    corners = list(product((0, 1), repeat=3))
    for n, child in enumerate(corners):
        for m, own in enumerate(corners):
            at = (np.array(child) + own) / 2.0
            for c, coarse in enumerate(corners):
                found[n, m, c] = np.prod([a if one else 1.0 - a for a, one in zip(at, coarse, strict=True)])
    return found


SHARES = _shares()


def _gathered(K: Array, child: Array) -> Array:
    """(m, 24, 24) matrices of joined cells out of those of one child in each; `child` (m,) 0 to 7."""
    P = SHARES.astype(K.dtype)[child]
    half = np.einsum("mipjq,mqs->mipjs", K.reshape(-1, 3, 8, 3, 8), P, optimize=True)
    return np.einsum("mpr,mipjs->mirjs", P, half, optimize=True).reshape(-1, 24, 24)


def _joined(
    kind: NDArray[np.int32], K: Array, classes: int, scale: Array | None
) -> tuple[NDArray[np.int32], Array, int, Array | None]:
    """The next level: eight full cells of one class make one of the next, whatever else has a matrix of its own."""
    shape = tuple(-(-n // 2) for n in kind.shape)
    padded = np.full(tuple(2 * n for n in shape), -1, np.int32)
    padded[tuple(slice(n) for n in kind.shape)] = kind
    eight = padded.reshape(shape[0], 2, shape[1], 2, shape[2], 2).transpose(0, 2, 4, 1, 3, 5).reshape(*shape, 8)
    first = eight[..., 0]
    alike = (eight == first[..., None]).all(axis=-1) & (first >= 0) & (first < classes)
    mixed = (eight >= 0).any(axis=-1) & ~alike
    whole = 2.0 * K[:classes]  # the same cell twice as wide, its own modes included
    out = np.full(shape, -1, np.int32)
    out[alike] = first[alike]
    coarse: Array | None = None
    if scale is not None:
        wide = np.zeros(padded.shape)
        wide[tuple(slice(n) for n in kind.shape)] = scale
        coarse = wide.reshape(shape[0], 2, shape[1], 2, shape[2], 2).mean(axis=(1, 3, 5))
    cells = np.argwhere(mixed)
    own = np.zeros((len(cells), 24, 24), np.float32)
    for n in range(8):
        rows = eight[mixed][:, n]
        some = np.flatnonzero(rows >= 0)
        for begin in range(0, some.size, 20_000):
            part = some[begin : begin + 20_000]
            each = K[rows[part]].astype(np.float32)
            if scale is not None:
                i, j, k = (2 * cells[part, a] + (n >> (2 - a) & 1) for a in range(3))
                each *= np.where(rows[part] < classes, scale[i, j, k], 1.0).astype(np.float32)[:, None, None]
            own[part] += _gathered(each, np.full(part.size, n))
    out[mixed] = classes + np.arange(len(cells))
    return out, np.concatenate([whole.astype(np.float32), own]), classes, coarse


def _level(kind: NDArray[np.int32], K: Array, classes: int, scale: Array | None, fixed: NDArray[np.bool_]) -> Level:
    shape = (3, *(n + 1 for n in kind.shape))
    K32 = np.ascontiguousarray(K, np.float32)
    s32 = np.ones((1, 1, 1), np.float32) if scale is None else np.ascontiguousarray(scale, np.float32)
    over = np.zeros(shape, np.float32)
    kernel.diagonal(kind, K32, classes, s32, over)
    over[fixed] = 0.0
    with np.errstate(divide="ignore"):
        over = np.where(over > 0.0, np.float32(1.0) / over, np.float32(0.0))
    level = Level(kind, K32, classes, s32, over, 1.0, *(np.zeros(shape, np.float32) for _ in range(4)))
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32) * (over > 0.0)
    for _ in range(12):
        x /= max(float(np.linalg.norm(x)), 1e-30)
        kernel.apply(kind, K32, classes, s32, x, level.r)
        x = level.r * over
    level.most = OVER * float(np.linalg.norm(x))
    return level


class Cycle:
    """Gradients with the cycle of a solid's elements.

    Parameters
    ----------
    stiff : Elements
    fixed : (3 * nodes,) bool
    """

    def __init__(self, stiff: Elements, fixed: NDArray[np.bool_]) -> None:
        self.stiff, self.shape = stiff, (3, *stiff.grid.nodes)
        self.scale = np.ones((1, 1, 1)) if stiff.scale is None else np.ascontiguousarray(stiff.scale)
        kind, K, classes, scale = stiff.kind, stiff.matrices, stiff.classes, stiff.scale
        hold = fixed.reshape(self.shape)
        self.levels = [_level(kind, K, classes, scale, hold)]
        while 3 * np.prod([n + 1 for n in kind.shape]) > LEAST and min(kind.shape) > 1 and len(self.levels) < DEEP:
            kind, K, classes, scale = _joined(kind, K, classes, scale)
            wide = np.zeros((3, *(2 * n + 1 for n in kind.shape)), dtype=bool)
            wide[tuple(slice(n) for n in hold.shape)] = hold
            hold = wide[:, ::2, ::2, ::2]
            self.levels.append(_level(kind, K, classes, scale, hold))
        self._coarsest()
        self.iterations, self.energy, self.moved = 0, 0.0, 0.0

    def _coarsest(self) -> None:
        last = self.levels[-1]
        use = np.flatnonzero(last.over.ravel() > 0.0)
        A = np.zeros((use.size, use.size))
        for n, at in enumerate(use):
            last.x[:] = 0.0
            last.x.reshape(-1)[at] = 1.0
            kernel.apply(last.kind, last.K, last.classes, last.scale, last.x, last.r)
            A[n] = last.r.reshape(-1)[use]
        value, vector = np.linalg.eigh(0.5 * (A + A.T))
        keep = value > 1e-6 * value[-1]
        self._use, self._inverse = use, (vector[:, keep] / value[keep]) @ vector[:, keep].T

    def _smooth(self, level: Level, fresh: bool) -> None:
        """Two Chebyshev sweeps on b - A x."""
        middle, half = 0.5 * level.most * (1.0 + BAND), 0.5 * level.most * (1.0 - BAND)
        sigma, rho = middle / half, half / middle
        for n in range(2):
            if fresh and n == 0:
                level.r[:] = level.b
            else:
                kernel.apply(level.kind, level.K, level.classes, level.scale, level.x, level.r)
                np.subtract(level.b, level.r, out=level.r)
            level.r *= level.over
            if n == 0:
                np.multiply(level.r, np.float32(1.0 / middle), out=level.d)
            else:
                new = 1.0 / (2.0 * sigma - rho)
                level.d *= np.float32(new * rho)
                level.d += np.float32(2.0 * new / half) * level.r
            level.x += level.d

    def __call__(self, b: NDArray[np.float32], depth: int = 0) -> NDArray[np.float32]:
        """One cycle on b."""
        level = self.levels[depth]
        level.b[:] = b
        level.x[:] = 0.0
        if depth == len(self.levels) - 1:
            level.x.reshape(-1)[self._use] = self._inverse @ level.b.reshape(-1)[self._use].astype(np.float64)
            return level.x
        self._smooth(level, True)
        kernel.apply(level.kind, level.K, level.classes, level.scale, level.x, level.r)
        np.subtract(level.b, level.r, out=level.r)
        below = self.levels[depth + 1]
        kernel.restrict(level.r, level.over, below.b)
        self(below.b, depth + 1)
        kernel.prolong(below.x, level.over, level.x)
        self._smooth(level, False)
        return level.x

    def applied(self, x: Array, out: Array) -> Array:
        """K x in f64."""
        kernel.apply(self.stiff.kind, self.stiff.matrices, self.stiff.classes, self.scale, x, out)
        return out

    def solve(self, b: Array, tolerance: float, rigid_modes: Array | None = None) -> Array:
        """X with |b - K x| <= tolerance |b| where nothing is fixed.

        `energy` (J) and `moved` (m) are then twice the strain energy, and the largest part, of the last correction.

        Raises
        ------
        SolveError
            If that is not reached within 200 iterations.
        """
        free = self.levels[0].over > 0.0
        modes = None if rigid_modes is None else np.linalg.qr((rigid_modes * free.ravel()).T)[0].T

        def clean(v: Array) -> Array:
            if modes is not None:
                v -= (modes.T @ (modes @ v.ravel())).reshape(v.shape)
            return v

        r = clean(np.where(free, b.reshape(self.shape), 0.0))
        size, x = float(np.sqrt((r * r).sum())), np.zeros(self.shape)
        self.iterations = 0
        if size == 0.0:
            return x.ravel()
        p, q, before, last = np.zeros(self.shape), np.zeros(self.shape), 1.0, np.zeros(self.shape)
        while True:
            z = clean(self((r / size).astype(np.float32)).astype(np.float64))
            along = float((r * z).sum())
            turn = max((along - float((last * z).sum())) / before, 0.0) if self.iterations else 0.0
            p *= turn
            p += z
            q = np.where(free, self.applied(p, q), 0.0)
            step = along / float((p * q).sum())
            x += step * p
            last[:] = r
            r -= step * q
            before = along
            self.iterations += 1
            left = float(np.sqrt((r * r).sum())) / size
            if left <= tolerance:
                self.energy, self.moved = step * along, abs(step) * max(float(p.max()), -float(p.min()))
                return clean(x).ravel()
            if self.iterations >= PATIENCE or not np.isfinite(left):
                raise SolveError(
                    f"the equations of the structure stalled at {left:.1g} of the load after {self.iterations} "
                    f"iterations. A well-posed structure reaches {tolerance:g}. Look for parts that hang on an edge, "
                    "or for materials of very different stiffness."
                )


def solve(stiff: Elements, fixed: NDArray[np.bool_], value: Array, f: Array, *, tolerance: float,
          free: bool) -> tuple[Array, Cycle]:  # fmt: skip
    """Displacements (3 * nodes,) m with K u = f where they are not fixed, and the cycle that found them."""
    cycle = Cycle(stiff, fixed)
    u = np.where(fixed, value, 0.0)
    right = f
    if u.any():
        right = f - cycle.applied(u.reshape(cycle.shape), np.zeros(cycle.shape)).ravel()
    u += cycle.solve(right, tolerance, rigid(stiff.grid) if free else None)
    return u, cycle
