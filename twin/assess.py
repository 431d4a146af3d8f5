"""Hold the evidence against the checklist: each line's state, with the value that decided it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from ..models import Budget, Fit, History, Requirement, Structure, Trial, quantities
from ..models.digest import digest
from ..models.solver import Recipe
from .agree import widened
from .breaking import Breaking
from .content import content_of
from .domain import Domain
from .faults import Fault
from .form import Form
from .pedigree import followed
from .refine import Refinement
from .validate import Validation

Found = dict[str, tuple[str, str, str, str]]
BALANCE = 1e-3  # share of heat, or of work, that may be missing
FEWEST = 3  # times or places, below which a comparison tells nothing
ALONE = 2.0  # independent readings: below them an error has no spread
ENVELOPE = ("not-applicable", "canonical", "a file cannot hold the signatures on itself: foretrial check --key, and "
            "the report page, say from verdict.intoto.jsonl beside it who has signed", "")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """All that a verdict may rest on; what is None is not evidenced.

    Attributes
    ----------
    freeze : mapping with digest, at, before_result, together (ids as frozen, or None), or None
    together : tuple of str
        Ids of all requirements that the same runs answer, where there are several.
    breaking : Breaking or None
        The probability of breaking the limit, where the requirement asks for it.
    form : Form or None
        The judgement on the form of the model that answers.
    qualification : sequence of mappings with id and state, or None
        Rows of the published problems for the operators in use.
    waivers : mapping of criterion to (by, why)
    prior : (float, float) or None
        Mean and standard deviation of the number over all that such a decision is made on, for the global risks.
    mistaken : sequence of Fault or None
        What `twin.mistaken` found in the trials behind the verdict; None where nobody looked.
    seal : mapping with prepared, checked, reviewed, approved, expires
    """

    requirement: Requirement
    process: Recipe
    history: History
    budget: Budget
    refinement: Refinement | None = None
    fit: Fit | None = None
    validation: Validation | None = None
    domain: Domain | None = None
    form: Form | None = None
    trials: Sequence[Trial] = ()
    freeze: Mapping[str, Any] | None = None
    qualification: Sequence[Mapping[str, Any]] | None = None
    pedigree: Mapping[str, Any] = field(default_factory=dict)
    waivers: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    seal: Mapping[str, str] = field(default_factory=dict)
    prior: tuple[float, float] | None = None
    mistaken: Sequence[Fault] | None = None
    together: tuple[str, ...] = ()
    breaking: Breaking | None = None


def assess(e: Evidence, *, margin: float) -> tuple[Found, bool]:
    """State, value, reason and hash of each criterion by id, and whether a sensor's calibration had expired."""
    found: Found = {}
    expired = _pedigree(e, found)
    _question(e, found)
    _numerics(e, found)
    _calibration(e, found)
    _validation(e, found, margin)
    _budget(e, found)
    if e.form is not None:
        found["E8"] = _say(e.form.explains, f"{e.form.misfit:.2g} times the stated uncertainty is left",
                           "the form of the model is wrong")  # fmt: skip
    for name, why in (
        ("B6", "no contract was asked for"),
        ("C6", "the full model was run"),
        ("E7", "no scale-up is claimed"),
        ("E8", "the error of the model is carried as model form instead"),
        ("F5", "the requirement asks for no probability of breaking its limit"),
        ("F6", "no series of parts is judged"),
        ("F7", "no lot of parts is charged: a verdict on its log does"),
        ("F8", "one quantity is judged"),
        ("G1", "the requirement is no furnace survey"),
        ("G2", "the requirement is no furnace survey"),
    ):
        found.setdefault(name, ("not-applicable", "", why, ""))
    for name, (by, why) in e.waivers.items():
        found[name] = ("waived", found.get(name, ("", "", "", ""))[1], f"{by}: {why}", "")
    return found, expired


def _say(holds: bool, value: str, why: str = "", evidence: str = "") -> tuple[str, str, str, str]:
    return ("met" if holds else "not-met", value, "" if holds else why, evidence)


def _question(e: Evidence, found: Found) -> None:
    if e.freeze is None:
        found["A1"] = ("not-met", "", "nothing was frozen before the run", "")
    else:
        found["A1"] = _say(bool(e.freeze.get("before_result")), str(e.freeze.get("at", "")),
                           "set after the fact (事后设定)", str(e.freeze.get("digest", "")))  # fmt: skip
    found["A2"] = _say(True, e.requirement.verification)
    found["A3"] = _say(e.requirement.accuracy > 0, f"{e.requirement.accuracy:.3g} {e.requirement.interest.unit}")


def _pedigree(e: Evidence, found: Found) -> bool:
    lacking = [k for k in ("version", "commit", "packages", "system", "seeds", "command") if not e.pedigree.get(k)]
    found["B1"] = _say(not lacking, str(e.pedigree.get("version", "")), f"not recorded: {', '.join(lacking)}")
    named = [t.name for t in e.trials if t.content]
    used = {} if e.validation is None else dict(e.validation.data)
    used |= {} if e.fit is None else {name: mark for name, mark in e.fit.data.items() if "/" not in name}
    absent = [name for name, mark in used.items() if mark not in {t.content or content_of(t) for t in e.trials}]
    found["B2"] = _say(bool(e.trials) and len(named) == len(e.trials) and not absent,
                       f"{len(named)} of {len(e.trials)} trials",
                       f"not laid down: {', '.join(absent)}" if absent else "a trial carries no content hash"
                       )  # fmt: skip
    channels = [(t, c) for t in e.trials for c in t.channels.values()]
    states = [calibration_state(c.calibrated, t.started) for t, c in channels]
    expired = "expired" in states
    known = sum(s == "valid" for s in states)
    found["B3"] = _say(bool(states) and known == len(states), f"{known} of {len(states)} sensors",
                       "expired" if expired else "the source documents no calibration dates")  # fmt: skip
    _mistaken(e, found)
    sources = {p.scale.name: p.source for b in e.process.bodies for p in followed(b.material).values()}
    fitted = set() if e.fit is None else {p.name for p in e.fit.parameters}
    doubtful = [n for n, q in quantities(e.process).items()
                if n not in fitted and (not (q.source or sources.get(n)) or q.std <= 0.0)]  # fmt: skip
    total = len(quantities(e.process))
    found["B4"] = _say(not doubtful, f"{total - len(doubtful)} of {total} quantities",
                       f"source or uncertainty missing: {', '.join(sorted(doubtful)[:8])}")  # fmt: skip
    beyond = [n for n in e.history.notes if n and " governs of " not in n]
    declared = any("beyond" in line.name for line in e.budget.lines)
    found["B5"] = _say(not beyond or declared, f"{len(beyond)} notes", "; ".join(beyond[:3]))
    return expired


def _rests(process: Recipe) -> bool:
    """Whether it is a structure at rest, which has no stages."""
    return isinstance(process, Structure)


def _mistaken(e: Evidence, found: Found) -> None:
    if e.mistaken is not None:
        found["B7"] = _say(not e.mistaken, f"{len(e.mistaken)} found in {len(e.trials)} trials",
                           "; ".join(f"{one.trial}: {one.en.rstrip('.')}" for one in e.mistaken))  # fmt: skip
    elif e.fit is None and e.validation is None:
        found["B7"] = ("not-applicable", "", "no trial is compared with", "")
    else:
        found["B7"] = ("not-met", "", "nobody looked: give Evidence(mistaken=twin.mistaken(...))", "")


def calibration_state(stated: str, started: str) -> str:
    """Whether a sensor was calibrated at a trial: "valid", "expired" or "unknown".

    Parameters
    ----------
    stated : str
        ISO 8601 date until which the calibration holds, or "from/until".
    started : str
        ISO 8601 time of the trial's zero.
    """
    if not stated or not started:
        return "unknown"
    try:
        span = [datetime.fromisoformat(part).date() for part in stated.split("/")]
        day = datetime.fromisoformat(started).date()
    except ValueError:
        return "unknown"
    return "valid" if day <= span[-1] and (len(span) == 1 or span[0] <= day) else "expired"


def _numerics(e: Evidence, found: Found) -> None:
    if e.qualification:
        bad = [str(row.get("id")) for row in e.qualification if row.get("state") != "pass"]
        found["C1"] = _say(not bad, f"{len(e.qualification) - len(bad)} of {len(e.qualification)} problems",
                           f"not passed: {', '.join(bad)}")  # fmt: skip
    else:
        found["C1"] = ("not-met", "", "the published problems were not run with this verdict", "")
    r = e.refinement
    if r is None:
        for name in ("C2", "C3", "C4", "C7"):
            found[name] = ("not-met", "", "the run was not refined", "")
    else:
        found["C2"] = _say(
            len(r.levels) >= 3 and not r.diverges,
            f"{len(r.levels)} levels, u_num = {r.u_num:.3g} {r.unit}",
            "the levels move apart: no u_num can be stated",
            digest(r.levels),
        )
        found["C3"] = _say(r.asymptotic, f"order {r.order:.2f}" if np.isfinite(r.order) else r.method,
                           "not asymptotic; the uncertainty was taken wide")  # fmt: skip
        found["C4"] = _say(r.iteration_error <= 0.1 * r.u_num or r.method == "exact",
                           f"{r.iteration_error:.2g} {r.unit}",
                           "the iteration is not ten times better")  # fmt: skip
        if e.validation is None:
            found["C7"] = ("not-met", f"u_num = {r.u_num:.3g} {r.unit}", "no sensor to compare it with", "")
    if e.validation is not None and r is not None:
        points, unit = e.validation.points, e.validation.points[0].unit if e.validation.points else "K"
        num = max(float(np.sqrt(np.mean(np.concatenate([p.u_num for p in points]) ** 2))), r.u_num)
        sensor = float(np.sqrt(np.mean(np.concatenate([p.u_d for p in points]) ** 2)))
        found["C7"] = _say(
            num <= sensor, f"{num:.3g} {unit} against {sensor:.3g} {unit}", "refine: the fit would swallow this error"
        )
    lost = e.history.balance.residual
    what = "work" if _rests(e.process) else "heat"
    found["C5"] = _say(lost <= BALANCE, f"{lost:.1e} of the {what}", f"{what} is missing")


def _calibration(e: Evidence, found: Found) -> None:
    fit = e.fit
    if fit is None:
        fitted = any(line.kind == "parameter" for line in e.budget.lines)
        state, why = ("not-met", "the fit is not laid down") if fitted else ("not-applicable", "nothing was calibrated")
        found.update({name: (state, "", why, "") for name in ("D1", "D2", "D3", "D4", "D5", "D6")})
        return
    best = reached(fit)
    mark = digest([list(fit.values), list(fit.data.values())])
    found["D1"] = _say(best >= 2, f"{best} of {len(fit.starts)} starts", "only one start reached the best value", mark)
    white = fit.effective >= 0.5 * fit.residuals.size and fit.misfit <= 1.5
    found["D2"] = _say(white, f"{fit.residuals.size} readings count as {fit.effective:.0f}; misfit {fit.misfit:.2f}",
                       "the model lacks something, or the sensors do; intervals were widened", mark)  # fmt: skip
    found["D3"] = _say(not fit.active, ", ".join(fit.active) or "none", "a bound is no measurement")
    pulled = [p.name for p, v in zip(fit.parameters, fit.values, strict=True)
              if p.prior is not None and abs(v - p.prior[0]) > 3.0 * p.prior[1]]  # fmt: skip
    held = [p.name for p in fit.parameters if p.prior is not None]
    found["D4"] = _say(not pulled, ", ".join(pulled) or f"{len(held)} priors kept",
                       "more than three standard deviations from the prior")  # fmt: skip
    found["D5"] = _say(bool(fit.words), f"{len(fit.words)} sentences")
    found["D6"] = _say(True, f"{len(fit.failures)} failed runs; each shortened its step or was passed over")


def reached(fit: Fit) -> int:
    """How many starts ended within a thousandth of the best value."""
    return sum(abs(s.objective - fit.objective) <= 1e-3 * max(fit.objective, 1e-12) for s in fit.starts)


def _validation(e: Evidence, found: Found, margin: float) -> None:
    v = e.validation
    if v is None:
        for name in ("E1", "E2", "E3", "E4", "E5"):
            found[name] = ("not-met", "", "predicted, not tried", "")
    else:
        mark = digest(dict(v.data))
        found["E1"] = _say(v.disjoint, ", ".join(v.data), f"fed the calibration: {', '.join(v.leaked)}", mark)
        n, times = v.effective, len(np.unique(np.concatenate([p.t[p.used] for p in v.points])))
        many, where = (len(v.points), "places") if _rests(e.process) else (times, "times")
        unit = v.points[0].unit if v.points else "K"
        found["E2"] = _say(n >= ALONE and many >= FEWEST,
                           f"{len(v.points)} channels, rms {v.rms:.3g} {unit}, u_val {v.u_val:.3g} {unit}",
                           f"{n:.0f} independent readings at {many} {where} are too few to show an error",
                           mark)  # fmt: skip
        found["E3"] = _say(v.k * v.u_val <= abs(margin), f"{v.k * v.u_val:.3g} {unit} against {abs(margin):.3g} {unit}",
                           "the comparison is too coarse to tell")  # fmt: skip
        found["E4"] = _say(v.covered >= 0.9, f"{v.covered:.0%} with model form, {v.coverage:.0%} without (stated 95 %)",
                           "the interval promises more than it holds")  # fmt: skip
        area = v.area_below + v.area_above
        found["E5"] = _say(v.chance >= 0.01 or v.model_form > 0.0,
                           f"chance {v.chance:.2g}, area {v.area:.2f} ({area:.2g} {unit}, by chance up to "
                           f"{v.area_likely:.2g})",
                           "together the errors are improbable, though none stands out alone", mark)  # fmt: skip
    d = e.domain
    if d is None:
        found["E6"] = ("not-met", "", "no domain was stated", "")
    else:
        found["E6"] = _say(d.inside, f"{sum(x.inside for x in d.variables)} of {len(d.variables)} variables inside",
                           d.words[0][0] if d.words else "")  # fmt: skip


def _budget(e: Evidence, found: Found) -> None:
    kinds = {line.kind for line in e.budget.lines}
    needed = {"numerical", "model form"} | ({"parameter"} if e.fit is not None else {"input"})
    found["F1"] = _say(needed <= kinds, ", ".join(sorted(kinds)), f"missing: {', '.join(sorted(needed - kinds))}")
    prior = "" if e.prior is None else ", with the prior"
    found["F2"] = _say(True, f"guard band {e.requirement.guard:g} U{prior}")
    found["F3"] = _say(any(line.sensitivity for line in e.budget.lines), f"{len(e.budget.lines)} lines")
    u = e.requirement.coverage * e.budget.combined()
    found["F4"] = _say(u <= e.requirement.accuracy, f"{u:.3g} against {e.requirement.accuracy:.3g} {e.budget.unit}",
                       "measure or refine what leads the budget")  # fmt: skip
    _together(e, found)
    _reliability(e, found)
    signed = all(e.seal.get(k) for k in ("prepared", "checked", "reviewed", "approved"))
    found["H1"] = _say(signed, ", ".join(v for k, v in e.seal.items() if v and k != "expires"), "names are missing")
    found["H2"] = _say(True, "stated")
    found["H3"] = _say(bool(e.seal.get("expires")), str(e.seal.get("expires", "")), "no expiry is stated")
    found["H4"] = ENVELOPE
    found["H5"] = _say(True, "foretrial check verdict.json")


def _together(e: Evidence, found: Found) -> None:
    if len(e.together) < 2:
        return
    r, n = e.requirement, len(e.together)
    stated = (e.freeze or {}).get("together")
    frozen = stated is not None and list(stated) == list(e.together)
    why = "" if frozen else "how many are answered together was not frozen"
    if r.guard <= 0.0:
        why = "there is no guard band to widen"
    found["F8"] = _say(frozen and r.guard > 0.0,
                       f"{n} quantities ({', '.join(e.together)}): Bonferroni, k = {widened(r.coverage, n):.3g} in the "
                       f"guard band instead of {r.coverage:.3g}", why)  # fmt: skip


def _reliability(e: Evidence, found: Found) -> None:
    allowed, b = e.requirement.failing, e.breaking
    if allowed is None and "F5" not in e.requirement.needs:
        return
    if allowed is None:
        found["F5"] = ("not-met", "", "the requirement states no probability that is allowed", "")
    elif b is None:
        found["F5"] = ("not-met", "", "no probability of breaking the limit was sought", "")
    else:
        found["F5"] = _say(b.keeps(allowed), f"{b.told()}; {allowed:.2g} allowed", b.why(allowed), digest(b.content()))
