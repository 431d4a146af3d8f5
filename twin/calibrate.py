"""Fit a recipe's uncertain numbers to logged trials, and say how surely."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from ..models import Fit, ForetrialError, ModelError, Process, SolveError, Solver, Start, Structure, Trial
from ..models.digest import digest
from ..models.solver import Recipe
from .censored import one_sided
from .forward import Forward, bases, forward, sharing, whiten, whitener
from .identify import autocorrelation_time, correlated, identify
from .lack import lacking, refuse_kernel, tell_lack
from .ledger import Ledger, Tally, opened, recorded
from .problem import Experiment, Free, Problem, fingerprints, pose
from .robust import bend, influence, name_outliers, refuse_unknown
from .search import Descent, Residuals, best_of, descend, descend_together
from .sensor import remarks

Array = NDArray[np.float64]
Tell = Callable[[str, float], None]


def calibrate(process: Recipe | Sequence[Experiment], trial: Trial | None = None, *, free: Free, solver: Solver,
              priors: Mapping[str, tuple[float, float]] | None = None, nuisances: Iterable[str] = (), starts: int = 4,
              seed: int = 1, noise: Mapping[str, float] | float | None = None, search: Solver | None = None,
              loss: str | None = None, discrepancy: str | None = None, ledger: Ledger | str | Path | None = None,
              tell: Tell | None = None) -> Fit:  # fmt: skip
    """The values of the free quantities that explain the readings best, with their covariance and its doubts in words.

    Parameters
    ----------
    process, trial : Process and Trial, or a sequence of Experiment alone
        One recipe beside one log, probes made from the channels' places; or several runs, each with its sensors.
    free : mapping of name to (lower, upper) or Parameter
        Bounds in SI. From a factor of ten on, bounds above 0 are searched logarithmically.
    solver : Solver
        Its tangents are used where it has them, differences between runs otherwise.
    priors : mapping of name to (mean, standard deviation)
    nuisances : names
        Named quantities with a std that are moved along, held by that std: their share of doubt enters the covariance.
    starts : int
        Searches: from the guess, and from the best of four times as many places, screened by coarse runs.
    seed : int
        Of the places.
    noise : float or mapping of channel name to float, K
        Standard uncertainty of a reading where the log's own is not to be used.
    search : Solver or None
        A cheaper one for the searches; the best end is always polished by `solver`.
    loss : "student", "huber" or None
        A robust loss in place of the sum of squares; the readings that it sets aside are named in the fit's words.
    discrepancy : "OU", "Matern 3/2", "Matern 5/2" or None
        How the model may err over time by itself; None: not at all. Values stay what fits best, their covariance grows
        by what such an error could do in their place, and `fit.discrepancy` tells its size; see `lacking`. Correlated
        or large residuals are then its matter: readings weigh as stated.
    ledger : Ledger, path or None
        Where every run is written down. Runs that it holds are not made again, so a study that was killed goes on
        where it stopped, to the same answer; a run that fails is tried again with finer steps, then finer cells.
    tell : callable or None
        Gets a sentence and the share done.

    Returns
    -------
    Fit

    Raises
    ------
    ModelError, TrialError
        What cannot be meant: an unknown name, empty bounds, no reading, a driving channel.
    SolveError
        If every start failed.

    Notes
    -----
    Stated errors that move a whole channel (offset, lag, place) are taken as correlated. Readings of a channel whose
    residuals are correlated in time, or larger than stated, weigh less in the last polish, by the integrated
    autocorrelation time and the misfit; the covariance follows (Geyer 1992; JCGM 101, 5.2). A reading at a limit of its
    channel's range counts by the tail beyond that limit: neither believed nor dropped (see `one_sided`).
    """
    refuse_unknown(loss)
    refuse_kernel(discrepancy, loss=loss)
    problem = pose(_experiments(process, trial), free=free, priors=priors, nuisances=nuisances, noise=noise)
    with opened(ledger) as book:
        tally = Tally()
        by = [one and recorded(one, book, free=problem.names, tally=tally) for one in (solver, search)]
        return _calibrate(problem, by[0] or solver, by[1], starts=starts, seed=seed, loss=loss, kernel=discrepancy,
                          tally=tally, tell=tell)  # fmt: skip


def _calibrate(problem: Problem, solver: Solver, search: Solver | None, *, starts: int, seed: int, loss: str | None,
               kernel: str | None, tally: Tally, tell: Tell | None) -> Fit:  # fmt: skip
    scout = search or solver
    begins, failures = _begins(problem, scout if search else _coarse(solver), starts, seed, loss, tell)
    found = descend_together(_rebase(problem, scout, None, loss), begins, tell=_part(tell, 0.15, 0.6))
    best = best_of(found)
    if best.failed:
        raise SolveError(
            f"all {len(found)} starts failed; the first: {found[0].outcome} "
            "One run inside the bounds has to succeed. Run the solver on the guess alone, or narrow the bounds."
        )
    u = best.end
    if search is not None:
        full = _rebase(problem, solver, None, loss)
        polished = descend(full, u, tell=_part(tell, 0.75, 0.1), about="polish, ", rounds=2)
        failures.extend(polished.failures)
        u = u if polished.failed else polished.end
    at = _at(problem, u, solver)
    inflation, _, _ = doubt(problem, at, loss)
    if kernel is None and (inflation > 1.05).any():
        weighed = descend(
            _rebase(problem, solver, inflation, loss), u, tell=_part(tell, 0.85, 0.1), about="weigh, ", rounds=2
        )
        failures.extend(weighed.failures)
        if not weighed.failed:
            u = weighed.end
            at = _at(problem, u, solver)
    for one in found:
        failures.extend(one.failures)
    told = tuple(dict.fromkeys([*failures, *tally.failures]))
    return _fit(problem, u, at, found, solver, told, loss, kernel, tally.calls)


def _experiments(process: Recipe | Sequence[Experiment], trial: Trial | None) -> tuple[Experiment, ...]:
    if isinstance(process, (Process, Structure)):
        if trial is None:
            raise ModelError(
                f"process '{process.name}' comes without a trial: 0 readings. A calibration compares the two. "
                "Call calibrate(process, trial, ...), or calibrate([Experiment(...), ...], ...)."
            )
        return (Experiment(trial=trial, process=process),)
    if trial is not None or not process:
        raise ModelError(
            f"{len(process)} experiments {'and a trial ' if trial is not None else ''}were given. One or more "
            "experiments, each with its own trial, are needed. Call calibrate([Experiment(trial=..., process=...)])."
        )
    return tuple(process)


def _coarse(solver: Solver) -> Solver:
    return solver.refined(0.5) if hasattr(solver, "refined") else solver


def _part(tell: Tell | None, begin: float, width: float) -> Tell | None:
    return None if tell is None else lambda text, share: tell(text, begin + width * share)


def standard(problem: Problem, found: Forward, values: Array, inflation: Array | None,
             loss: str | None = None) -> tuple[Array, Array]:  # fmt: skip
    """Standardised residuals, Jacobian by the coordinates, bent by the loss; limits and priors are further rows."""
    tool = whitener(found, inflation=None if inflation is None else inflation[found.row])
    stretch = problem.stretch(values)
    known, slope = prior_rows(problem, values)
    limited = one_sided(found, inflation)
    white, slopes = bend(whiten(tool, found.residuals), whiten(tool, found.jacobian * stretch), loss)
    return (np.concatenate([white, limited.residuals, known]),
            np.concatenate([slopes, limited.slopes * stretch, slope]))  # fmt: skip


def prior_rows(problem: Problem, values: Array) -> tuple[Array, Array]:
    """Priors as standardised residuals (m,), with their slopes (m, nf) by the coordinates."""
    held = [(i, p.prior) for i, p in enumerate(problem.parameters) if p.prior is not None]
    stretch = problem.stretch(values)
    r, J = np.zeros(len(held)), np.zeros((len(held), values.size))
    for row, (i, (mean, std)) in enumerate(held):
        r[row], J[row, i] = (values[i] - mean) / std, stretch[i] / std
    return r, J


def _rebase(problem: Problem, solver: Solver, inflation: Array | None,
            loss: str | None) -> Callable[[Array], Residuals]:  # fmt: skip
    """What sets a base: steps, and how far shared causes move readings, stay those of where it was set.

    Would the weights move with the values, larger slopes would pay by weighing less, and the Jacobian would not know.
    """

    def rebase(u: Array) -> Residuals:
        solvers = bases(problem, problem.values(u), solver=solver)
        first: list[Forward] = []

        def residuals(at: Array) -> tuple[Array, Array]:
            values = problem.values(at)
            found = forward(problem, values, solvers=solvers)
            if not first:
                first.append(found)
            return standard(problem, sharing(found, first[0]), values, inflation, loss)

        return residuals

    return rebase


def _at(problem: Problem, u: Array, solver: Solver) -> Forward:
    values = problem.values(u)
    return forward(problem, values, solvers=bases(problem, values, solver=solver))


def _begins(problem: Problem, cheap: Solver, starts: int, seed: int, loss: str | None,
            tell: Tell | None) -> tuple[list[Array], list[str]]:  # fmt: skip
    """The guess, and the best of the screened places."""
    guess = np.clip(problem.unit(problem.guess), 0.02, 0.98)
    if starts <= 1:
        return [guess], []
    places = qmc.Sobol(guess.size, seed=seed).random(2 ** math.ceil(math.log2(4 * (starts - 1))))
    ranked, failures = [], []
    for i, place in enumerate(places):
        if tell is not None:
            tell(f"screening start {i + 1} of {len(places)}", 0.15 * i / len(places))
        values = problem.values(place)
        try:
            solvers = (cheap,) * len(problem.experiments)
            r, _ = standard(problem, forward(problem, values, solvers=solvers, slopes=False), values, None, loss)
            ranked.append((float(r @ r), i))
        except ForetrialError as cause:
            failures.append(str(cause))
            ranked.append((math.inf, i))
    return [guess, *(places[i] for _, i in sorted(ranked)[: starts - 1])], failures


def _crime(trial: Trial, solver: Solver) -> tuple[str, str]:
    return (f"Inverse crime: {trial.name} was simulated by this very solver {solver.digest[:12]}; its numerical error "
            "cancels, and the fit looks better than it is.",
            f"逆犯罪：{trial.name} 由同一求解器 {solver.digest[:12]} 仿真得到，"
            "数值误差相互抵消；拟合好于实际。")  # fmt: skip


def doubt(problem: Problem, at: Forward, loss: str | None = None) -> tuple[Array, float, float]:
    """Per row, by how much its variance is to be enlarged; effective number of readings; misfit."""
    white = whiten(whitener(at), at.residuals)
    pull, slope = influence(white, loss)
    inflation, effective = np.ones(len(problem.rows)), 0.0
    spare = white.size / max(white.size - len(problem.parameters), 1)
    for i in range(len(problem.rows)):
        own = at.row == i
        tau = correlated(pull[own])
        effective += float(own.sum()) / tau
        inflation[i] = tau * max(1.0, _variance(pull[own], slope[own]) * spare)
    return inflation, effective, math.sqrt(_variance(pull, slope))


def _span(problem: Problem) -> tuple[float, float] | None:
    """Lowest and highest temperature read, K."""
    read = [row.channel.values[row.channel.reads] for row in problem.rows if row.channel.unit == "K"]
    return (float(min(one.min() for one in read)), float(max(one.max() for one in read))) if read else None


def _variance(pull: Array, slope: Array) -> float:
    """Mean square of standardised residuals; under a robust loss what the estimate's variance grows by (Huber 1964)."""
    return float(np.mean(pull**2)) / max(float(np.mean(slope)), 0.1) ** 2


def _fit(problem: Problem, u: Array, at: Forward, found: Sequence[Descent], solver: Solver,
         failures: tuple[str, ...], loss: str | None, kernel: str | None, runs: int) -> Fit:  # fmt: skip
    values = problem.values(u)
    stretch = problem.stretch(values)
    inflation, effective, misfit = doubt(problem, at, loss)
    if kernel is not None:
        inflation = np.ones_like(inflation)
    tool = whitener(at, inflation=inflation[at.row])
    seen = np.vstack([whiten(tool, at.jacobian), one_sided(at, inflation).information])
    J = np.vstack([seen * stretch, prior_rows(problem, values)[1]])
    flat = np.diag([0.0 if p.prior is not None else 12.0 for p in problem.parameters])
    covariance = np.linalg.inv(J.T @ J + flat) * np.outer(stretch, stretch)
    widths = np.array([p.prior[1] if p.prior is not None else s / math.sqrt(12.0)
                       for p, s in zip(problem.parameters, stretch, strict=True)])  # fmt: skip
    lack = None
    if kernel is not None:
        lack, more, scale = lacking(at, information=np.asarray(np.linalg.inv(covariance)), wide=widths, kernel=kernel,
                                    label=lambda i: problem.rows[i].label)  # fmt: skip
        covariance = scale * covariance + more
    scaled = seen * widths
    _, sizes, directions = np.linalg.svd(scaled, full_matrices=False)
    active = tuple(p.name for p, c in zip(problem.parameters, u, strict=True) if c < 1e-5 or c > 1.0 - 1e-5)
    white = whiten(whitener(at), at.residuals)
    whiteness = {row.label: autocorrelation_time(white[at.row == i]) for i, row in enumerate(problem.rows)}
    data: dict[str, str] = {}
    for experiment in problem.experiments:
        data.update(fingerprints(experiment.trial, experiment.observe))
    starts = tuple(Start(begin=tuple(problem.values(d.begin).tolist()), end=tuple(problem.values(d.end).tolist()),
                         objective=d.objective if np.isfinite(d.objective) else 1e300, evaluations=d.evaluations,
                         outcome=d.outcome) for d in found)  # fmt: skip
    words = identify(problem.parameters, values, covariance, widths=widths, scaled=scaled, active=active, misfit=misfit,
                     effective=effective, whiteness=whiteness, gaps=problem.gaps,
                     widened=kernel is None, span=_span(problem))  # fmt: skip
    words += remarks([(e.trial.name, c) for e in problem.experiments for c in e.trial.channels.values()
                      if c.name in e.observe or c.unused])  # fmt: skip
    if loss is not None:
        words += name_outliers(white, residuals=at.residuals, times=at.times, row=at.row,
                               labels=[row.label for row in problem.rows], loss=loss)  # fmt: skip
    words += ((f"The calibration took {runs} solver calls.", f"标定共调用求解器 {runs} 次。"),)
    words += tuple(_crime(e.trial, solver) for e in problem.experiments if solver.digest[:12] in e.trial.source)
    fit = Fit(parameters=problem.parameters, values=values, covariance=covariance,
              objective=best_of(found).objective, starts=starts, residuals=at.residuals, sigmas=at.sigmas,
              times=at.times, rows=tuple(problem.rows[i].label for i in at.row), active=active, effective=effective,
              misfit=misfit, data=data, solver=solver.digest, process=digest([e.process for e in problem.experiments]),
              words=words, failures=failures, runs=runs, singular_values=sizes, directions=directions,
              discrepancy=lack)  # fmt: skip
    return fit if lack is None else replace(fit, words=(*words, *tell_lack(lack, fit)))
