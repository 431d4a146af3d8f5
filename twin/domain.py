"""Where a model has been tried, and whether a use lies inside."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.optimize import linprog

from ..models import ModelError
from ..models.errors import did_you_mean

Span = tuple[float, float]
WIDEST = 0.25  # share of a covered span that a use may reach beyond it at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One axis of the domain: the span of the use, the span that trials cover, whether the one lies in the other."""

    name: str
    symbol: str
    use: Span
    covered: Span
    inside: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """A use beside what trials cover; `inside` asks for every axis, and for the convex hull where it was asked."""

    inside: bool
    variables: tuple[Variable, ...]
    words: tuple[tuple[str, str], ...]


def domain(use: Mapping[str, Span], covered: Sequence[Mapping[str, Span]], *, symbols: Mapping[str, str] | None = None,
           slack: float = 0.05, hull: bool = False) -> Domain:  # fmt: skip
    """Whether a use lies where trials have been.

    Parameters
    ----------
    use : mapping of variable to (low, high)
        Physical and dimensionless numbers of the use: gas temperature (K), Bi, Fo, Re ...
    covered : sequence of such mappings
        One for each trial that calibrates or validates.
    symbols : mapping of variable to the letter that people know it by
    slack : float
        Share of a covered span by which a use may reach beyond it, at most 0.25.
    hull : bool
        Ask for the convex hull of the trials' corners too: a box holds combinations that no trial came near.

    Raises
    ------
    ModelError
        If no trial is given, or one lacks a variable of the use; if the use states no variable, or a span is not a
        finite one from low to high.
    """
    if not covered:
        raise ModelError("a domain of 0 trials covers nothing. One trial or more spans it. Give covered=[...].")
    if not use:
        raise ModelError("a use of 0 variables lies nowhere. One or more says where. Give use={'gas, K': (low, high)}.")
    if not 0.0 <= slack <= WIDEST:
        raise ModelError(
            f"slack = {slack:g} is no margin of a domain. It is a share from 0 to {WIDEST:g} of what trials cover. "
            "Leave it out, or try the use."
        )
    for what, spans in (("the use", use), *(("a trial", trial) for trial in covered)):
        for name, (low, high) in spans.items():
            if not (math.isfinite(low) and math.isfinite(high) and low <= high):
                raise ModelError(
                    f"{what} has '{name}' from {low:g} to {high:g}. A span is finite and runs from low to high. "
                    "State what was met."
                )
    for trial in covered:
        for name in use:
            if name not in trial:
                raise ModelError(
                    f"a trial does not state '{name}', which the use does. {did_you_mean(name, trial)} "
                    "Every trial states every variable. Add it."
                )
    variables = []
    for name, (low, high) in use.items():
        span = (min(trial[name][0] for trial in covered), max(trial[name][1] for trial in covered))
        room = slack * max(span[1] - span[0], 1e-9 * max(abs(span[0]), abs(span[1])))
        variables.append(Variable(name=name, symbol=(symbols or {}).get(name, ""), use=(float(low), float(high)),
                                  covered=span, inside=low >= span[0] - room and high <= span[1] + room))  # fmt: skip
    words = [(f"{v.name}: used from {v.use[0]:.4g} to {v.use[1]:.4g}, tried from {v.covered[0]:.4g} to "
              f"{v.covered[1]:.4g}.",
              f"{v.name}：使用范围 {v.use[0]:.4g} 至 {v.use[1]:.4g}，"
              f"试验范围 {v.covered[0]:.4g} 至 {v.covered[1]:.4g}。")
             for v in variables if not v.inside]  # fmt: skip
    inside = not words
    if inside and hull and not _in_hull(use, covered, variables, slack):
        inside = False
        words.append(("Each variable is in its range, but their combination lies outside the hull of the trials.",
                      "各变量均在范围之内，但其组合落在试验凸包之外。"))  # fmt: skip
    if inside:
        words.append(("The use lies inside what trials cover.", "使用条件在试验所覆盖的范围之内。"))
    return Domain(inside=inside, variables=tuple(variables), words=tuple(words))


def lasting(found: Domain, *, use: Span, read: Span) -> Domain:
    """The domain with time in it: from when the number is taken to its window's end, s, beside the readings' span."""
    time = domain({"time, s": use}, [{"time, s": read}], symbols={"time, s": "t"})
    words = (*([] if found.inside else found.words), *([] if time.inside else time.words))
    return Domain(inside=found.inside and time.inside, variables=(*found.variables, *time.variables),
                  words=words or found.words)  # fmt: skip


def similarity(*, film: float, length: float, conductivity: float, diffusivity: float, time: float) -> dict[str, Span]:
    """Biot and Fourier numbers, as spans of one value: film W/(m2.K), length m, conductivity W/(m.K), m2/s, s.

    References
    ----------
    Incropera et al., Fundamentals of Heat and Mass Transfer, sec. 5.2.
    """
    biot, fourier = film * length / conductivity, diffusivity * time / length**2
    return {"Biot number": (biot, biot), "Fourier number": (fourier, fourier)}


def _in_hull(use: Mapping[str, Span], covered: Sequence[Mapping[str, Span]], variables: Sequence[Variable],
             slack: float) -> bool:  # fmt: skip
    """Every corner of the use is a mixture of corners of the trials, within `slack` of each span."""
    names = [v.name for v in variables]
    scale = np.array(
        [max(v.covered[1] - v.covered[0], 1e-9 * max(abs(c) for c in v.covered), 1e-300) for v in variables]
    )
    cloud = np.array([corner for trial in covered for corner in product(*(trial[n] for n in names))]) / scale
    n, m = cloud.shape
    for corner in product(*(use[name] for name in names)):
        target = np.array(corner) / scale
        A = np.vstack([np.hstack([cloud.T, -np.ones((m, 1))]), np.hstack([-cloud.T, -np.ones((m, 1))])])
        found = linprog(np.r_[np.zeros(n), 1.0], A_ub=A, b_ub=np.r_[target, -target],
                        A_eq=np.r_[np.ones(n), 0.0][None], b_eq=[1.0], bounds=[(0, None)] * (n + 1))  # fmt: skip
        if not found.success or found.fun > slack:
            return False
    return True
