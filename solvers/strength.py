"""Structures at rest: the solver that the rest of the project is handed for stress, displacement and margin."""

import time
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..models import Balance, History, SolveError, digest, quantities
from ..models.errors import did_you_mean
from ..models.gauge import Reading, Safety
from ..models.load import LoadCase
from ..models.quantity import quantity
from ..models.structure import Structure
from .elements import cut_all
from .laid import laid, sloped, width, with_as_many
from .left import left
from .raster import Filled, Raster
from .reading import Answer, read, refuse_unread
from .statics import at_rest
from .together import together
from .walls import assumed, refuse_thin

Array = NDArray[np.float64]
KINDS = ("auto", "direct", "multigrid")
Keep = Callable[[Answer], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength:
    """Trilinear elements that can bend on an even grid; cells that a wall cuts count their solid alone.

    Attributes
    ----------
    cells : int
        Cells through the thinnest distance between two flat faces of the structure.
    along : three ints or None
        Cells over the whole extent along an axis, instead of what `cells` asks for.
    tolerance : float
        Share of the loads that the iteration may leave.
    linear : str
        "direct" by a factorisation, "multigrid" by conjugate gradients without a matrix, "auto" by their number.
    case : str
        Name of the load case, or combination, that is answered; left out, the worst of all of them.
    ratio : float
        Refinement of the cells.
    shift : three floats
        How far the grid is moved under the structure, in cells, 0 to 1.
    """

    cells: float = 4
    along: tuple[int | None, int | None, int | None] = (None, None, None)
    tolerance: float = 1e-8
    linear: str = "auto"
    case: str = ""
    ratio: float = 1.0
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        if not self.cells >= 1 or not 0.0 < self.tolerance < 0.1:
            raise SolveError(
                f"cells = {self.cells}, tolerance = {self.tolerance}: neither a grid nor an answer. Cells are 1 or "
                "more, the tolerance is a small share. Try cells=4, tolerance=1e-8."
            )
        counts = [n for n in self.along if n is not None]
        if not all(isinstance(n, int) and n >= 1 for n in counts) or not all(0.0 <= s < 1.0 for s in self.shift):
            raise SolveError(
                f"along = {self.along}, shift = {self.shift}: no grid. Along an axis there are 1 or more whole cells, "
                "or None; a shift is 0 or more and less than 1. Correct them."
            )
        if self.linear not in KINDS:
            raise SolveError(
                f"linear = '{self.linear}' is none of the {len(KINDS)} ways to solve. "
                f"{did_you_mean(self.linear, KINDS)} Leave it out, and the number of cells decides."
            )

    def __call__(self, structure: Structure, *, observe: tuple[Reading, ...] = (), keep: Keep | None = None,
                 every: object = None) -> History:  # fmt: skip
        """Answer the readings: one column each, the same from t = 0 to 1, for a load that rests.

        Parameters
        ----------
        keep : callable
            Receives an Answer with displacement and stress of every load case and combination.

        Raises
        ------
        SolveError
            If the structure can still move, something loaded has no surface, or a result leaves small displacements.
        """
        del every
        began = time.perf_counter()
        refuse_unread(observe)
        each: dict[str, Answer] = {}
        grid = laid(self, structure)
        filled = cut_all(structure, grid)
        thin = refuse_thin(filled, grid)
        answer = partial(self._answer, structure, grid, filled)
        for case in _wanted(structure, self.case):
            each[case.name] = answer(case)
            if keep is not None:
                keep(each[case.name])
        for one in (more := together(structure, each, self.case, answer)).values():
            if keep is not None:
                keep(one)
        answers = more if self.case in more else {**each, **more}
        values, notes = read(answers, observe)
        notes = tuple(dict.fromkeys((*notes, *thin, *(note for one in answers.values() for note in
                                                       assumed(one.rest.pieces, grid)))))  # fmt: skip
        errors = tuple(max(left(one, float(v), answer) for answer in answers.values())
                       for one, v in zip(observe, values, strict=True))  # fmt: skip
        cells = int(sum((one.rest.built.kind >= 0).sum() for one in list(each.values())[:1]))
        work = sum(one.balance[0] for one in each.values())
        stored = sum(one.balance[1] for one in each.values())
        names, both = tuple(one.name for one in observe), np.stack([values, values])
        return History(t=np.array([0.0, 1.0]), names=names, values=both, rates=np.zeros((2, len(observe))),
                       stage_ends=(1.0,), balance=Balance(entered=work, made=0.0, stored=stored),
                       iterations=sum(one.rest.iterations for one in each.values()), cells=cells,
                       iteration_error=max(errors, default=0.0), iteration_errors=errors, solver=self.digest,
                       process=digest(structure), seconds=time.perf_counter() - began, notes=notes)  # fmt: skip

    def tangent(self, structure: Structure, *, free: tuple[str, ...], observe: tuple[Reading, ...]) -> History:
        """The same run with derivatives of every reading by the named quantities, by central differences."""
        return sloped(self(structure, observe=observe), with_as_many(self, structure), structure, free, observe,
                      _idle(structure, observe))  # fmt: skip

    def _answer(self, structure: Structure, grid: Raster, filled: list[Filled], case: LoadCase) -> Answer:
        rest = at_rest(structure, case, grid, filled, tolerance=self.tolerance, linear=self.linear)
        return Answer.of(structure, case, rest)

    def refined(self, ratio: float, *, space: bool = True, time: bool = True) -> "Strength":
        """The same solver with `ratio` times the cells; there are no steps to refine."""
        del time
        return replace(self, ratio=self.ratio * (ratio if space else 1.0))

    def frozen(self, history: History) -> "Strength":
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


def _idle(structure: Structure, observe: tuple[Reading, ...]) -> set[str]:
    """Quantities that no reading can hang on: those of properties that nothing here asks for."""
    against = {one.against for one in observe if isinstance(one, Safety)}
    asked = {
        "density": any(_heavy(case) for case in structure.cases),
        "expansion": any(case.temperature is not None for case in structure.cases),
        "yields": "yield" in against,
        "ultimate": "ultimate" in against,
        "ply": "ply" in against,
    }
    used = [structure.cases, [body.part for body in structure.bodies], structure.thickness]
    used += [getattr(body.material, one.name) for body in structure.bodies for one in fields(body.material)
             if asked.get(one.name, True)]  # fmt: skip
    return set(quantities(structure)) - set(quantities(used))


def _heavy(case: LoadCase) -> bool:
    return case.rotation is not None or any(quantity(one, "m/s2").value != 0.0 for one in case.gravity)


def _wanted(structure: Structure, name: str) -> tuple[LoadCase, ...]:
    combinations = structure.combinations or {}
    if not name:
        return structure.cases
    if name in combinations:
        return tuple(case for case in structure.cases if case.name in combinations[name])
    found = tuple(case for case in structure.cases if case.name == name)
    if not found:
        known = [*(case.name for case in structure.cases), *combinations]
        raise SolveError(
            f"structure '{structure.name}' has no load case or combination '{name}'. {did_you_mean(name, known)} "
            "Correct the name, or leave it out for the worst of all."
        )
    return found
