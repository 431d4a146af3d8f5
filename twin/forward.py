"""Run a problem at given values: what each sensor would read beside what it read, and how that moves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..models import Channel, History, SolveError, Solver, quantities, substitute
from ..models.solver import Asked, Recipe
from .censored import Censored
from .observe import by_place, observe, observe_tangent
from .problem import Problem, Row
from .sensor import by, causes

Array = NDArray[np.float64]
Moves = list[tuple[int, dict[str, Array]]]  # of a row, what each shared cause does to its readings at a limit
NUDGE = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Forward:
    """Readings beside a run.

    Attributes
    ----------
    residuals, sigmas, times : (n,)
        Model minus reading, standard uncertainty of the reading (its short-term part), time in s.
    jacobian : (n, nf)
        Derivative of the residuals by the values; zero columns where only the residuals were asked for.
    row : (n,) int
        Index into problem.rows.
    shared : (n, m)
        One column for each cause that moves a whole channel at once, at one standard uncertainty: offset, gain, drift,
        leads, lag, clock, place. What is set free has none.
    labels : (m,) str
    censored : Censored or None
        Readings at a limit of their range: they are in none of the above, and bound; see `one_sided`.
    """

    residuals: Array
    sigmas: Array
    times: Array
    jacobian: Array
    row: NDArray[np.int64]
    shared: Array
    labels: tuple[str, ...]
    histories: tuple[History, ...]
    censored: Censored | None = None


def bases(problem: Problem, values: Array, *, solver: Solver) -> tuple[Solver, ...]:
    """One solver for each experiment, its steps frozen at a run with these values."""
    frozen = []
    for index, experiment in enumerate(problem.experiments):
        if not hasattr(solver, "frozen"):
            frozen.append(solver)
            continue
        run = solver(substitute(experiment.process, _mine(problem, index, values)), observe=problem.observations(index))
        frozen.append(solver.frozen(run))
    return tuple(frozen)


def forward(problem: Problem, values: Array, *, solvers: Sequence[Solver], slopes: bool = True) -> Forward:
    """Residuals at these values, with derivatives by tangent where the solver has one, else by differences.

    Raises
    ------
    SolveError
        If a run fails or leaves a reading that is not finite.
    """
    histories, residuals, jacobians = [], [], []
    for index, solver in enumerate(solvers):
        history = _run(problem, index, values, solver, slopes)
        histories.append(history)
        for row in problem.rows:
            if row.experiment == index:
                use, channel = row.channel.reads, _sensor(problem, row.channel, values)
                residuals.append((observe(history, channel, of=row.of) - channel.values)[use])
                jacobians.append(_slopes(problem, channel, row.of, history)[use])
    order = [i for index in range(len(solvers)) for i, row in enumerate(problem.rows) if row.experiment == index]
    rows = [problem.rows[i] for i in order]
    number = np.concatenate([np.full(int(problem.rows[i].channel.reads.sum()), i) for i in order])
    shared, labels, bent = _shared(problem, values, histories, number)
    censored = _censored(problem, values, histories, labels, bent)
    found = Forward(
        residuals=np.concatenate(residuals), jacobian=np.concatenate(jacobians), row=number,
        sigmas=np.concatenate([row.channel.sigma[row.channel.reads] for row in rows]),
        times=np.concatenate([row.channel.t[row.channel.reads] for row in rows]),
        shared=shared, labels=labels, histories=tuple(histories), censored=censored)  # fmt: skip
    numbers = [found.residuals, found.jacobian, *(() if censored is None else (censored.beyond, censored.jacobian))]
    if not all(np.isfinite(one).all() for one in numbers):
        raise SolveError(
            "a run left a reading that is not finite. Every reading of a run is a number. Run the solver at these "
            f"values by themselves: {dict(zip(problem.names, values.tolist(), strict=True))}."
        )
    return found


def sharing(found: Forward, base: Forward) -> Forward:
    """The same, but what shared causes do to the readings is what they do at `base`."""
    censored = found.censored
    if censored is not None and base.censored is not None:
        censored = replace(censored, shared=base.censored.shared)
    return replace(found, shared=base.shared, censored=censored)


def whitener(found: Forward, *, inflation: Array | None = None) -> tuple[Array, Array]:
    """Weights (n,) and low-rank correction (n, n) in factored form that make stated errors independent and of size one.

    The covariance is diag(sigma^2) plus the shared causes; with U = shared / sigma and U'U = Z S^2 Z', its inverse
    root is (I - Q Q') diag(1 / sigma), Q = U Z f(S^2), f(x)^2 = (1 - (1 + x)^-1/2) / x. Returns 1 / sigma and Q; see
    `whiten`.
    """
    weight = 1.0 / (found.sigmas if inflation is None else found.sigmas * np.sqrt(inflation))
    if not found.shared.size:
        return weight, np.zeros((weight.size, 0))
    U = found.shared * weight[:, None]
    x, Z = np.linalg.eigh(U.T @ U)
    x = np.maximum(x, 1e-12)
    return weight, U @ (Z * np.sqrt(-np.expm1(-0.5 * np.log1p(x)) / x))


def whiten(tool: tuple[Array, Array], rows: Array) -> Array:
    """Rows (n,) or (n, m) in units of their stated uncertainty, shared causes taken out."""
    weight, q = tool
    scaled = rows * (weight if rows.ndim == 1 else weight[:, None])
    return np.asarray(scaled - q @ (q.T @ scaled))


def _mine(problem: Problem, index: int, values: Array) -> dict[str, float]:
    """The parameters that this experiment's process has, with their values."""
    own = quantities(problem.experiments[index].process)
    return {n: float(v) for n, v in zip(problem.names, values, strict=True) if n in own}


def tangents(solver: Solver, process: Recipe, *, free: Sequence[str], observe: Sequence[Asked]) -> History:
    """A run with derivatives by the named quantities: the solver's own, else differences between runs on its steps.

    Raises
    ------
    SolveError
        If a run fails.
    """
    names, watched = tuple(free), tuple(observe)
    if not names:
        return solver(process, observe=watched)
    if getattr(solver, "tangent", None) is not None:
        return solver.tangent(process, free=names, observe=watched)
    base = solver(process, observe=watched)
    again = solver.frozen(base) if hasattr(solver, "frozen") else solver
    known, slopes, rates = quantities(process), [], []
    for name in names:
        value = known[name].value
        step = NUDGE * max(abs(value), known[name].std, 1e-12)
        valid = known[name].valid
        if valid is not None and value + step > valid[1]:
            step = -step
        moved = again(substitute(process, {name: value + step}), observe=watched)
        shared = np.clip(base.t, moved.t[0], moved.t[-1])
        same = moved.t.shape == base.t.shape and bool((moved.t == base.t).all())
        values = moved.values if same else np.stack([moved.at(o.name, shared) for o in watched], axis=1)
        speeds = moved.rates if same else np.stack([np.interp(shared, moved.t, moved.rates[:, moved.column(o.name)])
                                                    for o in watched], axis=1)  # fmt: skip
        slopes.append((values - base.values) / step)
        rates.append((speeds - base.rates) / step)
    return replace(base, free=names, tangents=np.array(slopes), tangent_rates=np.array(rates))


def _run(problem: Problem, index: int, values: Array, solver: Solver, slopes: bool) -> History:
    mine = _mine(problem, index, values)
    process = substitute(problem.experiments[index].process, mine)
    return tangents(solver, process, free=tuple(mine) if slopes else (), observe=problem.observations(index))


def _slopes(problem: Problem, channel: Channel, of: str, history: History) -> Array:
    found = np.zeros((channel.t.size, len(problem.names)))
    if history.tangents is not None:
        slopes = observe_tangent(history, channel, of=of)
        for column, name in enumerate(history.free):
            found[:, problem.names.index(name)] = slopes[:, column]
    for name, cause in problem.sensors.items():
        if getattr(channel, cause).name == name:
            found[:, problem.names.index(name)] = by(history, channel, cause, of=of)
    return found


def _sensor(problem: Problem, channel: Channel, values: Array) -> Channel:
    """The channel with what is free about it at these values."""
    own = {cause: replace(getattr(channel, cause), value=float(values[problem.names.index(name)]))
           for name, cause in problem.sensors.items() if getattr(channel, cause).name == name}  # fmt: skip
    return replace(channel, **own) if own else channel


def _shared(problem: Problem, values: Array, histories: Sequence[History],
            number: NDArray[np.int64]) -> tuple[Array, tuple[str, ...], Moves]:  # fmt: skip
    """Columns (n, m) and labels (m,) of what moves whole channels; the same of each row's limited readings."""
    columns: dict[str, Array] = {}
    bent: Moves = []
    for i, row in enumerate(problem.rows):
        for label, part in _moves(problem, row, row.channel, values, histories).items():
            columns.setdefault(label, np.zeros(number.size))[number == i] += part
        if row.limited is not None:
            bent.append((i, _moves(problem, row, row.limited, values, histories)))
    if not columns:
        return np.zeros((number.size, 0)), (), bent
    return np.stack(list(columns.values()), axis=1), tuple(columns), bent


def _moves(problem: Problem, row: Row, channel: Channel, values: Array,
           histories: Sequence[History]) -> dict[str, Array]:  # fmt: skip
    """What each shared cause does to the readings of a row, at one standard uncertainty."""
    channel, history = _sensor(problem, channel, values), histories[row.experiment]
    found = causes(history, channel, of=row.of, row=row.label, free=problem.names)
    if row.pairs:
        moved = by_place(history, channel, pairs=row.pairs)
        found.update({f"place of {row.label} along {axis}": part for axis, part in moved.items()})
    return {label: part[channel.reads] for label, part in found.items()}


def _censored(problem: Problem, values: Array, histories: Sequence[History], labels: Sequence[str],
              bent: Moves) -> Censored | None:  # fmt: skip
    """The readings at a limit beside their runs; None where there is none."""
    if not bent:
        return None
    beyond, jacobians, times, sigmas, numbers, shared = [], [], [], [], [], []
    for i, moves in bent:
        row = problem.rows[i]
        if row.limited is None or row.limited.limits is None:
            continue
        channel, history = _sensor(problem, row.limited, values), histories[row.experiment]
        use = channel.reads
        side = np.where(channel.values[use] >= row.limited.limits[1], 1.0, -1.0)
        beyond.append(side * (observe(history, channel, of=row.of) - channel.values)[use])
        jacobians.append(side[:, None] * _slopes(problem, channel, row.of, history)[use])
        times.append(channel.t[use])
        sigmas.append(channel.sigma[use])
        numbers.append(np.full(side.size, i))
        nothing = np.zeros(side.size)
        shared.append(np.stack([nothing, *(side * moves.get(label, nothing) for label in labels)], axis=1)[:, 1:])
    return Censored(beyond=np.concatenate(beyond), jacobian=np.concatenate(jacobians), times=np.concatenate(times),
                    sigmas=np.concatenate(sigmas), row=np.concatenate(numbers), shared=np.vstack(shared))  # fmt: skip
