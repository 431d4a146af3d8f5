"""What every case without a trial does: freeze the question, draw the fields, and foresee the answer."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from foretrial import twin
from foretrial.cases.qualify import Row, qualify
from foretrial.models import Observation, Process, Requirement, Verdict
from foretrial.solvers import Heat


def frozen(store: Path, requirement: Requirement) -> twin.Record:
    """Fix the question before any solve; there is no trial to split."""
    rule = {"guard": requirement.guard, "coverage": requirement.coverage}
    return twin.freeze(store, requirement, split={}, rule=rule, seeds={})


@cache
def _qualified(problems: tuple[str, ...]) -> list[Row]:
    """Rows of the published problems; a case that asks two questions runs them once."""
    return qualify(problems)


def foreseen(
    requirement: Requirement,
    process: Process,
    *,
    case: str,
    solver: Heat,
    judged: tuple[Observation, ...],
    out: Path,
    every: float,
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
        Between two frames of the fields.
    problems : tuple of str
        The published problems that qualify the operators in use.
    options : keyword arguments of twin.foresee
        Such as assumptions, caveats and ratios.
    """
    out.mkdir(parents=True, exist_ok=True)
    store = out / "trials.h5"
    freeze = frozen(store, requirement)
    tell(f"each run of '{process.name}': {solver.forecast(process)}", 0.0)
    field: Mapping[str, Any] = twin.picture(solver, process, out / "fields.vtkhdf", every=every)
    return twin.foresee(requirement, process, store=store, freeze=freeze, judged=judged, solver=solver, title=title,
                        qualification=_qualified(problems), fields=(field,), command=f"foretrial run {case}",
                        tell=lambda text, share: tell(text, 0.2 + 0.75 * share), **options)  # fmt: skip
