"""Does every place of a bell crank cool from 800 to 500 degC in oil fast enough to harden?

Trials  none: the verdict is a prediction, and says so.
Answer  NOT-VALID-HERE, predicted, not tried: 17.5 s, margin 7.5 s +- 5.1 s; what the oil takes decides. It cools
        unevenly: 472 K +- 19 K between hottest and coldest, where 250 K are allowed.
"""

from pathlib import Path

from foretrial import twin, viz
from foretrial.cases.prediction import foreseen_each, frozen
from foretrial.models import Curve, Extreme, Interest, Part, Process, Property, Quantity, Requirement, Verdict
from foretrial.models.library import CARBON_STEEL
from foretrial.models.process import quench
from foretrial.solvers import Heat

ZERO = 273.15
UPPER, LOWER, ALLOWED = 800.0 + ZERO, 500.0 + ZERO, 25.0  # K, K, s
DIP = 45.0  # s

OIL = Property(
    curve=Curve.table([t + ZERO for t in (40.0, 200.0, 300.0, 400.0, 500.0, 600.0, 700.0, 900.0)],
                      [100.0, 250.0, 600.0, 1500.0, 2400.0, 1900.0, 900.0, 500.0]),
    unit="W/(m2.K)",
    scale=Quantity(value=1.0, std=0.15, name="oil film", source="declared: measured oils differ so from each other"),
    source="declared: vapour blanket, boiling and convection of a medium fast oil, not stirred",
    valid=(40.0 + ZERO, 900.0 + ZERO),
)  # fmt: skip
REQUIREMENT = Requirement(
    id="crank-hardens",
    text="Does every place of the crank cool from 800 to 500 degC within 25 s of oil quenching?",
    text_zh="油淬时，曲柄各处从 800 °C 冷却至 500 °C 是否都不超过 25 s？",
    interest=Interest(observations=("hottest",), statistic="cooling time", window=(0.0, DIP), unit="s",
                      levels=(UPPER, LOWER)),
    limit=ALLOWED,
    sense="at most",
    accuracy=8.0,
    verification="process",
    display="s",
)  # fmt: skip
EVEN = Requirement(
    id="crank-cools-evenly",
    text="Do the hottest and the coldest place of the crank never differ by more than 250 K in the oil?",
    text_zh="油淬过程中，曲柄最热处与最冷处的温差是否始终不超过 250 K？",
    interest=Interest(observations=("hottest", "coldest"), statistic="spread", window=(0.0, DIP)),
    limit=250.0,
    sense="at most",
    accuracy=80.0,
    verification="process",
    display="K",
)
ASSUMPTIONS = (
    ("The whole crank enters the oil at once, and the oil wets every wall alike.",
     "曲柄整体瞬时入油，各表面换热相同。"),
    ("The heat of transformation is that of slow heating (a peak at 735 degC); in a quench it comes later.",
     "相变潜热按缓慢加热取值(峰值在 735 °C)；淬火时相变推迟。"),
)  # fmt: skip


def freeze(store: Path) -> twin.Record:
    """Fix the question of the cooling time before any solve, and that evenness is asked of the same runs."""
    return frozen(store, REQUIREMENT, together=(REQUIREMENT.id, EVEN.id))


def dip() -> Process:
    """The crank, 118 x 93 x 22 mm, from 860 degC into oil of 40 degC."""
    crank = Part.from_stl(Path(__file__).parent / "parts" / "crank.stl", unit="mm", name="crank")
    hot = Quantity(value=860.0 + ZERO, unit="K", std=5.0, name="austenitising temperature", source="declared")
    bath = Quantity(value=40.0 + ZERO, unit="K", std=5.0, name="oil temperature", source="declared")
    return quench(crank, CARBON_STEEL, start=hot, bath=bath, film=OIL, until=DIP)


def run(*, cells: int = 8, out: Path = Path("out/quench_part"), tell: twin.Tell = twin.silent) -> Verdict:
    """Predict the slowest cooling time of the crank, and beside it how evenly it cools; nobody has tried it."""
    process, solver = dip(), Heat(cells=cells, tolerance=1.0)
    judged = (Extreme(name="hottest"), Extreme(name="coldest", statistic="min"))
    asked = (
        (REQUIREMENT, out, ("A bell crank in oil", "油淬曲柄")),
        (EVEN, out / "evenness", ("How evenly a crank cools in oil", "油淬曲柄的温度均匀性")),
    )
    cooling, _ = foreseen_each(asked, process, case="quench_part", solver=solver, judged=judged, every=1.0,
                               problems=("Heisler", "cylinder-cut", "balance"), assumptions=ASSUMPTIONS,
                               tell=tell)  # fmt: skip
    return cooling


if __name__ == "__main__":
    run()
    viz.report(Path("out/quench_part"))
