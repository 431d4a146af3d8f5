"""When an observation crosses a value within a step, and how it is read; one that nobody watches is refused."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..models import Crossing, ModelError
from ..models.errors import did_you_mean
from ..models.history import hermite
from .discrete import Flow
from .march import Step

if TYPE_CHECKING:
    from .watch import Watch, Weights

Array = NDArray[np.float64]


def weighed(watch: "Watch", name: str, T: Array, whose: str = "a stage ends on") -> "Weights":
    """What reads an observation off a state `T` (n,) K.

    Raises
    ------
    ModelError
        If it is not observed; `whose` says who asked.
    """
    if name not in watch.names:
        raise ModelError(
            f"{whose} '{name}', which is not observed. {did_you_mean(name, watch.names)} Ask for it with observe=(...)."
        )
    return watch.weights(T)[watch.names.index(name)]


def crossed(watch: "Watch", crossing: Crossing, T: Array, step: Step) -> bool:
    """Whether the observation crosses in a step from `T` (n,) K."""
    a, b = (weighed(watch, crossing.observation, field).read(field) - crossing.value for field in (T, step.T))
    return a < 0.0 <= b if crossing.rising else a > 0.0 >= b


def when(watch: "Watch", crossing: Crossing, T: Array, flow: Flow, step: Step, dt: float, volume: Array) -> float:
    """How far (s) into a step of `dt` s the crossing lies, by bisection of the step's cubic; `volume` (n,) m3."""
    weights = weighed(watch, crossing.observation, step.T)
    y = np.array([weighed(watch, crossing.observation, T).read(T), weights.read(step.T)])
    slope = np.array([weights.read(f.heat / (volume * f.c)) for f in (flow, step.flow)])
    low, high = 0.0, dt
    for _ in range(60):
        middle = 0.5 * (low + high)
        above = float(hermite(np.array([0.0, dt]), y, slope, np.array([middle]))[0]) >= crossing.value
        low, high = (low, middle) if above == crossing.rising else (middle, high)
    return max(high, 1e-9 * dt)
