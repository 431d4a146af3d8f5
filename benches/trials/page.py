"""docs/trials.md from the rows that the trials left: nothing in it is typed."""

from collections.abc import Iterable
from pathlib import Path

from benches.pages import figure, table
from benches.trials.ask import Row

PAGE = Path("docs/trials.md")
HEAD = """# Trials

Written by `python -m benches.trials` from the runs themselves. Each line is a real trial of somebody else: a model is
calibrated on the first run and predicts the second, which the calibration never saw. Starting values, priors, bounds
and stated uncertainties stand in `benches/trials/` with their sources; none was tuned towards a result.
Coverage is the share of the unseen readings inside k u_val (k = 2, 95 % stated), with its ends at 95 % for as many
independent readings, counted channel by channel; where channels err alike, the lines below say how few that leaves. A
handful of independent readings cannot tell 95 % from 60 %: such a line holds what it says of rms and verdict, and its
coverage next to nothing. A trial that the model does not explain is shown like any other. Lots are series of measured
parts: no model is run, the first parts are judged, and the later ones say whether they kept to it.
"""


def page(rows: Iterable[Row]) -> str:
    """The page as Markdown: the table, then what the tool says of each line."""
    found = list(rows)
    lines = table(["trial", "fitted", "predicted", "unit", "calibrated rms", "predicted rms", "u_val", "coverage",
                   "verdict"], [_line(row) for row in found])  # fmt: skip
    told = [text for i, row in enumerate(found) for text in ("", f"## {row.id}", "", *_told(row, found[:i]))]
    return "\n".join([HEAD, *lines, *told, ""])


def _told(row: Row, before: list[Row]) -> list[str]:
    """The words of a row, and of its calibration where it stands first."""
    same = next((other.id for other in before if row.of_fit and other.of_fit == row.of_fit), "")
    fit = [f"As at {same}."] if same else row.of_fit
    return [*(f"- {word}" for word in row.words), *(["- Of the calibration:"] if fit else []),
            *(f"  - {word}" for word in fit)]  # fmt: skip


def _line(row: Row) -> list[str]:
    inside = "-" if row.coverage is None else f"{row.coverage:.0%}"
    if row.bounds is not None:
        inside += f" ({row.bounds[0]:.0%} to {row.bounds[1]:.0%})"
    return [row.id, row.fitted, row.predicted, row.unit, figure(row.calibrated, 3), figure(row.unseen, 3),
            figure(row.u_val, 3), inside, row.state]  # fmt: skip
