"""The next best trial: which sensors, in which run, would shrink the interval of a verdict most."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..models import (
    Channel,
    Fit,
    ModelError,
    Parameter,
    Probe,
    Quantity,
    Solver,
    Trial,
    quantities,
    substitute,
)
from ..models.errors import did_you_mean
from ..models.solver import Recipe
from .forward import Forward, forward, tangents, whiten, whitener
from .identify import autocorrelation_time
from .plan import Gain, Goal, NextTrial, Plan, in_words
from .problem import Experiment, Problem, pose_rows

Array = NDArray[np.float64]
CRITERIA = ("goal", "D", "A")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Seen:
    """What one sensor tells: columns (n, nf + m) in its own uncertainty, by parameters and by what else is unknown.

    That is: causes that it shares with others, and inputs of its run that are uncertain but not fitted.
    """

    rows: Array
    labels: tuple[str, ...]


def next_trial(experiments: Sequence[Experiment], plans: Sequence[Plan], *, fit: Fit, solver: Solver,
               goal: Goal | None = None, criterion: str = "goal", add: int = 1) -> NextTrial:  # fmt: skip
    """Choose the run and the sensors that tell most.

    Parameters
    ----------
    experiments : sequence of Experiment
        What the fit has seen.
    plans : sequence of Plan
    fit : Fit
        Its parameters, with their priors, are what is to be learnt, around its values.
    solver : Solver
        One tangent run for each experiment and plan, and one for the goal.
    goal : Goal or None
    criterion : str
        "goal" for the least variance of the goal, "D" for the least volume of the parameters' ellipsoid, "A" for the
        least sum of their variances.
    add : int
        Sensors to add.

    Returns
    -------
    NextTrial

    Raises
    ------
    ModelError
        An unknown criterion, no goal where one is needed, no candidate, fewer candidates than are to be added.
    SolveError
        If a run fails.

    Notes
    -----
    To first order around the fit, precision is that of the priors (a flat one counts as its span over sqrt 12) plus
    J'WJ of every sensor. Offsets, lags and places are unknowns with a prior of their own, one for all sensors that
    share the cause. So is every named quantity of a run with an uncertainty that the fit did not move: it is integrated
    over that prior, blurs what a sensor tells of the parameters, and counts in the goal. A quantity of one name and one
    value is one unknown in all runs, and so is a group; one that has another value in another run (where it starts) is
    another. Sensors tell about inputs too: whoever wants a verdict to gain by that names them as nuisances of the next
    calibration. Readings count less by the autocorrelation time and the misfit that the fit's own residuals show; a
    sensor that has not read yet takes the middle of those, in seconds. Sensors are added one by one and then exchanged
    until nothing gets better.

    References
    ----------
    Chaloner and Verdinelli, Statistical Science 10 (1995) 273-304; Atkinson, Donev and Tobias, Optimum Experimental
    Designs (2007), ch. 12 (exchange).
    """
    _refuse(plans, goal, criterion, add)
    widths = _widths(fit)
    told, tau, misfit = _told(experiments, fit, solver, widths)
    slopes, inputs = (None, {}) if goal is None else _slopes(goal, fit, solver)
    held = math.nan
    if goal is not None and slopes is not None:
        fitted = float(slopes @ fit.covariance @ slopes) + sum(s**2 for s in inputs.values())
        held = goal.coverage * math.sqrt(fitted + goal.rest**2)
    score = _Score(criterion, None if slopes is None else slopes * widths, inputs, goal)
    before = score.gain("", (), told, widths.size)
    each, best_of, bare, covers = [], [], {}, {}
    for plan in plans:
        seen = _planned(plan, fit, solver, widths, (tau, misfit))
        base = [*told, *(seen[s.channel.name] for s in plan.mounted)]
        names = [s.channel.name for s in plan.candidates]
        bare[plan.name] = score.gain(plan.name, (), base, widths.size)

        def worth(chosen: tuple[str, ...], plan: Plan = plan, base: list[_Seen] = base,
                  seen: Mapping[str, _Seen] = seen) -> Gain:  # fmt: skip
            return score.gain(plan.name, chosen, [*base, *(seen[n] for n in chosen)], widths.size)

        each += [worth((name,)) for name in names]
        best_of.append(_chosen(names, add, worth))
        covers[plan.name] = [*base, *(seen[n] for n in best_of[-1].sensors)]
    each.sort(key=lambda one: one.score)
    best_of.sort(key=lambda one: one.score)
    best = best_of[0]
    joint, _ = _covariance(covers[best.plan], widths.size)
    covariance = joint[: widths.size, : widths.size] * np.outer(widths, widths)
    return NextTrial(before=before, best=best, each=tuple(each), plans=tuple(best_of), bare=bare, covariance=covariance,
                     held=held, words=in_words(plans, before, best, each, goal, held))  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Score:
    """How good some information is."""

    criterion: str
    slopes: Array | None
    inputs: Mapping[str, float]
    goal: Goal | None

    def gain(self, plan: str, sensors: tuple[str, ...], told: Sequence[_Seen], nf: int) -> Gain:
        joint, labels = _covariance(told, nf)
        C = joint[:nf, :nf]
        std = interval = math.nan
        if self.slopes is not None and self.goal is not None:
            by = np.concatenate([self.slopes, [self.inputs.get(label, 0.0) for label in labels]])
            unseen = sum(s**2 for label, s in self.inputs.items() if label not in labels)
            std = math.sqrt(max(float(by @ joint @ by), 0.0) + unseen)
            interval = self.goal.coverage * math.hypot(std, self.goal.rest)
        score = {"goal": std**2, "D": float(np.linalg.slogdet(C)[1]), "A": float(np.trace(C))}[self.criterion]
        return Gain(plan=plan, sensors=sensors, score=score, std=std, interval=interval)


def _chosen(names: Sequence[str], add: int, worth: Callable[[tuple[str, ...]], Gain]) -> Gain:
    """The best `add` of the names: one by one, then exchanged until nothing gets better."""
    best = worth(())
    for _ in range(add):
        best = min((worth((*best.sensors, n)) for n in names if n not in best.sensors), key=lambda one: one.score)
    better = add > 1
    while better:
        swaps = [worth(tuple(n if s == out else s for s in best.sensors))
                 for out in best.sensors for n in names if n not in best.sensors]  # fmt: skip
        top = min(swaps, key=lambda one: one.score, default=best)
        better = top.score < best.score - 1e-9 * max(abs(best.score), 1e-300)
        best = top if better else best
    return best


def _covariance(told: Sequence[_Seen], nf: int) -> tuple[Array, list[str]]:
    """Covariance (nf + m, nf + m) of the parameters in prior widths and of all else that sensors see; its labels."""
    labels = list(dict.fromkeys(label for one in told for label in one.labels))
    M = np.eye(nf + len(labels))
    for one in told:
        where = np.array([*range(nf), *(nf + labels.index(label) for label in one.labels)])
        M[np.ix_(where, where)] += one.rows.T @ one.rows
    return np.asarray(np.linalg.inv(M)), labels


def _widths(fit: Fit) -> Array:
    """(nf,) standard deviation of each prior; of a flat one its span over sqrt 12, logarithmic where searched so."""
    found = []
    for p, v in zip(fit.parameters, fit.values, strict=True):
        span = v * math.log(p.upper / p.lower) if p.transform == "log" else p.upper - p.lower
        found.append(p.prior[1] if p.prior is not None else span / math.sqrt(12.0))
    return np.array(found)


def _told(experiments: Sequence[Experiment], fit: Fit, solver: Solver,
          widths: Array) -> tuple[list[_Seen], float, float]:  # fmt: skip
    """What the sensors so far tell, the middle autocorrelation time, s, and the middle squared misfit."""
    if not experiments:
        return [], 0.0, 1.0
    runs = [_at(one, fit, solver) for one in experiments]
    whites = [whiten(whitener(at), at.residuals) for _, at, _ in runs]
    count = sum(white.size for white in whites)
    spare = count / max(count - widths.size, 1)
    found, taus, misfits = [], [], []
    for (problem, at, held), white in zip(runs, whites, strict=True):
        for i, row in enumerate(problem.rows):
            own = at.row == i
            tau, size = autocorrelation_time(white[own]), max(1.0, float(np.mean(white[own] ** 2)) * spare)
            taus.append(tau * _beat(row.channel))
            misfits.append(size)
            found.append(_seen(at, own, widths, held, tau * size))
    return found, float(np.median(taus)), float(np.median(misfits))


def _planned(plan: Plan, fit: Fit, solver: Solver, widths: Array, doubt: tuple[float, float]) -> dict[str, _Seen]:
    """What each sensor of a plan would tell, by its name."""
    sensors = (*plan.mounted, *plan.candidates)
    channels = {s.channel.name: replace(s.channel, values=np.zeros(s.channel.t.size), limits=None) for s in sensors}
    sees = {s.channel.name: s.sees or _probe(s.channel, plan) for s in sensors}
    run = Experiment(trial=Trial(name=plan.name, channels=channels), process=plan.process, observe=sees, name=plan.name)
    problem, at, held = _at(run, fit, solver)
    found = {}
    for i, row in enumerate(problem.rows):
        tau = max(1.0, doubt[0] / max(_beat(row.channel), 1e-300))
        found[row.channel.name] = _seen(at, at.row == i, widths, held, tau * doubt[1])
    return found


def _at(run: Experiment, fit: Fit, solver: Solver) -> tuple[Problem, Forward, tuple[Quantity, ...]]:
    """One run with derivatives by the parameters and then by its held inputs, and these."""
    held = _held(run.process, fit)
    rows, gaps = pose_rows((run,))
    parameters = (*fit.parameters, *(Parameter(name=q.name, unit=q.unit, lower=-math.inf, upper=math.inf)
                                     for q in held))  # fmt: skip
    values = np.concatenate([fit.values, [q.value for q in held]])
    problem = Problem(experiments=(run,), parameters=parameters, guess=values, rows=rows, gaps=gaps)
    return problem, forward(problem, values, solvers=(solver,)), held


def _held(process: Recipe, fit: Fit) -> tuple[Quantity, ...]:
    """What is uncertain in a process beside the parameters of the fit."""
    fitted = {p.name for p in fit.parameters}
    return tuple(q for name, q in quantities(process).items() if q.std > 0.0 and name not in fitted)


def _named(held: Sequence[Quantity]) -> list[str]:
    """Of each input, by what it is known again in another run: its group, or its name and value."""
    return [f"group {q.group}" if q.group else f"input {q.name} = {q.value!r} +- {q.std!r}" for q in held]


def _seen(at: Forward, own: NDArray[np.bool_], widths: Array, held: Sequence[Quantity], inflation: float) -> _Seen:
    touched = [k for k in range(len(at.labels)) if at.shared[own, k].any()]
    nf, columns = widths.size, dict[str, Array]()
    for k, (label, q) in enumerate(zip(_named(held), held, strict=True)):
        moved = at.jacobian[own, nf + k] * q.std
        if moved.any():
            columns[label] = columns.get(label, 0.0) + moved
    columns |= {at.labels[k]: at.shared[own, k] for k in touched}
    weight = 1.0 / (at.sigmas[own] * math.sqrt(inflation))
    rows = np.column_stack([at.jacobian[own, :nf] * widths, *columns.values()]) * weight[:, None]
    return _Seen(rows=rows, labels=tuple(columns))


def _beat(channel: Channel) -> float:
    """Seconds between readings."""
    return float(np.median(np.diff(channel.t[channel.reads]))) if channel.reads.sum() > 1 else 0.0


def _probe(channel: Channel, plan: Plan) -> Probe:
    bodies = [b.name for b in plan.process.bodies]
    if channel.place is None or (len(bodies) > 1 and channel.station not in bodies):
        raise ModelError(
            f"sensor '{channel.name}' of plan '{plan.name}' states place {channel.place} and station "
            f"'{channel.station}', which tells none of the bodies {bodies}. A sensor is somewhere. Give its channel a "
            "place and a station, or sees=Probe(...)."
        )
    return Probe(name=channel.name, place=channel.place, body=bodies[0] if len(bodies) == 1 else channel.station)


def _slopes(goal: Goal, fit: Fit, solver: Solver) -> tuple[Array, dict[str, float]]:
    """(nf,) derivative of the number by each parameter of the fit; what one standard uncertainty of each input does."""
    own = quantities(goal.process)
    names = tuple(p.name for p in fit.parameters if p.name in own)
    if not names:
        raise ModelError(
            f"the goal's process '{goal.process.name}' has none of the fitted parameters "
            f"{', '.join(p.name for p in fit.parameters)}. What is learnt must matter to it. Use one recipe for both."
        )
    ready = substitute(goal.process, {p.name: float(v) for p, v in zip(fit.parameters, fit.values, strict=True)
                                      if p.name in names})  # fmt: skip
    held = _held(goal.process, fit)
    free = (*names, *(q.name for q in held))
    found = goal.interest.slopes(tangents(solver, ready, free=free, observe=goal.observe))
    inputs = dict[str, float]()
    for label, q, slope in zip(_named(held), held, found[len(names) :], strict=True):
        inputs[label] = inputs.get(label, 0.0) + float(slope) * q.std
    return np.array([found[names.index(p.name)] if p.name in names else 0.0 for p in fit.parameters]), inputs


def _refuse(plans: Sequence[Plan], goal: Goal | None, criterion: str, add: int) -> None:
    if criterion not in CRITERIA:
        raise ModelError(
            f"criterion '{criterion}' is not known. {did_you_mean(criterion, CRITERIA)} Choose 'goal', 'D' or 'A'."
        )
    if criterion == "goal" and goal is None:
        raise ModelError(
            "criterion 'goal' has no goal. The interval that is to shrink must be named. Give goal=Goal(...), or say "
            "criterion='D' for all parameters."
        )
    fewest = min((len(p.candidates) for p in plans), default=0)
    if not 1 <= add <= fewest:
        raise ModelError(
            f"{add} sensors are to be added, and a plan has {fewest} candidates. One or more, and no more than there "
            "are candidates, can be. Change add, or propose more places."
        )
    for plan in plans:
        names = [s.channel.name for s in (*plan.mounted, *plan.candidates)]
        twice = next((a for a, b in pairwise(sorted(names)) if a == b), None)
        if twice:
            raise ModelError(
                f"plan '{plan.name}' has two sensors named '{twice}'. One name is one sensor. Rename one of them."
            )
