"""A flat bar of S235 with a hole, pulled: its displacement field beside a plane-stress model, left and right."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benches.trials.ask import Row, shared, skipped
from foretrial import twin
from foretrial.models import (
    Channel,
    Elastic,
    Fit,
    Fixed,
    LoadCase,
    Part,
    Property,
    Quantity,
    Structure,
    Traction,
    Trial,
    TrialError,
    substitute,
)
from foretrial.models.curve import Curve
from foretrial.models.units import to_si
from foretrial.solvers import Strength

Array = NDArray[np.float64]
FOLDER, FILE = "dic_plate_hole_s235", "20231116_displacements_raw.csv"
HEADER = ("x-coordinate [mm]", "y-coordinate [mm]", "x-displacement [mm]", "y-displacement [mm]")
LEFT, RIGHT = (0.0, 20e-3), (60e-3, 80e-3)  # m along the load, clear of what the hole does to stress
HOLE = (39.8e-3, 10.3e-3, 4e-3)  # m: middle and radius
WIDE, THICK, LOW = 20.05e-3, 3.05e-3, 0.14e-3  # m; where its lower edge lies among the points
WINDOW = 4e-3  # m: points in a square of this size make one reading
FEWEST, CLEAR = 25, 2e-3  # points in a window, and m to the edge of the hole
ALIKE = 4.0  # points that see the same facets, of which one counts: declared
PULL = Quantity(value=106.26e6, unit="Pa", std=0.5e6, name="pull", source="measured force; 0.5 % declared")
E0 = 210.0  # GPa
FREE = {"modulus": (0.7, 1.5), "Poisson's ratio": (0.1, 0.45), "shift x low": (-2e-4, 2e-4),
        "shift x high": (-2e-4, 2e-4), "shift y": (-2e-4, 2e-4)}  # fmt: skip
SOLVER = Strength(cells=20, along=(63, 15, None))


def points(path: Path) -> Array:
    """Places and displacements (n, 4) m of the points in a file that says its units.

    Raises
    ------
    TrialError
        If its columns are other ones, or state another unit.
    """
    with path.open(encoding="utf-8", newline="") as lines:
        first = tuple(next(csv.reader(lines)))
        if first != HEADER:
            raise TrialError(
                f"{path.name} has columns {', '.join(first)}. A displacement field has {', '.join(HEADER)}. Name them "
                "so, with their unit."
            )
        rows = [[float(cell) for cell in row] for row in csv.reader(lines)]
    return np.array(rows) * to_si(1.0, "mm", "m")


def field(where: Array, *, along: tuple[float, float] = (0.0, 80e-3), name: str = "dic") -> Trial:
    """A trial of one reading a window and axis: the mean of its points, where their mean place is.

    The uncertainty of a reading follows from how its points scatter about a quadratic.
    """
    channels = {}
    x, y = where[:, 0], where[:, 1]
    for i in range(round(along[0] / WINDOW), round(along[1] / WINDOW)):
        for j in range(5):
            own = where[(x >= i * WINDOW) & (x < (i + 1) * WINDOW) & (np.floor((y - 0.2e-3) / 3.95e-3) == j)]
            gap = np.hypot(own[:, 0] - HOLE[0], own[:, 1] - HOLE[1]) - HOLE[2]
            if len(own) < FEWEST or gap.min() < CLEAR:
                continue
            at = own[:, :2].mean(axis=0)
            u, v = (own[:, :2] - at).T / WINDOW
            terms = np.stack([np.ones_like(u), u, v, u * u, u * v, v * v], axis=1)
            for what, column, facing in (("ux", 2, (1.0, 0.0, 0.0)), ("uy", 3, (0.0, 1.0, 0.0))):
                read = own[:, column]
                left = read - terms @ np.linalg.lstsq(terms, read, rcond=None)[0]
                std = float(np.sqrt(left @ left / (len(own) - 6) * ALIKE / len(own)))
                label = f"{what} {i}.{j}"
                channels[label] = Channel(name=label, t=np.array([1.0]), values=np.array([read.mean()]), unit="m",
                                          logged_unit="mm", kind="displacement", facing=facing, std=std,
                                          place=(float(at[0]), float(at[1]), 0.5))  # fmt: skip
    return Trial(name=name, channels=channels, source="S235 bar with a hole, digital image correlation, last load step",
                 licence="CC BY 4.0")  # fmt: skip


def bar() -> Structure:
    """The bar in plane stress, pulled evenly at both ends; what holds it moves, for the cameras saw it move."""
    part = Part.sheet(84e-3, WIDE, name="bar").moved(x=-2e-3, y=LOW) - Part.disc(HOLE[2]).moved(x=HOLE[0], y=HOLE[1])
    low, high = LOW + WIDE / 12.0, LOW + WIDE * 11.0 / 12.0
    part = part.with_patch("low", facing=(-1, 0, 0), box=((-1.0, -1.0, -1.0), (1.0, low, 2.0)))
    part = part.with_patch("high", facing=(-1, 0, 0), box=((-1.0, high, -1.0), (1.0, 1.0, 2.0)))
    scale = Quantity(value=1.0, std=0.05, name="modulus", valid=(0.5, 2.0), source="declared: 210 GPa +- 5 %")
    steel = Elastic(
        name="S235", source="declared",
        young=Property(curve=Curve.table([273.15, 323.15], [E0 * 1e9, E0 * 1e9]), unit="Pa", scale=scale,
                       source="declared", valid=(273.15, 323.15)),
        poisson=Quantity(value=0.3, std=0.02, name="Poisson's ratio", valid=(0.0, 0.45), source="declared"),
    )  # fmt: skip
    shift = {name: Quantity(value=0.0, unit="m", std=5e-5, name=f"shift {name}", source="the bar as a whole, declared")
             for name in ("x low", "x high", "y")}  # fmt: skip
    pull, push = (Traction(value=(way * PULL.value, 0.0, 0.0)) for way in (1.0, -1.0))
    case = LoadCase(
        supports={"low": Fixed(x=shift["x low"], y=shift["y"], z=None),
                  "high": Fixed(x=shift["x high"], y=None, z=None)},
        loads={"right": pull, "left": push, "low": push, "high": push})  # fmt: skip
    return Structure.simple(part=part, material=steel, case=case, plane="stress", thickness=THICK, name="bar")


def fitted(trial: Trial, free: Sequence[str] = tuple(FREE), structure: Structure | None = None) -> Fit:
    """Modulus, ratio and the motion of the whole bar, as the readings of a trial have them."""
    run = twin.Experiment(trial=trial, process=structure or bar())
    return twin.calibrate((run,), free={name: FREE[name] for name in free}, solver=SOLVER, starts=1)


def rows() -> list[Row]:
    """Left fitted, right predicted but for its motion; what the whole field says of the model, and of the modulus."""
    id, seen, unseen = "dic-plate-hole", "left of the hole", "right of the hole, its motion free"
    if not (shared() / FOLDER).is_dir():
        return [skipped(id, FOLDER, seen, unseen)]
    where = points(shared() / FOLDER / FILE)
    left, right, whole = (field(where, along=part, name=name) for part, name in
                          ((LEFT, "left"), (RIGHT, "right"), ((0.0, 80e-3), "whole")))  # fmt: skip
    fits = {"left": fitted(left), "right": fitted(right)}
    known = dict(zip(FREE, fits["left"].values, strict=True))
    moved = substitute(bar(), {name: float(known[name]) for name in ("modulus", "Poisson's ratio")})
    beyond = fitted(right, ("shift x low", "shift x high", "shift y"), moved)
    found = twin.apart(fits, "modulus", unit="GPa", scale=E0)
    form = twin.judge(twin.Experiment(trial=whole, process=bar()), solver=SOLVER)
    uncertain = float(np.sqrt(np.mean([channel.std**2 for channel in right.channels.values()])))
    pull = PULL.std / PULL.value * found.value
    words = (*(en for en, _ in found.words), *(en for en, _ in form.words[:1]),
             f"The pull is known to {PULL.std / PULL.value:.1%}, {pull:.1g} GPa of both alike: it does not set them "
             "apart.")  # fmt: skip
    told = tuple(f"{label}: {en}" for label, fit in fits.items() for en, _ in fit.words[:2])
    return [Row(id=id, fitted=seen, predicted=unseen, unit="um", state="PASS" if found.agree else "INCONCLUSIVE",
                calibrated=1e6 * fits["left"].rms, unseen=1e6 * beyond.rms, u_val=1e6 * uncertain, words=words,
                of_fit=told)]  # fmt: skip
