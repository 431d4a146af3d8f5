"""What a killed writer left behind, put in order: sealed data stays as it is, what is lost is said."""

import os
from dataclasses import dataclass
from pathlib import Path

from ..models import TrialError
from . import segments
from .sealed import PARTIAL, alone
from .store import check


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """What was found and done.

    Attributes
    ----------
    segments, rows : int
        Sealed segments that are whole, and their rows; 0 for a store.
    lost : tuple of str
        What cannot be had back, one sentence each.
    done : tuple of str
        What was put where.
    """

    segments: int = 0
    rows: int = 0
    lost: tuple[str, ...] = ()
    done: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join([f"{self.segments} segments, {self.rows} rows kept", *self.done, *self.lost])


def repair(path: str | Path) -> Repair:
    """What is left of the live log in a folder, or of a store.

    Files that were never finished, and segments that do not match their hash, are moved into the folder 'lost' beside
    them with their bytes unchanged; an unfinished file that turns out to be whole is put in its place.

    Raises
    ------
    TrialError
        If there is no log, its writer is still at work, or a store cannot be opened.
    """
    path = Path(path)
    if path.is_dir():
        if not (path / segments.DECLARED).is_file():
            raise TrialError(
                f"{path} holds no live log: there is no {segments.DECLARED}. LiveLog writes one as it starts. "
                "If it was killed before that, nothing was logged; start again."
            )
        with alone(path / "writer", patience=0.5):
            return _folder(path)
    wrong = check(path)
    with alone(path):
        done = [_aside(file) for file in sorted(path.parent.glob(f"{path.name}.*{PARTIAL}"))]
    return Repair(lost=wrong, done=tuple(done))


def _folder(folder: Path) -> Repair:
    done, lost, rows = [], [], 0
    whole: list[segments.Segment] = []
    told = {about["segment"] for _, event, about in segments.events(folder) if event == "lost"}
    for file in segments.sealed_in(folder):
        try:
            whole.append(segments.get_segment(file))
        except TrialError:
            number = int(file.stem.rpartition("-")[2])
            done.append(_aside(file))
            lost.append(_lose(folder, number, f"segment {number} did not match its hash"))
            told.add(number)
    for file in sorted(folder.glob(f"*{PARTIAL}")):
        saved = _whole(folder, file, whole)
        if saved:
            whole.append(saved)
            done.append(f"{file.name} was whole and is now {segments.name_of(saved.number)}")
        else:
            done.append(_aside(file))
            lost.append(f"{file.name} was not finished")
    numbers = {segment.number for segment in whole}
    for number in sorted(set(range(1, max(numbers, default=0))) - numbers - told):
        lost.append(_lose(folder, number, f"segment {number} is missing"))
    rows = sum(len(next(iter(segment.columns.values()))) for segment in whole)
    if done or lost:
        segments.write_event(folder, "repaired", done=done, lost=lost)
    return Repair(segments=len(whole), rows=rows, lost=tuple(lost), done=tuple(done))


def _whole(folder: Path, file: Path, before: list[segments.Segment]) -> segments.Segment | None:
    """The next segment, if that is what the unfinished file holds; it is then put in its place."""
    try:
        found = segments.get_segment(file)
    except (TrialError, ValueError, KeyError):
        return None
    last = (before[-1].number, before[-1].digest) if before else (0, segments.FIRST)
    target = folder / segments.name_of(found.number)
    if (found.number - 1, found.previous) != last or target.exists():
        return None
    with file.open("rb+") as handle:
        os.fsync(handle.fileno())
    file.replace(target)
    return found


def _aside(file: Path) -> str:
    place = file.parent / segments.LOST
    place.mkdir(exist_ok=True)
    file.replace(place / file.name)
    return f"{file.name} moved to {segments.LOST}/"


def _lose(folder: Path, number: int, why: str) -> str:
    segments.write_event(folder, "lost", segment=number, what=f"{why}: its rows are lost")
    return f"{why}: its rows are lost"
