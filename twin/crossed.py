"""What was taken for something else in a trial: two sensors for each other, a logger's clock, a unit."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ..models import Fit, Solver
from .faults import Fault, faults
from .forward import Forward, bases, forward, whiten, whitener
from .identify import autocorrelation_time
from .problem import Experiment, Problem, pose_rows
from .sensor import by, named_causes

Array = NDArray[np.float64]
FAR = 25.0  # by how much the squared misfit has to fall: five standard deviations
LOOKED = ("unit", "clock")  # what a log alone shows of it


def mistaken(experiments: Sequence[Experiment] | Experiment, *, fit: Fit | None,
             solver: Solver) -> tuple[Fault, ...]:  # fmt: skip
    """What was taken for something else in the trials behind a verdict: no PASS rests on such a trial.

    Exchanged sensors and clocks that are off, as `crossed` finds them in the trials that the fit saw (together) and in
    every other (each by itself); units that change on the way or differ from the others', and clocks that were set, as
    `faults` finds them in every channel that is compared or that drives the model.

    Parameters
    ----------
    experiments : Experiment or sequence of them
        Of the calibration and of the validation.
    fit : Fit or None
        None where nothing was fitted: then the logs alone are looked through.

    Returns
    -------
    tuple of Fault
        Each names its trial.
    """
    runs = (experiments,) if isinstance(experiments, Experiment) else tuple(experiments)
    found: list[Fault] = []
    for trial in {id(run.trial): run.trial for run in runs}.values():
        compared = {name for run in runs if run.trial is trial for name in run.observe}
        found += [one for one in faults(trial) if one.kind in LOOKED and (
            one.channel in compared or (trial[one.channel].drives and not trial[one.channel].unused))]  # fmt: skip
    if fit is not None:
        seen = tuple(run for run in runs if run.trial.name in fit.data)
        for group in (seen, *((run,) for run in runs if run.trial.name not in fit.data)):
            found += crossed(group, fit=fit, solver=solver) if group else ()
    return tuple(found)


def crossed(experiments: Sequence[Experiment] | Experiment, *, fit: Fit, solver: Solver,
            readings: float | None = None) -> tuple[Fault, ...]:  # fmt: skip
    """Pairs of sensors whose exchange, and clocks whose shift, explain the readings better than the fit does.

    Each pair of one trial is exchanged and the fit is repeated on its linear model, as is the fit with the clock of
    each logger free; nothing is solved again but the runs at the fitted values. What is found is told, never acted on.

    Parameters
    ----------
    experiments : Experiment or sequence of them
        What the fit saw, or any other trial: `fit` gives the values.
    readings : float or None
        Share of the readings that counts as independent; where left out, that of the misfit which an exchange or a
        shift leaves, so that a fault does not hide behind the correlation that it makes itself.

    Returns
    -------
    tuple of Fault
        Kinds "swapped" and "clock", the most telling first.

    Notes
    -----
    With the squared misfit counted per independent reading, an exchange is told when it falls by more than `FAR` and
    by more than half; a clock when it does so and its shift is five standard uncertainties from 0.
    """
    runs = (experiments,) if isinstance(experiments, Experiment) else tuple(experiments)
    rows, gaps = pose_rows(runs)
    own = {name: cause for row in rows for name, cause in named_causes(row.channel).items()}
    problem = Problem(experiments=runs, parameters=fit.parameters, guess=fit.values, rows=rows, gaps=gaps,
                      sensors={p.name: own[p.name] for p in fit.parameters if p.name in own})  # fmt: skip
    at = forward(problem, fit.values, solvers=bases(problem, fit.values, solver=solver))
    line = _Line(fit, at, readings)
    base = line.left(at.residuals)
    found: list[tuple[float, Fault]] = []
    for i, j in combinations(range(len(rows)), 2):
        if rows[i].experiment == rows[j].experiment and rows[i].channel.unit == rows[j].channel.unit:
            left = line.left(_exchanged(problem, at, i, j))
            fall = line.share * (base - left)
            if fall > FAR and left < 0.5 * base:
                found.append((fall, _swapped(problem, i, j, base, left, at)))
    return tuple(one for _, one in sorted([*found, *_clocks(problem, at, line, base)], key=lambda f: -f[0]))


class _Line:
    """The fit repeated on its linear model, its priors held: what misfit is left, and how independent that is."""

    def __init__(self, fit: Fit, at: Forward, readings: float | None) -> None:
        held = [(i, p.prior) for i, p in enumerate(fit.parameters) if p.prior is not None]
        self.tool, self.row, self.readings, self.share = whitener(at), at.row, readings, 1.0
        pull = np.zeros((len(held), fit.values.size))
        self.pulled = np.zeros(len(held))
        for k, (i, one) in enumerate(held):
            pull[k, i], self.pulled[k] = 1.0 / one[1], (fit.values[i] - one[0]) / one[1]
        self.J = np.vstack([whiten(self.tool, at.jacobian), pull])
        self.plane = self._span(self.J)

    def _span(self, A: Array) -> Array:
        """Orthonormal columns of what A reaches."""
        u, s, _ = np.linalg.svd(A, full_matrices=False)
        return np.asarray(u[:, s > 1e-10 * s.max(initial=1e-300)])

    def left(self, residuals: Array, more: Array | None = None) -> float:
        """Squared standardised misfit once the parameters, and what is in `more` (n, m), have moved."""
        plane = self.plane
        if more is not None:
            plane = self._span(np.hstack([self.J, self.padded(more)]))
        b = np.concatenate([whiten(self.tool, residuals), self.pulled])
        rest = b - plane @ (plane.T @ b)
        white = rest[: self.row.size]
        rows = [white[self.row == i] for i in np.unique(self.row)]
        self.share = self.readings or sum(r.size / autocorrelation_time(r) for r in rows) / white.size
        return float(rest @ rest)

    def padded(self, more: Array) -> Array:
        """Columns (n, m) in units of the stated uncertainty; no prior holds them."""
        white = whiten(self.tool, more)
        return np.vstack([white, np.zeros((self.pulled.size, white.shape[1]))])

    def shift(self, residuals: Array, column: Array) -> tuple[float, float]:
        """By how much one column (n, 1) is present in the residuals, and its standard uncertainty."""
        J, b = np.hstack([self.J, self.padded(column)]), np.concatenate([whiten(self.tool, residuals), self.pulled])
        spread = float(np.sqrt(np.linalg.pinv(J.T @ J)[-1, -1] / max(self.share, 1e-6)))
        return float(np.linalg.lstsq(J, -b, rcond=1e-10)[0][-1]), spread


def _exchanged(problem: Problem, at: Forward, i: int, j: int) -> Array:
    """Residuals with the readings of two rows exchanged, each at its new clock's times."""
    moved = at.residuals.copy()
    for here, there in ((i, j), (j, i)):
        own, other = problem.rows[here].channel, problem.rows[there].channel
        read = own.values[own.reads]
        moved[at.row == here] += read - np.interp(own.t[own.reads], other.t[other.reads], other.values[other.reads])
    return moved


def _swapped(problem: Problem, i: int, j: int, base: float, left: float, at: Forward) -> Fault:
    one, other = problem.rows[i].channel, problem.rows[j].channel
    n = at.residuals.size
    before, after = np.sqrt(base / n), np.sqrt(left / n)
    names = f"{one.name} and {other.name}"
    return Fault(
        trial=problem.experiments[problem.rows[i].experiment].trial.name, kind="swapped", channel=one.name,
        begin=float(at.times.min()), end=float(at.times.max()), size=float(before),
        en=f"{names} look exchanged: with their readings swapped the misfit falls from {before:.3g} to {after:.3g} "
        "times what is stated. Check the wiring, and correct the sidecar's columns.",
        zh=f"{one.name} 与 {other.name} 疑似互换：交换读数后失配由声明不确定度的 {before:.3g} 倍降至 {after:.3g} 倍。"
        "请检查接线并更正说明文件中的列。")  # fmt: skip


def _clocks(problem: Problem, at: Forward, line: _Line, base: float) -> list[tuple[float, Fault]]:
    """Loggers whose clock, set free on the linear model, stands far from 0."""
    groups: dict[tuple[int, str], list[int]] = {}
    for i, row in enumerate(problem.rows):
        groups.setdefault((row.experiment, row.channel.clock.group), []).append(i)
    told = []
    for (experiment, group), members in groups.items():
        if any(problem.rows[i].channel.clock.name in {p.name for p in problem.parameters} for i in members):
            continue  # it was fitted
        column = np.zeros((at.residuals.size, 1))
        for i in members:
            row = problem.rows[i]
            known = replace(row.channel, clock=replace(row.channel.clock, std=0.0))
            column[at.row == i, 0] = by(at.histories[experiment], known, "clock", of=row.of)[row.channel.reads]
        left = line.left(at.residuals, column)
        fall, (shift, spread) = line.share * (base - left), line.shift(at.residuals, column)
        stated = problem.rows[members[0]].channel.clock.std
        if fall > FAR and left < 0.5 * base and abs(shift) > 5.0 * np.hypot(spread, stated):
            trial = problem.experiments[experiment].trial.name
            who, wer = (f"logger {group}", f"记录仪 {group}") if group else ("the logger", "记录仪")
            told.append((fall, Fault(
                trial=trial, kind="clock", channel=problem.rows[members[0]].channel.name,
                begin=float(at.times.min()), end=float(at.times.max()), size=shift,
                en=f"the clock of {who} of {trial} looks {shift:+.3g} s off against what drives the model (+- "
                f"{spread:.2g} s). Compare the clocks, and state clock and clock_std in the sidecar.",
                zh=f"{trial} 的{wer}时钟相对驱动模型的时钟疑偏差 {shift:+.3g} s（± {spread:.2g} s）。"
                "请核对时钟，并在说明文件中声明 clock 与 clock_std。")))  # fmt: skip
    return told
