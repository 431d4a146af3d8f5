"""The trial store: one HDF5 file, append-only, whole at every moment, every array and record under its hash.

A change is a new record in a chain, each holding the hash of the one before; a correction is a new version of a trial
that points to the old one, and the old one stays. Files are replaced in one step, so a reader never meets half a file.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import h5py
import numpy as np
from numpy.typing import NDArray

from ..models import Trial, TrialError
from ..models.errors import did_you_mean
from . import chain, shelf
from .chain import Record
from .content import content_of, corrected
from .foreign import read_foreign
from .sealed import alone, sealed

SCHEMA = "foretrial.store/1"

Array = NDArray[np.float64]
R = TypeVar("R")


def write(trial: Trial, path: str | Path, *, raw: Iterable[str | Path] = ()) -> Trial:
    """A new store with this one trial, which is returned with its content hash.

    Parameters
    ----------
    raw : paths
        The files that it was read from; they are kept byte for byte, original time stamps included.

    Raises
    ------
    TrialError
        If `path` exists, or a raw file is not the one that the trial was read from.
    """
    if Path(path).exists():
        raise TrialError(
            f"{path} exists already. A store is never written over. Add to it with twin.add(path, trial), "
            "or choose another name."
        )
    return add(path, trial, raw=raw)


def add(path: str | Path, trial: Trial, *, raw: Iterable[str | Path] = ()) -> Trial:
    """The trial with its content hash, once it is in the store, which is made where there is none.

    Adding the same trial again changes nothing; another one of the same name is refused. `raw` as for `write`.
    """
    path, content = Path(path), content_of(trial)
    kept = _bytes(trial, raw)
    if path.exists():
        with _opened(path, store=True) as file:
            old = chain.versions(file, path.name).get(trial.name, [])
        if content in old[:1]:
            return replace(trial, content=content)
        if old:
            raise TrialError(
                f"{path.name} holds another trial '{trial.name}' (content {old[0][:12]}, this one {content[:12]}). "
                "What is stored stays. Use twin.correct to mend readings, or give the trial another name."
            )

    def put(file: h5py.File) -> None:
        if trial.name in chain.versions(file, path.name):
            raise TrialError(
                f"{path.name}: another writer added a trial '{trial.name}' meanwhile. Names are taken once. "
                "Read it to see whether it is the same, or give this one another name."
            )
        shelf.put(file, trial, 1, kept)
        payload = {"trial": trial.name, "version": 1, "content": content, "raw": dict(trial.raw)}
        chain.append(file, path.name, "trial", payload)

    path.parent.mkdir(parents=True, exist_ok=True)
    _change(path, put, create=True)
    return replace(trial, content=content)


def read(
    path: str | Path, name: str | None = None, *, version: int | None = None, units: Mapping[str, str] | None = None
) -> Trial:
    """The trial of that name, corrections included, every hash verified.

    Parameters
    ----------
    name : str
        May be left out where the store holds one trial.
    version : int
        1 is as first stored; left out, the latest.
    units : mapping of dataset name to unit
        Only for an HDF5 file that is not a store and whose datasets have no 'unit' attribute.

    Raises
    ------
    TrialError
        If the file is missing, empty, truncated, not HDF5, or anything in it does not match its hash.
    """
    path = Path(path)
    with _opened(path) as file:
        if "schema" not in file.attrs:
            return read_foreign(file, path, units or {})
        if units:
            raise TrialError(
                f"{path.name} is a trial store, whose channels have their units; units={dict(units)!r} is not needed. "
                "Units are corrected where the log is imported. Leave units out."
            )
        contents = chain.versions(file, path.name)
        chosen = _chosen(path, name, contents)
        versions = contents[chosen]
        number = len(versions) if version is None else version
        if not 1 <= number <= len(versions):
            raise TrialError(
                f"{path.name}: trial '{chosen}' has no version {version}. It has 1 to {len(versions)}. Choose one."
            )
        return shelf.get(file, path.name, chosen, number, versions[number - 1])


def names(path: str | Path) -> tuple[str, ...]:
    """Names of the trials in a store, in the order in which they were added."""
    with _opened(Path(path), store=True) as file:
        return tuple(chain.versions(file, Path(path).name))


def correct(
    path: str | Path,
    name: str,
    channel: str,
    *,
    values: Array | None = None,
    mask: NDArray[np.bool_] | None = None,
    why: str,
    who: str,
) -> Trial:
    """The corrected trial, stored as a new version that points to the one it corrects; that one stays.

    Parameters
    ----------
    values : (n,) in the channel's SI unit
        What the readings are now; NaN is a gap. Left out, they stay.
    mask : (n,) bool
        True strikes a reading out: it becomes a gap.
    why, who : str
        Go into the record.
    """
    if not why.strip() or not who.strip():
        raise TrialError(
            f"correction of '{channel}': why = '{why}', who = '{who}'. A correction says why and by whom. State both."
        )
    path = Path(path)
    old = read(path, name)
    sensor = old[channel]
    new = np.array(sensor.values if values is None else values, dtype=np.float64)
    struck = np.zeros(sensor.t.shape, bool) if mask is None else np.asarray(mask, bool)
    for what, array in (("values", new), ("mask", struck)):
        if array.shape != sensor.t.shape:
            raise TrialError(
                f"correction of '{channel}': {array.size} {what} for {sensor.t.size} readings. "
                f"Each reading has one. Start from read(path, '{name}')['{channel}'].values."
            )
    new[struck] = np.nan
    changed = int((~((new == sensor.values) | (np.isnan(new) & np.isnan(sensor.values)))).sum())
    if not changed:
        raise TrialError(
            f"correction of '{channel}' changes none of its {new.size} readings. It changes some. Look at the mask."
        )
    remark = f"{channel}: {changed} of {new.size} readings corrected by {who}: {why}"
    trial = corrected(old, replace(sensor, values=new), remark)
    content = content_of(trial)

    def put(file: h5py.File) -> None:
        before = chain.versions(file, path.name)[old.name]
        if before[-1] != old.content:
            raise TrialError(
                f"{path.name}: trial '{name}' was corrected by someone else meanwhile (content {before[-1][:12]}). "
                "A correction starts from the latest version. Read it again and repeat."
            )
        shelf.put(file, trial, len(before) + 1, {})
        payload = {"trial": old.name, "version": len(before) + 1, "content": content, "corrects": old.content,
                   "channel": channel, "changed": changed, "why": why, "who": who}  # fmt: skip
        chain.append(file, path.name, "correction", payload)

    _change(path, put)
    return replace(trial, content=content)


def append_record(path: str | Path, kind: str, payload: Mapping[str, Any]) -> Record:
    """The new last link of the store's chain, which is made where there is none.

    Raises
    ------
    TrialError
        If the payload is not plain data, or the kind is one of the store's own.
    """
    if kind in chain.OWN:
        raise TrialError(
            f"a record of kind '{kind}' is the store's own. Others are 'freeze', 'run' and the like. "
            f"Use twin.{chain.OWN[kind]}."
        )
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    return _change(path, lambda file: chain.append(file, path.name, kind, payload), create=True)


def records(path: str | Path, kind: str = "") -> tuple[Record, ...]:
    """Links of the chain, oldest first, all or those of one kind; a broken chain is refused."""
    with _opened(Path(path), store=True) as file:
        return tuple(record for record in chain.links(file, Path(path).name) if not kind or record.kind == kind)


def check(path: str | Path) -> tuple[str, ...]:
    """One sentence for every hash in the store that does not match what it is of; empty says that all do.

    Raises
    ------
    TrialError
        If the file cannot be opened as a store at all.
    """
    path, wrong = Path(path), []
    with _opened(path, store=True) as file:
        try:
            contents = chain.versions(file, path.name)
        except TrialError as broken:
            return (str(broken),)
        stored = file.get("trials", {})
        known = {shelf.key(name) for name in contents}
        wrong += [f"{path.name}: trial '{key}' is not in the chain." for key in stored if key not in known]
        for name, versions in contents.items():
            for number, content in enumerate(versions, 1):
                wrong += shelf.wrong(file, path.name, name, number, content)
    return tuple(wrong)


def raw_file(path: str | Path, name: str, file_name: str) -> bytes:
    """The bytes of a file that the trial was read from, as kept in the store, verified by their hash."""
    trial = read(path, name)
    with _opened(Path(path), store=True) as file:
        return shelf.get_raw(file, Path(path).name, trial, file_name)


@contextmanager
def _opened(path: Path, *, store: bool = False) -> Iterator[h5py.File]:
    """The file for reading; every way in which it cannot be is a sentence."""
    if not path.exists():
        raise TrialError(f"{path}: there is no such file. A trial store is an HDF5 file. Correct the path.")
    if path.is_dir():
        raise TrialError(
            f"{path} is a folder. A trial store is one HDF5 file. A live log's folder becomes one by twin.consolidate."
        )
    if path.stat().st_size == 0:
        raise TrialError(
            f"{path.name} is empty: 0 bytes. A store is never empty. The copy failed; take it from its source again."
        )
    if not h5py.is_hdf5(path):
        raise TrialError(
            f"{path.name} is not an HDF5 file: it begins with {_head(path)!r}. A trial store is one. "
            "A CSV file is read with twin.import_csv."
        )
    try:
        file = h5py.File(path, "r")
    except OSError as cause:
        raise TrialError(
            f"{path.name} is damaged or cut off at {path.stat().st_size} bytes ({cause}). A store is replaced as a "
            "whole, so a copy went wrong. Take it from its source again, or consolidate the live log anew."
        ) from cause
    with file:
        given = file.attrs.get("schema")
        if (store or given is not None) and given != SCHEMA:
            raise TrialError(
                f"{path.name}: schema is {given!r}. This version reads '{SCHEMA}'. "
                "Import a file of another make with twin.read and twin.add."
            )
        try:
            yield file
        except (OSError, KeyError, UnicodeDecodeError, json.JSONDecodeError) as cause:
            raise TrialError(
                f"{path.name} is damaged inside: {cause}. What was stored reads back. Restore it from a copy."
            ) from cause


def _change(path: Path, put: Callable[[h5py.File], R], *, create: bool = False) -> R:
    """What `put` returns, once the file with its change has replaced the old one as a whole."""
    with alone(path):
        if path.exists() or not create:
            with _opened(path, store=True):
                pass
        with sealed(path) as partial:
            if path.exists():
                shutil.copyfile(path, partial)
            with h5py.File(partial, "a", libver=("v110", "v110")) as file:
                file.attrs["schema"] = SCHEMA
                result = put(file)
    return result


def _chosen(path: Path, name: str | None, contents: Mapping[str, Any]) -> str:
    if name is None and len(contents) == 1:
        return next(iter(contents))
    if name in contents:
        return str(name)
    if name is None:
        raise TrialError(
            f"{path.name} holds {len(contents)} trials: {', '.join(contents)}. One is read at a time. Name it."
        )
    raise TrialError(f"{path.name} has no trial '{name}'. {did_you_mean(name, contents)} Correct the name.")


def _bytes(trial: Trial, raw: Iterable[str | Path]) -> dict[str, bytes]:
    """Raw files by name, each the very one that the trial was read from."""
    kept = {}
    for one in map(Path, raw):
        data = one.read_bytes() if one.is_file() else b""
        if not one.is_file() or hashlib.sha256(data).hexdigest() != trial.raw.get(one.name):
            state = "is another file than" if one.is_file() else "is not there, though it is"
            raise TrialError(
                f"{one} {state} what trial '{trial.name}' was read from ({', '.join(trial.raw) or 'no file'}). "
                "Raw files are kept as they were read. Import the log again, and hand over those files."
            )
        kept[one.name] = data
    return kept


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(8)
