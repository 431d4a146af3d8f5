"""Run a problem at given values: what each sensor would read beside what it read, and how that moves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..models import Channel, History, Observation, Process, SolveError, Solver, quantities, substitute
from .observe import by_place, observe, observe_tangent
from .problem import Problem
from .sensor import by, causes

Array = NDArray[np.float64]
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
    """

    residuals: Array
    sigmas: Array
    times: Array
    jacobian: Array
    row: NDArray[np.int64]
    shared: Array
    labels: tuple[str, ...]
    histories: tuple[History, ...]


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
    shared, labels = _shared(problem, values, histories, number)
    found = Forward(
        residuals=np.concatenate(residuals), jacobian=np.concatenate(jacobians), row=number,
        sigmas=np.concatenate([row.channel.sigma[row.channel.reads] for row in rows]),
        times=np.concatenate([row.channel.t[row.channel.reads] for row in rows]),
        shared=shared, labels=labels, histories=tuple(histories))  # fmt: skip
    if not (np.isfinite(found.residuals).all() and np.isfinite(found.jacobian).all()):
        raise SolveError(
            "a run left a reading that is not finite. Every reading of a run is a number. Run the solver at these "
            f"values by themselves: {dict(zip(problem.names, values.tolist(), strict=True))}."
        )
    return found


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


def tangents(solver: Solver, process: Process, *, free: Sequence[str], observe: Sequence[Observation]) -> History:
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
            number: NDArray[np.int64]) -> tuple[Array, tuple[str, ...]]:  # fmt: skip
    columns: dict[str, Array] = {}

    def put(label: str, i: int, part: Array) -> None:
        columns.setdefault(label, np.zeros(number.size))[number == i] += part

    for i, row in enumerate(problem.rows):
        channel, history = _sensor(problem, row.channel, values), histories[row.experiment]
        use = channel.reads
        for label, part in causes(history, channel, of=row.of, row=row.label, free=problem.names).items():
            put(label, i, part[use])
        if row.pairs:
            for axis, part in by_place(history, channel, pairs=row.pairs).items():
                put(f"place of {row.label} along {axis}", i, part[use])
    if not columns:
        return np.zeros((number.size, 0)), ()
    return np.stack(list(columns.values()), axis=1), tuple(columns)
