"""How far a run is from its own limit of fine grids and short steps."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..models import History, Interest, ModelError, Solver
from ..models.solver import Asked, Recipe
from .limit import Limit, limit

Array = NDArray[np.float64]
Tell = Callable[[str, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One run of a refinement: its ratio to the run in use, its cells and steps, and the number it gave."""

    ratio: float
    cells: int
    steps: int
    value: float
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Refinement:
    """What refining showed, for the run at ratio 1.

    Attributes
    ----------
    levels : tuple of Level
        From coarse to fine.
    value, unit : float, str
        The number at ratio 1.
    u_num : float
        Standard numerical uncertainty of it.
    order, formal_order : float
        Observed order (NaN where it has none), and the one that the scheme promises.
    richardson : float
        The extrapolated number.
    method : str
        "exact", "gci", "least squares" or "range".
    asymptotic : bool
    diverges : bool
        The levels move apart: there may be no limit, and `u_num` states none.
    iteration_error, balance : float
        Of the run at ratio 1: in `unit`, and the share of heat, or of work, that is missing.
    series : mapping of observation to (n,) array, K or the unit of the observation
        Standard numerical uncertainty over time of each observation asked for.
    times : (n,) s
    parts : tuple of Refinement
        Space and time on their own, where they were refined apart.
    words : tuple of (English, Chinese)
    """

    levels: tuple[Level, ...]
    value: float
    unit: str
    u_num: float
    order: float
    formal_order: float
    richardson: float
    method: str
    asymptotic: bool
    iteration_error: float
    balance: float
    series: Mapping[str, Array]
    times: Array
    parts: tuple["Refinement", ...] = ()
    words: tuple[tuple[str, str], ...] = field(default=())
    diverges: bool = False

    def at(self, name: str, times: Array) -> Array:
        """Standard numerical uncertainty (n,) of an observation at `times` s, K."""
        if name not in self.series:
            raise ModelError(
                f"no refinement of '{name}'. Known: {', '.join(sorted(self.series))}. Observe it when refining."
            )
        return np.interp(times, self.times, self.series[name])


def refine(solver: Solver, process: Recipe, *, observe: Sequence[Asked], interest: Interest | None = None,
           ratios: Sequence[float] = (0.5, 1.0 / math.sqrt(2.0), 1.0), formal_order: float | None = None,
           together: bool = True, points: int = 200, tell: Tell | None = None) -> Refinement:  # fmt: skip
    """Numerical uncertainty of a run from three or more levels of grid and time step.

    Parameters
    ----------
    solver, process
        The run in use is the one at ratio 1.
    observe : sequence of Observation
    interest : Interest or None
        The number that matters; left out, the largest of all observations at the end.
    ratios : sequence of float
        Refinements of cells and steps, 1 among them: below 1 is coarser, above it finer than the run in use.
    formal_order : float or None
        What the scheme promises; left out, 1 of stresses and what follows from them, else 2.
    together : bool
        Cells and steps at once; else one after the other, and the two uncertainties are added in squares.
    points : int
        Times at which the series are compared.
    tell : callable or None

    Returns
    -------
    Refinement

    Raises
    ------
    ModelError
        For fewer than three levels, or none at ratio 1.

    Notes
    -----
    The steps of every level are those of the run in use, divided: an adaptive choice of steps would add its own noise.
    A run at rest has none: its cells alone are refined, and sizes are those of the grids as they were laid.
    """
    return refine_each(solver, process, observe=observe, interests=(interest,), ratios=ratios,
                       formal_order=formal_order, together=together, points=points, tell=tell)[0]  # fmt: skip


def refine_each(solver: Solver, process: Recipe, *, observe: Sequence[Asked],
                interests: Sequence[Interest | None], ratios: Sequence[float] = (0.5, 1.0 / math.sqrt(2.0), 1.0),
                formal_order: float | None = None, together: bool = True, points: int = 200,
                tell: Tell | None = None) -> tuple[Refinement, ...]:  # fmt: skip
    """One refinement for each number of interest, all from the same runs; see `refine`."""
    levels = sorted({float(r) for r in ratios})
    if len(levels) < 3 or levels[0] <= 0.0 or not any(abs(r - 1.0) < 1e-9 for r in levels):
        raise ModelError(
            f"ratios {tuple(round(r, 4) for r in levels)} show no convergence. Three levels or more do, the run "
            "in use (1.0) among them. Give for instance ratios=(0.5, 0.71, 1.0)."
        )

    def found(space: bool, time: bool) -> list[Refinement]:
        runs = _runs(solver, process, observe, levels, tell, space, time)
        widths = _widths(solver, process, levels) if space else None
        return [_one(runs, process, observe, one, levels, formal_order, points, (space, time), widths)
                for one in interests]  # fmt: skip

    if together or _at_rest(solver):
        return tuple(found(True, True))
    return tuple(_join(a, b) for a, b in zip(found(True, False), found(False, True), strict=True))


def _runs(solver: Solver, process: Recipe, observe: Sequence[Asked], ratios: Sequence[float],
          tell: Tell | None, space: bool, time: bool) -> list[History]:  # fmt: skip
    base = solver(process, observe=tuple(observe))
    fixed = solver.frozen(base) if hasattr(solver, "frozen") else solver
    runs = []
    for i, ratio in enumerate(ratios):
        if tell is not None:
            tell(f"refining {i + 1} of {len(ratios)}: ratio {ratio:.3g}", i / len(ratios))
        if abs(ratio - 1.0) < 1e-9:
            runs.append(base)
        else:
            runs.append(fixed.refined(ratio, space=space, time=time)(process, observe=tuple(observe)))
    for run in runs:
        run.refuse_incomplete("numerical uncertainty is asked for")
    return runs


def _at_rest(solver: Solver) -> bool:
    """Whether a solver tells the width of its cells, as those do that take no steps."""
    return getattr(solver, "width", None) is not None


def _widths(solver: Solver, process: Recipe, ratios: Sequence[float]) -> Array | None:
    """Widths of the cells of each level, m, where the solver tells them."""
    if not _at_rest(solver):
        return None
    return np.array([solver.refined(ratio).width(process) for ratio in ratios])  # type: ignore[attr-defined]


def _promised(observe: Sequence[Asked], names: Sequence[str]) -> float:
    """The order of the numbers asked for: 1 where they follow from stresses on surfaces, else 2."""
    units = {getattr(one, "unit", "K") for one in observe if one.name in names}
    return 1.0 if units & {"Pa", "1"} else 2.0


def _one(runs: Sequence[History], process: Recipe, observe: Sequence[Asked], interest: Interest | None,
         ratios: Sequence[float], formal: float | None, points: int, of: tuple[bool, bool],
         widths: Array | None) -> Refinement:  # fmt: skip
    here = min(range(len(ratios)), key=lambda i: abs(ratios[i] - 1.0))
    end = min(float(run.t[-1]) for run in runs)
    wanted = interest or Interest(observations=tuple(o.name for o in observe), statistic="last", window=(0.0, end))
    refuse_units(wanted, observe)
    values = np.array([wanted.value(run) for run in runs])
    sizes = _sizes(runs, ratios, process, *of) if widths is None else widths / widths[here]
    formal = _promised(observe, wanted.observations) if formal is None else formal
    found = limit(sizes, values, formal=formal, here=here)
    times = np.linspace(float(runs[here].t[0]), end, points)
    series = {o.name: limit(sizes, np.stack([run.at(o.name, times) for run in runs]), formal=formal, here=here).u
              for o in observe}  # fmt: skip
    levels = tuple(Level(ratio=r, cells=run.cells, steps=run.t.size - 1 if widths is None else 0, value=float(v),
                         seconds=run.seconds)
                   for r, run, v in zip(ratios, runs, values, strict=True))  # fmt: skip
    iteration = wanted.left(runs[here])
    u = math.hypot(float(found.u[0]), iteration / 2.0)
    return Refinement(levels=levels, value=float(values[here]), unit=wanted.unit, u_num=u, order=found.order,
                      formal_order=formal, richardson=float(found.value[0]), method=found.method,
                      asymptotic=found.asymptotic, iteration_error=iteration,
                      balance=runs[here].balance.residual, series=series, times=times, diverges=found.diverges,
                      words=_words(found, u, wanted.unit, iteration))  # fmt: skip


def _sizes(runs: Sequence[History], ratios: Sequence[float], process: Recipe, space: bool, time: bool) -> Array:
    """Mesh sizes relative to ratio 1: as asked for, or as cells and steps came out where that differs by rounding."""
    asked = 1.0 / np.asarray(ratios, dtype=float)
    here = int(np.argmin(np.abs(asked - 1.0)))
    active = max(body.part.active for body in process.bodies)
    counts = []
    if space:
        counts.append(np.array([run.cells for run in runs], dtype=float) ** (1.0 / active))
    if time:
        counts.append(np.array([np.unique(run.t).size - 1 for run in runs], dtype=float))
    came = asked.copy()
    if all(count.min() > 0 for count in counts):
        came = np.prod([count[here] / count for count in counts], axis=0) ** (1.0 / len(counts))
    return came if (np.diff(came) < 0).all() and np.abs(came / asked - 1.0).max() < 0.25 else asked


def _join(space: Refinement, time: Refinement) -> Refinement:
    u = math.hypot(space.u_num, time.u_num)
    series = {name: np.hypot(space.series[name], np.interp(space.times, time.times, time.series[name]))
              for name in space.series}  # fmt: skip
    words = (("Space and time were refined apart.", "空间与时间分别加密。"),
             *((f"Space: {en}", f"空间：{zh}") for en, zh in space.words),
             *((f"Time: {en}", f"时间：{zh}") for en, zh in time.words))  # fmt: skip
    worse = space if space.u_num >= time.u_num else time
    return Refinement(levels=space.levels, value=space.value, unit=space.unit, u_num=u, order=worse.order,
                      formal_order=worse.formal_order, richardson=space.richardson + time.richardson - space.value,
                      method=worse.method, asymptotic=space.asymptotic and time.asymptotic,
                      iteration_error=space.iteration_error, balance=space.balance, series=series, times=space.times,
                      parts=(space, time), words=words, diverges=space.diverges or time.diverges)  # fmt: skip


def refuse_units(interest: Interest, observe: Sequence[Asked]) -> None:
    """A ModelError where an interest states another unit than what it asks for is read in."""
    for one in observe:
        unit = getattr(one, "unit", "K")
        if one.name in interest.observations and interest.levels is None and unit != interest.unit:
            raise ModelError(
                f"the interest is in {interest.unit}, and '{one.name}' is read in {unit}. A limit is held against a "
                f"number in its own unit. Say unit='{unit}', or use Interest.of(reading)."
            )


def _words(found: Limit, u: float, unit: str, iteration: float) -> tuple[tuple[str, str], ...]:
    words = []
    if found.method == "exact":
        words.append(("All levels agree to rounding.", "各级加密结果在舍入误差内一致。"))
    elif found.diverges:
        words.append(("Not asymptotic: each finer level moves the number by more; it has no limit that could be seen, "
                      f"and u_num = {u:.2g} {unit} is none of it. A stress at a re-entrant corner is of this kind: "
                      "round the corner as it is made, or ask away from it.",
                      f"未进入渐近区：网格越细，该值变化越大，看不到极限，u_num = {u:.2g} {unit} 不是其不确定度。"
                      "内凹尖角处的应力即属此类：应按实际加工圆角建模，或改取离开尖角处的值。"))  # fmt: skip
    elif found.oscillates:
        words.append((f"Not asymptotic: the levels oscillate; u_num = {u:.2g} {unit} is taken from their range.",
                      f"未进入渐近区：各级结果振荡；u_num = {u:.2g} {unit} 取自其极差。"))  # fmt: skip
    elif not found.asymptotic:
        words.append((f"Not asymptotic: observed order {found.order:.2g} is not the formal one; u_num = {u:.2g} {unit} "
                      "is taken wide.",
                      f"未进入渐近区：观测阶 {found.order:.2g} 与理论阶不符；"
                      f"u_num = {u:.2g} {unit} 从宽取值。"))  # fmt: skip
    else:
        words.append((f"Asymptotic: observed order {found.order:.2f}; u_num = {u:.2g} {unit} ({found.method}).",
                      f"已进入渐近区：观测阶 {found.order:.2f}；u_num = {u:.2g} {unit}({found.method})。"))  # fmt: skip
    if iteration > 0.1 * max(u, 1e-300) and found.method != "exact":
        words.append((f"The iteration error {iteration:.1g} {unit} is not ten times below it.",
                      f"迭代误差 {iteration:.1g} {unit} 未低于其十分之一。"))  # fmt: skip
    return tuple(words)
