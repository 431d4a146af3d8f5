"""How a trial lies in an open HDF5 file: its text, its arrays with units, and the raw files byte for byte.

    trials/<name>/<version>/text                               canonical JSON; its SHA-256 is the trial's content hash
    trials/<name>/<version>/channels/<channel>/t, values, std  float64, each with its sha256 and unit
    trials/<name>/<version>/raw/<file>                         bytes as they were read

Versions share the arrays that they have in common.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..models import Trial, TrialError
from ..models.errors import did_you_mean
from .content import plain, revive, sha_of

Array = NDArray[np.float64]
_PACKED = {"compression": "gzip", "shuffle": True}


def key(name: str) -> str:
    """A name as HDF5 can hold it: without slash, and not a lone dot."""
    safe = name.replace("%", "%25").replace("/", "%2F")
    return safe.replace(".", "%2E") if set(safe) <= {"."} else safe


def put(file: Any, trial: Trial, version: int, raw: Mapping[str, bytes]) -> None:
    """Lay a version of the trial into the open file, with the raw files that were handed over."""
    shelf = file.require_group(f"trials/{key(trial.name)}")
    group = shelf.create_group(f"{version:04d}")
    group.create_dataset("text", data=np.frombuffer(plain(trial).encode(), dtype=np.uint8), **_PACKED)
    before = shelf.get(f"{version - 1:04d}")
    lying: dict[tuple[str, str], Any] = {}
    if before is not None:
        before["channels"].visititems(
            lambda _, item: lying.__setitem__((item.attrs["sha256"], item.attrs["unit"]), item)
            if "sha256" in item.attrs else None
        )  # fmt: skip
        group["raw"] = before["raw"]
    else:
        kept = group.create_group("raw")
        for name, data in raw.items():
            dataset = kept.create_dataset(key(name), data=np.frombuffer(data, dtype=np.uint8), **_PACKED)
            dataset.attrs["name"] = name
    for channel in trial.channels.values():
        place = group.create_group(f"channels/{key(channel.name)}")
        place.attrs.update({"name": channel.name, "kind": channel.kind, "logged_unit": channel.logged_unit})
        arrays = {"t": (channel.t, "s"), "values": (channel.values, channel.unit)}
        if isinstance(channel.std, np.ndarray):
            arrays["std"] = (channel.std, channel.unit)
        for part, (array, unit) in arrays.items():
            sha = sha_of(array)
            if (sha, unit) in lying:
                place[part] = lying[sha, unit]
                continue
            dataset = place.create_dataset(part, data=np.ascontiguousarray(array, dtype="<f8"), **_PACKED)
            dataset.attrs.update({"sha256": sha, "unit": unit})
            lying[sha, unit] = dataset


def get(file: Any, where: str, name: str, version: int, content: str) -> Trial:
    """That version of the trial out of the open file; whatever does not match its hash is refused."""
    group = file[f"trials/{key(name)}/{version:04d}"]
    text = group["text"][()].tobytes()
    found = hashlib.sha256(text).hexdigest()
    if found != content:
        raise TrialError(
            f"{where}: what is written about trial '{name}' has hash {found[:12]}, its record says {content[:12]}. "
            "What is stored never changes. Restore the store from a copy."
        )

    def array(channel: str, part: str, sha: str) -> Array:
        values = np.asarray(group[f"channels/{key(channel)}/{part}"][()], dtype=np.float64)
        if sha_of(values) != sha:
            raise TrialError(
                f"{where}: {part} of channel '{channel}' in trial '{name}' has hash {sha_of(values)[:12]}, its record "
                f"says {sha[:12]}. Readings never change; a correction is a new record. Restore the store from a copy."
            )
        return values

    return revive(json.loads(text), array, content)


def get_raw(file: Any, where: str, trial: Trial, name: str) -> bytes:
    """The bytes of one of the files that the trial was read from."""
    kept = file[f"trials/{key(trial.name)}/0001/raw"]
    if key(name) not in kept:
        held = [str(dataset.attrs["name"]) for dataset in kept.values()]
        raise TrialError(
            f"{where}: trial '{trial.name}' keeps no file '{name}'. {did_you_mean(name, held)} "
            "A file is kept when add is given raw=[...]."
        )
    data = kept[key(name)][()].tobytes()
    if hashlib.sha256(data).hexdigest() != trial.raw.get(name):
        raise TrialError(
            f"{where}: the raw file '{name}' of trial '{trial.name}' does not match its hash. "
            "Stored bytes never change. Restore the store from a copy."
        )
    return bytes(data)


def wrong(file: Any, where: str, name: str, version: int, content: str) -> list[str]:
    """One sentence for everything in that version of a trial that does not match its hash or unit."""
    told: list[str] = []
    try:
        group = file[f"trials/{key(name)}/{version:04d}"]
        text = group["text"][()].tobytes()
        if hashlib.sha256(text).hexdigest() != content:
            return [f"{where}: the text of trial '{name}', version {version}, does not match its record."]
        data = json.loads(text)
    except (KeyError, OSError) as cause:
        return [f"{where}: trial '{name}', version {version}, cannot be read: {cause}."]
    for channel in data["channels"]:
        units = {"t": "s", "values": channel["unit"], "std": channel["unit"]}
        for part, unit in units.items():
            told += _wrong_array(group, where, f"'{name}'", channel, part, unit)
    for dataset in group["raw"].values():
        file_name = str(dataset.attrs["name"])
        try:
            same = hashlib.sha256(dataset[()].tobytes()).hexdigest() == data["raw"].get(file_name)
        except OSError:
            same = False
        if not same:
            told.append(f"{where}: raw file '{file_name}' of trial '{name}' does not match its hash.")
    return told


def _wrong_array(group: Any, where: str, name: str, channel: Mapping[str, Any], part: str, unit: str) -> list[str]:
    sha = channel[f"{part}_sha"]
    if not sha:
        return []
    label = f"{where}: {part} of channel '{channel['name']}' in trial {name}"
    try:
        dataset = group[f"channels/{key(channel['name'])}/{part}"]
        found = sha_of(np.asarray(dataset[()], dtype=np.float64))
    except (KeyError, OSError) as cause:
        return [f"{label} cannot be read: {cause}."]
    if found != sha:
        return [f"{label} has hash {found[:12]}, its record says {sha[:12]}."]
    if str(dataset.attrs.get("unit")) != unit:
        return [f"{label} is marked as '{dataset.attrs.get('unit')}', its record says '{unit}'."]
    return []
