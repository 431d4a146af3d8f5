"""Sensitivity of a verdict's number to its inputs: through runs, or through derivatives."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..models import Fit, Interest, ModelError, Solver, substitute
from ..models.errors import did_you_mean
from ..models.solver import Asked, Recipe
from .budget import predict
from .draws import factors
from .inputs import inputs
from .morris import Screening, morris
from .sobol import Sensitivity, one_by_one, sobol

Tell = Callable[[str, float], None]
Workers = Callable[..., Iterable[Any]]
WAYS = ("runs", "tangents")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Number:
    """The number of interest as a function of named quantities; a noun, so that it travels to other processes."""

    process: Recipe
    interest: Interest
    solver: Solver
    observe: tuple[Asked, ...]

    def __call__(self, values: dict[str, float]) -> float:
        """One run."""
        return self.interest.value(self.solver(substitute(self.process, values), observe=self.observe))


def sensitivity(process: Recipe, *, interest: Interest, solver: Solver, observe: Sequence[Asked],
                fit: Fit | None = None, by: str = "runs", n: int = 64, seed: int = 1, workers: Workers = map,
                tell: Tell | None = None) -> Sensitivity:  # fmt: skip
    """Shares of a number's variance that its uncertain inputs make.

    Parameters
    ----------
    process : Process
        Every named quantity with std > 0 counts; fitted values are put in here.
    interest, observe : as for `predict`
    fit : Fit or None
        Its parameters move together, as one factor "fit".
    by : str
        "runs": Sobol indices from n (factors + 2) runs, failed ones left out. "tangents": one run with derivatives,
        right where the number is straight in its inputs.
    n, seed : int
        Of the design, n a power of two.
    workers : callable
        With the face of `map`, such as that of a pool of processes.
    tell : callable or None
        Gets a sentence and the share done.

    Returns
    -------
    Sensitivity
        Its `content()` goes into verdict.json through more={"sensitivity": ...}.

    Raises
    ------
    ModelError
        If `by` is not known, or nothing is uncertain.
    SolveError
        If too many runs fail.
    """
    if by not in WAYS:
        raise ModelError(f"by = '{by}' is not known. {did_you_mean(by, WAYS)} Say by='runs' or by='tangents'.")
    known = inputs(process, fit=fit)
    if by == "tangents":
        return _straight(process, interest, solver, observe, fit)
    number = Number(process=known.process, interest=interest, solver=solver, observe=tuple(observe))
    runs = n * (len(factors(known)) + 2)
    return sobol(one_by_one(number, workers=_told(workers, runs, tell)), known, n=n, seed=seed)


def screen(process: Recipe, *, interest: Interest, solver: Solver, observe: Sequence[Asked],
           fit: Fit | None = None, trajectories: int = 10, seed: int = 1, workers: Workers = map,
           tell: Tell | None = None) -> Screening:  # fmt: skip
    """Elementary effects of a number's uncertain inputs, at trajectories (factors + 1) runs; see `sensitivity`."""
    known = inputs(process, fit=fit)
    number = Number(process=known.process, interest=interest, solver=solver, observe=tuple(observe))
    runs = trajectories * (len(factors(known)) + 1)
    return morris(one_by_one(number, workers=_told(workers, runs, tell)), known, trajectories=trajectories, seed=seed)


def _told(workers: Workers, runs: int, tell: Tell | None) -> Workers:
    """The same workers, saying how far they are."""

    def each(function: Callable[..., Any], rows: Iterable[Any]) -> Iterable[Any]:
        for done, value in enumerate(workers(function, rows)):
            if tell is not None:
                tell(f"sensitivity: run {done + 1} of {runs}", done / runs)
            yield value

    return each


def _straight(process: Recipe, interest: Interest, solver: Solver, observe: Sequence[Asked],
              fit: Fit | None) -> Sensitivity:  # fmt: skip
    known = inputs(process, fit=fit)
    parts = factors(known)
    found = predict(process, interest=interest, solver=solver, observe=observe, fit=fit)
    place = {name: i for i, name in enumerate(known.names)}
    made = np.empty(len(parts))
    for i, part in enumerate(parts):
        own = [place[q.name] for q in part.quantities]
        slopes = found.slopes[own]
        made[i] = slopes @ known.covariance[np.ix_(own, own)] @ slopes
    if not made.sum() > 0.0:
        raise ModelError(
            f"the number stays at {found.value:.6g} {interest.unit}. Shares of a variance need one. "
            "Widen the inputs, or ask for a number that they move."
        )
    share = made / made.sum()
    same = np.stack([share, share], axis=1)
    words = (("Shares by derivatives at the stated values: what bends or interacts is not seen.",
              "份额由所述取值处的导数得出：不反映弯曲与交互作用。"),)  # fmt: skip
    return Sensitivity(method="tangents", names=tuple(p.name for p in parts), first=share, total=share,
                       first_interval=same, total_interval=same, first_bounds=same, total_bounds=same,
                       mean=found.value, variance=float(made.sum()), n=1, runs=1, failed=0, chance=1.0, where=(),
                       words=words)  # fmt: skip
