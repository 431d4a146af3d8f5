"""Structures that flow: the solver for what a path of loads and temperatures leaves behind."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..models import Balance, History, LoadPath, SolveError, digest
from ..models.deformed import Deformed
from ..models.elastic import untold
from ..models.errors import did_you_mean
from ..models.gauge import STRAINS, Gauge, Peak, Reading
from ..models.structure import Structure
from .course import Course, Moment
from .elements import cut_all
from .laid import laid, sloped, width
from .loose import rigid
from .reading import Answer, refuse_large, value
from .statics import Rest
from .strength import KINDS
from .stress import sampled
from .walls import assumed, refuse_thin

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Flowed:
    """One moment of a structure that flows, read as one at rest is.

    Attributes
    ----------
    t : float, s
    answer, strained : Answer
        Displacement and stress; and with equivalent plastic strain in the place of the first component.
    """

    t: float
    answer: Answer
    strained: Answer

    def deformed(self) -> Deformed:
        """What viz and field files draw of this moment."""
        return self.answer.deformed()

    def value(self, one: Reading) -> float:
        """A reading at this moment."""
        if isinstance(one, (Gauge, Peak)) and one.what in STRAINS:
            return max(value(replace(one, what="xx"), self.strained), 0.0)
        return value(one, self.answer)


Keep = Callable[[Flowed], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plastic:
    """Metal that flows as von Mises says, on the cells of Strength: radial return at points in each cell.

    Yield grows with plastic strain and travels with it as the material says, and follows temperature with stiffness
    and growth. Full cells bend as those of Strength do, and below yield their answer is the same; cut cells have mean
    dilatation. A support on a wall that cuts cells is held as Strength holds it, by the elastic traction: what flows
    there gives way by its plastic strain times a share of a cell.

    Attributes
    ----------
    cells, along, linear, ratio, shift : as of Strength
    steps : int
        Load steps over the span of the path, at least. One that finds no balance is halved.
    tolerance : float
        Share of the forces that may be left out of balance.
    finer : float
        Refinement of the steps.
    times : tuple of float, s
        Steps that are taken exactly; () leaves them to the solver.
    """

    cells: float = 4
    along: tuple[int | None, int | None, int | None] = (None, None, None)
    steps: int = 20
    tolerance: float = 1e-7
    linear: str = "auto"
    ratio: float = 1.0
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)
    finer: float = 1.0
    times: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not self.cells >= 1 or not self.steps >= 1 or not 0.0 < self.tolerance < 0.01:
            raise SolveError(
                f"cells = {self.cells}, steps = {self.steps}, tolerance = {self.tolerance}: neither a grid nor a "
                "course. Cells and steps are 1 or more, the tolerance is a small share. Try cells=4, steps=20, "
                "tolerance=1e-7."
            )
        if self.linear not in KINDS:
            raise SolveError(
                f"linear = '{self.linear}' is none of the {len(KINDS)} ways to solve. "
                f"{did_you_mean(self.linear, KINDS)} Leave it out, and the number of cells decides."
            )

    def __call__(self, structure: Structure, *, observe: tuple[Reading, ...] = (), path: LoadPath | None = None,
                 keep: Keep | None = None, every: object = None) -> History:  # fmt: skip
        """Follow a path: every reading at every accepted step.

        Parameters
        ----------
        path : LoadPath or None
            That of the structure where left out; a structure without one meets its only load case within 1 s.
        keep : callable
            Receives a Flowed at every accepted step.

        Raises
        ------
        SolveError
            If more is asked for than the structure carries, a material does not yield, or strains leave the small
            range.
        """
        del every
        history, course, large = self._followed(structure, observe, path, keep)
        if large is not None:
            raise large
        if course.ended is not None:
            raise SolveError(
                f"'{structure.name}' finds no balance beyond t = {course.ended:.6g} s of its path, which goes on to "
                f"{course.path.end:.6g} s. It carries no more there, or moves freely. Load it less, let it harden, or "
                "ask Plastic(...).until_collapse(...) for what it carries."
            )
        return history

    def until_collapse(self, structure: Structure, *, observe: tuple[Reading, ...] = (), path: LoadPath | None = None,
                       keep: Keep | None = None) -> History:  # fmt: skip
        """The same as far as there is balance within small strains: the last row is the last such state.

        A history that ends early is not complete, and no verdict stands on it.
        """
        return self._followed(structure, observe, path, keep)[0]

    def _followed(self, structure: Structure, observe: tuple[Reading, ...], path: LoadPath | None, keep: Keep | None
                  ) -> tuple[History, Course, SolveError | None]:  # fmt: skip
        began = time.perf_counter()
        grid = laid(self, structure)
        filled = cut_all(structure, grid)
        steps = max(round(self.steps * self.finer), 1)
        course = Course(structure=structure, path=path or _own(structure), grid=grid, filled=filled, steps=steps,
                        tolerance=self.tolerance, linear=self.linear, times=self.times)  # fmt: skip
        times, rows, notes = [], [], list(refuse_thin(filled, grid))
        rounds, halved, work = 0, 0, np.zeros(3)
        before: Moment | None = None
        large: SolveError | None = None
        for now in course:
            answer = _answer(structure, now)
            try:
                refuse_large(f"path at {now.t:.4g} s", answer.answer.rest)
            except SolveError as found:
                course.ended, large = times[-1] if times else now.t, found
                break
            if keep is not None:
                keep(answer)
            times.append(now.t)
            rows.append([answer.value(one) for one in observe])
            notes += assumed(answer.answer.rest.pieces, grid)
            rounds, halved = rounds + now.rounds, halved + now.halved
            if before is not None:
                work += _work(before, now)
            before = now
        errors = np.abs(np.array(rows).reshape(len(rows), len(observe))).max(axis=0, initial=0.0) * self.tolerance
        if before is None:
            raise large or SolveError(
                f"'{structure.name}' finds no balance at the start of its path. Nothing has happened there yet. Look "
                "for supports that move at t = 0 s, or for a start that is not free of stress."
            )
        notes += _notes(structure, halved, len(times) - 1, course)
        values, t = np.array(rows).reshape(len(times), len(observe)), np.array(times)
        rates = np.gradient(values, t, axis=0) if len(t) > 1 else np.zeros_like(values)
        cells = int(sum(len(one.cells) for one in before.body.pieces))
        entered, made, stored = work.tolist()
        history = History(t=t, names=tuple(one.name for one in observe), values=values, rates=rates,
                          stage_ends=(float(t[-1]),), balance=Balance(entered=entered, made=made, stored=stored),
                          iterations=rounds, cells=cells, iteration_error=float(errors.max(initial=0.0)),
                          iteration_errors=tuple(float(one) for one in errors), solver=self.digest,
                          process=digest((structure, course.path)), seconds=time.perf_counter() - began,
                          notes=tuple(dict.fromkeys(notes)), complete=course.ended is None)  # fmt: skip
        return history, course, large

    def tangent(self, structure: Structure, *, free: tuple[str, ...], observe: tuple[Reading, ...]) -> History:
        """The same run with derivatives of every reading by the named quantities, by central differences."""
        base = self(structure, observe=observe)
        return sloped(base, self.frozen(base), structure, free, observe)

    def refined(self, ratio: float, *, space: bool = True, time: bool = True) -> "Plastic":
        """The same solver with `ratio` times the cells and steps."""
        return replace(self, ratio=self.ratio * (ratio if space else 1.0), finer=self.finer * (ratio if time else 1.0),
                       times=() if time else self.times)  # fmt: skip

    def frozen(self, history: History) -> "Plastic":
        """The same solver on the steps of a history."""
        history.refuse_incomplete("steps are to be frozen")
        return replace(self, times=tuple(float(t) for t in history.t[1:]))

    def width(self, structure: Structure) -> float:
        """Width of its cells, m: the geometric mean over the axes that are resolved."""
        return width(self, structure)

    @property
    def digest(self) -> str:
        """Content hash of the settings."""
        return digest(self)


def _own(structure: Structure) -> LoadPath:
    """The structure's path, or that of its only load case."""
    if structure.path is not None:
        return structure.path
    if len(structure.cases) > 1:
        raise SolveError(
            f"structure '{structure.name}' flows, and has {len(structure.cases)} load cases and no path. What flows "
            "remembers the order. Give Structure(path=LoadPath(...))."
        )
    case = structure.cases[0]
    warm = () if case.temperature is None else (case.stress_free, case.temperature)
    return LoadPath(t=(0.0, 1.0), factors={case.name: (0.0, 1.0)}, warm=warm, warm_at=(0.0, 1.0) if warm else (),
                    stress_free=case.stress_free)  # fmt: skip


def _answer(structure: Structure, now: Moment) -> Flowed:
    """A moment as readings take it."""
    body, state, points = now.body, now.state, now.body.points
    u = state.u
    if body.case.free:
        modes = rigid(body.grid)
        used = np.zeros(u.size, dtype=bool)
        used[np.unique(points.dofs)] = True
        u = np.where(used, u - modes.T @ np.linalg.lstsq(modes[:, used].T, u[used], rcond=None)[0], 0.0)
    weight = points.volume
    whole = np.bincount(points.of, weight)
    grown = np.bincount(points.of, weight * now.grown) / whole
    pieces = [replace(one, T=T, free=grown[points.begin[n] : points.begin[n + 1]])
              for n, (one, T) in enumerate(zip(body.pieces, now.warm, strict=True))]  # fmt: skip
    rest = Rest(grid=body.grid, form=body.form, pieces=pieces, built=body.built, held=body.built, holds=body.holds,
                u=u, load=now.load - body.holds_pull(), iterations=now.rounds, inner=state.pulled,
                energy=state.energy, moved=state.moved, thickness=structure.thickness)  # fmt: skip
    stress = np.stack([np.bincount(points.of, weight * state.stress[:, a]) / whole for a in range(6)], axis=1)
    flowed = np.zeros_like(stress)
    flowed[:, 0] = np.bincount(points.of, weight * state.p) / whole
    fields, strains = [], []
    for n, one in enumerate(pieces):
        mine = slice(points.begin[n], points.begin[n + 1])
        field = sampled(rest, one, structure.plane)
        fields.append(replace(field, stress=np.ascontiguousarray(stress[mine])))
        strains.append(replace(field, stress=np.ascontiguousarray(flowed[mine])))
    shaped = u.reshape(body.grid.active, *body.grid.nodes)
    both = [Answer(case=f"{now.t:.6g} s", rest=rest, u=shaped, fields=tuple(some), balance=(0.0, 0.0))
            for some in (fields, strains)]  # fmt: skip
    return Flowed(t=now.t, answer=both[0], strained=both[1])


def _work(before: Moment, now: Moment) -> Array:
    """Work (J) between two moments: of what acts, supports included; of growth; and what other strains took."""
    moved = now.state.u - before.state.u
    pulled = now.state.pulled + now.body.soft @ now.state.u, before.state.pulled + before.body.soft @ before.state.u
    acting = (np.where(now.body.open, now.load, pulled[0]) + np.where(before.body.open, before.load, pulled[1])) / 2.0
    mean = 0.5 * (now.state.stress + before.state.stress)[:, :3].sum(axis=1)
    growth = float(now.body.points.volume @ (mean * (now.grown - before.grown)))
    return np.array([acting @ moved, -growth, (pulled[0] + pulled[1]) @ moved / 2.0 - growth])


def _notes(structure: Structure, halved: int, steps: int, course: Course) -> list[str]:
    notes = [untold(body.material.name) for body in structure.bodies if body.material.hardens]
    if halved:
        notes.append(f"load steps were halved {halved} times on the way to {steps}")
    if course.ended is not None:
        notes.append(f"no balance was found beyond t = {course.ended:.6g} s")
    return notes
