"""Two heaters on a board: losses, powers and their link by the first five minutes, the next five predicted.

Beside it another board, of which one heater was logged: its file names neither columns nor units, and is refused until
it is told both.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from benches.trials.ask import OUT, Row, answer, kept, shared, skipped
from foretrial import twin
from foretrial.models import (
    Body,
    Channel,
    Contact,
    Curve,
    Exchange,
    Interest,
    Material,
    Part,
    Probe,
    Process,
    Quantity,
    Requirement,
    Signal,
    Source,
    Stage,
    Trial,
    TrialError,
)
from foretrial.models.material import constant
from foretrial.models.process import INSULATED
from foretrial.solvers import Heat

FOLDER = "tclab_heater"
DOCS = "TCLab documentation: 4 g, 500 J/(kg.K), 10 cm2, 0.9, 0.01 and 0.0075 W per percent"
AREA, MASS, EMISSIVITY = 1.0e-3, 4.0e-3, 0.9
DENSITY = 2700.0  # kg/m3; mass and area are documented, so it sets the thickness alone
THICKNESS = MASS / DENSITY / AREA
BODY = Material(name="heater", density=Quantity(value=DENSITY, unit="kg/m3"),
                conductivity=constant(200.0, "W/(m.K)"), heat_capacity=constant(500.0, "J/(kg.K)"))  # fmt: skip
FILM = Quantity(value=10.0, unit="W/(m2.K)", std=5.0, name="film", valid=(0.0, 200.0), source="declared: free air")
LINK = Quantity(value=0.5, unit="m2.K/W", std=0.3, name="link", valid=(0.0, 100.0),
                source="declared: 10 W/(m2.K) over the 2 cm2 between the heaters, per 10 cm2")  # fmt: skip
POWERS = {k: Quantity(value=watts, std=0.3 * watts, name=f"power {k}", source=f"{DOCS}; 30 % declared")
          for k, watts in ((1, 1.0), (2, 0.75))}  # fmt: skip
LAG = Quantity(value=10.0, unit="s", std=10.0, name="sensor lag", source="declared: a case of plastic on the heater")
FREE = {"film": (1.0, 60.0), "link": (0.05, 10.0), "power 1": (0.3, 3.0), "power 2": (0.2, 2.5),
        "sensor lag": (0.0, 60.0)}  # fmt: skip
SOLVER = Heat(cells=4, tolerance=0.01)
HALF = 300.0  # s
TOLD = """schema = "foretrial.log/1"
columns = ["Time", "Heater", "Temperature"]

[time]
column = "Time"
unit = "s"

[channels.Heater]
unit = "1"

[channels.Temperature]
unit = "degF"
"""
ASSUMPTIONS = (
    ("Each heater has one temperature, and all of its power stays on the board.",
     "每个加热器为单一温度，功率全部留在板上。"),
    ("The log has no ambient channel: the air is as warm as the first readings, 1 K standard.",
     "记录无环境通道：空气温度取首个读数，标准不确定度 1 K。"),
)  # fmt: skip


def sensor(channel: Channel) -> Channel:
    """A temperature as its data sheet has it: 10 bits of 5 V, tolerance 1 degC, one lag for all."""
    bias = Quantity(value=0.0, unit="K", std=1.0 / np.sqrt(3.0))
    return replace(channel, kind="thermistor", std=0.1, resolution=0.3, lag=LAG, bias=bias)


def halves() -> tuple[Trial, Trial]:
    """The two-heater run, its first five minutes and the rest, each from its own zero."""
    whole = twin.import_csv(shared() / FOLDER / "run_A_step_1s.txt", name="two heaters")
    channels = {n: sensor(c) if n.startswith("Temperature") else replace(c, drives=True)
                for n, c in whole.channels.items() if not n.startswith("Set")}  # fmt: skip
    early, late = (kept(whole, {n: _during(c, low) for n, c in channels.items()}, name=f"two heaters, {name} half")
                   for low, name in ((0.0, "first"), (HALF, "second")))  # fmt: skip
    return early, late


def _during(channel: Channel, low: float) -> Channel:
    use = (channel.t >= low) & (channel.t < low + HALF)
    return replace(channel, t=channel.t[use] - channel.t[use][0], values=channel.values[use])


def other_board() -> Trial:
    """The log of another board, with the sidecar that says what its columns are; 255 counts are full power."""
    sidecar = OUT / "run_D_siso.toml"
    sidecar.parent.mkdir(parents=True, exist_ok=True)
    sidecar.write_text(TOLD, encoding="utf-8", newline="\n")
    told = twin.import_csv(shared() / FOLDER / "run_D_siso.txt", sidecar, name="other board")
    heat = replace(told["Heater"], name="Heater 1", values=told["Heater"].values / 255.0, drives=True)
    return kept(told, {"Heater 1": heat, "Temperature 1": replace(sensor(told["Temperature"]), name="Temperature 1")})


def surroundings(trial: Trial) -> Quantity:
    """The air of a run, by what its sensors read before anything is heated."""
    firsts = [c.values[0] for c in trial.where(drives=False)]
    return Quantity(value=float(np.mean(firsts)), unit="K", std=1.0, name=f"air of {trial.name}",
                    source="first readings of the run; 1 K declared")  # fmt: skip


def process(trial: Trial, air: Quantity) -> Process:
    """Two plates back to back, each with its power, linked by a resistance."""
    around = Exchange(gas=air, film=FILM, emissivity=EMISSIVITY)
    bodies, sources = [], []
    for k in (1, 2):
        name, seen = f"heater {k}", trial.channels.get(f"Temperature {k}")
        start = float(seen.values[0]) if seen is not None else air.value
        part = Part.slab(THICKNESS, name=name).moved(x=0.0 if k == 1 else -THICKNESS)
        bodies.append(Body(part=part, material=BODY, start=start))
        if (drive := trial.channels.get(f"Heater {k}")) is not None:
            curve = Curve.table(drive.t, drive.values / (AREA * THICKNESS))
            sources.append(Source(body=name, rate=Signal(curve=curve, unit="W/m3", scale=POWERS[k])))
    walls = {"heater 1.right": around, "heater 2.left": around, "heater 1.left": INSULATED,
             "heater 2.right": INSULATED}  # fmt: skip
    until = float(max(c.t[-1] for c in trial.channels.values()))
    return Process(name=trial.name, bodies=tuple(bodies), contacts=(Contact(first="heater 2", second="heater 1",
                   resistance=LINK),), stages=(Stage(name="heating", walls=walls, until=until,
                                                     sources=tuple(sources)),))  # fmt: skip


def compared(trial: Trial, air: Quantity) -> twin.Experiment:
    """A run beside its thermistors."""
    middles = {1: 0.5 * THICKNESS, 2: -0.5 * THICKNESS}
    probes = {f"Temperature {k}": Probe(name=f"Temperature {k}", body=f"heater {k}", place=(x, 0.0, 0.0))
              for k, x in middles.items() if f"Temperature {k}" in trial.channels}  # fmt: skip
    return twin.Experiment(trial=trial, process=process(trial, air), observe=probes, window=(1.0, 1e9))


def requirement(id: str, until: float) -> Requirement:
    """Does the heater stay touchable?"""
    return Requirement(
        id=id, text="Does heater 1 stay below 60 degC?", text_zh="加热器 1 是否低于 60 °C？",
        interest=Interest(observations=("heater 1",), statistic="max", window=(0.0, until)), limit=333.15,
        sense="at most", accuracy=2.0, verification="functional performance", display="degC")  # fmt: skip


def met(run: twin.Experiment) -> dict[str, tuple[float, float]]:
    """Power and temperature."""
    read = [c.values for c in run.trial.where(drives=False)]
    return {"power of heater 1, full power": (0.0, float(run.trial["Heater 1"].values.max())),
            "temperature, K": (float(min(v.min() for v in read)), float(max(v.max() for v in read)))}  # fmt: skip


def refused(name: str) -> Row:
    """What the reader says of a log that states no units."""
    path: Path = shared() / FOLDER / name
    try:
        twin.import_csv(path)
    except TrialError as cause:
        return Row(id=f"tclab-{name[:5]}", fitted="-", predicted=f"{name} without units", state="refused",
                   words=(str(cause),))  # fmt: skip
    raise TrialError(f"{name} was read although it states 0 units. A log states them. Mend the reader.")


def rows() -> list[Row]:
    """First half fitted, second half and another board predicted; both logs without units refused."""
    texts = [("tclab-second-half", "two heaters, 0 to 300 s", "the same run, 300 to 599 s"),
             ("tclab-other-board", "two heaters, 0 to 300 s", "another board, one heater, units told")]  # fmt: skip
    if not (shared() / FOLDER).is_dir():
        return [skipped(id, FOLDER, fitted, predicted) for id, fitted, predicted in texts]
    first, second = halves()
    air, other = surroundings(first), other_board()
    seen = compared(first, air)
    priors = {q.name: (q.value, q.std) for q in (*POWERS.values(), FILM, LINK)}
    fit = twin.calibrate((seen,), free=FREE, priors=priors, nuisances=(air.name,), solver=SOLVER, starts=3)
    judged = (Probe(name="heater 1", place=(THICKNESS / 2.0, 0.0, 0.0), body="heater 1"),)
    found = []
    for (id, fitted, predicted), trial, its in zip(texts, (second, other), (air, surroundings(other)), strict=True):
        unseen = compared(trial, its)
        until = float(max(c.t[-1] for c in trial.channels.values()))
        found.append(answer(id, fitted, predicted, requirement(id, until), free=FREE, fit=fit, calibrated=(seen,),
                            validated=unseen, judged=judged, solver=SOLVER, met=(met(seen), met(unseen)),
                            assumptions=ASSUMPTIONS))  # fmt: skip
    return [*found, refused("run_C_siso_step.csv"), refused("run_D_siso.txt")]
