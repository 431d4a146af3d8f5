"""One verb to read a trial wherever it lies, and one to bring a CSV log into a store with its files."""

from collections.abc import Mapping
from pathlib import Path

from ..models import Trial, TrialError
from .importing import import_csv
from .store import add
from .store import read as read_store

_HDF5 = b"\x89HDF\r\n\x1a\n"


def read(
    path: str | Path,
    name: str | None = None,
    *,
    sidecar: str | Path | None = None,
    units: Mapping[str, str] | None = None,
    version: int | None = None,
) -> Trial:
    """The trial in a store, another HDF5 file or a CSV file.

    Parameters
    ----------
    name : str
        Which trial of a store; may be left out where there is one. For a CSV file, what to call it.
    sidecar : path
        For a CSV file; left out, the TOML file of the same stem is read where there is one.
    units : mapping of column name to unit
        For columns that state none.
    version : int
        Of a store's trial: 1 is as first stored; left out, the latest.

    Raises
    ------
    TrialError
        As `import_csv` and `store.read`.
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
    return import_csv(path, sidecar, units=units, name=name or "")


def add_log(
    store: str | Path,
    path: str | Path,
    sidecar: str | Path | None = None,
    *,
    units: Mapping[str, str] | None = None,
    time: str | None = None,
    name: str = "",
) -> Trial:
    """The trial of a CSV file once it is in the store, with the file and its sidecar kept byte for byte.

    Parameters and errors are those of `import_csv` and `add`.
    """
    path = Path(path)
    trial = import_csv(path, sidecar, units=units, time=time, name=name)
    beside = Path(sidecar) if sidecar is not None else path.with_suffix(".toml")
    return add(store, trial, raw=[path, *([beside] if beside.name in trial.raw else [])])


def _begins(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_HDF5)) == _HDF5
