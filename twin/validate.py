"""Compare a prediction with a trial that the fit never saw, and say what the difference can and cannot tell."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, norm

from ..models import Fit, History, ModelError, Quantity, Solver
from .agree import areas, coverage_interval, holm, likely_area, modified_area
from .forward import tangents
from .identify import autocorrelation_time
from .inputs import Inputs, inputs
from .observe import by_place, made_up, observe, observe_tangent
from .point import Point
from .problem import Experiment, Problem, Row, fingerprints, pose_rows
from .refine import Refinement
from .sensor import causes

Array = NDArray[np.float64]
Tell = Callable[[str, float], None]
LEVEL = 0.01  # chance below which a channel stands out, all channels together


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Causes:
    """What moves the readings (n) of one channel: inputs by name, what sensors share by label, and each by itself.

    `slopes` (n, m) are per unit of the `inputs`, `shared` (n,) per standard uncertainty.
    """

    inputs: tuple[Quantity, ...]
    covariance: Array
    slopes: Array
    shared: Mapping[str, Array]
    sigma: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Validation:
    """Model against unseen trials.

    Attributes
    ----------
    points : tuple of Point
    data : mapping of trial name to content hash
    disjoint : bool
        Whether no trial and no channel of it fed the fit.
    leaked : tuple of str
        Those that did.
    synthetic : tuple of str
        Trials that are simulated: they exercise the method, and are no trial.
    mean_error, rms, u_val, model_form : float, K
        Over all readings; the model form is what the error holds beyond its validation uncertainty, at the station
        where that is most.
    form_station, form_dof : str, float
        That station, and its independent readings less one.
    effective : float
        Independent readings.
    coverage : float
        Share of readings inside E +- k u_val. Those at a limit of their range count where they contradict, only there.
    k : float
    coverage_interval : (float, float)
        Ends at 95 % of that share, for as many independent readings.
    area : float
        Area between the pooled probability of the readings and the uniform one: 0 is perfect, 0.5 the worst
        (Ferson, Oberkampf and Ginzburg, Comput. Methods Appl. Mech. Eng. 197 (2008), sec. 4).
    area_below, area_above, area_likely : float, K
        The area metric in the quantity's unit, readings below and above the model apart (modified form), and what a
        right model stays below in 95 of 100 comparisons; see `agree.areas`.
    distance, dof, chance : float
        Squared Mahalanobis distance of the errors, their full covariance with every cause that channels share, its
        number of independent readings, and the probability of one so large if the model were right (Hills, Sandia
        SAND99-1256, ch. 3).
    chances : (number of points,) float
        That of each channel alone, corrected for so many being judged (Holm).
    sensor : float, K
        Offset that the sensors of these channels may share with those of the calibration: no comparison shows it.
    words : tuple of (English, Chinese)
    """

    points: tuple[Point, ...]
    data: Mapping[str, str]
    disjoint: bool
    leaked: tuple[str, ...]
    synthetic: tuple[str, ...]
    mean_error: float
    rms: float
    u_val: float
    model_form: float
    form_station: str
    form_dof: float
    effective: float
    coverage: float
    coverage_interval: tuple[float, float]
    k: float
    area: float
    area_below: float
    area_above: float
    area_likely: float
    distance: float
    dof: float
    chance: float
    chances: tuple[float, ...]
    sensor: float
    words: tuple[tuple[str, str], ...]

    @property
    def covered(self) -> float:
        """Share of readings inside E +- k times u_val and model form together."""
        error = np.concatenate([p.error[p.used] for p in self.points])
        u = np.concatenate([p.u_val[p.used] for p in self.points])
        missed = sum(p.missed(self.k, self.model_form) for p in self.points)
        return float(np.sum(np.abs(error) <= self.k * np.hypot(u, self.model_form))) / (error.size + missed)

    @property
    def area_ends(self) -> tuple[float, float]:
        """How far the truth may lie below and above the model by the modified area, with its sample-size factor, K."""
        return modified_area(self.area_below, self.area_above, self.effective)

    @property
    def resolvable(self) -> bool:
        """Whether the model error stands out of its uncertainty."""
        return self.rms > self.u_val

    @property
    def standing_out(self) -> tuple[str, ...]:
        """Channels whose errors their uncertainty does not explain, so many being judged."""
        return tuple(p.channel for p, c in zip(self.points, self.chances, strict=True) if c < LEVEL)


def validate(experiments: Sequence[Experiment] | Experiment, *, fit: Fit | None, solver: Solver,
             refinements: Sequence[Refinement] | Refinement, k: float = 2.0,
             tell: Tell | None = None) -> Validation:  # fmt: skip
    """E = S - D and u_val of every channel, point by point and together.

    Parameters
    ----------
    experiments : Experiment or sequence of them
        Runs beside trials, as for `calibrate`; fitted values are put in here.
    fit : Fit or None
    solver : Solver
    refinements : Refinement or one for each experiment
        Of the same observations: it gives u_num over time.
    k : float
        Coverage factor of the intervals.

    Returns
    -------
    Validation

    Raises
    ------
    TrialError, ModelError
        For what cannot be compared.

    References
    ----------
    ASME V&V 20-2009, secs. 1-5 and 2 to 6.
    """
    runs = (experiments,) if isinstance(experiments, Experiment) else tuple(experiments)
    points, causing = _compare(runs, fit, solver, refinements, tell)
    data, leaked = {}, []
    for run in runs:
        marks = fingerprints(run.trial, run.observe)
        data[run.trial.name] = marks[run.trial.name]
        leaked += [name for name, mark in marks.items() if fit is not None and mark in fit.data.values()]
    synthetic = tuple(run.trial.name for run in runs if made_up(run.trial))
    found = _together(points, causing, data, tuple(dict.fromkeys(leaked)), synthetic, k)
    if fit is None or fit.discrepancy is None:
        return found
    own = fit.discrepancy.size
    words = (f"Beside its calibration the model erred by {own:.3g} K of its own; here the error is {found.rms:.3g} K "
             f"rms against {math.hypot(own, found.u_val):.3g} K expected of both.",
             f"标定时模型自身偏差为 {own:.3g} K；此处误差均方根 {found.rms:.3g} K，"
             f"二者合计预期为 {math.hypot(own, found.u_val):.3g} K。")  # fmt: skip
    return replace(found, words=(*found.words, words))


def compare(experiments: Sequence[Experiment] | Experiment, *, fit: Fit | None, solver: Solver,
            refinements: Sequence[Refinement] | Refinement | None = None,
            tell: Tell | None = None) -> tuple[Point, ...]:  # fmt: skip
    """Each channel beside its run, whether the fit saw it or not; without refinements u_num is 0. See `validate`."""
    runs = (experiments,) if isinstance(experiments, Experiment) else tuple(experiments)
    return _compare(runs, fit, solver, refinements, tell)[0]


def _compare(runs: tuple[Experiment, ...], fit: Fit | None, solver: Solver,
             refinements: Sequence[Refinement] | Refinement | None,
             tell: Tell | None) -> tuple[tuple[Point, ...], list[Causes]]:  # fmt: skip
    fine: tuple[Refinement | None, ...] = (None,) * len(runs)
    if refinements is not None:
        fine = (refinements,) if isinstance(refinements, Refinement) else tuple(refinements)
    if len(fine) != len(runs):
        raise ModelError(
            f"{len(runs)} experiments come with {len(fine)} refinements. Each run has its own numerical uncertainty. "
            "Refine each process, and hand them over in the same order."
        )
    problem = Problem(experiments=runs, parameters=(), guess=np.zeros(0), rows=pose_rows(runs)[0])
    points, causing = [], []
    for index, run in enumerate(runs):
        if tell is not None:
            tell(f"comparing {index + 1} of {len(runs)}: {run.name}", index / len(runs))
        known = inputs(run.process, fit=fit)
        history = tangents(solver, known.process, free=known.names, observe=problem.observations(index))
        for row in problem.rows:
            if row.experiment == index:
                point, cause = _point(row, run, history, known, fine[index])
                points.append(point)
                causing.append(cause)
    return tuple(points), causing


def _point(row: Row, run: Experiment, history: History, known: Inputs,
           fine: Refinement | None) -> tuple[Point, Causes]:  # fmt: skip
    """One channel, and what moves its errors; the model speaks in the log's gaps too."""
    channel, read = row.channel, row.channel.reads
    during = (channel.t >= history.t[0]) & (channel.t <= history.t[-1])
    sensor = replace(channel, values=np.where(read | during, 0.0, np.nan))
    model = observe(history, sensor, of=row.of)
    slopes = np.zeros((channel.t.size, 0))
    if history.free:
        slopes = np.nan_to_num(observe_tangent(history, sensor, of=row.of))
    u_num = np.zeros(channel.t.size) if fine is None else fine.at(row.of, channel.t)
    shared = {label: np.nan_to_num(part)
              for label, part in causes(history, sensor, of=row.of, row=row.label).items()}  # fmt: skip
    if row.pairs:
        moved = by_place(history, sensor, pairs=row.pairs)
        shared |= {f"place of {row.label} along {axis}": np.nan_to_num(part) for axis, part in moved.items()}
    common = np.stack([np.zeros(channel.t.size), *shared.values()], axis=1)
    covariance = known.covariance
    error = (model - channel.values)[read]
    point = Point(channel=channel.name, station=channel.station or run.name, t=channel.t, measured=channel.values,
                  model=model, sigma=channel.sigma, u_num=u_num, bias=channel.bias.std, unit=channel.unit,
                  u_input=np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", slopes, covariance, slopes), 0.0)),
                  u_d=np.sqrt(channel.sigma**2 + (common**2).sum(axis=1)), tau=autocorrelation_time(error),
                  place=channel.place, beyond=_beyond(row, model))  # fmt: skip
    shared[f"numerics of {row.label}"] = u_num  # of unknown sign from channel to channel
    return point, Causes(inputs=known.quantities, covariance=covariance, slopes=slopes[read],
                         shared={label: part[read] for label, part in shared.items()},
                         sigma=channel.sigma[read])  # fmt: skip


def _beyond(row: Row, model: Array) -> Array:
    """By how far (n,) the model lies beyond the limit of each reading at one, on the side that was read; else NaN."""
    if row.limited is None or row.limited.limits is None:
        return np.full(model.size, np.nan)
    at = row.limited.values
    with np.errstate(invalid="ignore"):
        return np.where(at >= row.limited.limits[1], 1.0, -1.0) * (model - at)


def _together(points: tuple[Point, ...], causing: Sequence[Causes], data: Mapping[str, str], leaked: tuple[str, ...],
              synthetic: tuple[str, ...], k: float) -> Validation:  # fmt: skip
    error = np.concatenate([p.error[p.used] for p in points])
    u = np.concatenate([p.u_val[p.used] for p in points])
    effective = sum(float(p.used.sum()) / p.tau for p in points)
    kept = [_thin(p) for p in points]
    V, thin = (
        _covariance(causing, kept),
        np.concatenate([p.error[p.used][i] for p, i in zip(points, kept, strict=True)]),
    )
    distance, dof = _distance(thin, V), float(thin.size)
    ends = np.cumsum([0, *(i.size for i in kept)])
    chances = holm([float(chi2.sf(_distance(thin[a:b], V[a:b, a:b]), b - a))
                    for a, b in pairwise(ends)])  # fmt: skip
    scores = -error / np.maximum(u, 1e-12)
    below, above = areas(scores)
    rank = np.sort(norm.cdf(scores))
    steps = (np.arange(rank.size) + 0.5) / rank.size
    rms, mean, u_val = (float(np.sqrt(np.mean(error**2))), float(np.mean(error)), float(np.sqrt(np.mean(u**2))))
    form, station, form_dof = _form(points)
    missed, limited = sum(p.missed(k) for p in points), sum(int(np.isfinite(p.beyond).sum()) for p in points)
    inside = float(np.sum(np.abs(error) <= k * u)) / (error.size + missed)
    chance = float(chi2.sf(distance, max(dof, 1.0)))
    sensor = float(np.sqrt(np.mean([p.bias**2 for p in points])))
    words = _words(rms, mean, u_val, form, station, inside, k, leaked, error.size, effective)
    if limited:
        words += ((f"{limited} readings stand at a limit of their range: they count for no agreement; {missed} of them "
                   "contradict the prediction.",
                   f"{limited} 个读数处于量程端点：不作为相符的证据；其中 {missed} 个与预测矛盾。"),)  # fmt: skip
    out = [p.channel for p, one in zip(points, chances, strict=True) if one < LEVEL]
    if out:
        words += ((f"Of {len(points)} channels judged together, {', '.join(out)} cannot be explained by chance.",
                   f"{len(points)} 个通道一并评价（多重性修正后），"
                   f"{'、'.join(out)} 的误差不能以偶然解释。"),)  # fmt: skip
    if synthetic:
        words += ((f"Not tried: {', '.join(synthetic)} is simulated; it exercises the method and is no trial.",
                   f"未经试验：{', '.join(synthetic)} 为仿真数据，仅检验方法，不是试验。"),)  # fmt: skip
    return Validation(points=points, data=data, disjoint=not leaked, leaked=leaked, synthetic=synthetic,
                      mean_error=mean, rms=rms,
                      u_val=u_val, model_form=form, form_station=station, form_dof=form_dof,
                      effective=effective, coverage=inside, coverage_interval=coverage_interval(inside, effective),
                      k=k, area=float(np.mean(np.abs(rank - steps))), area_below=u_val * below,
                      area_above=u_val * above, area_likely=u_val * likely_area(V), distance=distance, dof=dof,
                      chance=chance, chances=chances, sensor=sensor, words=words)  # fmt: skip


def _form(points: Sequence[Point]) -> tuple[float, str, float]:
    """What the error holds beyond its uncertainty at the station where that is most, that station, and its freedom.

    Sensors of one station share what the model lacks there, and the number of interest may be taken at any station.
    """
    found = []
    for station in dict.fromkeys(p.station for p in points):
        own = [p for p in points if p.station == station]
        error = np.concatenate([p.error[p.used] for p in own])
        u = np.concatenate([p.u_val[p.used] for p in own])
        spare = max(sum(float(p.used.sum()) / p.tau for p in own) - 1.0, 1.0)
        found.append((float(np.sqrt(max(0.0, np.mean(error**2) - np.mean(u**2)))), station, spare))
    return max(found)


def _thin(point: Point) -> NDArray[np.int64]:
    """Readings one correlation length of the error apart."""
    return np.arange(0, int(point.used.sum()), max(int(np.ceil(point.tau)), 1))


def _covariance(causing: Sequence[Causes], kept: Sequence[NDArray[np.int64]]) -> Array:
    """Covariance (n, n) of the kept errors of all channels, whatever they share included."""
    every = {q.name: q for one in causing for q in one.inputs}
    names = list(every)
    C = np.diag([q.std**2 for q in every.values()])
    for i, a in enumerate(every.values()):
        for j, b in enumerate(every.values()):
            if i != j and a.group and a.group == b.group:
                C[i, j] = a.std * b.std
    for one in causing:  # what one run knows of its inputs, a fit's covariance included, goes first
        at = [names.index(q.name) for q in one.inputs]
        C[np.ix_(at, at)] = one.covariance
    labels = list(dict.fromkeys(label for one in causing for label in one.shared))
    size = sum(rows.size for rows in kept)
    S, U, sigma = np.zeros((size, len(names))), np.zeros((size, len(labels))), np.zeros(size)
    first = 0
    for one, rows in zip(causing, kept, strict=True):
        own = slice(first, first + rows.size)
        if one.slopes.shape[1]:
            S[own, [names.index(q.name) for q in one.inputs]] = one.slopes[rows]
        for label, part in one.shared.items():
            U[own, labels.index(label)] = part[rows]
        sigma[own] = one.sigma[rows]
        first += rows.size
    return np.asarray(S @ C @ S.T + U @ U.T + np.diag(sigma**2))


def _distance(error: Array, V: Array) -> float:
    """Squared Mahalanobis distance."""
    return float(error @ np.linalg.solve(V, error))


def _words(rms: float, mean: float, u_val: float, form: float, station: str, inside: float, k: float,
           leaked: Sequence[str], n: int, effective: float) -> tuple[tuple[str, str], ...]:  # fmt: skip
    words = [(f"E = S - D over {n} readings ({effective:.0f} independent): mean {mean:+.3g} K, rms {rms:.3g} K; "
              f"u_val = {u_val:.3g} K; {inside:.0%} inside k u_val (k = {k:g}).",
              f"{n} 个读数（相当于 {effective:.0f} 个独立读数）的比对误差 E = S − D："
              f"均值 {mean:+.3g} K，均方根 {rms:.3g} K；"
              f"u_val = {u_val:.3g} K;{inside:.0%} 落在 k·u_val 内(k = {k:g})。")]  # fmt: skip
    if form > 0.0:
        where = (f", most at station {station}", f"（以测站 {station} 为最大）") if station else ("", "")
        words.append((f"The model error stands out of its uncertainty{where[0]}: {form:.3g} K is carried as model "
                      "form.", f"模型误差超出其确认不确定度{where[1]}：{form:.3g} K 计作模型偏差。"))  # fmt: skip
    else:
        words.append((f"The model error is not resolvable: it is smaller than u_val = {u_val:.3g} K.",
                      f"模型误差不可分辨：小于 u_val = {u_val:.3g} K。"))  # fmt: skip
    if leaked:
        words.append((f"Not a validation: {', '.join(leaked)} fed the calibration.",
                      f"不构成模型确认：{', '.join(leaked)} 已用于标定。"))  # fmt: skip
    return tuple(words)
