"""What every case without a trial does: freeze the question, draw the fields, and foresee the answer."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from foretrial import twin
from foretrial.cases.qualify import Row, qualify
from foretrial.models import Line, Process, Requirement, Structure, Verdict
from foretrial.models.fieldfile import read_deformed
from foretrial.models.solver import Asked
from foretrial.solvers import Heat, Strength


def frozen(store: Path, requirement: Requirement, *, together: tuple[str, ...] = ()) -> twin.Record:
    """Fix the question before any solve; there is no trial to split.

    Parameters
    ----------
    together : tuple of str
        Ids of all questions that the same runs will answer, where there are several.
    """
    rule: dict[str, Any] = {"guard": requirement.guard, "coverage": requirement.coverage}
    if together:
        rule["together"] = list(together)
    return twin.freeze(store, requirement, split={}, rule=rule, seeds={})


@cache
def _qualified(problems: tuple[str, ...]) -> list[Row]:
    """Rows of the published problems, none where none is named; a case that asks two questions runs them once."""
    return qualify(problems) if problems else []


def foreseen(
    requirement: Requirement,
    process: Process | Structure,
    *,
    case: str,
    solver: Heat | Strength,
    judged: tuple[Asked, ...],
    out: Path,
    every: float = 1.0,
    problems: tuple[str, ...],
    title: tuple[str, str],
    tell: twin.Tell,
    **options: Any,
) -> Verdict:
    """The verdict of a process that nobody has tried, with its fields, in `out`.

    Parameters
    ----------
    case : str
        Its name on the command line.
    every : float, s
        Between two frames of the fields; a structure at rest has none, its worst places are told instead.
    problems : tuple of str
        The published problems that qualify the operators in use.
    options : keyword arguments of twin.foresee_each
        Such as assumptions, caveats and ratios.
    """
    return foreseen_each(((requirement, out, title),), process, case=case, solver=solver, judged=judged, every=every,
                         problems=problems, tell=tell, **options)[0]  # fmt: skip


def foreseen_each(
    asked: Sequence[tuple[Requirement, Path, tuple[str, str]]],
    process: Process | Structure,
    *,
    case: str,
    solver: Heat | Strength,
    judged: tuple[Asked, ...],
    every: float = 1.0,
    problems: tuple[str, ...],
    tell: twin.Tell,
    extra: Sequence[Line] = (),
    **options: Any,
) -> tuple[Verdict, ...]:
    """One verdict for each requirement, in its own folder, all from the same runs; see `foreseen`.

    Parameters
    ----------
    asked : sequence of (Requirement, Path, (English, Chinese))
        Each with the folder and the title of its verdict.
    extra : sequence of Line
        What else is uncertain about the numbers, as in `twin.Question`.
    """
    ids = tuple(requirement.id for requirement, _, _ in asked)
    held = []
    for requirement, folder, _ in asked:
        folder.mkdir(parents=True, exist_ok=True)
        held.append(frozen(folder / "trials.h5", requirement, together=ids if len(ids) > 1 else ()))
    if isinstance(process, Structure):
        tell(f"solving '{process.name}' for its picture", 0.0)
    else:
        tell(f"each run of '{process.name}': {solver.forecast(process)}", 0.0)
    first = asked[0][1] / "fields.vtkhdf"
    field: Mapping[str, Any] = twin.picture(solver, process, first, every=every)
    for _, folder, _ in asked[1:]:
        shutil.copyfile(first, folder / first.name)
    seen: dict[str, Any] = {"fields": (field,), "extra": tuple(extra)}
    if isinstance(process, Structure):
        seen["more"] = {"hot_spots": [asdict(spot) for one in read_deformed(first) for spot in one.spots]}
    questions = [twin.Question(requirement=requirement, store=folder / "trials.h5", freeze=freeze, title=title, **seen)
                 for (requirement, folder, title), freeze in zip(asked, held, strict=True)]  # fmt: skip
    return twin.foresee_each(questions, process, judged=judged, solver=solver, qualification=_qualified(problems),
                             command=f"foretrial run {case}",
                             tell=lambda text, share: tell(text, 0.2 + 0.75 * share), **options)  # fmt: skip
