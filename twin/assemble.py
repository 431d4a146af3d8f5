"""A Trial from columns of numbers and what was declared about them; every reading is checked once, here."""

from collections.abc import Mapping, Sequence
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from ..models import Channel, ModelError, Quantity, Trial, TrialError
from ..models.errors import did_you_mean
from ..models.units import dimension, factor
from .response import named_response
from .sidecar import Sensor, Sidecar

Array = NDArray[np.float64]
HOTTEST = 5000.0  # K; a hotter reading is a unit mistake


def assemble(
    *,
    file: str,
    sidecar: Sidecar,
    t: Array,
    columns: Mapping[str, Array],
    rows: Sequence[int],
    raw: Mapping[str, str],
    remarks: tuple[str, ...] = (),
    started: str = "",
) -> Trial:
    """A Trial in SI.

    Parameters
    ----------
    file : str
        The log's name in messages.
    sidecar : Sidecar
        Its channels become the trial's.
    t : (n,) s
    columns : mapping of column name to (n,)
        As logged, each in its sensor's unit; NaN is a gap.
    rows : (n,) int
        Row of the file that each reading stands in.
    raw : mapping of file name to SHA-256

    Raises
    ------
    TrialError
        If time does not increase, a declared column is missing, or a reading cannot be one.
    """
    if t.size == 0:
        raise TrialError(f"{file} has no readings. A log has one row or more. Look whether the logger wrote elsewhere.")
    _increasing(file, t, rows)
    if not sidecar.channels:
        raise TrialError(f"{file} has a time column and no channel. A log has one or more. Look at its delimiter.")
    made = {name: _channel(file, sensor, t, columns, rows, sidecar) for name, sensor in sidecar.channels.items()}
    return Trial(
        name=sidecar.name or PurePath(file).stem,
        channels=made,
        title=sidecar.title,
        source=sidecar.source,
        licence=sidecar.licence,
        started=sidecar.started or started,
        geometry=sidecar.geometry,
        raw=raw,
        remarks=(*sidecar.remarks, *remarks),
    )


def _increasing(file: str, t: Array, rows: Sequence[int]) -> None:
    if not np.isfinite(t).all():
        row = rows[int(np.argmin(np.isfinite(t)))]
        raise TrialError(
            f"{file}, row {row}: there is no time. Every row has its own; a gap is a blank reading beside a time. "
            "Complete the time, or take the row out in a copy."
        )
    step = np.diff(t)
    if (step > 0).all():
        return
    bad = int(np.argmax(step <= 0))
    told = f"{file}, rows {rows[bad]} and {rows[bad + 1]}: time "
    if step[bad] == 0:
        raise TrialError(
            f"{told}{t[bad]:.10g} s stands twice. Each reading has its own time. "
            "Find out which row is right, or log with finer time stamps."
        )
    raise TrialError(
        f"{told}runs backwards, from {t[bad]:.10g} s to {t[bad + 1]:.10g} s. Time increases from row to row. "
        "Split the log where the clock was set, or import it as two trials."
    )


def _channel(
    file: str, sensor: Sensor, t: Array, columns: Mapping[str, Array], rows: Sequence[int], sidecar: Sidecar
) -> Channel:
    for column in (sensor.column, *(sensor.std_from[:1] if sensor.std_from else ())):
        if column not in columns:
            raise TrialError(
                f"{file} has no column '{column}', which {sidecar.file or 'the import'} declares for channel "
                f"'{sensor.name}'. {did_you_mean(column, columns)} Correct the name."
            )
    try:
        si = dimension(sensor.unit)
        scale, offset = factor(sensor.unit, si)
    except ModelError as cause:
        raise TrialError(f"{file}: channel '{sensor.name}': {cause}") from cause
    logged = columns[sensor.column]
    values = scale * logged + offset
    _believable(file, sensor, si, logged, values, rows)
    std: float | Array = sensor.std
    if sensor.std_from:
        column, to_si, coverage = sensor.std_from
        own = np.where(np.isfinite(values), columns[column] * to_si / coverage, 0.0)
        unsure = ~(own >= 0)
        if unsure.any():
            k = int(np.argmax(unsure))
            raise TrialError(
                f"{file}, row {rows[k]}: uncertainty {columns[column][k]:g} in column '{column}' cannot be. "
                f"Every reading of '{sensor.name}' has one, 0 or more. Correct it, or drop std_from."
            )
        std = np.hypot(own, sensor.std)
    name = sidecar.name or PurePath(file).stem
    return Channel(
        name=sensor.name,
        t=t,
        values=values,
        unit=si,
        logged_unit=sensor.unit,
        kind=sensor.kind,
        station=sensor.station,
        place=sensor.place,
        facing=sensor.facing,
        place_std=sensor.place_std,
        std=std,
        bias=Quantity(
            value=sensor.bias,
            unit=si,
            std=sensor.bias_std,
            group=sensor.bias_group,
            name=f"bias of {name}/{sensor.name}",
            source=sidecar.file,
        ),
        resolution=sensor.resolution,
        lag=sensor.lag,
        drives=sensor.drives,
        calibrated=sensor.calibrated,
        undocumented=sensor.undocumented,
        properties=sensor.properties,
        **named_response(sensor.response, f"{name}/{sensor.name}", sidecar.file),
    )


def _believable(file: str, sensor: Sensor, si: str, logged: Array, values: Array, rows: Sequence[int]) -> None:
    if np.isinf(values).any():
        row = rows[int(np.argmax(np.isinf(values)))]
        raise TrialError(
            f"{file}, row {row}: channel '{sensor.name}' reads infinity. A reading is finite, a gap is blank. "
            "Blank that cell in a copy, or name its text under gaps in the sidecar."
        )
    if si != "K":
        return
    with np.errstate(invalid="ignore"):
        off = (values < 0.0) | (values > HOTTEST)
    if off.any():
        k = int(np.argmax(off))
        raise TrialError(
            f"{file}, row {rows[k]}: channel '{sensor.name}' reads {logged[k]:g} {sensor.unit}, which is "
            f"{values[k]:g} K. Temperatures lie between 0 and {HOTTEST:g} K. "
            "Correct the channel's unit; an open thermocouple is a gap: blank it, or name its text under gaps."
        )
