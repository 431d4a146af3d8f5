"""Series of measured parts: what the first of them let one say, and whether the later ones keep to it.

No model is run. Bounds come from the first parts alone, at 95 % each; the later parts, which nobody had then, give the
number once more. Limits that a source does not state are declared here, some of them after the mean and spread of a
series were seen: what is shown is how well early bounds hold, not whether a part was good.
"""

from dataclasses import dataclass

import numpy as np

from benches.trials.ask import OUT, Row, shared, skipped
from foretrial import twin
from foretrial.models import Channel, Measured, Requirement, Trial

FOLDER = "nist_process_capability"
HANDBOOK = "NIST/SEMATECH e-Handbook of Statistical Methods"
SEED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A file, the column that is judged, and what is asked of it.

    Attributes
    ----------
    file, what : str
    column : int
        Of the readings.
    first : int
        Readings that are judged; the others come later.
    asked : Measured
    limit : float
    groups : int or None
        Column that numbers the subgroups.
    sorted : bool
        Whether the file holds its readings by size: then the first ones are drawn by lot.
    times : float
        What a reading is multiplied with to be in the unit asked for.
    said : str
        What its source says of limits and of the answer.
    """

    id: str
    file: str
    what: str
    column: int
    first: int
    asked: Measured
    limit: float
    said: str
    groups: int | None = None
    sorted: bool = False
    times: float = 1.0


SERIES = (
    Series(id="furnace", file="FURNACE.DAT", what="oxide thickness of 21 furnace runs, angstrom", column=3,
           first=56, groups=0, limit=1.0, said="Limits 460 and 660 are declared; the handbook's sec. 3.5.1 concludes "
           "that the process is capable and that runs differ.",
           asked=Measured(characteristic="reading", statistic="Ppk", specification=(460.0, 660.0), subgroups="group")),
    Series(id="line-width", file="LITHOGRA.DAT", what="line width on wafers of 30 cassettes", column=3,
           first=150, groups=0, limit=1.0, said="Limits 0 and 5 are declared; the source says that the series drifts.",
           asked=Measured(characteristic="reading", statistic="Ppk", specification=(0.0, 5.0), subgroups="group")),
    Series(id="gear", file="GEAR.DAT", what="diameters of ten batches of gears", column=0, first=30, groups=1,
           limit=1.33, said="Limits 0.98 and 1.02 are declared.",
           asked=Measured(characteristic="reading", statistic="Ppk", specification=(0.98, 1.02), subgroups="group")),
    Series(id="deflection", file="LEW.DAT", what="deflection of a steel and concrete beam", column=0,
           first=100, limit=0.5, said="Limits -700 and 400 are declared; the source calls for an analysis in time.",
           asked=Measured(characteristic="reading", statistic="Ppk", specification=(-700.0, 400.0))),
    Series(id="flow-meter", file="ZARR13.DAT", what="calibration factors of a heat flow meter", column=0,
           first=65, limit=1.0, said="Limits 9.15 and 9.37 are declared.",
           asked=Measured(characteristic="reading", statistic="Ppk", specification=(9.15, 9.37))),
    Series(id="fatigue", file="BIRNSAUN.DAT", what="fatigue lives of 6061-T6 strips at 145 MPa, cycles",
           column=0, first=20, limit=5e5, sorted=True, times=1000.0, said="That a tenth may fail at half a million "
           "cycles is declared.", asked=Measured(characteristic="reading", statistic="B10")),
    Series(id="strength", file="VANGEL31.DAT", what="strengths of graphite and epoxy tape, ksi", column=0,
           first=19, limit=150.0, sorted=True, said="That a tenth may fail at 150 ksi is declared; the source asks for "
           "the lower 95 % bound of that strength, its B-basis.",
           asked=Measured(characteristic="reading", statistic="B10")),
)  # fmt: skip


def readings(one: Series) -> tuple[np.ndarray, np.ndarray | None]:
    """Readings (n,) and subgroups (n,) in the order of the file, or drawn by lot where that order is by size."""
    lines = (shared() / FOLDER / one.file).read_text(encoding="latin-1").splitlines()
    ruled = max(i for i, line in enumerate(lines) if line.startswith("-----"))
    table = np.array([[float(cell) for cell in line.split()] for line in lines[ruled + 1 :] if line.strip()])
    values = table[:, one.column] * one.times
    if one.sorted:
        values = np.random.default_rng(SEED).permutation(values)
    return values, None if one.groups is None else table[:, one.groups]


def lot(one: Series, part: slice, name: str) -> Trial:
    """Some of the readings as a trial; its clock counts them."""
    values, groups = readings(one)
    columns = {"reading": values} | ({} if groups is None else {"group": groups})
    channels = {key: Channel(name=key, t=np.arange(column[part].size, dtype=float), values=column[part], unit="1",
                             logged_unit="1", kind="gauge", undocumented=("gauge and its calibration",))
                for key, column in columns.items()}  # fmt: skip
    return Trial(name=name, channels=channels, title=one.what, source=f"NIST Dataplot, {one.file}",
                 licence="NIST-PD")  # fmt: skip


def row(one: Series) -> Row:
    """The verdict on the first readings, and the number of the later ones beside its bounds."""
    id, count = f"lot-{one.id}", readings(one)[0].size
    asked = Requirement(
        id=id, text=f"{one.what}: is {one.asked.statistic} at least {one.limit:g}?",
        text_zh=f"{one.what}：{one.asked.statistic} 是否不低于 {one.limit:g}？", interest=one.asked, limit=one.limit,
        sense="at least", accuracy=10.0 * one.limit, display="1",
        verification="production" if one.asked.statistic != "B10" else "functional performance")  # fmt: skip
    store = OUT / id / "trials.h5"
    store.unlink(missing_ok=True)
    trial = twin.add(store, lot(one, slice(0, one.first), id))
    frozen = twin.freeze(
        store, asked, split={"judged": (trial.name,)}, rule={"guard": asked.guard}, seeds={"lot": SEED}
    )
    verdict = twin.measured(asked, twin.read(store, id), store=store, freeze=frozen, title=(one.what, one.what),
                            command="python -m benches.trials")  # fmt: skip
    early, late = (twin.outcome(asked, lot(one, part, id)) for part in (slice(0, one.first), slice(one.first, None)))
    inside = "inside" if early.lower <= late.value <= early.upper else "outside"
    later = (f"The {count - one.first} later readings gave {late.value:.4g}, {inside} the bounds of the first "
             f"{one.first}; by themselves they are bounded by {late.lower:.4g} and {late.upper:.4g}.")  # fmt: skip
    words = [one.said, f"{early.found}.", *verdict.reasons, *(en for en, _ in early.doubts), later]
    words += [f"Of the later readings: {en}" for en, _ in late.doubts]
    order = "by lot" if one.sorted else "in order"
    return Row(id=id, fitted=f"{one.what}: {one.first} of {count}, {order}", predicted="the later ones", unit="-",
               state=verdict.state.value, words=tuple(dict.fromkeys(words)))  # fmt: skip


def rows() -> list[Row]:
    """Every series of the folder but the thermal expansion of copper, which is Hahn1 of the StRD."""
    if not (shared() / FOLDER).is_dir():
        return [skipped(f"lot-{one.id}", FOLDER, one.what, "the later ones") for one in SERIES]
    return [row(one) for one in SERIES]
