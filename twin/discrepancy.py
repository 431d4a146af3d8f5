"""What a model lacks: a smooth error of its own over time, kept apart from what its parameters can do."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from ..models import Fit, ModelError, Solver
from .forward import Forward, bases, forward
from .lack import FEWEST, correlation, refuse_kernel
from .problem import Experiment, Problem, pose_rows

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Discrepancy:
    """A fit beside a model error.

    Attributes
    ----------
    fit : Fit
        Values moved to where they belong once the error is allowed for, and their covariance with it.
    size : float, K
        Standard deviation of the model's error.
    length : float, s
        Time over which it stays alike.
    error : (n,) K
        Its mean at each reading of the fit, model minus truth.
    std : (n,) K
        How surely it is known.
    gain : float
        Log likelihood ratio to no model error; below about 3 the data do not ask for one.
    """

    fit: Fit
    size: float
    length: float
    error: Array
    std: Array
    gain: float


def discrepancy(fit: Fit, experiments: Sequence[Experiment], *, solver: Solver, kernel: str = "Matern 3/2",
                orthogonal: bool = True) -> Discrepancy:  # fmt: skip
    """Allow every channel a smooth error over time beside a fit that is there, and let the parameters move with it.

    Off by default: no verdict uses it unless it is called, and what it changes is said in the fit's words. Inside a
    calibration, `calibrate(..., discrepancy=...)` allows for one while values stay those that fit best.

    Parameters
    ----------
    fit : Fit
        Of these experiments.
    experiments : sequence of Experiment
    solver : Solver
    kernel : str
        "OU", "Matern 3/2" or "Matern 5/2".
    orthogonal : bool
        Keep the error out of the directions that the parameters span, so that it does not take their place: values then
        mean what best fits. False lets both compete, and the intervals grow.

    Returns
    -------
    Discrepancy

    Raises
    ------
    ModelError
        Unknown kernel, or a channel with too few readings.
    SolveError
        If the run at the fit fails.

    Notes
    -----
    One size and one length for all channels, by greatest marginal likelihood with the parameters linearised and
    integrated over their priors. Channels err independently of each other. No number tells a model's error from a
    parameter's share of it without further knowledge: the error found holds for this trial, not for another.

    References
    ----------
    Kennedy and O'Hagan, J. R. Stat. Soc. B 63 (2001) 425-464; Plumlee, J. Am. Stat. Assoc. 112 (2017) 1274-1285
    (orthogonality); Rasmussen and Williams, Gaussian Processes (2006), eqs. 4.16 and 5.8.
    """
    refuse_kernel(kernel)
    rows, gaps = pose_rows(experiments)
    problem = Problem(experiments=tuple(experiments), parameters=fit.parameters, guess=fit.values, rows=rows, gaps=gaps)
    at = forward(problem, fit.values, solvers=bases(problem, fit.values, solver=solver))
    short = [row.label for i, row in enumerate(rows) if (at.row == i).sum() < FEWEST]
    if short:
        raise ModelError(
            f"{short[0]} has fewer than {FEWEST} readings. An error over time shows in many. Leave the channel out."
        )
    prior = np.array([0.0 if p.prior is None else 1.0 / p.prior[1] for p in fit.parameters])
    pull = np.array(
        [0.0 if p.prior is None else v - p.prior[0] for p, v in zip(fit.parameters, fit.values, strict=True)]
    )
    wide = np.where(prior > 0.0, prior, 1.0 / np.array([p.upper - p.lower for p in fit.parameters]))
    J, r = at.jacobian, at.residuals
    aside = J / np.linalg.norm(J, axis=0)
    away = np.eye(r.size) - aside @ np.linalg.pinv(aside) if orthogonal else np.eye(r.size)
    stated = np.diag(at.sigmas**2) + at.shared @ at.shared.T
    span = max(float(np.ptp(at.times[at.row == i])) for i in range(len(rows)))
    beat = min(float(np.median(np.diff(at.times[at.row == i]))) for i in range(len(rows)))

    def covariance(size: float, length: float) -> Array:
        return np.asarray(away @ _kernel(at, size, length, kernel) @ away)

    def surprise(log: Array) -> float:
        return _surprise(stated + covariance(*np.exp(log)), J, r, wide)

    none = _surprise(stated, J, r, wide)
    rms = float(np.sqrt(np.mean(r**2)))
    low, high = np.log([1e-3 * rms, 2.0 * beat]), np.log([10.0 * rms, 2.0 * span])
    starts = [np.log([rms, share * span]) for share in (0.05, 0.3)]
    found = min((minimize(surprise, np.clip(s, low, high), method="L-BFGS-B", bounds=list(zip(low, high, strict=True)))
                 for s in starts), key=lambda one: float(one.fun))  # fmt: skip
    size, length = (float(v) for v in np.exp(found.x))
    K = covariance(size, length)
    whole = stated + K
    solved = np.linalg.solve(whole, np.column_stack([J, r]))
    information = J.T @ solved[:, :-1] + np.diag(prior**2)
    spread = np.linalg.inv(information)
    step = -spread @ (J.T @ solved[:, -1] + prior**2 * pull)
    lower, upper = (np.array([getattr(p, side) for p in fit.parameters]) for side in ("lower", "upper"))
    values = np.clip(fit.values + step, lower, upper)
    left = np.linalg.solve(whole, r + J @ (values - fit.values))
    std = np.sqrt(np.maximum(np.diag(K - K @ np.linalg.solve(whole, K)), 0.0))
    gain = max(none - float(found.fun), 0.0)
    new = replace(
        fit, values=values, covariance=spread, words=(*fit.words, *_words(fit, values, spread, size, length, gain))
    )
    return Discrepancy(fit=new, size=size, length=length, error=K @ left, std=std, gain=gain)


def _kernel(at: Forward, size: float, length: float, kernel: str) -> Array:
    """Covariance (n, n) of the model's error: Matern in time within a channel, none between channels."""
    same = at.row[:, None] == at.row
    apart = np.abs(at.times[:, None] - at.times)
    return np.asarray(size**2 * np.where(same, correlation(apart, length, kernel), 0.0))


def _surprise(whole: Array, J: Array, r: Array, wide: Array) -> float:
    """Minus the log of the marginal likelihood, the linearised parameters integrated out over their widths."""
    root = np.linalg.cholesky(whole)
    white = np.linalg.solve(root, np.column_stack([J / wide, r]))
    A, b = white[:, :-1], white[:, -1]
    inner = np.eye(wide.size) + A.T @ A
    rest = float(b @ b - (A.T @ b) @ np.linalg.solve(inner, A.T @ b))
    return float(0.5 * rest + np.log(np.diag(root)).sum() + 0.5 * np.linalg.slogdet(inner)[1])


def _words(fit: Fit, values: Array, spread: Array, size: float, length: float, gain: float) -> list[tuple[str, str]]:
    if gain < 3.0:
        words = [(f"The readings do not ask for an error of the model's own (log likelihood ratio {gain:.1f}).",
                  f"读数未显示模型自身存在偏差（对数似然比 {gain:.1f}）。")]  # fmt: skip
    else:
        words = [(f"The model errs by {size:.2g} K (standard deviation), alike over {length:.2g} s; log likelihood "
                  f"ratio {gain:.0f}. The error is known for these trials only.",
                  f"模型偏差的标准差为 {size:.2g} K，相关时间 {length:.2g} s；对数似然比 {gain:.0f}。"
                  "该偏差仅适用于这些试验。")]  # fmt: skip
    before = zip(fit.values, fit.std, strict=True)
    for p, old, new, v in zip(fit.parameters, before, values, np.diag(spread), strict=True):
        text = f"{old[0]:.4g} ± {old[1]:.2g}", f"{new:.4g} ± {np.sqrt(v):.2g} {p.unit}"
        words.append((f"{p.name}: {text[0]} becomes {text[1]} with the model's error allowed for.",
                      f"{p.name}：计入模型偏差后由 {text[0]} 变为 {text[1]}。"))  # fmt: skip
    return words
