"""How an answer stands to what was fixed before it and to the answers before it: the store remembers every one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..models import Requirement, Trial, TrialError, Verdict
from ..models.verdict import canonical
from .alike import copies
from .assess import Evidence
from .chain import Record
from .content import content_of
from .domain import lasting
from .freeze import frozen_as
from .store import append_record, records

Words = tuple[str, str]
KIND = "verdict"  # of the records that keep answers


def refuse_other(store: Path, frozen: Record, requirement: Requirement, data: Mapping[str, Sequence[Trial]],
                 seeds: Mapping[str, int] | None = None) -> None:  # fmt: skip
    """A TrialError where the question, a trial or a seed is another one than the store's freeze holds.

    Parameters
    ----------
    data : mapping of "calibration", "validation" and "judged" to trials
    """
    held = next((r.payload for r in records(store, "freeze") if r.digest == frozen.digest), None)
    if held is None:
        raise TrialError(
            f"{store.name} holds no freeze {frozen.digest[:12]}; it holds {len(records(store, 'freeze'))}. "
            "A verdict names the freeze that it answers. Freeze before the run, and pass on that record."
        )
    asked = frozen_as(requirement)
    was = held["requirement"]
    other = [name for name, value in asked.items() if name in was and canonical(value) != canonical(was[name])]
    if other:
        raise TrialError(
            f"freeze {frozen.digest[:12]} holds another {', '.join(other)} than {requirement.id} asks for now. A "
            "question is not changed after it is fixed. Ask what was frozen, or freeze the new one, which counts from "
            "then."
        )
    for role, trials in data.items():
        fixed = held["split"].get(role, {})
        for trial in trials:
            mark = trial.content or content_of(trial)
            if mark not in fixed.values():
                was_then = fixed.get(trial.name, "")
                told = f"as {was_then[:12]}" if was_then else f"with {', '.join(fixed) or 'no trial'} for {role}"
                raise TrialError(
                    f"{role} trial '{trial.name}' has content {mark[:12]}; it was frozen {told}. "
                    "Data are not exchanged after the freeze. Read the trial as it was frozen "
                    "(twin.read(..., version=...)), or freeze anew."
                )
    changed = [n for n, seed in (seeds or {}).items() if held["seeds"].get(n, seed) != seed]
    if changed:
        raise TrialError(
            f"seed '{changed[0]}' is {(seeds or {})[changed[0]]}, frozen as {held['seeds'][changed[0]]}. Seeds are "
            "drawn once. Use the frozen one, or freeze anew."
        )


def scrutinised(evidence: Evidence, *, since: float) -> Evidence:
    """The evidence with what nobody has to state: time as an axis of its domain, and copies told as leaks.

    Parameters
    ----------
    since : float, s
        When the number is taken: from there to the end of its window, readings have to be there.
    """
    validation, area = evidence.validation, evidence.domain
    if validation is None or not validation.points:
        return evidence
    fitted = set() if evidence.fit is None else set(evidence.fit.data.values())
    seen = [t for t in evidence.trials if (t.content or content_of(t)) in fitted]
    leaks = [
        one
        for t in evidence.trials
        if (t.content or content_of(t)) in validation.data.values()
        for one in copies(seen, t)
    ]
    if leaks and validation.disjoint:
        validation = replace(validation, disjoint=False, leaked=(*validation.leaked, *dict.fromkeys(leaks)))
    if area is not None:
        t = np.concatenate([p.t[p.used] for p in validation.points])
        last = max(since, evidence.requirement.of_run().window[1])
        area = lasting(area, use=(since, last), read=(float(t.min()), float(t.max())))
    return replace(evidence, validation=validation, domain=area)


def earlier(store: Path, requirement: Requirement) -> tuple[Record, ...]:
    """Answers that the store holds to this question: the same id, or the same number asked for."""
    asked = canonical(frozen_as(requirement)["interest"])
    return tuple(r for r in records(store, KIND)
                 if r.payload["question"] == requirement.id or r.payload["interest"] == asked)  # fmt: skip


def before_answers(frozen: Record, answers: Sequence[Record]) -> bool:
    """Whether the question was fixed before the first answer to it."""
    return all(frozen.number < one.number for one in answers)


def told_of(answers: Sequence[Record]) -> tuple[Words, ...]:
    """What a verdict says of the answers before it; nothing where it is the first."""
    if not answers:
        return ()
    each = [f"{r.payload['state']} ({r.at[:19]}Z)" for r in answers]
    shown = ", ".join(each[-5:])
    return ((f"Not the first answer: the store holds {len(each)} before it, the latest {shown}.",
             f"并非首次结论：试验库中此前已有 {len(each)} 次，最近为 {shown}。"),)  # fmt: skip


def put_down(store: Path, requirement: Requirement, frozen: Record, verdict: Verdict) -> Record:
    """The answer in the store's chain, whatever it is: a result that does not please stays."""
    payload: dict[str, Any] = {
        "id": verdict.id, "question": requirement.id, "interest": canonical(frozen_as(requirement)["interest"]),
        "state": verdict.state.value, "value": verdict.value, "limit": verdict.limit, "margin": verdict.margin,
        "expanded": verdict.expanded, "freeze": frozen.digest}  # fmt: skip
    return append_record(store, KIND, payload)
