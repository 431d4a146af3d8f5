"""The chain of records inside a store: each link holds the SHA-256 of the one before it, so none can change unseen."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import numpy as np

from ..models import TrialError
from ..models.verdict import canonical

FIRST = "0" * 64  # what the first record points to
OWN = {"trial": "add", "correction": "correct"}  # kinds of the store itself, and the verbs that write them


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One link of the chain: `digest` is the SHA-256 of its text, `previous` that of the link before it.

    Attributes
    ----------
    number : int
        From 1.
    kind : str
        "trial" and "correction" are the store's own; "freeze", "run" and the like are whoever appended them.
    at : str
        ISO 8601, UTC.
    payload : mapping
        Plain data.
    """

    number: int
    kind: str
    at: str
    payload: Mapping[str, Any]
    previous: str
    digest: str


def links(file: Any, name: str) -> tuple[Record, ...]:
    """Every record of the open store `file`, oldest first; `name` is the file's in messages.

    Raises
    ------
    TrialError
        If a link does not point to the one before it.
    """
    chain: list[Record] = []
    group = file.get("records", {})
    for key in sorted(group):
        record = _record(group[key][()].tobytes().decode())
        before = chain[-1].digest if chain else FIRST
        if record.previous != before or record.number != len(chain) + 1:
            raise TrialError(
                f"{name}: record {record.number} points to {record.previous[:12]}, but the one before it is "
                f"{before[:12]}. Links are never changed or taken out. Restore the store from a copy."
            )
        chain.append(record)
    return tuple(chain)


def append(file: Any, name: str, kind: str, payload: Mapping[str, Any]) -> Record:
    """The new last record of the open store `file`; a payload that is not plain data is refused."""
    chain = links(file, name)
    previous = chain[-1].digest if chain else FIRST
    number, at = len(chain) + 1, datetime.now(UTC).isoformat(timespec="microseconds")
    try:
        text = canonical({"number": number, "kind": kind, "at": at, "payload": dict(payload), "previous": previous})
    except TypeError as cause:
        raise TrialError(
            f"a record of kind '{kind}' cannot be written: {cause}. It holds texts, numbers, lists and mappings. "
            "Turn what is in it into those."
        ) from cause
    data = np.frombuffer(text.encode(), dtype=np.uint8)
    file.require_group("records").create_dataset(f"{number:06d}", data=data)
    return _record(text)


def versions(file: Any, name: str) -> dict[str, list[str]]:
    """Content hashes of every trial's versions, oldest first, as the chain has them."""
    found: dict[str, list[str]] = {}
    for record in links(file, name):
        if record.kind in OWN:
            found.setdefault(record.payload["trial"], []).append(record.payload["content"])
    return found


def _record(text: str) -> Record:
    given = json.loads(text)
    payload = MappingProxyType(given.pop("payload"))
    return Record(**given, payload=payload, digest=hashlib.sha256(text.encode()).hexdigest())
