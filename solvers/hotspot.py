"""Where a structure is worst: a short table of places that are apart, the governing load case beside each."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..models import SolveError
from ..models.errors import did_you_mean
from ..models.gauge import MOTIONS, STRESSES, UNITS
from ..models.hotspot import HotSpot
from .reading import Answer, measured, seen, strength_at
from .stress import von_mises

Array = NDArray[np.float64]
APART = 3.0  # cells


def hot_spots(answers: Answer | Sequence[Answer], *, n: int = 5, what: str = "von Mises", body: str = "",
              region: str = "all", least: bool = False, apart: float = APART) -> tuple[HotSpot, ...]:  # fmt: skip
    """The `n` worst places of a body over load cases, each at least `apart` cells from the ones before it.

    Parameters
    ----------
    answers : Answer or several
        What `keep` of a solver receives: load cases and combinations.
    what : str
        A stress or displacement as readings name them, or "utilisation": von Mises over yield at its own temperature.
    least : bool
        Look for the lowest instead, as of "third".

    Returns
    -------
    tuple of HotSpot
        The worst first; fewer where the body is too small for n.
    """
    known = (*STRESSES, *MOTIONS, "utilisation")
    if what not in known:
        raise SolveError(
            f"hot spots of '{what}' are none of {len(known)} known. {did_you_mean(what, known)} Choose one of "
            f"{', '.join(known)}."
        )
    several = [answers] if isinstance(answers, Answer) else list(answers)
    if n < 1 or not several:
        raise SolveError(
            f"{n} hot spots of {len(several)} load cases are no table. It has one or more of each. Ask for n=5, of "
            "what keep has received."
        )
    places, value, case, skin = [], [], [], []
    for number, answer in enumerate(several):
        at, stress, volume = seen(answer, body, region)
        places.append(at)
        utilised = what == "utilisation"
        value.append(_utilised(answer, body, at, stress) if utilised else measured(what, answer, at, stress))
        case.append(np.full(len(at), number))
        skin.append(volume == 0.0)
    where, each, of, on = (np.concatenate(parts) for parts in (places, value, case, skin))
    grid = several[0].rest.grid
    scaled = where[:, : grid.active] / grid.spacing[: grid.active]
    name = several[0].fields[several[0].field(body)].piece.filled.member.name
    found: list[HotSpot] = []
    left = np.argsort(each if least else -each, kind="stable")
    while left.size and len(found) < n:
        worst = left[0]
        found.append(HotSpot(what=what, value=float(each[worst]), unit=UNITS.get(what, "1"),
                             place=(float(where[worst, 0]), float(where[worst, 1]), float(where[worst, 2])),
                             case=several[of[worst]].case, body=name, on_surface=bool(on[worst])))  # fmt: skip
        left = left[np.linalg.norm(scaled[left] - scaled[worst], axis=1) >= apart]
    return tuple(found)


def _utilised(answer: Answer, body: str, places: Array, stress: Array) -> Array:
    own = answer.fields[answer.field(body)].piece
    return np.asarray(von_mises(stress) / strength_at(own, "yield", places, answer.rest.grid))
