"""How far a structure swings under loads that go to and fro: modes added up, and at rest what they leave out."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..models import Balance, History, SolveError, digest
from ..models.gauge import STRAINS, Gauge
from ..models.load import LoadCase
from ..models.structure import Structure
from .elements import cut_all
from .laid import laid, sloped, width, with_as_many
from .modes import Along, Modal, answer_of, cases_of, shape_of
from .reading import COMPONENTS, Answer, refuse_large, value
from .statics import at_rest

Array = NDArray[np.float64]
LINEAR = ("ux", "uy", "uz", *COMPONENTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Harmonic:
    """Amplitudes of gauges where the loads of a case swing as one, by `modes` modes and a correction at rest.

    Attributes
    ----------
    frequencies : tuple of float, Hz
        Rising; those of the loads.
    damping : float
        Of every mode, over critical.
    modes, cells, along, tolerance, case, ratio, shift : as of Modal
        What modes above those add is what they add at rest. So the highest of them should lie well above the highest
        frequency; it is refused below.
    """

    frequencies: tuple[float, ...]
    damping: float = 0.01
    modes: int = 10
    cells: float = 4
    along: Along = (None, None, None)
    tolerance: float = 1e-7
    case: str = ""
    ratio: float = 1.0
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        line = np.asarray(self.frequencies, dtype=float)
        if line.size < 2 or not (np.diff(line) > 0.0).all() or line[0] < 0.0:
            raise SolveError(
                f"{line.size} frequencies from {line.min(initial=0.0):g} Hz do not rise from 0 on. A response is asked "
                "for at two or more. Sort them."
            )
        if not 0.0 < self.damping < 1.0:
            raise SolveError(
                f"damping = {self.damping:g} of critical is no share. Metal has 0.001 to 0.02, and at 0 resonance has "
                "no end. Give a measured one."
            )

    def __call__(self, structure: Structure, *, observe: tuple[Gauge, ...] = (),
                 keep: Callable[[Answer], None] | None = None, every: object = None) -> History:  # fmt: skip
        """Amplitudes of the gauges: a row per frequency, and the frequencies, Hz, in place of times.

        Parameters
        ----------
        keep : callable
            Receives the shapes that were added up, their greatest motion 1 m.

        Raises
        ------
        SolveError
            If nothing holds the structure, a reading is not linear, a support moves, or the highest mode lies below
            the highest frequency.
        """
        del every
        began = time.perf_counter()
        for one in observe:
            if not isinstance(one, Gauge) or one.what not in LINEAR or one.what in STRAINS:
                raise SolveError(
                    f"'{one.name}' reads {getattr(one, 'what', type(one).__name__)}, which does not swing with the "
                    f"load. A response is 1 motion or stress of {', '.join(LINEAR)}. Ask for a Gauge of one of these."
                )
        cases = cases_of(structure, self.case)
        if len(cases) > 1:
            raise SolveError(
                f"structure '{structure.name}' has {len(cases)} load cases, and 1 of them swings. Name it: case="
                f"'{cases[0].name}'."
            )
        return self._swung(structure, cases[0], observe, keep, began)

    def _swung(self, structure: Structure, case: LoadCase, observe: tuple[Gauge, ...],
               keep: Callable[[Answer], None] | None, began: float) -> History:  # fmt: skip
        if case.free or case.temperature is not None:
            what = "is free" if case.free else "is warm"
            raise SolveError(
                f"load case '{case.name}' {what}, and is to swing at {self.frequencies[0]:g} Hz. What swings here is "
                "held, and its forces swing with it. Leave that out, or add supports."
            )
        modal = Modal(cells=self.cells, along=self.along, tolerance=self.tolerance, ratio=self.ratio, shift=self.shift)
        grid = laid(modal, structure)
        filled = cut_all(structure, grid)
        rest = at_rest(structure, case, grid, filled, tolerance=self.tolerance, linear="auto")
        refuse_large(case.name, rest)
        if rest.holds.value.any() or rest.holds.pull.any():
            raise SolveError(
                f"load case '{case.name}' moves a support by {np.abs(rest.holds.value).max():.3g} m while it swings. "
                "Supports stand still here. Give them 0, and load the structure by forces."
            )
        posed, squared, shapes, _, turns, _ = modal.solved(structure, case, grid, filled, self.modes)
        own = np.sqrt(squared)
        if own[-1] < 2.0 * np.pi * self.frequencies[-1]:
            raise SolveError(
                f"the highest of {self.modes} modes is at {own[-1] / 2 / np.pi:.4g} Hz, below the highest frequency, "
                f"{self.frequencies[-1]:g} Hz. Modes reach beyond what they answer. Ask for more modes."
            )
        if keep is not None:
            for n, x in enumerate(shapes.T):
                keep(shape_of(f"{case.name}: mode {n + 1}, {own[n] / 2 / np.pi:.6g} Hz", structure, posed, x))
        push = shapes.T @ rest.load
        still_of = answer_of(case.name, structure, rest, rest.u)
        still = np.array([value(one, still_of) for one in observe])
        answers = [answer_of("", structure, posed, x) for x in shapes.T]
        each = np.array([[value(one, answer) for one in observe] for answer in answers])
        w = 2.0 * np.pi * np.asarray(self.frequencies)[:, None]
        swing = push / (squared - w**2 + 2j * self.damping * own * w) - push / squared
        found = np.abs(still + swing @ each.reshape(self.modes, len(observe)))
        work = float(rest.u @ rest.load)
        told = (float((push**2 / squared).sum()) / work if work else 1.0) * 100.0
        note = (f"{case.name}: {self.modes} modes up to {own[-1] / 2 / np.pi:.4g} Hz hold {told:.4g} % of what the "
                "loads do at rest; the remainder is added at rest")  # fmt: skip
        return History(t=np.asarray(self.frequencies, dtype=float), names=tuple(one.name for one in observe),
                       values=found, rates=np.gradient(found, np.asarray(self.frequencies), axis=0),
                       stage_ends=(float(self.frequencies[-1]),),
                       balance=Balance(entered=work, made=0.0, stored=float(rest.u @ rest.pulled())),
                       iterations=turns, cells=len(rest.built.cells),
                       iteration_error=self.tolerance * float(found.max(initial=0.0)), solver=self.digest,
                       process=digest(structure), seconds=time.perf_counter() - began,
                       notes=(note,))  # fmt: skip

    def tangent(self, structure: Structure, *, free: tuple[str, ...], observe: tuple[Gauge, ...]) -> History:
        """The same run with derivatives of every amplitude by the named quantities, by central differences."""
        return sloped(self(structure, observe=observe), with_as_many(self, structure), structure, free, observe)

    def refined(self, ratio: float, *, space: bool = True, time: bool = True) -> "Harmonic":
        """The same solver with `ratio` times the cells; the frequencies stay."""
        del time
        return replace(self, ratio=self.ratio * (ratio if space else 1.0))

    def frozen(self, history: History) -> "Harmonic":
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
