"""What a log's TOML sidecar declares: clock, units, places and uncertainty of each channel, in SI once read."""

import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..models import ModelError, Quantity, TrialError
from ..models.errors import did_you_mean
from ..models.units import dimension, factor
from .response import RESPONSE, response

SCHEMA = "foretrial.log/1"

_TOP = ("schema", "name", "title", "source", "licence", "started", "remarks", "geometry", "time", "columns", "ignore",
        "gaps", "skip", "delimiter", "decimal", "encoding", "sheet", "like", "channels")  # fmt: skip
_CHANNEL = ("like", "column", "unit", "kind", "station", "place", "facing", "place_std", "std", "std_from", "bias",
            "bias_std", "bias_group", "resolution", "lag", "lag_std", "drives", "calibrated", "undocumented",
            "properties", *RESPONSE)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The time base: its column, and either the unit of its numbers or the format of its stamps."""

    column: str
    unit: str = ""
    format: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sensor:
    """One channel as declared; every number in SI.

    Attributes
    ----------
    column, unit : str
        Where it stands in the file, and the unit of its cells there.
    std_from : (str, float, float) or None
        Column of uncertainties, the factor to SI, and the coverage factor they carry.
    response : mapping
        Gain, drift, stem, clock, limits and use, as a Channel holds them.
    """

    name: str
    column: str
    unit: str = ""
    kind: str = "sensor"
    station: str = ""
    place: tuple[float, float, float] | None = None
    facing: tuple[float, float, float] | None = None
    place_std: float = 0.0
    std: float = 0.0
    std_from: tuple[str, float, float] | None = None
    bias: float = 0.0
    bias_std: float = 0.0
    bias_group: str = ""
    resolution: float = 0.0
    lag: Quantity = field(default_factory=lambda: Quantity(value=0.0, unit="s"))
    drives: bool = False
    calibrated: str = ""
    undocumented: tuple[str, ...] = ()
    properties: Mapping[str, float] = field(default_factory=dict)
    response: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sidecar:
    """A whole sidecar. `columns` names the columns of a file that has no header; `gaps` are cells that mean a gap."""

    file: str = ""
    name: str = ""
    title: str = ""
    source: str = ""
    licence: str = ""
    started: str = ""
    remarks: tuple[str, ...] = ()
    geometry: Mapping[str, float] = field(default_factory=dict)
    time: Clock | None = None
    columns: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    skip: int = 0
    delimiter: str = ""
    decimal: str = ""
    encoding: str = ""
    sheet: str = ""
    channels: Mapping[str, Sensor] = field(default_factory=dict)


def read_sidecar(path: str | Path) -> Sidecar:
    """What the sidecar at `path` declares.

    Raises
    ------
    TrialError
        If the file is missing or not TOML, a key is unknown, or a number stands without its unit.
    """
    path = Path(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as cause:
        raise TrialError(
            f"{path}: there is no such sidecar. It is a TOML file beside the log. Correct its path."
        ) from cause
    except UnicodeDecodeError as cause:
        raise TrialError(
            f"{path.name}: byte {cause.start} is not UTF-8. A sidecar is UTF-8 text. Save it again as UTF-8."
        ) from cause
    return parse_sidecar(text, path.name)


def parse_sidecar(text: str, file: str) -> Sidecar:
    """What the TOML `text` declares; `file` is its name in messages. Errors as for `read_sidecar`."""
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as cause:
        raise TrialError(f"{file} is not TOML: {cause}. Lines read key = value. Correct that line.") from cause
    _known(given, _TOP, file)
    if given.get("schema") != SCHEMA:
        raise TrialError(
            f"{file}: schema is {given.get('schema')!r}. This version reads '{SCHEMA}'. "
            f'Write schema = "{SCHEMA}" in its first line.'
        )
    clock = _table(given.get("time", {}), f"{file}: [time]")
    _known(clock, ("column", "unit", "format"), f"{file}: [time]")
    time = Clock(**{key: _text(value, f"{file}: time.{key}") for key, value in clock.items()}) if clock else None
    like = _table(given.get("like", {}), f"{file}: [like]")
    geometry = _table(given.get("geometry", {}), f"{file}: [geometry]")
    channels = _table(given.get("channels", {}), f"{file}: [channels]")
    skip = given.get("skip", 0)
    if isinstance(skip, bool) or not isinstance(skip, int) or skip < 0:
        raise TrialError(
            f"{file}: skip = {skip!r} is no number of lines. It is 0 or more. Count the lines to leave out."
        )

    def word(key: str) -> str:
        return _text(given.get(key, ""), f"{file}: {key}")

    def listed(key: str) -> tuple[str, ...]:
        return _texts(given.get(key, []), f"{file}: {key}")

    return Sidecar(
        file=file,
        name=word("name"),
        title=word("title"),
        source=word("source"),
        licence=word("licence"),
        started=word("started"),
        remarks=listed("remarks"),
        geometry={key: _measure(value, f"{file}: geometry.{key}", "m") for key, value in geometry.items()},
        time=time,
        columns=listed("columns"),
        ignore=listed("ignore"),
        gaps=listed("gaps"),
        skip=skip,
        delimiter=word("delimiter"),
        decimal=word("decimal"),
        encoding=word("encoding"),
        sheet=word("sheet"),
        channels={name: _sensor(name, entry, like, file) for name, entry in channels.items()},
    )


def _sensor(name: str, given: Any, like: Mapping[str, Any], file: str) -> Sensor:
    where = f"{file}: channel '{name}'"
    own = _table(given, where)
    _known(own, _CHANNEL, where)
    pattern = own.get("like")
    if pattern is not None:
        if pattern not in like:
            raise TrialError(f"{where} is like '{pattern}', which is not there. {did_you_mean(str(pattern), like)} "
                             f"Write a table [like.\"{pattern}\"], or correct the name.")  # fmt: skip
        shared = _table(like[pattern], f"{file}: [like.{pattern}]")
        _known(shared, _CHANNEL[1:], f"{file}: [like.{pattern}]")
        own = {**shared, **own, "properties": {**shared.get("properties", {}), **own.get("properties", {})},
               "undocumented": [*shared.get("undocumented", []), *own.get("undocumented", [])]}  # fmt: skip
    unit = _text(own.get("unit", ""), f"{where}: unit")
    if not unit:
        raise TrialError(
            f"{where} has no unit. A channel states the unit of its cells; none is assumed. "
            f'Add unit = "degC", or whatever the logger wrote.'
        )
    si = _dimension(unit, where)
    for key in ("place", "facing"):
        own[key] = _three(own[key], f"{where}: {key}", "m" if key == "place" else "") if key in own else None
    if own["facing"] is not None and not any(own["facing"]):
        raise TrialError(f"{where}: facing is 0, 0, 0, which is no direction. It points outwards. Give it a length.")
    sizes = {}
    for key, unit_of in (("std", si), ("bias", si), ("bias_std", si), ("resolution", si), ("place_std", "m"),
                         ("lag", "s"), ("lag_std", "s")):  # fmt: skip
        sizes[key] = _measure(own[key], f"{where}: {key}", unit_of, step=True) if key in own else 0.0
        if sizes[key] < 0 and key != "bias":
            raise TrialError(
                f"{where}: {key} is negative, {own[key][0]:g} {own[key][1]}. It is 0 or more. Correct its sign."
            )
    drives = own.get("drives", False)
    if not isinstance(drives, bool):
        raise TrialError(f"{where}: drives = {drives!r} is neither true nor false. It is one of them. Drop the quotes.")
    properties = _table(own.get("properties", {}), f"{where}: properties")

    def word(key: str, default: str = "") -> str:
        return _text(own.get(key, default), f"{where}: {key}")

    return Sensor(
        name=name,
        column=word("column", name),
        unit=unit,
        kind=word("kind", "sensor"),
        station=word("station"),
        place=own["place"],
        facing=own["facing"],
        place_std=sizes["place_std"],
        std=sizes["std"],
        std_from=_std_from(own.get("std_from"), f"{where}: std_from", si),
        bias=sizes["bias"],
        bias_std=sizes["bias_std"],
        bias_group=word("bias_group"),
        resolution=sizes["resolution"],
        lag=Quantity(value=sizes["lag"], unit="s", std=sizes["lag_std"], source=file),
        drives=drives,
        calibrated=word("calibrated"),
        undocumented=_texts(own.get("undocumented", []), f"{where}: undocumented"),
        properties={key: _measure(value, f"{where}: {key}") for key, value in properties.items()},
        response=response(own, where, si, _measure, _factor),
    )


def _std_from(given: Any, where: str, si: str) -> tuple[str, float, float] | None:
    if given is None:
        return None
    table = _table(given, where)
    _known(table, ("column", "unit", "coverage"), where)
    missing = {"column", "unit", "coverage"} - set(table)
    if missing:
        raise TrialError(
            f"{where} lacks {', '.join(sorted(missing))}. A column of uncertainties states its unit, and how many "
            'standard deviations it is. Write { column = "Uc", unit = "K", coverage = 2 }.'
        )
    coverage = table["coverage"]
    if isinstance(coverage, bool) or not isinstance(coverage, (int, float)) or not 0 < coverage < math.inf:
        raise TrialError(f"{where}: coverage = {coverage!r} is no coverage factor. It is above 0, often 2. Correct it.")
    scale = _factor(_text(table["unit"], where), si, where)[0]
    return _text(table["column"], where), scale, float(coverage)


def _measure(given: Any, where: str, si: str = "", *, step: bool = False) -> float:
    """A number that carries its unit, in SI; `step` is a difference, to which a zero point does not apply."""
    if not (isinstance(given, list) and len(given) == 2 and _number(given[0]) and isinstance(given[1], str)):
        raise TrialError(
            f"{where} = {given!r} is not a number with its unit. Numbers with a dimension are never bare. "
            'Write it as [1.5, "K"]; a pure number as [0.85, "1"].'
        )
    scale, offset = _factor(given[1], si or _dimension(given[1], where), where)
    return scale * float(given[0]) + (0.0 if step else offset)


def _three(given: Any, where: str, si: str) -> tuple[float, float, float]:
    numbers = given[:3] if isinstance(given, list) else []
    unit = given[3:] if isinstance(given, list) else []
    if len(numbers) != 3 or not all(map(_number, numbers)) or len(unit) != bool(si) or not all(map(_is_text, unit)):
        shape = '[0.07, 0.10, 0.9, "m"]' if si else "[0, 1, 0]"
        raise TrialError(
            f"{where} = {given!r} is not {'three numbers and their unit' if si else 'three numbers'}. "
            f"It runs along x, y, z of the part. Write it as {shape}."
        )
    scale = _factor(unit[0], si, where)[0] if si else 1.0
    x, y, z = (scale * float(number) for number in numbers)
    return x, y, z


def _dimension(unit: str, where: str) -> str:
    try:
        return dimension(unit)
    except ModelError as cause:
        raise TrialError(f"{where}: {cause}") from cause


def _factor(unit: str, si: str, where: str) -> tuple[float, float]:
    try:
        return factor(unit, si)
    except ModelError as cause:
        raise TrialError(f"{where}: {cause}") from cause


def _number(given: Any) -> bool:
    return isinstance(given, (int, float)) and not isinstance(given, bool) and math.isfinite(given)


def _is_text(given: Any) -> bool:
    return isinstance(given, str)


def _known(given: Iterable[str], keys: Iterable[str], where: str) -> None:
    for key in given:
        if key not in keys:
            raise TrialError(
                f"{where}: key '{key}' is not known. {did_you_mean(key, keys)} Correct it; no key is passed over."
            )


def _table(given: Any, where: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise TrialError(f"{where} is {given!r}. A table of keys belongs there. Write key = value lines.")
    return dict(given)


def _text(given: Any, where: str) -> str:
    if not isinstance(given, str):
        raise TrialError(f"{where} is {given!r}. A text belongs there. Put it in quotes.")
    return given


def _texts(given: Any, where: str) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(map(_is_text, given)):
        raise TrialError(f'{where} is {given!r}. A list of texts belongs there. Write it as ["...", "..."].')
    return tuple(given)
