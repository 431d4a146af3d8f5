"""One way to ask every trial: fix the question, calibrate, predict the run that the fit never saw, and decide."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from foretrial import twin
from foretrial.models import Channel, Fit, Observation, Requirement, Solver, Trial, Verdict
from foretrial.twin.agree import coverage_interval

OUT = Path("out/trials")
WHERE = "put it into `shared` beside the checkout, or name its folder in FORETRIAL_SHARED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table: what was fitted, what was predicted, and what the tool says of it.

    Attributes
    ----------
    id, fitted, predicted : str
    unit : str
        Of both rms.
    calibrated, unseen : float or None
        Root mean square of model minus reading, where the fit saw the readings and where it did not.
    coverage : float or None
        Share of the unseen readings inside k u_val.
    bounds : (float, float) or None
        Ends at 95 % of that share, for as many independent readings.
    u_val : float or None
        Validation standard uncertainty.
    state : str
        The result, "refused", or "skipped".
    words, of_fit : tuple of str
        What the tool says, in its own sentences: of this line, and of its calibration.
    """

    id: str
    fitted: str
    predicted: str
    state: str
    unit: str = "K"
    calibrated: float | None = None
    unseen: float | None = None
    coverage: float | None = None
    bounds: tuple[float, float] | None = None
    u_val: float | None = None
    words: tuple[str, ...] = field(default=())
    of_fit: tuple[str, ...] = field(default=())


def shared() -> Path:
    """Where the trials are looked for: below FORETRIAL_SHARED, else below `shared` beside the checkout."""
    beside = Path(__file__).resolve().parents[3] / "shared"
    return Path(os.environ.get("FORETRIAL_SHARED", beside)) / "trials"


def skipped(id: str, folder: str, fitted: str, predicted: str) -> Row:
    """The line of a trial whose logs are not here."""
    return Row(id=id, fitted=fitted, predicted=predicted, state="skipped", words=(f"No `{folder}` here: {WHERE}.",))


def of_verdict(id: str, fitted: str, predicted: str, verdict: Verdict, *, free: Iterable[str] = ()) -> Row:
    """The line of a verdict, from what verdict.json holds; of what moved along, only what it was pulled to is told."""
    held = verdict.content
    seen, unseen = held["calibration"], held["validation"]
    inside = unseen["coverage"]
    along = [p["name"] for p in seen["parameters"] if p["name"] not in set(free)] if free else []
    told = [w["en"] for w in seen["words"]
            if not any(w["en"].startswith((f"{name} = ", f"{name}, ")) and "lies" not in w["en"] for name in along)
            and "can be moved together" not in w["en"]]  # fmt: skip
    words = [*verdict.reasons, *(w["en"] for w in unseen["words"])]
    return Row(id=id, fitted=fitted, predicted=predicted, state=verdict.state.value, calibrated=seen["rms"],
               unseen=unseen["rms"], coverage=inside["observed"], bounds=(inside["lower"], inside["upper"]),
               u_val=unseen["u_val"], words=tuple(words), of_fit=tuple(told))  # fmt: skip


def conclude(id: str, requirement: Requirement, *, fit: Fit, calibrated: tuple[twin.Experiment, ...],
             validated: twin.Experiment, judged: tuple[Observation, ...], solver: Solver,
             met: Iterable[Mapping[str, tuple[float, float]]],
             assumptions: tuple[tuple[str, str], ...]) -> Verdict:  # fmt: skip
    """The verdict on one prediction, in a store of its own.

    Parameters
    ----------
    met : mappings of variable to (low, high)
        Where the trials have been, that of the prediction last.
    """
    store = OUT / id / "trials.h5"
    store.unlink(missing_ok=True)
    runs = [replace(run, trial=twin.add(store, run.trial)) for run in (*calibrated, validated)]
    held = [run.trial for run in runs]
    split = {"calibration": [t.name for t in held[:-1]], "validation": [held[-1].name]}
    frozen = twin.freeze(store, requirement, split=split, rule={"guard": 1.0, "coverage": 2.0}, seeds={"starts": 1})
    spans = list(met)
    study = twin.Study(
        requirement=requirement, store=store, freeze=frozen, calibrated=tuple(runs[:-1]), validated=runs[-1],
        judged=judged,
        free={p.name: p for p in fit.parameters}, solver=solver, search=solver,
        domain=twin.domain(spans[-1], spans), assumptions=assumptions, title=(requirement.text, requirement.text_zh),
        command="python -m benches.trials")  # fmt: skip
    return twin.conclude(study, fit)


def answer(id: str, fitted: str, predicted: str, requirement: Requirement, *, free: Iterable[str], fit: Fit,
           validated: twin.Experiment, solver: Solver, **more: Any) -> Row:  # fmt: skip
    """The line of one prediction: `conclude`, what it says, and how far its channels err alike."""
    verdict = conclude(id, requirement, fit=fit, validated=validated, solver=solver, **more)
    row = of_verdict(id, fitted, predicted, verdict, free=free)
    return replace(row, words=(*row.words, *alike(twin.compare((validated,), fit=fit, solver=solver))))


def alike(points: Sequence[twin.Point]) -> tuple[str, ...]:
    """How many independent readings are left once channels that err together are counted together, in words.

    The count of the verdict takes each channel by itself. Channels that share a cause, such as the air around all of
    them, tell less: of K with correlation matrix R (of errors as they are, their means kept) count K^2 / sum(R^2),
    as many as equal eigenvalues would make.
    """
    if len(points) < 2:
        return ()
    t = points[0].t
    errors = np.array([np.interp(t, p.t[p.used], p.error[p.used]) for p in points])
    size = np.sqrt((errors**2).mean(axis=1))
    R = (errors @ errors.T) / t.size / np.maximum(np.outer(size, size), 1e-300)
    share = points_that_count(R) / len(points)
    apart = sum(float(p.used.sum()) / p.tau for p in points)
    together = max(1.0, share * apart)
    error, u = (np.concatenate([getattr(p, key)[p.used] for p in points]) for key in ("error", "u_val"))
    inside = float(np.mean(np.abs(error) <= 2.0 * u))
    low, high = coverage_interval(inside, together)
    return (f"{len(points)} channels that err alike count as {share * len(points):.2g} that do not: {apart:.0f} "
            f"independent readings, taken channel by channel, are worth {together:.0f}, and the coverage then lies "
            f"between {low:.0%} and {high:.0%} at 95 %.",)  # fmt: skip


def points_that_count(R: np.ndarray) -> float:
    """From 1, where all channels err as one, to K, where none has to do with another."""
    return float(len(R) ** 2 / (R**2).sum())


def kept(trial: Trial, channels: Mapping[str, Channel], *, name: str = "") -> Trial:
    """The same log with other statements about its channels, or fewer of them."""
    given: dict[str, Any] = {"name": name or trial.name, "title": trial.title, "source": trial.source,
                             "licence": trial.licence, "raw": dict(trial.raw), "remarks": trial.remarks}  # fmt: skip
    return Trial(channels=channels, **given)
