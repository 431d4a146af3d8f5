"""What happens to a structure in order: loads that rise and fall, temperatures that change, supports that let go."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from .errors import ModelError
from .history import Frame
from .quantity import Quantity, quantity
from .readonly import read_only
from .signals import Profile

Warmth = Quantity | float | Profile | Frame


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LoadPath:
    """States of load and warmth over time, straight between their times.

    Attributes
    ----------
    t : (n,) s
        Rising, 0 first. Nothing depends on the speed: time says in which order.
    factors : mapping of load case to (n,) factors
        On its loads and on what its supports move. A case that is not named does not act.
    hold : str
        The load case whose supports hold the structure; the first where left out.
    warm : tuple of temperatures, K, at `warm_at` (m,) s
        Numbers, profiles, or frames kept from a heat run, whose own times count where `warm_at` is left out. They are
        held before the first and after the last.
    stress_free : Quantity or float, K
    release : str
        The load case whose supports hold what is left when, after the last time, those of `hold` let go within one
        more second; its loads do not act. "" is nothing lets go.

    Raises
    ------
    ModelError
        If times do not rise from 0, or factors or temperatures are not as many as their times.
    """

    t: tuple[float, ...]
    factors: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    hold: str = ""
    warm: tuple[Warmth, ...] = ()
    warm_at: tuple[float, ...] = ()
    stress_free: Quantity | float = 293.15
    release: str = ""

    def __post_init__(self) -> None:
        times = np.asarray(self.t, dtype=float)
        if times.size < 2 or times[0] != 0.0 or not (np.diff(times) > 0.0).all():
            raise ModelError(
                f"a load path has {times.size} times, the first {times[0] if times.size else float('nan'):g} s, or "
                "they do not rise. It goes from 0 through one or more later times. Sort them; start at 0."
            )
        for name, each in self.factors.items():
            if len(each) != times.size or not np.isfinite(each).all():
                raise ModelError(
                    f"a load path gives case '{name}' {len(each)} factors at {times.size} times, or one is not a "
                    "number. Each time has one. Complete them."
                )
        object.__setattr__(self, "factors", read_only({k: tuple(map(float, v)) for k, v in self.factors.items()}))
        if self.warm and not self.warm_at:
            if not all(isinstance(one, Frame) for one in self.warm):
                raise ModelError(
                    f"a load path has {len(self.warm)} temperatures and 0 times for them. Frames bring their own, "
                    "numbers and profiles do not. Give warm_at=(...)."
                )
            object.__setattr__(self, "warm_at", tuple(one.t for one in self.warm if isinstance(one, Frame)))
        if len(self.warm) != len(self.warm_at) or not (np.diff(self.warm_at) > 0.0).all():
            raise ModelError(
                f"a load path has {len(self.warm)} temperatures at {len(self.warm_at)} times, or these do not rise. "
                "Each has its own. Complete and sort them."
            )
        object.__setattr__(self, "stress_free", quantity(self.stress_free, "K", valid=(0.0, 1e4), label="stress_free"))
        given = tuple(quantity(one, "K", valid=(0.0, 1e4), label="temperature") if isinstance(one, (int, float))
                      else one for one in self.warm)  # fmt: skip
        object.__setattr__(self, "warm", given)

    @property
    def end(self) -> float:
        """When the last load or temperature is reached, s; letting go comes after it."""
        return max((self.t[-1], *self.warm_at))

    def factor(self, case: str, t: float) -> float:
        """On the loads of a case at `t` s."""
        return float(np.interp(t, self.t, self.factors[case])) if case in self.factors else 0.0

    def between(self, t: float) -> tuple[int, int, float]:
        """Rows of `warm` before and after `t` s, and the share of the later one."""
        if len(self.warm) == 1:
            return 0, 0, 0.0
        after = int(np.clip(np.searchsorted(self.warm_at, t), 1, len(self.warm) - 1))
        low, high = self.warm_at[after - 1], self.warm_at[after]
        return after - 1, after, float(np.clip((t - low) / (high - low), 0.0, 1.0))

    def knots(self) -> tuple[float, ...]:
        """Times at which something changes its course, s."""
        return tuple(sorted({*self.t, self.end, *(one for one in self.warm_at if one > 0.0)}))
