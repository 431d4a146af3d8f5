"""Whether a trial makes more sense with two of its sensors exchanged, or a logger's clock moved."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ..models import Fit, Solver
from .faults import Fault
from .forward import Forward, bases, forward, whiten, whitener
from .problem import Experiment, Problem, pose_rows
from .sensor import by

Array = NDArray[np.float64]
FAR = 25.0  # by how much the squared misfit has to fall: five standard deviations


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
        Share of the readings that counts as independent; the fit's own where left out.

    Returns
    -------
    tuple of Fault
        Kinds "swapped" and "clock", the most telling first.

    Notes
    -----
    With the squared misfit counted per independent reading, an exchange is told when it falls by more than `FAR` and
    by more than half; a clock when it falls by more than `FAR` and a fifth, its shift five standard uncertainties
    from 0.
    """
    runs = (experiments,) if isinstance(experiments, Experiment) else tuple(experiments)
    rows, gaps = pose_rows(runs)
    problem = Problem(experiments=runs, parameters=fit.parameters, guess=fit.values, rows=rows, gaps=gaps)
    at = forward(problem, fit.values, solvers=bases(problem, fit.values, solver=solver))
    share = readings if readings is not None else min(1.0, fit.effective / max(fit.residuals.size, 1))
    base = _left(fit, at, at.residuals)
    found: list[tuple[float, Fault]] = []
    for i, j in combinations(range(len(rows)), 2):
        if rows[i].experiment == rows[j].experiment and rows[i].channel.unit == rows[j].channel.unit:
            left = _left(fit, at, _exchanged(problem, at, i, j))
            fall = share * (base - left)
            if fall > FAR and left < 0.5 * base:
                found.append((fall, _swapped(problem, i, j, base, left, at)))
    return tuple(one for _, one in sorted([*found, *_clocks(problem, fit, at, base, share)], key=lambda f: -f[0]))


def _left(fit: Fit, at: Forward, residuals: Array, more: Array | None = None) -> float:
    """Squared standardised misfit once the parameters, and what is in `more`, have moved on the linear model."""
    held = [(i, p.prior) for i, p in enumerate(fit.parameters) if p.prior is not None]
    tool = whitener(at)
    r, J = whiten(tool, residuals), whiten(tool, at.jacobian)
    if more is not None:
        J = np.hstack([J, whiten(tool, more)])
    prior = np.zeros((len(held), J.shape[1]))
    pulled = np.zeros(len(held))
    for row, (i, one) in enumerate(held):
        prior[row, i], pulled[row] = 1.0 / one[1], (fit.values[i] - one[0]) / one[1]
    A, b = np.vstack([J, prior]), np.concatenate([r, pulled])
    step = np.linalg.lstsq(A, -b, rcond=1e-10)[0] if A.shape[1] else np.zeros(0)
    return float(np.sum((b + A @ step) ** 2))


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
        kind="swapped", channel=one.name, begin=float(at.times.min()), end=float(at.times.max()), size=float(before),
        en=f"{names} look exchanged: with their readings swapped the misfit falls from {before:.3g} to {after:.3g} "
        "times what is stated. Check the wiring, and correct the sidecar's columns.",
        zh=f"{one.name} 与 {other.name} 疑似互换：交换读数后失配由声明不确定度的 {before:.3g} 倍降至 {after:.3g} 倍。"
        "请检查接线并更正说明文件中的列。")  # fmt: skip


def _clocks(problem: Problem, fit: Fit, at: Forward, base: float, share: float) -> list[tuple[float, Fault]]:
    """Loggers whose clock, set free on the linear model, stands far from 0."""
    groups: dict[tuple[int, str], list[int]] = {}
    for i, row in enumerate(problem.rows):
        groups.setdefault((row.experiment, row.channel.clock.group), []).append(i)
    told = []
    for (experiment, group), members in groups.items():
        column = np.zeros((at.residuals.size, 1))
        for i in members:
            row = problem.rows[i]
            known = replace(row.channel, clock=replace(row.channel.clock, std=0.0))
            column[at.row == i, 0] = by(at.histories[experiment], known, "clock", of=row.of)[row.channel.reads]
        left = _left(fit, at, at.residuals, column)
        tool = whitener(at)
        J = np.hstack([whiten(tool, at.jacobian), whiten(tool, column)])
        spread = float(np.sqrt(np.linalg.pinv(J.T @ J)[-1, -1] / max(share, 1e-6)))
        shift = float(np.linalg.lstsq(J, -whiten(tool, at.residuals), rcond=1e-10)[0][-1])
        stated = problem.rows[members[0]].channel.clock.std
        if share * (base - left) > FAR and left < 0.8 * base and abs(shift) > 5.0 * np.hypot(spread, stated):
            trial = problem.experiments[experiment].trial.name
            who = f"logger {group}" if group else "the logger"
            told.append((share * (base - left), Fault(
                kind="clock", channel=problem.rows[members[0]].channel.name, begin=float(at.times.min()),
                end=float(at.times.max()), size=shift,
                en=f"the clock of {who} of {trial} looks {shift:+.3g} s off against what drives the model (+- "
                f"{spread:.2g} s). Compare the clocks, and state clock and clock_std in the sidecar.",
                zh=f"{trial} 的记录仪时钟相对驱动模型的时钟疑偏差 {shift:+.3g} s（± {spread:.2g} s）。"
                "请核对时钟，并在说明文件中声明 clock 与 clock_std。")))  # fmt: skip
    return told
