"""Does the back of a stainless plate stay below 500 degC under a bead, so that it needs no shielding gas?

Trials  none: the verdict is a prediction, and says so.
Answer  NOT-VALID-HERE, predicted, not tried: 435 degC, margin 65 K +- 79 K; what the arc's efficiency is decides.
"""

from dataclasses import replace
from pathlib import Path

from foretrial import twin, viz
from foretrial.cases.prediction import foreseen, frozen
from foretrial.models import (
    INSULATED,
    Ellipsoid,
    Exchange,
    Interest,
    Latent,
    Part,
    Probe,
    Process,
    Quantity,
    Requirement,
    Track,
    Verdict,
)
from foretrial.models.library import STAINLESS_304L
from foretrial.solvers import Heat

ZERO = 273.15
LONG, HALF, THICK = 0.08, 0.03, 0.008  # m: the plate is 60 mm wide, and symmetric to the bead
START, END, SPEED, POWER = 0.01, 0.07, 0.004, 1600.0  # m, m, m/s, W
STATION, WATCHED = 0.045, 25.0  # m from the edge, s

STEEL = replace(
    STAINLESS_304L,
    latent=Latent(
        heat=Quantity(value=265e3, unit="J/kg", std=15e3, name="304L latent heat", source="declared: 250 to 290"),
        solidus=1673.0,
        liquidus=1727.0,
    ),
)
REQUIREMENT = Requirement(
    id="weld-back-cold",
    text="Does the back of the 304L plate stay below 500 degC under the bead, so that it needs no shielding gas?",
    text_zh="堆焊时，304L 板背面温度是否始终低于 500 °C，从而无需背面保护气？",
    interest=Interest(observations=("back",), statistic="max", window=(0.0, WATCHED)),
    limit=500.0 + ZERO,
    sense="at most",
    accuracy=100.0,
    verification="process",
    display="degC",
)
ASSUMPTIONS = (
    ("The arc heats a double ellipsoid of declared size; the pool conducts, and does not flow.",
     "电弧热源取给定尺寸的双椭球；熔池只导热，不流动。"),
    ("The bead adds no metal, and the plate hangs in still air.", "焊道不增加金属；钢板悬置于静止空气中。"),
)  # fmt: skip


def freeze(store: Path) -> twin.Record:
    """Fix the question before any solve."""
    return frozen(store, REQUIREMENT)


def weld() -> Process:
    """Half of the plate, 80 x 30 x 8 mm, from the strike of the arc until the heat has spread."""
    efficiency = Quantity(
        value=0.65, std=0.05, name="arc efficiency", source="declared: gas tungsten arcs, 0.55 to 0.75"
    )
    film = Quantity(value=10.0, unit="W/(m2.K)", std=4.0, name="air film", source="declared: still air")
    grey = Quantity(value=0.4, std=0.1, name="emissivity", source="declared: stainless, bright to oxidised")
    air = Exchange(gas=293.15, film=film, emissivity=grey)
    walls = dict.fromkeys(("left", "right", "top", "back", "front"), air) | {"bottom": INSULATED}
    path = Track.line((START, 0.0, THICK), (END, 0.0, THICK), speed=SPEED, power=0.5 * POWER)
    arc = Ellipsoid(body="plate", path=path, width=0.004, depth=0.004, front=0.004, rear=0.008, absorbed=efficiency)
    return Process.simple(part=Part.box(LONG, HALF, THICK, name="plate"), material=STEEL, start=293.15, walls=walls,
                          until=WATCHED, beams=(arc,), name="weld")  # fmt: skip


def run(*, cells: int = 4, out: Path = Path("out/weld_track"), tell: twin.Tell = twin.silent) -> Verdict:
    """Predict the hottest that the back gets where the arc has come to run evenly; nobody has tried it."""
    return foreseen(
        REQUIREMENT, weld(), case="weld_track", out=out, every=1.0,
        solver=Heat(along=(8 * cells, 6 * cells, cells), tolerance=5.0),
        judged=(Probe(name="back", place=(STATION, 0.0, 0.0)),), ratios=(0.5, 0.75, 1.0),
        problems=("T2", "semi-infinite", "balance"), title=("A bead on a stainless plate", "不锈钢板上的焊道"),
        assumptions=ASSUMPTIONS, tell=tell)  # fmt: skip


if __name__ == "__main__":
    run()
    viz.report(Path("out/weld_track"))
