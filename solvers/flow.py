"""Equilibrium of structures that flow: forces of points, their tangents, and Newton's method with a line search."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from ..models.load import LoadCase
from ..models.structure import Structure
from .cycle import Cycle
from .elements import Elements, Piece
from .holds import Holds, held
from .kernels.plastic import respond
from .loose import rigid
from .points import Points
from .raster import Raster
from .ring import Ring
from .trilinear import Trilinear

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
ROUNDS = 25  # of Newton within a step
SLACK = 0.7  # share of the first slope along a correction above which the correction is shortened
LEAP = 0.02  # plastic strain within a step beyond which what was found is no small step
FIRM = 1e-4  # of the elastic stiffness that is added to a tangent, for what flows without resistance any way it likes
FADED = 1e-3  # of the forces of a body that yields all over: smaller ones need not be in balance among themselves
KRYLOV, CLOSE = 400, 1e-2  # iterations of a solid's linear equations, and the share that they may leave


@dataclass(slots=True, kw_only=True, eq=False)
class State:
    """What is known at a time: displacements (N,) m, and at the points plastic strain, its length, and stress.

    Attributes
    ----------
    ep : (Q, 6), p : (Q,), stress : (Q, 6) Pa
    a : (m, k)
        Modes of the cells.
    pulled : (N,) N
        What the points pull at the nodes.
    energy, moved : float, J and m
        Twice the strain energy, and the largest part, of what is estimated to be left to correct.
    """

    u: Array
    ep: Array
    p: Array
    stress: Array
    a: Array
    pulled: Array
    energy: float = 0.0
    moved: float = 0.0


@dataclass(slots=True, kw_only=True, eq=False)
class Target:
    """What a state is in balance with: loads (N,) N, moved supports (N,) m, and the laws and growth of its points."""

    load: Array
    value: Array
    grown: Array
    law: Array


@dataclass(slots=True, kw_only=True, eq=False)
class Body:
    """A structure on its grid, with points, and how it is held.

    Attributes
    ----------
    built : Elements
        Elastic, without supports.
    soft : (N, N) N/m
        What void and supports that fix no node add.
    open : (N,) bool
        Unknowns that are free.
    unit : float, m2
        Size of what a unit of stress all over pulls at the nodes.
    """

    structure: Structure
    case: LoadCase
    grid: Raster
    form: Trilinear | Ring
    pieces: list[Piece]
    built: Elements
    holds: Holds
    points: Points
    direct: bool
    soft: sparse.csr_matrix = field(init=False)
    open: NDArray[np.bool_] = field(init=False)
    unit: float = field(init=False)
    _cycle: Cycle | None = None
    _firm: sparse.csr_matrix | None = None
    _own: tuple[Ints, Array, Ints] | None = None

    def __post_init__(self) -> None:
        """Gather what is added, and which unknowns are free."""
        size = self.grid.active * int(np.prod(self.grid.nodes))
        cells, void = _void(self.built, self.pieces, self.form)
        every = np.concatenate([cells, self.holds.cells])
        self.soft = _sparse(self.built.unknowns(every), np.concatenate([void, self.holds.more]), size)
        used = np.zeros(size, dtype=bool)
        used[np.unique(self.points.dofs)] = True
        self.open = used & ~self.holds.fixed
        points = self.points
        each = np.abs(points.B).sum(axis=1) * points.weight[:, None]
        whole = np.add.reduceat(each, points.first[:-1])[points.shape]
        self.unit = float(np.linalg.norm(np.bincount(points.dofs.ravel(), whole.ravel(), size)))

    @property
    def thin(self) -> bool:
        """Whether nothing presses across a section."""
        return self.structure.plane == "stress"

    def holds_pull(self) -> Array:
        """Forces (N,) N of supports that fix no node, where nothing has moved."""
        dofs = self.built.unknowns(self.holds.cells)
        return np.bincount(dofs.ravel(), self.holds.pull.ravel(), self.open.size)

    def start(self) -> State:
        """Nothing has happened yet."""
        size, count = self.open.size, self.points.of.size
        return State(u=np.zeros(size), ep=np.zeros((count, 6)), p=np.zeros(count), stress=np.zeros((count, 6)),
                     a=np.zeros((len(self.points.dofs), self.points.M.shape[2])), pulled=np.zeros(size))  # fmt: skip

    def asked(self, before: State, u: Array, a: Array, target: Target, rows: Ints | None = None
              ) -> tuple[State, Array, Array | None, bool]:  # fmt: skip
        """The state at displacements u, the size (N,) of what pulls, tangents of some rows, whether all is found."""
        points, count = self.points, len(self.points.dofs)
        which = np.arange(count) if rows is None else rows
        n, q = points.dofs.shape[1], points.of.size
        K = np.zeros((0 if rows is None else len(rows), n, n))
        f, rounds = np.zeros((count, n)), np.zeros(count, dtype=np.int64)
        stress, ep, p, a = np.zeros((q, 6)), np.zeros((q, 6)), np.zeros(q), a.copy()
        respond(which, u, points.dofs, points.shape, points.first, points.B, points.M, points.weight, points.start,
                target.grown, target.law, points.tab, points.span, self.thin, before.ep, before.p, a, stress, ep, p,
                f, K, rounds)  # fmt: skip
        pulled = np.bincount(points.dofs.ravel(), f.ravel(), u.size)
        size = np.bincount(points.dofs.ravel(), np.abs(f).ravel(), u.size)
        state = State(u=u, ep=ep, p=p, stress=stress, a=a, pulled=pulled)
        return state, size, K if rows is not None else None, bool((rounds[which] >= 0).all())

    def flowing(self, before: State, after: State) -> NDArray[np.bool_]:
        """(m,) which shares of cells flow."""
        return np.bincount(self.points.of, after.p > before.p, len(self.points.dofs)) > 0

    def solve(self, before: State, now: State, target: Target, r: Array, moved: Array) -> Array | None:
        """A correction of u: K du = r, and du = moved where it is fixed."""
        if self.direct:
            rows = np.arange(len(self.points.dofs))
            _, _, each, _ = self.asked(before, now.u, now.a, target, rows)
            assert each is not None
            if self._firm is None:
                self._firm = FIRM * self.built.assembled()
            K = _sparse(self.points.dofs, each, now.u.size) + self.soft + self._firm
            du = np.where(self.open, 0.0, moved)
            right = (r - K @ du)[self.open]
            try:
                du[self.open] = splu(K[self.open][:, self.open].tocsc()).solve(right)
            except RuntimeError:
                return None
            return du
        return self._gradients(before, now, target, r, moved)

    def renew(self, built: Elements) -> None:
        """Elastic elements at other temperatures, for the cycle."""
        self.built, self._cycle, self._own = built, None, None

    def _gradients(self, before: State, now: State, target: Target, r: Array, moved: Array) -> Array | None:
        """The same by conjugate gradients: elastic elements, corrected where they flow, round their elastic cycle."""
        if self._cycle is None:
            self._cycle = Cycle(held(self.built, self.holds), self.holds.fixed, self.case.free)
        cycle = self._cycle
        cut = np.zeros(len(self.points.dofs), dtype=bool)
        for n, one in enumerate(self.pieces):
            cut[self.points.begin[n] + one.fulls : self.points.begin[n + 1]] = True
        rows = np.flatnonzero(self.flowing(before, now) | cut)
        _, _, K, _ = self.asked(before, now.u, now.a, target, rows)
        assert K is not None
        cells = np.concatenate([one.cells for one in self.pieces])[rows]
        unique, back = np.unique(cells, axis=0, return_inverse=True)
        more = -self.built.matrices[self.built.kind[tuple(unique.T)]] * self.built.factor(unique)[:, None, None]
        np.add.at(more, back.ravel(), K)
        void = {tuple(cell): n for n, cell in enumerate(self._void()[0])}
        for n, cell in enumerate(unique):
            if tuple(cell) in void:
                more[n] += self._void()[1][void[tuple(cell)]]
        dofs = self.built.unknowns(unique)

        def applied(x: Array) -> Array:
            out = (1.0 + FIRM) * cycle.applied(x, np.zeros(x.size))
            if len(dofs):
                each = np.matmul(more, x[dofs][:, :, None])[:, :, 0]
                out += np.bincount(dofs.ravel(), each.ravel(), out.size)
            return out

        du = np.where(self.open, 0.0, moved)
        right = np.where(self.open, r - (applied(du) if du.any() else 0.0), 0.0)
        modes = np.linalg.qr((rigid(self.grid) * self.open).T)[0].T if self.case.free else np.zeros((0, right.size))
        found = _krylov(applied, cycle, right, self.open, modes)
        return None if found is None else du + found

    def _void(self) -> tuple[Ints, Array]:
        if self._own is None:
            cells, void = _void(self.built, self.pieces, self.form)
            self._own = cells, void, np.arange(len(cells))
        return self._own[0], self._own[1]


def _krylov(applied: Callable[[Array], Array], cycle: Cycle, right: Array, free: NDArray[np.bool_], modes: Array
            ) -> Array | None:  # fmt: skip
    """Conjugate gradients round a cycle, without the rigid motions `modes`; None where they come to no end."""
    x, r = np.zeros(right.size), right - modes.T @ (modes @ right)
    size = float(np.linalg.norm(r))
    if size == 0.0:
        return x
    p, before, fine = np.zeros(right.size), 0.0, cycle.levels[0]
    for n in range(KRYLOV):
        fine.b.reshape(-1)[:] = r / size
        cycle()
        z = np.where(free, fine.x.reshape(-1), 0.0).astype(np.float64)
        z -= modes.T @ (modes @ z)
        along = float(r @ z)
        p = z + (along / before if n else 0.0) * p
        q = np.where(free, applied(p), 0.0)
        curved = float(p @ q)
        if not curved > 0.0 or not np.isfinite(curved):
            return x if n else None
        x += along / curved * p
        r -= along / curved * q
        before = along
        if np.linalg.norm(r) <= CLOSE * size:
            break
    return x


def equilibrium(body: Body, before: State, target: Target, tolerance: float) -> tuple[State | None, int]:
    """The state in balance with a target, None where none is found; and the rounds it took."""
    u, moved = before.u.copy(), np.where(body.holds.fixed, target.value - before.u, 0.0)
    now, size, _, found = body.asked(before, u, before.a, target)
    last, least = (0.0, 0.0, 1.0), FADED * body.unit * float(target.law[:, 2].min())
    for turn in range(ROUNDS):
        r = np.where(body.open, target.load - now.pulled - body.soft @ now.u, 0.0)
        whole = float(np.linalg.norm(np.where(body.open, size, 0.0)) + np.linalg.norm(target.load))
        if not found or not np.isfinite(whole):
            return None, turn
        if not moved.any() and np.linalg.norm(r) <= tolerance * max(whole, least):
            if float((now.p - before.p).max(initial=0.0)) > LEAP:
                return None, turn
            gain = min(float(np.linalg.norm(r)) / last[2], 1.0)
            now.energy, now.moved = last[0] * gain**2, last[1] * gain
            return now, turn
        du = body.solve(before, now, target, r, moved)
        if du is None or not np.isfinite(du).all():
            return None, turn
        slope, share, whole_way = float(du @ r), 1.0, moved.any()
        energy = float(du @ now.pulled) if whole_way else slope
        last = abs(energy), float(np.abs(du).max()), max(float(np.linalg.norm(r)), whole if whole_way else 0.0, 1e-300)
        moved = np.zeros(u.size)
        for _ in range(1 if whole_way else 5):
            then, size, _, found = body.asked(before, now.u + share * du, now.a, target)
            left = float(du @ np.where(body.open, target.load - then.pulled - body.soft @ then.u, 0.0))
            if whole_way or (found and abs(left) <= SLACK * abs(slope)):
                break
            share = max(0.1 * share, min(share * slope / (slope - left), 0.5 * share)) if slope != left else 0.5 * share
        now = then
    return None, ROUNDS


def _sparse(dofs: Ints, each: Array, size: int) -> sparse.csr_matrix:
    """The sum (size, size) of matrices (m, n, n) of unknowns (m, n)."""
    n = dofs.shape[1]
    rows, columns = np.repeat(dofs, n, axis=1).ravel(), np.tile(dofs, (1, n)).ravel()
    return sparse.coo_matrix((each.ravel(), (rows, columns)), shape=(size, size)).tocsr()


def _void(built: Elements, pieces: list[Piece], form: Trilinear | Ring) -> tuple[Ints, Array]:
    """Cells (m, 3) that are cut, and what their void adds to them (m, n, n) N/m."""
    cut = [one.cells[one.fulls :] for one in pieces]
    cells = np.unique(np.concatenate(cut), axis=0)
    if not len(cells) or isinstance(form, Ring):
        return np.zeros((0, 3), dtype=np.int64), np.zeros((0, form.size, form.size))
    row = np.full(built.kind.shape, -1, dtype=np.int64)
    row[tuple(cells.T)] = np.arange(len(cells))
    left = built.matrices[built.kind[tuple(cells.T)]] * built.factor(cells)[:, None, None]
    for one, some in zip(pieces, cut, strict=True):
        for n, C in enumerate(one.stiff):
            mine = np.flatnonzero(one.of[one.fulls :] == n)
            solid = form.stiffness(one.moments[mine], C) * one.factor[one.fulls :][mine, None, None]
            np.subtract.at(left, row[tuple(some[mine].T)], solid)
    return cells, left
