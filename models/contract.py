"""What a log was promised to hold, channel by channel, as data."""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from .errors import ModelError, did_you_mean
from .units import dimension, factor

SCHEMA = "foretrial.contract/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """What one channel keeps to; numbers in SI, and 0 or None where nothing is promised.

    Attributes
    ----------
    unit, logged_unit : str
        SI symbol, and the unit that the logger writes (empty: any of the same kind).
    span : (float, float) or None
        What the channel can read.
    every, jitter : float, s and 1
        Time between readings, and how far one may be from it, as a share.
    gap : float, s
        Longest time without a reading.
    resolution : float
        Coarsest step of the digitiser.
    stuck : float, s
        Longest time that the reading may repeat itself.
    slope : float, unit per s
        Fastest change between readings.
    """

    channel: str
    unit: str
    logged_unit: str = ""
    span: tuple[float, float] | None = None
    every: float = 0.0
    jitter: float = 0.1
    gap: float = 0.0
    resolution: float = 0.0
    stuck: float = 0.0
    slope: float = 0.0

    def __post_init__(self) -> None:
        if self.span is not None and not self.span[0] < self.span[1]:
            raise ModelError(
                f"contract: '{self.channel}' spans {self.span[0]:g} to {self.span[1]:g} {self.unit}. "
                "A span runs from low to high. Swap the two."
            )
        for name in ("every", "jitter", "gap", "resolution", "stuck", "slope"):
            if not getattr(self, name) >= 0.0:
                raise ModelError(
                    f"contract: {name} of '{self.channel}' is {getattr(self, name):g}. It is >= 0, 0 where nothing is "
                    "promised. Correct it."
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two channels of two loggers that see the same: their clocks may differ by `offset` s, and by `drift` s/s."""

    first: str
    second: str
    offset: float
    drift: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """All that a log is held to.

    Attributes
    ----------
    loggers : tuple of (name, version)
        Each logger and the firmware it runs, as the trial's remarks state it: "logger NAME firmware VERSION".
    only : bool
        Whether a channel that the contract does not name is a finding.
    jumps : bool
        Whether levels are held against those of earlier logs, and within the log, for a unit that was swapped.
    """

    name: str
    clauses: tuple[Clause, ...]
    loggers: tuple[tuple[str, str], ...] = ()
    pairs: tuple[Pair, ...] = ()
    only: bool = True
    jumps: bool = True

    def __post_init__(self) -> None:
        names = [c.channel for c in self.clauses]
        double = sorted({n for n in names if names.count(n) > 1})
        if not names or double:
            raise ModelError(
                f"contract '{self.name}' has {len(names)} clauses, twice for {', '.join(double) or 'none'}. "
                "Each channel has one clause. Merge them, or add the channels."
            )
        for pair in self.pairs:
            for one in (pair.first, pair.second):
                if one not in names:
                    raise ModelError(
                        f"contract '{self.name}': the pair {pair.first}, {pair.second} names '{one}', which has no "
                        f"clause. {did_you_mean(one, names)} Correct the name."
                    )


def read_contract(path: str | Path) -> Contract:
    """The contract in a TOML file.

    `schema = "foretrial.contract/1"`, name, `loggers` (name = version), `only`, `jumps`; `[channels.NAME]` with unit
    and, in that unit, span, resolution, slope (per s); every, gap and stuck in s, jitter; `[[pairs]]` with first,
    second, offset (s), drift (s/s).

    Raises
    ------
    ModelError
        If the file is not TOML of this schema, a key is unknown, or a channel has no unit.
    """
    path = Path(path)
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as cause:
        raise ModelError(
            f"{path} is no readable contract: {cause}. A contract is TOML in UTF-8. Correct the path or that line."
        ) from cause
    _known(given, ("schema", "name", "loggers", "only", "jumps", "channels", "pairs"), path.name)
    if given.get("schema") != SCHEMA:
        raise ModelError(
            f"{path.name}: schema is {given.get('schema')!r}. This version reads '{SCHEMA}'. "
            f'Write schema = "{SCHEMA}" in its first line.'
        )
    clauses = tuple(_clause(name, dict(one), path.name) for name, one in given.get("channels", {}).items())
    pairs = []
    for one in given.get("pairs", []):
        _known(one, tuple(f.name for f in fields(Pair)), f"{path.name}: [[pairs]]")
        pairs.append(Pair(**one))
    loggers = tuple((str(k), str(v)) for k, v in given.get("loggers", {}).items())
    return Contract(name=given.get("name", path.stem), clauses=clauses, loggers=loggers, pairs=tuple(pairs),
                    only=given.get("only", True), jumps=given.get("jumps", True))  # fmt: skip


def _clause(name: str, given: dict[str, Any], file: str) -> Clause:
    where = f"{file}: [channels.{name}]"
    _known(given, ("unit", "span", "every", "jitter", "gap", "resolution", "stuck", "slope"), where)
    if "unit" not in given:
        raise ModelError(f'{where} has no unit. A channel is promised in a unit. Write unit = "degC", say.')
    logged = str(given.pop("unit"))
    si = dimension(logged)
    scale, offset = factor(logged, si)
    if "span" in given:
        low, high = given["span"]
        given["span"] = (scale * low + offset, scale * high + offset)
    for key in ("resolution", "slope"):
        if key in given:
            given[key] = scale * given[key]
    return Clause(channel=name, unit=si, logged_unit=logged, **given)


def _known(given: dict[str, Any], keys: tuple[str, ...], where: str) -> None:
    for key in given:
        if key not in keys:
            raise ModelError(f"{where}: key '{key}' is not known. {did_you_mean(key, keys)} Correct it.")
