"""Where at station A would a further thermocouple help the furnace section most?

Trials  sp_section_test2 (calibration, seven thermocouples in the steel at station A) and sp_section_test3 (validation).
Answer  In the upper quarter of the web, but it does not help the verdict: that thermocouple takes the part that
        readings decide, parameters and inputs together, from 2.8 to 2.5 K, and nearly all the rest is the model's form:
        INCONCLUSIVE, margin 69 K +- 54 K. Moving the inputs that the calibration held would help more: about 50 K. Put
        back, the thermocouple in the web gave 0.86 where 0.80 was promised, the one in the lower flange 0.99 where 0.99
        was; the misfit, which no promise knows, became 1.12 and 0.99 times as large.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from foretrial import twin, viz
from foretrial.cases import TRIALS
from foretrial.cases import furnace_section as beam
from foretrial.cases.qualify import qualify
from foretrial.models import Extreme, Fit, Probe, Process, Requirement, Trial, Verdict
from foretrial.solvers import Heat

STATION = "A"
HOTTEST = Extreme(name=f"hottest at {STATION}", body=STATION)
LEFT_OUT = ("C4-A4", "C6-A6")  # the one in the web and one in the lower flange, taken away and put back
PLACES = {
    "upper web root": ((0.0, 0.083), "上翼缘与腹板交接处"),
    "upper quarter of the web": ((0.0, 0.045), "腹板上部四分点"),
    "lower quarter of the web": ((0.0, -0.045), "腹板下部四分点"),
    "lower web root": ((0.0, -0.083), "下翼缘与腹板交接处"),
    "tip of the upper flange": ((0.095, 0.093), "上翼缘端部"),
    "tip of the lower flange": ((0.095, -0.093), "下翼缘端部"),
    "lower flange half way out": ((0.045, -0.093), "下翼缘半宽处"),
}
REQUIREMENT: Requirement = replace(
    beam.REQUIREMENT,
    id="next-trial-station-a",
    text="Does the steel I-section stay below 550 degC at station A for the first 15 minutes of trial 3, and where "
    "would a further thermocouple narrow that answer most?",
    text_zh="试验 3 的前 15 分钟内，测站 A 处工字钢是否低于 550 °C？在何处增设热电偶最能缩小该结论的不确定度？",
    interest=replace(beam.REQUIREMENT.of_run(), observations=(HOTTEST.name,)),
)
PARTS = ("numerical", "reduced model", "sensor", "model form", "sampling")  # what no further reading lowers


def freeze(store: Path) -> twin.Record:
    """Read both logs into the store, and fix the question before any solve."""
    for name in ("sp_section_test2", "sp_section_test3"):
        twin.add_log(store, TRIALS / f"{name}.csv")
    rule = {"guard": REQUIREMENT.guard, "coverage": REQUIREMENT.coverage}
    return twin.freeze(store, REQUIREMENT, split=beam.SPLIT, rule=rule, seeds=beam.SEEDS)


def section(trial: Trial) -> Process:
    """Station A of a trial alone."""
    whole = beam.section(trial)
    fire = whole.stages[0]
    walls = {name: wall for name, wall in fire.walls.items() if name.startswith(f"{STATION}.")}
    return replace(whole, bodies=tuple(b for b in whole.bodies if b.name == STATION),
                   stages=(replace(fire, walls=walls),))  # fmt: skip


def compared(trial: Trial, *, without: str = "") -> twin.Experiment:
    """The run beside the thermocouples of station A, one of them left out."""
    mounted = trial.where(kind="thermocouple", station=STATION)
    probes = {c.name: Probe(name=c.name, place=c.place, body=STATION) for c in mounted if c.name != without}
    return twin.Experiment(trial=trial, process=section(trial), observe=probes, window=(1.0, beam.FIRE))


def candidates(trial: Trial) -> tuple[twin.Sensor, ...]:
    """Thermocouples like those that are there, at places where there is none."""
    like = trial.where(kind="thermocouple", station=STATION)[0]
    cut = (like.t >= 1.0) & (like.t <= beam.FIRE)
    found = []
    for where, ((x, y), where_zh) in PLACES.items():
        std = like.std if isinstance(like.std, float) else np.asarray(like.std)[cut]
        channel = replace(like, name=where, t=like.t[cut], values=like.values[cut], std=std,
                          place=(x, y, like.place[2] if like.place else 0.0))  # fmt: skip
        found.append(twin.Sensor(channel=channel, where=where, where_zh=where_zh))
    return tuple(found)


def put_back(name: str, fire: Trial, after: Fit, spread: float, goal: twin.Goal, solver: Heat) -> dict[str, Any]:
    """The promise and the truth for a thermocouple that is there: fit without it, foresee it, and look at `after`.

    `spread` is the standard uncertainty of the goal, K, by parameters and inputs, with all thermocouples.
    """
    few = compared(fire, without=name)
    few = replace(few, process=twin.fitted(few.process, after))  # a good place to begin
    before = twin.calibrate((few,), free=beam.FREE, solver=solver, starts=1)
    channel = fire[name]
    cut = (channel.t >= 1.0) & (channel.t <= beam.FIRE)
    sensor = twin.Sensor(channel=replace(channel, t=channel.t[cut], values=channel.values[cut]))
    plan = twin.Plan(name=fire.name, process=few.process, candidates=(sensor,))
    promised = twin.next_trial((few,), (plan,), fit=before, solver=solver, goal=goal)
    return {"name": name, "promised": promised.best.std / promised.before.std,
            "reached": spread / promised.before.std, "misfit": after.misfit / before.misfit}  # fmt: skip


def words(one: dict[str, Any]) -> tuple[str, str]:
    """Promise and truth in a sentence."""
    return (f"Checked on {one['name']}: with it the part of the interval that readings decide was promised to "
            f"be {one['promised']:.2f} times as wide, and a fit with it gave {one['reached']:.2f} times; the misfit "
            f"became {one['misfit']:.2f} times as large, which no promise knows.",
            f"以 {one['name']} 检验：加入它后，由读数决定的区间部分预计为原来的 {one['promised']:.2f} 倍，实际重新标定"
            f"得到 {one['reached']:.2f} 倍；残差变为原来的 {one['misfit']:.2f} 倍，这一点事先无从得知。")  # fmt: skip


def run(*, cells: int = 2, out: Path = Path("out/next_trial"), tell: twin.Tell = twin.silent) -> Verdict:
    """Calibrate station A on trial 2, propose a thermocouple for the answer on trial 3, and check the promise."""
    out.mkdir(parents=True, exist_ok=True)
    store = out / "trials.h5"
    frozen = freeze(store)
    fire, judged = (twin.read(store, name) for name in ("sp_section_test2", "sp_section_test3"))
    seen, unseen, solver = compared(fire), compared(judged), Heat(cells=cells, tolerance=0.6 / cells)
    met = [beam.met(trial) for trial in (judged, fire, judged)]
    study = twin.Study(
        requirement=REQUIREMENT, store=store, freeze=frozen, calibrated=(seen,), validated=unseen, judged=(HOTTEST,),
        free=beam.FREE, solver=solver, search=Heat(cells=1, tolerance=0.5), seed=beam.SEEDS["starts"], starts=1,
        domain=twin.domain(met[0], met[1:], symbols={"Biot number": "Bi"}), assumptions=beam.ASSUMPTIONS,
        qualification=qualify(("T2", "Heisler", "III.5", "order-space", "order-time")),
        title=("The next thermocouple for the steel section", "工字钢截面的下一支热电偶"),
        command="foretrial run next_trial")  # fmt: skip
    tell("calibrating station A", 0.02)
    fit = twin.fit_of(study)
    interest = REQUIREMENT.of_run()
    prediction = twin.predict(unseen.process, interest=interest, solver=solver, observe=(HOTTEST,), fit=fit)
    tell("what no thermocouple lowers: numerics and the model's form", 0.15)
    fine = twin.refine(solver, prediction.process, observe=(*unseen.observe.values(), HOTTEST), interest=interest)
    lines = twin.budget(prediction, interest=interest, process=unseen.process, fit=fit, refinement=fine,
                        validation=twin.validate(unseen, fit=fit, solver=solver, refinements=fine))  # fmt: skip
    goal = twin.Goal(process=unseen.process, interest=interest, observe=(HOTTEST,), rest=lines.combined(*PARTS))
    tell("weighing places for a further thermocouple", 0.3)
    plan = twin.Plan(name=fire.name, process=seen.process, candidates=candidates(fire))
    found = twin.next_trial((seen,), (plan,), fit=fit, solver=solver, goal=goal)
    checks = []
    for i, name in enumerate(LEFT_OUT):
        tell(f"checking the promise on {name}", 0.4 + 0.15 * i)
        checks.append(put_back(name, fire, fit, found.before.std, goal, solver))
    named = {place: {"en": place, "zh": zh} for place, (_, zh) in PLACES.items()}
    return twin.conclude(replace(study, caveats=(*found.words, *map(words, checks))), fit,
                         studies=(found, {"next_trial": {"places": named, "checks": checks}}),
                         tell=lambda text, share: tell(text, 0.7 + 0.29 * share))  # fmt: skip


if __name__ == "__main__":
    run()
    viz.report(Path("out/next_trial"))
