"""Does the steel section at station A, hot after 15 minutes of trial 3, carry 30 kN.m with no place beyond yield?

Trials  sp_section_test2, which the film and the emissivity come from, and sp_section_test3, whose surroundings heat it;
        neither was loaded to a limit: the verdict is a prediction, and says so.
Answer  NOT-VALID-HERE, predicted, not tried: 2.00, margin 1.00 +- 0.47. Stress of uneven heat in the web governs, and
        the moment hardly counts; the grids are not asymptotic there, and that is said.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from foretrial import twin, viz
from foretrial.cases import TRIALS
from foretrial.cases.furnace_section import FIRE, FREE, compared, section
from foretrial.cases.prediction import foreseen, frozen
from foretrial.models import (
    SYMMETRY,
    Extreme,
    Frame,
    Interest,
    Line,
    LoadCase,
    Mapped,
    Part,
    Quantity,
    Requirement,
    Rest,
    Safety,
    Structure,
    Trial,
    Verdict,
)
from foretrial.models.library_elastic import S235
from foretrial.solvers import Heat, Strength

HEIGHT, WIDTH, FLANGE, WEB, HALF = 0.2, 0.2, 0.015, 0.009, 0.4  # m; half the length that is modelled
MARGIN = Safety(name="factor against yield", region="middle")
STATION = "A"
WARMTH = 28.0  # K, standard: half of what furnace_section states of its own number

MOMENT = Quantity(value=1.0, std=0.05, name="bending moment", source="declared: of 30 kN.m, with what lies on the beam")
REQUIREMENT = Requirement(
    id="hot-section-30kNm",
    text="Does the hot section carry 30 kN.m with no place beyond yield at its own temperature, stress of uneven heat "
    "included?",
    text_zh="受热截面承受 30 kN·m 弯矩并计入温差应力时，各处应力是否均不超过该处温度下的屈服强度？",
    interest=Interest.of(MARGIN),
    limit=1.0,
    sense="at least",
    accuracy=0.5,
    verification="design",
    display="1",
)
PROBLEMS = ("thermal-bow", "bimetal")  # published ones: what uneven heat does
ASSUMPTIONS = (
    ("Elastic up to yield: stress of uneven heat is not relieved by flow, which it is in a beam; no creep.",
     "屈服前按弹性计算：温差应力未因塑性流动而释放（实际梁中会释放）；不计蠕变。"),
    ("The strength of Eurocode 3 at temperature is that at 2 % strain; above 100 degC flow begins below it.",
     "欧洲规范 3 的高温强度对应 2% 应变；高于 100 °C 时比例极限更低。"),
    ("Warmth does not change along the beam, both ends turn freely, and it may grow: no force along it.",
     "温度沿梁长不变；梁两端可自由转动、伸长，无轴力。"),
    ("Film and emissivity are those that trial 2 gave; what the heat model misses at single places is the line of its "
     "temperatures in the budget.",
     "换热系数与发射率取自试验 2 的标定；传热模型在个别位置的偏差计入不确定度报告的温度分量。"),
)  # fmt: skip


def freeze(store: Path) -> twin.Record:
    """Fix the question before any solve."""
    return frozen(store, REQUIREMENT)


def heated(fire: Trial, judged: Trial) -> Frame:
    """Temperatures of the section at the end of trial 3, by the model as trial 2 calibrates it."""
    coarse = Heat(cells=1, tolerance=0.5)
    fit = twin.calibrate((compared(fire),), free=FREE, solver=coarse, starts=1)
    frames: list[Frame] = []
    process = twin.fitted(section(judged), fit)
    Heat(cells=2, tolerance=0.5)(process, observe=(Extreme(name="hottest", body=STATION),), keep=frames.append,
                                 every=FIRE)  # fmt: skip
    return frames[-1]


def warmer(frame: Frame, by: float) -> Frame:
    """The same moment, everywhere warmer by so many K."""
    return replace(frame, T={name: T + by for name, T in frame.T.items()})


def bent(frame: Frame) -> Structure:
    """Half of a piece of the beam from its middle: a plane of symmetry at one end, a bending moment at the other."""
    part = Part.i_section(height=HEIGHT, width=WIDTH, flange=FLANGE, web=WEB, length=HALF, name=STATION)
    part = part.with_patch("middle", facing=(0, 0, -1)).with_patch("far end", facing=(0, 0, 1))
    part = part.with_region("middle", (-1.0, -1.0, 0.0), (1.0, 1.0, HALF / 4.0))
    inner = HEIGHT - 2.0 * FLANGE
    inertia = (WIDTH * HEIGHT**3 - (WIDTH - WEB) * inner**3) / 12.0
    edge = 30e3 * HEIGHT / 2.0 / inertia  # Pa
    ends = np.array([-HEIGHT / 2.0, HEIGHT / 2.0])
    moment = Mapped(y=ends, value=np.array([[[[0.0, 0.0, edge]], [[0.0, 0.0, -edge]]]]), scale=MOMENT)
    middle = (HEIGHT - FLANGE) / 2.0
    case = LoadCase(
        name="fire", supports={"middle": SYMMETRY}, loads={"far end": moment}, temperature=frame, stress_free=293.15,
        rests=(Rest(begin=(0.0, -middle, 0.0), end=(0.0, -middle, 0.0), x=0.0),
               Rest(begin=(0.0, middle, 0.0), end=(0.0, middle, 0.0), x=0.0, y=0.0)))  # fmt: skip
    return Structure.simple(part=part, material=S235, case=case, name="hot section")


def run(*, cells: int = 2, out: Path = Path("out/hot_section"), tell: twin.Tell = twin.silent) -> Verdict:
    """Predict how far the hot section is from yield under its moment; nobody has loaded it so."""
    tell("heating the section as trial 2 taught", 0.0)
    frame = heated(*(twin.read(TRIALS / f"sp_section_{name}.csv") for name in ("test2", "test3")))
    solver, structure = Strength(along=(22 * cells, 20 * cells, 4 * cells), linear="direct"), bent(frame)
    tell("solving it warmer and cooler by what its temperatures are uncertain", 0.15)
    ends = [solver(bent(warmer(frame, way * WARMTH)), observe=(MARGIN,)).values[-1, 0] for way in (1.0, -1.0)]
    slope = float(ends[0] - ends[1]) / (2.0 * WARMTH)
    warmth = Line(name="temperature of the section", kind="input", std=WARMTH, unit="K", sensitivity=slope,
                  contribution=slope * WARMTH,
                  source="combined uncertainty of furnace_section, all places alike")  # fmt: skip
    return foreseen(REQUIREMENT, structure, case="hot_section", solver=solver, judged=(MARGIN,), out=out,
                    problems=PROBLEMS, assumptions=ASSUMPTIONS, extra=(warmth,), ratios=(1.0, 1.25, 1.5), tell=tell,
                    title=("A hot section in bending", "受热截面的弯曲承载"))  # fmt: skip


if __name__ == "__main__":
    run()
    viz.report(Path("out/hot_section"))
