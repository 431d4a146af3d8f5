"""A Trial out of a CSV file of any dialect and its TOML sidecar; the file itself stays as it is."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..models import ModelError, Trial, TrialError
from ..models.errors import did_you_mean
from ..models.units import dimension, factor
from .assemble import assemble
from .dialect import Table, number, read_table
from .sealed import hash_of
from .sidecar import Clock, Sensor, Sidecar, read_sidecar

Array = NDArray[np.float64]


def import_csv(
    path: str | Path,
    sidecar: str | Path | None = None,
    *,
    units: Mapping[str, str] | None = None,
    time: str | None = None,
    name: str = "",
) -> Trial:
    """The trial in a CSV file, in SI, with the SHA-256 of every file it was read from.

    Parameters
    ----------
    path : str or Path
        Text in UTF-8, UTF-16, GB 18030 or Windows-1252; delimiter comma, semicolon, tab, bar or blanks; decimal point
        or comma; lines that begin with # or // are comments. Blank cells and NaN are gaps and stay gaps.
    sidecar : str or Path
        Left out, the TOML file of the same stem is read where there is one.
    units : mapping of column name to unit
        For columns that state none, neither in the header, as in "T1 (degC)", nor in the sidecar.
    time : str
        Which column is the time, where several could be.
    name : str
        Name of the trial; left out, the sidecar's, or the file's stem.

    Raises
    ------
    TrialError
        If the file has no header and none is declared, a channel has no unit or the log no time base, time does not
        increase, a cell is no number, or anything declared is not there. The text names file, channel and row.
    """
    path = Path(path)
    chosen, declared = described(path, sidecar)
    return from_table(path, read_table(path, declared), chosen, declared, units=units, time=time, name=name)


def described(path: Path, sidecar: str | Path | None) -> tuple[Path | None, Sidecar]:
    """The sidecar's path, the TOML file of the same stem where left out, and what it says; nothing where none is."""
    beside = path.with_suffix(".toml")
    chosen = Path(sidecar) if sidecar is not None else beside if beside.is_file() else None
    return chosen, read_sidecar(chosen) if chosen else Sidecar()


def from_table(path: Path, table: Table, chosen: Path | None, declared: Sidecar, *, units: Mapping[str, str] | None,
               time: str | None, name: str) -> Trial:  # fmt: skip
    """The trial in a table of text cells, whatever file it was in; errors as for `import_csv`."""
    raw = {path.name: hash_of(path)} | ({chosen.name: hash_of(chosen)} if chosen else {})
    given = _units(table, declared, dict(units or {}))
    clock = _clock(table, declared, given, time)
    sensors = _sensors(table, declared, given, clock)
    used = {clock.column, *declared.ignore}
    t, started = _times(table, clock)
    columns = {column: _numbers(table, column, declared) for column in table.names if column not in used}
    complete = replace(declared, channels=sensors, name=name or declared.name)
    return assemble(file=path.name, sidecar=complete, t=t, columns=columns, rows=table.rows, raw=raw,
                    remarks=(*table.remarks, *two_clocks(declared.started, started)), started=started)  # fmt: skip


def two_clocks(stated: str, stamped: str) -> tuple[str, ...]:
    """A remark where the stated start and the log's first stamp differ by a minute or more, as time zones make it."""
    try:
        one, other = datetime.fromisoformat(stated), datetime.fromisoformat(stamped)
    except ValueError:
        return ()
    both = (one, other) if (one.tzinfo is None) == (other.tzinfo is None) else (
        one.replace(tzinfo=None), other.replace(tzinfo=None))  # fmt: skip
    apart = (both[1] - both[0]).total_seconds()
    if abs(apart) < 60.0:
        return ()
    zone = ", a whole number of quarters of an hour, as a time zone makes it" if apart % 900.0 == 0.0 else ""
    return (f"the first stamp is {stamped}, the stated start {stated}: {apart:+g} s apart{zone}; times count from the "
            "first stamp",)  # fmt: skip


def _units(table: Table, declared: Sidecar, asked: Mapping[str, str]) -> dict[str, str]:
    """Unit of every column that has one; two sources that differ are refused."""
    for column in asked:
        if column not in table.names:
            raise TrialError(
                f"{table.file} has no column '{column}', for which units gives '{asked[column]}'. "
                f"{did_you_mean(column, table.names)} Correct the name."
            )
    found = dict(table.units)
    stated = {sensor.column: sensor.unit for sensor in declared.channels.values()}
    if declared.time and declared.time.unit:
        stated[declared.time.column] = declared.time.unit
    for source, more in ((declared.file, stated), ("units", asked)):
        for column, unit in more.items():
            if column in found and not _alike(found[column], unit):
                raise TrialError(
                    f"{table.file}: column '{column}' is in '{found[column]}' by the log and in '{unit}' by {source}. "
                    "One of them is wrong. Correct it; the file's own header is not overruled."
                )
            found[column] = unit
    return found


def _alike(one: str, other: str) -> bool:
    try:
        si = dimension(one)
        return np.allclose(factor(one, si), factor(other, si), rtol=1e-12, atol=0)
    except ModelError:
        return one == other


def _clock(table: Table, declared: Sidecar, given: Mapping[str, str], asked: str | None) -> Clock:
    column = asked or (declared.time.column if declared.time else "")
    if column:
        if column not in table.names:
            raise TrialError(
                f"{table.file} has no time column '{column}'. {did_you_mean(column, table.names)} Correct the name."
            )
        if declared.time and column == declared.time.column and declared.time.format:
            return declared.time
        if column not in given:
            raise TrialError(
                f"{table.file}: time column '{column}' has no unit, so the log has no time base. Its numbers may be "
                f"s, min or ms. State it: units={{'{column}': 's'}}, or [time] unit = \"s\" in the sidecar."
            )
        _is_time(table.file, column, given[column])
        return Clock(column=column, unit=given[column])
    spoken = {sensor.column for sensor in declared.channels.values()} | set(declared.ignore)
    clocks = [name for name in table.names if name not in spoken and _measures_time(given.get(name, ""))]
    if len(clocks) == 1:
        return Clock(column=clocks[0], unit=given[clocks[0]])
    if clocks:
        raise TrialError(
            f"{table.file}: columns {', '.join(clocks)} are all in units of time. One of them is the time base. "
            f"Choose it: time='{clocks[0]}'."
        )
    raise TrialError(
        f"{table.file} has no time base: none of its columns {', '.join(table.names)} is in a unit of time. "
        f"One column states it, as in 'Time (s)'. Pass units={{'{table.names[0]}': 's'}} if that is the time, "
        "or write [time] in a sidecar."
    )


def _measures_time(unit: str) -> bool:
    try:
        return bool(unit) and dimension(unit) == "s"
    except ModelError:
        return False


def _is_time(file: str, column: str, unit: str) -> None:
    try:
        factor(unit, "s")
    except ModelError as cause:
        raise TrialError(f"{file}: time column '{column}': {cause}") from cause


def _sensors(table: Table, declared: Sidecar, given: Mapping[str, str], clock: Clock) -> dict[str, Sensor]:
    """Declared channels first, then those that only the header speaks of."""
    for column in declared.ignore:
        if column not in table.names:
            raise TrialError(
                f"{table.file} has no column '{column}', which {declared.file} ignores. "
                f"{did_you_mean(column, table.names)} Correct the name."
            )
    sensors = dict(declared.channels)
    spoken = {sensor.column for sensor in sensors.values()} | {clock.column, *declared.ignore}
    spoken |= {sensor.std_from[0] for sensor in sensors.values() if sensor.std_from}
    for column in table.names:
        if column in spoken:
            continue
        if column not in given:
            near = f" {did_you_mean(column, sensors)}" if declared.channels else ""
            raise TrialError(
                f"{table.file}: channel '{column}' has no unit. None is assumed.{near} Pass "
                f"units={{'{column}': 'degC'}} or whatever it is, write it in the header as '{column} (degC)', "
                "or declare or ignore the column in a sidecar."
            )
        sensors[column] = Sensor(name=column, column=column, unit=given[column])
    return sensors


def _numbers(table: Table, column: str, declared: Sidecar) -> Array:
    k = table.names.index(column)
    values = np.empty(len(table.cells))
    for i, row in enumerate(table.cells):
        cell = row[k].strip()
        if cell in declared.gaps:
            values[i] = np.nan
            continue
        value = number(cell, table.decimal)
        if value is None:
            raise TrialError(
                f"{table.file}, row {table.rows[i]}: channel '{column}' holds '{cell}', which is no number. "
                "A reading is a number, a gap is blank. Correct the cell in a copy, or declare it a gap: "
                f'gaps = ["{cell}"] in the sidecar.'
            )
        values[i] = value
    return values


def _times(table: Table, clock: Clock) -> tuple[Array, str]:
    """Times in s, and the first stamp where the log writes dates."""
    k = table.names.index(clock.column)
    if not clock.format:
        scale, offset = factor(clock.unit, "s")
        numbers = []
        for row, cells in zip(table.rows, table.cells, strict=True):
            value = number(cells[k].strip(), table.decimal)
            if value is None:
                raise TrialError(
                    f"{table.file}, row {row}: time '{cells[k].strip()}' is no number in {clock.unit}. The time base "
                    'is one. Dates need their format: [time] format = "iso", or "%Y-%m-%d %H:%M:%S", in the sidecar.'
                )
            numbers.append(value)
        return scale * np.array(numbers) + offset, ""
    stamps = [_stamp(table, row, cells[k].strip(), clock.format)
              for row, cells in zip(table.rows, table.cells, strict=True)]  # fmt: skip
    if not stamps:
        return np.empty(0), ""
    odd = next((i for i, stamp in enumerate(stamps) if (stamp.tzinfo is None) != (stamps[0].tzinfo is None)), None)
    if odd is not None:
        raise TrialError(
            f"{table.file}, row {table.rows[odd]}: stamp {stamps[odd].isoformat()} and the first one differ in whether "
            "they name a time zone. All do or none does. Split the log where its clock was changed."
        )
    return np.array([(stamp - stamps[0]).total_seconds() for stamp in stamps]), stamps[0].isoformat()


def _stamp(table: Table, row: int, cell: str, form: str) -> datetime:
    try:
        return datetime.fromisoformat(cell) if form == "iso" else datetime.strptime(re.sub(r"\s+", " ", cell), form)
    except ValueError as cause:
        raise TrialError(
            f"{table.file}, row {row}: time stamp '{cell}' does not read as '{form}'. Every stamp has the declared "
            "format. Correct [time] format in the sidecar."
        ) from cause
