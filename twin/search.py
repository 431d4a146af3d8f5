"""Bounded least squares by scaled trust-region steps; a failed run shortens the step, on record."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..models import ForetrialError

Array = NDArray[np.float64]
Residuals = Callable[[Array], tuple[Array, Array]]
ROUNDS = 4  # a base is set anew at most so often
STEPS = 12  # steps on one base
CLOSE = 1e-6  # share of the objective that a further step would have to gain
MOVED = 5e-4  # of the bounds: a base that moved less is not set anew
ROUGH = 1e-2  # the same share while each start is still on a base of its own
BETTER = 1e-3  # share of the objective by which another start must be better for the common base to be its own
REACH = 0.3  # of the bounds: no step is longer along one coordinate
APART = "stopped: its last runs failed on the steps that all starts share"
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


def descend_together(rebase: Callable[[Array], Residuals], begins: Sequence[Array], *,
                     tell: Callable[[str, float], None] | None = None) -> list[Descent]:  # fmt: skip
    """Search from several places inside the unit cube and end them all on one base, so that their ends compare.

    A base (the steps of a run, the weights of its readings) moves the sum of squares by more than the last iterations
    do. So each search goes on a base of its own only until a step promises little; the best one is then followed until
    its base no longer moves, and every other one ends on that base. Should one of them end lower, that is repeated.

    Parameters
    ----------
    rebase : callable
        As for `descend`.
    begins : sequence of (nf,) arrays
    tell : callable or None
        Gets a sentence and the share done.

    Returns
    -------
    list of Descent
        In the order of `begins`. A search that found no run on the common base keeps what it reached on its own, and
        its outcome begins with "stopped".
    """

    def part(text: str, begin: float, width: float) -> Callable[[str, float], None] | None:
        if tell is None:
            return None
        return lambda said, share: tell(f"{text}{said}", begin + width * share)

    def ended(one: Descent, residuals: Residuals, say: Callable[[str, float], None] | None) -> Descent:
        new = descend(lambda _: residuals, one.end, tell=say, rounds=1)
        new = replace(new, begin=one.begin, evaluations=one.evaluations + new.evaluations,
                      failures=(*one.failures, *new.failures))  # fmt: skip
        if not new.failed:
            return new
        return replace(new, end=one.end, objective=one.objective, outcome=APART)

    count = len(begins)
    found = [descend(rebase, begin, tell=part(f"start {i + 1} of {count}, ", 0.6 * i / count, 0.6 / count), rounds=1,
                     close=ROUGH) for i, begin in enumerate(begins)]  # fmt: skip
    left = {i for i, one in enumerate(found) if not one.failed}
    turn = 0
    while left and turn < ROUNDS - 1:
        best = min(left, key=lambda i: found[i].objective)
        for again in range(ROUNDS - 1):
            at, share = found[best].end, 0.6 + (turn + 0.2 * again) / (2.5 * (ROUNDS - 1))
            try:
                residuals = rebase(at)
            except ForetrialError as cause:
                failures = (*found[best].failures, str(cause))
                found[best] = replace(found[best], outcome=APART, failures=failures)
            else:
                found[best] = ended(found[best], residuals, part("best start, ", share, 0.02))
            if found[best].outcome == APART or bool((np.abs(found[best].end - at) < MOVED).all()):
                break
        if found[best].outcome == APART:
            left.discard(best)
            continue
        for i in sorted(left - {best}):
            share = 0.6 + (turn + 0.6 + 0.4 * i / count) / (2.5 * (ROUNDS - 1))
            say = part(f"start {i + 1} of {count} on the steps of the best, ", share, 0.05 / count)
            found[i] = ended(found[i], residuals, say)
        left = {i for i in left if found[i].outcome != APART}
        if min(found[i].objective for i in left) >= (1.0 - BETTER) * found[best].objective:
            break
        turn += 1
    return found


def best_of(found: Sequence[Descent]) -> Descent:
    """The lowest end, of those on the common base where there is one."""
    return min([one for one in found if one.outcome != APART] or found, key=lambda one: one.objective)


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
