"""The course of a structure that flows: step by step along its path, halved where a step finds no balance."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ..models import Frame, Profile, Property, SolveError
from ..models.errors import did_you_mean
from ..models.load import LoadCase
from ..models.path import LoadPath, Warmth
from ..models.quantity import quantity
from ..models.structure import Structure
from .elements import Elements, Piece, elements, piece, shaped
from .flow import Body, State, Target, equilibrium
from .holds import holds
from .loads import forces
from .loose import refuse_apart, refuse_loose, rigid
from .points import laws, points
from .raster import Filled, Raster
from .statics import BALANCED, _pivoted
from .warmth import TABLE, expanded, warmth

Array = NDArray[np.float64]
HALVED = 12  # times that a step is halved before its load counts as more than can be carried
LETTING = 1.0  # s within which supports let go
FEW = 6_000  # unknowns up to which a solid is factorised


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moment:
    """A state on the way: when, on what grid, how warm the cells of each piece are (K), loads and growth."""

    t: float
    body: Body
    state: State
    warm: tuple[Array | None, ...]
    load: Array
    grown: Array
    rounds: int
    halved: int


@dataclass(slots=True, kw_only=True, eq=False)
class Course:
    """A structure on a grid, and its path.

    Attributes
    ----------
    steps : int
        At least so many over the span of the path.
    times : tuple of float, s
        Steps to take exactly; () is by `steps`.
    ended : float, s or None
        Where the path could not be followed further.
    """

    structure: Structure
    path: LoadPath
    grid: Raster
    filled: list[Filled]
    tolerance: float
    linear: str
    steps: int
    times: tuple[float, ...] = ()
    ended: float | None = None
    _warm: dict[int, list[tuple[Array, Array] | None]] = field(default_factory=dict)
    _loads: dict[str, Array] = field(default_factory=dict)
    _tables: dict[str, tuple[Array, Array]] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Moment]:
        """Every state that is in balance, the start first; ends early where nothing more is carried."""
        hold = self.case(self.path.hold or self.structure.cases[0].name)
        body = self._body(hold)
        state, warm = body.start(), self._temperatures(body.pieces, 0.0)
        target = self._target(body, hold, 0.0, warm)
        found, rounds = equilibrium(body, state, target, self.tolerance)
        if found is None:
            self.ended = 0.0
            return
        last = Moment(t=0.0, body=body, state=found, warm=warm, load=target.load, grown=target.grown, rounds=rounds,
                      halved=0)  # fmt: skip
        yield last

        def loaded(t: float) -> tuple[Target, tuple[Array | None, ...]]:
            warm = self._temperatures(body.pieces, t)
            return self._target(body, hold, t, warm), warm

        for last in self._marched(body, found, loaded, self._knots(0.0, self.path.end)):
            yield last
        if self.ended is None and self.path.release:
            yield from self._released(last)

    def case(self, name: str) -> LoadCase:
        """A load case by its name, for its supports and loads alone."""
        names = [case.name for case in self.structure.cases]
        if name not in names:
            raise SolveError(
                f"the path of '{self.structure.name}' names load case '{name}', which is not there. "
                f"{did_you_mean(name, names)} Correct the name."
            )
        return replace(self.structure.cases[names.index(name)], temperature=None)

    def _knots(self, begin: float, end: float) -> list[float]:
        if self.times:
            return [t for t in self.times if begin < t <= end]
        every = [t for t in self.path.knots() if begin < t <= end] if end <= self.path.end else [end]
        whole = self.path.end
        out, low = [], begin
        for high in every:
            n = max(int(np.ceil((high - low) / whole * self.steps - 1e-9)), 1)
            out += [low + (high - low) * (k + 1) / n for k in range(n - 1)] + [high]
            low = high
        return out

    def _marched(self, body: Body, state: State, loaded: Callable[[float], tuple[Target, tuple[Array | None, ...]]],
                 knots: list[float], since: float = 0.0) -> Iterator[Moment]:  # fmt: skip
        t, halved = since, 0
        for knot in knots:
            step = least = knot - t
            while t < knot:
                then = knot if knot - t <= step * (1.0 + 1e-9) else t + step
                target, warm = loaded(then)
                found, rounds = equilibrium(body, state, target, self.tolerance)
                if found is None:
                    step, halved = 0.5 * (then - t), halved + 1
                    if step < least * 0.5**HALVED:
                        self.ended = t
                        return
                    continue
                t, state, step = then, found, 2.0 * step
                yield Moment(t=t, body=body, state=found, warm=warm, load=target.load, grown=target.grown,
                             rounds=rounds, halved=halved)  # fmt: skip
                halved = 0

    def _released(self, last: Moment) -> Iterator[Moment]:
        """Supports let go: what they held with fades, and others hold what is left."""
        old, begin = last.body, last.t
        free = self.case(self.path.release)
        body = self._body(free)
        body.points, u = old.points, last.state.u
        acting = self._acting(self.path.end, old)
        kept = last.state.pulled + body.soft @ u - acting
        target, warm = self._target(body, free, self.path.end, last.warm), last.warm

        def loaded(t: float) -> tuple[Target, tuple[Array | None, ...]]:
            left = 1.0 - min((t - begin) / LETTING, 1.0)
            value = left * u + (1.0 - left) * body.holds.value
            pull = left * kept + (1.0 - left) * body.holds_pull()
            return replace(target, load=acting + pull, value=np.where(body.holds.fixed, value, 0.0)), warm

        n = max(self.steps // 4, 1)
        knots = [t for t in self.times if t > begin] or [begin + LETTING * (k + 1) / n for k in range(n)]
        yield from self._marched(body, last.state, loaded, knots, begin)

    def _body(self, case: LoadCase) -> Body:
        """The structure held as in a load case."""
        form = shaped(self.structure, self.grid)
        pieces = [piece(self.structure, case, one, self.grid) for one in self.filled]
        built = elements(self.structure, self.grid, pieces)
        extra = holds(self.structure, case, self.grid, pieces, form, built)
        size = self.grid.active * int(np.prod(self.grid.nodes))
        direct = self.linear == "direct" or self.grid.active == 2 or (self.linear == "auto" and size <= FEW)
        if case.free:
            refuse_apart(case, built)
            if direct:  # a factorisation needs as few unknowns held as hold it; they carry nothing
                seen = np.unique(built.unknowns(built.cells))
                _, _, few = _pivoted(rigid(self.grid)[:, seen])
                extra.fixed[seen[few]] = True
        else:
            refuse_loose(case, self.grid, built, extra, pieces)
        return Body(structure=self.structure, case=case, grid=self.grid, form=form, pieces=pieces, built=built,
                    holds=extra, direct=direct,
                    points=points(pieces, self.grid, form, self.structure.plane))  # fmt: skip

    def _acting(self, t: float, body: Body) -> Array:
        """Loads (N,) N of all cases at `t` s."""
        total = np.zeros(body.open.size)
        for name in self.path.factors:
            share = self.path.factor(name, t)
            if name not in self._loads:
                case = self.case(name)
                self._loads[name] = forces(self.structure, case, self.grid, body.pieces, body.built, body.form)
            total += share * self._loads[name]
        if body.case.free:
            self._refuse_unbalanced(body, total)
        return total

    def _refuse_unbalanced(self, body: Body, load: Array) -> None:
        modes = rigid(self.grid)
        left = float(np.abs(modes @ load).max())
        if left > BALANCED * max(float((np.abs(modes) @ np.abs(load)).max()), 1e-300):
            raise SolveError(
                f"load case '{body.case.name}' is free, and the path leaves {left:.3g} N unbalanced. What nothing "
                "holds is at rest only where its loads balance. Correct them, or add supports."
            )

    def _temperatures(self, pieces: list[Piece], t: float) -> tuple[Array | None, ...]:
        """Temperatures (m,) K in the middle of the cells of every piece."""
        if not self.path.warm:
            return tuple(None for _ in pieces)
        return tuple(T for T, _ in self._between(pieces, t))

    def _between(self, pieces: list[Piece], t: float) -> list[tuple[Array, Array]]:
        low, high, share = self.path.between(t)
        for n in (low, high):
            if n not in self._warm:
                asked = LoadCase(name="path", temperature=self.path.warm[n])
                self._warm = {k: v for k, v in self._warm.items() if k in (low, high)}
                self._warm[n] = [warmth(asked, one.filled.member.name, self.grid, one.cells) for one in pieces]
        out = []
        for a, b in zip(self._warm[low], self._warm[high], strict=True):
            assert a is not None
            assert b is not None
            out.append((a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])))
        return out

    def _target(self, body: Body, hold: LoadCase, t: float, warm: tuple[Array | None, ...]) -> Target:
        """What the state at `t` s is in balance with."""
        free, every = [], body.points
        stress_free = quantity(self.path.stress_free, "K").value
        felt = self._between(body.pieces, t) if self.path.warm else [None] * len(body.pieces)
        for n, (one, feel) in enumerate(zip(body.pieces, felt, strict=True)):
            mine = slice(*np.searchsorted(every.of, every.begin[n : n + 2]))
            expansion = one.filled.material.expansion
            if feel is None or not isinstance(expansion, Property):
                free.append(np.zeros(mine.stop - mine.start))
                continue
            table = self._growth(one.filled.member.name, expansion, stress_free)
            here = np.interp(feel[0], *table)
            ahead, behind = (np.interp(feel[0][:, None] + way * feel[1], *table) for way in (1.0, -1.0))
            slope = 0.5 * (ahead - behind)
            of = every.of[mine] - every.begin[n]
            free.append(here[of] + (slope[of] * every.local[mine]).sum(axis=1))
        if self.path.warm and not body.direct:
            self._renewed(body, warm)
        share = self.path.factor(hold.name, t) if hold.name in self.path.factors else 1.0
        return Target(load=self._acting(t, body) + share * body.holds_pull(), value=share * body.holds.value,
                      grown=np.concatenate(free), law=laws(body.pieces, warm))  # fmt: skip

    def _growth(self, name: str, expansion: Property, stress_free: float) -> tuple[Array, Array]:
        """Temperatures, K, and free strains over them, for all that the path knows."""
        if name not in self._tables:
            low, high = stress_free, stress_free
            for one in self.path.warm:
                found = _span(one, name)
                low, high = min(low, found[0]), max(high, found[1])
            T = np.linspace(low - 1.0, high + 1.0, TABLE)
            self._tables[name] = T, expanded(expansion, T, stress_free)
        return self._tables[name]

    def _renewed(self, body: Body, warm: tuple[Array | None, ...]) -> None:
        """Elastic elements at these temperatures, where a solid's stiffness follows them."""
        pieces = [piece(self.structure, replace(body.case, temperature=None), one, self.grid) for one in self.filled]
        for one, own, T in zip(pieces, body.pieces, warm, strict=True):
            young = own.filled.material.young
            if T is not None and isinstance(young, Property):
                one.factor = young(T) / float(young(293.15))
        built: Elements = elements(self.structure, self.grid, pieces)
        if not np.array_equal(built.factor(built.cells), body.built.factor(body.built.cells)):
            body.pieces = pieces
            body.renew(built)


def _span(warm: Warmth, name: str) -> tuple[float, float]:
    """Coldest and hottest of a state of warmth, K, with some room for what lies between and beyond its places."""
    if isinstance(warm, Profile):
        seen = warm.curve(np.linspace(*warm.curve.range, 401)) + quantity(warm.shift, "K").value
    elif isinstance(warm, Frame):
        seen = warm.T[name][warm.solid[name]] if name in warm.T else np.zeros(1)
    else:
        seen = np.array([quantity(warm, "K").value])
    low, high = float(seen.min()), float(seen.max())
    return low - 0.5 * (high - low), high + 0.5 * (high - low)
