"""Many runs of one problem, in processes or on a cluster; what fails is a row with its cause."""

import os
import pickle
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..models import ForetrialError, ModelError, SolveError, Solver
from .forward import forward
from .ledger import Ledger, Tally, counted, opened, written
from .problem import Problem
from .slip import Line, NotOnRecordError, Slip

Array = NDArray[np.float64]
Tell = Callable[[str, float], None]
Answer = tuple[Array | None, str, float, int]  # residuals, cause of failure, seconds, solver calls
Task = tuple[Array, dict[str, Line] | None]  # values, and what the ledger holds of their runs; None: there is none
Report = tuple[Answer, list[Any]]  # and what a worker did, for the ledger
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
        Rows that it holds are not run again. This process alone writes to it, each row as it comes in, whichever
        worker made it: a study that is killed goes on where it stopped.
    tell : callable or None
        Gets a sentence and the share done.

    Returns
    -------
    Ensemble
        A run that raises is a failed row, and so is one that takes its process down.

    Raises
    ------
    ModelError
        If values do not fit the problem, or there are no workers.
    SolveError
        If no worker process can be started.
    """
    rows = np.atleast_2d(np.asarray(values, float))
    if rows.ndim != 2 or rows.shape[1] != len(problem.names) or not np.isfinite(rows).all():
        raise ModelError(
            f"values are {rows.shape}, {int((~np.isfinite(rows)).sum())} of them not finite. One finite column for "
            f"each of {', '.join(problem.names)} is needed. Give an array (n, {len(problem.names)})."
        )
    if workers < 1:
        raise ModelError(
            f"workers = {workers} are none. One or more make the runs. Leave workers out, and they are made here."
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
    with opened(ledger) as book:
        if client is None and workers == 1:
            for i, row in enumerate(rows):
                yield i, _one(problem, solver, row, book)
            return
        which, tasks = list[int](), list[Task]()
        for i, row in enumerate(rows):
            slip = None if book is None else Slip(behind=book)
            try:
                if slip is not None:
                    yield i, _one(problem, solver, row, slip)
                    continue
            except NotOnRecordError:
                pass
            which.append(i)
            tasks.append((row, None if slip is None else slip.known))
        if not tasks:
            return
        job = packed(problem, solver)
        there = (_in_processes(job, tasks, min(workers, len(tasks))) if client is None
                 else _on_cluster(_client(client), job, tasks))  # fmt: skip
        for k, (answer, made) in there:
            if book is not None and made:
                book.enter(made)
            yield which[k], answer


def _one(problem: Problem, solver: Solver, row: Array, book: Ledger | Slip | None = None) -> Answer:
    began, tally = perf_counter(), Tally()
    by = counted(solver, tally) if book is None else written(solver, book, free=problem.names, tally=tally)
    try:
        found = forward(problem, row, solvers=(by,) * len(problem.experiments), slopes=False).residuals
    except NotOnRecordError:
        raise
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


def remote(job: bytes, task: Task) -> Report:
    """One row of a packed problem, for a worker elsewhere, and what it did for the ledger."""
    row, known = task
    slip = None if known is None else Slip(known=known)
    answer = _one(*_unpacked(job), row, slip)
    return answer, [] if slip is None else slip.made


_JOB: list[bytes] = []


def _ready(job: bytes) -> None:
    _JOB[:] = [job]
    Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    """A worker whose parent was killed would wait for work for ever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _here(task: Task) -> Report:
    return remote(_JOB[0], task)


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


def _in_processes(job: bytes, tasks: Sequence[Task], workers: int) -> Iterator[tuple[int, Report]]:
    """Reports as they come in."""
    left = deque(range(len(tasks)))
    with _single_threaded(), _pool(job, workers) as pool:
        try:
            pool.submit(_alive).result()
        except BrokenProcessPool as cause:
            raise SolveError(
                "0 worker processes came up. A script that starts processes is read again by each of them. Put its "
                "calls under  if __name__ == '__main__':  or take workers=1."
            ) from cause
        waiting: dict[Future[Report], int] = {}
        broken = False
        while (left or waiting) and not broken:
            try:
                while left and len(waiting) < AHEAD * workers:
                    waiting[pool.submit(_here, tasks[left[0]])] = left[0]
                    left.popleft()
            except BrokenProcessPool:
                broken = True
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                try:
                    report = future.result()
                except BrokenProcessPool:
                    broken = True
                    continue
                yield waiting.pop(future), report
        lost = sorted(waiting.values())
    yield from _one_by_one(job, tasks, lost)  # one of these took its process down
    if left:
        rest = list(left)
        for k, report in _in_processes(job, [tasks[i] for i in rest], min(workers, len(rest))):
            yield rest[k], report


def _one_by_one(job: bytes, tasks: Sequence[Task], which: list[int]) -> Iterator[tuple[int, Report]]:
    """Rows in a process of their own, a new one after each that dies."""
    waiting = deque(which)
    while waiting:
        with _single_threaded(), _pool(job, 1) as pool:
            while waiting:
                i, began = waiting.popleft(), perf_counter()
                try:
                    yield i, pool.submit(_here, tasks[i]).result()
                except BrokenProcessPool:
                    said = "the process died during this run: out of memory, or a crash in it."
                    yield i, ((None, said, perf_counter() - began, 1), [])
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


def _on_cluster(client: Any, job: bytes, tasks: Sequence[Task]) -> Iterator[tuple[int, Report]]:
    """Reports from a cluster as they come in, a window of them at a time."""
    from distributed import as_completed

    share = client.scatter(job, broadcast=True)
    window = AHEAD * max(1, sum(client.nthreads().values()))
    rest, which = iter(range(len(tasks))), dict[str, int]()
    ready = as_completed()  # type: ignore[no-untyped-call]

    def more(count: int) -> None:
        for i in islice(rest, count):
            future = client.submit(remote, share, tasks[i], pure=False)
            which[future.key] = i
            ready.add(future)  # type: ignore[no-untyped-call]

    more(window)
    for future in ready:
        i = which.pop(future.key)
        try:
            report = future.result()
        except Exception as cause:  # a lost worker is a failed row
            report = (None, f"{type(cause).__name__}: {cause}", 0.0, 1), []
        more(1)
        yield i, report


def failures_in_words(found: Ensemble, names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """How many rows failed, where, and why, in English and in Chinese; nothing where none did."""
    if not found.failures:
        return ()
    i, cause = found.failures[0]
    at = ", ".join(f"{name} = {value:.4g}" for name, value in zip(names, found.values[i], strict=True))
    n, m = len(found.failures), len(found.values)
    return ((f"{n} of {m} runs failed and were left out; the first at {at}: {cause}",
             f"{m} 次运行中有 {n} 次失败，已剔除；首次失败于 {at}：{cause}"),)  # fmt: skip
