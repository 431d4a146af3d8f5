"""Files that are whole or absent: written under a temporary name, flushed to the disk, then put in place."""

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..models import TrialError

PARTIAL = ".partial"


@contextmanager
def sealed(path: Path) -> Iterator[Path]:
    """A temporary path to write; on leaving without an error it replaces `path` in one step.

    Whoever is stopped half-way, by an error, Ctrl-C or a kill, leaves `path` as it was.
    """
    partial = path.with_name(f"{path.name}.{os.getpid()}{PARTIAL}")
    try:
        yield partial
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        _replace(partial, path)
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()
    _settle(path.parent)


def _replace(partial: Path, path: Path, patience: float = 5.0) -> None:
    """Put it in place; Windows refuses while a reader has the old file open, so wait for the reader there."""
    end = time.monotonic() + patience
    while True:
        try:
            partial.replace(path)
            return
        except PermissionError:
            if os.name != "nt" or time.monotonic() > end:
                raise
            time.sleep(0.02)


def _settle(folder: Path) -> None:
    """Flush the folder's entries where the system can (not on Windows)."""
    if os.name != "nt":
        with suppress(OSError):
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


@contextmanager
def alone(path: Path, *, patience: float = 10.0) -> Iterator[None]:
    """Sole writer of `path` while inside; the system frees the lock of a writer that was killed.

    Raises
    ------
    TrialError
        If another writer still holds it after `patience` s.
    """
    lock = path.with_name(path.name + ".lock")
    end = time.monotonic() + patience
    while True:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
        if _take(handle) and _same(handle, lock):
            break
        os.close(handle)
        if time.monotonic() > end:
            raise TrialError(
                f"{path} has been held by another writer for {patience:g} s. One writes at a time. "
                "Wait until that process is done, or stop it."
            )
        time.sleep(0.02)
    try:
        yield
    finally:
        if os.name == "nt":
            os.close(handle)
            with suppress(OSError):
                lock.unlink()
        else:
            with suppress(OSError):
                lock.unlink()
            os.close(handle)


def _take(handle: int) -> bool:
    try:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            return False
    except OSError:
        return False
    return True


def _same(handle: int, lock: Path) -> bool:
    """Whether the lock that was taken is still the one that others see; its last holder removes it."""
    try:
        return os.path.samestat(os.fstat(handle), lock.stat())
    except FileNotFoundError:
        return False


def hash_of(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
