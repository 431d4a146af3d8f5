"""A Trial out of channels that each carry their own clock, as measuring systems record them."""

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from ..models import ModelError, Trial, TrialError
from ..models.errors import did_you_mean
from ..models.units import dimension, factor
from .assemble import assemble
from .importing import described, two_clocks
from .sealed import hash_of
from .sidecar import Sensor

Array = NDArray[np.float64]
MODULES = {"openpyxl": "openpyxl", "nptdms": "npTDMS", "asammdf": "asammdf"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recorded:
    """One channel of a file: its name and unit as written there, t (n,) s since `started`, values (n,) as logged."""

    name: str
    unit: str
    t: Array
    values: Array


def needed(module: str, path: Path) -> ModuleType:
    """The package that reads such a file; a TrialError says how to install it."""
    try:
        return importlib.import_module(module)
    except ImportError as cause:
        package = MODULES[module]
        raise TrialError(
            f"{path.name} is read with {package}, which is not installed here. It comes with an extra. "
            f'Install it: pip install "foretrial[connect]", or pip install {package}; or export the log as CSV.'
        ) from cause


def from_recorded(path: Path, records: Sequence[Recorded], *, sidecar: str | Path | None,
                  units: Mapping[str, str] | None, name: str, started: str = "",
                  remarks: Sequence[str] = ()) -> Trial:  # fmt: skip
    """The trial that a file's records are, in SI; its sidecar names channels, units, places and sensors.

    Channels that the sidecar does not speak of need a unit, their own or one in `units`. Where the file's unit and the
    stated one differ, the log is refused.

    Raises
    ------
    TrialError
        For no record, a name or unit that does not fit, or readings that `assemble` refuses.
    """
    chosen, declared = described(path, sidecar)
    known = {record.name: record for record in records}
    if len(known) != len(records):
        raise TrialError(f"{path.name}: two channels have one name. Each has its own. Rename one where it is recorded.")
    if not known:
        raise TrialError(
            f"{path.name} holds no channel of numbers with a time. A log has one or more. Look whether the recorder "
            "wrote a clock (wf_increment in TDMS, a master channel in MDF)."
        )
    for wanted, source in ((units or {}, "units"), (dict.fromkeys(declared.ignore, ""), declared.file)):
        for one in wanted:
            if one not in known:
                raise TrialError(f"{path.name} has no channel '{one}', which {source} speaks of. "
                                 f"{did_you_mean(one, known)} Correct the name.")  # fmt: skip
    sensors = dict(declared.channels)
    spoken = {s.column for s in sensors.values()} | set(declared.ignore)
    spoken |= {s.std_from[0] for s in sensors.values() if s.std_from}
    for record in records:
        if record.name not in spoken:
            asked = (units or {}).get(record.name, "")
            sensors[record.name] = Sensor(name=record.name, column=record.name, unit=asked)
    made = {}
    for sensor in sensors.values():
        if sensor.column not in known:
            raise TrialError(f"{path.name} has no channel '{sensor.column}', which {declared.file} declares. "
                             f"{did_you_mean(sensor.column, known)} Correct the name.")  # fmt: skip
        record = known[sensor.column]
        sensor = replace(sensor, unit=_unit(path, record, sensor, dict(units or {})))
        columns = {other.name: other.values for other in records if np.array_equal(other.t, record.t)}
        part = replace(declared, channels={sensor.name: sensor}, name=name or declared.name)
        whole = assemble(file=path.name, sidecar=part, t=record.t, columns=columns, raw={},
                         rows=range(1, record.t.size + 1))  # fmt: skip
        made[sensor.name] = whole[sensor.name]
    raw = {path.name: hash_of(path)} | ({chosen.name: hash_of(chosen)} if chosen else {})
    return replace(whole, channels=made, raw=raw, started=declared.started or started,
                   remarks=(*declared.remarks, *remarks, *two_clocks(declared.started, started)))  # fmt: skip


def _unit(path: Path, record: Recorded, sensor: Sensor, asked: Mapping[str, str]) -> str:
    stated = [u for u in (sensor.unit, asked.get(record.name, "")) if u]
    own = record.unit.strip()
    if own and not _known(own):
        if not stated:
            raise TrialError(
                f"{path.name}: channel '{record.name}' is in '{own}', which is not known as a unit. None is guessed. "
                f"Pass units={{'{record.name}': 'degC'}} or whatever it means, or state it in a sidecar."
            )
        own = ""
    given = [*([own] if own else []), *stated]
    if not given:
        raise TrialError(
            f"{path.name}: channel '{record.name}' has no unit. None is assumed. Pass "
            f"units={{'{record.name}': 'degC'}} or whatever it is, or declare or ignore the channel in a sidecar."
        )
    for other in given[1:]:
        if not _alike(given[0], other):
            raise TrialError(
                f"{path.name}: channel '{record.name}' is in '{given[0]}' by the log and in '{other}' by what is "
                "stated. One of them is wrong. Correct it; the file's own unit is not overruled."
            )
    return given[0]


def _known(unit: str) -> bool:
    try:
        dimension(unit)
    except ModelError:
        return False
    return True


def _alike(one: str, other: str) -> bool:
    try:
        si = dimension(one)
        return bool(np.allclose(factor(one, si), factor(other, si), rtol=1e-12, atol=0))
    except ModelError:
        return False
