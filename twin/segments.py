"""What a live log is made of: small sealed text segments, each under its own hash, and a journal of events.

A segment is CSV that any program reads: a comment line that describes it, rows of numbers as they were handed over, and
a comment line with the SHA-256 of everything above. It is written once, put in place whole, and never touched again.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..models import TrialError
from .sealed import sealed

SCHEMA = "foretrial.segment/1"
DECLARED = "live.toml"
JOURNAL = "journal.txt"
LOST = "lost"
FIRST = "0" * 64  # what the first segment points to

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Segment:
    """A sealed run of rows.

    Attributes
    ----------
    number : int
        From 1.
    columns : mapping of column name to (n,)
        As logged, time first; NaN is a gap.
    previous, digest : str
        SHA-256 of the segment before, and of this one.
    """

    number: int
    columns: Mapping[str, Array]
    previous: str
    digest: str


def name_of(number: int) -> str:
    """File name of a segment."""
    return f"segment-{number:06d}.csv"


def put_segment(folder: Path, number: int, previous: str, names: Sequence[str], rows: Sequence[Sequence[float]]) -> str:
    """SHA-256 of the segment, once it is in its place on the disk."""
    about = {"number": number, "previous": previous, "columns": list(names), "rows": len(rows)}
    lines = [f"# {SCHEMA} {json.dumps(about, ensure_ascii=False)}"]
    lines += [",".join("" if value != value else repr(value) for value in row) for row in rows]
    body = ("\n".join(lines) + "\n").encode()
    digest = hashlib.sha256(body).hexdigest()
    with sealed(folder / name_of(number)) as partial:
        partial.write_bytes(body + f"# sha256 {digest}\n".encode())
    return digest


def get_segment(path: Path) -> Segment:
    """The segment in a file.

    Raises
    ------
    TrialError
        If it is cut off, or does not match its own hash.
    """
    data = path.read_bytes()
    at = data.rfind(b"# sha256 ")
    stated = data[at + 9 :].decode("ascii", "replace").strip() if at >= 0 else ""
    found = hashlib.sha256(data[:at]).hexdigest() if at >= 0 else ""
    if not stated or found != stated or not data.endswith(b"\n"):
        raise TrialError(
            f"{path.name} is cut off or changed: it states hash {stated[:12] or 'none'}, has {found[:12] or 'none'}. "
            "A sealed segment never changes. Run twin.repair on its folder, which sets it aside."
        )
    head, *rows = data[:at].decode().splitlines()
    about = json.loads(head.removeprefix(f"# {SCHEMA} "))
    table = [[float(cell) if cell else np.nan for cell in row.split(",")] for row in rows]
    numbers = np.array(table, dtype=np.float64).reshape(len(rows), len(about["columns"]))
    columns = {name: np.ascontiguousarray(numbers[:, k]) for k, name in enumerate(about["columns"])}
    return Segment(number=about["number"], columns=columns, previous=about["previous"], digest=stated)


def sealed_in(folder: Path) -> list[Path]:
    """Files of all sealed segments, in their order."""
    return sorted(folder.glob("segment-??????.csv"))


def write_event(folder: Path, event: str, **about: Any) -> None:
    """Append a line to the journal: UTC time, event, and what is to be said about it."""
    journal = folder / JOURNAL
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = f"{now}\t{event}\t{json.dumps(about, ensure_ascii=False)}\n".encode()
    with journal.open("ab+") as file:
        if file.seek(0, os.SEEK_END) > 0:
            file.seek(-1, os.SEEK_END)
            line = line if file.read(1) == b"\n" else b"\n" + line  # after a line that a kill cut short
        file.write(line)


def events(folder: Path) -> list[tuple[str, str, dict[str, Any]]]:
    """Time, event and details of every whole line of the journal; what a kill left half-written is passed over."""
    journal = folder / JOURNAL
    found = []
    for line in journal.read_text("utf-8", errors="replace").splitlines() if journal.exists() else []:
        parts = line.split("\t", 2)
        try:
            found.append((parts[0], parts[1], dict(json.loads(parts[2]))))
        except (IndexError, ValueError):
            continue
    return found
