"""Bounded least squares by scaled trust-region steps; a failed run shortens the step, on record."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..models import ForetrialError

Array = NDArray[np.float64]
Residuals = Callable[[Array], tuple[Array, Array]]
ROUNDS = 4  # a base is set anew at most so often
STEPS = 12  # steps on one base
CLOSE = 1e-6  # share of the objective that a further step would have to gain
MOVED = 5e-4  # of the bounds: a base that moved less is not set anew
REACH = 0.3  # of the bounds: no step is longer along one coordinate
FAR = 0.2  # of itself: the same for a coordinate without bounds


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Descent:
    """Where a search began and ended, in its coordinates, what it cost and how it ended."""

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
            about: str = "", rounds: int = ROUNDS, lower: float | Array = 0.0, upper: float | Array = 1.0,
            steps: int = STEPS, close: float = CLOSE) -> Descent:  # fmt: skip
    """Minimise the sum of squared residuals inside a box, the unit cube where none is given.

    Parameters
    ----------
    rebase : callable
        Takes coordinates (nf,), returns a function of coordinates that gives residuals (n,) and Jacobian (n, nf),
        smooth around them; it is called anew until the end no longer moves. Both may raise ForetrialError.
    begin : (nf,) array
    tell : callable or None
        Gets a sentence and the share done.
    about : str
        Leads every sentence.
    rounds, steps : int
        Bases, and steps on one base, at most.
    lower, upper : float or (nf,) array
        The box; infinite sides bound nothing.
    close : float
        Share of the objective that a further step would have to gain.

    Returns
    -------
    Descent
        Its outcome is "converged", "stopped after ... steps", or "failed: ..." with the cause.

    References
    ----------
    More, The Levenberg-Marquardt algorithm, Lecture Notes in Mathematics 630 (1978), p. 105: the trust region and its
    scaling, here with coordinates that meet a side of the box held there (Nocedal and Wright, Numerical Optimization,
    2nd ed., ch. 16.7).
    """
    low, high = (np.broadcast_to(np.asarray(side, float), begin.shape) for side in (lower, upper))
    u, failures, count = np.clip(begin, low, high), [], 0
    objective, outcome = np.inf, ""
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
        start, objective, outcome = u, float(r @ r), f"stopped after {steps} steps"
        region = _Region(J, u, high - low)
        for step in range(steps):
            if tell is not None:
                tell(f"{about}round {turn + 1}, step {step + 1}: {objective:.4g}", (turn + step / steps) / rounds)
            p, gain = region.step(r, J, u, low, high)
            if gain <= close * objective or not p.any():
                outcome = "converged"
                break
            count += 1
            try:
                r_new, J_new = residuals(u + p)
            except ForetrialError as cause:
                failures.append(str(cause))
                region.shrink(p, 0.25)
                continue
            now = float(np.square(np.linalg.norm(r_new))) if np.abs(r_new).max() < 1e150 else np.inf
            ratio = (objective - now) / gain if np.isfinite(now) and np.isfinite(J_new).all() else -np.inf
            region.learn(p, ratio)
            if ratio > 1e-4:
                u, r, J, objective = np.clip(u + p, low, high), r_new, J_new, now
                region.see(J)
        if outcome == "converged" and bool((np.abs(u - start) < MOVED * (high - low)).all()):
            break
    return Descent(
        begin=begin, end=u, objective=objective, evaluations=count, outcome=outcome, failures=tuple(failures)
    )


class _Region:
    """Where the linear model is believed: |scale p| <= radius, and no coordinate farther than its reach."""

    def __init__(self, J: Array, u: Array, span: Array) -> None:
        self.begin, self.span = np.abs(u), span
        self.scale = np.linalg.norm(J, axis=0)
        size = float(np.linalg.norm(self.scale * np.where(np.isfinite(span), REACH * np.minimum(span, 1e300), u)))
        self.radius = size if size > 0.0 else 100.0

    def see(self, J: Array) -> None:
        """Scale by the largest column seen so far, so that units do not matter."""
        self.scale = np.maximum(self.scale, np.linalg.norm(J, axis=0))

    def shrink(self, p: Array, share: float) -> None:
        """Believe in a share of the step only."""
        self.radius = share * min(self.radius, float(np.linalg.norm(self.scale * p)))

    def learn(self, p: Array, ratio: float) -> None:
        """Believe more or less, by how much of the promise was kept."""
        if ratio < 0.25:
            self.shrink(p, 0.1 if ratio < -1.0 else 0.3)
        elif ratio > 0.75:
            self.radius = max(self.radius, 2.0 * float(np.linalg.norm(self.scale * p)))

    def step(self, r: Array, J: Array, u: Array, low: Array, high: Array) -> tuple[Array, float]:
        """The bounded step (nf,) inside the region, and the reduction that the linear model promises."""
        q, triangle = np.linalg.qr(J)
        rest, slope = q.T @ r, J.T @ r
        reach = self._reach(u)
        scale = np.maximum(self.scale, self.radius / np.where(reach > 0.0, reach, 1.0))
        least, most = low - u, high - u
        p, free = np.zeros(u.size), ~(((slope > 0.0) & (least >= 0.0)) | ((slope < 0.0) & (most <= 0.0)))
        best, gain = p, 0.0
        while free.any():
            whole = p.copy()
            whole[free] = self._inside(triangle[:, free], rest + triangle[:, ~free] @ p[~free], scale[free])
            beyond = free & ((whole < least) | (whole > most))
            room = np.where(whole > p, most - p, least - p)[beyond] / (whole - p)[beyond]
            for one in (np.clip(whole, least, most), p + min(1.0, float(room.min(initial=1.0))) * (whole - p)):
                left = rest + triangle @ one
                if (won := float(rest @ rest - left @ left)) > gain:
                    best, gain = one, won
            p[beyond] = np.clip(whole, least, most)[beyond]
            free &= ~beyond
            if not beyond.any():
                break
        return best, gain

    def _reach(self, u: Array) -> Array:
        """How far one step may go along each coordinate."""
        own = np.maximum(self.begin, np.abs(u))
        return np.asarray(np.where(np.isfinite(self.span), REACH * np.minimum(self.span, 1e300), FAR * own))

    def _inside(self, triangle: Array, rest: Array, scale: Array) -> Array:
        """The least-squares step with |scale p| <= radius."""
        scale = np.where(scale > 0.0, scale, 1.0)
        left, s, right = np.linalg.svd(triangle / scale, full_matrices=False)
        b, s = left.T @ rest, np.where(s > 1e-15 * s.max(initial=0.0), s, 0.0)
        damped = 0.0
        weights = np.where(s > 1e-7 * s.max(initial=1e-300), b / np.where(s > 0.0, s, 1.0), 0.0)
        if np.linalg.norm(weights) > self.radius:
            damped = float(np.linalg.norm(s * b)) / self.radius * 1e-3
            for _ in range(60):  # Newton on 1/radius - 1/|p|: almost linear in the damping
                size = float(np.linalg.norm(weights := s * b / (s**2 + damped)))
                if abs(size - self.radius) <= 0.05 * self.radius:
                    break
                rate = float(np.sum((s * b) ** 2 / (s**2 + damped) ** 3)) / size
                damped = max(damped + (size - self.radius) / self.radius * size / max(rate, 1e-300), 1e-3 * damped)
        return np.asarray(-(right.T @ weights) / scale)
