"""Assemble the uncertainty of one number from everything that a recipe, a fit, a refinement and a validation say."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..models import Budget, Fit, History, Interest, Line, ModelError, Solver
from ..models.solver import Asked, Recipe
from .forward import tangents
from .inputs import inputs
from .refine import Refinement, refuse_units
from .validate import Validation

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prediction:
    """A run with derivatives by all that is uncertain in it, and the number that it gives.

    Attributes
    ----------
    value, observation, time : float, str, float
        The number of interest, the observation that governs it, and when (s).
    slopes : (m,)
        Derivative of the number by each uncertain quantity, in `history.free` order.
    """

    process: Recipe
    history: History
    value: float
    observation: str
    time: float
    slopes: Array


def predict(process: Recipe, *, interest: Interest, solver: Solver, observe: Sequence[Asked],
            fit: Fit | None = None) -> Prediction:  # fmt: skip
    """Run a process at the fitted values, with the derivatives of the number of interest by all that is uncertain.

    Parameters
    ----------
    process : Process
        Fitted values are put in here.
    interest : Interest
    observe : sequence of Observation
        Those of the interest among them.

    Raises
    ------
    ModelError
        If the interest asks for what is not observed, or for another unit.
    """
    return predict_each(process, interests=(interest,), solver=solver, observe=observe, fit=fit)[0]


def predict_each(process: Recipe, *, interests: Sequence[Interest], solver: Solver, observe: Sequence[Asked],
                 fit: Fit | None = None) -> tuple[Prediction, ...]:  # fmt: skip
    """One prediction for each number of interest, all from the same run; see `predict`."""
    asked = dict.fromkeys(name for interest in interests for name in interest.observations)
    missing = [name for name in asked if name not in {o.name for o in observe}]
    if missing:
        raise ModelError(
            f"the interest needs {', '.join(missing)}, which the run does not observe. All that an interest asks for "
            "is observed. Add it to observe=(...)."
        )
    for interest in interests:
        refuse_units(interest, observe)
    known = inputs(process, fit=fit)
    history = tangents(solver, known.process, free=known.names, observe=observe)
    found = []
    for interest in interests:
        value, name, time = interest.when(history)
        slopes = interest.slopes(history) if known.names else np.zeros(0)
        found.append(Prediction(process=known.process, history=history, value=value, observation=name, time=time,
                                slopes=slopes))  # fmt: skip
    return tuple(found)


def budget(prediction: Prediction, *, interest: Interest, process: Recipe, fit: Fit | None = None,
           refinement: Refinement | None = None, validation: Validation | None = None,
           extra: Sequence[Line] = (), coverage: float = 2.0) -> Budget:  # fmt: skip
    """One line for each cause of doubt about the number of interest.

    Parameters
    ----------
    prediction : Prediction
        From `predict` on the same process and fit.
    refinement : Refinement or None
        Of this number: its u_num.
    validation : Validation or None
        Its model form, with as many degrees of freedom as it had independent readings, and the offset that sensors of
        calibration and validation may share. Where the fit allows its model an error of its own that is larger than
        this model form, what it is larger by is a line too.
    extra : sequence of Line
        What else is known: a reduced model's bound, sampling, a property used beyond its range.
    coverage : float
        Coverage factor k.

    Returns
    -------
    Budget

    References
    ----------
    JCGM 100:2008, eqs. 10 and 16; ASME V&V 20-2009, sec. 1-5.
    """
    known = inputs(process, fit=fit)
    if known.names != prediction.history.free:
        raise ModelError(
            f"the prediction knows {len(prediction.history.free)} uncertain quantities, process and fit "
            f"{len(known.names)}. A budget covers the very run that it judges. Predict this process with this fit."
        )
    lines = [Line(name=q.name, kind="parameter" if fitted else "input", std=q.std, unit=q.unit, sensitivity=float(s),
                  contribution=float(s) * q.std, source=q.source or "stated", dof=q.dof,
                  group="" if fitted else q.group)
             for q, fitted, s in zip(known.quantities, known.fitted, prediction.slopes, strict=True)]  # fmt: skip
    std = np.sqrt(np.diag(known.covariance)) if lines else np.zeros(0)
    own = [i for i in range(len(lines)) if known.fitted[i]]
    correlations = tuple((lines[j].name, lines[i].name, float(known.covariance[i, j] / (std[i] * std[j])))
                         for i in own for j in own if j < i and std[i] * std[j] > 0.0)  # fmt: skip
    if refinement is not None:
        lines.append(
            _whole("numerical", "numerical", refinement.u_num, interest.unit, f"refinement, {refinement.method}")
        )
    if validation is not None:
        _refuse_other_kind(validation, interest)
        gain, unit = interest.gain(prediction.history), validation.points[0].unit if validation.points else "K"
        if validation.sensor > 0.0:
            lines.append(_whole("shared sensor offset", "sensor", validation.sensor, unit,
                                "offset common to calibration and validation sensors", gain=gain))  # fmt: skip
        trials = ", ".join(validation.data)
        if fit is not None and fit.discrepancy is not None:
            lines.append(_whole("model error seen in calibration", "model form", _beyond(fit, validation), unit,
                                f"{fit.discrepancy.kernel} of {fit.discrepancy.size:.3g} {unit} beside "
                                f"{', '.join(n for n in fit.data if '/' not in n)}, as far as validation shows less",
                                gain=gain))  # fmt: skip
        lines.append(_whole("model form", "model form", validation.model_form, unit, f"validation on {trials}",
                            validation.form_dof, gain))  # fmt: skip
    return Budget(quantity=f"{interest.statistic} of {prediction.observation}", unit=interest.unit,
                  lines=(*lines, *extra), coverage=coverage, correlations=correlations)  # fmt: skip


def _refuse_other_kind(validation: Validation, interest: Interest) -> None:
    """A ModelError where the errors of a validation are of another kind than a structure's number asked for."""
    seen = {p.unit for p in validation.points} or {interest.unit}
    if seen != {interest.unit} and interest.unit not in ("K", "s"):
        raise ModelError(
            f"the interest is in {interest.unit}, and the trial was read in {', '.join(sorted(seen))}. The model's "
            "error in one says nothing of the other. Ask for what the trial reads, or foresee the number without it."
        )


def _beyond(fit: Fit, validation: Validation) -> float:
    """What the model's error in calibration has beyond the model form of a validation: together they count once."""
    size = 0.0 if fit.discrepancy is None else fit.discrepancy.size
    return math.sqrt(max(0.0, size**2 - validation.model_form**2))


def _whole(name: str, kind: str, std: float, unit: str, source: str, dof: float = math.inf, gain: float = 1.0) -> Line:
    return Line(name=name, kind=kind, std=std, unit=unit, sensitivity=gain, contribution=gain * std, source=source,
                dof=dof)  # fmt: skip
