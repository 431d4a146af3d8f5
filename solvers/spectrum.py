"""The least ratios of two symmetric matrices of a structure: its modes, and what makes it buckle."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

from ..models import SolveError
from ..models.load import LoadCase
from ..models.quantity import quantity
from ..models.structure import Structure
from .cycle import Cycle
from .dissect import factorised
from .elements import elements, nodes, piece, shaped
from .holds import held, holds
from .loose import loose, rigid
from .raster import Filled, Raster
from .ring import Ring
from .statics import Rest

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Apply = Callable[[Array], Array]
FEW = 15_000  # unknowns up to which a solid is factorised; a section always is
SPARE = 4  # vectors more than are asked for: the last ones come in slowly
PATIENCE, RESTARTS = 120, 60
BELOW = 1e-3  # of (wave speed / size)^2 by which the shift of a free structure lies below 0


def posed(structure: Structure, case: LoadCase, grid: Raster, filled: list[Filled]) -> Rest:
    """A structure with its supports in a load case, nothing solved: displacements and loads are 0."""
    form = shaped(structure, grid)
    pieces = [piece(structure, case, one, grid) for one in filled]
    built = elements(structure, grid, pieces)
    extra = holds(structure, case, grid, pieces, form, built)
    none = np.zeros(grid.active * int(np.prod(grid.nodes)))
    return Rest(grid=grid, form=form, pieces=pieces, built=built, held=held(built, extra), holds=extra, u=none,
                load=none, iterations=0, thickness=structure.thickness)  # fmt: skip


def mass(rest: Rest) -> sparse.csr_matrix:
    """Consistent mass (nodes, nodes) kg of one component of motion.

    Raises
    ------
    SolveError
        If a material has no density.
    """
    each = []
    for one in rest.pieces:
        density = quantity(one.filled.material.density, "kg/m3").value
        if density <= 0.0:
            raise SolveError(
                f"{one.filled.material.name} has a density of 0 kg/m3, and '{one.filled.member.name}' is to swing. "
                "What swings has mass. Give Elastic(density=...)."
            )
        each.append(density * _of_cells(rest, one.fulls, one.cells, one.moments))
    return _gathered(rest, each)


def _of_cells(rest: Rest, fulls: int, cells: Ints, moments: Array) -> Array:
    form = rest.form
    if isinstance(form, Ring):
        return form.mass(moments, cells)
    whole = np.broadcast_to(form.mass(form.whole[None]), (fulls, form.nodes, form.nodes))
    return np.concatenate([whole, form.mass(moments)])


def stretched(rest: Rest, stresses: list[Array]) -> sparse.csr_matrix:
    """What stresses (m, 6) Pa in the cells of every body add to the stiffness (nodes, nodes) N/m of each component."""
    form, each = rest.form, []
    for one, s in zip(rest.pieces, stresses, strict=True):
        full = s[:, [[0, 5, 4], [5, 1, 3], [4, 3, 2]]][:, : form.active, : form.active]
        moments = np.concatenate([np.broadcast_to(form.whole, (one.fulls, form.whole.size)), one.moments])
        each.append(np.concatenate([form.stretched(moments[n : n + 50_000], full[n : n + 50_000])
                                    for n in range(0, len(moments), 50_000)]))  # fmt: skip
    return _gathered(rest, each)


def _gathered(rest: Rest, each: list[Array]) -> sparse.csr_matrix:
    size, n = int(np.prod(rest.grid.nodes)), rest.form.nodes
    into = np.concatenate([nodes(rest.grid, one.cells) for one in rest.pieces])
    every = np.concatenate(each).ravel()
    rows, columns = np.repeat(into, n, axis=1).ravel(), np.tile(into, (1, n)).ravel()
    return sparse.coo_matrix((every, (rows, columns)), shape=(size, size)).tocsr()


class Found(NamedTuple):
    """Ratios (k,), vectors (m, k), what the stiffness makes of each with itself (k,), and iterations."""

    value: Array
    vector: Array
    stored: Array
    turns: int


@dataclass(slots=True, eq=False)
class Open:
    """The unknowns of a structure that can move, and what is done with vectors (m, k) of them.

    Attributes
    ----------
    rest : Rest
    use : (m,) int
        Their numbers among all.
    drift : (active * nodes, k)
        Motions as a whole that nothing holds, of size 1 and apart from each other; `ways` says what they are like.
    """

    rest: Rest
    use: Ints
    drift: Array
    ways: tuple[str, ...]

    @classmethod
    def of(cls, rest: Rest) -> "Open":
        """Those of a structure."""
        size = rest.u.size
        use = np.zeros(size, dtype=bool)
        use[rest.held.unknowns(rest.held.cells)] = True
        modes, found, ways = rigid(rest.grid), [], []
        for one in loose(rest.grid, rest.built, rest.holds):
            own = np.zeros(size, dtype=bool)
            own[rest.built.unknowns(one.cells)] = True
            found += [np.where(own, way @ modes, 0.0) for way in one.motions.T]
            ways += one.ways
        drift = np.linalg.qr(np.array(found).T)[0] if found else np.zeros((size, 0))
        return cls(rest, np.flatnonzero(use & ~rest.holds.fixed), drift, tuple(dict.fromkeys(ways)))

    @property
    def direct(self) -> bool:
        """Whether a factorisation is the quicker way."""
        return self.rest.grid.active == 2 or self.use.size <= FEW

    def whole(self, x: Array) -> Array:
        """(active * nodes,) out of one vector (m,)."""
        out = np.zeros(self.rest.u.size)
        out[self.use] = x
        return out

    def of_components(self, one: sparse.csr_matrix) -> sparse.csr_matrix:
        """The matrix (m, m) that acts alike on every component of motion."""
        return sparse.block_diag([one] * self.rest.grid.active, format="csr")[self.use][:, self.use]

    def refuse_more(self, count: int, name: str) -> None:
        """SolveError where more modes are asked for than there are."""
        most = self.use.size - self.drift.shape[1] - 2
        if count > most:
            raise SolveError(
                f"{count} modes of '{name}' are asked for, and its grid has {most}: it can move in {self.use.size} "
                "ways. There are fewer modes than unknowns. Ask for fewer, or use more cells."
            )


def lowest(way: Open, B: sparse.csr_matrix, count: int, tolerance: float, scale: float) -> Found:
    """The `count` least l with K x = l B x, B positive, and x with x B x = 1.

    Motions as a whole are left out. `scale` is a small l, below that of what deforms.
    """
    drift = way.drift[way.use]
    if way.direct:
        K = way.rest.held.assembled()[way.use][:, way.use]
        shift = -BELOW * scale if drift.shape[1] else 0.0
        solve = factorised((K - shift * B).tocsr() if shift else K, way.use, way.rest.grid.nodes)
        operator = LinearOperator(K.shape, solve, dtype=float)
        try:
            value, vector, turns = _lanczos(K, B, count + drift.shape[1], tolerance, sigma=shift, OPinv=operator)
        except ArpackNoConvergence as cause:
            raise SolveError(
                f"{len(cause.eigenvalues)} of {count} modes came in before the iteration was given up. It takes few "
                "turns on a sound structure. Ask for fewer modes, or look for parts that hang on an edge."
            ) from cause
        if drift.shape[1]:  # the share of each vector that is a motion as a whole
            gram = drift.T @ (B @ drift)
            seen = drift.T @ (B @ vector)
            deforms = np.einsum("ik,ik->k", seen, np.linalg.solve(gram, seen)) < 0.5
            value, vector = value[deforms], vector[:, deforms]
        value, vector = value[:count], vector[:, :count]
        return Found(value, vector, np.einsum("ik,ik->k", vector, K @ vector), turns)
    cycle = _Cycled(way)
    return gradients(cycle.stiff, lambda x: B @ x, cycle.precondition, _start(way, cycle, B, count), count, tolerance,
                     drift)  # fmt: skip


def least_load(way: Open, S: sparse.csr_matrix, count: int, tolerance: float) -> Found:
    """The `count` greatest m with -S x = m K x, K positive, and x with x K x = 1."""
    if way.direct:
        K = way.rest.held.assembled()[way.use][:, way.use]
        solve = factorised(K, way.use, way.rest.grid.nodes)
        operator = LinearOperator(K.shape, solve, dtype=float)
        try:
            value, vector, turns = _lanczos(-S, K, count, tolerance, which="LA", Minv=operator, maxiter=RESTARTS)
        except ArpackNoConvergence as cause:
            raise SolveError(
                f"{len(cause.eigenvalues)} of {count} buckling modes came in: the loads press too little, or nowhere. "
                "What is pulled alone does not buckle. Turn the loads round, or ask for fewer modes."
            ) from cause
        value, vector = value[::-1], vector[:, ::-1]
        return Found(value, vector, -np.einsum("ik,ik->k", vector, S @ vector) / value, turns)
    cycle = _Cycled(way)
    found = gradients(lambda x: S @ x, cycle.stiff, cycle.precondition, _start(way, cycle, S, count), count,
                      tolerance, np.zeros((way.use.size, 0)))  # fmt: skip
    return found._replace(value=-found.value, stored=found.stored / found.value)


def _lanczos(A: sparse.csr_matrix, B: sparse.csr_matrix, count: int, tolerance: float,
             **how: object) -> tuple[Array, Array, int]:  # fmt: skip
    first = np.random.default_rng(0).standard_normal(A.shape[0])
    value, vector = eigsh(A, count, B, v0=first, tol=tolerance, **how)
    order = np.argsort(value)
    return value[order], vector[:, order], 0


class _Cycled:
    """Products with the stiffness of a solid, and a multigrid cycle in place of its inverse."""

    def __init__(self, way: Open) -> None:
        self.way, self.cycle = way, Cycle(way.rest.held, way.rest.holds.fixed, bool(way.drift.shape[1]))

    def stiff(self, x: Array) -> Array:
        """K x (m, k)."""
        out = np.empty_like(x)
        for n, one in enumerate(x.T):
            out[:, n] = self.cycle.applied(self.way.whole(one), np.zeros(self.way.rest.u.size)).ravel()[self.way.use]
        return out

    def precondition(self, r: Array) -> Array:
        """About K^-1 r (m, k)."""
        fine, out = self.cycle.levels[0], np.empty_like(r)
        for n, one in enumerate(r.T):
            size = float(np.linalg.norm(one)) or 1.0
            fine.b.reshape(-1)[:] = self.way.whole(one / size)
            self.cycle()
            out[:, n] = fine.x.reshape(-1)[self.way.use] * size
        return out


def _start(way: Open, cycle: _Cycled, B: sparse.csr_matrix, count: int) -> Array:
    more = min(count + SPARE, way.use.size // 4)
    return cycle.precondition(B @ np.random.default_rng(0).standard_normal((way.use.size, more)))


def gradients(A: Apply, B: Apply, inverse: Apply, X: Array, count: int, tolerance: float, drift: Array) -> Found:
    """The `count` least l with A x = l B x, B positive, out of a block X (m, k), and x with x B x = 1.

    Each turn seeks the least in the span of the vectors, their preconditioned residuals and their last changes; what
    is in span of `drift` (m, j) is kept out.

    References
    ----------
    A. V. Knyazev 2001, Toward the optimal preconditioned eigensolver, SIAM J. Sci. Comput. 23, 517-541.
    """
    Bdrift = B(drift) if drift.shape[1] else drift
    gram = drift.T @ Bdrift

    def clean(V: Array) -> Array:
        return V - drift @ np.linalg.solve(gram, Bdrift.T @ V) if drift.shape[1] else V

    many = X.shape[1]
    X = clean(X)
    S, AS, BS = X, A(X), B(X)
    for turn in range(PATIENCE):
        size = 1.0 / np.sqrt(np.maximum(np.einsum("ij,ij->j", S, BS), 1e-300))
        keep_value, keep_vector = np.linalg.eigh((S.T @ BS) * np.outer(size, size))
        good = keep_value > 1e-11 * keep_value[-1]
        Q = size[:, None] * keep_vector[:, good] / np.sqrt(keep_value[good])
        small = Q.T @ (S.T @ AS) @ Q
        value, way = np.linalg.eigh(0.5 * (small + small.T))
        C = Q @ way[:, :many]
        value = value[:many]
        last = C.copy()
        last[:many] = 0.0  # what has changed
        (X, P), (AX, AP), (BX, BP) = (np.split(V @ np.concatenate([C, last], axis=1), 2, axis=1) for V in (S, AS, BS))
        R = AX - BX * value
        off = np.linalg.norm(R, axis=0) / np.maximum(np.linalg.norm(AX, axis=0), 1e-300)
        if (off[:count] <= tolerance).all():
            return Found(value[:count], X[:, :count], np.einsum("ik,ik->k", X, AX)[:count], turn)
        todo = off > tolerance
        W = clean(inverse(R[:, todo]))
        W -= X @ (BX.T @ W)
        pick = todo if turn else np.zeros(many, dtype=bool)
        S = np.concatenate([X, W, P[:, pick]], axis=1)
        AS = np.concatenate([AX, A(W), AP[:, pick]], axis=1)
        BS = np.concatenate([BX, B(W), BP[:, pick]], axis=1)
    raise SolveError(
        f"mode {int(np.argmax(off[:count] > tolerance)) + 1} is still {float(off[:count].max()):.1g} off after "
        f"{PATIENCE} turns. A sound structure takes some 20. Ask for fewer modes, or look for parts that hang on an "
        "edge, and for materials of very different stiffness."
    )
