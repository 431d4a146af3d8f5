"""A Trial out of an Excel workbook: one sheet, read as a table of cells; the workbook stays as it is."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..models import Trial, TrialError
from ..models.errors import did_you_mean
from .dialect import Table, tabulate
from .importing import described, from_table
from .recorded import needed
from .sidecar import Sidecar


def import_excel(
    path: str | Path,
    sidecar: str | Path | None = None,
    *,
    sheet: str = "",
    units: Mapping[str, str] | None = None,
    time: str | None = None,
    name: str = "",
) -> Trial:
    """The trial in a sheet of an .xlsx or .xlsm workbook, in SI, with the SHA-256 of every file it was read from.

    The first row with a cell in it is the header, units in brackets or in a second row as in a CSV file. Formulas count
    by the value that was last computed; dates are ISO stamps, so that `[time] format = "iso"` reads them.

    Parameters
    ----------
    sheet : str
        May be left out where the sidecar names it, or the workbook has one sheet with cells.
    path, sidecar, units, time, name
        As for `import_csv`.

    Raises
    ------
    TrialError
        As `import_csv`; and if openpyxl is not installed, the file is no workbook, or the sheet is not there.
    """
    path = Path(path)
    chosen, declared = described(path, sidecar)
    table = _table(path, declared, sheet or declared.sheet)
    return from_table(path, table, chosen, declared, units=units, time=time, name=name)


def _table(path: Path, declared: Sidecar, sheet: str) -> Table:
    openpyxl = needed("openpyxl", path)
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as cause:
        raise TrialError(
            f"{path.name} does not open as a workbook: {cause}. An .xlsx or .xlsm file is one. "
            "Save it again from the spreadsheet, an .xls as .xlsx, or export it as CSV."
        ) from cause
    try:
        sheets = {one.title: [(k, [_text(cell) for cell in row]) for k, row in
                              enumerate(one.iter_rows(values_only=True), 1) if k > declared.skip]
                  for one in book.worksheets}  # fmt: skip
    finally:
        book.close()
    filled = {title: _trimmed(rows) for title, rows in sheets.items()}
    if sheet and sheet not in filled:
        raise TrialError(f"{path.name} has no sheet '{sheet}'. {did_you_mean(sheet, filled)} Correct the name.")
    having = [title for title, rows in filled.items() if rows]
    if not sheet and len(having) != 1:
        raise TrialError(
            f"{path.name} has {len(having)} sheets with cells: {', '.join(having) or 'none'}. A log is one sheet. "
            f'Choose it: sheet = "{having[0] if having else "name"}" in the sidecar.'
        )
    rows = filled[sheet or having[0]]
    if not rows:
        raise TrialError(
            f"{path.name}: sheet '{sheet}' is empty, 0 rows. A log has a header and one row or more. "
            "Name another sheet."
        )
    return tabulate(path, declared, rows, ",", (f"read from sheet '{sheet or having[0]}'",))


def _trimmed(rows: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """Rows with a cell in them, without the columns that are blank in all of them; none is narrower than the first."""
    used = [(k, row) for k, row in rows if any(row) and not next(c for c in row if c).startswith(("#", "//"))]
    width = max((max(i for i, c in enumerate(row) if c) + 1 for _, row in used), default=0)
    return [(k, [*row[:width], *[""] * (width - len(row))]) for k, row in used]


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, (dt.datetime, dt.date, dt.time)):
        return cell.isoformat()
    if isinstance(cell, dt.timedelta):
        return repr(cell.total_seconds())
    return repr(cell) if isinstance(cell, (int, float)) and not isinstance(cell, bool) else str(cell).strip()
