"""Bounded least squares by Gauss-Newton steps in a trust region; a failed run shortens the step, on record."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import lsq_linear

from ..models import ForetrialError

Array = NDArray[np.float64]
Residuals = Callable[[Array], tuple[Array, Array]]
ROUNDS = 4  # a base is set anew at most so often
STEPS = 12  # steps on one base
CLOSE = 1e-6  # share of the objective that a further step would have to gain
MOVED = 5e-4  # of the bounds: a base that moved less is not set anew


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Descent:
    """Where a search began and ended, in coordinates 0..1, what it cost and how it ended."""

    begin: Array
    end: Array
    objective: float
    evaluations: int
    outcome: str
    failures: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether no run of it succeeded."""
        return not np.isfinite(self.objective)


def descend(rebase: Callable[[Array], Residuals], begin: Array, *, tell: Callable[[str, float], None] | None = None,
            about: str = "", rounds: int = ROUNDS) -> Descent:  # fmt: skip
    """Minimise the sum of squared residuals inside the unit cube.

    Parameters
    ----------
    rebase : callable
        Takes coordinates (nf,), returns a function of coordinates that gives residuals (n,) and Jacobian (n, nf),
        smooth around them; it is called anew until the end no longer moves. Both may raise ForetrialError.
    begin : (nf,) array
    tell : callable or None
        Gets a sentence and the share done.

    Returns
    -------
    Descent
        Its outcome is "converged", "stopped after ... steps", or "failed: ..." with the cause.

    References
    ----------
    Nocedal and Wright, Numerical Optimization, 2nd ed., ch. 10.3 and 16.7.
    """
    u, failures, count = np.clip(begin, 0.0, 1.0), [], 0
    objective, outcome, radius = np.inf, "", 0.3
    for turn in range(rounds):
        try:
            residuals = rebase(u)
            r, J = residuals(u)
        except ForetrialError as cause:
            failures.append(str(cause))
            if turn == 0:
                return Descent(begin=begin, end=u, objective=np.inf, evaluations=1, outcome=f"failed: {cause}",
                               failures=tuple(failures))  # fmt: skip
            outcome = "stopped: the run at the best point failed when its steps were chosen anew"
            break
        count += 1
        start, objective, outcome = u, float(r @ r), f"stopped after {STEPS} steps"
        for step in range(STEPS):
            if tell is not None:
                tell(f"{about}round {turn + 1}, step {step + 1}: {objective:.4g}", (turn + step / STEPS) / rounds)
            p, gain = _step(r, J, u, radius)
            if gain <= CLOSE * objective + 1e-12 or np.abs(p).max() < 1e-8:
                outcome = "converged"
                break
            count += 1
            try:
                r_new, J_new = residuals(u + p)
            except ForetrialError as cause:
                failures.append(str(cause))
                radius = float(np.abs(p).max()) / 4.0
                continue
            ratio = (objective - float(r_new @ r_new)) / gain
            if ratio < 0.25:
                radius = float(np.abs(p).max()) / 3.0
            elif ratio > 0.75:
                radius = max(radius, 2.0 * float(np.abs(p).max()))
            if ratio > 1e-3:
                u, r, J, objective = np.clip(u + p, 0.0, 1.0), r_new, J_new, float(r_new @ r_new)
        if outcome == "converged" and np.abs(u - start).max() < MOVED:
            break
    return Descent(
        begin=begin, end=u, objective=objective, evaluations=count, outcome=outcome, failures=tuple(failures)
    )


def _step(r: Array, J: Array, u: Array, radius: float) -> tuple[Array, float]:
    """The bounded Gauss-Newton step (nf,) inside the trust box, and the reduction that the linear model promises."""
    damping = 1e-7 * max(float(np.linalg.norm(J, axis=0).max()), 1e-12)
    A = np.vstack([J, damping * np.eye(u.size)])
    low, high = np.maximum(-u, -radius), np.minimum(1.0 - u, radius)
    q, triangle = np.linalg.qr(A)
    found = lsq_linear(triangle, -(q.T @ np.concatenate([r, np.zeros(u.size)])), bounds=(low, high), method="bvls")
    p = np.clip(found.x, low, high)
    left = r + J @ p
    return p, float(r @ r - left @ left)
