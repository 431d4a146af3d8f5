"""How a structure swings and when it buckles: solvers with the face of those at rest, for its modes."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..models import Balance, History, SolveError, digest
from ..models.combination import held_alike, merged
from ..models.errors import did_you_mean
from ..models.gauge import BucklingFactor, Frequency
from ..models.load import LoadCase
from ..models.quantity import quantity
from ..models.structure import Structure
from .elements import cut_all
from .laid import laid, sloped, width, with_as_many
from .raster import Filled, Raster
from .reading import Answer
from .spectrum import Open, least_load, lowest, mass, posed, stretched
from .statics import Rest, at_rest
from .stress import sampled

Array = NDArray[np.float64]
Keep = Callable[[Answer], None]
Along = tuple[int | None, int | None, int | None]


def cases_of(structure: Structure, name: str) -> tuple[LoadCase, ...]:
    """The load case or combination of that name, merged; all load cases where none is named.

    Raises
    ------
    SolveError
        If there is none of that name.
    """
    known = {case.name: case for case in structure.cases}
    if not name:
        return structure.cases
    if name in (structure.combinations or {}):
        parts = [(known[one], share) for one, share in (structure.combinations or {})[name].items()]
        held_alike(name, [case for case, _ in parts])
        return (merged(name, parts),)
    if name not in known:
        every = [*known, *(structure.combinations or {})]
        raise SolveError(
            f"structure '{structure.name}' has no load case or combination '{name}'. {did_you_mean(name, every)} "
            "Correct the name, or leave it out for the least of all."
        )
    return (known[name],)


def _checked(solver: "Modal | Buckling") -> None:
    if not (solver.cells >= 1 and isinstance(solver.modes, int) and solver.modes >= 1 and 0 < solver.tolerance < 0.1):
        raise SolveError(
            f"cells = {solver.cells}, modes = {solver.modes}, tolerance = {solver.tolerance}: no grid, no modes or no "
            "answer. Cells and modes are 1 or more, the tolerance is a small share. Try cells=4, modes=6, "
            "tolerance=1e-7."
        )


def _asked(observe: tuple[Any, ...], kind: type, what: str) -> int:
    for one in observe:
        if not isinstance(one, kind):
            raise SolveError(
                f"'{getattr(one, 'name', one)}' is of the kind {type(one).__name__}, which {what} do not read. They "
                f"read {kind.__name__}. Ask for that, or hand the reading to Strength."
            )
    return max((one.mode for one in observe), default=1)


def answer_of(name: str, structure: Structure, rest: Rest, u: Array) -> Answer:
    """A motion (active * nodes,) m of a structure as an answer, with the stresses that go with it."""
    own = replace(rest, u=u, load=np.zeros(u.size))
    fields = tuple(sampled(own, one, structure.plane) for one in own.pieces)
    twice = float(u @ own.pulled())
    return Answer(case=name, rest=own, u=u.reshape(rest.grid.active, *rest.grid.nodes), fields=fields,
                  balance=(twice, twice))  # fmt: skip


def shape_of(name: str, structure: Structure, rest: Rest, x: Array) -> Answer:
    """A shape (active * nodes,) as an answer whose greatest motion is 1 m."""
    return answer_of(name, structure, rest, x / max(float(np.abs(x).max()), 1e-300))


def _history(solver: "Modal | Buckling", structure: Structure, observe: tuple[Any, ...], value: Array, cells: int,
             turns: int, balance: tuple[float, float], began: float, notes: list[str]) -> History:  # fmt: skip
    errors = tuple(solver.tolerance * abs(float(one)) for one in value)
    return History(t=np.array([0.0, 1.0]), names=tuple(one.name for one in observe), values=np.stack([value, value]),
                   rates=np.zeros((2, value.size)), stage_ends=(1.0,),
                   balance=Balance(entered=balance[0], made=0.0, stored=balance[1]), iterations=turns, cells=cells,
                   iteration_error=max(errors, default=0.0), iteration_errors=errors, solver=solver.digest,
                   process=digest(structure), seconds=time.perf_counter() - began, notes=tuple(notes))  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Modal:
    """Natural frequencies and shapes of a structure on its supports, not stressed; what is free floats.

    Attributes
    ----------
    cells, along, ratio, shift : as of Strength
    modes : int
        How many shapes `keep` receives, at least; readings may ask for higher ones.
    tolerance : float
        Relative, of frequencies squared.
    case : str
        Whose supports and warmth count; left out, the lowest frequency of all cases.
    """

    cells: float = 4
    modes: int = 6
    along: Along = (None, None, None)
    tolerance: float = 1e-7
    case: str = ""
    ratio: float = 1.0
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        _checked(self)

    def __call__(self, structure: Structure, *, observe: tuple[Frequency, ...] = (), keep: Keep | None = None,
                 every: object = None) -> History:  # fmt: skip
        """Answer the readings, Hz: one column each, the same from t = 0 to 1.

        Parameters
        ----------
        keep : callable
            Receives an Answer per mode, its greatest motion 1 m, from the lowest on.

        Raises
        ------
        SolveError
            If there is no density, or there are more modes than unknowns.
        """
        del every
        began, count = time.perf_counter(), max(self.modes, _asked(observe, Frequency, "modes of vibration"))
        grid = laid(self, structure)
        filled = cut_all(structure, grid)
        found, notes, turns, energies, cells = [], [], 0, np.zeros(2), 0
        for case in cases_of(structure, self.case):
            rest, value, vectors, stored, more, told = self.solved(structure, case, grid, filled, count)
            found.append(np.sqrt(value) / (2.0 * np.pi))
            turns, cells = turns + more, len(rest.built.cells)
            notes += told
            energies += (float(value.sum()), stored)
            if keep is not None:
                for n, x in enumerate(vectors.T):
                    keep(shape_of(f"{case.name}: mode {n + 1}, {found[-1][n]:.6g} Hz", structure, rest, x))
        least = np.min(found, axis=0)
        value = np.array([least[one.mode - 1] for one in observe])
        return _history(self, structure, observe, value, cells, turns, (energies[0], energies[1]), began, notes)

    def solved(self, structure: Structure, case: LoadCase, grid: Raster, filled: list[Filled],
               count: int) -> tuple[Rest, Array, Array, float, int, list[str]]:  # fmt: skip
        """The supported structure, frequencies (k,) squared 1/s2, shapes (active * nodes, k), and how it went.

        That is twice the strain energy of all shapes, of 1 kg each, iterations and notes.
        """
        rest = posed(structure, case, grid, filled)
        way = Open.of(rest)
        way.refuse_more(count, structure.name)
        B = way.of_components(mass(rest))
        found = lowest(way, B, count, self.tolerance, _slow(rest))
        vectors = np.zeros((rest.u.size, count))
        vectors[way.use] = found.vector
        told = []
        if way.drift.shape[1]:
            told.append(f"{case.name}: {way.drift.shape[1]} motions as a whole are left out: it can "
                        f"{', '.join(way.ways)}")  # fmt: skip
        return rest, found.value, vectors, float(found.stored.sum()), found.turns, told

    def tangent(self, structure: Structure, *, free: tuple[str, ...], observe: tuple[Frequency, ...]) -> History:
        """The same run with derivatives of every reading by the named quantities, by central differences."""
        return sloped(self(structure, observe=observe), with_as_many(self, structure), structure, free, observe)

    def refined(self, ratio: float, *, space: bool = True, time: bool = True) -> "Modal":
        """The same solver with `ratio` times the cells; there are no steps to refine."""
        del time
        return replace(self, ratio=self.ratio * (ratio if space else 1.0))

    def frozen(self, history: History) -> "Modal":
        """The same solver: it takes no steps."""
        history.refuse_incomplete("steps are to be frozen")
        return self

    def width(self, structure: Structure) -> float:
        """Width of its cells, m: the geometric mean over the axes that are resolved."""
        return width(self, structure)

    @property
    def digest(self) -> str:
        """Content hash of the settings."""
        return digest(self)


def _slow(rest: Rest) -> float:
    """A frequency squared, 1/s2, of a wave that takes long to cross the structure."""
    size = float(np.linalg.norm((np.array(rest.grid.shape) * rest.grid.spacing)[: rest.grid.active]))
    one = rest.pieces[0]
    return float(one.stiff[0, 0, 0]) / quantity(one.filled.material.density, "kg/m3").value / size**2


@dataclass(frozen=True, slots=True, kw_only=True)
class Buckling:
    """By what the loads of a structure may grow until it leaves its shape: linear buckling out of small displacements.

    Attributes
    ----------
    cells, along, ratio, shift, case : as of Strength
    modes : int
        How many shapes `keep` receives, at least.
    tolerance : float
        Relative, of factors.
    """

    cells: float = 4
    modes: int = 1
    along: Along = (None, None, None)
    tolerance: float = 1e-7
    case: str = ""
    ratio: float = 1.0
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        _checked(self)

    def __call__(self, structure: Structure, *, observe: tuple[BucklingFactor, ...] = (), keep: Keep | None = None,
                 every: object = None) -> History:  # fmt: skip
        """Answer the readings: one column each, the same from t = 0 to 1; the least of all load cases.

        Parameters
        ----------
        keep : callable
            Receives an Answer per mode, its greatest motion 1 m, from the least factor on.

        Raises
        ------
        SolveError
            If nothing holds the structure, or its loads press nowhere.
        """
        del every
        began, count = time.perf_counter(), max(self.modes, _asked(observe, BucklingFactor, "modes of buckling"))
        if structure.bodies[0].part.metric != "cartesian":
            raise SolveError(
                f"structure '{structure.name}' is axisymmetric, and is asked for its buckling. Round parts buckle out "
                "of round, at lower loads than 1 section shows. Model it as a solid."
            )
        grid = laid(self, structure)
        filled = cut_all(structure, grid)
        found, notes, turns, energies, cells = [], [], 0, np.zeros(2), 0
        for case in cases_of(structure, self.case):
            if case.free:
                raise SolveError(
                    f"load case '{case.name}' is free: 0 supports hold it while it is stressed. What buckles stands on "
                    "supports. Leave free out, and add supports."
                )
            rest = at_rest(structure, case, grid, filled, tolerance=self.tolerance, linear="auto")
            way = Open.of(rest)
            way.refuse_more(count, structure.name)
            S = way.of_components(stretched(rest, [sampled(rest, one, structure.plane).stress for one in rest.pieces]))
            value, x, stored, more = least_load(way, S, count, self.tolerance)
            if not (value > 0.0).all():
                raise SolveError(
                    f"load case '{case.name}': {int((value > 0.0).sum())} of the {count} modes asked for buckle under "
                    "a load that grows; the loads press too little. Turn the loads round, or ask for fewer modes."
                )
            found.append(1.0 / value)
            turns, cells = turns + more, len(rest.built.cells)
            notes.append(f"{case.name}: buckles at {found[-1][0]:.6g} times its loads")
            energies += (x.shape[1], float(stored.sum()))
            if keep is not None:
                for n in range(count):
                    name = f"{case.name}: buckling {n + 1}, {found[-1][n]:.6g} times the loads"
                    keep(shape_of(name, structure, rest, way.whole(x[:, n])))
        least = np.min(found, axis=0)
        value = np.array([least[one.mode - 1] for one in observe])
        return _history(self, structure, observe, value, cells, turns, (energies[0], energies[1]), began, notes)

    def tangent(self, structure: Structure, *, free: tuple[str, ...], observe: tuple[BucklingFactor, ...]) -> History:
        """The same run with derivatives of every reading by the named quantities, by central differences."""
        return sloped(self(structure, observe=observe), with_as_many(self, structure), structure, free, observe)

    def refined(self, ratio: float, *, space: bool = True, time: bool = True) -> "Buckling":
        """The same solver with `ratio` times the cells; there are no steps to refine."""
        del time
        return replace(self, ratio=self.ratio * (ratio if space else 1.0))

    def frozen(self, history: History) -> "Buckling":
        """The same solver: it takes no steps."""
        history.refuse_incomplete("steps are to be frozen")
        return self

    def width(self, structure: Structure) -> float:
        """Width of its cells, m: the geometric mean over the axes that are resolved."""
        return width(self, structure)

    @property
    def digest(self) -> str:
        """Content hash of the settings."""
        return digest(self)
