"""What drives a process: signals over time, controllers that answer a reading, and profiles over a body."""

from dataclasses import dataclass, field

from .curve import Curve
from .errors import ModelError, did_you_mean
from .quantity import Quantity, quantity


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Signal:
    """A quantity over time, `scale * curve(t) + bias + sum of mode * shape(t)`: a logged or a programmed one.

    Attributes
    ----------
    curve : Curve
        The signal in `unit` over s.
    scale, bias : Quantity
        What is uncertain about it; give them names to have them in the budget.
    modes : tuple of (Quantity, Curve)
        What is uncertain with a shape of its own in time: a dimensionless amount, and the signal's change per unit.
    clock : str
        "process" counts from the start of the recipe, "stage" from the start of the stage.
    """

    curve: Curve
    unit: str
    scale: Quantity = field(default_factory=lambda: Quantity(value=1.0))
    bias: Quantity | None = None
    modes: tuple[tuple[Quantity, Curve], ...] = ()
    clock: str = "process"

    def __post_init__(self) -> None:
        if self.clock not in ("process", "stage"):
            raise ModelError(
                f"clock = '{self.clock}' is not known. {did_you_mean(self.clock, ('process', 'stage'))} "
                "Say clock='process' or clock='stage'."
            )

    def at(self, t: float, since: float) -> float:
        """The value at `t` s, in a stage that began at `since` s."""
        clock = t - since if self.clock == "stage" else t
        value = self.scale.value * self.curve.one(clock) + (0.0 if self.bias is None else self.bias.value)
        return value + sum(amount.value * shape.one(clock) for amount, shape in self.modes if amount.value != 0.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Controller:
    """A digital PID that drives a gas, a flux or a source so that a reading follows its set-point.

    It samples at the start of a stage and every `every` s after, and holds its output in between; steps end on its
    samples. Output = bias + gain (e + sum of e / integral - derivative * slope of the reading), kept within `span`;
    the sum stands still while the output is cut off and e would push it further (anti-windup). Its state (sum, last
    reading, output) goes on from stage to stage. A gain so high that the output is either end of `span` makes a
    thermostat.

    Attributes
    ----------
    name, observation : str
        Its own name, and that of the probe or extreme it reads, which must be observed in the run.
    setpoint : Signal, K
    unit : str
        SI symbol of the output.
    gain : Quantity, `unit` per K
    integral, derivative : Quantity or None, s
        Integral and derivative time; left out, that share is off.
    bias : Quantity or float, `unit`
    span : (float, float), `unit`
        What the actuator can do.
    every : float, s
    """

    name: str
    observation: str
    setpoint: Signal
    unit: str
    gain: Quantity | float
    span: tuple[float, float]
    every: float
    integral: Quantity | float | None = None
    derivative: Quantity | float | None = None
    bias: Quantity | float = 0.0

    def __post_init__(self) -> None:
        if self.setpoint.unit != "K":
            raise ModelError(
                f"controller '{self.name}' has a set-point in {self.setpoint.unit}, but reads K. "
                "A set-point is a temperature. Give Signal(unit='K')."
            )
        if not self.every > 0 or not self.span[0] < self.span[1]:
            raise ModelError(
                f"controller '{self.name}' samples every {self.every:g} s within {self.span[0]:g} to {self.span[1]:g} "
                f"{self.unit}. The period is above 0 s, the span runs from low to high. Correct them."
            )
        object.__setattr__(self, "gain", quantity(self.gain, f"{self.unit}/K", label=f"{self.name} gain"))
        object.__setattr__(self, "bias", quantity(self.bias, self.unit, label=f"{self.name} bias"))
        for part in ("integral", "derivative"):
            given = getattr(self, part)
            if given is not None:
                time = quantity(given, "s", valid=(1e-9, 1e12), label=f"{self.name} {part} time")
                object.__setattr__(self, part, time)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profile:
    """A start temperature that changes along one axis of a body, `curve(place) + shift`.

    Attributes
    ----------
    curve : Curve
        K over m.
    axis : int
    shift : Quantity or float, K
    """

    curve: Curve
    axis: int = 0
    shift: Quantity | float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "shift", quantity(self.shift, "K", label="start profile's shift"))
        coldest = float(self.curve(self.curve.breaks).min()) + quantity(self.shift, "K").value
        if coldest <= 0.0 or self.axis not in (0, 1, 2):
            raise ModelError(
                f"a start profile along axis {self.axis} falls to {coldest:g} K. Temperatures are above 0 K, axes are "
                "0, 1 and 2. Is it in degC?"
            )


Level = Quantity | Signal | Controller
"""What drives a wall or a source: a constant, a signal over time, or a controller."""


def driven(given: Level | float, unit: str, name: str, span: tuple[float, float] | None) -> Level:
    """A level as it is, or a bare float as an exact one in `unit`; another unit is refused, and what leaves `span`."""
    if isinstance(given, (Signal, Controller)):
        if given.unit != unit:
            raise ModelError(
                f"{name} is driven by a {type(given).__name__.lower()} in {given.unit}, but {unit} is needed. "
                "A signal has the unit of what it drives. Check which channel that is."
            )
        return given
    return quantity(given, unit, valid=span, label=name)
