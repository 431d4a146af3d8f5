"""One way to ask every trial: fix the question, calibrate, predict the run that the fit never saw, and decide."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from foretrial import twin
from foretrial.models import Channel, Fit, Observation, Requirement, Solver, Trial, Verdict

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
    held = [twin.add(store, run.trial) for run in (*calibrated, validated)]
    split = {"calibration": [t.name for t in held[:-1]], "validation": [held[-1].name]}
    frozen = twin.freeze(store, requirement, split=split, rule={"guard": 1.0, "coverage": 2.0}, seeds={"starts": 1})
    spans = list(met)
    study = twin.Study(
        requirement=requirement, store=store, freeze=frozen, calibrated=calibrated, validated=validated, judged=judged,
        free={p.name: p for p in fit.parameters}, solver=solver, search=solver,
        domain=twin.domain(spans[-1], spans), assumptions=assumptions, title=(requirement.text, requirement.text_zh),
        command="python -m benches.trials")  # fmt: skip
    return twin.conclude(study, fit)


def kept(trial: Trial, channels: Mapping[str, Channel], *, name: str = "") -> Trial:
    """The same log with other statements about its channels, or fewer of them."""
    given: dict[str, Any] = {"name": name or trial.name, "title": trial.title, "source": trial.source,
                             "licence": trial.licence, "raw": dict(trial.raw), "remarks": trial.remarks}  # fmt: skip
    return Trial(channels=channels, **given)
