"""A verdict on logged data alone: no run is made, and the parts, the lives or the log itself answer."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from .. import __version__
from ..models import Budget, Requirement, Trial, Verdict, quantities
from ..models.digest import digest
from ..models.units import factor
from ..models.verdict import SCHEMA
from .answer import Outcome
from .assess import ENVELOPE, calibration_state
from .chain import Record
from .check import seal
from .criteria import INDISPENSABLE, refuse_unknown, rows
from .decide import decide
from .freeze import frozen_as, frozen_before
from .observe import made_up
from .outcome import outcome
from .pedigree import PACKAGES, _version, commit
from .readings import readings
from .standing import before_answers, earlier, put_down, refuse_other, told_of
from .study import Tell, _sha, silent, write_verdict
from .verify import _criterion, _pair, _plain

Found = dict[str, tuple[str, str, str, str]]
STATEMENT = {"en": "This verdict assesses logged data; it replaces no accredited test report.",
             "zh": "本结论为对记录数据的评价，不替代经认可的检测报告。"}  # fmt: skip


def measured(
    requirement: Requirement,
    trial: Trial,
    *,
    store: Path,
    freeze: Record,
    title: tuple[str, str],
    command: str,
    history: Sequence[Trial] = (),
    assumptions: Sequence[tuple[str, str]] = (),
    caveats: Sequence[tuple[str, str]] = (),
    signed: Mapping[str, str] | None = None,
    tell: Tell = silent,
) -> Verdict:
    """The verdict of a measured requirement, written beside its store as verdict.json.

    Parameters
    ----------
    requirement : Requirement
        Its interest is Measured: a capability, a reliability, what a good part takes, or findings against a contract.
    trial : Trial
        As stored, with its content hash; `check` reads it again from the store and finds the number anew.
    store : Path
        Holds the freeze and the trials; the verdict is written beside it.
    history : sequence of Trial
        Earlier logs in the same store, for findings.
    signed : mapping with prepared, checked, reviewed, approved, expires

    Returns
    -------
    Verdict
        PASS where the bound on the side of the limit keeps it and what the bound takes for granted was not found
        wanting; NOT-VALID-HERE where the data were simulated.

    Raises
    ------
    ModelError
        If the interest is one in a run.
    TrialError
        If the trial lacks what is asked for.
    """
    began, now = perf_counter(), datetime.now(UTC)
    refuse_unknown(requirement.needs, requirement.id)
    refuse_other(store, freeze, requirement, {"judged": [trial]})
    tell(f"reading {trial.name}", 0.0)
    got = outcome(requirement, trial, history=history)
    tell("holding it against the limit", 0.8)
    answers = earlier(store, requirement)
    first = before_answers(freeze, answers) and frozen_before(store, freeze.digest, now)
    frozen = {"digest": freeze.digest, "at": freeze.at, "before_result": first}
    names = dict(signed or {})
    simulated = made_up(trial)
    budget = Budget(quantity=_quantity(requirement), unit=requirement.of_data().unit, lines=got.lines(requirement),
                    coverage=requirement.coverage)  # fmt: skip
    past = _pedigree(trial, history, command, assumptions)
    found, expired = _assess(requirement, trial, got, frozen, past, names)
    criteria = rows(found)
    states = {c.id: c.state for c in criteria}
    needs = tuple(dict.fromkeys([*requirement.needs, got.criterion,
                                 *(n for n in INDISPENSABLE if states[n] != "not-applicable")]))  # fmt: skip
    said = {}
    for unit in (budget.unit, requirement.display):  # decided in SI, told in the unit that people read
        each = 1.0 / (factor(unit, budget.unit)[0] if unit != budget.unit else 1.0)
        said[unit] = decide(value=got.value * each, limit=requirement.bound * each, sense=requirement.sense,
                            combined=budget.combined() * each, coverage=requirement.coverage, guard=requirement.guard,
                            accuracy=requirement.accuracy * each, needs=needs, criteria=states, inside=True,
                            tried=not simulated, expired=expired, unit=unit)  # fmt: skip
    d, told = said[budget.unit], said[requirement.display].reasons
    reasons = [told[0], *got.words[:1], *told[1:], *got.doubts, *got.words[1:]]
    if not frozen["before_result"]:
        reasons.append(
            ("The question was frozen after its result: set after the fact.", "该问题晚于结果冻结：事后设定。")
        )
    created = now.isoformat(timespec="seconds")
    expanded = requirement.coverage * budget.combined()
    past["seconds"] = perf_counter() - began
    unmet = [(f"Not met: {c.id} {c.text} {c.why}".strip(), f"未满足：{c.id} {c.text_zh}")
             for c in criteria if c.state == "not-met"]  # fmt: skip
    content = {
        "schema": SCHEMA, "id": f"{requirement.id}-{digest([created, trial.content, got.value])[:8]}",
        "created": created, "title": _pair(title),
        "question": {"id": requirement.id, "text": _pair((requirement.text, requirement.text_zh)),
                     "verification": requirement.verification, "interest": frozen_as(requirement)["interest"],
                     "limit": requirement.bound, "sense": requirement.sense,
                     "accuracy": requirement.accuracy, "coverage": requirement.coverage, "guard": requirement.guard,
                     "needs": list(needs), "display": requirement.display, "freeze": frozen},
        "result": {"state": d.state.value, "value": got.value, "limit": d.limit, "margin": d.margin,
                   "expanded": expanded, "guard_band": d.guard_band, "acceptance_limit": d.acceptance_limit,
                   "false_accept": d.false_accept, "false_reject": d.false_reject,
                   "governs": {"observation": "", "time": None}, "reasons": [_pair(w) for w in reasons],
                   "flips": list(got.flips)},
        "budget": {"quantity": budget.quantity, "unit": budget.unit, "coverage": budget.coverage,
                   "combined": budget.combined(), "expanded": expanded, "dof": None,
                   "lines": [asdict(line) for line in budget.lines], "correlations": []},
        "numerics": None, "calibration": None, "validation": None, "domain": None, "series": [],
        "measured": {"data": {trial.name: trial.content}, "history": {h.name: h.content for h in history},
                     "synthetic": simulated, "value": got.value, "lower": got.lower, "upper": got.upper, "n": got.n,
                     "confidence": requirement.of_data().confidence, "criterion": got.criterion, "sound": got.sound,
                     "doubts": [_pair(w) for w in got.doubts], "words": [_pair(w) for w in got.words],
                     "details": got.details, "readings": readings(requirement.of_data(), trial)},
        "criteria": [_criterion(c) for c in criteria],
        "pedigree": past, "fields": [], "files": {},
        "seal": {**{k: names.get(k, "") for k in ("prepared", "checked", "reviewed", "approved", "expires")},
                 "statement": STATEMENT, "caveats": [_pair(w) for w in (*caveats, *told_of(answers), *unmet)]},
    }  # fmt: skip
    verdict = Verdict(id=str(content["id"]), state=d.state, value=got.value, limit=requirement.bound, margin=d.margin,
                      expanded=expanded, reasons=tuple(en for en, _ in reasons), content=content)  # fmt: skip
    put_down(store, requirement, freeze, verdict)
    verdict = replace(verdict, content=seal(_plain({**content, "files": {store.name: _sha(store)}})))
    write_verdict(verdict, store.parent)
    return verdict


def _quantity(requirement: Requirement) -> str:
    asked = requirement.of_data()
    if asked.contract is not None:
        return f"departures from {asked.contract.name}"
    return asked.statistic if asked.account is not None else f"{asked.statistic} of {asked.characteristic}"


def _pedigree(trial: Trial, history: Sequence[Trial], command: str,
              assumptions: Sequence[tuple[str, str]]) -> dict[str, Any]:  # fmt: skip
    packages = {name: known for name in PACKAGES if (known := _version(name))}
    return {"version": __version__, "commit": commit(), "packages": packages,
            "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
            "seeds": {"charts": 20260101, "Weibull paper": 20260102}, "command": command, "seconds": 0.0,
            "inputs": {t.name: t.content for t in (trial, *history)}, "materials": [],
            "assumptions": [_pair(w) for w in assumptions]}  # fmt: skip


def _assess(requirement: Requirement, trial: Trial, got: Outcome, frozen: Mapping[str, Any], past: Mapping[str, Any],
            names: Mapping[str, str]) -> tuple[Found, bool]:  # fmt: skip
    """State, value, reason and hash of each criterion, and whether a sensor's calibration had expired."""
    asked = requirement.of_data()

    def say(holds: bool, value: str, why: str = "", evidence: str = "") -> tuple[str, str, str, str]:
        return ("met" if holds else "not-met", value, "" if holds else why, evidence)

    used = [trial[asked.characteristic]] if asked.contract is None else list(trial.channels.values())
    if asked.account is not None:
        metered = {f.channel for f in asked.account.flows if f.channel and f.counts(asked.statistic) is not None}
        used = [trial[name] for name in sorted(metered)]
    states = [calibration_state(c.calibrated, trial.started) for c in used]
    known, expired = states.count("valid"), "expired" in states
    lacking = [k for k in ("version", "commit", "packages", "system", "seeds", "command") if not past.get(k)]
    found: Found = {
        "A1": say(bool(frozen["before_result"]), str(frozen["at"]), "set after the fact (事后设定)",
                  str(frozen["digest"])),
        "A2": say(True, requirement.verification),
        "A3": say(requirement.accuracy > 0.0 or not got.lines(requirement), f"{requirement.accuracy:.3g}", "none is"),
        "B1": say(not lacking, str(past["version"]), f"not recorded: {', '.join(lacking)}"),
        "B2": say(bool(trial.content), f"{trial.name} {trial.content[:12]}", "the trial carries no content hash",
                  trial.content),
        "B3": say(known == len(states), f"{known} of {len(states)} sensors",
                  "expired" if expired else "the source documents no calibration dates"),
        "F2": say(True, f"guard band {requirement.guard:g} U; the bound decides"),
        "F4": say(got.expanded(requirement) <= requirement.accuracy,
                  f"{got.expanded(requirement):.3g} against {requirement.accuracy:.3g}", "measure more"),
        "H1": say(all(names.get(k) for k in ("prepared", "checked", "reviewed", "approved")),
                  ", ".join(v for k, v in names.items() if v and k != "expires"), "names are missing"),
        "H2": say(True, "stated"),
        "H3": say(bool(names.get("expires")), names.get("expires", ""), "no expiry is stated"),
        "H4": ENVELOPE,
        "H5": say(True, "foretrial check verdict.json"),
    }  # fmt: skip
    found[got.criterion] = say(got.sound, got.found, " ".join(en for en, _ in got.doubts) or "see the result",
                               digest(_plain(got.details)))  # fmt: skip
    if asked.account is not None:
        stated = quantities(asked.account)
        doubtful = sorted(n for n, q in stated.items() if not q.source)
        found["B4"] = say(not doubtful, f"{len(stated) - len(doubtful)} of {len(stated)} quantities",
                          f"source missing: {', '.join(doubtful[:8])}")  # fmt: skip
        if not states:
            found["B3"] = ("not-applicable", "", "nothing that is metered counts in it", "")
    if got.flips:
        found["F3"] = say(True, got.flips[0]["text"]["en"])
    why = {"B": "no model was run", "C": "no model was run", "D": "no model was run", "E": "no model was run",
           "F": "the requirement does not ask for it", "G": "the requirement is no furnace survey"}  # fmt: skip
    for row in rows({}):
        if row.group in why and row.id not in found:
            found[row.id] = ("not-applicable", "", why[row.group], "")
    return found, expired
