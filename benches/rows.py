"""What a bench says: ours, what was measured beside it in the same session, and whether that is fast enough."""

import importlib.util
import json
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

Row = dict[str, Any]
INSTALL = 'pip install -e ".[peers]"'
ROWS: list[Row] = []


def absolute(id: str, *, ours: float, unit: str, limit: float, least: bool = False) -> None:
    """Record a figure held against a limit in its own unit: at most, or at `least`, that much."""
    holds = ours >= limit if least else ours <= limit
    ROWS.append({"id": id, "ours": ours, "against": None, "theirs": None, "unit": unit, "ratio": None, "limit": limit,
                 "state": "pass" if holds else "fail", "reason": ""})  # fmt: skip


def beside(id: str, *, ours: float, theirs: float, against: str, unit: str, limit: float) -> None:
    """Record two times of one session; the ratio theirs / ours says how many times as fast we are, `limit` at least."""
    ratio = theirs / ours
    ROWS.append({"id": id, "ours": ours, "against": against, "theirs": theirs, "unit": unit, "ratio": ratio,
                 "limit": limit, "state": "pass" if ratio >= limit else "fail", "reason": ""})  # fmt: skip


def peer(id: str, name: str, *, unit: str, limit: float) -> ModuleType:
    """Import a peer, or record the row as skipped with the line that installs it, and skip."""
    if importlib.util.find_spec(name) is None:
        reason = f"{name} is not installed: {INSTALL}"
        ROWS.append({"id": id, "ours": None, "against": name, "theirs": None, "unit": unit, "ratio": None,
                     "limit": limit, "state": "skipped", "reason": reason})  # fmt: skip
        pytest.skip(reason)
    return importlib.import_module(name)


def interleaved(benchmark: Any, ours: Callable[[], object], theirs: Callable[[], object] | None = None, *,
                rounds: int = 7) -> tuple[float, float]:  # fmt: skip
    """Least seconds of ours and of theirs, run in turn; both have run once before, so nothing compiles here."""
    times: list[float] = []

    def before() -> None:
        if theirs is not None:
            began = time.perf_counter()
            theirs()
            times.append(time.perf_counter() - began)

    benchmark.pedantic(ours, setup=before, rounds=rounds, iterations=1)
    return float(benchmark.stats.stats.min), min(times, default=0.0)


def write(rows: list[Row], path: Path, *, beside: bool = False) -> None:
    """Keep the rows as JSON, `beside` those of other ids that are there already; nothing in it names the machine."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if beside and path.exists():
        new = {row["id"] for row in rows}
        rows = [row for row in json.loads(path.read_text("utf-8")) if row["id"] not in new] + rows
    path.write_text(json.dumps(rows, indent=1, allow_nan=False) + "\n", encoding="utf-8", newline="\n")


def table(rows: list[Row]) -> str:
    """The rows as lines of text."""
    lines = [f"{'id':<18} {'ours':>10} {'theirs':>10} {'unit':<5} {'ratio':>7} {'limit':>7}  {'state':<8} against"]
    for row in rows:
        figures = [("-" if row[key] is None else f"{row[key]:.4g}") for key in ("ours", "theirs", "ratio", "limit")]
        ours, theirs, ratio, limit = figures
        note = row["reason"] or row["against"] or "-"
        lines.append(
            f"{row['id']:<18} {ours:>10} {theirs:>10} {row['unit']:<5} {ratio:>7} {limit:>7}  {row['state']:<8} {note}"
        )
    return "\n".join(lines)
