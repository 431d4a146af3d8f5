"""Check a verdict on another machine: its digest, the files that it names, and its decision."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ..models import Budget, Line, ModelError, State, TrialError
from ..models.verdict import SCHEMA, canonical, readable
from .breaking import Breaking
from .consistent import consistent
from .decide import Decision, decide
from .outcome import again
from .sign import BESIDE, ROLES, signatures
from .store import records


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was checked, whether it holds, and what was found."""

    what: str
    holds: bool
    text: str


def seal(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content with the SHA-256 of its canonical text as `digest`."""
    bare = {k: v for k, v in content.items() if k != "digest"}
    return {**bare, "digest": hashlib.sha256(canonical(bare).encode()).hexdigest()}


def check(path: Path | str, *, keys: Sequence[Path | str] = ()) -> tuple[Finding, ...]:
    """Recompute a verdict from its own file.

    Parameters
    ----------
    path : Path or str
        verdict.json, or the folder that holds it; the files that it names lie beside it.
    keys : sequence of Path or str
        Public keys of those who should have signed it: each signature beside it is held against them, and each of them
        has to have one. Without any, signatures are told but not verified.

    Returns
    -------
    tuple of Finding
        The digest, the file's form, each file, the question as its store froze it, the budget, the decision, whether
        validation kept away from calibration, the checklist against its fields, the answer as its store remembers it,
        the expiry, and the signatures.

    Raises
    ------
    ModelError
        If there is no verdict to check, a key cannot be read, or keys are given and the extra `sign` is not installed.
    """
    file = Path(path)
    file = file / "verdict.json" if file.is_dir() else file
    content = read_verdict(file)
    try:
        return (_digest(content), _form(content, file), *_files(content, file.parent),
                *_frozen(content, file.parent), _budget(content), _decision(content), *_reliability(content),
                _data(content),
                *_measured(content, file.parent), *(Finding(what=w, holds=h, text=t)
                                                    for w, h, t in consistent(content, file.parent)),
                *_signed(file, keys))  # fmt: skip
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, StopIteration) as cause:
        raise ModelError(
            f"{file}: {type(cause).__name__} {cause} while checking: a part is missing or of another kind. "
            f"Schema {SCHEMA} says what it holds. Restore the file as it was written."
        ) from cause


def read_verdict(file: Path) -> dict[str, Any]:
    """The content of a verdict.json of a schema that this version reads."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as cause:
        raise ModelError(f"{file} does not exist. A verdict.json is needed. Give its path or its folder.") from cause
    except (OSError, ValueError, RecursionError) as cause:
        raise ModelError(
            f"{file} is not readable as JSON: {cause}. A verdict.json is. Restore it from its archive."
        ) from cause
    if not isinstance(content, dict) or not readable(content.get("schema")):
        schema = content.get("schema") if isinstance(content, dict) else None
        raise ModelError(
            f"{file} has schema {schema!r}. This version reads {SCHEMA}. Check it with the version that wrote it."
        )
    return content


def _digest(content: dict[str, Any]) -> Finding:
    found = str(seal(content)["digest"])
    holds = found == content["digest"]
    return Finding(what="digest", holds=holds,
                   text=found if holds else f"content gives {found}, the file says {content['digest']}")  # fmt: skip


def _form(content: dict[str, Any], file: Path) -> Finding:
    holds = file.read_bytes() == canonical(content).encode()
    return Finding(what="form", holds=holds, text="canonical JSON" if holds else "is not canonical JSON, as written")


def _signed(file: Path, keys: Sequence[Path | str]) -> list[Finding]:
    """Each signature, each key that signed nothing, and which roles signed."""
    seen = signatures(file, keys=keys)
    found = [Finding(what=f"signature {i + 1}", holds=one.holds, text=one.text) for i, one in enumerate(seen)]
    idle = len(keys) - len({one.key for one in seen if one.known and one.holds})
    signed = [one.role for one in seen if one.holds]
    told = f"signed: {', '.join(signed)}" if signed else f"none in {BESIDE}" if not seen else "none that holds"
    if signed:
        told += "".join(f"; not {role}" for role in ROLES if role not in signed)
    if idle > 0:
        told += f"; {idle} of the {len(keys)} keys given signed nothing that holds"
    lacking = [role for role in ROLES if role not in signed]
    if not seen:
        state = f"unsigned: met once {', '.join(ROLES)} have signed"
    elif lacking or len(signed) < len(seen):
        state = f"not met: {', '.join(lacking) or 'a signature that does not hold'} lacking"
    elif all(one.known for one in seen):
        state = "met: every role, each by a key that was given"
    else:
        state = "signed in every role, by keys that were not given: nobody knows whose"
    found.insert(0, Finding(what="H4", holds=True, text=state))
    return [*found, Finding(what="signatures", holds=idle <= 0 and len(signed) == len(seen), text=told)]


def _files(content: dict[str, Any], folder: Path) -> list[Finding]:
    named = {**content["files"], **{f["file"]: f["digest"] for f in content["fields"]}}
    found = []
    for name, mark in sorted(named.items()):
        file = folder / name
        if Path(name).is_absolute() or ".." in Path(name).parts:
            found.append(Finding(what=name, holds=False, text="lies outside the verdict's folder"))
        elif not file.is_file():
            found.append(Finding(what=name, holds=False, text="is missing"))
        else:
            with file.open("rb") as stream:
                own = hashlib.file_digest(stream, "sha256").hexdigest()
            found.append(Finding(what=name, holds=own == mark, text=own if own == mark else f"is {own}, stated {mark}"))
    return found


def _frozen(content: dict[str, Any], folder: Path) -> list[Finding]:
    """Whether the store beside the verdict froze this question, with these numbers; nothing where no store is named."""
    q, r = content["question"], content["result"]
    stores = [folder / name for name in content["files"] if name.endswith(".h5") and (folder / name).is_file()]
    if not q["freeze"] or not stores:
        return []
    try:
        held = {record.digest: record for store in stores for record in records(store, "freeze")}
    except TrialError as cause:
        return [Finding(what="freeze", holds=False, text=str(cause))]
    mark = q["freeze"]["digest"]
    if mark not in held:
        return [Finding(what="freeze", holds=False, text=f"no store here holds the freeze {mark[:12]}")]
    asked = held[mark].payload["requirement"]
    same = {name: asked[name] == q[name] for name in ("limit", "sense", "accuracy", "coverage", "guard", "display")}
    own = asked["limit"] if isinstance(asked["limit"], list) else [asked["limit"]]
    same["limit of the result"] = r["limit"] in own
    same["text"] = {"en": asked["text"], "zh": asked["text_zh"]} == q["text"]
    same["interest"] = json.loads(canonical(asked["interest"])) == q["interest"]
    same["needs"] = set(asked["needs"]) <= set(q["needs"])
    same["time"] = held[mark].at == q["freeze"]["at"]
    same["verification"] = asked["verification"] == q["verification"]
    same["id"] = asked["id"] == q.get("id", asked["id"])
    same["failing"] = asked.get("failing") == q.get("failing")
    together = held[mark].payload["rule"].get("together")
    same["questions together"] = together is None or list(together) == (q.get("together") or [])
    for role, parts in held[mark].payload["split"].items():
        used = set((content[role] or {}).get("data", {}).values()) if role in content else set()
        same[f"{role} data"] = used <= set(parts.values())
    late = datetime.fromisoformat(held[mark].at) > datetime.fromisoformat(content["created"]) + timedelta(seconds=1)
    same["order of freeze and result"] = not (late and q["freeze"]["before_result"])
    other = [name for name, holds in same.items() if not holds]
    told = f"{mark[:12]} asks the same" if not other else f"{mark[:12]} froze another {', '.join(other)}"
    return [Finding(what="freeze", holds=not other, text=told)]


def _budget(content: dict[str, Any]) -> Finding:
    b = content["budget"]
    lines = tuple(Line(**{**line, "dof": math.inf if line["dof"] is None else line["dof"]}) for line in b["lines"])
    own = Budget(quantity=b["quantity"], unit=b["unit"], lines=lines, coverage=b["coverage"],
                 correlations=tuple((x, y, r) for x, y, r in b.get("correlations", [])))  # fmt: skip
    holds = all(math.isclose(a, s, rel_tol=1e-9, abs_tol=1e-12)
                for a, s in ((own.combined(), b["combined"]), (own.expanded, b["expanded"])))  # fmt: skip
    return Finding(
        what="budget", holds=holds, text=f"combined {own.combined():.6g} {b['unit']}, stated {b['combined']:.6g}"
    )


def _decision(content: dict[str, Any]) -> Finding:
    q, r, b, d = (content[k] for k in ("question", "result", "budget", "domain"))
    criteria = {c["id"]: c for c in content["criteria"]}
    own = decide(value=r["value"], limit=q["limit"], sense=q["sense"], combined=b["combined"], coverage=q["coverage"],
                 guard=q["guard"], accuracy=q["accuracy"], needs=q["needs"],
                 criteria={name: c["state"] for name, c in criteria.items()},
                 inside=d is None or (all(x["inside"] for x in d["variables"]) and d["inside"]),
                 tried=_tried(content),
                 expired=criteria["B3"]["why"] == "expired",
                 dof=math.inf if b["dof"] is None else b["dof"], unit=q["interest"]["unit"],
                 together=max(len(q.get("together") or []), 1),
                 settles=not (content["numerics"] or {}).get("diverges", False))  # fmt: skip
    same = own.state is State(r["state"]) and _risky(r, own) and all(
        math.isclose(a, s, rel_tol=1e-9, abs_tol=1e-12)
        for a, s in ((own.margin, r["margin"]), (own.guard_band, r["guard_band"]),
                     (own.acceptance_limit, r["acceptance_limit"]), (own.false_accept, r["false_accept"]),
                     (q["coverage"] * b["combined"], r["expanded"]), (own.limit, r["limit"])))  # fmt: skip
    return Finding(what="decision", holds=same, text=f"{own.state.value}, margin {own.margin:.4g}; stated {r['state']}")


def _reliability(content: dict[str, Any]) -> list[Finding]:
    """Whether F5 stands as the probabilities of breaking the limit say, where one is allowed."""
    q, given = content["question"], content.get("reliability")
    allowed = q.get("failing")
    if allowed is None:
        return []
    state = next(c["state"] for c in content["criteria"] if c["id"] == "F5")
    keeps, told = False, "no probability of breaking the limit"
    if given is not None:
        stated: dict[str, Any] = {
            k: math.inf if k == "scatter" and v is None else v for k, v in given.items() if k != "agree"
        }
        one = Breaking(**stated)
        keeps, told = one.keeps(allowed), one.told()
    return [Finding(what="reliability", holds="F5" in q["needs"] and (state == "met") == keeps, text=told)]


def _tried(content: dict[str, Any]) -> bool:
    """Whether a logged trial backs the number: it validated the model, or it is what was measured."""
    v, m = content["validation"], content.get("measured")
    if m is not None:
        return "specification" in content["question"]["interest"] and bool(m["data"]) and not m["synthetic"]
    return v is not None and bool(v["points"]) and not v.get("synthetic")


def _measured(content: dict[str, Any], folder: Path) -> list[Finding]:
    """The number and its bounds once more from the data, where logged data alone were judged."""
    if "specification" not in content["question"]["interest"]:
        return []
    try:
        holds, text = again(content, folder)
    except (TrialError, ModelError) as cause:
        holds, text = False, str(cause)
    return [Finding(what="measured", holds=holds, text=text)]


def _risky(r: Mapping[str, Any], own: Decision) -> bool:
    """Whether the risks at this value are those of the decision; verdicts of schema 1 do not state them."""
    said = r.get("risks")
    return said is None or math.isclose(1.0 - said["conforms"], own.false_accept, rel_tol=1e-6, abs_tol=1e-9)


def _data(content: dict[str, Any]) -> Finding:
    c, v = content["calibration"], content["validation"]
    if c is None or v is None:
        return Finding(what="disjoint", holds=True, text="nothing to compare")
    shared = set(c["data"].values()) & set(v["data"].values())
    stated = bool(v["disjoint"])
    met = next(x["state"] for x in content["criteria"] if x["id"] == "E1") == "met"
    holds = not (shared and (stated or met)) and stated == met
    return Finding(what="disjoint", holds=holds, text=f"{len(shared)} trials in both; stated {stated}")
