"""Controllers at work: what they read, how they answer, and how the answer depends on parameters."""

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..models import Controller, ModelError, Process, Quantity, Stage, digest
from .discrete import Discrete
from .surroundings import level

Array = NDArray[np.float64]
Read = Callable[[str], tuple[float, Array]]  # a reading and its derivatives by the free parameters


class Control:
    """All controllers of a run; `twins` are the models a little above and below in each free parameter.

    A controller holds (sum K.s, last reading K, output); `slopes` are the derivatives of the three.
    """

    def __init__(self, model: Discrete, twins: Sequence[tuple[Discrete, Discrete, float, float]]) -> None:
        _refuse_twofold(model.process)
        self._model, self._twins = model, twins
        self._state: dict[str, tuple[float, float, float]] = {}
        self._slopes: dict[str, Array] = {}
        self._due: dict[str, float] = {}
        self._stage, self._since = 0, 0.0
        self._active: dict[str, Controller] = {}

    def enter(self, index: int, since: float) -> None:
        """Begin a stage: its controllers are due."""
        self._stage, self._since = index, since
        self._active = controllers(self._model.process.stages[index])
        self._due = dict.fromkeys(self._active, since)
        self._command()

    def moved(self, model: Discrete, twins: Sequence[tuple[Discrete, Discrete, float, float]]) -> None:
        """Go on with the models of more cells."""
        self._model, self._twins = model, twins
        self._command()

    def wait(self, t: float) -> float:
        """How long (s) until the next sample."""
        return min((due - t for due in self._due.values()), default=math.inf)

    def sample(self, t: float, read: Read) -> bool:
        """Read and answer where a sample is due; whether anything changed."""
        due = [name for name, when in self._due.items() if t >= when - 1e-9 * max(abs(when), 1e-3)]
        for name in due:
            self._answer(self._active[name], t, *read(self._active[name].observation))
            every = self._active[name].every
            self._due[name] = self._since + every * (math.floor((t - self._since) / every + 1e-6) + 1)
        if due:
            self._command()
        return bool(due)

    def state(self) -> dict[str, Array]:
        """State and next sample of every controller, as arrays."""
        return {f"control_{name}": np.array([*state, self._due.get(name, math.nan)])
                for name, state in self._state.items()}  # fmt: skip

    def restore(self, state: Mapping[str, Array]) -> None:
        """Go on from what `state` left, after `enter`."""
        for key, (total, last, output, due) in ((k, v) for k, v in state.items() if k.startswith("control_")):
            name = key.removeprefix("control_")
            self._state[name] = (float(total), float(last), float(output))
            self._slopes[name] = np.zeros((len(self._twins), 3))
            if name in self._due:
                self._due[name] = float(due)
        self._command()

    def _answer(self, own: Controller, t: float, reading: float, slopes: Array) -> None:
        before = self._state.get(own.name, (0.0, math.nan, 0.0))
        moved = self._slopes.get(own.name, np.zeros((len(self._twins), 3)))
        found = np.zeros_like(moved)
        for n, (above, below, up, down) in enumerate(self._twins):
            ends = []
            for model, step in ((above, up), (below, -down)):
                its = controllers(model.process.stages[self._stage])[own.name]
                state = (before[0] + step * moved[n, 0], before[1] + step * moved[n, 1], 0.0)
                ends.append(np.array(answer(its, t, self._since, reading + step * slopes[n], state)))
            found[n] = (ends[0] - ends[1]) / (up + down)
        self._state[own.name] = answer(own, t, self._since, reading, before)
        self._slopes[own.name] = found

    def _command(self) -> None:
        outputs = {name: state[2] for name, state in self._state.items()}
        blank = {name: _value(own.bias) for name, own in self._active.items() if name not in outputs}
        self._model.command(outputs | blank)
        for n, (above, below, up, down) in enumerate(self._twins):
            for model, step in ((above, up), (below, -down)):
                moved = {name: output + step * self._slopes[name][n, 2] for name, output in outputs.items()}
                model.command(moved | blank)


def answer(
    own: Controller, t: float, since: float, reading: float, state: tuple[float, float, float]
) -> tuple[float, float, float]:
    """The next (sum K.s, reading K, output) of a controller that reads `reading` K at `t` s."""
    total, last, _ = state
    error = level(own.setpoint, t, since) - reading
    slope = 0.0 if math.isnan(last) else (reading - last) / own.every
    grown = total + error * own.every
    wanted = error
    if own.integral is not None:
        wanted += grown / _value(own.integral)
    if own.derivative is not None:
        wanted -= _value(own.derivative) * slope
    raw = _value(own.bias) + _value(own.gain) * wanted
    output = min(max(raw, own.span[0]), own.span[1])
    free = raw == output or (raw - output) * error * _value(own.gain) < 0.0
    return grown if free else total, reading, output


def controllers(noun: Stage) -> dict[str, Controller]:
    """All controllers in a stage, by name."""
    found: dict[str, Controller] = {}
    for one in _walk(noun):
        found.setdefault(one.name, one)
    return found


def _refuse_twofold(process: Process) -> None:
    contents: dict[str, str] = {}
    for one in _walk(process.stages):
        if contents.setdefault(one.name, digest(one)) != digest(one):
            raise ModelError(
                f"two different controllers are called '{one.name}'. One name is one controller, with one state. "
                "Give each its own, or use the same one twice."
            )


def _walk(noun: Any) -> Iterator[Controller]:
    if isinstance(noun, Controller):
        yield noun
    elif isinstance(noun, Mapping):
        for value in noun.values():
            yield from _walk(value)
    elif isinstance(noun, (tuple, list)):
        for value in noun:
            yield from _walk(value)
    elif dataclasses.is_dataclass(noun) and not isinstance(noun, (type, Quantity)):
        for field in dataclasses.fields(noun):
            yield from _walk(getattr(noun, field.name))


def _value(given: Quantity | float) -> float:
    return given.value if isinstance(given, Quantity) else given
