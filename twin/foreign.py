"""A Trial out of an HDF5 file of another make: one-dimensional datasets with units, one of them a time."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..models import ModelError, Trial, TrialError
from ..models.errors import did_you_mean
from ..models.units import dimension, factor
from .assemble import assemble
from .sealed import hash_of
from .sidecar import Sensor, Sidecar


def read_foreign(file: Any, path: Path, units: Mapping[str, str]) -> Trial:
    """The trial in the open file at `path`.

    Each dataset states its unit in an attribute 'unit' or 'units', or in `units`; the one in a unit of time is the
    time base, and the others are as long as it is.

    Raises
    ------
    TrialError
        If a dataset has no unit, none or several are in a unit of time, or lengths differ.
    """
    found: dict[str, Any] = {}
    file.visititems(lambda name, item: found.__setitem__(name, item) if _is_column(item) else None)
    if not found:
        raise TrialError(
            f"{path.name} holds no one-dimensional numbers. A log has a time and channels, one dataset each. "
            "Look whether this is the right file."
        )
    for name in units:
        if name not in found:
            raise TrialError(
                f"{path.name} has no dataset '{name}', for which units gives '{units[name]}'. "
                f"{did_you_mean(name, found)} Correct the name."
            )
    given = {name: units.get(name) or _unit(item) for name, item in found.items()}
    for name, unit in given.items():
        if not unit:
            raise TrialError(
                f"{path.name}: channel '{name}' has no unit. None is assumed. Set its 'unit' attribute where it is "
                f"written, or pass units={{'{name}': 'degC'}} or whatever it is."
            )
    clocks = [name for name, unit in given.items() if _si(path, name, unit) == "s"]
    if len(clocks) != 1:
        raise TrialError(
            f"{path.name} has {len(clocks)} datasets in a unit of time: {', '.join(clocks) or 'none'}. One is the time "
            "base. Copy the log's own time and channels into a file of their own, or export them as CSV."
        )
    time = found.pop(clocks[0])
    scale, offset = factor(given[clocks[0]], "s")
    for name, item in found.items():
        if item.shape != time.shape:
            raise TrialError(
                f"{path.name}: channel '{name}' has {item.size} readings for {time.size} times. "
                "Each reading has its time. Look for a log that was cut off, or export channels apart."
            )
    channels = {name: Sensor(name=name, column=name, unit=given[name]) for name in found}
    return assemble(
        file=path.name,
        sidecar=Sidecar(channels=channels),
        t=scale * np.asarray(time[()], dtype=np.float64) + offset,
        columns={name: np.asarray(item[()], dtype=np.float64) for name, item in found.items()},
        rows=range(1, time.size + 1),
        raw={path.name: hash_of(path)},
    )


def _is_column(item: Any) -> bool:
    return getattr(item, "ndim", 0) == 1 and item.dtype.kind in "fiu"


def _unit(item: Any) -> str:
    for word in ("unit", "units"):
        if word in item.attrs:
            text = item.attrs[word]
            return text.decode() if isinstance(text, bytes) else str(text)
    return ""


def _si(path: Path, name: str, unit: str) -> str:
    try:
        return dimension(unit)
    except ModelError as cause:
        raise TrialError(f"{path.name}: channel '{name}': {cause}") from cause
