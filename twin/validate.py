"""Compare a prediction with a trial that the fit never saw, and say what the difference can and cannot tell."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, norm

from ..models import Fit, History, ModelError, Solver
from .forward import tangents
from .identify import autocorrelation_time
from .inputs import inputs
from .observe import by_place, made_up, observe, observe_tangent
from .problem import Experiment, Problem, Row, fingerprints, pose_rows
from .refine import Refinement
from .sensor import causes

Array = NDArray[np.float64]
Tell = Callable[[str, float], None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Point:
    """One channel: comparison error E = S - D over time, and the parts of its validation uncertainty, K.

    `bias` is the part of u_d that moves the whole channel; `tau` the autocorrelation time of E, in readings.
    """

    channel: str
    station: str
    t: Array
    measured: Array
    model: Array
    sigma: Array
    u_num: Array
    u_input: Array
    u_d: Array
    bias: float
    tau: float
    place: tuple[float, float, float] | None
    unit: str

    @property
    def error(self) -> Array:
        """(n,) model minus reading; NaN in gaps."""
        return self.model - self.measured

    @property
    def u_val(self) -> Array:
        """(n,) validation standard uncertainty (ASME V&V 20-2009, eq. 1-5-6)."""
        return np.sqrt(self.u_num**2 + self.u_input**2 + self.u_d**2)

    @property
    def used(self) -> NDArray[np.bool_]:
        """(n,) where there is a reading."""
        return np.isfinite(self.measured)

    @property
    def rms(self) -> float:
        """Root mean square error."""
        return float(np.sqrt(np.mean(self.error[self.used] ** 2)))

    @property
    def resolvable(self) -> bool:
        """Whether the error is larger than what its uncertainty alone would show."""
        return self.rms > float(np.sqrt(np.mean(self.u_val[self.used] ** 2)))


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
        Share of readings inside E +- k u_val.
    k : float
    area : float
        Area between the pooled probability of the readings and the uniform one: 0 is perfect, 0.5 the worst
        (Ferson, Oberkampf and Ginzburg, Comput. Methods Appl. Mech. Eng. 197 (2008), sec. 4).
    distance, dof, chance : float
        Squared Mahalanobis distance of the errors, correlated causes included, its number of independent readings, and
        the probability of one so large if the model were right (Hills, Sandia SAND99-1256, ch. 3).
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
    k: float
    area: float
    distance: float
    dof: float
    chance: float
    sensor: float
    words: tuple[tuple[str, str], ...]

    @property
    def covered(self) -> float:
        """Share of readings inside E +- k times u_val and model form together."""
        error = np.concatenate([p.error[p.used] for p in self.points])
        u = np.concatenate([p.u_val[p.used] for p in self.points])
        return float(np.mean(np.abs(error) <= self.k * np.hypot(u, self.model_form)))

    @property
    def resolvable(self) -> bool:
        """Whether the model error stands out of its uncertainty."""
        return self.rms > self.u_val


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
    points, blocks = _compare(runs, fit, solver, refinements, tell)
    data, leaked = {}, []
    for run in runs:
        marks = fingerprints(run.trial, run.observe)
        data[run.trial.name] = marks[run.trial.name]
        leaked += [name for name, mark in marks.items() if fit is not None and mark in fit.data.values()]
    synthetic = tuple(run.trial.name for run in runs if made_up(run.trial))
    return _together(points, blocks, data, tuple(dict.fromkeys(leaked)), synthetic, k)


def compare(experiments: Sequence[Experiment] | Experiment, *, fit: Fit | None, solver: Solver,
            refinements: Sequence[Refinement] | Refinement | None = None,
            tell: Tell | None = None) -> tuple[Point, ...]:  # fmt: skip
    """Each channel beside its run, whether the fit saw it or not; without refinements u_num is 0. See `validate`."""
    runs = (experiments,) if isinstance(experiments, Experiment) else tuple(experiments)
    return _compare(runs, fit, solver, refinements, tell)[0]


def _compare(runs: tuple[Experiment, ...], fit: Fit | None, solver: Solver,
             refinements: Sequence[Refinement] | Refinement | None,
             tell: Tell | None) -> tuple[tuple[Point, ...], list[Array]]:  # fmt: skip
    fine: tuple[Refinement | None, ...] = (None,) * len(runs)
    if refinements is not None:
        fine = (refinements,) if isinstance(refinements, Refinement) else tuple(refinements)
    if len(fine) != len(runs):
        raise ModelError(
            f"{len(runs)} experiments come with {len(fine)} refinements. Each run has its own numerical uncertainty. "
            "Refine each process, and hand them over in the same order."
        )
    problem = Problem(experiments=runs, parameters=(), guess=np.zeros(0), rows=pose_rows(runs)[0])
    points, blocks = [], []
    for index, run in enumerate(runs):
        if tell is not None:
            tell(f"comparing {index + 1} of {len(runs)}: {run.name}", index / len(runs))
        known = inputs(run.process, fit=fit)
        history = tangents(solver, known.process, free=known.names, observe=problem.observations(index))
        for row in problem.rows:
            if row.experiment == index:
                point, block = _point(row, run, history, known.covariance, fine[index])
                points.append(point)
                blocks.append(block)
    return tuple(points), blocks


def _point(row: Row, run: Experiment, history: History, covariance: Array,
           fine: Refinement | None) -> tuple[Point, Array]:  # fmt: skip
    """One channel, and the covariance (n, n) of its errors; the model speaks in the log's gaps too."""
    channel, read = row.channel, row.channel.reads
    during = (channel.t >= history.t[0]) & (channel.t <= history.t[-1])
    sensor = replace(channel, values=np.where(read | during, 0.0, np.nan))
    model = observe(history, sensor, of=row.of)
    slopes = np.zeros((channel.t.size, 0))
    if history.free:
        slopes = np.nan_to_num(observe_tangent(history, sensor, of=row.of))
    u_num = np.zeros(channel.t.size) if fine is None else fine.at(row.of, channel.t)
    shared = [np.zeros(channel.t.size), *map(np.nan_to_num, causes(history, sensor, of=row.of, row=row.label).values())]
    if row.pairs:
        shared.append(np.nan_to_num(by_place(history, sensor, pairs=row.pairs)))
    common = np.stack(shared, axis=1)
    block = slopes @ covariance @ slopes.T + common @ common.T + np.outer(u_num, u_num)
    block[np.diag_indices_from(block)] += channel.sigma**2
    error = (model - channel.values)[read]
    point = Point(channel=channel.name, station=channel.station or run.name, t=channel.t, measured=channel.values,
                  model=model, sigma=channel.sigma, u_num=u_num, bias=channel.bias.std, unit=channel.unit,
                  u_input=np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", slopes, covariance, slopes), 0.0)),
                  u_d=np.sqrt(channel.sigma**2 + (common**2).sum(axis=1)), tau=autocorrelation_time(error),
                  place=channel.place)  # fmt: skip
    return point, block[np.ix_(read, read)]


def _together(points: tuple[Point, ...], blocks: Sequence[Array], data: Mapping[str, str], leaked: tuple[str, ...],
              synthetic: tuple[str, ...], k: float) -> Validation:  # fmt: skip
    error = np.concatenate([p.error[p.used] for p in points])
    u = np.concatenate([p.u_val[p.used] for p in points])
    effective = sum(float(p.used.sum()) / p.tau for p in points)
    distance = sum(_distance(p, block) for p, block in zip(points, blocks, strict=True))
    dof = float(sum(_thin(p).size for p in points))
    rank = np.sort(norm.cdf(-error / np.maximum(u, 1e-12)))
    steps = (np.arange(rank.size) + 0.5) / rank.size
    rms, mean, u_val = (float(np.sqrt(np.mean(error**2))), float(np.mean(error)), float(np.sqrt(np.mean(u**2))))
    form, station, form_dof = _form(points)
    inside = float(np.mean(np.abs(error) <= k * u))
    chance = float(chi2.sf(distance, max(dof, 1.0)))
    sensor = float(np.sqrt(np.mean([p.bias**2 for p in points])))
    words = _words(rms, mean, u_val, form, station, inside, k, leaked, error.size, effective)
    if synthetic:
        words += ((f"Not tried: {', '.join(synthetic)} is simulated; it exercises the method and is no trial.",
                   f"未经试验：{', '.join(synthetic)} 为仿真数据，仅检验方法，不是试验。"),)  # fmt: skip
    return Validation(points=points, data=data, disjoint=not leaked, leaked=leaked, synthetic=synthetic,
                      mean_error=mean, rms=rms,
                      u_val=u_val, model_form=form, form_station=station, form_dof=form_dof,
                      effective=effective, coverage=inside, k=k,
                      area=float(np.mean(np.abs(rank - steps))), distance=float(distance), dof=dof, chance=chance,
                      sensor=sensor, words=words)  # fmt: skip


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


def _distance(point: Point, block: Array) -> float:
    keep = _thin(point)
    error = point.error[point.used][keep]
    return float(error @ np.linalg.solve(block[np.ix_(keep, keep)], error))


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
