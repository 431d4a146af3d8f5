"""A trial as plain data with the hash of every array, and its identity: one SHA-256 over all of it."""

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..models import Channel, Quantity, Trial
from ..models.verdict import canonical

Array = NDArray[np.float64]
_RESPONSE = ("gain", "drift", "stem", "clock")


def sha_of(array: Array) -> str:
    """SHA-256 (hex) of an array's numbers as little-endian float64."""
    return hashlib.sha256(np.ascontiguousarray(array, dtype="<f8").tobytes()).hexdigest()


def plain(trial: Trial) -> str:
    """Canonical JSON of all that a trial holds, each array by its SHA-256; the text that its content hash is of."""
    return canonical(
        {
            "name": trial.name,
            "title": trial.title,
            "source": trial.source,
            "licence": trial.licence,
            "started": trial.started,
            "geometry": dict(trial.geometry),
            "raw": dict(trial.raw),
            "remarks": list(trial.remarks),
            "channels": [_channel(channel) for channel in trial.channels.values()],
        }
    )


def content_of(trial: Trial) -> str:
    """SHA-256 (hex) by which a trial is known in splits, fits and verdicts; the store's, whether stored or not."""
    return hashlib.sha256(plain(trial).encode()).hexdigest()


def revive(data: Mapping[str, Any], array: Callable[[str, str, str], Array], content: str) -> Trial:
    """The trial that `plain` wrote; `array(channel, "t" | "values" | "std", sha)` hands over its arrays."""
    channels = {}
    for given in data["channels"]:
        known = dict(given)
        name, std = known["name"], known.pop("std_sha")
        t, values = (array(name, key, known.pop(f"{key}_sha")) for key in ("t", "values"))
        channels[name] = Channel(
            **{
                **known,
                "t": t,
                "values": values,
                "std": array(name, "std", std) if std else known["std"],
                "place": tuple(known["place"]) if known["place"] else None,
                "facing": tuple(known["facing"]) if known["facing"] else None,
                "bias": _quantity(known["bias"]),
                "lag": _quantity(known["lag"]),
                "undocumented": tuple(known["undocumented"]),
                **{key: _quantity(known[key]) for key in _RESPONSE if key in known},
                **({"limits": tuple(known["limits"])} if "limits" in known else {}),
            }
        )
    words = {key: data[key] for key in ("name", "title", "source", "licence", "started", "geometry", "raw")}
    return Trial(channels=channels, remarks=tuple(data["remarks"]), content=content, **words)


def corrected(trial: Trial, channel: Channel, remark: str) -> Trial:
    """The same trial with one channel replaced and a remark on it."""
    return replace(
        trial, channels={**trial.channels, channel.name: channel}, remarks=(*trial.remarks, remark), content=""
    )


def _response(channel: Channel) -> dict[str, Any]:
    """What is said of gain, drift and the like, where it is said: a trial of before keeps its hash."""
    plain = Channel(name="", t=np.zeros(0), values=np.zeros(0), unit="", logged_unit="")
    said: dict[str, Any] = {key: _plain_quantity(getattr(channel, key)) for key in _RESPONSE
                            if getattr(channel, key) != getattr(plain, key)}  # fmt: skip
    for key in ("pivot", "stem_to", "unused"):
        if getattr(channel, key) != getattr(plain, key):
            said[key] = getattr(channel, key)
    if channel.limits is not None:
        said["limits"] = [float(x) for x in channel.limits]
    return said


def _channel(channel: Channel) -> dict[str, Any]:
    own = isinstance(channel.std, np.ndarray)
    return {
        "name": channel.name,
        "t_sha": sha_of(channel.t),
        "values_sha": sha_of(channel.values),
        "std_sha": sha_of(np.asarray(channel.std)) if own else "",
        "std": 0.0 if own else float(channel.std),
        "unit": channel.unit,
        "logged_unit": channel.logged_unit,
        "kind": channel.kind,
        "station": channel.station,
        "place": channel.place and [float(x) for x in channel.place],
        "facing": channel.facing and [float(x) for x in channel.facing],
        "place_std": float(channel.place_std),
        "bias": _plain_quantity(channel.bias),
        "resolution": float(channel.resolution),
        "lag": _plain_quantity(channel.lag),
        "drives": bool(channel.drives),
        "calibrated": channel.calibrated,
        "undocumented": list(channel.undocumented),
        "properties": {key: float(value) for key, value in channel.properties.items()},
        **_response(channel),
    }


def _plain_quantity(given: Quantity) -> dict[str, Any]:
    return {
        "value": given.value,
        "unit": given.unit,
        "std": given.std,
        "distribution": given.distribution,
        "dof": given.dof if math.isfinite(given.dof) else None,
        "group": given.group,
        "name": given.name,
        "source": given.source,
        "valid": list(given.valid) if given.valid else None,
    }


def _quantity(given: Mapping[str, Any]) -> Quantity:
    known = {**given, "dof": math.inf if given["dof"] is None else given["dof"]}
    return Quantity(**{**known, "valid": tuple(given["valid"]) if given["valid"] else None})
