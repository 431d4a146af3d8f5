"""A Trial out of an MDF file (ASAM), version 4 and earlier."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..models import Trial, TrialError
from .recorded import Recorded, from_recorded, needed


def import_mdf(path: str | Path, sidecar: str | Path | None = None, *, units: Mapping[str, str] | None = None,
               time: str | None = None, name: str = "") -> Trial:  # fmt: skip
    """The trial in an MDF file, in SI, with the SHA-256 of every file it was read from.

    Each channel has the clock of its group's master; values are physical ones, conversions applied. Channels are called
    by their name, or "group number/name" where two groups have the same.

    Parameters
    ----------
    path, sidecar, units, name
        As for `import_csv`.
    time : str
        Must be left out: a master channel is the clock.

    Raises
    ------
    TrialError
        If asammdf is not installed, the file is no MDF file, or a channel has no unit.
    """
    path = Path(path)
    if time is not None:
        raise TrialError(
            f"{path.name} is an MDF file, whose groups carry their own clock; time='{time}' is not needed. "
            "A clock is stated once. Leave time out."
        )
    if not path.is_file():
        raise TrialError(f"{path}: there is no such file. An MDF log ends in .mf4 or .mdf. Correct the path.")
    asammdf = needed("asammdf", path)
    try:
        with asammdf.MDF(path) as file:
            started = file.header.start_time.isoformat()
            found = list(_signals(file))
    except Exception as cause:
        raise TrialError(
            f"{path.name} does not read as MDF: {cause}. ASAM describes such files. Take it from its source again, "
            "or export it as CSV."
        ) from cause
    plain = [signal.name for _, signal in found]
    records, left = [], []
    for group, signal in found:
        label = signal.name if plain.count(signal.name) == 1 else f"{group}/{signal.name}"
        values = np.asarray(signal.samples)
        if values.dtype.kind not in "fiub" or values.ndim != 1 or not values.size:
            left.append(f"channel '{label}' holds no numbers and was left out")
            continue
        kept = values.astype(np.float64)
        if signal.invalidation_bits is not None:
            kept = np.where(np.asarray(signal.invalidation_bits, bool), np.nan, kept)
        t = np.asarray(signal.timestamps, dtype=np.float64)
        records.append(Recorded(name=label, unit=str(signal.unit or ""), t=t, values=kept))
    return from_recorded(path, records, sidecar=sidecar, units=units, name=name, started=started, remarks=left)


def _signals(file: Any) -> Any:
    """Group number and signal of every channel but the masters."""
    for index, group in enumerate(file.groups):
        master = file.masters_db.get(index)
        for number, channel in enumerate(group.channels):
            if number != master:
                yield index, file.get(channel.name, group=index, index=number, ignore_invalidation_bits=True)
