"""Write docs/numbers.md from what `foretrial qualify --json` and the benches left in out/: nothing in it is typed."""

import json
from pathlib import Path
from typing import Any

QUALIFY, BENCH, PAGE = Path("out/qualify.json"), Path("out/bench.json"), Path("docs/numbers.md")
HEAD = """# Numbers

Written by `make numbers` from the runs themselves; `foretrial qualify` and `make bench` repeat them on your machine.
Seconds and ratios are those of one machine with 2 cores. A row that fails is shown like any other.
"""


def page(qualified: list[dict[str, Any]], benched: list[dict[str, Any]]) -> str:
    """The page as Markdown: published problems first, speed after them."""
    problems = [[row["id"], row["problem"], figure(row["cells"]), figure(row["answer"]), figure(row["reached"]),
                 figure(row["error"], 2), figure(row["tolerance"], 2), figure(row["seconds"], 2), said(row)]
                for row in qualified]  # fmt: skip
    speeds = [[row["id"], figure(row["ours"], 3), figure(row["theirs"], 3), row["unit"], row["against"] or "-",
               figure(row["ratio"], 3), figure(row["limit"], 3), said(row)] for row in benched]  # fmt: skip
    return "\n".join([
        HEAD, "## Published and exact answers", "",
        *table(["id", "problem", "cells", "answer", "reached", "error", "tolerance", "s", "state"], problems), "",
        "## Speed", "",
        *table(["id", "ours", "beside it", "unit", "against", "ratio", "limit", "state"], speeds), ""])  # fmt: skip


def table(heads: list[str], rows: list[list[str]]) -> list[str]:
    """Lines of a Markdown table."""
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return [f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *cells)]


def figure(value: float | None, digits: int = 6) -> str:
    """A number to so many digits, or a dash."""
    return "-" if value is None else f"{value:.{digits}g}"


def said(row: dict[str, Any]) -> str:
    """The state of a row, with its reason and its note where it has them."""
    return row["state"] + "".join(f": {row[key]}" for key in ("reason", "note") if row.get(key))


if __name__ == "__main__":
    found = [json.loads(path.read_text("utf-8")) if path.exists() else [] for path in (QUALIFY, BENCH)]
    PAGE.write_text(page(*found), encoding="utf-8", newline="\n")
    print(f"{len(found[0])} problems and {len(found[1])} benches: {PAGE.as_posix()}")
