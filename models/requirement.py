"""What must hold: a quantity of interest as data, its limit, and the rule of the decision, fixed before the result."""

from dataclasses import dataclass

import numpy as np

from .errors import ModelError, did_you_mean
from .history import History

VERIFICATIONS = ("design", "functional performance", "process", "adaptation", "production")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """One number out of a run: a statistic over time of observations.

    Attributes
    ----------
    observations : tuple of str
        Names asked for with `observe`; the worst over them counts.
    statistic : str
        "max", "min", "mean" over the window, or "last".
    window : (float, float), s
    unit : str
        SI symbol.
    """

    observations: tuple[str, ...]
    statistic: str
    window: tuple[float, float]
    unit: str = "K"

    def __post_init__(self) -> None:
        known = ("max", "min", "mean", "last")
        if self.statistic not in known:
            raise ModelError(
                f"statistic '{self.statistic}' is not known. {did_you_mean(self.statistic, known)} "
                f"Choose one of {', '.join(known)}."
            )
        if not self.window[0] < self.window[1]:
            raise ModelError(
                f"the window {self.window} s is empty. It runs from an earlier to a later time. Correct its ends."
            )

    def value(self, history: History) -> float:
        """The number itself."""
        return self.when(history)[0]

    def when(self, history: History) -> tuple[float, str, float]:
        """The number, the observation that governs it, and its time in s."""
        inside = history.t[(history.t >= self.window[0]) & (history.t <= self.window[1])]
        dense = np.unique(np.concatenate([np.linspace(*self.window, 241), inside]))
        found = []
        for name in self.observations:
            y = history.at(name, dense)
            if self.statistic == "last":
                found.append((float(y[-1]), name, float(dense[-1])))
            elif self.statistic == "mean":
                found.append((float(np.trapezoid(y, dense) / (dense[-1] - dense[0])), name, float(dense[-1])))
            else:
                k = int(np.argmax(y) if self.statistic == "max" else np.argmin(y))
                found.append((float(y[k]), name, float(dense[k])))
        return (min if self.statistic == "min" else max)(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """A question that a verdict answers.

    Attributes
    ----------
    text, text_zh : str
        The question in English and in Chinese.
    interest : Interest
    limit : float
        In the interest's unit.
    sense : str
        "at most" or "at least".
    accuracy : float
        Expanded uncertainty above which the answer is INCONCLUSIVE whatever the margin; same unit.
    coverage : float
        Coverage factor k of expanded uncertainties.
    guard : float
        Guard band as a multiple of the expanded uncertainty (1: JCGM 106 guarded acceptance).
    needs : tuple of str
        Criteria that must be met for PASS.
    verification : str
        Which of the five it serves.
    display : str
        Unit that people read the value in.
    """

    id: str
    text: str
    text_zh: str
    interest: Interest
    limit: float
    sense: str
    accuracy: float
    verification: str
    display: str
    coverage: float = 2.0
    guard: float = 1.0
    needs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.sense not in ("at most", "at least"):
            raise ModelError(
                f"{self.id}: sense '{self.sense}' is not known. {did_you_mean(self.sense, ('at most', 'at least'))} "
                "Say 'at most' or 'at least'."
            )
        if self.verification not in VERIFICATIONS:
            raise ModelError(
                f"{self.id}: verification '{self.verification}' is not known. "
                f"{did_you_mean(self.verification, VERIFICATIONS)} Choose one of {', '.join(VERIFICATIONS)}."
            )

    def margin(self, value: float) -> float:
        """How far `value` stays on the right side of the limit; negative beyond it."""
        return self.limit - value if self.sense == "at most" else value - self.limit
