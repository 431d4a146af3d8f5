"""How probable it is that a number breaks its limit: to first order at the design point, and by draws about it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, ndtr, ndtri

from ..models import (
    Budget,
    Fit,
    ForetrialError,
    History,
    Interest,
    Requirement,
    Solver,
    substitute,
)
from ..models.solver import Asked, Recipe
from .budget import Prediction
from .draws import Factor, factors, mapping, spread
from .forward import tangents
from .inputs import inputs

Array = NDArray[np.float64]
OWN = ("parameter", "input")  # kinds of budget lines that draws move; the rest is one normal error of the number
BATCH, LEAST, HOME = 20, 5, 4  # draws at a time, least batches, and draws of each about where the inputs lie
SCATTER, WIDE = 0.1, 3.0  # coefficient of variation that ends them, and how far scouts are sent
TURNS, CLOSE = 10, 0.01  # of the search for a design point, and how still its index has to stand
FACTOR = 2.0  # by which two methods may differ
FARTHEST, NOTHING = 8.0, 1e-12  # standard uncertainties that are looked into, and a probability that counts as none


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaking:
    """Probability of breaking a limit, by two methods.

    Attributes
    ----------
    probability, scatter : float
        By importance sampling on the inputs, and its coefficient of variation (infinite where no draw broke).
    first_order, index : float
        To first order at the design point (FORM), and the reliability index beta of the governing limit; 8 where the
        limit lies farther than that.
    by_budget : float
        What the combined uncertainty alone gives: all linear, all normal.
    draws, runs, failed : int
        Draws, solver calls in all, and draws whose run failed: these count as broken.
    converged, settled : bool
        Whether the search for the design point stood still, and the draws reached a scatter of a tenth or show nothing
        where the limit lies beyond eight standard uncertainties.
    point : mapping of input to value
        The design point: the likeliest combination that breaks the limit.
    """

    probability: float
    scatter: float
    first_order: float
    index: float
    by_budget: float
    draws: int
    runs: int
    failed: int
    converged: bool
    settled: bool
    point: Mapping[str, float]

    @property
    def agree(self) -> bool:
        """Whether both methods give the same within a factor of two, or within three standard errors."""
        low, high = sorted((self.probability, self.first_order))
        return high <= NOTHING or high <= FACTOR * low or high - low <= 3.0 * self.scatter * self.probability

    @property
    def highest(self) -> float:
        """The larger of both, the drawn one with two standard errors."""
        drawn = self.probability if self.probability <= NOTHING else self.probability * (1.0 + 2.0 * self.scatter)
        return max(self.first_order, drawn, NOTHING)

    def keeps(self, allowed: float) -> bool:
        """Whether the methods converged, agree, and stay within what is allowed."""
        return self.converged and self.settled and self.agree and self.highest <= allowed

    def told(self) -> str:
        """Both numbers in words."""
        return (f"{self.probability:.2g} by {self.draws} draws (coefficient of variation {self.scatter:.2g}), "
                f"{self.first_order:.2g} by FORM (beta {self.index:.3g}), {self.by_budget:.2g} by the budget; "
                f"{self.runs} runs, {self.failed} failed")  # fmt: skip

    def why(self, allowed: float) -> str:
        """What is lacking, in words; empty where nothing is."""
        lacking = [(self.converged, "the search for the design point did not come to rest"),
                   (self.settled, "too few draws: they still scatter by more than a tenth"),
                   (self.agree, "the two methods disagree"),
                   (self.highest <= allowed, f"up to {self.highest:.2g}, more than is allowed")]  # fmt: skip
        return "; ".join(text for holds, text in lacking if not holds)

    def content(self) -> dict[str, Any]:
        """Plain data for `reliability` of verdict.json."""
        return {**asdict(self), "point": dict(self.point), "agree": self.agree}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Space:
    """Independent standard normal coordinates (d,) of the inputs, and the runs made at them."""

    parts: tuple[Factor, ...]
    process: Recipe
    names: tuple[str, ...]
    interest: Interest
    solver: Solver
    observe: tuple[Asked, ...]

    @property
    def size(self) -> int:
        """How many coordinates."""
        return sum(part.width for part in self.parts)

    def at(self, u: Array) -> dict[str, float]:
        """Values of the inputs at coordinates (d,)."""
        return mapping(spread(self.parts, ndtr(u)[None, :]), 0) if self.parts else {}

    def value(self, u: Array) -> float:
        """The number at coordinates (d,)."""
        return self.interest.value(self.solver(substitute(self.process, self.at(u)), observe=self.observe))

    def sloped(self, u: Array) -> tuple[float, Array]:
        """The number and its derivatives (d,) by the coordinates."""
        history = tangents(self.solver, substitute(self.process, self.at(u)), free=self.names, observe=self.observe)
        return self.interest.value(history), self.chained(u, history)

    def chained(self, u: Array, history: History) -> Array:
        """Derivatives (d,) of the number by the coordinates, from those by the inputs."""
        slopes, step = self.interest.slopes(history), 1e-4
        found = np.zeros(u.size)
        for j in range(u.size):
            ahead, behind = (self.at(u + way * step * np.eye(u.size)[j]) for way in (1.0, -1.0))
            found[j] = sum(s * (ahead[n] - behind[n]) / (2.0 * step) for n, s in zip(self.names, slopes, strict=True))
        return found


def breaking(requirement: Requirement, prediction: Prediction, lines: Budget, *, process: Recipe, solver: Solver,
             observe: Sequence[Asked], fit: Fit | None = None, most: int = 200,
             seed: int = 1) -> Breaking:  # fmt: skip
    """Probability that the number asked for breaks its limit, inputs and fitted parameters being drawn.

    Parameters
    ----------
    requirement, prediction, lines, process, fit
        The prediction and its budget, made on that process with that fit.
    solver, observe
        Runs are made on the time steps of the prediction where the solver can.
    most : int
        Draws at most; they end before where their coefficient of variation is a tenth.
    seed : int
        Of the draws.

    Returns
    -------
    Breaking

    Notes
    -----
    What is no input - numerics, sensors, model form - is one normal error of the number, taken at its budget's
    standard uncertainty whatever its degrees of freedom, and integrated exactly in every draw. A fifth of the draws
    comes from where the inputs lie, the rest from about the design points, and their mirror image where the limit is
    near there too; where the search finds the limit beyond eight standard uncertainties, wide draws look whether it
    came to the right place. Weights follow from that mixture, so that a design point in the wrong place costs draws and
    not truth. A further way to break the limit, far from both, is met only by those draws that come from where the
    inputs lie. Of two limits both count.

    References
    ----------
    Hasofer and Lind, J. Eng. Mech. Div. ASCE 100 (1974) 111-121; Rackwitz and Fiessler, Comput. Struct. 9 (1978)
    489-494 (FORM). Melchers, Structural Safety 6 (1989) 3-10 (importance sampling); Veach and Guibas, SIGGRAPH 95
    (mixture weights).
    """
    known = inputs(process, fit=fit)
    steady = solver.frozen(prediction.history) if hasattr(solver, "frozen") else solver
    space = Space(parts=factors(known) if known.names else (), process=known.process, names=known.names,
                  interest=requirement.of_run(), solver=steady, observe=tuple(observe))  # fmt: skip
    rest = lines.combined(*{line.kind for line in lines.lines} - set(OWN)) if _others(lines) else 0.0
    ends = [(end, way) for end, way in zip(requirement.limits, (-1.0, 1.0), strict=True) if end is not None]
    combined = lines.combined()
    start = prediction.value, space.chained(np.zeros(space.size), prediction.history) if space.size else np.zeros(0)
    middle = np.zeros(space.size)
    found = [_design(space, middle, start, end, way, rest) for end, way in ends]
    scouts = 0
    if space.size and min(one.index for one in found) >= FARTHEST:
        scouts = BATCH
        found += _scouted(space, ends, rest, min(way * (end - prediction.value) for end, way in ends), seed)
    near = min(found, key=lambda one: one.index)
    centres = [one.u for one in found if one.index < near.index + 2.0]
    behind = _behind(space, near.u, ends, min(way * (end - prediction.value) for end, way in ends))
    draws = _draw(space, [*centres, *behind], ends, rest, most, seed)
    settled = draws.scatter <= SCATTER or (near.index >= FARTHEST and draws.mean <= NOTHING)
    by_budget = sum(float(ndtr(-_over(way * (end - prediction.value), combined))) for end, way in ends)
    runs = draws.n + sum(one.runs for one in found) + int(np.any(near.u)) + scouts
    return Breaking(probability=draws.mean, scatter=draws.scatter, by_budget=by_budget, index=near.index, runs=runs,
                    first_order=float(sum(ndtr(-one.index) for one in found)), draws=draws.n, failed=draws.failed,
                    settled=settled,
                    converged=near.still, point=space.at(near.u))  # fmt: skip


def _others(lines: Budget) -> bool:
    return any(line.kind not in OWN for line in lines.lines)


def _over(margin: float, std: float) -> float:
    return margin / std if std > 0.0 else math.copysign(math.inf, margin)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Design:
    """The likeliest way to break one limit: coordinates (d,), reliability index, whether it stood still, and runs."""

    u: Array
    index: float
    still: bool
    runs: int


def _design(space: Space, begin: Array, start: tuple[float, Array], end: float, way: float, rest: float) -> Design:
    """Hasofer and Lind's point by Rackwitz and Fiessler's steps, the error of the number being one more coordinate."""
    u, error, index, runs = begin, 0.0, math.nan, 0
    value, slopes = start
    for turn in range(TURNS):
        g, grad = way * (end - value) - rest * error, np.append(-way * slopes, -rest)
        length = float(np.linalg.norm(grad))
        if length == 0.0:
            return Design(u=u, index=math.copysign(math.inf, g), still=True, runs=runs)
        aim = grad * (float(grad @ np.append(u, error)) - g) / length**2
        new = -float(grad @ aim) / length  # signed: below zero where the limit is broken to begin with
        if new > FARTHEST:
            aim, new = aim * (FARTHEST / new), FARTHEST
        far = float(np.linalg.norm(aim - np.append(u, error)))
        u, error = aim[:-1], float(aim[-1])
        beyond = new >= FARTHEST and index >= FARTHEST
        rests = abs(new - index) <= CLOSE * max(1.0, abs(new)) and far <= 0.3
        if not u.size or (turn and (beyond or rests)):
            return Design(u=u, index=new, still=True, runs=runs)
        index = new
        try:
            value, slopes = space.sloped(u)
            runs += 1
        except ForetrialError:
            break
    return Design(u=u, index=index, still=False, runs=runs)


def _scouted(space: Space, ends: Sequence[tuple[float, float]], rest: float, margin: float,
             seed: int) -> list[Design]:  # fmt: skip
    """A design point from where wide draws came nearest to a limit that a search from the middle found far away."""
    nearest: tuple[float, Array, tuple[float, float]] | None = None
    for u in WIDE * np.random.default_rng(seed).standard_normal((BATCH, space.size)):
        try:
            value = space.value(u)
        except ForetrialError:
            continue
        left, near = min((way * (end - value), (end, way)) for end, way in ends)
        if left < 0.5 * margin and (nearest is None or left < nearest[0]):
            nearest = left, u, near
    if nearest is None:
        return []
    _, u, (end, way) = nearest
    try:
        return [_design(space, u, space.sloped(u), end, way, rest)]
    except ForetrialError:
        return [Design(u=u, index=float(np.linalg.norm(u)), still=False, runs=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """Mean of weighted draws, its coefficient of variation, how many there were, and how many failed."""

    mean: float
    scatter: float
    n: int
    failed: int


def _behind(space: Space, u: Array, ends: Sequence[tuple[float, float]], margin: float) -> list[Array]:
    """The mirror image of a design point where the number comes near a limit there too, as it does on a parabola."""
    if not np.any(u):
        return []
    try:
        value = space.value(-u)
    except ForetrialError:
        return [-u]
    return [-u] if min(way * (end - value) for end, way in ends) < 0.5 * margin else []


def _draw(space: Space, centres: Sequence[Array], ends: Sequence[tuple[float, float]], rest: float, most: int,
          seed: int) -> Draws:  # fmt: skip
    """Batches of draws, each spread evenly along the way to the design point; their means tell the scatter."""
    rng, failed = np.random.default_rng(seed), 0
    means: list[float] = []
    middles = [np.zeros(space.size), *(c for c in centres if np.linalg.norm(c) > 0.0)]
    share = BATCH if len(middles) == 1 else HOME
    counts = [share, *(len(part) for part in np.array_split(np.arange(BATCH - share), max(len(middles) - 1, 1)))]
    counts = counts[: len(middles)]
    ways = [m / np.linalg.norm(m) for m in middles[1:]] or [np.eye(max(space.size, 1))[0, : space.size]]
    ways = [ways[0], *ways]
    while len(means) * BATCH < most:
        weighted = []
        for middle, way, n in zip(middles, ways, counts, strict=False):
            for u in _spread(rng, middle, way, n):
                try:
                    value = space.value(u)
                    broken = sum(float(ndtr(-_over(to * (end - value), rest))) for end, to in ends)
                except ForetrialError:
                    failed, broken = failed + 1, 1.0
                apart = np.array([float(m @ u - 0.5 * m @ m) for m in middles])  # log of density over the inputs' own
                weighted.append(broken * math.exp(-float(logsumexp(apart, b=np.array(counts) / BATCH))))
        means.append(float(np.mean(weighted)))
        if len(means) >= LEAST and _scatter(means) <= SCATTER:
            break
    return Draws(mean=float(np.mean(means)), scatter=_scatter(means), n=len(means) * BATCH, failed=failed)


def _spread(rng: np.random.Generator, middle: Array, way: Array, n: int) -> Array:
    """Normal draws (n, d) about `middle`, one in each nth of the law along `way`."""
    z = rng.standard_normal((n, middle.size))
    if not middle.size:
        return z
    even = ndtri((rng.permutation(n) + rng.random(n)) / n)
    return np.asarray(middle + z + np.outer(even - z @ way, way))


def _scatter(means: Sequence[float]) -> float:
    mean = float(np.mean(means))
    if mean <= 0.0 or len(means) < 2:
        return math.inf
    return float(np.std(means, ddof=1)) / math.sqrt(len(means)) / mean
