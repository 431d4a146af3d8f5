"""Round bodies cut out of a Cartesian grid: a ball in three dimensions and the section of a bar in two."""

import numpy as np

from foretrial.models import Exchange, Material, Part, Probe, Process
from foretrial.solvers import Heat

from .problem import Problem, Reached, Resolution
from .series import cooling

UNIT = Material.simple("unit", density=1.0, conductivity=1.0, heat_capacity=1.0)
HOT, BATH = 400.0, 300.0  # K


def worst(shape: str, part: Part, biots: tuple[float, ...], cells: int, towards: tuple[float, float, float]) -> Reached:
    """Worst share of the starting difference over Biot numbers, three places and Fourier numbers 0.1 to 1.

    Parameters
    ----------
    shape : str
        "cylinder" or "sphere", of radius 1 m.
    cells : int
        Cells per radius.
    towards : (3,)
        Direction in which the places lie.
    """
    fourier = np.linspace(0.1, 1.0, 10)
    found, count, steps = (0.0, 0.0), 0, 0
    for biot in biots:
        process = Process.simple(part=part, material=UNIT, start=HOT, until=1.0,
                                 walls={"surface": Exchange(gas=BATH, film=biot)})  # fmt: skip
        places = (0.0, 0.5, 1.0)
        probes = tuple(Probe(name=f"r = {r}", place=tuple(r * np.asarray(towards))) for r in places)
        history = Heat(cells=2 * cells, tolerance=1e-3)(process, observe=probes)
        count, steps = history.cells, max(steps, history.t.size - 1)
        for probe, r in zip(probes, places, strict=True):
            ours = (history.at(probe.name, fourier) - BATH) / (HOT - BATH)
            found = max([*zip(cooling(shape, biot, r, fourier), ours, strict=True), found],
                        key=lambda pair: abs(pair[1] - pair[0]))  # fmt: skip
    return Reached(answer=float(found[0]), reached=float(found[1]), cells=count, steps=steps)


def _disc(cells: int) -> Reached:
    return worst("cylinder", Part.disc(1.0), (0.1, 1.0, 10.0), cells, (0.6, 0.8, 0.0))


def _ball(cells: int) -> Reached:
    return worst("sphere", Part.sphere(1.0), (0.1, 1.0, 10.0), cells, (0.36, 0.48, 0.8))


_SOURCE = "Incropera et al., Fundamentals of Heat and Mass Transfer, 7th ed., sec. 5.6, the full series"
_AT = (Resolution(cells=16, tolerance=1e-3), Resolution(cells=32, tolerance=3e-4))
PROBLEMS = (
    Problem(
        id="cylinder-cut", unit="1", source=_SOURCE, at=_AT, reach=_disc,
        problem="Round bar cut out of a Cartesian grid, cooling through a film, Bi 0.1, 1 and 10: share of the "
                "starting difference in the middle, half way and at the surface, Fo 0.1 to 1; the worst of all?"),
    Problem(
        id="sphere-cut", unit="1", source=_SOURCE, at=_AT, reach=_ball, long=True,
        problem="Ball cut out of a Cartesian grid, cooling through a film, Bi 0.1, 1 and 10: share of the starting "
                "difference in the middle, half way and at the surface, Fo 0.1 to 1; the worst of all?"),
)  # fmt: skip
