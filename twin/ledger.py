"""Every run of a study on record: what it was, what it left, or why it failed. A killed study goes on from there."""

import io
import json
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Any, Protocol, cast

import numpy as np

from ..models import Balance, ForetrialError, History, Observation, Process, SolveError, Solver, TrialError
from ..models.digest import digest
from ..models.history import Keep
from ..models.quantity import quantities

SCHEMA = "foretrial.ledger/1"
WAIT = 60.0  # s; another process that writes is waited for so long
LADDER = (("steps half as long", {"ratio": 2.0, "space": False}), ("cells half as wide", {"ratio": 2.0}))
_ARRAYS = ("t", "values", "rates", "tangents", "tangent_rates")
_TABLES = """
CREATE TABLE IF NOT EXISTS runs (
    key TEXT PRIMARY KEY, solver TEXT NOT NULL, process TEXT NOT NULL, parameters TEXT NOT NULL,
    state TEXT NOT NULL, attempts INTEGER NOT NULL, rung INTEGER NOT NULL, seconds REAL, result TEXT, cause TEXT,
    history BLOB, at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS about (schema TEXT PRIMARY KEY);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One line of the ledger.

    Attributes
    ----------
    solver, process, result : str
        Content hashes; the result's is empty where there is none.
    parameters : mapping of name to value, SI
    state : str
        "done", "failed", or "begun": it was under way when the study was last broken off.
    attempts : int
        How often it was begun.
    rung : int
        0 as asked for; above, a retry on a finer step or grid.
    seconds : float
    cause : str
        Of its failure.
    """

    solver: str
    process: str
    parameters: dict[str, float]
    state: str
    attempts: int
    rung: int
    seconds: float
    result: str
    cause: str


@dataclass(slots=True, kw_only=True)
class Tally:
    """What a study asked of its solver: runs, runs with tangents, and those that the ledger knew already."""

    runs: int = 0
    tangents: int = 0
    replayed: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def calls(self) -> int:
        """Runs asked for, with tangents or without, failed and replayed ones included."""
        return self.runs + self.tangents


class Ledger:
    """A crash-safe record of solver runs in one SQLite file.

    A run that is on record is not made again: its history comes back to the last bit. Wrap a solver with
    `ledger.solver(solver)` and hand that to any verb; or give `calibrate(..., ledger=path)`.

    Parameters
    ----------
    path : path
        The file; made where there is none. ":memory:" keeps nothing.

    Raises
    ------
    TrialError
        If the file is no ledger.

    Notes
    -----
    A write-ahead log where the file system has one, a rollback journal elsewhere (network drives); every line is
    synced before the study goes on, so that neither a killed process nor a power cut takes a finished run away.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        if self.path != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._file = sqlite3.connect(self.path, timeout=WAIT, isolation_level=None, check_same_thread=False)
        try:
            self._file.execute("PRAGMA journal_mode=WAL").fetchone()
            self._file.execute("PRAGMA synchronous=FULL")
            self._file.executescript(_TABLES)
            self._file.execute("INSERT OR IGNORE INTO about VALUES (?)", (SCHEMA,))
            [schemas] = self._file.execute("SELECT group_concat(schema) FROM about").fetchone()
        except sqlite3.DatabaseError as cause:
            self._file.close()
            raise TrialError(
                f"{Path(path).name} cannot be opened as a ledger of runs ({cause}). It is an SQLite file that Ledger "
                "made. Give another path, or move that file away."
            ) from cause
        if schemas != SCHEMA:
            self._file.close()
            raise TrialError(
                f"{Path(path).name} is a ledger of schema {schemas}. This version keeps {SCHEMA}. Give another path."
            )

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        self.close()

    def __len__(self) -> int:
        return int(self._file.execute("SELECT count(*) FROM runs").fetchone()[0])

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

    def runs(self, state: str = "") -> tuple[Run, ...]:
        """Every line, or those of one state, in the order of their first attempt."""
        columns = "solver, process, parameters, state, attempts, rung, seconds, result, cause"
        with closing(
            self._file.execute(f"SELECT {columns} FROM runs WHERE ? IN ('', state) ORDER BY rowid", (state,))
        ) as rows:
            return tuple(Run(solver=s, process=p, parameters=json.loads(v), state=st, attempts=a, rung=g,
                             seconds=sec or 0.0, result=r or "", cause=c or "")
                         for s, p, v, st, a, g, sec, r, c in rows)  # fmt: skip

    def solver(self, solver: Solver, *, free: Sequence[str] = (), tally: Tally | None = None) -> Solver:
        """The same solver with this ledger behind it.

        Parameters
        ----------
        solver : Solver
        free : names
            Quantities whose values are written beside each run; all named ones where left out.
        tally : Tally or None
            Counts the calls.
        """
        return written(solver, self, free=free, tally=tally or Tally())

    def find(self, key: str) -> tuple[str, str, History | None]:
        """State, cause and history of a run; all empty where it is not on record."""
        row = self._file.execute("SELECT state, cause, history, result FROM runs WHERE key = ?", (key,)).fetchone()
        if row is None:
            return "", "", None
        state, cause, blob, result = row
        if state == "done" and digest(bytes(blob)) != result:
            return "begun", "", None  # what does not match its own hash is made again
        return state, cause or "", _thaw(blob) if state == "done" else None

    def begin(self, key: str, *, solver: str, process: str, parameters: dict[str, float], rung: int) -> None:
        """Write that a run is under way."""
        self._file.execute(
            "INSERT INTO runs (key, solver, process, parameters, state, attempts, rung, at) "
            "VALUES (?, ?, ?, ?, 'begun', 1, ?, ?) "
            "ON CONFLICT (key) DO UPDATE SET state = 'begun', attempts = attempts + 1",
            (key, solver, process, json.dumps(parameters), rung, datetime.now(UTC).isoformat(timespec="seconds")),
        )

    def end(self, key: str, *, seconds: float, history: History | None = None, cause: str = "") -> None:
        """Write what it left, or why it failed."""
        blob = None if history is None else _freeze(history)
        state, result = ("failed", None) if blob is None else ("done", digest(blob))
        self._file.execute(
            "UPDATE runs SET state = ?, seconds = ?, history = ?, result = ?, cause = ? WHERE key = ?",
            (state, seconds, blob, result, cause, key),
        )

    def enter(self, made: Sequence[tuple[str, Mapping[str, Any], Mapping[str, Any]]]) -> None:
        """Write runs that were made elsewhere, all or none: key, what `begin` and what `end` are told of each."""
        self._file.execute("BEGIN IMMEDIATE")
        try:
            for key, begun, ended in made:
                if self.find(key)[0] != "done":
                    self.begin(key, **begun)
                    self.end(key, **ended)
        except BaseException:
            self._file.execute("ROLLBACK")
            raise
        self._file.execute("COMMIT")


@contextmanager
def opened(ledger: Ledger | str | Path | None) -> Iterator[Ledger | None]:
    """A ledger as it is, or the one at that path until the end of the block."""
    if isinstance(ledger, (str, Path)):
        with Ledger(ledger) as own:
            yield own
    else:
        yield ledger


class Book(Protocol):
    """What a recorded run needs of a ledger."""

    def find(self, key: str) -> tuple[str, str, History | None]:
        """State, cause and history of a run."""
        ...

    def begin(self, key: str, *, solver: str, process: str, parameters: dict[str, float], rung: int) -> None:
        """Write that it is under way."""
        ...

    def end(self, key: str, *, seconds: float, history: History | None = None, cause: str = "") -> None:
        """Write what it left."""
        ...


def written(solver: Solver, book: Book, *, free: Sequence[str], tally: Tally) -> Solver:
    """The same solver, its runs looked up in a book, made where they are not there, and written down."""
    return through(solver, _Recorder(ledger=book, free=tuple(free), tally=tally))


def recorded(solver: Solver, ledger: Ledger | None, *, free: Sequence[str], tally: Tally) -> Solver:
    """The same solver, its runs counted, and written down where there is a ledger."""
    return counted(solver, tally) if ledger is None else ledger.solver(solver, free=free, tally=tally)


Runner = Callable[[Solver, Process, tuple[str, ...] | None, tuple[Observation, ...]], History]


@dataclass(frozen=True, kw_only=True)
class _Through:
    """A solver whose plain and tangent runs pass through `run`; what it can and cannot is what the inner one can."""

    inner: Solver
    run: Runner

    def __call__(self, process: Process, *, observe: tuple[Observation, ...] = (), keep: Keep | None = None,
                 every: float | Sequence[float] | None = None) -> History:  # fmt: skip
        if keep is not None:
            return self.inner(process, observe=observe, keep=keep, every=every)
        return self.run(self.inner, process, None, tuple(observe))

    @property
    def digest(self) -> str:
        """That of the inner solver: the same answers."""
        return self.inner.digest

    def __getattr__(self, name: str) -> Any:
        found = getattr(object.__getattribute__(self, "inner"), name)
        if name in ("refined", "frozen"):
            return lambda *args, **more: replace(self, inner=found(*args, **more))
        if name == "tangent" and found is not None:
            return lambda process, *, free, observe: self.run(self.inner, process, tuple(free), tuple(observe))
        return found


def through(solver: Solver, run: Runner) -> Solver:
    """A solver with the same face whose runs are made by `run(solver, process, free, observe)`; free None is plain."""
    inner = solver.inner if isinstance(solver, _Through) and solver.run == run else solver
    return cast(Solver, _Through(inner=inner, run=run))


def counted(solver: Solver, tally: Tally) -> Solver:
    """The same solver; its runs are counted, nothing is kept."""

    def run(inner: Solver, process: Process, free: tuple[str, ...] | None, observe: tuple[Observation, ...]) -> History:
        return _count_and_make(tally, inner, process, free, observe)

    return through(solver, run)


def _count_and_make(tally: Tally, inner: Solver, process: Process, free: tuple[str, ...] | None,
                    observe: tuple[Observation, ...]) -> History:  # fmt: skip
    if free is None:
        tally.runs += 1
        return inner(process, observe=observe)
    tally.tangents += 1
    return inner.tangent(process, free=free, observe=observe)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Recorder:
    """Makes a run once, writes it down, and goes up the ladder where it fails."""

    ledger: Book
    free: tuple[str, ...]
    tally: Tally

    def __call__(self, solver: Solver, process: Process, free: tuple[str, ...] | None,
                 observe: tuple[Observation, ...]) -> History:  # fmt: skip
        content = digest(process)
        known = quantities(process)
        at = {name: q.value for name, q in known.items() if not self.free or name in self.free}
        said = ", ".join(f"{name} = {value:.4g} {known[name].unit}" for name, value in at.items())
        first: ForetrialError | None = None
        for rung, (how, again) in enumerate([("as asked for", None), *self._ladder(solver)]):
            try:
                history = self._once(again or solver, process, content, free, observe, at, rung)
            except SolveError as cause:
                self.tally.failures.append(f"run at {said}, {how}: {cause}")
                first = first or cause
                continue
            if rung:
                self.tally.failures.append(f"run at {said}: {how} it succeeded and was used.")
            return history
        assert first is not None
        raise first

    def _ladder(self, solver: Solver) -> list[tuple[str, Solver]]:
        if not hasattr(solver, "refined"):
            return []
        return [(how, solver.refined(**turn)) for how, turn in LADDER]  # type: ignore[arg-type]

    def _once(self, solver: Solver, process: Process, content: str, free: tuple[str, ...] | None,
              observe: tuple[Observation, ...], at: dict[str, float], rung: int) -> History:  # fmt: skip
        key = digest([solver.digest, content, free, observe])
        state, cause, history = self.ledger.find(key)
        if state in ("done", "failed"):
            self.tally.replayed += 1
            self.tally.runs += free is None
            self.tally.tangents += free is not None
            if history is None:
                raise SolveError(cause)
            return history
        self.ledger.begin(key, solver=solver.digest, process=content, parameters=at, rung=rung)
        began = perf_counter()
        try:
            history = _count_and_make(self.tally, solver, process, free, observe)
            if not np.isfinite(history.values[-1]).all():
                raise SolveError(
                    f"the run left {int((~np.isfinite(history.values[-1])).sum())} readings at its end that are not "
                    "finite. Every reading is a number. Run the solver at these values by themselves."
                )
        except SolveError as cause_:
            self.ledger.end(key, seconds=perf_counter() - began, cause=str(cause_))
            raise
        self.ledger.end(key, seconds=perf_counter() - began, history=history)
        return history


def _freeze(history: History) -> bytes:
    """A history as bytes, every number to the last bit."""
    arrays = {name: getattr(history, name) for name in _ARRAYS if getattr(history, name) is not None}
    plain = {f.name: getattr(history, f.name) for f in fields(History) if f.name not in (*_ARRAYS, "balance")}
    plain["balance"] = {f.name: getattr(history.balance, f.name).hex() for f in fields(Balance)}
    for name in ("iteration_error", "seconds"):
        plain[name] = float(plain[name]).hex()
    plain["stage_ends"] = [float(end).hex() for end in history.stage_ends]
    store = io.BytesIO()
    np.savez(store, **{**arrays, "plain": np.frombuffer(json.dumps(plain, sort_keys=True).encode(), np.uint8)})
    return zlib.compress(store.getvalue(), 3)


def _thaw(blob: bytes) -> History:
    with np.load(io.BytesIO(zlib.decompress(blob))) as store:
        arrays = {name: store[name] for name in store.files}
    plain = json.loads(arrays.pop("plain").tobytes())
    plain["balance"] = Balance(**{name: float.fromhex(value) for name, value in plain["balance"].items()})
    for name in ("iteration_error", "seconds"):
        plain[name] = float.fromhex(plain[name])
    plain["stage_ends"] = tuple(float.fromhex(end) for end in plain["stage_ends"])
    for name in ("names", "free", "notes", "iteration_errors"):
        plain[name] = tuple(plain.get(name, ()))
    return History(**arrays, **plain)
