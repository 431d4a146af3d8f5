"""One channel beside its prediction: how far they lie apart, and how far they may."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Point:
    """One channel: comparison error E = S - D over time, and the parts of its validation uncertainty, K.

    `bias` is the part of u_d that moves the whole channel; `tau` the autocorrelation time of E, in readings; `beyond`
    by how far the model lies beyond the limit of a reading that stands at one, on the side that was read: such a
    reading is in no comparison error and speaks for no model, but against one that lies far short of it. NaN elsewhere.
    """

    channel: str
    station: str
    t: Array
    measured: Array
    model: Array
    sigma: Array
    u_num: Array
    u_input: Array
    u_d: Array
    bias: float
    tau: float
    place: tuple[float, float, float] | None
    unit: str
    beyond: Array

    @property
    def error(self) -> Array:
        """(n,) model minus reading; NaN in gaps."""
        return self.model - self.measured

    @property
    def u_val(self) -> Array:
        """(n,) validation standard uncertainty (ASME V&V 20-2009, eq. 1-5-6)."""
        return np.sqrt(self.u_num**2 + self.u_input**2 + self.u_d**2)

    @property
    def used(self) -> NDArray[np.bool_]:
        """(n,) where there is a reading."""
        return np.isfinite(self.measured)

    def missed(self, k: float, form: float = 0.0) -> int:
        """Readings at a limit of which the model falls short by more than k times u_val and model form together."""
        with np.errstate(invalid="ignore"):
            return int(np.sum(self.beyond < -k * np.hypot(self.u_val, form)))

    @property
    def rms(self) -> float:
        """Root mean square error."""
        return float(np.sqrt(np.mean(self.error[self.used] ** 2)))

    @property
    def resolvable(self) -> bool:
        """Whether the error is larger than what its uncertainty alone would show."""
        return self.rms > float(np.sqrt(np.mean(self.u_val[self.used] ** 2)))
