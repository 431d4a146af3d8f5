"""Does this installation reproduce the published answers, on this machine?

Answer  Yes where no row says fail.
"""

import math
import time
from collections.abc import Callable, Iterable
from typing import Any

from foretrial.models import ModelError
from foretrial.models.errors import did_you_mean

from .published import PROBLEMS, Absent, Problem, Resolution

Row = dict[str, Any]
FIELDS = ("id", "problem", "answer", "reached", "error", "tolerance", "cells", "state", "seconds", "source", "unit",
          "steps", "reason", "note")  # fmt: skip


def qualify(
    ids: Iterable[str] = (), *, everything: bool = False, each: Callable[[Row], None] | None = None
) -> list[Row]:
    """Run published problems, each at its resolutions.

    Parameters
    ----------
    ids : iterable of str
        Which problems; none named runs the default set.
    everything : bool
        With none named, also those that take long.
    each : callable
        Receives a row as soon as it is known.

    Returns
    -------
    list of dict
        One row a problem and resolution: id, problem, answer, reached and error (None where the run did not end),
        tolerance, cells, state ("pass", "fail" or "skipped"), seconds, source, unit ("1" for a ratio), steps,
        reason (why it failed or was skipped, else empty), note (what else must be said). The error is in `unit`, or
        relative for relative problems.

    Raises
    ------
    ModelError
        If an id is not known.
    """
    wanted = list(dict.fromkeys(ids))
    for one in wanted:
        if one not in PROBLEMS:
            raise ModelError(
                f"'{one}' is no published problem of this set. {did_you_mean(one, PROBLEMS)} "
                "Correct it, or name none to run them all."
            )
    chosen = [PROBLEMS[one] for one in wanted] or [p for p in PROBLEMS.values() if everything or not p.long]
    rows = []
    for problem in chosen:
        for resolution in problem.at:
            rows.append(run(problem, resolution))
            if each is not None:
                each(rows[-1])
    return rows


def run(problem: Problem, at: Resolution) -> Row:
    """One row: a run that raises is a fail with its cause, one that lacks an extra or its data is skipped with it."""
    row: Row = dict.fromkeys(FIELDS) | {
        "id": problem.id, "problem": problem.problem, "source": problem.source, "unit": problem.unit,
        "tolerance": at.tolerance, "cells": at.cells, "reason": "", "note": ""}  # fmt: skip
    began = time.perf_counter()
    try:
        found = problem.reach(at.cells)
    except Absent as cause:
        row |= {"state": "skipped", "reason": str(cause)}
    except ModuleNotFoundError as cause:
        row |= {"state": "skipped", "reason": f"{cause.name} is not installed."}
    except Exception as cause:  # whatever a run dies of belongs into its row
        row |= {"state": "fail", "reason": f"{type(cause).__name__}: {cause}"}
    else:
        error = abs(found.reached - found.answer) / (abs(found.answer) if problem.relative else 1.0)
        row |= {"answer": found.answer, "cells": found.cells, "steps": found.steps, "note": found.note}
        if math.isfinite(error):
            row |= {"reached": found.reached, "error": error, "state": "pass" if error <= at.tolerance else "fail"}
            row["reason"] = "" if error <= at.tolerance else f"error {error:.3g} is above {at.tolerance:.3g}"
        else:
            row |= {"state": "fail", "reason": f"reached {found.reached}, which is not finite"}
    row["seconds"] = time.perf_counter() - began
    return row
