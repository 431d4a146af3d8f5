"""The question fixed before its answer: requirement, data split, rule and seeds, hashed into the store's chain."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..models import Requirement, TrialError
from ..models.errors import did_you_mean
from ..models.verdict import canonical
from .alike import copies
from .chain import Record
from .store import append_record, names, read, records

ROLES = ("calibration", "validation", "judged")  # judged: what a measured number is asked of


def freeze(
    store: str | Path,
    requirement: Requirement,
    *,
    split: Mapping[str, Sequence[str]],
    rule: Mapping[str, Any],
    seeds: Mapping[str, int],
    note: str = "",
) -> Record:
    """The record that fixes what is asked, before any solve; freezing the very same again returns the first one.

    Parameters
    ----------
    store : path
        The trial store; it holds every trial of the split, and is made where nothing is to be tried.
    split : mapping of "calibration", "validation" and "judged" to trial names
        Each trial goes in with its content hash; none calibrates and validates. Judged is what a measured number is
        asked of.
    rule : mapping
        The decision rule as plain data, such as guard band and coverage factor; `together`, the ids of all questions
        that the same runs will answer, widens their guard bands.
    seeds : mapping of name to int

    Raises
    ------
    TrialError
        If a role is unknown, a trial is not in the store, or one serves to calibrate and to validate, be it as a copy.
    """
    for role in split:
        if role not in ROLES:
            raise TrialError(
                f"split: role '{role}' is not known. {did_you_mean(role, ROLES)} A trial serves {', '.join(ROLES)}."
            )
    for name, seed in seeds.items():
        if isinstance(seed, bool) or not isinstance(seed, int):
            raise TrialError(f"seed '{name}' = {seed!r} is not a whole number. A seed repeats a draw. Give an int.")
    there = Path(store).exists()
    held = names(store) if there else ()
    contents: dict[str, dict[str, str]] = {role: {} for role in (*ROLES[:2], *(r for r in ROLES[2:] if r in split))}
    for role, chosen in split.items():
        for name in chosen:
            if name not in held:
                raise TrialError(
                    f"split: {role} trial '{name}' is not in {Path(store).name}. {did_you_mean(name, held)} "
                    "Add it to the store before freezing, or correct the name."
                )
            contents[role][name] = read(store, name).content
    shared = set(contents["calibration"].values()) & set(contents["validation"].values())
    if shared:
        both = sorted(name for part in contents.values() for name, content in part.items() if content in shared)
        raise TrialError(
            f"split: {', '.join(dict.fromkeys(both))} would calibrate and validate (content {min(shared)[:12]}). "
            "A trial that was fitted proves nothing. Validate on another trial."
        )
    kept = {role: [read(store, name) for name in part] for role, part in contents.items() if part}
    for judged in kept.get("validation", ()):
        for name in copies(kept.get("calibration", ()), judged):
            raise TrialError(
                f"split: validation trial '{judged.name}' repeats the readings of calibration trial '{name}' under "
                "other names, times or units. A copy of what was fitted proves nothing. Validate on another trial."
            )
    payload = {
        "requirement": frozen_as(requirement),
        "split": contents,
        "rule": dict(rule),
        "seeds": dict(seeds),
        "note": note,
    }
    try:
        text = canonical(payload)
    except TypeError as cause:
        raise TrialError(
            f"the rule cannot be frozen: {cause}. It holds texts, numbers, lists and mappings. Turn it into those."
        ) from cause
    for record in records(store, "freeze") if there else ():
        if canonical(dict(record.payload)) == text:
            return record
    return append_record(store, "freeze", payload)


def frozen_as(requirement: Requirement) -> dict[str, Any]:
    """A requirement as plain data, as a freeze holds it."""
    plain = _finite(dataclasses.asdict(requirement))
    if plain["interest"].get("account", ()) is None:
        del plain["interest"]["account"]
    return {k: v for k, v in plain.items() if k != "failing" or v is not None}  # older freezes know nothing of it


def _finite(value: Any) -> Any:
    """The same with null for what is not finite, such as the degrees of freedom of what is stated."""
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def frozen_before(store: str | Path, digest: str, when: str | datetime) -> bool:
    """Whether the freeze of that digest is older than a result from `when`, ISO 8601 with its time zone.

    Raises
    ------
    TrialError
        If the store holds no such freeze, or `when` names no time zone.
    """
    frozen = {record.digest: record for record in records(store, "freeze")}
    if digest not in frozen:
        raise TrialError(
            f"{Path(store).name} holds no freeze {digest[:12]}; it holds {len(frozen)}. "
            "A verdict names the freeze that it answers. Freeze before the run, and pass on that record's digest."
        )
    return datetime.fromisoformat(frozen[digest].at) < _moment(when)


def _moment(when: str | datetime) -> datetime:
    try:
        moment = datetime.fromisoformat(when) if isinstance(when, str) else when
    except ValueError as cause:
        raise TrialError(
            f"'{when}' is not a time. A time is ISO 8601 with its zone, as 2025-03-01T12:00:00+00:00. Write it so."
        ) from cause
    if moment.tzinfo is None:
        raise TrialError(
            f"time {moment.isoformat()} names no time zone. Without one, before and after are not known. "
            "Add +00:00, or use datetime.now(UTC)."
        )
    return moment.astimezone(UTC)
