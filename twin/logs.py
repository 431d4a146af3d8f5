"""One verb to read a trial wherever it lies, and one to bring a log into a store with its files and its mapping."""

import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from ..models import ModelError, Trial, TrialError
from ..models.units import dimension
from .excel import import_excel
from .importing import import_csv
from .mdf import import_mdf
from .store import add
from .store import read as read_store
from .tdms import import_tdms

IMPORTERS: Mapping[str, Callable[..., Trial]] = {
    ".xlsx": import_excel, ".xlsm": import_excel, ".tdms": import_tdms, ".mf4": import_mdf,
    ".mdf": import_mdf}  # fmt: skip
_HDF5 = b"\x89HDF\r\n\x1a\n"


def read(
    path: str | Path,
    name: str | None = None,
    *,
    sidecar: str | Path | None = None,
    units: Mapping[str, str] | None = None,
    version: int | None = None,
) -> Trial:
    """The trial in a store, another HDF5 file, or a log: CSV, Excel, TDMS or MDF by its suffix.

    Parameters
    ----------
    name : str
        Which trial of a store; may be left out where there is one. For a log, what to call it.
    sidecar : path
        For a log; left out, the TOML file of the same stem is read where there is one.
    units : mapping of column name to unit
        For columns that state none.
    version : int
        Of a store's trial: 1 is as first stored; left out, the latest.

    Raises
    ------
    TrialError
        As `import_csv`, its likes and `store.read`.
    """
    path = Path(path)
    if path.suffix.lower() in (".h5", ".hdf5", ".hdf", ".he5") or _begins(path):
        if sidecar is not None:
            raise TrialError(
                f"{path.name} is an HDF5 file, which carries its own units; sidecar='{sidecar}' is for text. "
                "A log is described once. Leave sidecar out."
            )
        return read_store(path, name, version=version, units=units)
    if version is not None:
        raise TrialError(
            f"{path.name} is no trial store, and has no version {version}. A store keeps corrections. Leave it out."
        )
    return import_log(path, sidecar, units=units, name=name or "")


def import_log(path: str | Path, sidecar: str | Path | None = None, *, units: Mapping[str, str] | None = None,
               time: str | None = None, name: str = "") -> Trial:  # fmt: skip
    """The trial in a log, by its suffix: .xlsx and .xlsm, .tdms, .mf4 and .mdf; CSV for any other. See `import_csv`."""
    suffix = Path(path).suffix.lower()
    if suffix == ".xls":
        raise TrialError(
            f"{Path(path).name} is a workbook of before 2007. An .xlsx file is read. Save it as .xlsx, or export CSV."
        )
    return IMPORTERS.get(suffix, import_csv)(path, sidecar, units=units, time=time, name=name)


def add_log(
    store: str | Path,
    path: str | Path,
    sidecar: str | Path | None = None,
    *,
    units: Mapping[str, str] | None = None,
    time: str | None = None,
    name: str = "",
) -> Trial:
    """The trial of a log once it is in the store, with the file and its sidecar kept byte for byte.

    What `units` and `time` say is kept beside them as a sidecar of its own, `STEM.mapping.toml`: with it the raw file
    reads as it did. Parameters and errors are those of `import_log` and `add`.
    """
    path = Path(path)
    trial = import_log(path, sidecar, units=units, time=time, name=name)
    beside = Path(sidecar) if sidecar is not None else path.with_suffix(".toml")
    raw = [path, *([beside] if beside.name in trial.raw else [])]
    if not units and not time:
        return add(store, trial, raw=raw)
    with tempfile.TemporaryDirectory() as folder:
        mapping = Path(folder) / f"{path.stem}.mapping.toml"
        mapping.write_bytes(_mapping(dict(units or {}), time).encode())
        sha = hashlib.sha256(mapping.read_bytes()).hexdigest()
        return add(store, replace(trial, raw={**trial.raw, mapping.name: sha}), raw=[*raw, mapping])


def _mapping(units: dict[str, str], time: str | None) -> str:
    """What was asked for at the import, as a sidecar says it."""
    quoted = {column: (json.dumps(column, ensure_ascii=False), json.dumps(unit, ensure_ascii=False))
              for column, unit in units.items()}  # fmt: skip
    clock = time or next((c for c, u in units.items() if _is_clock(u)), None)
    lines = ['schema = "foretrial.log/1"', 'remarks = ["units and time base as they were given at the import"]']
    if clock:
        unit = f"\nunit = {quoted[clock][1]}" if clock in quoted else ""
        lines.append(f"\n[time]\ncolumn = {json.dumps(clock, ensure_ascii=False)}{unit}")
    lines += [f"\n[channels.{c}]\nunit = {u}" for column, (c, u) in quoted.items() if column != clock]
    return "\n".join(lines) + "\n"


def _is_clock(unit: str) -> bool:
    try:
        return dimension(unit) == "s"
    except ModelError:
        return False


def _begins(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_HDF5)) == _HDF5
