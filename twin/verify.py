"""Turn evidence into a verdict, and check a verdict made elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from ..models import Criterion, ModelError, Verdict
from ..models.digest import digest
from ..models.elastic import transforming
from ..models.verdict import SCHEMA
from .agree import few
from .assess import Evidence, assess, reached
from .budget import Prediction
from .check import seal
from .criteria import INDISPENSABLE, refuse_silent, refuse_unknown, rows
from .decide import Decision, decide, flips
from .point import Point
from .risk import Risks, risks
from .sign import BESIDE, PAYLOAD
from .standing import scrutinised

STATEMENT = {"en": "This verdict is a simulation-based assessment; it replaces no accredited test report.",
             "zh": "本结论为基于仿真的评价，不替代经认可的检测报告。"}  # fmt: skip

TRIGGERS = (
    {"en": "The process changes: part, material, recipe or surroundings (another input hash).",
     "zh": "过程改变：零件、材料、工艺规程或环境（输入哈希改变）。"},
    {"en": "The use leaves the domain that validation covers.", "zh": "使用条件超出确认域。"},
    {"en": "A new trial lies outside the interval of its prediction.", "zh": "新的试验结果落在预测区间之外。"},
    {"en": "A sensor of its trials is found out of calibration, or a log is corrected.",
     "zh": "所用试验的传感器被发现失准，或记录被更正。"},
    {"en": "The code changes its major version, or a published problem no longer holds.",
     "zh": "代码主版本改变，或代码验证算例不再通过。"},
)  # fmt: skip


def verify(evidence: Evidence, *, prediction: Prediction, calibration: Sequence[Point] = (),
           fields: Sequence[Mapping[str, Any]] = (), files: Mapping[str, str] | None = None,
           caveats: Sequence[tuple[str, str]] = (), title: tuple[str, str] | None = None,
           more: Mapping[str, Any] | None = None, at: str = "") -> Verdict:  # fmt: skip
    """Decide a requirement and lay down all that the decision rests on.

    Parameters
    ----------
    evidence : Evidence
        What is absent from it counts as not evidenced.
    prediction : Prediction
        The number that is judged.
    calibration : sequence of Point
        Channels that the fit saw, from `compare`, for the record; those of the validation are in the evidence.
    fields, files : as docs/verdict-json.md describes
    caveats : sequence of (English, Chinese)
        Added to those that follow from unmet criteria.
    title : (English, Chinese) or None
        The requirement's text where left out.
    more : mapping
        Further keys of verdict.json, as docs/verdict-json.md describes them.
    at : str
        ISO 8601 time of the verdict; now where left out.

    Returns
    -------
    Verdict
        PASS, FAIL, INCONCLUSIVE or NOT-VALID-HERE, with the content of verdict.json.

    Raises
    ------
    ModelError
        If the requirement needs, or a waiver names, a criterion that is on no checklist.
    """
    requirement = evidence.requirement
    refuse_unknown(requirement.needs, requirement.id)
    refuse_unknown(dict(evidence.waivers), "waivers")
    refuse_silent(evidence.waivers)
    for history in (evidence.history, prediction.history):
        history.refuse_incomplete(f"a verdict on {requirement.id} is asked for")
    evidence = scrutinised(evidence, since=prediction.time)
    margin = requirement.margin(prediction.value)
    found, expired = assess(evidence, margin=margin)
    criteria = rows(found)
    states = {c.id: c.state for c in criteria}
    asked = requirement.needs if requirement.failing is None else (*requirement.needs, "F5")
    needs = tuple(dict.fromkeys([*asked, *(n for n in INDISPENSABLE if states[n] != "not-applicable")]))
    decision = decide(value=prediction.value, limit=requirement.limit, sense=requirement.sense,
                      combined=evidence.budget.combined(), coverage=requirement.coverage, guard=requirement.guard,
                      accuracy=requirement.accuracy, needs=needs, criteria=states, expired=expired,
                      inside=evidence.domain is None or evidence.domain.inside,
                      tried=_tried(evidence),
                      dof=evidence.budget.dof, unit=requirement.interest.unit,
                      together=max(len(evidence.together), 1),
                      settles=evidence.refinement is None or not evidence.refinement.diverges,
                      transforming=transforming((*evidence.history.notes, *prediction.history.notes)))  # fmt: skip
    decision = replace(decision, reasons=(*decision.reasons, *_mistaken(evidence)))
    created = at or datetime.now(UTC).isoformat(timespec="seconds")
    name = f"{requirement.id}-{digest([created, prediction.history.process, prediction.value])[:8]}"
    content = {
        "schema": SCHEMA, "id": name, "created": created,
        "title": _pair(title or (requirement.text, requirement.text_zh)),
        "question": _question(evidence, needs),
        "result": _result(evidence, prediction, decision),
        "budget": _budget(evidence),
        "numerics": _numerics(evidence),
        "calibration": _calibration(evidence),
        "validation": _validation(evidence),
        "series": _series(evidence, calibration),
        "domain": _domain(evidence),
        "criteria": [_criterion(c) for c in criteria],
        "pedigree": _plain(dict(evidence.pedigree)),
        **({} if evidence.breaking is None else {"reliability": _plain(evidence.breaking.content())}),
        "fields": _plain(list(fields)), "files": dict(files or {}),
        "seal": _seal(evidence, criteria, caveats),
    }  # fmt: skip
    taken = sorted(set(more or {}) & set(content))
    if taken:
        raise ModelError(
            f"further keys of verdict.json hold {', '.join(taken)}, which the verdict states itself. What is added has "
            "names of its own. Rename them."
        )
    content = seal(content | _plain(dict(more or {})))
    return Verdict(id=name, state=decision.state, value=prediction.value, limit=decision.limit,
                   margin=decision.margin, expanded=requirement.coverage * evidence.budget.combined(),
                   reasons=tuple(en for en, _ in decision.reasons), content=content)  # fmt: skip


def _mistaken(e: Evidence) -> tuple[tuple[str, str], ...]:
    """What was taken for something else, trial by trial, as reasons."""
    return tuple((f"Trial {one.trial}, {one.channel}: {one.en}", f"试验 {one.trial}，通道 {one.channel}：{one.zh}")
                 for one in e.mistaken or ())  # fmt: skip


def _findings(e: Evidence, *, calibration: bool) -> list[dict[str, Any]] | None:
    """What was taken for something else in the trials that the fit saw, or in the others; None: nobody looked."""
    if e.mistaken is None:
        return None
    seen = {} if e.fit is None else e.fit.data
    return [{"trial": one.trial, "channel": one.channel, "kind": one.kind, "begin": one.begin, "end": one.end,
             "size": one.size, "text": _pair((one.en, one.zh))}
            for one in e.mistaken if (one.trial in seen) is calibration]  # fmt: skip


def _tried(e: Evidence) -> bool:
    return e.validation is not None and bool(e.validation.points) and not e.validation.synthetic


def _pair(words: tuple[str, str]) -> dict[str, str]:
    return {"en": words[0], "zh": words[1]}


def _plain(value: Any) -> Any:
    """Plain data for canonical JSON: what is not finite becomes null."""
    if isinstance(value, np.ndarray):
        return [_plain(v) for v in value.tolist()]
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, (np.bool_, bool)):
        return bool(value)
    if isinstance(value, (np.integer, int)):
        return int(value)
    if isinstance(value, (np.floating, float)):
        return float(value) if np.isfinite(value) else None
    return value


def _question(e: Evidence, needs: Sequence[str]) -> dict[str, Any]:
    r = e.requirement
    frozen = None if e.freeze is None else {k: e.freeze.get(k) for k in ("digest", "at", "before_result")}
    question = {"id": r.id, "text": _pair((r.text, r.text_zh)), "verification": r.verification,
                "interest": asdict(r.interest), "limit": r.limit, "sense": r.sense, "accuracy": r.accuracy,
                "coverage": r.coverage, "guard": r.guard, "needs": list(needs), "display": r.display,
                "freeze": frozen}  # fmt: skip
    if e.together:
        question["together"] = list(e.together)
    if r.failing is not None:
        question["failing"] = r.failing
    return dict(_plain(question))


def _result(e: Evidence, prediction: Prediction, d: Decision) -> dict[str, Any]:
    reasons = list(d.reasons)
    if e.form is not None and not e.form.explains:
        reasons.append(e.form.words[0])
    if e.freeze is not None and not e.freeze.get("before_result"):
        reasons.append(
            (
                "The question was frozen after its data or result: set after the fact.",
                "该问题晚于数据或结果冻结：事后设定。",
            )
        )
    result = {"state": d.state.value, "value": prediction.value, "limit": d.limit, "margin": d.margin,
              "expanded": e.requirement.coverage * e.budget.combined(), "guard_band": d.guard_band,
              "acceptance_limit": d.acceptance_limit, "acceptance": list(d.acceptance),
              "false_accept": d.false_accept, "false_reject": d.false_reject,
              "risks": _risks(e, prediction, d).content(),
              "governs": {"observation": prediction.observation, "time": prediction.time},
              "reasons": [_pair(w) for w in reasons],
              "flips": list(flips(e.budget.lines, decision=d, combined=e.budget.combined(),
                                  wanted=e.requirement.accuracy / e.requirement.coverage))}  # fmt: skip
    return dict(_plain(result))


def _risks(e: Evidence, prediction: Prediction, d: Decision) -> Risks:
    return risks(prediction.value, e.budget.combined(), limits=d.limits, band=d.guard_band, dof=e.budget.dof,
                 prior=e.prior)  # fmt: skip


def _budget(e: Evidence) -> dict[str, Any]:
    b = e.budget
    lines = [{"name": x.name, "kind": x.kind, "std": x.std, "unit": x.unit, "sensitivity": x.sensitivity,
              "contribution": x.contribution, "source": x.source, "dof": x.dof, "group": x.group}
             for x in b.lines]  # fmt: skip
    budget = {"quantity": b.quantity, "unit": b.unit, "coverage": e.requirement.coverage, "combined": b.combined(),
              "expanded": e.requirement.coverage * b.combined(), "dof": b.dof, "lines": lines,
              "correlations": [list(c) for c in b.correlations]}  # fmt: skip
    return dict(_plain(budget))


def _numerics(e: Evidence) -> dict[str, Any] | None:
    r = e.refinement
    if r is None:
        return None
    levels = [{"ratio": v.ratio, "cells": v.cells, "steps": v.steps, "value": v.value} for v in r.levels]
    return dict(_plain({"levels": levels, "order": r.order, "formal_order": r.formal_order, "richardson": r.richardson,
                        "method": r.method, "u_num": r.u_num, "asymptotic": r.asymptotic,
                        **({"diverges": True} if r.diverges else {}),
                        "iteration_error": r.iteration_error, "balance": e.history.balance.residual,
                        "words": [_pair(w) for w in r.words]}))  # fmt: skip


def _calibration(e: Evidence) -> dict[str, Any] | None:
    fit = e.fit
    if fit is None:
        return None
    parameters = [{"name": p.name, "unit": p.unit, "value": v, "std": s, "lower": p.lower, "upper": p.upper,
                   "prior": None if p.prior is None else list(p.prior), "transform": p.transform,
                   "active": p.name in fit.active}
                  for p, v, s in zip(fit.parameters, fit.values, fit.std, strict=True)]  # fmt: skip
    starts = [{"begin": s.begin, "end": s.end, "objective": s.objective, "evaluations": s.evaluations,
               "outcome": s.outcome} for s in fit.starts]  # fmt: skip
    return dict(_plain({
        "parameters": parameters, "correlation": fit.correlation, "starts": starts, "reached_best": reached(fit),
        "rms": fit.rms, "misfit": fit.misfit, "n": fit.residuals.size, "effective": fit.effective,
        "words": [_pair(w) for w in fit.words], "failures": list(fit.failures), "runs": fit.runs,
        "singular_values": fit.singular_values, "directions": fit.directions,
        "mistaken": _findings(e, calibration=True),
        "data": {name: mark for name, mark in fit.data.items() if "/" not in name}}))  # fmt: skip


def _validation(e: Evidence) -> dict[str, Any] | None:
    v = e.validation
    if v is None:
        return None

    def root(p: Point, a: Any) -> float:
        return float(np.sqrt(np.mean(a[p.used] ** 2)))

    points = [{"channel": p.channel, "station": p.station, "error": float(np.mean(p.error[p.used])), "rms": p.rms,
               "u_num": root(p, p.u_num), "u_input": root(p, p.u_input), "u_d": root(p, p.u_d),
               "u_val": root(p, p.u_val), "resolvable": p.resolvable, "chance": chance}
              for p, chance in zip(v.points, v.chances, strict=True)]  # fmt: skip
    return dict(_plain({
        "data": dict(v.data), "disjoint": v.disjoint, "synthetic": v.synthetic, "points": points,
        "mistaken": _findings(e, calibration=False),
        "mean_error": v.mean_error, "rms": v.rms,
        "u_val": v.u_val, "model_form": v.model_form, "area_metric": v.area,
        "modified_area": {"below": v.area_below, "above": v.area_above, "likely": v.area_likely,
                          "ends": v.area_ends, "factor": few(v.effective)},
        "distance": v.distance, "dof": v.dof, "chance": v.chance, "words": [_pair(w) for w in v.words],
        "coverage": {"stated": 0.95, "observed": v.coverage, "with_model_form": v.covered,
                     "lower": v.coverage_interval[0], "upper": v.coverage_interval[1], "independent": v.effective,
                     "n": int(sum(p.used.sum() for p in v.points))}}))  # fmt: skip


def _series(e: Evidence, calibration: Sequence[Point]) -> list[dict[str, Any]]:
    form = 0.0 if e.validation is None else e.validation.model_form
    seen = [("calibration", p) for p in calibration]
    seen += [("validation", p) for p in ([] if e.validation is None else e.validation.points)]
    made = []
    for role, p in seen:
        half = e.requirement.coverage * np.hypot(p.u_val, form)
        made.append(_plain({"channel": p.channel, "station": p.station, "role": role, "place": p.place, "unit": p.unit,
                            "display": e.requirement.display, "t": p.t, "measured": p.measured, "sigma": p.sigma,
                            "model": p.model, "lower": p.model - half, "upper": p.model + half}))  # fmt: skip
    return made


def _domain(e: Evidence) -> dict[str, Any] | None:
    d = e.domain
    if d is None:
        return None
    variables = [{"name": v.name, "symbol": v.symbol, "value": v.use, "covered": v.covered, "inside": v.inside}
                 for v in d.variables]  # fmt: skip
    return dict(_plain({"inside": d.inside, "variables": variables, "words": [_pair(w) for w in d.words]}))


def _criterion(c: Criterion) -> dict[str, Any]:
    return {"id": c.id, "group": c.group, "text": _pair((c.text, c.text_zh)), "state": c.state, "value": c.value,
            "why": c.why, "evidence": c.evidence}  # fmt: skip


def _when(iso: str) -> datetime:
    """A time; without a zone it is UTC."""
    at = datetime.fromisoformat(iso)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _seal(e: Evidence, criteria: Sequence[Criterion], caveats: Sequence[tuple[str, str]]) -> dict[str, Any]:
    own = [_pair(w) for w in caveats]
    frozen = "" if e.freeze is None else str(e.freeze.get("at", ""))
    older = sorted(t.name for t in e.trials if t.started and frozen and _when(t.started) < _when(frozen))
    if older:
        own.append({"en": f"Frozen on {frozen[:10]}, after its data were logged and before any solve: "
                          f"{', '.join(older)}.",
                    "zh": f"冻结于 {frozen[:10]}：晚于数据记录、早于任何求解：{'、'.join(older)}。"})  # fmt: skip
    own += [{"en": f"Not met: {c.id} {c.text} {c.why}".strip(), "zh": f"未满足：{c.id} {c.text_zh}"}
            for c in criteria if c.state == "not-met"]  # fmt: skip
    own += [{"en": f"Waived: {c.id} {c.text} {c.why}".strip(), "zh": f"豁免：{c.id} {c.text_zh}"}
            for c in criteria if c.state == "waived"]  # fmt: skip
    names = {k: e.seal.get(k, "") for k in ("prepared", "checked", "reviewed", "approved", "expires")}
    half, k = f"{e.requirement.coverage * e.budget.combined():.3g} {e.budget.unit}", f"{e.requirement.coverage:g}"
    spread = {"en": f"Expanded uncertainty {half}, k = {k}; its causes are in the budget.",
              "zh": f"扩展不确定度 {half}，包含因子 k = {k}；其来源见不确定度报告。"}  # fmt: skip
    return {**names, "statement": STATEMENT, "caveats": own, "uncertainty": spread, "triggers": [*TRIGGERS],
            "envelope": {"file": BESIDE, "payload_type": PAYLOAD, "algorithm": "Ed25519"}}  # fmt: skip
