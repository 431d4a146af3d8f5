"""Whether what a verdict claims to have met is borne out by its own fields, its store and the day it is read."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..models import TrialError
from ..models.requirement import VERIFICATIONS
from .assess import ALONE, calibration_state
from .criteria import INDISPENSABLE, TEXTS
from .domain import WIDEST
from .store import names, read, records

Told = tuple[str, bool, str]  # what, whether it holds, in words
FIRST = ("C2", "C7", "D3", "D4", "E1", "E3")  # what verdicts of schema 1 and 1.1 could not do without
BALANCE, WHITE, MISFIT, COVERED, PRIOR = 1e-3, 0.5, 1.5, 0.9, 3.0


def consistent(content: Mapping[str, Any], folder: Path) -> tuple[Told, ...]:
    """Findings on the checklist against the fields, on the answer that the store remembers, and on the expiry.

    Parameters
    ----------
    content : mapping
        Of verdict.json.
    folder : Path
        Where the stores that it names lie.

    Raises
    ------
    ValueError, TypeError, KeyError, AttributeError
        If what everyone reads of a verdict is missing or of another kind.
    """
    _refuse_shapeless(content)
    return (_checklist(content), *_answer(content, folder), *_expiry(content))


def _refuse_shapeless(content: Mapping[str, Any]) -> None:
    q, r = content["question"], content["result"]
    said = [w["en"] + w["zh"] for w in r["reasons"]]
    if not said or not all(isinstance(x, str) for x in (content["id"], content["created"], q["display"], *said)):
        raise ValueError("no reasons, or an id, a time or a unit that is no text")
    if q["verification"] not in VERIFICATIONS or not isinstance(q["interest"]["unit"], str):
        raise ValueError(f"verification {q['verification']!r}, unit {q['interest']['unit']!r}")
    if not (q["freeze"] is None or isinstance(q["freeze"], dict)):
        raise TypeError(f"freeze {q['freeze']!r}")
    if not (isinstance(content["files"], dict) and isinstance(content["fields"], list)):
        raise TypeError("files or fields")


def _checklist(content: Mapping[str, Any]) -> Told:
    criteria = {c["id"]: c for c in content["criteria"]}
    wrong = [f"{name} twice" for name in criteria if sum(c["id"] == name for c in content["criteria"]) > 1]
    old = str(content["schema"]).rpartition("/")[2] in ("1", "1.0", "1.1")
    wrong += [f"no {name}" for name in (FIRST if old else TEXTS) if name not in criteria]
    needs = content["question"]["needs"]
    wrong += [f"{name} is not needed" for name in (FIRST if old else INDISPENSABLE)
              if name in criteria and criteria[name]["state"] != "not-applicable" and name not in needs]  # fmt: skip
    for name, holds in _borne(content).items():
        if name in criteria and criteria[name]["state"] == "met" and not holds:
            wrong.append(f"{name} is not met by its fields")
    wrong += _absent(content, criteria)
    told = f"{len(criteria)} rows agree with their fields" if not wrong else "; ".join(wrong[:6])
    return "checklist", not wrong, told


def _absent(content: Mapping[str, Any], criteria: Mapping[str, Any]) -> list[str]:
    """Rows that are called not applicable although the verdict holds what they are of."""
    run = content.get("measured") is None
    fitted = content["calibration"] is not None or any(x["kind"] == "parameter" for x in content["budget"]["lines"])
    of = {"C2": run, "C7": run, "E1": run, "E2": run, "E3": run, "E6": run, "B2": True, "D3": run and fitted,
          "D4": run and fitted}  # fmt: skip
    return [f"{name} applies" for name, does in of.items()
            if does and name in criteria and criteria[name]["state"] == "not-applicable"]  # fmt: skip


def _borne(content: Mapping[str, Any]) -> dict[str, bool]:
    """What the fields say of each row that can be found again from them."""
    q, r, seal = content["question"], content["result"], content["seal"]
    found = {
        "A1": bool(q["freeze"]) and q["freeze"]["before_result"] is True,
        "F4": r["expanded"] <= q["accuracy"],
        "H1": all(seal.get(k) for k in ("prepared", "checked", "reviewed", "approved")),
        "H3": bool(seal.get("expires")),
    }
    if content.get("measured") is not None:
        return found
    n, c, v, d = (content[k] for k in ("numerics", "calibration", "validation", "domain"))
    for name in ("C2", "C3", "C4", "C5", "D1", "D2", "D3", "D4", "D5", "E1", "E2", "E3", "E4"):
        found[name] = False  # where the part that it is of is missing
    if n is not None:
        found["C2"] = len(n["levels"]) >= 3 and not n.get("diverges", False)
        found["C3"] = n["asymptotic"] is True
        found["C4"] = n["method"] == "exact" or n["iteration_error"] <= 0.1 * n["u_num"]
        found["C5"] = n["balance"] <= BALANCE
    if c is not None:
        priors = [p for p in c["parameters"] if p["prior"] is not None]
        found["D1"] = c["reached_best"] >= 2
        found["D2"] = c["effective"] >= WHITE * c["n"] and c["misfit"] <= MISFIT
        found["D3"] = not any(p["active"] for p in c["parameters"])
        found["D4"] = all(abs(p["value"] - p["prior"][0]) <= PRIOR * p["prior"][1] for p in priors)
        found["D5"] = bool(c["words"])
    if v is not None:
        share = v["coverage"]
        found["E1"] = v["disjoint"] is True
        found["E2"] = bool(v["points"]) and share.get("independent", ALONE) >= ALONE
        found["E3"] = 2.0 * v["u_val"] <= abs(r["margin"])
        found["E4"] = share["with_model_form"] >= COVERED
    found["E6"] = d is not None and bool(d["variables"]) and d["inside"] is True and all(map(_inside, d["variables"]))
    return found


def _inside(variable: Mapping[str, Any]) -> bool:
    (low, high), (least, most) = variable["value"], variable["covered"]
    room = WIDEST * (most - least) + 1e-9 * max(abs(least), abs(most))
    return variable["inside"] is True and bool(least - room <= low <= high <= most + room)


def _answer(content: Mapping[str, Any], folder: Path) -> list[Told]:
    """Whether a store is there to hold the freeze, and remembers this very answer."""
    freeze = content["question"]["freeze"]
    stores = [folder / name for name in content["files"] if name.endswith(".h5")]
    if not stores:
        needed = "A1" in content["question"]["needs"]
        return [("freeze", not needed, "it claims a freeze and names no store that holds it")] if freeze else []
    try:
        held = [r for store in stores if store.is_file() for r in records(store, "verdict")]
    except TrialError as cause:
        return [("answer", False, str(cause))]
    late = _late(content, stores)
    own = [r.payload for r in held if r.payload["id"] == content["id"]]
    if not held:
        return late  # as stores before schema 1.2 are
    r = content["result"]
    same = bool(own) and all(own[-1][k] == r[k] for k in ("state", "value", "limit", "margin", "expanded"))
    told = f"the store remembers {own[-1]['state'] if own else 'no answer'} of {content['id']}"
    return [*late, ("answer", same, f"{told}, one of {len(held)}")]


def _late(content: Mapping[str, Any], stores: Sequence[Path]) -> list[Told]:
    """Sensors whose calibration had run out at a trial, where a verdict on a run does not say so."""
    said = next((c["why"] for c in content["criteria"] if c["id"] == "B3"), "") == "expired"
    if said or content.get("measured") is not None:
        return []
    marks = {k: v for part in ("calibration", "validation") for k, v in (content[part] or {}).get("data", {}).items()}
    found = []
    for store in (one for one in stores if one.is_file()):
        for trial in (read(store, name) for name in names(store) if name in marks):
            if trial.content == marks[trial.name]:
                found += [f"{trial.name}/{c.name}" for c in trial.channels.values()
                          if calibration_state(c.calibrated, trial.started) == "expired"]  # fmt: skip
    told = f"expired at the trial and not said: {', '.join(found[:5])}"
    return [("sensors", False, told)] if found else []


def _expiry(content: Mapping[str, Any]) -> list[Told]:
    """Whether the verdict still holds today; nothing where no expiry is stated."""
    stated = str(content["seal"].get("expires") or "")
    if not stated:
        return []
    day = datetime.fromisoformat(stated).date()
    holds = datetime.now(UTC).date() <= day
    return [("expiry", holds, f"until {stated}" if holds else f"expired on {stated}: validate anew")]
