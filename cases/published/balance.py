"""Is heat kept where all bends: k(T), the peak of cp, film and radiation, a source, and two bodies in contact?"""

from foretrial.models import Body, Contact, Exchange, Part, Process, Source, Stage
from foretrial.models.library import CARBON_STEEL, INSULATION_BOARD
from foretrial.models.process import INSULATED
from foretrial.solvers import Heat

from .problem import Problem, Reached, Resolution

LINEAR = 1e-10  # what a linear solve of the heat solver leaves of its right side


def process() -> Process:
    """A steel I-section in hot gas, past the transformation at 735 degC, then in air; a board on its upper flange."""
    section = Part.i_section(height=0.2, width=0.2, flange=0.015, web=0.009)
    board = Part.sheet(0.2, 0.025, name="board").moved(x=-0.1, y=0.1)
    fire = Exchange(gas=1250.0, radiant=1300.0, film=25.0, emissivity=0.7)
    air = Exchange(gas=293.15, film=10.0, emissivity=0.7)
    bodies = (Body(part=section, material=CARBON_STEEL, start=293.15),
              Body(part=board, material=INSULATION_BOARD, start=293.15))  # fmt: skip
    sides = {"board.left": INSULATED, "board.right": INSULATED}
    warm = Source(body="i_section", rate=2.0e5)
    stages = (Stage(name="fire", until=1800.0, sources=(warm,), walls=_around(fire) | sides),
              Stage(name="air", until=1800.0, walls=_around(air) | sides))  # fmt: skip
    contact = Contact(first="i_section", second="board", resistance=1e-3)
    return Process(name="balance", bodies=bodies, stages=stages, contacts=(contact,))


def _around(surroundings: Exchange) -> dict[str, Exchange]:
    return {name: surroundings for name in ("top", "bottom", "left", "right")}


def _missing(cells: int) -> Reached:
    history = Heat(cells=cells, tolerance=0.5)(process())
    return Reached(answer=0.0, reached=history.balance.residual, cells=history.cells, steps=history.t.size - 1)


PROBLEMS = (
    Problem(
        id="balance", unit="1", source="conservation of energy; tolerance is ten times that of the linear solves",
        problem="Steel I-section with a board on it, heated past 735 degC by gas, radiation and a source, then cooled "
                "in air: which share of the heat is missing?",
        at=(Resolution(cells=2, tolerance=10 * LINEAR), Resolution(cells=4, tolerance=10 * LINEAR)), reach=_missing),
)  # fmt: skip
