"""Is an aluminium corner poured into sand solid everywhere ten minutes later?

Trials  none: the verdict is a prediction, and says so.
Answer  NOT-VALID-HERE, predicted, not tried: 501 degC, margin 56 K +- 95 K; what the sand conducts decides.
"""

from pathlib import Path

from foretrial import twin, viz
from foretrial.cases.prediction import foreseen, frozen
from foretrial.models import (
    INSULATED,
    Body,
    Contact,
    Curve,
    Exchange,
    Extreme,
    Interest,
    Latent,
    Material,
    Part,
    Process,
    Property,
    Quantity,
    Requirement,
    Stage,
    Verdict,
)
from foretrial.solvers import Heat

ZERO = 273.15
LEG, THICK, MOULD = 0.12, 0.02, 0.06  # m: length and thickness of the legs, sand around them
SOLIDUS, LIQUIDUS = 557.0 + ZERO, 613.0 + ZERO
WAIT = 600.0  # s

A356 = Material(
    name="A356",
    density=Quantity(value=2680.0, unit="kg/m3", std=40.0, name="A356 density", source="data sheets, 2600 to 2710"),
    conductivity=Property(
        curve=Curve.table([ZERO, SOLIDUS, LIQUIDUS, 1100.0], [160.0, 160.0, 65.0, 70.0]),
        unit="W/(m.K)",
        scale=Quantity(value=1.0, std=0.08, name="A356 conductivity", source="data sheets scatter from 150 to 167"),
        source="alloy data sheets for the solid; Al-Si melts about 65 W/(m.K), declared",
        valid=(ZERO, 1100.0),
    ),
    heat_capacity=Property(
        curve=Curve.table([ZERO, 1100.0], [963.0, 1080.0]),
        unit="J/(kg.K)",
        scale=Quantity(value=1.0, std=0.06, name="A356 heat capacity", source="data sheets scatter from 900 to 963"),
        source="alloy data sheets at room temperature, the rise declared",
        valid=(ZERO, 1100.0),
    ),
    latent=Latent(
        heat=Quantity(value=389e3, unit="J/kg", std=30e3, name="A356 latent heat", source="data sheets, 389 to 500"),
        solidus=SOLIDUS,
        liquidus=LIQUIDUS,
    ),
)
SAND = Material(
    name="moulding sand",
    density=Quantity(value=1600.0, unit="kg/m3", std=80.0, name="sand density", source="declared: rammed silica sand"),
    conductivity=Property(
        curve=Curve.constant(0.6),
        unit="W/(m.K)",
        scale=Quantity(value=1.0, std=0.2, name="sand conductivity", source="declared: depends on binder and ramming"),
        source="declared: silica sand near a casting",
        valid=(ZERO, 1100.0),
    ),
    heat_capacity=Property(
        curve=Curve.constant(1050.0),
        unit="J/(kg.K)",
        scale=Quantity(value=1.0, std=0.1, name="sand heat capacity", source="declared"),
        source="declared: mean of silica between 20 and 600 degC",
        valid=(ZERO, 1100.0),
    ),
)
REQUIREMENT = Requirement(
    id="casting-corner-solid",
    text="Is the corner of the A356 casting below its solidus of 557 degC everywhere ten minutes after pouring?",
    text_zh="浇注十分钟后，A356 铸件转角处是否处处低于其固相线 557 °C？",
    interest=Interest(observations=("hot spot",), statistic="last", window=(0.0, WAIT)),
    limit=SOLIDUS,
    sense="at most",
    accuracy=50.0,
    verification="process",
    display="degC",
)
ASSUMPTIONS = (
    ("The mould is full at once at the pouring temperature, and the melt does not flow.", "瞬时充满铸型，熔体不流动。"),
    ("Casting and sand touch through 5e-4 m2.K/W, half of it standard; no gap opens.",
     "铸件与砂型之间的接触热阻取 5e-4 m2·K/W，标准不确定度为其一半；不计气隙。"),
)  # fmt: skip


def freeze(store: Path) -> twin.Record:
    """Fix the question before any solve."""
    return frozen(store, REQUIREMENT)


def pour() -> Process:
    """The corner and its mould in two dimensions, from the end of filling."""
    outline = [(0, 0), (LEG, 0), (LEG, THICK), (THICK, THICK), (THICK, LEG), (0, LEG)]
    casting = Part.extrude(outline, name="casting")
    block = Part.sheet(LEG + 2 * MOULD, LEG + 2 * MOULD, name="mould").moved(x=-MOULD, y=-MOULD)
    melt = Quantity(value=700.0 + ZERO, unit="K", std=10.0, name="pouring temperature", source="declared")
    gap = Quantity(value=5e-4, unit="m2.K/W", std=2.5e-4, name="casting to sand", source="declared", valid=(0.0, 1.0))
    air = Exchange(gas=293.15, film=Quantity(value=10.0, unit="W/(m2.K)", std=3.0, name="air film", source="declared"))
    walls = {side: air for side in ("left", "right", "bottom", "top")}
    return Process(
        name="pour",
        bodies=(Body(part=casting, material=A356, start=melt), Body(part=block - casting, material=SAND, start=293.15)),
        contacts=(Contact(first="casting", second="mould", resistance=gap),),
        stages=(Stage(name="cool", walls={**walls, "surface": INSULATED}, until=WAIT),),
    )


def run(*, cells: int = 4, out: Path = Path("out/casting_corner"), tell: twin.Tell = twin.silent) -> Verdict:
    """Predict the hot spot of the corner ten minutes after pouring; nobody has tried it."""
    return foreseen(
        REQUIREMENT, pour(), case="casting_corner", solver=Heat(cells=cells, tolerance=0.5), out=out, every=20.0,
        judged=(Extreme(name="hot spot", body="casting"),), problems=("T2", "semi-infinite", "balance"),
        title=("An aluminium corner in sand", "砂型中的铝铸件转角"), assumptions=ASSUMPTIONS, tell=tell)  # fmt: skip


if __name__ == "__main__":
    run()
    viz.report(Path("out/casting_corner"))
