"""Material that is laid down while a process runs: layers of a build, beads of a weld."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .errors import ModelError
from .patch import EVERYWHERE, Box
from .quantity import Quantity, quantity


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Deposit:
    """A piece of a body that is not there until it is laid down, all of it at once and at one temperature.

    Until then its cells hold no heat and conduct none. From then on the surface that it covers meets nothing any more,
    and its own surface what the stage says of the patches that it lies on. Where deposits overlap, the first counts.

    Attributes
    ----------
    body : str
    box : ((3,), (3,)), m
        Lower and upper corner; what of the body lies inside. A grid has edges on its faces.
    at : float, s
        After the start of its stage.
    temperature : Quantity or float, K
        That it is laid down at; the enthalpy that it brings is in the history's balance, as `brought`.
    """

    body: str
    box: Box
    at: float
    temperature: Quantity | float

    def __post_init__(self) -> None:
        given = quantity(self.temperature, "K", valid=(0.0, 1e4), label=f"temperature of a deposit on {self.body}")
        object.__setattr__(self, "temperature", given)
        low, high = (tuple(float(c) for c in corner) for corner in self.box)
        object.__setattr__(self, "box", (low, high))
        if len(low) != 3 or len(high) != 3 or not all(a < b for a, b in zip(low, high, strict=True)):
            raise ModelError(
                f"a deposit on {self.body} fills the box from {low} to {high} m, which is empty. "
                "A box runs from a lower to an upper corner of three coordinates. Swap or complete them."
            )
        if not (np.isfinite(self.at) and self.at >= 0.0):
            raise ModelError(
                f"a deposit on {self.body} is laid down at {self.at} s. Its time counts from the start of its stage, "
                "0 s or later. Move it to the stage that it belongs to."
            )


def layers(body: str, *, axis: int, edges: Sequence[float], times: Sequence[float],
           temperature: Quantity | float) -> tuple[Deposit, ...]:  # fmt: skip
    """A deposit for every layer of a build.

    Parameters
    ----------
    axis : int
        Across the layers.
    edges : (n + 1,) m
        Increasing: layer i lies between edges i and i + 1.
    times : (n,) s
        When each is laid down, after the start of the stage.
    temperature : Quantity or float, K

    Raises
    ------
    ModelError
        If edges and times do not pair up.
    """
    if len(edges) != len(times) + 1:
        raise ModelError(
            f"{len(edges)} edges and {len(times)} times do not make layers of {body}. "
            "There is one edge more than there are layers. Complete them."
        )
    found = []
    for (below, above), at in zip(pairwise(edges), times, strict=True):
        low, high = list(EVERYWHERE[0]), list(EVERYWHERE[1])
        low[axis], high[axis] = float(below), float(above)
        box: Box = ((low[0], low[1], low[2]), (high[0], high[1], high[2]))
        found.append(Deposit(body=body, box=box, at=float(at), temperature=temperature))
    return tuple(found)
