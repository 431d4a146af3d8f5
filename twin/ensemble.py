"""Many runs of one problem, in processes or on a cluster; what fails is a row with its cause."""

import os
import pickle
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..models import ForetrialError, ModelError, SolveError, Solver
from .forward import forward
from .ledger import Ledger, Tally, opened, recorded
from .problem import Problem

Array = NDArray[np.float64]
Tell = Callable[[str, float], None]
Answer = tuple[Array | None, str, float, int]  # residuals, cause of failure, seconds, solver calls
THREADS = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
AHEAD = 2  # rows a worker that are handed out at once: memory is bounded whatever the number of rows


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ensemble:
    """What many runs left.

    Attributes
    ----------
    values : (n, nf)
    residuals : (n, no)
        Model minus reading, in the problem's order of rows; NaN where the run failed.
    readings, sigmas : (no,)
        What was read, and its standard uncertainty.
    seconds : (n,)
    failures : tuple of (row, cause)
    runs : int
        Solver calls.
    """

    values: Array
    residuals: Array
    readings: Array
    sigmas: Array
    seconds: Array
    failures: tuple[tuple[int, str], ...]
    runs: int

    @property
    def ended(self) -> NDArray[np.bool_]:
        """(n,) whether a run came to its end."""
        return np.asarray(np.isfinite(self.residuals).all(axis=1))

    @property
    def model(self) -> Array:
        """(n, no) what the sensors would have read."""
        return self.residuals + self.readings


def ensemble(problem: Problem, values: ArrayLike, solver: Solver, *, workers: int = 1, client: Any = None,
             ledger: Ledger | str | Path | None = None, tell: Tell | None = None) -> Ensemble:  # fmt: skip
    """Run a problem at each row of values.

    Parameters
    ----------
    problem : Problem
    values : (n, nf)
    solver : Solver
    workers : int
        Processes, one thread each; 1 runs here. A script that asks for more makes its calls under
        `if __name__ == "__main__":`, for each process reads the script anew.
    client : dask.distributed Client, its address, or None
        Runs there instead; needs the extra `distributed`, and Foretrial on the workers.
    ledger : Ledger, path or None
        Rows that it holds are not run again; for runs in this process.
    tell : callable or None
        Gets a sentence and the share done.

    Returns
    -------
    Ensemble
        A run that raises is a failed row, and so is one that takes its process down.

    Raises
    ------
    ModelError
        If values do not fit the problem, or a ledger and workers are asked for at once.
    SolveError
        If no worker process can be started.
    """
    rows = np.atleast_2d(np.asarray(values, float))
    if rows.ndim != 2 or rows.shape[1] != len(problem.names) or not np.isfinite(rows).all():
        raise ModelError(
            f"values are {rows.shape}, {int((~np.isfinite(rows)).sum())} of them not finite. One finite column for "
            f"each of {', '.join(problem.names)} is needed. Give an array (n, {len(problem.names)})."
        )
    if workers < 1 or (ledger is not None and (workers > 1 or client is not None)):
        raise ModelError(
            f"workers = {workers}{' with a ledger' if ledger is not None else ''}. One or more are needed, and one "
            "where a ledger writes every run. Leave workers out, or the ledger."
        )
    answers: dict[int, Answer] = {}
    for i, answer in _answers(problem, rows, solver, workers, client, ledger):
        answers[i] = answer
        if tell is not None:
            tell(f"run {len(answers)} of {len(rows)}", len(answers) / len(rows))
    readings, sigmas = _read(problem)
    residuals = np.full((len(rows), readings.size), np.nan)
    for i, (found, _, _, _) in answers.items():
        if found is not None:
            residuals[i] = found
    return Ensemble(values=rows, residuals=residuals, readings=readings, sigmas=sigmas,
                    seconds=np.array([answers[i][2] for i in range(len(rows))]),
                    failures=tuple((i, answers[i][1]) for i in range(len(rows)) if answers[i][0] is None),
                    runs=sum(answers[i][3] for i in range(len(rows))))  # fmt: skip


def _read(problem: Problem) -> tuple[Array, Array]:
    """Readings and their uncertainties in the order of `forward`."""
    rows = [row for i in range(len(problem.experiments)) for row in problem.rows if row.experiment == i]
    return (np.concatenate([r.channel.values[r.channel.reads] for r in rows]),
            np.concatenate([r.channel.sigma[r.channel.reads] for r in rows]))  # fmt: skip


def _answers(problem: Problem, rows: Array, solver: Solver, workers: int, client: Any,
             ledger: Ledger | str | Path | None) -> Iterator[tuple[int, Answer]]:  # fmt: skip
    if client is not None:
        yield from _on_cluster(_client(client), packed(problem, solver), rows)
    elif workers == 1:
        with opened(ledger) as book:
            for i, row in enumerate(rows):
                yield i, _one(problem, solver, row, book)
    else:
        yield from _in_processes(packed(problem, solver), rows, min(workers, len(rows)))


def _one(problem: Problem, solver: Solver, row: Array, ledger: Ledger | None = None) -> Answer:
    began, tally = perf_counter(), Tally()
    by = recorded(solver, ledger, free=problem.names, tally=tally)
    try:
        found = forward(problem, row, solvers=(by,) * len(problem.experiments), slopes=False).residuals
    except Exception as cause:  # one row must not take the others with it
        said = str(cause) if isinstance(cause, ForetrialError) else f"{type(cause).__name__}: {cause}"
        return None, said, perf_counter() - began, tally.calls
    return found, "", perf_counter() - began, tally.calls


def packed(*things: Any) -> bytes:
    """Nouns as bytes that pickle reads."""
    try:
        return pickle.dumps(things, protocol=5)
    except (pickle.PicklingError, AttributeError, TypeError) as cause:
        raise ModelError(
            f"the problem or its solver cannot be sent to another process ({cause}). Both are data of importable kinds."
            " Define the solver's class in a module, or run with workers=1."
        ) from cause


@lru_cache(maxsize=2)
def _unpacked(job: bytes) -> tuple[Problem, Solver]:
    problem, solver = pickle.loads(job)
    return problem, solver


def remote(job: bytes, row: Array) -> Answer:
    """One row of a packed problem, for a worker elsewhere."""
    return _one(*_unpacked(job), row)


_JOB: list[bytes] = []


def _ready(job: bytes) -> None:
    _JOB[:] = [job]


def _here(row: Array) -> Answer:
    return remote(_JOB[0], row)


def _alive() -> bool:
    return True


@contextmanager
def _single_threaded() -> Iterator[None]:
    """Processes started inside have one thread each."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _pool(job: bytes, workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_ready, initargs=(job,))


def _in_processes(job: bytes, rows: Array, workers: int) -> Iterator[tuple[int, Answer]]:
    left, lost = deque(range(len(rows))), list[int]()
    with _single_threaded(), _pool(job, workers) as pool:
        try:
            pool.submit(_alive).result()
        except BrokenProcessPool as cause:
            raise SolveError(
                "0 worker processes came up. A script that starts processes is read again by each of them. Put its "
                "calls under  if __name__ == '__main__':  or take workers=1."
            ) from cause
        waiting: deque[tuple[int, Future[Answer]]] = deque()
        while left or waiting:
            try:
                while left and len(waiting) < AHEAD * workers:
                    waiting.append((left[0], pool.submit(_here, rows[left[0]])))
                    left.popleft()
                i, future = waiting[0]
                answer = future.result()
            except BrokenProcessPool:
                lost = [i for i, _ in waiting]
                break
            waiting.popleft()
            yield i, answer
    yield from _one_by_one(job, rows, lost)  # one of these took its process down
    if left:
        rest = list(left)
        for k, answer in _in_processes(job, rows[rest], min(workers, len(rest))):
            yield rest[k], answer


def _one_by_one(job: bytes, rows: Array, which: list[int]) -> Iterator[tuple[int, Answer]]:
    """Rows in a process of their own, a new one after each that dies."""
    waiting = deque(which)
    while waiting:
        with _single_threaded(), _pool(job, 1) as pool:
            while waiting:
                i, began = waiting.popleft(), perf_counter()
                try:
                    yield i, pool.submit(_here, rows[i]).result()
                except BrokenProcessPool:
                    said = "the process died during this run: out of memory, or a crash in it."
                    yield i, (None, said, perf_counter() - began, 1)
                    break


def _client(client: Any) -> Any:
    if not isinstance(client, str):
        return client
    try:
        from distributed import Client
    except ModuleNotFoundError as cause:
        raise ModelError(
            "client is an address, but dask.distributed is not installed. It comes with an extra. "
            "pip install 'foretrial[distributed]', or leave client out."
        ) from cause
    return Client(client)  # type: ignore[no-untyped-call]


def _on_cluster(client: Any, job: bytes, rows: Array) -> Iterator[tuple[int, Answer]]:
    """Rows on a cluster, a window of them at a time."""
    share = client.scatter(job, broadcast=True)
    window = AHEAD * max(1, sum(client.nthreads().values()))
    rest: Iterable[int] = iter(range(len(rows)))
    waiting: deque[tuple[int, Any]] = deque()

    def more(count: int) -> None:
        waiting.extend((i, client.submit(remote, share, rows[i], pure=False)) for i in islice(rest, count))

    more(window)
    while waiting:
        i, future = waiting.popleft()
        try:
            yield i, future.result()
        except Exception as cause:  # a lost worker is a failed row
            yield i, (None, f"{type(cause).__name__}: {cause}", 0.0, 1)
        more(1)


def failures_in_words(found: Ensemble, names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """How many rows failed, where, and why, in English and in Chinese; nothing where none did."""
    if not found.failures:
        return ()
    i, cause = found.failures[0]
    at = ", ".join(f"{name} = {value:.4g}" for name, value in zip(names, found.values[i], strict=True))
    n, m = len(found.failures), len(found.values)
    return ((f"{n} of {m} runs failed and were left out; the first at {at}: {cause}",
             f"{m} 次运行中有 {n} 次失败，已剔除；首次失败于 {at}：{cause}"),)  # fmt: skip
