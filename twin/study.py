"""The whole way from a frozen question to a verdict: calibrate, refine, predict, validate, verify, write."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from ..models import (
    Budget,
    Channel,
    Fit,
    Frame,
    Line,
    Observation,
    Process,
    Requirement,
    Solver,
    Trial,
    Verdict,
    quantities,
    substitute,
)
from ..models.fieldfile import FieldWriter
from .assess import Evidence
from .budget import Prediction, budget, predict
from .calibrate import calibrate
from .chain import Record
from .domain import Domain
from .form import Form
from .freeze import frozen_before
from .pedigree import pedigree
from .problem import Experiment, Free
from .refine import Refinement, refine
from .sealed import sealed
from .validate import Point, Validation, compare, validate
from .verify import verify

Tell = Callable[[str, float], None]


def silent(text: str, share: float) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Study:
    """What a verdict is asked from.

    Attributes
    ----------
    requirement : Requirement
    store : Path
        The trial store, which holds the freeze; the verdict is written beside it.
    freeze : Record
    calibrated : tuple of Experiment
        Runs that the fit may see.
    validated : Experiment
        The run that it may not; its process is the one that the verdict is about.
    judged : tuple of Observation
        What the requirement's interest is about.
    free : mapping of name to (lower, upper)
    solver, search : Solver
        The one that answers, and a cheaper one for the searches.
    ratios : tuple of float
        Levels of refinement, 1 among them.
    domain : Domain or None
    qualification : rows of published problems for the same operators, or None
    assumptions, caveats : tuple of (English, Chinese)
    command : str
        What reproduces the verdict.
    title : (English, Chinese)
    prior : (float, float) or None
        Mean and standard deviation of the number over all that such a decision is made on, for the global risks.
    """

    requirement: Requirement
    store: Path
    freeze: Record
    calibrated: tuple[Experiment, ...]
    validated: Experiment
    judged: tuple[Observation, ...]
    free: Free
    solver: Solver
    search: Solver
    title: tuple[str, str]
    command: str
    seed: int = 1
    starts: int = 4
    ratios: tuple[float, ...] = (1.0, 1.5, 2.0)
    domain: Domain | None = None
    qualification: Sequence[Mapping[str, Any]] | None = None
    assumptions: tuple[tuple[str, str], ...] = ()
    caveats: tuple[tuple[str, str], ...] = ()
    prior: tuple[float, float] | None = None


def fitted(process: Process, fit: Fit) -> Process:
    """The process at the values of a fit."""
    own = quantities(process)  # a fit may have moved numbers of the sensors too
    return substitute(
        process, {p.name: float(v) for p, v in zip(fit.parameters, fit.values, strict=True) if p.name in own}
    )


def fit_of(study: Study, *, tell: Tell = silent) -> Fit:
    """The calibration of a study."""
    return calibrate(study.calibrated, free=study.free, solver=study.solver, search=study.search, seed=study.seed,
                     starts=study.starts, tell=tell)  # fmt: skip


def conclude(
    study: Study,
    fit: Fit,
    *,
    fields: Sequence[Mapping[str, Any]] = (),
    form: Form | None = None,
    extra: Sequence[Line] = (),
    more: Mapping[str, Any] | None = None,
    tell: Tell = silent,
) -> Verdict:
    """The verdict of a calibrated study, written beside its store as verdict.json.

    Parameters
    ----------
    fields : what `picture` gave
    form : Form or None
        The judgement on the form of the model that answers.
    extra : sequence of Line
        What else is uncertain about the number, such as a property used beyond its range.
    more : mapping
        Further keys of verdict.json.
    """
    began = perf_counter()
    run, interest = study.validated, study.requirement.of_run()
    observe = (*run.observe.values(), *study.judged)
    tell("refining grid and step", 0.0)
    refinement = refine(study.solver, fitted(run.process, fit), observe=observe, interest=interest, ratios=study.ratios,
                        tell=_part(tell, 0.0, 0.3))  # fmt: skip
    tell("predicting the trial that the fit never saw", 0.3)
    prediction = predict(run.process, interest=interest, solver=study.solver, observe=study.judged, fit=fit)
    validation = validate(run, fit=fit, solver=study.solver, refinements=refinement, tell=_part(tell, 0.45, 0.3))
    lines = budget(prediction, interest=interest, process=run.process, fit=fit, refinement=refinement,
                   validation=validation, extra=extra, coverage=study.requirement.coverage)  # fmt: skip
    tell("comparing the calibration with its own data", 0.75)
    seen = compare(study.calibrated, fit=fit, solver=study.solver)
    return _answer(study.requirement, study.store, study.freeze, prediction, lines, began=began, fields=fields,
                   more=more, refinement=refinement, fit=fit, validation=validation, domain=study.domain, form=form,
                   trials=tuple(dict.fromkeys([*(e.trial for e in study.calibrated), run.trial])), seen=seen,
                   qualification=study.qualification, assumptions=study.assumptions, caveats=study.caveats,
                   command=study.command, seeds={"starts": study.seed}, title=study.title,
                   prior=study.prior)  # fmt: skip


def foresee(
    requirement: Requirement,
    process: Process,
    *,
    store: Path,
    freeze: Record,
    judged: tuple[Observation, ...],
    solver: Solver,
    title: tuple[str, str],
    command: str,
    ratios: tuple[float, ...] = (1.0, 1.5, 2.0),
    qualification: Sequence[Mapping[str, Any]] | None = None,
    assumptions: tuple[tuple[str, str], ...] = (),
    caveats: tuple[tuple[str, str], ...] = (),
    fields: Sequence[Mapping[str, Any]] = (),
    tell: Tell = silent,
) -> Verdict:
    """The verdict on a process that no trial has tried: NOT-VALID-HERE, its margin and budget told all the same.

    verdict.json is written beside the store, which holds the freeze and need hold no trial.
    Parameters are those of `Study` and `conclude`.
    """
    began, interest = perf_counter(), requirement.of_run()
    refinement = refine(solver, process, observe=judged, interest=interest, ratios=ratios, tell=_part(tell, 0.0, 0.6))
    tell("predicting with all that is uncertain", 0.6)
    prediction = predict(process, interest=interest, solver=solver, observe=judged)
    lines = budget(prediction, interest=interest, process=process, refinement=refinement, coverage=requirement.coverage)
    return _answer(requirement, store, freeze, prediction, lines, began=began, fields=fields, refinement=refinement,
                   qualification=qualification, assumptions=assumptions, caveats=caveats, command=command, seeds={},
                   title=title)  # fmt: skip


def _answer(
    requirement: Requirement,
    store: Path,
    frozen: Record,
    prediction: Prediction,
    lines: Budget,
    *,
    began: float,
    command: str,
    seeds: Mapping[str, int],
    title: tuple[str, str],
    refinement: Refinement,
    fit: Fit | None = None,
    validation: Validation | None = None,
    domain: Domain | None = None,
    form: Form | None = None,
    trials: tuple[Trial, ...] = (),
    seen: Sequence[Point] = (),
    qualification: Sequence[Mapping[str, Any]] | None = None,
    assumptions: tuple[tuple[str, str], ...] = (),
    caveats: tuple[tuple[str, str], ...] = (),
    fields: Sequence[Mapping[str, Any]] = (),
    more: Mapping[str, Any] | None = None,
    prior: tuple[float, float] | None = None,
) -> Verdict:
    """Hold what was found against the requirement, and write it down."""
    now = datetime.now(UTC)
    evidence = Evidence(
        requirement=requirement, process=prediction.process, history=prediction.history, budget=lines,
        refinement=refinement, fit=fit, validation=validation, domain=domain, form=form, trials=trials,
        prior=prior,
        freeze={"digest": frozen.digest, "at": frozen.at, "before_result": frozen_before(store, frozen.digest, now)},
        qualification=qualification,
        pedigree=pedigree(prediction.process, command=command, seeds=seeds, inputs={t.name: t.content for t in trials},
                          seconds=perf_counter() - began, assumptions=assumptions, trials=trials))  # fmt: skip
    verdict = verify(evidence, prediction=prediction, calibration=seen, fields=fields, caveats=caveats, more=more,
                     files={store.name: _sha(store)}, title=title, at=now.isoformat(timespec="seconds"))  # fmt: skip
    write_verdict(verdict, store.parent)
    return verdict


def _part(tell: Tell, begin: float, width: float) -> Tell:
    return lambda text, share: tell(text, begin + width * share)


def write_verdict(verdict: Verdict, folder: Path) -> Path:
    """The verdict as verdict.json in `folder`, whole or not at all."""
    path = folder / "verdict.json"
    with sealed(path) as partial:
        partial.write_text(verdict.json(), encoding="utf-8")
    return path


def picture(solver: Solver, process: Process, path: Path, *, every: float, sensors: Sequence[Channel] = (),
            display: str = "degC") -> dict[str, Any]:  # fmt: skip
    """Run a process for its fields alone, a frame `every` so many s; what verdict.json says of the file at `path`."""
    times: list[float] = []
    with FieldWriter(path) as writer:

        def keep(frame: Frame) -> None:
            writer(frame)
            times.append(frame.t)

        solver(process, keep=keep, every=every)
    probes = [{"name": c.name, "place": list(c.place)} for c in sensors if c.place is not None]
    return {"file": path.name, "digest": _sha(path), "what": "temperature", "unit": "K", "display": display,
            "times": times, "body": process.bodies[0].name, "probes": probes}  # fmt: skip


def _sha(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
