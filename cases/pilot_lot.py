"""Do twelve gears of a pilot lot show a process with a Cpk of 1.33 or more?

Trials  gear_series: 100 gear diameters of a real series; its first twelve are the pilot lot. Limits are declared here.
Answer  INCONCLUSIVE: Cpk 1.36, its bounds 0.85 and 1.95 enclose 1.33; about 2352 parts would settle it at that Cpk.
        All 100 gears, made later, gave 0.94 with an upper bound of 1.08: below 1.33.
"""

from dataclasses import replace
from pathlib import Path

from foretrial import twin, viz
from foretrial.cases import TRIALS
from foretrial.models import Measured, Requirement, Trial, Verdict

PARTS = 12
CPK = Measured(characteristic="diameter", statistic="Cpk", specification=(0.980, 1.020), confidence=0.95)
REQUIREMENT = Requirement(
    id="pilot-lot-cpk",
    text="Does the pilot lot show that the process keeps the gears' diameter within 0.980 to 1.020 with a Cpk of "
    "at least 1.33?",
    text_zh="试制批能否表明该过程以不低于 1.33 的 Cpk 将齿轮直径保持在 0.980 至 1.020 之内？",
    interest=CPK,
    limit=1.33,
    sense="at least",
    accuracy=1.0,
    verification="production",
    display="1",
)
ASSUMPTIONS = (
    ("The limits 0.980 and 1.020 are declared for this question; the source of the series states none.",
     "限值 0.980 与 1.020 为本问题所设定；数据来源未给出限值。"),
    ("What the gauge scatters is not documented, and stays in the index.", "量具的分散未见记载，保留在指数之中。"),
)  # fmt: skip


def lot(parts: int = PARTS) -> Trial:
    """The first parts of the series, in the order in which they were made."""
    series = twin.read(TRIALS / "gear_series.csv")
    cut = {name: replace(c, t=c.t[:parts], values=c.values[:parts]) for name, c in series.channels.items()}
    return replace(series, name=f"gear_lot_{parts}", channels=cut, content="")


def freeze(store: Path, parts: int = PARTS) -> twin.Record:
    """Read the lot into the store, and fix the question before it is answered."""
    trial = twin.add(store, lot(parts))
    rule = {"guard": REQUIREMENT.guard, "coverage": REQUIREMENT.coverage}
    return twin.freeze(store, REQUIREMENT, split={"judged": (trial.name,)}, rule=rule, seeds={})


def later() -> tuple[tuple[str, str], ...]:
    """What the whole series says, which nobody had when the lot was judged."""
    values = twin.read(TRIALS / "gear_series.csv")["diameter"].values
    c = twin.capability(values, specification=CPK.specification, confidence=CPK.confidence)
    return ((f"Later, {c.n} gears gave a Cpk of {c.value:.2f}, bounds {c.lower:.2f} and {c.upper:.2f}.",
             f"此后 {c.n} 件的 Cpk 为 {c.value:.2f}，置信限为 {c.lower:.2f} 与 {c.upper:.2f}。"),)  # fmt: skip


def run(*, cells: int = PARTS, out: Path = Path("out/pilot_lot"), tell: twin.Tell = twin.silent) -> Verdict:
    """Judge the first `cells` parts of the series: the size of the lot is what resolves here."""
    out.mkdir(parents=True, exist_ok=True)
    store = out / "trials.h5"
    frozen = freeze(store, cells)
    return twin.measured(REQUIREMENT, twin.read(store, f"gear_lot_{cells}"), store=store, freeze=frozen,
                         title=("Capability of a pilot lot of gears", "齿轮试制批的过程能力"),
                         command="foretrial run pilot_lot", assumptions=ASSUMPTIONS, caveats=later(),
                         tell=tell)  # fmt: skip


if __name__ == "__main__":
    run()
    viz.report(Path("out/pilot_lot"))
