"""Whether any values of a model's inputs, within their uncertainty, explain a trial; if none do, its form is wrong."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import lsq_linear
from scipy.stats import chi2

from ..models import Fit, History, ModelError, Parameter, Solver
from ..models.solver import Recipe
from .forward import Forward, forward, whiten, whitener
from .identify import autocorrelation_time
from .inputs import inputs
from .observe import observe
from .problem import Experiment, Problem, pose_rows

Array = NDArray[np.float64]
Words = tuple[str, str]
Tell = Callable[[str, float], None]
ROUNDS = 4
MANY = 12  # channels, up to which each is told
FAR = 2.0  # standard uncertainties from which a pull is worth a word
COARSER = 2.0**-0.5  # a second-order error on this grid is what the run in use and this one differ by


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One channel, K: error as predicted, its standard uncertainty, and what is left at the inputs that fit best.

    All three are root mean squares over the channel's readings.
    """

    label: str
    rms: float
    u_val: float
    left: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Form:
    """The judgement.

    Attributes
    ----------
    explains : bool
        False says that the form is wrong.
    channels : tuple of Seen
    misfit : float
        Root mean square of what is left, in stated uncertainties; about 1 where the model is right.
    chance : float
        Probability of so much or more being left if the model were right.
    dof : float
        Independent readings behind it.
    allowance : float, K
        Further independent scatter of each reading with which the model would be accepted; 0 where it is.
    pulls : tuple of (name, float)
        How far each input and each cause shared by readings had to move, in its standard uncertainties, largest first.
    values : mapping of name to float
        The inputs that fit best.
    words : tuple of (English, Chinese)
    """

    explains: bool
    channels: tuple[Seen, ...]
    misfit: float
    chance: float
    dof: float
    allowance: float
    pulls: tuple[tuple[str, float], ...]
    values: Mapping[str, float]
    words: tuple[Words, ...]

    @property
    def ratio(self) -> float:
        """Error over its standard uncertainty, all channels together."""
        return math.sqrt(sum(c.rms**2 for c in self.channels) / sum(c.u_val**2 for c in self.channels))


def judge(experiment: Experiment, *, solver: Solver, fit: Fit | None = None, moved: Mapping[str, Recipe] | None = None,
          level: float = 0.01, tell: Tell | None = None) -> Form:  # fmt: skip
    """Move every uncertain input as far as its own uncertainty lets it, and look at what is left of the error.

    Parameters
    ----------
    experiment : Experiment
    solver : Solver
        What its run differs by from one on cells and steps 1.4 times coarser counts as its numerical error, one cause.
    fit : Fit or None
        Its parameters keep their covariance.
    moved : mapping of name to Process
        The same recipe with a declared assumption that is no named quantity, such as a curve's shape, moved by one
        standard uncertainty.
    level : float
        A model that is right is refused with this probability.
    tell : callable or None
        Gets a sentence and the share done.

    Returns
    -------
    Form

    Raises
    ------
    ModelError
        If the level is no probability, or a moved recipe lacks what the experiment observes.
    SolveError
        If a run fails.

    Notes
    -----
    The least of |r|^2 + |z|^2, r the errors in stated uncertainties (offset, lag, place, `moved` and numerics shared by
    readings), z the inputs in theirs, is chi-squared with as many degrees of freedom as readings if the model is right;
    readings whose residuals are correlated in time count less, by their autocorrelation time.

    References
    ----------
    Hills, Sandia SAND99-1256 (1999), ch. 3; Kennedy and O'Hagan, J. R. Stat. Soc. B 63 (2001), sec. 4.1.
    """
    if not 0.0 < level < 1.0:
        raise ModelError(f"level = {level:g} is no probability. It lies between 0 and 1. Try level=0.01.")
    problem, start, root, low, high = _pose(experiment, fit)
    base = solver(inputs(experiment.process, fit=fit).process, observe=problem.observations(0))
    used = solver.frozen(base)
    extra = _extra(problem, solver, base, fit, moved or {})
    z = np.zeros(start.size)
    at, r, J = _whitened(problem, used, start, root, extra)
    first, objective = at, float(r @ r)
    for turn in range(ROUNDS if start.size else 0):
        if tell is not None:
            tell(f"moving the inputs, step {turn + 1} of at most {ROUNDS}", turn / ROUNDS)
        A = np.vstack([J, np.eye(z.size)])
        step = lsq_linear(A, -np.concatenate([r, z]), bounds=(np.minimum(low - z, 0.0), np.maximum(high - z, 1e-12))).x
        gain, share = 0.0, 1.0
        while share > 0.1 and gain <= 0.0:
            tried = z + share * step
            found = _whitened(problem, used, start + root @ tried, root, extra)
            gain = objective - float(found[1] @ found[1] + tried @ tried)
            share /= 3.0
        if gain > 0.0:
            z, (at, r, J), objective = tried, found, objective - gain
        if gain < (0.03 * objective if objective > 3.0 * r.size else 0.5):
            break
    more = _allowance(at, z, root, low, high, level, 1.0 if _unit(problem) == "K" else float(np.median(at.sigmas)))
    return _judged(problem, (first, at, r), z, (start, root), (*(moved or {}), "numerical error"), (level, more))


def _pose(run: Experiment, fit: Fit | None) -> tuple[Problem, Array, Array, Array, Array]:
    """The problem in all uncertain inputs, their values, a root of their covariance, and bounds of its coordinates."""
    known = inputs(run.process, fit=fit)
    rows, gaps = pose_rows((run,))
    start = np.array([q.value for q in known.quantities])
    weight, vectors = np.linalg.eigh(known.covariance) if start.size else (np.zeros(0), np.zeros((0, 0)))
    alone = np.count_nonzero(known.covariance, axis=1) == 1
    root = np.diag(np.sqrt(np.diag(known.covariance))) if alone.all() else vectors * np.sqrt(np.maximum(weight, 0.0))
    low, high = np.full(start.size, -math.inf), np.full(start.size, math.inf)
    parameters = []
    for i, q in enumerate(known.quantities):
        bounds = q.valid or (-math.inf, math.inf)
        parameters.append(Parameter(name=q.name, unit=q.unit, lower=bounds[0], upper=bounds[1]))
        column = int(np.argmax(np.abs(root[i])))
        if np.count_nonzero(np.abs(root[:, column]) > 1e-12 * abs(root[i, column])) == 1:
            ends = sorted((b - q.value) / root[i, column] for b in bounds)
            low[column], high[column] = ends
    problem = Problem(experiments=(run,), parameters=tuple(parameters), guess=start, rows=rows, gaps=gaps)
    return problem, start, root, low, high


def _whitened(problem: Problem, solver: Solver, values: Array, root: Array,
              extra: Array) -> tuple[Forward, Array, Array]:  # fmt: skip
    inside = np.array([min(max(v, p.lower), p.upper) for p, v in zip(problem.parameters, values, strict=True)])
    at = forward(problem, inside, solvers=(solver,))
    at = replace(at, shared=np.hstack([at.shared, extra]))
    tool = whitener(at)
    return at, whiten(tool, at.residuals), whiten(tool, at.jacobian @ root)


def _extra(problem: Problem, solver: Solver, base: History, fit: Fit | None, moved: Mapping[str, Recipe]) -> Array:
    """Columns (n, m): what one standard uncertainty of each moved assumption, and of the numerics, does to readings."""
    watched = problem.observations(0)
    runs = [solver(inputs(process, fit=fit).process, observe=watched) for process in moved.values()]
    runs.append(solver.refined(COARSER)(inputs(problem.experiments[0].process, fit=fit).process, observe=watched))
    return np.stack([np.concatenate([(observe(run, row.channel, of=row.of) - observe(base, row.channel, of=row.of))
                                     [row.channel.reads] for row in problem.rows])
                     for run in runs], axis=1)  # fmt: skip


def _judged(problem: Problem, found: tuple[Forward, Forward, Array], z: Array, known: tuple[Array, Array],
            names: tuple[str, ...], rule: tuple[float, float]) -> Form:  # fmt: skip
    (first, at, r), (start, root), (level, more) = found, known, rule
    scaled = at.shared / at.sigmas[:, None]
    amounts = np.linalg.solve(np.eye(scaled.shape[1]) + scaled.T @ scaled, scaled.T @ (at.residuals / at.sigmas))
    left = at.residuals - at.shared @ amounts
    spread = np.sqrt(np.maximum(((first.jacobian @ root) ** 2).sum(axis=1) + (first.shared**2).sum(axis=1)
                                + first.sigmas**2, 0.0))  # fmt: skip
    chance, dof = _chance(at, r, z)
    channels = []
    for i, row in enumerate(problem.rows):
        own = at.row == i
        channels.append(Seen(label=row.label, rms=_rms(first.residuals[own]), u_val=_rms(spread[own]),
                             left=_rms(left[own])))  # fmt: skip
    moved = (root @ z) / np.maximum(np.sqrt((root**2).sum(axis=1)), 1e-300)
    pulls = [*zip(problem.names, moved.tolist(), strict=True),
             *zip((*at.labels, *names), (-amounts).tolist(), strict=True)]  # fmt: skip
    pulls.sort(key=lambda one: -abs(one[1]))
    misfit = _rms(r)
    values = {n: float(v) for n, v in zip(problem.names, start + root @ z, strict=True)}
    explains = chance >= level
    more = 0.0 if explains else more
    return Form(explains=explains, channels=tuple(channels), misfit=misfit, chance=chance, dof=dof, allowance=more,
                pulls=tuple(pulls), values=values,
                words=_words(explains, channels, misfit, chance, more, pulls, _unit(problem)))  # fmt: skip


def _unit(problem: Problem) -> str:
    """What the readings are in, or nothing where they differ."""
    units = {row.channel.unit for row in problem.rows}
    return units.pop() if len(units) == 1 else ""


def _chance(at: Forward, r: Array, z: Array) -> tuple[float, float]:
    """Probability of so large a misfit, and the independent readings behind it."""
    total, dof = float(z @ z), 0.0
    for i in range(int(at.row.max()) + 1):
        own = r[at.row == i]
        tau = autocorrelation_time(own)
        total, dof = total + float(own @ own) / tau, dof + own.size / tau
    return float(chi2.sf(total, dof)), dof


def _allowance(at: Forward, z: Array, root: Array, low: Array, high: Array, level: float, size: float) -> float:
    """Smallest further scatter that makes the model acceptable: bisection about `size` on the tangents at the end."""

    def accepted(more: float) -> bool:
        wide = replace(at, sigmas=np.hypot(at.sigmas, more))
        tool = whitener(wide)
        r, J = whiten(tool, wide.residuals), whiten(tool, wide.jacobian @ root)
        if not z.size:
            return _chance(wide, r, z)[0] >= level
        A, b = np.vstack([J, np.eye(z.size)]), -np.concatenate([r - J @ z, np.zeros(z.size)])
        there = lsq_linear(A, b, bounds=(np.minimum(low, 0.0), np.maximum(high, 1e-12))).x
        return _chance(wide, r + J @ (there - z), there)[0] >= level

    below, above = 1e-3 * size, 1e3 * size
    for _ in range(24):
        middle = math.sqrt(below * above)
        below, above = (below, middle) if accepted(middle) else (middle, above)
    return above


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(values**2))) if values.size else 0.0


def _each(sizes: list[float]) -> str:
    """Every channel's, or the root mean square of many."""
    return " / ".join(f"{one:.2g}" for one in (sizes if len(sizes) <= MANY else [_rms(np.array(sizes))]))


def _words(explains: bool, channels: list[Seen], misfit: float, chance: float, more: float,
           pulls: list[tuple[str, float]], unit: str) -> tuple[Words, ...]:  # fmt: skip
    error, u_val, left = (_each([getattr(c, name) for c in channels]) for name in ("rms", "u_val", "left"))
    odds = f"{chance:.1g}" if chance >= 1e-12 else "< 1e-12"
    far = ", ".join(f"{name} {pull:+.1f}" for name, pull in [one for one in pulls if abs(one[1]) > FAR][:5])
    if explains:
        words = [(f"No fault of form can be seen: values of the inputs inside their own uncertainty explain the "
                  f"readings (E {error} {unit}, u_val {u_val} {unit}, left {left} {unit}; misfit {misfit:.2g}, "
                  f"chance {odds}).",
                  f"看不出模型形式有误：各输入在其自身不确定度之内取值即可解释读数"
                  f"(E {error} {unit},u_val {u_val} {unit}，剩余 {left} {unit}；"
                  f"残差为声明不确定度的 {misfit:.2g} 倍，概率 {odds})。")]  # fmt: skip
        if far:
            words.append((f"Moved by more than {FAR:g} of their standard uncertainties: {far}.",
                          f"移动超过 {FAR:g} 个标准不确定度的量：{far}。"))  # fmt: skip
        return tuple(words)
    hidden = ("", "")
    if all(c.rms <= 2.0 * c.u_val for c in channels):
        hidden = ("Channel by channel E would pass as uncertainty; over all places and times together it cannot. ",
                  "逐通道看，E 尚可归于不确定度；各位置、各时刻合起来看则不能。")  # fmt: skip
    words = [("The form of this model is wrong: no value of its parameters inside their priors explains the readings. "
              f"E is {error} {unit} (rms by channel) with u_val {u_val} {unit}; with every input moved as far as its "
              f"own uncertainty allows, {left} {unit} is left, {misfit:.2g} times what the sensors state (chance "
              f"{odds}). "
              f"{hidden[0]}Physics is missing: add it, do not calibrate it away.",
              f"该模型的形式有误：参数在其先验范围内取任何值都不能解释读数。"
              f"各通道 E 的均方根为 {error} {unit},u_val 为 {u_val} {unit}；"
              f"即使每个输入都移动到其自身不确定度所允许的程度，仍剩 {left} {unit}，"
              f"为传感器声明不确定度的 {misfit:.2g} 倍（概率 {odds}）。{hidden[1]}"
              f"模型缺少物理过程：应补充模型，不可靠标定掩盖。")]  # fmt: skip
    words.append((f"It would be accepted if every reading scattered by another {more:.2g} {unit} (standard).",
                  f"若每个读数另有 {more:.2g} {unit}（标准不确定度）的独立散布，该模型方可接受。"))  # fmt: skip
    if far:
        words.append((f"Even that compromise asks for moves, in standard uncertainties, that nobody believes: {far}.",
                      f"即便如此的折中也要求令人难以置信的移动（以标准不确定度计）:{far}。"))  # fmt: skip
    return tuple(words)
