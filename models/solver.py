"""The seam: what twin/ and cases/ may ask of any solver - the full, the reduced, a remote one or a stub in a test."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from .gauge import Reading
from .history import History, Observation
from .process import Process
from .structure import Structure

Recipe = Process | Structure
Asked = Observation | Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a run will about take, said before it starts: from one step really taken."""

    cells: int
    steps: int
    seconds: float
    bytes: float

    def __str__(self) -> str:
        size = f"{self.bytes / 1e9:.1f} GB" if self.bytes > 1e9 else f"{max(self.bytes / 1e6, 1):.0f} MB"
        return f"{self.cells} cells, about {self.steps} steps, {max(self.seconds, 0.1):.1f} s, {size}"


@runtime_checkable
class Solver(Protocol):
    """A small frozen noun with a content hash.

    `refined(ratio)` is the same solver with cells and steps divided by `ratio` (coarser below 1).
    `frozen(history)` repeats the accepted steps of a run, so that results are smooth in the parameters;
    refining a frozen solver divides those steps.
    """

    def __call__(self, process: Recipe, *, observe: tuple[Asked, ...] = (), keep: Callable[[Any], None] | None = None,
                 every: float | Sequence[float] | None = None) -> History:  # fmt: skip
        """Run the process; `keep` receives a Frame at the start, every so many s or at those times, and at the end.

        A structure at rest has no times: `keep` receives what each of its load cases gave.
        """
        ...

    def tangent(self, process: Recipe, *, free: tuple[str, ...], observe: tuple[Asked, ...]) -> History:
        """The same run with derivatives by the named quantities."""
        ...

    def refined(self, ratio: float, *, space: bool = True, time: bool = True) -> "Solver":
        """The same solver, finer."""
        ...

    def frozen(self, history: History) -> "Solver":
        """The same solver on the steps of that run."""
        ...

    @property
    def digest(self) -> str:
        """Content hash of the settings."""
        ...
