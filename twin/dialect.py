"""The table in a text file, whatever its encoding, delimiter and decimal sign; cells stay text."""

import csv
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..models import ModelError, TrialError
from ..models.units import dimension
from .sidecar import Sidecar

_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eEdD][+-]?\d+)?")
_IN_BRACKETS = re.compile(
    r"(?P<name>.*?)\s*[(\[（［](?P<unit>[^()\[\]（）［］]*(\([^()]*\))?[^()\[\]（）［］]*)[)\]）］]\s*"
)
_GAPS = ("", "nan", "-nan")
_COMMENTS = ("#", "//")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Names, units that the header states, text cells, and the row of the file that each stands in."""

    file: str
    names: tuple[str, ...]
    units: Mapping[str, str]
    cells: tuple[Sequence[str], ...]
    rows: tuple[int, ...]
    decimal: str
    remarks: tuple[str, ...]


def number(cell: str, decimal: str) -> float | None:
    """The number in a cell, NaN for a gap, None for text; infinity is a number here."""
    low = cell.lower()
    if low in _GAPS:
        return math.nan
    if low.lstrip("+-") in ("inf", "infinity"):
        return -math.inf if low.startswith("-") else math.inf
    if not _NUMBER.fullmatch(cell) or (decimal == "," and "." in cell) or (decimal == "." and "," in cell):
        return None
    return float(low.replace(",", ".").replace("d", "e"))


def read_table(path: Path, declared: Sidecar) -> Table:
    """The table in the file at `path`, read as the sidecar says or, where it is silent, as the file shows.

    Raises
    ------
    TrialError
        If there is no such file, no row, no header, or a row that has more or fewer cells than the header.
    """
    text, encoding = _decode(path, declared.encoding)
    lines = [(row, line) for row, line in enumerate(text.splitlines(), 1) if row > declared.skip
             and line.strip() and not line.lstrip().startswith(_COMMENTS)]  # fmt: skip
    if not lines:
        raise TrialError(
            f"{path.name} is empty: it holds no line of data. A log has a header and one row or more. "
            "Look whether the logger wrote elsewhere, or was stopped before its first row."
        )
    delimiter = {"tab": "\t", "blank": " "}.get(declared.delimiter, declared.delimiter)
    delimiter = delimiter or _delimiter([line for _, line in lines[:50]])
    split = [(row, _split(path.name, row, line, delimiter)) for row, line in lines]
    return tabulate(path, declared, split, delimiter, [f"read as {encoding}"] if encoding != "UTF-8" else [])


def tabulate(path: Path, declared: Sidecar, split: list[tuple[int, list[str]]], delimiter: str,
             remarks: Sequence[str] = ()) -> Table:  # fmt: skip
    """The table in rows of text cells, each with its row in the file; errors as for `read_table`."""
    first = [cell.strip() for cell in split[0][1]]
    numeric = all(number(cell, _sign(cell)) is not None for cell in first)
    if declared.columns:
        names, units, body = _declared_names(path.name, first, numeric, declared, split)
    elif numeric:
        raise _headerless(path, split[0][0], first, len(split))
    else:
        names, units, body = _header(path.name, first, split)
    if split and all(len(cells) == len(names) + 1 and not cells[-1].strip() for _, cells in body):
        body = [(row, cells[:-1]) for row, cells in body]
    for row, cells in body:
        if len(cells) != len(names):
            raise TrialError(
                f"{path.name}, row {row}: {len(cells)} cells where the header names {len(names)} columns. "
                "Every row has one cell a column; a gap is a blank cell. Complete the row in a copy, or state in a "
                "sidecar the delimiter, or how many lines before the header to skip."
            )
    decimal = declared.decimal or _decimal(path.name, delimiter, body)
    remarks = [*remarks, *(["read with a decimal comma"] if decimal == "," else [])]
    return Table(file=path.name, names=tuple(names), units=units, cells=tuple(cells for _, cells in body),
                 rows=tuple(row for row, _ in body), decimal=decimal, remarks=tuple(remarks))  # fmt: skip


def _decode(path: Path, encoding: str) -> tuple[str, str]:
    try:
        raw = path.read_bytes()
    except FileNotFoundError as cause:
        raise TrialError(
            f"{path}: there is no such file. A log is a CSV file or a trial store. Correct the path."
        ) from cause
    except (IsADirectoryError, PermissionError) as cause:
        raise TrialError(
            f"{path} cannot be opened as a file. A log is one CSV file. Name a file that is yours to read."
        ) from cause
    if raw.startswith(b"\x89HDF"):
        raise TrialError(f"{path.name} is an HDF5 file. Text is read here. Read it with foretrial.twin.read.")
    marks = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    found = next((name for mark, name in marks.items() if raw.startswith(mark)), "")
    chosen = encoding or found or _guess(raw)
    try:
        text = raw.decode(chosen)
    except (UnicodeDecodeError, LookupError) as cause:
        raise TrialError(
            f"{path.name} does not read as {chosen}: {cause}. A log is text in UTF-8, GB 18030 or Windows-1252. "
            'State its encoding in the sidecar: encoding = "gb18030".'
        ) from cause
    if "\x00" in text:
        raise TrialError(
            f"{path.name} holds zero bytes, the first after {text.index(chr(0))} characters. A log is text. "
            "Export it as CSV, or cut off what a stopped logger left behind in a copy."
        )
    return text, {"utf-8": "UTF-8", "utf-8-sig": "UTF-8"}.get(chosen.lower(), chosen)


def _guess(raw: bytes) -> str:
    """UTF-8 where it is; else GB 18030 where bytes above 127 come in pairs, as Chinese does; else Windows-1252."""
    try:
        raw.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        runs = re.findall(rb"[\x80-\xff]+", raw)
        return "gb18030" if all(len(run) % 2 == 0 for run in runs) else "cp1252"


def _sign(cell: str) -> str:
    return "," if "," in cell and "." not in cell else "."


def _delimiter(lines: Sequence[str]) -> str:
    """The sign that splits all lines into the same number of cells, the most of them; else blanks."""
    counts = {sign: [len(next(csv.reader([line], delimiter=sign), [])) for line in lines] for sign in ";\t|,"}
    even = {sign: seen[0] for sign, seen in counts.items() if min(seen) == max(seen) > 1}
    if ";" in even or "\t" in even:  # then a comma may be the decimal sign
        return max((sign for sign in even if sign in ";\t"), key=lambda sign: even[sign])
    if even:
        return max(even, key=lambda sign: even[sign])
    rough = {sign: seen[0] for sign, seen in counts.items() if seen[0] > 1}
    return max(rough, key=lambda sign: rough[sign]) if rough else " "


def _split(file: str, row: int, line: str, delimiter: str) -> list[str]:
    if delimiter == " ":
        return line.split()
    if len(delimiter) != 1:
        raise TrialError(
            f"{file}: delimiter '{delimiter}' is not one sign. It is one of , ; | or 'tab' or 'blank'. Correct it."
        )
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error as cause:
        raise TrialError(
            f"{file}, row {row}: {cause}. A quote that opens also closes. Correct the row in a copy."
        ) from cause


def _decimal(file: str, delimiter: str, body: Sequence[tuple[int, Sequence[str]]]) -> str:
    if delimiter == ",":
        return "."
    comma = next(((row, c) for row, cells in body for c in cells if re.fullmatch(r"\s*[+-]?\d[\d.]*,\d*\s*", c)), None)
    point = next(((row, c) for row, cells in body for c in cells if re.fullmatch(r"\s*[+-]?\d[\d,]*\.\d*\s*", c)), None)
    if comma and point:
        raise TrialError(
            f"{file}: row {comma[0]} writes '{comma[1].strip()}' and row {point[0]} writes '{point[1].strip()}', so "
            'the decimal sign is not clear. A log has one. State it in the sidecar: decimal = "," or decimal = ".".'
        )
    return "," if comma else "."


def _headerless(path: Path, row: int, first: Sequence[str], n: int) -> TrialError:
    nameless = ", ".join(f"column {k} ('{cell}')" for k, cell in enumerate(first, 1))
    names = ", ".join(f'"name{k}"' for k in range(1, len(first) + 1))
    return TrialError(
        f"{path.name} has no header: row {row} of its {n} rows is numbers, so {nameless} have neither name nor unit. "
        f"A log names its columns and states their units; none is assumed. Leave the file as it is and write "
        f"{path.stem}.toml beside it with columns = [{names}], the time column's unit under [time], "
        "and a unit for each channel."
    )


def _declared_names(
    file: str, first: Sequence[str], numeric: bool, declared: Sidecar, split: list[tuple[int, list[str]]]
) -> tuple[list[str], dict[str, str], list[tuple[int, list[str]]]]:
    if not numeric:
        raise TrialError(
            f"{file}: row {split[0][0]} is a header, '{', '.join(first)}', and {declared.file} lists columns as well. "
            "Columns are listed for a file without header. Drop columns, or step over the header with skip."
        )
    names = list(declared.columns)
    if len(first) != len(names):
        raise TrialError(
            f"{file}, row {split[0][0]}: {len(first)} cells where {declared.file} lists {len(names)} columns. "
            "Each column has a name. Complete the list."
        )
    _distinct(file, names)
    return names, {}, split


def _header(
    file: str, first: Sequence[str], split: list[tuple[int, list[str]]]
) -> tuple[list[str], dict[str, str], list[tuple[int, list[str]]]]:
    """Names and the units in their brackets, or in a second row that holds only bracketed units."""
    body = split[1:]
    titles = list(first)
    if titles and not titles[-1] and all(not cells[-1].strip() for _, cells in body if len(cells) == len(titles)):
        titles, body = titles[:-1], [(row, cells[:-1] if len(cells) == len(first) else cells) for row, cells in body]
    names, units = [], {}
    for k, title in enumerate(titles, 1):
        if not title:
            raise TrialError(
                f"{file}: column {k} of the header has no name. Each column has one. Name it in a copy, "
                "or list all columns in a sidecar and step over the header with skip."
            )
        match = _IN_BRACKETS.fullmatch(title)
        unit = match["unit"].strip() if match else ""
        known = match is not None and match["name"] != "" and unit != "" and _is_unit(unit)
        names.append(match["name"] if match and known else title)
        if known:
            units[names[-1]] = unit
    if body:
        below = [_IN_BRACKETS.fullmatch(cell.strip()) for cell in body[0][1]]
        if len(below) == len(names) and all(match and not match["name"] for match in below):
            units |= {name: match["unit"].strip() for name, match in zip(names, below, strict=True)
                      if match and match["unit"].strip()}  # fmt: skip
            body = body[1:]
    _distinct(file, names)
    return names, units, body


def _is_unit(text: str) -> bool:
    if not re.search(r"[^\W\d_]|[%°℃℉]", text):  # 'T (1)' numbers a sensor
        return False
    try:
        dimension(text)
    except ModelError:
        return False
    return True


def _distinct(file: str, names: Sequence[str]) -> None:
    for k, name in enumerate(names):
        if name in names[:k]:
            raise TrialError(
                f"{file}: columns {names.index(name) + 1} and {k + 1} are both called '{name}'. "
                "Each column has its own name. Rename one in a copy, or list the columns in a sidecar with skip."
            )
