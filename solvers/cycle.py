"""Gradients in f64 round a geometric multigrid cycle in f32: displacements of a solid without its matrix.

The next level joins eight cells, see `joined`; the coarsest is factorised. Chebyshev sweeps on Jacobi before and
after, two of them where Poisson's ratio is far from 0.5.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import inv
from scipy.sparse.linalg import splu

from ..models import SolveError
from .elements import Elements
from .joined import Joint, joined
from .kernels import elastic as kernel
from .kernels.walsh import ENTRIES, ROW, ROWS
from .loose import rigid

Array = NDArray[np.float64]
LEAST, FEW = 600, 20_000  # unknowns at which the coarsest level is reached, and from which on a level costs time
BAND, OVER = 0.2, 1.12  # the spectrum that one sweep damps, over its end, and the end over its estimate
SWEEPS = 0.72  # over the end of the spectrum: 2 at Poisson's ratio 0.3, 5 at 0.45
TURNS = (10, 32)  # of the iteration that finds its end: of full cells alone, and of cells that are not alike
THICK = 16  # layers of cells that are done by one thread after each other
PATIENCE = 200
_ONE = np.array([[1.0, 1.0], [-1.0, 1.0]])
_WALSH = np.kron(np.eye(3), np.kron(np.kron(_ONE, _ONE), _ONE))


def entries(K: Array) -> tuple[Array, NDArray[np.bool_]]:
    """The entries (m, 33) of matrices (m, 24, 24) in sums and differences, 0 where they are not all; and if they are.

    See `kernels.walsh`.
    """
    own = _WALSH @ K @ _WALSH.T / 64.0
    back, found = np.zeros_like(own), np.zeros((len(K), 33))
    n = 0
    for parity, pairs in ENTRIES:
        at = [8 * c + (parity ^ 4 >> c) for c in range(3)]
        for a, b in pairs:
            found[:, n] = back[:, at[a], at[b]] = back[:, at[b], at[a]] = own[:, at[a], at[b]]
            n += 1
    whole = np.abs(own - back).max(axis=(1, 2)) < 1e-9 * np.abs(own).max(axis=(1, 2))
    return np.where(whole[:, None], found, 0.0), whole


class Product:
    """Matrices of cells, times displacements, in f64 or f32.

    Parameters
    ----------
    joint : Joint
    dtype : f8 or f4
    """

    def __init__(self, joint: Joint, dtype: type) -> None:
        kind, classes = joint.kind, joint.classes
        C, whole = entries(joint.K[:classes])
        line = (kind >= 0) & (kind < classes)
        if not whole.all():
            line &= whole[np.where(line, kind, 0)]
        low = np.where(line, kind, np.int32(classes)).min(axis=2)
        high = np.where(line, kind, np.int32(-1)).max(axis=2)
        own = np.argwhere((kind >= 0) & ~line)
        rows = kind[tuple(own.T)]
        factor = None
        if not whole.all():  # classes that are not of that form count among those that have matrices of their own
            K, shift = joint.K, 0
            if joint.scale is not None:
                factor = np.where(rows < classes, joint.scale[tuple(own.T)], 1.0)
                K, rows = K[rows] * factor[:, None, None], np.arange(len(own))
        else:
            K, shift = joint.K[classes:], classes
        nx, ny, nz = kind.shape
        blocks = -(-nx // THICK)
        scale = np.ones((1, 1, 1)) if joint.scale is None else joint.scale
        self._first = (kind, low, high, np.ascontiguousarray(C, dtype), np.ascontiguousarray(scale, dtype),
                       np.concatenate([own, (rows - shift)[:, None]], axis=1).astype(np.int32),
                       np.searchsorted(own[:, 0], np.arange(nx + 1)), np.ascontiguousarray(K, dtype))  # fmt: skip
        self._last = (np.empty((blocks - 1) * 3 * (ny + 1) * (nz + 1), dtype), THICK,
                      np.zeros((blocks, 48 + ROWS * ROW), dtype))  # fmt: skip

    def __call__(self, x: NDArray[Any], out: NDArray[Any]) -> None:
        """K x into out, both flat."""
        kernel.apply(*self._first, x, out, *self._last)


@dataclass(slots=True, eq=False)
class Level:
    """Elements of one level in f32, and its vectors (3, nx + 1, ny + 1, nz + 1)."""

    product: Product
    over: NDArray[np.float32]
    b: NDArray[np.float32]
    x: NDArray[np.float32]
    r: NDArray[np.float32]
    d: NDArray[np.float32]
    lines: NDArray[np.float32]
    most: float = 1.0
    sweeps: int = 2

    @classmethod
    def of(cls, joint: Joint, fixed: NDArray[np.bool_]) -> "Level":
        """The level of a joint with what is fixed (3, nx + 1, ny + 1, nz + 1)."""
        nx, ny, nz = joint.kind.shape
        shape = (3, nx + 1, ny + 1, nz + 1)
        scale = np.ones((1, 1, 1)) if joint.scale is None else joint.scale
        over = np.empty(shape, np.float32)
        D = np.ascontiguousarray(np.diagonal(joint.K, axis1=1, axis2=2), np.float32)
        kernel.diagonal(joint.kind, D, joint.classes, np.ascontiguousarray(scale, np.float32), over)
        over[fixed] = 0.0
        np.divide(np.float32(1.0), over, out=over, where=over > 0.0)
        vectors = (np.zeros(shape, np.float32) for _ in range(4))
        level = cls(Product(joint, np.float32), over, *vectors, np.zeros((nx + 1, nz + 6), np.float32))
        level.most = OVER * level._end(TURNS[len(joint.K) > joint.classes])
        level.sweeps = max(round(SWEEPS * level.most), 2)
        return level

    def _end(self, turns: int) -> float:
        """The largest eigenvalue of the matrix over its diagonal, in whose norm sizes are taken.

        Cells at one wall that are unlike the others lead it, and on a large grid show late.
        """
        x, b, over = self.x.reshape(-1), self.b.reshape(-1), self.over.reshape(-1)
        np.random.default_rng(0).standard_normal(dtype=np.float32, out=b)
        np.divide(b, np.sqrt(over), out=b, where=over > 0.0)
        self.sweep(0.0, 1.0, fresh=True)
        size = 1.0
        for _ in range(turns):
            size = float(np.sqrt(np.dot(b, x)))
            if size == 0.0:
                return 1.0
            x *= np.float32(1.0 / size)
            self.product(x, b)
            self.sweep(0.0, 1.0, fresh=True)
        return round(float(np.sqrt(np.dot(b, x))), 2)  # no digits that know how many threads took the sum

    def sweep(self, before: float, now: float, fresh: bool = False) -> None:
        """One of Chebyshev's, with r = A x."""
        kernel.sweep(self.x.reshape(-1), self.b.reshape(-1), self.r.reshape(-1), self.d.reshape(-1),
                     self.over.reshape(-1), np.float32(before), np.float32(now), fresh)  # fmt: skip

    def pull(self) -> None:
        """R = A x."""
        self.product(self.x.reshape(-1), self.r.reshape(-1))

    def smooth(self, fresh: bool) -> None:
        """Chebyshev sweeps on b - A x."""
        band = BAND / self.sweeps
        middle, half = 0.5 * self.most * (1.0 + band), 0.5 * self.most * (1.0 - band)
        sigma, rho = middle / half, half / middle
        if not fresh:
            self.pull()
        self.sweep(0.0, 1.0 / middle, fresh)
        for _ in range(self.sweeps - 1):
            new = 1.0 / (2.0 * sigma - rho)
            self.pull()
            self.sweep(new * rho, 2.0 * new / half)
            rho = new


class Coarsest:
    """The coarsest level, factorised."""

    def __init__(self, joint: Joint, over: NDArray[np.float32], free: bool) -> None:
        cells = np.argwhere(joint.kind >= 0)
        _, ny, nz = joint.kind.shape
        corner = (cells[:, 0] * (ny + 1) + cells[:, 1]) * (nz + 1) + cells[:, 2]
        steps = np.array([(i * (ny + 1) + j) * (nz + 1) + k for i in (0, 1) for j in (0, 1) for k in (0, 1)])
        dofs = np.concatenate([corner[:, None] + steps + c * over[0].size for c in range(3)], axis=1)
        rows = joint.kind[tuple(cells.T)]
        each = joint.K[rows]
        if joint.scale is not None:
            each = each * np.where(rows < joint.classes, joint.scale[tuple(cells.T)], 1.0)[:, None, None]
        where = (np.repeat(dofs, 24, axis=1).ravel(), np.tile(dofs, (1, 24)).ravel())
        A = sparse.coo_matrix((each.ravel(), where), shape=(over.size, over.size)).tocsr()
        self._use = np.flatnonzero(over.ravel() > 0.0)
        A = A[self._use][:, self._use]
        shift = 1e-6 if free else 1e-12  # what can move freely is no matter of the coarsest level
        A = A + sparse.diags(shift * A.diagonal())
        self._inverse: Array | None = None
        if self._use.size <= 2 * LEAST:
            self._inverse = inv(A.toarray())
        else:
            self._factor = splu(A.tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0,
                                options={"SymmetricMode": True})  # fmt: skip

    def __call__(self, b: NDArray[np.float32], x: NDArray[np.float32]) -> None:
        """X of b."""
        right = b.reshape(-1)[self._use].astype(np.float64)
        x.reshape(-1)[self._use] = self._factor.solve(right) if self._inverse is None else self._inverse @ right


class Cycle:
    """Gradients with the cycle of a solid's elements.

    Parameters
    ----------
    stiff : Elements
    fixed : (3 * nodes,) bool
    free : bool
        Whether nothing holds it.
    """

    def __init__(self, stiff: Elements, fixed: NDArray[np.bool_], free: bool = False) -> None:
        self.shape = (3, *stiff.grid.nodes)
        joint = Joint(kind=stiff.kind, K=stiff.matrices, classes=stiff.classes, scale=stiff.scale)
        self.product = Product(joint, np.float64)
        hold = fixed.reshape(self.shape)
        self.levels = [Level.of(joint, hold)]
        while 3 * np.prod([n + 1 for n in joint.kind.shape]) > LEAST and max(joint.kind.shape) > 1:
            joint = joined(joint)
            beyond = [(0, 2 * n + 1 - m) for n, m in zip(joint.kind.shape, hold.shape[1:], strict=True)]
            hold = np.ascontiguousarray(np.pad(hold, [(0, 0), *beyond], mode="edge")[:, ::2, ::2, ::2])
            self.levels.append(Level.of(joint, hold))
            self.levels[-1].sweeps += 1  # it costs little there
        self._coarsest = Coarsest(joint, self.levels[-1].over, free)
        self.iterations, self.energy, self.moved = 0, 0.0, 0.0

    def __call__(self, depth: int = 0) -> None:
        """One cycle: x out of b on a level."""
        level = self.levels[depth]
        if depth == len(self.levels) - 1:
            self._coarsest(level.b, level.x)
            return
        below = self.levels[depth + 1]
        level.smooth(fresh=True)
        level.pull()
        kernel.restrict(level.b, level.r, level.over, below.b, level.lines)
        self(depth + 1)
        kernel.prolong(below.x, level.over, level.x, level.lines)
        level.smooth(fresh=False)

    def applied(self, x: Array, out: Array) -> Array:
        """K x in f64."""
        self.product(x.reshape(-1), out.reshape(-1))
        return out

    def solve(self, b: Array, tolerance: float, rigid_modes: Array | None = None) -> Array:
        """X with |b - K x| <= tolerance |b| where nothing is fixed; b is used up.

        `energy` (J) and `moved` (m) are then twice the strain energy, and the largest part, of the last correction.

        Raises
        ------
        SolveError
            If that is not reached within 200 iterations.
        """
        fine = self.levels[0]
        over, z, b32 = fine.over.reshape(-1), fine.x.reshape(-1), fine.b.reshape(-1)
        r = b.reshape(-1)
        r[over == 0.0] = 0.0
        modes = None if rigid_modes is None else np.linalg.qr((rigid_modes * (over > 0.0)).T)[0].T

        def clean(v: NDArray[Any]) -> None:
            if modes is not None:
                v -= modes.T @ (modes @ v)

        clean(r)
        x, p, q = np.zeros(r.size), np.zeros(r.size), np.zeros(r.size)
        sums = np.zeros((-(-r.size // kernel.CHUNK), 2))

        def gradients(what: int, first: float = 0.0, second: float = 0.0) -> tuple[float, float]:
            kernel.gradients(what, z, over, p, q, x, r, b32, first, second, sums)
            return float(sums[:, 0].sum()), float(sums[:, 1].sum())

        self.iterations = 0
        size = float(np.sqrt(gradients(kernel.DESCEND)[0]))
        if size == 0.0:
            return x
        gradients(kernel.DESCEND, 0.0, 1.0 / size)
        before, step = 1.0, 0.0
        while True:
            self()
            clean(z)
            along, bent = (size * one for one in gradients(kernel.DOTS))
            turn = max(step * -bent / before, 0.0) if self.iterations else 0.0
            gradients(kernel.TURN, size, turn)
            self.product(p, q)
            step = along / gradients(kernel.BEND)[0]
            left = float(np.sqrt(gradients(kernel.DESCEND, step, 1.0 / size)[0])) / size
            before = along
            self.iterations += 1
            if left <= tolerance:
                self.energy, self.moved = step * along, abs(step) * max(float(p.max()), -float(p.min()))
                clean(x)
                return x
            if self.iterations >= PATIENCE or not np.isfinite(left):
                raise SolveError(
                    f"the equations of the structure stalled at {left:.1g} of the load after {self.iterations} "
                    f"iterations. A well-posed structure reaches {tolerance:g}. Look for parts that hang on an edge, "
                    "or for materials of very different stiffness."
                )


def solve(stiff: Elements, fixed: NDArray[np.bool_], value: Array, f: Array, *, tolerance: float,
          free: bool) -> tuple[Array, Cycle]:  # fmt: skip
    """Displacements (3 * nodes,) m with K u = f where they are not fixed, and the cycle that found them."""
    cycle = Cycle(stiff, fixed, free)
    given = bool(value[fixed].any())
    right = f.copy()
    if given:
        u = np.where(fixed, value, 0.0)
        right -= cycle.applied(u, np.empty_like(u))
    x = cycle.solve(right, tolerance, rigid(stiff.grid) if free else None)
    if given:
        x += u
    return x, cycle


def pulled(stiff: Elements, u: Array) -> Array:
    """K u (3 * nodes,) N."""
    joint = Joint(kind=stiff.kind, K=stiff.matrices, classes=stiff.classes, scale=stiff.scale)
    out = np.empty(u.size)
    Product(joint, np.float64)(np.ascontiguousarray(u), out)
    return out
