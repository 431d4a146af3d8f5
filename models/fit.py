"""What a calibration found, how surely, and from which data."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .quantity import Quantity

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A quantity set free: bounds, prior and transform ("none" or "log").

    `prior` is None (flat inside the bounds) or (mean, standard deviation) in the quantity's unit.
    """

    name: str
    unit: str
    lower: float
    upper: float
    prior: tuple[float, float] | None = None
    transform: str = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """One start of the search: where it began and ended, what it reached, and how it ended."""

    begin: tuple[float, ...]
    end: tuple[float, ...]
    objective: float
    evaluations: int
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lack:
    """What a model lacks beside the readings of its fit: a smooth error over time, apart from what parameters can do.

    Attributes
    ----------
    kernel : str
        How it varies: "OU", "Matern 3/2" or "Matern 5/2".
    size : float, K
        Its standard deviation.
    length : float, s
        Time over which it stays alike.
    gain : float
        Log likelihood ratio to no such error; below about 3 the readings do not ask for one.
    error, std : (n,) K
        Its mean at each reading, model minus truth, orthogonal to the slopes of all parameters, and how surely.
    aliased : (nf,)
        Standard uncertainty that it adds to each parameter, part of the fit's covariance.
    """

    kernel: str
    size: float
    length: float
    gain: float
    error: Array
    std: Array
    aliased: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """The best values with their covariance, and everything a reader needs to doubt them.

    Attributes
    ----------
    parameters : (nf,) Parameter
    values : (nf,)
    covariance : (nf, nf)
        Scaled for the residuals' effective sample size and, where the misfit is larger than stated, for the misfit.
    objective : float
        Sum of squared standardised residuals, priors included.
    starts : tuple of Start
    residuals, sigmas, times : (n,)
        Model minus reading (SI), stated standard uncertainty, and time of each reading used.
    rows : (n,) str
        "trial/channel" of each reading.
    active : tuple of str
        Parameters that stopped at a bound.
    effective : float
        Effective number of independent residuals.
    misfit : float
        Root mean square of standardised residuals; about 1 where the model and the stated noise agree.
    data : mapping of trial name to content hash
    words : tuple of (English, Chinese)
        What is identifiable and what is not, in sentences.
    failures : tuple of str
        Runs that failed, what was tried instead, and how that ended.
    singular_values : (nf,)
        Of the scaled sensitivities: what a prior's width along each direction moves, in standard uncertainties of the
        data, largest first. Below 1 a direction is not seen.
    directions : (nf, nf)
        One row for each: its share of every parameter, in widths of their priors.
    runs : int
        Calls of the solvers, with tangents or without.
    discrepancy : Lack or None
        The model's own error, where it was asked for.
    """

    parameters: tuple[Parameter, ...]
    values: Array
    covariance: Array
    objective: float
    starts: tuple[Start, ...]
    residuals: Array
    sigmas: Array
    times: Array
    rows: tuple[str, ...]
    active: tuple[str, ...]
    effective: float
    misfit: float
    data: Mapping[str, str]
    solver: str
    process: str
    words: tuple[tuple[str, str], ...] = ()
    failures: tuple[str, ...] = ()
    singular_values: Array = field(default_factory=lambda: np.zeros(0))
    runs: int = 0
    directions: Array = field(default_factory=lambda: np.zeros((0, 0)))
    discrepancy: Lack | None = None

    @property
    def std(self) -> Array:
        """(nf,) standard uncertainties."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    @property
    def correlation(self) -> Array:
        """(nf, nf)."""
        spread = np.where(self.std > 0, self.std, 1.0)
        return np.asarray(self.covariance / np.outer(spread, spread))

    @property
    def rms(self) -> float:
        """Root mean square residual, SI."""
        return float(np.sqrt(np.mean(self.residuals**2)))

    def quantities(self) -> dict[str, Quantity]:
        """The fitted parameters as quantities, correlated as the group "fit"."""
        return {p.name: Quantity(value=float(v), unit=p.unit, std=float(s), name=p.name, group="fit",
                                 source="calibrated", valid=(p.lower, p.upper))
                for p, v, s in zip(self.parameters, self.values, self.std, strict=True)}  # fmt: skip

    def __str__(self) -> str:
        lines = [f"{p.name} = {v:.5g} +- {1.96 * s:.2g} {p.unit} (95 %)"
                 for p, v, s in zip(self.parameters, self.values, self.std, strict=True)]  # fmt: skip
        best = sum(abs(s.objective - self.objective) <= 1e-3 * max(self.objective, 1e-12) for s in self.starts)
        return "\n".join([*lines, f"rms {self.rms:.3g}; best value reached by {best} of {len(self.starts)} starts"])
