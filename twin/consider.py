"""A fit's covariance with the share of everything that the fit held fixed."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..models import Fit, Parameter, Solver, quantities
from .forward import bases, forward
from .problem import Experiment, Problem, pose_rows


def consider(fit: Fit, experiments: Sequence[Experiment], *, solver: Solver) -> Fit:
    """The same values, their covariance widened by the inputs and sensor causes that were not moved.

    Parameters
    ----------
    fit : Fit
        Of these experiments; it may have weighed readings by their scatter alone.
    experiments : sequence of Experiment
        With every cause stated: offsets, lags, places, and quantities with a std.
    solver : Solver

    Returns
    -------
    Fit

    Notes
    -----
    With the least-squares gain K = (J'WJ + P)^-1 J'W, J the sensitivities to the fitted, G those to the held causes at
    one standard uncertainty each, the covariance grows by K G G' K'. Inputs shared with a later use are taken as
    independent of what they did here.

    References
    ----------
    Schmidt, Advances in Control Systems 3 (1966), p. 293; Tapley, Schutz and Born, Statistical Orbit Determination
    (2004), ch. 6.
    """
    runs = tuple(experiments)
    known = quantities([run.process for run in runs])
    held = [q for name, q in known.items() if q.std > 0.0 and name not in {p.name for p in fit.parameters}]
    parameters = (*fit.parameters, *(Parameter(name=q.name, unit=q.unit, lower=-np.inf, upper=np.inf) for q in held))
    values = np.concatenate([fit.values, [q.value for q in held]])
    rows, gaps = pose_rows(runs)
    problem = Problem(experiments=runs, parameters=parameters, guess=values, rows=rows, gaps=gaps)
    at = forward(problem, values, solvers=bases(problem, values, solver=solver))
    n = len(fit.parameters)
    J, weight = at.jacobian[:, :n], at.sigmas**-2.0
    held_causes = np.hstack([at.jacobian[:, n:] * np.array([q.std for q in held]), at.shared])
    prior = np.diag([0.0 if p.prior is None else p.prior[1] ** -2.0 for p in fit.parameters])
    gain = np.linalg.solve(J.T @ (J * weight[:, None]) + prior, J.T * weight)
    spread = gain @ held_causes
    names = [*(q.name for q in held), *at.labels]
    words = list(fit.words)
    for i, p in enumerate(fit.parameters):
        order = np.argsort(-np.abs(spread[i]))[:3]
        text = ", ".join(f"{names[k]} {abs(spread[i, k]):.2g}" for k in order)
        total = float(np.sqrt(fit.covariance[i, i] + (spread[i] ** 2).sum()))
        words.append((f"{p.name}: with all that was held fixed its standard uncertainty is {total:.2g} {p.unit}; "
                      f"most comes from {text}.",
                      f"{p.name}：计入所有固定未动的因素后，标准不确定度为 {total:.2g} {p.unit}；"
                      f"主要来自 {text}。"))  # fmt: skip
    return replace(fit, covariance=fit.covariance + spread @ spread.T, words=tuple(words))
