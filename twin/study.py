"""The whole way from a frozen question to a verdict: calibrate, refine, predict, validate, verify, write."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from ..models import (
    Channel,
    Fit,
    Frame,
    Line,
    ModelError,
    Requirement,
    Solver,
    Structure,
    Trial,
    Verdict,
    quantities,
    substitute,
)
from ..models.fieldfile import FieldWriter
from ..models.solver import Asked, Recipe
from .assess import Evidence
from .breaking import breaking
from .budget import Prediction, budget, predict_each
from .calibrate import calibrate
from .chain import Record
from .check import seal
from .crossed import mistaken
from .domain import Domain
from .faults import Fault
from .form import Form
from .freeze import frozen_before
from .lack import content_of_lack
from .pedigree import pedigree
from .point import Point
from .problem import Experiment, Free
from .refine import Refinement, refine_each
from .sealed import sealed
from .standing import before_answers, earlier, put_down, refuse_other, told_of
from .studies import Known, contents
from .validate import Validation, compare, validate
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
    discrepancy : str or None
        How the model may err by itself beside the calibration, as in `calibrate`.
    """

    requirement: Requirement
    store: Path
    freeze: Record
    calibrated: tuple[Experiment, ...]
    validated: Experiment
    judged: tuple[Asked, ...]
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
    discrepancy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """One of several requirements that the same runs answer.

    Attributes
    ----------
    requirement : Requirement
    store : Path
        Holds its freeze, and the trials where there are any; its verdict is written beside it, each in a folder of its
        own.
    freeze : Record
        Its rule names, as `together`, the ids of all that are asked, so that how many there are is fixed beforehand.
    title : (English, Chinese)
    fields : what `picture` gave, of files in that folder
    extra : sequence of Line
        What else is uncertain about the number, such as a property used beyond its range.
    more : mapping
        Further keys of verdict.json.
    prior : (float, float) or None
        As in `Study`.
    """

    requirement: Requirement
    store: Path
    freeze: Record
    title: tuple[str, str]
    fields: Sequence[Mapping[str, Any]] = ()
    extra: Sequence[Line] = ()
    more: Mapping[str, Any] = field(default_factory=dict)
    prior: tuple[float, float] | None = None


def fitted(process: Recipe, fit: Fit) -> Recipe:
    """The process at the values of a fit."""
    own = quantities(process)  # a fit may have moved numbers of the sensors too
    return substitute(
        process, {p.name: float(v) for p, v in zip(fit.parameters, fit.values, strict=True) if p.name in own}
    )


def fit_of(study: Study, *, tell: Tell = silent) -> Fit:
    """The calibration of a study."""
    return calibrate(study.calibrated, free=study.free, solver=study.solver, search=study.search, seed=study.seed,
                     starts=study.starts, discrepancy=study.discrepancy, tell=tell)  # fmt: skip


def conclude(
    study: Study,
    fit: Fit,
    *,
    fields: Sequence[Mapping[str, Any]] = (),
    form: Form | None = None,
    extra: Sequence[Line] = (),
    studies: Sequence[Known | Sequence[Known]] = (),
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
    studies : sequence
        What the verdict is shown and hashed with: profiles, a posterior, sensitivities, the next trial, a discrepancy,
        recovered curves, a ledger with its failed runs; see `contents`.
    more : mapping
        Further keys of verdict.json.
    """
    told = contents(studies, unit=study.requirement.of_run().unit)  # refused before the runs, not after
    own = Question(requirement=study.requirement, store=study.store, freeze=study.freeze, title=study.title,
                   fields=fields, extra=extra, more={**content_of_lack(fit), **told, **(more or {})},
                   prior=study.prior)  # fmt: skip
    return conclude_each(study, fit, (own,), form=form, tell=tell)[0]


def conclude_each(study: Study, fit: Fit, questions: Sequence[Question], *, form: Form | None = None,
                  tell: Tell = silent) -> tuple[Verdict, ...]:  # fmt: skip
    """One verdict for each question, all from the same runs of a calibrated study; see `conclude`.

    The study's own requirement, store, freeze and title are not asked again unless they are among the questions. Of
    several, each guard band takes the coverage factor that is widened for so many (Bonferroni).

    Raises
    ------
    ModelError
        If nothing is asked, two questions have one id, or two verdicts would lie in one folder.
    """
    began, ids = perf_counter(), _together(questions)
    run, interests = study.validated, [q.requirement.of_run() for q in questions]
    for q in questions:
        refuse_other(q.store, q.freeze, q.requirement, {"calibration": [e.trial for e in study.calibrated],
                                                        "validation": [run.trial]}, {"starts": study.seed})  # fmt: skip
    observe = (*run.observe.values(), *study.judged)
    tell("refining grid and step", 0.0)
    refinements = refine_each(study.solver, fitted(run.process, fit), observe=observe, interests=interests,
                              ratios=study.ratios, tell=_part(tell, 0.0, 0.3))  # fmt: skip
    tell("predicting the trial that the fit never saw", 0.3)
    predictions = predict_each(run.process, interests=interests, solver=study.solver, observe=study.judged, fit=fit)
    validation = validate(run, fit=fit, solver=study.solver, refinements=refinements[0], tell=_part(tell, 0.45, 0.3))
    tell("comparing the calibration with its own data", 0.75)
    seen = compare(study.calibrated, fit=fit, solver=study.solver)
    tell("looking for exchanged sensors, clocks and units", 0.8)
    wrong = mistaken((*study.calibrated, run), fit=fit, solver=study.solver)
    trials = tuple(dict.fromkeys([*(e.trial for e in study.calibrated), run.trial]))
    return tuple(
        _answer(q, prediction, refinement, process=run.process, solver=study.solver, observe=study.judged, began=began,
                together=ids, fit=fit, wrong=wrong, validation=validation, domain=study.domain, form=form,
                trials=trials, seen=seen,
                qualification=study.qualification, assumptions=study.assumptions, caveats=study.caveats,
                command=study.command, seeds={"starts": study.seed}, tell=_part(tell, 0.8, 0.2))
        for q, prediction, refinement in zip(questions, predictions, refinements, strict=True))  # fmt: skip


def foresee(
    requirement: Requirement,
    process: Recipe,
    *,
    store: Path,
    freeze: Record,
    judged: tuple[Asked, ...],
    solver: Solver,
    title: tuple[str, str],
    command: str,
    ratios: tuple[float, ...] = (1.0, 1.5, 2.0),
    qualification: Sequence[Mapping[str, Any]] | None = None,
    assumptions: tuple[tuple[str, str], ...] = (),
    caveats: tuple[tuple[str, str], ...] = (),
    fields: Sequence[Mapping[str, Any]] = (),
    studies: Sequence[Known | Sequence[Known]] = (),
    tell: Tell = silent,
) -> Verdict:
    """The verdict on a process that no trial has tried: NOT-VALID-HERE, its margin and budget told all the same.

    verdict.json is written beside the store, which holds the freeze and need hold no trial.
    Parameters are those of `Study` and `conclude`.
    """
    told = contents(studies, unit=requirement.of_run().unit)
    own = Question(requirement=requirement, store=store, freeze=freeze, title=title, fields=fields, more=told)
    (verdict,) = foresee_each((own,), process, judged=judged, solver=solver, command=command, ratios=ratios,
                              qualification=qualification, assumptions=assumptions, caveats=caveats,
                              tell=tell)  # fmt: skip
    return verdict


def foresee_each(
    questions: Sequence[Question],
    process: Recipe,
    *,
    judged: tuple[Asked, ...],
    solver: Solver,
    command: str,
    ratios: tuple[float, ...] = (1.0, 1.5, 2.0),
    qualification: Sequence[Mapping[str, Any]] | None = None,
    assumptions: tuple[tuple[str, str], ...] = (),
    caveats: tuple[tuple[str, str], ...] = (),
    tell: Tell = silent,
) -> tuple[Verdict, ...]:
    """One verdict for each question on a process that no trial has tried, all from the same runs; see `foresee`.

    Raises
    ------
    ModelError
        If nothing is asked, two questions have one id, or two verdicts would lie in one folder.
    """
    began, ids = perf_counter(), _together(questions)
    interests = [q.requirement.of_run() for q in questions]
    for q in questions:
        refuse_other(q.store, q.freeze, q.requirement, {})
    refinements = refine_each(solver, process, observe=judged, interests=interests, ratios=ratios,
                              tell=_part(tell, 0.0, 0.6))  # fmt: skip
    tell("predicting with all that is uncertain", 0.6)
    predictions = predict_each(process, interests=interests, solver=solver, observe=judged)
    return tuple(
        _answer(q, prediction, refinement, process=process, solver=solver, observe=judged, began=began, together=ids,
                qualification=qualification, assumptions=assumptions, caveats=caveats, command=command, seeds={},
                tell=_part(tell, 0.8, 0.2))
        for q, prediction, refinement in zip(questions, predictions, refinements, strict=True))  # fmt: skip


def _together(questions: Sequence[Question]) -> tuple[str, ...]:
    """Ids of several questions in order; empty where there is one alone."""
    ids = [q.requirement.id for q in questions]
    folders = [q.store.parent.resolve() for q in questions]
    if not ids or len(set(ids)) < len(ids) or len(set(folders)) < len(folders):
        raise ModelError(
            f"{len(ids)} questions, {', '.join(ids) or 'none'}, in {len(set(folders))} folders cannot be told apart. "
            "Each has an id and a folder of its own, where its verdict.json lies. Give each question its own store."
        )
    return tuple(ids) if len(ids) > 1 else ()


def _answer(
    question: Question,
    prediction: Prediction,
    refinement: Refinement,
    *,
    process: Recipe,
    solver: Solver,
    observe: tuple[Asked, ...],
    began: float,
    together: tuple[str, ...],
    command: str,
    seeds: Mapping[str, int],
    fit: Fit | None = None,
    wrong: Sequence[Fault] | None = None,
    validation: Validation | None = None,
    domain: Domain | None = None,
    form: Form | None = None,
    trials: tuple[Trial, ...] = (),
    seen: Sequence[Point] = (),
    qualification: Sequence[Mapping[str, Any]] | None = None,
    assumptions: tuple[tuple[str, str], ...] = (),
    caveats: tuple[tuple[str, str], ...] = (),
    tell: Tell = silent,
) -> Verdict:
    """Hold what was found against one requirement, and write it down."""
    requirement, store, frozen = question.requirement, question.store, question.freeze
    answers = earlier(store, requirement)
    lines = budget(prediction, interest=requirement.of_run(), process=process, fit=fit, refinement=refinement,
                   validation=validation, extra=question.extra, coverage=requirement.coverage)  # fmt: skip
    broken = None
    if requirement.failing is not None:
        tell("drawing how often the limit is broken", 0.0)
        broken = breaking(requirement, prediction, lines, process=process, solver=solver, observe=observe, fit=fit)
        seeds = {**seeds, "draws": 1}
    now = datetime.now(UTC)
    first = before_answers(frozen, answers) and frozen_before(store, frozen.digest, now)
    evidence = Evidence(
        requirement=requirement, process=prediction.process, history=prediction.history, budget=lines,
        refinement=refinement, fit=fit, validation=validation, domain=domain, form=form, trials=trials,
        prior=question.prior, together=together, breaking=broken, mistaken=wrong,
        freeze={"digest": frozen.digest, "at": frozen.at, "before_result": first,
                "together": frozen.payload["rule"].get("together")},
        qualification=qualification,
        pedigree=pedigree(prediction.process, command=command, seeds=seeds, inputs={t.name: t.content for t in trials},
                          seconds=perf_counter() - began, assumptions=assumptions, trials=trials))  # fmt: skip
    verdict = verify(evidence, prediction=prediction, calibration=seen, fields=question.fields,
                     caveats=(*caveats, *told_of(answers)), more=question.more, title=question.title,
                     at=now.isoformat(timespec="seconds"))  # fmt: skip
    put_down(store, requirement, frozen, verdict)
    verdict = replace(verdict, content=seal({**verdict.content, "files": {store.name: _sha(store)}}))
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


def picture(solver: Solver, process: Recipe, path: Path, *, every: float, sensors: Sequence[Channel] = (),
            display: str = "degC") -> dict[str, Any]:  # fmt: skip
    """Run a process for its fields alone, a frame `every` so many s; what verdict.json says of the file at `path`.

    A structure is at rest: its load cases take the place of frames, and stress that of temperature.
    """
    times: list[float] = []
    with FieldWriter(path) as writer:
        if isinstance(process, Structure):
            solver(process, keep=writer)
            times = [float(n) for n in range(len(process.cases) + len(process.combinations or {}))]

        def keep(frame: Frame) -> None:
            writer(frame)
            times.append(frame.t)

        if not isinstance(process, Structure):
            solver(process, keep=keep, every=every)
    probes = [{"name": c.name, "place": list(c.place)} for c in sensors if c.place is not None]
    what, unit = {"en": "temperature", "zh": "温度"}, "K"
    if isinstance(process, Structure):
        what, unit, display = {"en": "von Mises stress", "zh": "von Mises 等效应力"}, "Pa", "MPa"
    return {"file": path.name, "digest": _sha(path), "what": what, "unit": unit,
            "display": display, "times": times, "body": process.bodies[0].name, "probes": probes}  # fmt: skip


def _sha(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
