"""What travels between a ledger and a worker elsewhere: lines that it may read, and lines that it adds."""

from dataclasses import dataclass, field
from typing import Any

from ..models import History
from .ledger import Ledger

Line = tuple[str, str, History | None]  # state, cause, what the run left


class NotOnRecordError(Exception):
    """A run is asked for that the ledger does not hold, where none may be made."""


@dataclass(slots=True, kw_only=True)
class Slip:
    """A ledger's face without its file.

    Attributes
    ----------
    behind : Ledger or None
        Where it is given, lines are looked up there and remembered, and no run is made.
    known : mapping of key to line
        What a worker finds instead of making it.
    made : list of (key, how it began, how it ended)
        What a worker did, for `Ledger.enter`.
    """

    behind: Ledger | None = None
    known: dict[str, Line] = field(default_factory=dict)
    made: list[tuple[str, dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    began: dict[str, dict[str, Any]] = field(default_factory=dict)

    def find(self, key: str) -> Line:
        """State, cause and history of a run; all empty where it is not on record."""
        if self.behind is not None:
            found = self.behind.find(key)
            if found[0] in ("done", "failed"):
                self.known[key] = found
            return found
        return self.known.get(key, ("", "", None))

    def begin(self, key: str, **what: Any) -> None:
        """Note that a run is under way.

        Raises
        ------
        NotOnRecordError
            If there is a ledger behind: what it does not hold is made elsewhere.
        """
        if self.behind is not None:
            raise NotOnRecordError(key)
        self.began[key] = what

    def end(self, key: str, **what: Any) -> None:
        """Note what it left, or why it failed."""
        self.made.append((key, self.began.pop(key), what))
