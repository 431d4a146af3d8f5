"""Round bodies cut out of a Cartesian grid, at several offsets of the grid: a ball, and the section of a bar."""

import math
from functools import partial

import numpy as np
from scipy.optimize import brentq

from foretrial.models import Exchange, Held, History, Material, Part, Probe, Process
from foretrial.models.process import Source
from foretrial.solvers import Heat

from .problem import Problem, Reached, Resolution
from .series import cooling

UNIT = Material.simple("unit", density=1.0, conductivity=1.0, heat_capacity=1.0)
HOT, BATH = 400.0, 300.0  # K
HELD = math.inf  # the Biot number of a wall that is held
GREY, STEFAN_BOLTZMANN = 0.8, 5.670374419e-8
PLACES = (0.0, 0.5, 1.0)  # of the radius
AXES = {"cylinder": 2, "sphere": 3}
PARTS = {"cylinder": Part.disc(1.0), "sphere": Part.sphere(1.0)}
WAYS = {"cylinder": (0.6, 0.8, 0.0), "sphere": (0.36, 0.48, 0.8)}
Shift = tuple[float, float, float]
Pairs = list[tuple[float, float]]


def shifts(count: int) -> tuple[Shift, ...]:
    """Offsets of the grid, in cells, drawn once."""
    x = np.random.default_rng(11).random((count, 3))
    return tuple((float(a), float(b), float(c)) for a, b, c in x)


def cooled(shape: str, biot: float, cells: int, shift: Shift) -> tuple[Pairs, History]:
    """Shares of the starting difference, exact and reached, at three places and Fourier numbers 0.1 to 1.

    Parameters
    ----------
    shape : str
        "cylinder" or "sphere", of radius 1 m.
    biot : float
        HELD holds the wall.
    cells : int
        Cells per radius.
    """
    fourier = np.linspace(0.1, 1.0, 10)
    wall = Held(temperature=BATH) if biot == HELD else Exchange(gas=BATH, film=biot)
    process = Process.simple(part=PARTS[shape], material=UNIT, start=HOT, until=1.0, walls={"surface": wall})
    history = Heat(cells=2 * cells, tolerance=5e-3, shift=shift)(process, observe=_probes(shape))
    pairs: Pairs = []
    for r in PLACES:
        exact = cooling(shape, min(biot, 1e9), r, fourier)
        pairs += zip(exact, (history.at(f"r = {r}", fourier) - BATH) / (HOT - BATH), strict=True)
    return pairs, history


def radiating(shape: str, cells: int, shift: Shift) -> tuple[Pairs, History]:
    """The same of a body heated by 100 K over its surface, which radiates to 300 K, once it is steady.

    T = Tw + source (1 - r^2) / (2 axes), and grey sigma (Tw^4 - 300^4) = source / axes.
    """
    axes = AXES[shape]
    rate = 2.0 * axes * (HOT - BATH)
    Tw = brentq(lambda T: GREY * STEFAN_BOLTZMANN * (T**4 - BATH**4) - rate / axes, BATH, 1000.0)
    walls = {"surface": Exchange(gas=BATH, emissivity=GREY)}
    process = Process.simple(part=PARTS[shape], material=UNIT, start=Tw, until=6.0, walls=walls,
                             sources=(Source(body=PARTS[shape].name, rate=rate),))  # fmt: skip
    history = Heat(cells=2 * cells, tolerance=1e-2, shift=shift)(process, observe=_probes(shape))
    reached = (history.values[-1] - Tw) / (HOT - BATH)
    return [(1.0 - r**2, float(ours)) for r, ours in zip(PLACES, reached, strict=True)], history


def _probes(shape: str) -> tuple[Probe, ...]:
    x, y, z = WAYS[shape]
    return tuple(Probe(name=f"r = {r}", place=(r * x, r * y, r * z)) for r in PLACES)


def _worst(runs: list[tuple[Pairs, History]]) -> Reached:
    """The worst share over runs."""
    answer, reached = max((pair for pairs, _ in runs for pair in pairs), key=lambda pair: abs(pair[1] - pair[0]))
    return Reached(answer=float(answer), reached=float(reached), cells=max(h.cells for _, h in runs),
                   steps=max(h.t.size - 1 for _, h in runs))  # fmt: skip


def _films(shape: str, count: int, cells: int) -> Reached:
    return _worst([cooled(shape, biot, cells, shift) for shift in shifts(count) for biot in (0.1, 1.0, 10.0)])


def _walls(shape: str, count: int, cells: int) -> Reached:
    held = [cooled(shape, HELD, cells, shift) for shift in shifts(count)]
    return _worst(held + [radiating(shape, cells, shift) for shift in shifts(count)])


_SOURCE = "Incropera et al., Fundamentals of Heat and Mass Transfer, 7th ed., sec. 5.6, the full series; closed form"
_AT = (Resolution(cells=16, tolerance=1e-3), Resolution(cells=32, tolerance=3e-4))
_FILMS = ("{} cut out of a Cartesian grid at {} cools through a film, Bi 0.1, 1 and 10, Fo 0.1 to 1: shares in the "
          "middle, half way and at the surface; the worst?")  # fmt: skip
_WALLS = ("{} cut out of a Cartesian grid at {} cools through a held wall, Fo 0.1 to 1, or is heated and radiates: "
          "shares in the middle, half way and at the surface; the worst?")  # fmt: skip
PROBLEMS = (
    Problem(
        id="cylinder-cut", unit="1", source=_SOURCE, at=_AT, reach=partial(_films, "cylinder", 3),
        problem=_FILMS.format("Round bar", "three offsets")),
    Problem(
        id="sphere-cut", unit="1", source=_SOURCE, at=_AT, reach=partial(_films, "sphere", 1), long=True,
        problem=_FILMS.format("Ball", "an offset")),
    Problem(
        id="cylinder-walls", unit="1", source=_SOURCE, at=_AT, reach=partial(_walls, "cylinder", 3), long=True,
        problem=_WALLS.format("Round bar", "three offsets")),
    Problem(
        id="sphere-walls", unit="1", source=_SOURCE, at=_AT, reach=partial(_walls, "sphere", 1), long=True,
        problem=_WALLS.format("Ball", "an offset")),
)  # fmt: skip
