"""A Trial out of a TDMS file, as LabVIEW writes it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..models import ModelError, Trial, TrialError
from ..models.units import dimension, factor
from .recorded import Recorded, from_recorded, needed

_UNITS = ("unit_string", "NI_UnitDescription", "unit", "units")


def import_tdms(path: str | Path, sidecar: str | Path | None = None, *, units: Mapping[str, str] | None = None,
                time: str | None = None, name: str = "") -> Trial:  # fmt: skip
    """The trial in a TDMS file, in SI, with the SHA-256 of every file it was read from.

    A channel's clock is its waveform's (wf_start_time, wf_start_offset, wf_increment), else the one channel of its
    group in a unit of time. Channels are called by their name, or "group/name" where two groups have the same.

    Parameters
    ----------
    time : str
        The channel that is the time base of those without a waveform clock, where several could be.
    path, sidecar, units, name
        As for `import_csv`.

    Raises
    ------
    TrialError
        If npTDMS is not installed, the file is no TDMS file, a channel has no clock or no unit.
    """
    path = Path(path)
    if not path.is_file():
        raise TrialError(f"{path}: there is no such file. A TDMS log ends in .tdms. Correct the path.")
    nptdms = needed("nptdms", path)
    try:
        with path.open("rb") as head:
            if head.read(4) != b"TDSm":
                raise ValueError("it does not begin with TDSm")
        with nptdms.TdmsFile.open(path) as file:
            channels = [(g.name, c.name, dict(c.properties), np.asarray(c[:])) for g in file.groups()
                        for c in g.channels()]  # fmt: skip
    except Exception as cause:
        raise TrialError(
            f"{path.name} does not read as TDMS: {cause}. LabVIEW writes such files. Take it from its source again, "
            "or export it as CSV."
        ) from cause
    plain = [c for _, c, _, _ in channels]
    named = [(c if plain.count(c) == 1 else f"{g}/{c}", g, p, v) for g, c, p, v in channels]
    numbers = [one for one in named if one[3].dtype.kind in "fiu" and one[3].ndim == 1 and one[3].size]
    left = [f"channel '{one[0]}' holds no numbers and was left out" for one in named if one not in numbers]
    clocks = {n: (g, v) for n, g, p, v in numbers if _is_time((units or {}).get(n) or _unit(p)) and (not time or
              n == time)}  # fmt: skip
    starts = [np.datetime64(p["wf_start_time"], "us") for _, _, p, _ in numbers if "wf_start_time" in p]
    zero = min(starts) if starts else None
    records, used = [], set()
    for channel, group, properties, values in numbers:
        if channel in clocks:
            continue
        if "wf_increment" in properties and float(properties["wf_increment"]) > 0.0:
            begin = np.datetime64(properties["wf_start_time"], "us") if "wf_start_time" in properties else zero
            late = 0.0 if zero is None or begin is None else float((begin - zero) / np.timedelta64(1, "us")) * 1e-6
            t = late + float(properties.get("wf_start_offset", 0.0)) + float(properties["wf_increment"]) * np.arange(
                values.size)  # fmt: skip
        else:
            own = [n for n, (g, v) in clocks.items() if (g == group or n == time) and v.size == values.size]
            if len(own) != 1:
                raise TrialError(
                    f"{path.name}: channel '{channel}' has no clock: no waveform increment, and {len(own)} channels of "
                    f"its group '{group}' with its {values.size} readings are in a unit of time. It needs one. "
                    "Choose it with time='...', state its unit with units, or record waveforms."
                )
            used.add(own[0])
            unit = (units or {}).get(own[0]) or _unit(_of(numbers, own[0]))
            t = factor(unit, "s")[0] * np.asarray(clocks[own[0]][1], dtype=np.float64)
        records.append(
            Recorded(
                name=channel, unit=_unit(properties), t=np.asarray(t, np.float64), values=values.astype(np.float64)
            )
        )
    told = {n: u for n, u in (units or {}).items() if n not in used}
    started = f"{np.datetime_as_string(zero, unit='ms')}+00:00" if zero is not None else ""
    return from_recorded(path, records, sidecar=sidecar, units=told, name=name, started=started, remarks=left)


def _of(numbers: list[tuple[str, str, dict[str, Any], Any]], name: str) -> dict[str, Any]:
    return next(p for n, _, p, _ in numbers if n == name)


def _unit(properties: Mapping[str, Any]) -> str:
    return next((str(properties[key]) for key in _UNITS if properties.get(key)), "")


def _is_time(unit: str) -> bool:
    try:
        return bool(unit) and dimension(unit) == "s"
    except ModelError:
        return False
