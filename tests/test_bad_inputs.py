"""Every recipe, setting, sensor or fit that cannot be meant is refused in its own words, at once, touching nothing.

The sixteen that a newcomer meets first, and where each is refused
(L: tests/twin/test_bad_inputs_logs.py, F: tests/test_bad_files.py, else here):
 1 a missing file             L "missing", "no store"; F "field file missing", "mesh missing", "verdict missing"
 2 not an HDF5                L "not HDF5"; F "field file of text"
 3 a misspelt channel         L "misspelt channel"; "misspelt channel in a trial"
 4 a misspelt parameter       "misspelt parameter to fit", "misspelt tangent", "misspelt substitution"
 5 a misspelt solver setting  "misspelt statistic" and its like; a keyword is Python's own: see the last test
 6 a wrong unit               "sensor in mm", "start in degC", "bath in degC", "a number inside a unit"
 7 NaN in data                L "text cell", "infinite": a gap is a blank; "NaN among edges", "NaN in a table"
 8 NaN in a parameter         "NaN film", "NaN start", "NaN thickness"
 9 data shorter than time     L "short row"; "values shorter than time"
10 time that does not rise    L "time twice", "time backwards"
11 a sensor outside the part  "sensor in mm", "sensor in a hollow"
12 a negative property        "negative conductivity", "negative heat capacity", "negative density"
13 lower above upper bound    "bounds swapped", "a range of a quantity swapped"
14 no boundary condition      "no walls at all", "one patch forgotten"
15 all starts failed          "all starts failed"
16 an extra not installed     F "plots not installed"
"""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from foretrial import twin
from foretrial.models import (
    Between,
    Body,
    Channel,
    Contact,
    Crossing,
    Curve,
    Exchange,
    Extreme,
    ForetrialError,
    Grid,
    Held,
    Material,
    Part,
    Probe,
    Process,
    Property,
    Quantity,
    Signal,
    Source,
    Stage,
    Trial,
    substitute,
)
from foretrial.models.library import material
from foretrial.models.process import INSULATED, quench
from foretrial.models.shape import Shape
from foretrial.models.units import to_si
from foretrial.solvers import Heat

IRON = Material.simple("iron", density=7870.0, conductivity=80.0, heat_capacity=450.0)
COPPER = Material.simple("copper", density=8930.0, conductivity=400.0, heat_capacity=390.0)
SLAB = Part.slab(0.1)
HEAT = Heat(cells=4)
CORE = Probe(name="core", place=(0.05, 0.0, 0.0))


def bath(**more):
    given = {"start": 1100.0, "bath": 300.0, "film": 500.0, "until": 60.0}
    return quench(SLAB, IRON, **{**given, **more})


def run(process=None, *, observe=(CORE,), solver=HEAT):
    return lambda: solver(process or bath(), observe=observe)


def slab(walls, **more):
    return Process.simple(part=SLAB, material=IRON, start=300.0, walls=walls, until=10.0, **more)


def pair(*contacts, gap=0.0):
    first, second = Part.slab(0.1, name="first"), replace(Part.slab(0.1, name="second"), patches=SLAB.patches)
    bodies = (Body(part=first, material=IRON, start=300.0),
              Body(part=second.moved(x=0.1 + gap), material=COPPER, start=400.0))  # fmt: skip
    stage = Stage(name="hold", walls={"left": INSULATED, "right": INSULATED}, until=5.0)
    return lambda: HEAT(Process(name="pair", bodies=bodies, stages=(stage,), contacts=contacts))


def steel(**more):
    steep = Property(curve=Curve.table([300.0, 400.0], [50.0, 40.0]), unit="W/(m.K)", scale=Quantity(value=1.0),
                     source="a table", valid=(300.0, 400.0), **more)  # fmt: skip
    return replace(IRON, name="steel", conductivity=steep)


def trial(n=5, name="cold", **more):
    channel = Channel(name="TC1", t=np.linspace(1.0, 50.0, n), values=np.full(n, 900.0), unit="K", logged_unit="K",
                      place=(0.05, 0.0, 0.0), std=1.0, **more)  # fmt: skip
    return Trial(name=name, channels={"TC1": channel}, source="a bench")


def fit(process=None, log=None, *, free=None, solver=HEAT, **more):
    return lambda: twin.calibrate(process or bath(), log or trial(), free=free or {"film": (10.0, 5000.0)},
                                  solver=solver, starts=2, **more)  # fmt: skip


class Failing:
    """A solver that no start survives."""

    digest = "0" * 64

    def __call__(self, process, **_):
        film = process.stages[0].walls["left"].film.value
        raise ForetrialError(f"film = {film:g} W/(m2.K) does not converge. Another one might. Change it.")

    def refined(self, *_, **__):
        return self

    def frozen(self, _):
        return self


HOT = Exchange(gas=900.0, film=100.0)
FREE = {"film": (10.0, 5000.0)}
LONG = Stage(name="heat", walls={"left": HOT, "right": HOT}, until=Crossing(observation="core", value=9e3, at_most=5.0))
BAD: dict[str, tuple[Callable, str]] = {
    # materials
    "negative conductivity": (
        lambda: Material.simple("iron", density=7870.0, conductivity=-80.0, heat_capacity=450.0),
        "iron conductivity = -80 W/(m.K) is not positive. Conductivity, heat capacity and density are above zero.",
    ),
    "negative heat capacity": (
        lambda: Material.simple("iron", density=7870.0, conductivity=80.0, heat_capacity=-450.0),
        "iron heat capacity = -450 J/(kg.K) is not positive.",
    ),
    "negative density": (
        lambda: Material.simple("iron", density=-7870.0, conductivity=80.0, heat_capacity=450.0),
        "iron: density -7870 kg/m3 is not positive. Matter weighs something.",
    ),
    "a table that dips below zero": (
        lambda: Property(curve=Curve.table([300.0, 900.0], [50.0, -5.0]), unit="W/(m.K)", scale=Quantity(value=1.0),
                         source="", valid=(300.0, 900.0)),
        "property falls to -5 W/(m.K) between 300 and 900 K. It is positive everywhere.",
    ),
    "NaN in a table": (lambda: Curve.table([300.0, 900.0], [50.0, np.nan]), "a curve holds a number that is not finit"),
    "a table that runs backwards": (
        lambda: Curve.table([300.0, 500.0, 400.0], [1.0, 2.0, 3.0]),
        "a curve's knots do not increase: 500 is followed by 400.",
    ),
    "misspelt material": (lambda: material("coper"), "material 'coper' is not in the library. Did you mean 'copper'?"),
    "heat capacity for conductivity": (
        lambda: replace(IRON, conductivity=IRON.heat_capacity),
        "iron: a property is in J/(kg.K) where W/(m.K) is needed.",
    ),
    "misspelt beyond": (lambda: steel(beyond="hld"), "beyond = 'hld' is not known. Beyond its range a property is"),
    "used beyond a range that refuses it": (
        run(quench(SLAB, steel(beyond="refuse"), start=390.0, bath=600.0, film=500.0, until=60.0)),
        "conductivity of steel was used from",
    ),
    # parts
    "no thickness": (lambda: Part.slab(0.0), "a box has no extent: it runs from"),
    "NaN thickness": (lambda: Part.slab(np.nan), "a box has a size that is not finite:"),
    "misspelt shape": (lambda: Shape(kind="bx", numbers=(0, 0, 0, 1, 1, 1)), "shape 'bx' is not known. Did you mean"),
    "half a box": (lambda: Shape(kind="box", numbers=(0, 0, 0, 1)), "a box of 4 numbers and 0 parts is incomplete."),
    "misspelt metric": (
        lambda: replace(SLAB, metric="cartesien"),
        "metric 'cartesien' is not known. Did you mean 'cartesian'?",
    ),
    "radius below zero": (lambda: Part.ball(0.1).moved(x=-0.05), "the radius starts at -0.05 m. A radius is never"),
    "a web thicker than its section": (
        lambda: Part.i_section(height=0.2, width=0.2, flange=0.015, web=0.3),
        "web 0.3 m in width 0.2 m and flange 0.015 m in height 0.2 m is no I-section.",
    ),
    "two corners": (lambda: Part.extrude(np.zeros((2, 2))), "2 corners make no polygon. Three or more"),
    "misspelt region": (
        run(observe=(Extreme(name="hot", region="rmi"),),
            process=quench(SLAB.with_region("rim", (0, 0, 0), (0.05, 1, 1)), IRON, start=900.0, bath=300.0, film=5.0,
                           until=9.0)),
        "slab has no region 'rmi'. Did you mean 'rim'?",
    ),
    "a region that holds no cell": (
        run(observe=(Extreme(name="hot", region="far"),),
            process=quench(SLAB.with_region("far", (7, 0, 0), (8, 1, 1)), IRON, start=900.0, bath=300.0, film=5.0,
                           until=9.0)),
        "'hot': region 'far' of 'slab' holds no cell centre.",
    ),
    "NaN among edges": (lambda: Grid(x=[0.0, np.nan], y=[0.0, 1.0], z=[0.0, 1.0]), "the grid's x edges"),
    "a round section about an axis": (
        lambda: HEAT(quench(replace(Part.disc(0.1).moved(x=0.2), metric="axisymmetric"), IRON, start=900.0, bath=300.0,
                            film=5.0, until=9.0)),
        "'disc' is axisymmetric and has faces that lie across no axis.",
    ),
    "a body of nothing": (
        lambda: HEAT(quench(Part.box(1, 1, 1) - Part.box(2, 2, 2).moved(x=-0.5, y=-0.5, z=-0.5), IRON, start=900.0,
                            bath=300.0, film=5.0, until=9.0)),
        "'box' holds no cell. A body fills at least one.",
    ),
    # quantities and units
    "text for a number": (lambda: Quantity(value="1 MPa"), "quantity: value '1 MPa' is not a number. A quantity holds"),
    "a number inside a unit": (lambda: to_si(1.0, "1 MPa", "Pa"), "unit '1 MPa' holds a number. A unit is a name"),
    "mm for a temperature": (lambda: to_si(20.0, "mm", "K"), "unit 'mm' does not measure what 'K' measures."),
    "misspelt unit": (lambda: to_si(20.0, "degCC", "K"), "unit 'degCC' is not known. Did you mean 'degC'?"),
    "NaN film": (lambda: bath(film=np.nan), "film = nan W/(m2.K) is not finite. A number is needed."),
    "a range of a quantity swapped": (
        lambda: Quantity(value=1.0, unit="m", name="depth", valid=(2.0, 0.5)),
        "depth: lower bound 2 is not below upper bound 0.5 m.",
    ),
    "emissivity in percent": (lambda: Exchange(emissivity=85.0), "emissivity = 85 lies outside its range 0 to 1. A"),
    "negative uncertainty": (lambda: Quantity(value=1.0, std=-1.0, unit="K"), "std = -1.0 K is no uncertainty."),
    "misspelt distribution": (
        lambda: Quantity(value=1.0, distribution="gaussian"),
        "distribution 'gaussian' is not known.",
    ),
    "two meanings of one name": (
        lambda: twin.calibrate(slab({"left": replace(HOT, film=Quantity(value=5.0, unit="W/(m2.K)", name="film")),
                                     "right": replace(HOT, film=Quantity(value=9.0, unit="W/(m2.K)", name="film"))}),
                               trial(), free=FREE, solver=HEAT),
        "quantity 'film' occurs as film = 5 W/(m2.K) and as film = 9 W/(m2.K).",
    ),
    # recipes
    "start in degC": (lambda: bath(start=-20.0), "slab's start = -20 K lies outside its range 0 to 10000 K."),
    "NaN start": (lambda: bath(start=np.nan), "slab's start = nan K is not finite."),
    "start at absolute zero": (lambda: bath(start=0.0), "slab starts at 0 K. Temperatures are above 0 K."),
    "bath in degC": (
        lambda: bath(bath=Quantity(value=27.0, unit="degC", name="bath")),
        "bath is in degC, but K is needed here.",
    ),
    "far too hot": (lambda: Held(temperature=2e4), "temperature = 20000 K lies outside its range 0 to 10000 K."),
    "a signal in another unit": (
        lambda: Exchange(gas=Signal(curve=Curve.constant(5.0), unit="W/m2")),
        "gas is driven by a signal in W/m2, but K is needed.",
    ),
    "misspelt clock": (
        lambda: Signal(curve=Curve.constant(5.0), unit="K", clock="proces"),
        "clock = 'proces' is not known. Did you mean 'process'?",
    ),
    "no walls at all": (lambda: slab({}), "stage 'process' has no boundary condition. Every patch meets something."),
    "one patch forgotten": (run(slab({"left": HOT})), "patch 'right' of 'slab' (1 m2) has no boundary condition."),
    "misspelt patch": (lambda: slab({"lefd": HOT, "right": HOT}), "patch 'lefd' is on no body. Did you mean 'left'?"),
    "a stage of no time": (lambda: bath(until=0.0), "stage 'quench' lasts 0.0 s. A stage lasts longer than zero."),
    "places out of order": (
        lambda: Between(axis=2, places=(1.0, 0.5), exchanges=(HOT, HOT)),
        "2 places and 2 exchanges do not pair up in rising order.",
    ),
    "a contact with nobody": (pair(Contact(first="first", second="secnd")), "contact with 'secnd': no such body."),
    "touching without a contact": (pair(), "'first' and 'second' touch over 1 m2 without a contact."),
    "a contact that does not touch": (
        pair(Contact(first="first", second="second"), gap=0.05),
        "'first' and 'second' are in contact but share no face (0 m2).",
    ),
    "negative resistance": (
        lambda: Contact(first="a", second="b", resistance=-1.0),
        "contact resistance = -1 m2.K/W lies outside its range",
    ),
    "no body": (lambda: Process(name="empty", bodies=(), stages=bath().stages), "process 'empty' has no body."),
    "no stage": (lambda: replace(bath(), stages=()), "process 'quench' has no stage."),
    "two bodies of one name": (
        lambda: replace(bath(), bodies=bath().bodies * 2),
        "two bodies share a name among ['slab', 'slab'].",
    ),
    "misspelt body": (lambda: bath().body("slap"), "no body 'slap' in process 'quench'. Did you mean 'slab'?"),
    "a source in nobody": (
        lambda: HEAT(slab({"left": HOT, "right": HOT}, sources=(Source(body="slaab", rate=1e6),))),
        "source in 'slaab', which is no body. Did you mean 'slab'?",
    ),
    "misspelt substitution": (
        lambda: substitute(bath(), {"flim": 3.0}),
        "parameter 'flim' is not in this recipe. Did you mean 'film'?",
    ),
    # what is observed
    "sensor in mm": (
        run(observe=(Probe(name="TC5", place=(9.71, 0, 0)),)),
        "'TC5' lies 9.61 m outside 'slab' (x = 9.71 m; the part spans 0 to 0.1 m). Places are read in metres. If they "
        "are in mm,",
    ),
    "sensor in a hollow": (
        run(observe=(Probe(name="TC6", place=(0.0, 0.0, 0.0)),),
            process=Process.simple(part=Part.tube_section(height=0.2, width=0.2, wall=0.02), material=IRON, start=300.0,
                                   walls={"surface": INSULATED}, until=1.0)),
        "'TC6' at (0.0, 0.0) m lies in a hollow of 'tube_section'.",
    ),
    "sensor on another body": (
        run(observe=(replace(CORE, body="slabb"),)),
        "observation 'core' is on body 'slabb'. Did you mean 'slab'?",
    ),
    "two sensors of one name": (run(observe=(CORE, CORE)), "two observations share a name among ['core', 'core']."),
    "misspelt statistic": (lambda: Extreme(name="hot", statistic="mx"), "statistic 'mx' is not known. Did you mean"),
    "misspelt history": (lambda: run()().column("cor"), "this history has no observation 'cor'. Did you mean 'core'?"),
    "after the end": (
        lambda: run()().at("core", np.array([99.0])),
        "a value at t = 99 to 99 s is asked for, but the run covers 0 to 60 s.",
    ),
    "derivatives not asked for": (
        lambda: run()().tangent_at("core", np.array([9.0])),
        "this history holds no tangents. They are made on request.",
    ),
    # the run
    "no cells": (lambda: Heat(cells=0), "cells = 0, tolerance = 0.05 K: neither a grid nor a step."),
    "no tolerance": (lambda: Heat(tolerance=-1.0), "cells = 4, tolerance = -1.0 K: neither a grid"),
    "misspelt tangent": (
        lambda: HEAT.tangent(bath(), free=("fim",), observe=(CORE,)),
        "parameter 'fim' is not in this process. Did you mean 'film'?",
    ),
    "an end that never comes": (
        run(replace(bath(), stages=(LONG,))),
        "stage 'heat': 'core' did not cross 9000 K within 5 s.",
    ),
    "an end that nobody watches": (
        run(replace(bath(), stages=(LONG,)), observe=(Probe(name="cores", place=(0.05, 0, 0)),)),
        "a stage ends on 'core', which is not observed. Did you mean 'cores'?",
    ),
    "steps of another process": (
        lambda: HEAT.frozen(run()())(replace(bath(), stages=bath().stages * 2)),
        "1 stages were frozen, but this process has 2.",
    ),
    # fits
    "misspelt parameter to fit": (
        fit(free={"flm": (1.0, 2.0)}),
        "parameter 'flm' is not in the recipe. Did you mean 'film'?",
    ),
    "bounds swapped": (fit(free={"film": (5e3, 10.0)}), "film: lower bound 5000 is not below upper bound"),
    "NaN bound": (fit(free={"film": (np.nan, 10.0)}), "film: lower bound nan is not below upper bound 10 W/(m2.K)."),
    "nothing free": (lambda: twin.calibrate(bath(), trial(), free={}, solver=HEAT), "nothing is set free: 0 param"),
    "bounds beyond a meaning": (
        fit(process=bath(film=Quantity(value=5.0, unit="W/(m2.K)", name="film", valid=(0.0, 20.0))),
            free={"film": (1.0, 50.0)}),
        "film: bounds 1 to 50 W/(m2.K) leave its range 0 to 20 W/(m2.K).",
    ),
    "a prior of no width": (fit(priors={"film": (500.0, 0.0)}), "film: prior 500 +- 0 W/(m2.K) is none."),
    "a prior for nothing": (fit(priors={"filn": (500.0, 1.0)}), "prior for 'filn', which is not free. Did you mean"),
    "all starts failed": (fit(solver=Failing()), "all 2 starts failed; the first: "),
    "an empty window": (
        lambda: twin.calibrate([twin.Experiment(trial=trial(), process=bath(), window=(300.0, 400.0))], free=FREE,
                               solver=HEAT),
        "0 readings to compare with: the channels are empty in the window.",
    ),
    "a reading of no uncertainty": (fit(noise=0.0), "channel 'TC1' of trial 'cold' states no uncertainty (0 K)."),
    "readings after the end": (
        fit(process=bath(until=20.0)),
        "channel 'TC1' of trial 'cold' has readings up to 50 s, but the run of 'quench' ends at 20 s.",
    ),
    "a driving channel compared": (
        lambda: twin.Experiment(trial=trial(drives=True), process=bath(), observe={"TC1": CORE}),
        "channel 'TC1' of trial 'cold' drives the model.",
    ),
    "misspelt noise": (fit(noise={"TC2": 1.0}), "noise for 'TC2', which is not compared. Did you mean 'TC1'?"),
    "no trial": (lambda: twin.calibrate(bath(), free=FREE, solver=HEAT), "process 'quench' comes without a trial: 0"),
    # trials
    "misspelt channel in a trial": (lambda: trial()["TCl"], "trial 'cold' has no channel 'TCl'. Did you mean 'TC1'?"),
    "values shorter than time": (
        lambda: Channel(name="TC1", t=np.arange(3.0), values=np.arange(2.0), unit="K", logged_unit="K"),
        "channel 'TC1' has 3 times and 2 values.",
    ),
    "uncertainties shorter than time": (
        lambda: Channel(name="TC1", t=np.arange(3.0), values=np.arange(3.0), std=np.ones(2), unit="K", logged_unit="K"),
        "channel 'TC1' has 3 readings and 2 uncertainties.",
    ),
    "no such kind": (lambda: trial().where(kind="pyrometer"), "trial 'cold' has no channel with kind 'pyrometer'"),
}  # fmt: skip
NAMED = {"heat capacity for conductivity", "a region that holds no cell", "a round part on a square grid",
         "a body of nothing", "mm for a temperature", "bath in degC", "a signal in another unit", "no walls at all",
         "a contact with nobody", "no body", "no stage", "two bodies of one name", "a source in nobody",
         "sensor on another body", "two sensors of one name", "derivatives not asked for",
         "an end that nobody watches", "a prior for nothing", "a driving channel compared", "no such kind",
         "NaN in a table"}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _ready():
    run()()  # compile, and load what is loaded once


@pytest.mark.parametrize("name", BAD)
def test_a_bad_input_is_told_what_is_wrong_what_is_right_and_what_to_do(tmp_path, refused, name):
    refused(BAD[name][0], tmp_path, wanted=BAD[name][1], number=name not in NAMED and "misspelt" not in name)


def test_every_bad_input_is_told_in_words_of_its_own():
    assert len(BAD) >= 80
    assert len({wanted for _, wanted in BAD.values()}) == len(BAD)


def test_the_sixteen_of_the_list_are_names_of_tests():
    listed = set(re.findall(r'"([^"]+)"', __doc__))
    here = Path(__file__).parent
    files = (here / "test_bad_files.py", here / "twin/test_bad_inputs_logs.py")
    elsewhere = "".join(file.read_text(encoding="utf-8") for file in files)
    missing = {one for one in listed if one not in BAD and f'"{one}":' not in elsewhere}
    assert not missing
    assert re.findall(r"^ ?(\d+) ", __doc__, re.M) == [str(n) for n in range(1, 17)]


@pytest.mark.parametrize(("make", "word"), [
    (lambda: Heat(cels=4), "cels"),
    (lambda: Probe(name="core", plce=(0, 0, 0)), "plce"),
    (lambda: Exchange(fil=5.0), "fil"),
    (lambda: twin.calibrate(bath(), trial(), fre=FREE, solver=HEAT), "fre"),
])  # fmt: skip
def test_a_misspelt_keyword_is_never_ignored(make, word):
    with pytest.raises(TypeError, match=f"'{word}'"):
        make()
