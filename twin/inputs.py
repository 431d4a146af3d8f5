"""All that a recipe says it does not know exactly, with what a fit knows better, as one covariance."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..models import Fit, Quantity, quantities, substitute
from ..models.solver import Recipe

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Inputs:
    """Uncertain quantities of a process.

    Attributes
    ----------
    process : Process
        With the fitted values put in.
    quantities : (m,) Quantity
        Fitted ones carry the fit's std.
    fitted : (m,) bool
    covariance : (m, m)
        The fit's block, full correlation inside groups, nothing between the rest.
    """

    process: Recipe
    quantities: tuple[Quantity, ...]
    fitted: NDArray[np.bool_]
    covariance: Array

    @property
    def names(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(q.name for q in self.quantities)


def inputs(process: Recipe, *, fit: Fit | None = None) -> Inputs:
    """The uncertain quantities of a process: every named one with std > 0, and the fitted ones that it has."""
    known = quantities(process)
    found = {} if fit is None else {n: q for n, q in fit.quantities().items() if n in known}
    ready = substitute(process, {n: q.value for n, q in found.items()})
    rest = [q for n, q in known.items() if n not in found and q.std > 0.0]
    every = (*found.values(), *rest)
    covariance = np.diag([q.std**2 for q in every]) if every else np.zeros((0, 0))
    if fit is not None and found:
        own = [i for i, p in enumerate(fit.parameters) if p.name in found]
        covariance[: len(own), : len(own)] = fit.covariance[np.ix_(own, own)]
    for i, a in enumerate(every):
        for j, b in enumerate(every):
            if i != j and a.group and a.group == b.group and min(i, j) >= len(found):
                covariance[i, j] = a.std * b.std
    return Inputs(process=ready, quantities=every, covariance=covariance,
                  fitted=np.array([i < len(found) for i in range(len(every))], dtype=bool))  # fmt: skip
