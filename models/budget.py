"""An uncertainty budget: one line a cause, combined by correlation group."""

import math
from dataclasses import dataclass

KINDS = ("numerical", "reduced model", "parameter", "input", "sensor", "model form", "sampling")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One cause: its standard uncertainty, what the result moves per unit of it, and what that contributes.

    `contribution` is signed (sensitivity times std) in the result's unit; lines of one `group` add up before squaring,
    unless a line is already the combination of its group.
    """

    name: str
    kind: str
    std: float
    unit: str
    sensitivity: float
    contribution: float
    source: str = ""
    dof: float = math.inf
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """All lines for one quantity.

    Attributes
    ----------
    quantity, unit : str
    lines : tuple of Line
    coverage : float
        Coverage factor k.
    correlations : tuple of (name, name, coefficient)
        Between lines outside groups, such as the parameters of one fit; what is not listed is independent.
    """

    quantity: str
    unit: str
    lines: tuple[Line, ...]
    coverage: float = 2.0
    correlations: tuple[tuple[str, str, float], ...] = ()

    def combined(self, *kinds: str) -> float:
        """Combined standard uncertainty over all kinds, or over those named (JCGM 100, eq. 16)."""
        groups: dict[str, float] = {}
        alone = 0.0
        for line in self.lines:
            if kinds and line.kind not in kinds:
                continue
            if line.group:
                groups[line.group] = groups.get(line.group, 0.0) + line.contribution
            else:
                alone += line.contribution**2
        by_name = {line.name: line for line in self.lines if not kinds or line.kind in kinds}
        crossed = sum(2.0 * r * by_name[a].contribution * by_name[b].contribution
                      for a, b, r in self.correlations if a in by_name and b in by_name)  # fmt: skip
        return math.sqrt(max(alone + sum(total**2 for total in groups.values()) + crossed, 0.0))

    @property
    def expanded(self) -> float:
        """Coverage factor times the combined standard uncertainty."""
        return self.coverage * self.combined()

    @property
    def dof(self) -> float:
        """Effective degrees of freedom by Welch-Satterthwaite (JCGM 100, G.4)."""
        total = self.combined() ** 4
        weight = sum(line.contribution**4 / line.dof for line in self.lines if math.isfinite(line.dof))
        return total / weight if weight > 0 else math.inf

    def top(self, n: int = 5) -> tuple[Line, ...]:
        """The lines that matter most."""
        return tuple(sorted(self.lines, key=lambda line: -abs(line.contribution))[:n])
