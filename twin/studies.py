"""What studies beside a verdict leave in it: each result noun as plain data under its key of verdict.json."""

from collections.abc import Callable, Mapping, Sequence
from functools import singledispatch
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..models import ModelError
from .discrepancy import Discrepancy
from .inverse import Recovered
from .ledger import Ledger
from .morris import Screening
from .plan import NextTrial
from .posterior import Posterior
from .profile import Profile
from .smoother import Smoothed
from .sobol import Sensitivity

Array = NDArray[np.float64]
Words = tuple[str, str]
BINS, COARSE = 40, 24  # of a marginal, and along either side of a pair
LISTED = 50  # failed runs told one by one
MANY = ("profiles", "recovered")  # keys that hold a list: one study adds one line

Known = (
    Profile | Posterior | Smoothed | Sensitivity | Screening | NextTrial | Discrepancy | Recovered | Ledger
    | Mapping[str, Any]
)  # fmt: skip


def contents(studies: Sequence[Known | Sequence[Known]], *, unit: str = "K") -> dict[str, Any]:
    """Keys of verdict.json and what they hold.

    Parameters
    ----------
    studies : sequence of what `profile` (its tuple or each), `posterior`, `es_mda`, `sensitivity`, `screen`,
        `next_trial`, `discrepancy` and `recover` gave, a Ledger for its failed runs, or a mapping of key to further
        plain data, which is put beside what the key holds.
    unit : str
        SI unit of the verdict's number.

    Returns
    -------
    mapping of key to plain data, as docs/verdict-json.md describes it

    Raises
    ------
    ModelError
        If something is no study, or two of them would stand under one key.
    """
    found: dict[str, Any] = {}
    for one in _flat(studies):
        if isinstance(one, Mapping):
            for key, value in one.items():
                own = found.get(key)
                found[key] = {**own, **value} if isinstance(own, Mapping) and isinstance(value, Mapping) else value
            continue
        key, held = content_of_study(one)
        if key in MANY:
            found.setdefault(key, []).append(held)
        elif key in found:
            raise ModelError(
                f"two studies stand under '{key}' of verdict.json. One {type(one).__name__} answers there. "
                "Hand in the one that the verdict rests on."
            )
        else:
            found[key] = held
    for key in ("next_trial", "screening"):
        if key in found:
            found[key] = {"unit": unit, **found[key]}
    return found


def _flat(studies: Sequence[Any]) -> list[Any]:
    return [one for held in studies for one in (held if isinstance(held, (list, tuple)) else (held,))]


def _said(words: Sequence[Words]) -> list[dict[str, str]]:
    return [{"en": en, "zh": zh} for en, zh in words]


@singledispatch
def content_of_study(study: Any) -> tuple[str, dict[str, Any]]:
    """The key of verdict.json that a study belongs to, and what it leaves there as plain data."""
    raise ModelError(
        f"a {type(study).__name__} is no study of a verdict. Profiles, posteriors, sensitivities, plans, "
        "discrepancies, recovered curves and ledgers are. Hand in what the verb gave."
    )


@content_of_study.register
def _(study: Profile) -> tuple[str, dict[str, Any]]:
    return "profiles", {
        "name": study.name, "unit": study.unit, "values": study.values, "rises": study.rises,
        "active": [list(names) for names in study.active], "level": study.level, "threshold": study.threshold,
        "interval": study.interval, "open": study.open, "laplace": study.laplace, "runs": study.runs,
        "words": _said(study.words)}  # fmt: skip


@content_of_study.register
def _(study: Posterior) -> tuple[str, dict[str, Any]]:
    ends = np.quantile(study.flat, [0.025, 0.975], axis=0).T
    return "posterior", {
        "method": "stand-in", "converged": study.converged, "runs": study.runs, "tangents": study.tangents,
        "mismatch": study.mismatch, "draws": study.flat.shape[0],
        "parameters": _marginals(study, study.flat, ends, rhat=study.rhat, ess=study.ess), "pairs": _pairs(study.flat),
        "failures": list(study.failures), "words": _said(study.words)}  # fmt: skip


@content_of_study.register
def _(study: Smoothed) -> tuple[str, dict[str, Any]]:
    ends = np.quantile(study.members, [0.025, 0.975], axis=0).T
    return "posterior", {
        "method": "ensemble", "converged": True, "runs": study.runs, "tangents": 0, "mismatch": None,
        "draws": study.members.shape[0], "parameters": _marginals(study, study.members, ends),
        "pairs": _pairs(study.members), "failures": [cause for _, cause in study.failures],
        "words": _said(study.words)}  # fmt: skip


def _marginals(study: Posterior | Smoothed, draws: Array, ends: Array, **more: Array) -> list[dict[str, Any]]:
    """Mean, spread, interval and a histogram of each parameter."""
    bins = BINS if len(draws) > 1000 else 12
    rows = []
    for i, p in enumerate(study.parameters):
        counts, edges = np.histogram(draws[:, i], bins=bins, range=_span(draws[:, i]))
        rows.append({"name": p.name, "unit": p.unit, "mean": draws[:, i].mean(), "std": draws[:, i].std(ddof=1),
                     "interval": ends[i], "edges": edges, "counts": counts,
                     **{key: value[i] for key, value in more.items()}})  # fmt: skip
    return rows


def _pairs(draws: Array) -> list[dict[str, Any]]:
    """Joint histograms: `counts` [row][column] of the second parameter over the first, between `x` and `y`."""
    bins, found = COARSE if len(draws) > 1000 else 12, []
    for i, j in combinations(range(draws.shape[1]), 2):
        x, y = _span(draws[:, i]), _span(draws[:, j])
        counts, _, _ = np.histogram2d(draws[:, j], draws[:, i], bins=bins, range=[y, x])
        found.append({"of": [i, j], "x": x, "y": y, "counts": counts.astype(int)})
    return found


def _span(draws: Array) -> tuple[float, float]:
    """All but the outermost thousandth at either end."""
    low, high = (float(x) for x in np.quantile(draws, [0.001, 0.999]))
    pad = 0.02 * (high - low) or 1e-9 * max(abs(low), 1e-9)
    return low - pad, high + pad


@content_of_study.register
def _(study: Sensitivity) -> tuple[str, dict[str, Any]]:
    return "sensitivity", study.content()


@content_of_study.register
def _(study: Screening) -> tuple[str, dict[str, Any]]:
    rows = [{"name": name, "effect": study.effect[i], "size": study.size[i], "scatter": study.scatter[i],
             "error": study.error[i], "count": study.count[i]} for i, name in enumerate(study.names)]  # fmt: skip
    return "screening", {"rows": rows, "runs": study.runs, "failed": study.failed, "words": _said(study.words)}


@content_of_study.register
def _(study: NextTrial) -> tuple[str, dict[str, Any]]:
    rows = [{"plan": one.plan, "place": ", ".join(one.sensors), "std": one.std, "expanded": one.interval}
            for one in study.each]  # fmt: skip
    best = {"plan": study.best.plan, "sensors": list(study.best.sensors), "std": study.best.std,
            "expanded": study.best.interval}  # fmt: skip
    return "next_trial", {"before": {"std": study.before.std, "expanded": study.before.interval}, "rows": rows,
                          "held": study.held, "best": best, "words": _said(study.words)}  # fmt: skip


@content_of_study.register
def _(study: Discrepancy) -> tuple[str, dict[str, Any]]:
    rows = np.array(study.fit.rows)
    series = []
    for label in dict.fromkeys(study.fit.rows):
        own = rows == label
        series.append({"channel": label, "t": study.fit.times[own], "error": study.error[own], "std": study.std[own]})
    own_words = study.fit.words[-1 - len(study.fit.parameters) :]  # what came last was said of it
    return "discrepancy", {"size": study.size, "length": study.length, "gain": study.gain, "unit": "K",
                           "series": series, "words": _said(own_words)}  # fmt: skip


@content_of_study.register
def _(study: Recovered) -> tuple[str, dict[str, Any]]:
    s = study.smoothed
    return "recovered", {
        "name": study.knots.name, "unit": study.knots.unit, "over": study.knots.over, "at": study.knots.at,
        "values": study.values, "noise_std": study.noise_std, "std": study.std, "seen": study.seen,
        "widths": study.widths, "principle": s.principle, "strength": s.strength, "misfit": s.misfit,
        "told": s.told, "words": _said(study.words)}  # fmt: skip


@content_of_study.register
def _(study: Ledger) -> tuple[str, dict[str, Any]]:
    runs = study.runs()
    count: Callable[[str], int] = lambda state: sum(run.state == state for run in runs)  # noqa: E731
    lost = [run for run in runs if run.state == "failed"]
    listed = [{"parameters": run.parameters, "cause": run.cause, "attempts": run.attempts, "rung": run.rung,
               "seconds": run.seconds} for run in lost[:LISTED]]  # fmt: skip
    return "ledger", {"runs": len(runs), "done": count("done"), "failed": len(lost), "begun": count("begun"),
                      "retried": sum(run.rung > 0 and run.state == "done" for run in runs),
                      "seconds": sum(run.seconds for run in runs), "failures": listed,
                      "left_out": len(lost) - len(listed)}  # fmt: skip
