"""Logging while a trial runs, so that a kill loses at most the segment that was not sealed yet; following it; its end.

Nothing here needs more from a file system than to write a file and to rename it, so a network drive will do.
"""

import json
import math
import time as clock
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from numbers import Real
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from ..models import Trial, TrialError
from ..models.errors import did_you_mean
from ..models.units import dimension, factor
from . import segments
from .assemble import assemble
from .sealed import alone, hash_of, sealed
from .sidecar import SCHEMA, Sidecar, parse_sidecar, read_sidecar
from .store import add

Array = NDArray[np.float64]


class LiveLog:
    """A log that is being written into a folder; a context manager.

    Parameters
    ----------
    folder : path
        Made where there is none; a log that ended or was killed there is carried on.
    channels : mapping of channel name to unit
        Or a `sidecar`, which states more than units.
    time : str
        Unit of the times handed to `write`; with a sidecar, its own.
    rows, seconds : int, float
        A segment is sealed after so many rows, or with the first row after so many seconds: what a kill can lose.

    Raises
    ------
    TrialError
        If a unit is missing or unknown, the folder holds another log, or another writer is at it.
    """

    def __init__(self, folder: str | Path, *, channels: Mapping[str, str] | None = None, time: str | None = None,
                 sidecar: str | Path | None = None, rows: int = 100, seconds: float = 10.0) -> None:  # fmt: skip
        if rows < 1 or not seconds > 0:
            raise TrialError(
                f"rows = {rows} and seconds = {seconds:g} s seal nothing. Both are above 0. Leave them out: 100 and 10."
            )
        self.folder = Path(folder)
        text = _declaration(channels, time) if sidecar is None else _text_of(sidecar)
        self._columns = _columns(parse_sidecar(text, segments.DECLARED if sidecar is None else Path(sidecar).name))
        self._limits = rows, seconds
        self._rows: list[list[float]] = []
        self._held = ExitStack()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._held.enter_context(alone(self.folder / "writer", patience=0.5))
        try:
            self._begin(text)
        except BaseException:
            self._held.close()
            raise

    def _begin(self, text: str) -> None:
        declared = self.folder / segments.DECLARED
        if not declared.exists():
            with sealed(declared) as partial:
                partial.write_bytes(text.encode())
        elif declared.read_bytes() != text.encode():
            raise TrialError(
                f"{self.folder} holds a log of other channels or units. A folder holds one log. Choose an empty one."
            )
        done = segments.sealed_in(self.folder)
        last = segments.get_segment(done[-1]) if done else None
        lost = [about["segment"] for _, event, about in segments.events(self.folder) if event == "lost"]
        self._next = max([*lost, last.number if last else 0]) + 1
        self._previous = last.digest if last else segments.FIRST
        self._last = float(last.columns[self._columns[0]][-1]) if last else -math.inf
        self._since = clock.monotonic()
        segments.write_event(self.folder, "opened", next=self._next, rows=self._limits[0], seconds=self._limits[1])

    def write(self, t: float, readings: Mapping[str, float | None]) -> None:
        """Take one row: its time, and the readings by channel; one left out, None or NaN is a gap.

        A channel that its sidecar gives another column goes by that column here.
        """
        for name in readings:
            if name not in self._columns[1:]:
                raise TrialError(
                    f"{self.folder.name}: channel '{name}' is not in this log. {did_you_mean(name, self._columns[1:])} "
                    "Correct the name, or start a log that declares it."
                )
        row = [self._number(self._columns[0], t)]
        if not math.isfinite(row[0]) or row[0] <= self._last:
            raise TrialError(
                f"{self.folder.name}: time {t!r} follows {self._last:.10g}. Time is a number that increases from row "
                "to row. Look at the logger's clock; a new run has a new folder."
            )
        row += [self._number(name, readings.get(name)) for name in self._columns[1:]]
        self._rows.append(row)
        self._last = row[0]
        rows, seconds = self._limits
        if len(self._rows) >= rows or clock.monotonic() - self._since >= seconds:
            self.flush()

    def _number(self, name: str, given: object) -> float:
        if given is None:
            return math.nan
        if isinstance(given, bool) or not isinstance(given, (Real, np.number)) or math.isinf(float(given)):
            raise TrialError(
                f"{self.folder.name}: '{name}' reads {given!r}, which is no reading. A reading is a finite number, a "
                "gap is None. Convert it before it is logged."
            )
        return float(given)

    def flush(self) -> None:
        """Seal what has been taken so far; once this returns, no kill loses it."""
        if not self._rows:
            return
        self._previous = segments.put_segment(self.folder, self._next, self._previous, self._columns, self._rows)
        segments.write_event(self.folder, "sealed", segment=self._next, rows=len(self._rows), sha256=self._previous)
        self._next, self._rows, self._since = self._next + 1, [], clock.monotonic()

    def note(self, text: str) -> None:
        """Write what was seen, such as "door opened", into the journal, with the time of the last row."""
        segments.write_event(self.folder, "note", text=text, t=self._last if math.isfinite(self._last) else None)

    def close(self, why: str = "") -> None:
        """Seal the rest and end the log."""
        try:
            self.flush()
            segments.write_event(self.folder, "closed", why=why)
        finally:
            self._held.close()

    def __enter__(self) -> "LiveLog":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close("" if kind is None else f"stopped by {kind.__name__}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class News:
    """What a follower gets: a segment's times (n,) s and readings (n,) in SI by channel."""

    number: int
    t: Array
    values: Mapping[str, Array]


def follow(folder: str | Path, *, poll: float = 0.2, patience: float = math.inf) -> Iterator[News]:
    """Every sealed segment, from the first on, as it appears; ends when the log is closed.

    Parameters
    ----------
    poll : float, s
        How often to look.
    patience : float, s
        Ends also when nothing new came for so long.

    Raises
    ------
    TrialError
        If a segment does not match its hash.
    """
    folder, number, sidecar = Path(folder), 0, None
    heard = clock.monotonic()
    while True:
        closed = _closed(folder)
        for path in segments.sealed_in(folder):
            if path.name > segments.name_of(number):
                sidecar = sidecar or read_sidecar(folder / segments.DECLARED)
                segment = segments.get_segment(path)
                yield _news(segment, sidecar)
                number, heard = segment.number, clock.monotonic()
        if closed or clock.monotonic() - heard > patience:
            return
        clock.sleep(poll)


def consolidate(folder: str | Path, store: str | Path, *, name: str = "") -> Trial:
    """The trial of a live log once it is in the store, with every segment and the journal kept byte for byte.

    What was lost to a kill stands in the trial's remarks; notes of the journal as well.

    Raises
    ------
    TrialError
        If the log is still being written, nothing was sealed, or a segment is damaged or missing and `repair` has not
        been run.
    """
    folder = Path(folder)
    if not (folder / segments.DECLARED).is_file():
        raise TrialError(
            f"{folder} holds no live log: there is no {segments.DECLARED}. LiveLog writes one. Correct the path."
        )
    with alone(folder / "writer", patience=0.5):
        declared = read_sidecar(folder / segments.DECLARED)
        paths = segments.sealed_in(folder)
        found = [segments.get_segment(path) for path in paths]
        journal = segments.events(folder)
        _complete(folder, found, {about["segment"] for _, event, about in journal if event == "lost"})
        if not found:
            raise TrialError(f"{folder} holds no sealed segment. A log has one row or more. "
                             "It was killed before its first segment was sealed; nothing can be kept.")  # fmt: skip
        columns = {key: np.concatenate([segment.columns[key] for segment in found]) for key in found[0].columns}
        kept = [folder / segments.DECLARED, folder / segments.JOURNAL, *paths]
        told = [f"{about['text']} (after t = {about['t']})" for _, event, about in journal if event == "note"]
        told += [f"writer opened at {at}" for at, event, _ in journal if event == "opened"]
        told += [about["what"] for _, event, about in journal if event == "lost"]
        told += [] if _closed(folder) else [_open_end(journal, columns)]
        trial = assemble(
            file=folder.name,
            sidecar=replace(declared, name=name or declared.name or folder.resolve().name),
            t=_seconds(declared, columns),
            columns=columns,
            rows=range(1, len(next(iter(columns.values()))) + 1),
            raw={path.name: hash_of(path) for path in kept},
            remarks=tuple(told),
        )
        return add(store, trial, raw=kept)


def _declaration(channels: Mapping[str, str] | None, time: str | None) -> str:
    if not channels:
        raise TrialError(
            "a live log was given no channels. It has one or more. Pass channels={'T1': 'K'} or a sidecar."
        )
    if not time:
        raise TrialError(
            "a live log was given no unit of time, so it has no time base. None is assumed. Pass time='s' or so."
        )
    lines = [f'schema = "{SCHEMA}"', "", "[time]", 'column = "time"', f"unit = {_quoted(time)}"]
    for name, unit in channels.items():
        lines += ["", f"[channels.{_quoted(name)}]", f"unit = {_quoted(unit)}"]
    return "\n".join(lines) + "\n"


def _text_of(sidecar: str | Path) -> str:
    read_sidecar(sidecar)
    return Path(sidecar).read_bytes().decode("utf-8-sig")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _columns(declared: Sidecar) -> list[str]:
    if declared.time is None or not declared.time.unit or not declared.channels:
        raise TrialError(
            f"{declared.file}: a live log's sidecar has [time] with column and unit, and one channel or more. "
            "Times are handed over as numbers. Complete it."
        )
    if dimension(declared.time.unit) != "s":
        raise TrialError(
            f"{declared.file}: time is in '{declared.time.unit}', which is no unit of time. It is s, ms, min or h. "
            "Correct it."
        )
    columns = [declared.time.column]
    for sensor in declared.channels.values():
        columns += [sensor.column, *([sensor.std_from[0]] if sensor.std_from else [])]
    return list(dict.fromkeys(columns))


def _seconds(declared: Sidecar, columns: Mapping[str, Array]) -> Array:
    if declared.time is None:
        raise TrialError(f"{declared.file} has no [time]. A live log has a time base. Restore the file from a copy.")
    scale, offset = factor(declared.time.unit, "s")
    return scale * columns[declared.time.column] + offset


def _news(segment: segments.Segment, declared: Sidecar) -> News:
    values = {}
    for name, sensor in declared.channels.items():
        scale, offset = factor(sensor.unit, dimension(sensor.unit))
        values[name] = scale * segment.columns[sensor.column] + offset
    return News(number=segment.number, t=_seconds(declared, segment.columns), values=values)


def _closed(folder: Path) -> bool:
    ends = [event for _, event, _ in segments.events(folder) if event in ("opened", "closed")]
    return ends[-1:] == ["closed"]


def _complete(folder: Path, found: list[segments.Segment], lost: set[int]) -> None:
    """Refuse a log with a segment that is missing, or that does not follow the one before it."""
    before: segments.Segment | None = None
    for segment in found:
        expected = (before.number if before else 0) + 1
        missing = set(range(expected, segment.number)) - lost
        if missing:
            raise TrialError(
                f"{folder}: segment {min(missing)} is missing. Segments are numbered without a gap. "
                "Bring it back from a copy, or run twin.repair, which writes down that it is lost."
            )
        linked = segment.number == expected
        if linked and segment.previous != (before.digest if before else segments.FIRST):
            raise TrialError(
                f"{folder}: segment {segment.number} does not follow segment {expected - 1}: it points to "
                f"{segment.previous[:12]}. Segments of one log are a chain. One of them is from another log; "
                "bring the right one back from a copy."
            )
        before = segment


def _open_end(journal: list[tuple[str, str, dict[str, object]]], columns: Mapping[str, Array]) -> str:
    rows = next((about["rows"] for _, event, about in reversed(journal) if event == "opened"), "?")
    last = float(next(iter(columns.values()))[-1])
    return (
        f"the writer was stopped: what came after t = {last:.10g}, fewer than {rows} rows, was not sealed and is lost"
    )
