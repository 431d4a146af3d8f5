"""Does an L-bracket of S355 carry 3 kN at its pin with a factor of 1.5 against yield everywhere?

Trials  none: the verdict is a prediction, and says so.
Answer  NOT-VALID-HERE, predicted, not tried: 1.76 in the fillet, margin 0.26 +- 0.32, so it would not be accepted; the
        yield strength of the plate and the load decide.
"""

from pathlib import Path

from foretrial import twin, viz
from foretrial.cases.prediction import foreseen, frozen
from foretrial.models import (
    Force,
    Interest,
    LoadCase,
    Part,
    Quantity,
    Requirement,
    Safety,
    Spring,
    Structure,
    Verdict,
)
from foretrial.models.library_elastic import S355
from foretrial.solvers import Strength

MM = 1e-3
THICK, WIDE, FILLET = 10 * MM, 30 * MM, 16 * MM  # m
BOLTS = {"upper bolt": (15 * MM, 105 * MM, 6.5 * MM), "lower bolt": (15 * MM, 62 * MM, 6.5 * MM)}  # x, y, radius
PIN = (85 * MM, 15 * MM, 7 * MM)
MARGIN = Safety(name="factor against yield")

LOAD = Quantity(value=-3000.0, unit="N", std=150.0, name="pin load", source="declared: weighed to 5 %")
BED = Quantity(value=2.5e11, unit="N/m3", std=1e11, name="bolt bed", valid=(1e9, 1e13),
               source="declared: 1e8 N/m for each M12 bolt, over the 410 mm2 of its hole; not measured")  # fmt: skip
REQUIREMENT = Requirement(
    id="bracket-1.5-against-yield",
    text="Does the bracket carry 3 kN at its pin with a factor of at least 1.5 against yield everywhere?",
    text_zh="支架在销孔处承受 3 kN 时，各处对屈服的安全系数是否均不小于 1.5？",
    interest=Interest.of(MARGIN),
    limit=1.5,
    sense="at least",
    accuracy=0.5,  # a third of what is asked for
    verification="design",
    display="1",
)
PROBLEMS = ("Cook", "LE1")  # published ones: walls that cut cells, stress on them
ASSUMPTIONS = (
    ("Each bolt holds the wall of its hole as an even elastic bed, all round and both ways; the bracket does not lean "
     "on what it is bolted to, and friction under the heads is left out.",
     "每个螺栓以均匀弹性地基约束整个孔壁，拉压均起作用；支架背面不承压，螺栓头下的摩擦未计入。"),
    ("The pin presses evenly on the whole wall of its hole, not on the lower half of it.",
     "销对整个孔壁均匀施力，而非仅作用于下半孔壁。"),
    ("Small displacements, elastic up to yield; no residual stress from cutting, and dimensions as drawn.",
     "小变形，屈服前为弹性；无切割残余应力，尺寸取名义值。"),
)  # fmt: skip


def freeze(store: Path) -> twin.Record:
    """Fix the question before any solve; there is no trial to split."""
    return frozen(store, REQUIREMENT)


def round_at(x: float, y: float, radius: float) -> Part:
    """A round bar as long as the bracket is thick at (x, y) m."""
    return Part.cylinder(radius, THICK).moved(x, y)


def drill(x: float, y: float, radius: float) -> Part:
    """A round cut at (x, y) m: it goes in before the face and comes out beyond."""
    return Part.cylinder(radius, 3.0 * THICK).moved(x, y, -THICK)


def bracket() -> Part:
    """A leg of 120 mm and an arm of 100 mm with round ends, a fillet between them, two bolt holes and a pin hole."""
    leg = Part.box(WIDE, 105 * MM, THICK, name="bracket") + round_at(15 * MM, 105 * MM, 15 * MM)
    arm = Part.box(85 * MM, WIDE, THICK) + round_at(85 * MM, 15 * MM, 15 * MM)
    corner = Part.box(FILLET + 15 * MM, FILLET + 15 * MM, THICK).moved(15 * MM, 15 * MM)
    part = leg + arm + (corner - drill(WIDE + FILLET, WIDE + FILLET, FILLET))
    for name, (x, y, r) in {**BOLTS, "pin": PIN}.items():
        part = part - drill(x, y, r)
        part = part.with_patch(name, inside=drill(x, y, r), within=0.5 * MM,
                               box=((0.0, 0.0, 1e-6), (1.0, 1.0, THICK - 1e-6)))  # fmt: skip
    return part


def hung() -> Structure:
    """The bracket on its two bolts, with the load at its pin."""
    bed = Spring(normal=BED, tangential=BED)
    case = LoadCase(name="pin load", supports=dict.fromkeys(BOLTS, bed), loads={"pin": Force(value=(0.0, LOAD, 0.0))})
    return Structure.simple(part=bracket(), material=S355, case=case, name="bracket")


def run(*, cells: int = 5, out: Path = Path("out/bracket_margin"), tell: twin.Tell = twin.silent) -> Verdict:
    """Predict the least factor of safety of the bracket; nobody has tried it."""
    return foreseen(REQUIREMENT, hung(), case="bracket_margin", solver=Strength(cells=cells, linear="multigrid"),
                    judged=(MARGIN,), out=out, problems=PROBLEMS, assumptions=ASSUMPTIONS, tell=tell,
                    title=("An L-bracket at its pin load", "承受销载荷的 L 形支架"))  # fmt: skip


if __name__ == "__main__":
    run()
    viz.report(Path("out/bracket_margin"))
