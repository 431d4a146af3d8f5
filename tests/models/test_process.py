"""A recipe is data: bodies, contacts and stages, refused where it cannot be what was meant."""

from dataclasses import replace

import numpy as np
import pytest

from foretrial.models import (
    Between,
    Body,
    Contact,
    Crossing,
    Curve,
    Exchange,
    Held,
    Material,
    ModelError,
    Part,
    Process,
    Quantity,
    Signal,
    Source,
    Stage,
    digest,
    quantities,
)
from foretrial.models.process import INSULATED, quench

STEEL = Material.simple("steel", density=7850.0, conductivity=40.0, heat_capacity=500.0)
SLAB = Part.slab(0.02)
WALLS = {"left": INSULATED, "right": Exchange(gas=300.0, film=100.0)}
STAGE = Stage(name="cool", walls=WALLS, until=60.0)
RAMP = Signal(curve=Curve.table([0.0, 100.0], [300.0, 500.0]), unit="K")


def body(**changed):
    return Body(**{"part": SLAB, "material": STEEL, "start": 900.0, **changed})


def process(**changed):
    return Process(**{"name": "p", "bodies": (body(),), "stages": (STAGE,), **changed})


def test_a_bare_number_in_a_recipe_becomes_a_quantity_of_the_right_unit():
    wall = Exchange(gas=300.0, film=25.0, emissivity=0.8, flux=-50.0)
    units = {name: getattr(wall, name).unit for name in ("gas", "radiant", "film", "emissivity", "flux")}
    assert units == {"gas": "K", "radiant": "K", "film": "W/(m2.K)", "emissivity": "1", "flux": "W/m2"}
    assert body().start == Quantity(value=900.0, unit="K", valid=(0.0, 1e4))
    assert Held(temperature=300.0).temperature.unit == "K"
    assert Source(body="slab", rate=1e5).rate.unit == "W/m3"
    assert Contact(first="a", second="b").resistance.value == 0.0


def test_a_wall_sees_its_gas_where_nothing_else_is_said():
    assert Exchange(gas=RAMP).radiant is RAMP
    assert Exchange(gas=RAMP, radiant=400.0).radiant.value == 400.0


def test_an_insulated_wall_trades_nothing():
    assert INSULATED.film.value == INSULATED.emissivity.value == INSULATED.flux.value == 0.0


def test_a_signal_is_scaled_shifted_and_shaped():
    shaped = replace(
        RAMP,
        scale=Quantity(value=1.1),
        bias=Quantity(value=-5.0, unit="K"),
        modes=(
            (Quantity(value=2.0), Curve.table([0.0, 50.0], [0.0, 10.0])),
            (Quantity(value=0.0), Curve.constant(9.0)),
        ),
    )
    assert RAMP.at(50.0, 0.0) == pytest.approx(400.0)
    assert RAMP.at(1e4, 0.0) == pytest.approx(500.0)
    assert shaped.at(50.0, 0.0) == pytest.approx(1.1 * 400.0 - 5.0 + 2.0 * 10.0)


def test_a_signal_on_the_clock_of_its_stage_begins_with_the_stage():
    assert replace(RAMP, clock="stage").at(1050.0, since=1000.0) == pytest.approx(400.0)
    assert RAMP.at(1050.0, since=1000.0) == pytest.approx(500.0)
    with pytest.raises(ModelError, match=r"clock = 'stages' is not known\. Did you mean 'stage'\? Say clock='process'"):
        replace(RAMP, clock="stages")


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (
            lambda: Exchange(film=RAMP),
            r"film is driven by a signal in K, but W/\(m2\.K\) is needed\. A signal has .* Check which channel",
        ),
        (
            lambda: Exchange(gas=Quantity(value=25.0, unit="1")),
            r"gas is in 1, but K is needed here\. Inside.* Convert it",
        ),
        (lambda: Exchange(gas=-20.0), r"gas = -20 K lies outside its range 0 to 10000 K"),
        (lambda: Exchange(radiant=2e4), r"radiant = 20000 K lies outside its range"),
        (
            lambda: Exchange(emissivity=80.0),
            r"emissivity = 80 lies outside its range 0 to 1\. .* Correct the value",
        ),
        (lambda: Exchange(flux=float("nan")), r"flux = nan W/m2 is not finite"),
        (lambda: Held(temperature=-1.0), r"temperature = -1 K lies outside"),
        (lambda: Source(body="slab", rate="much"), r"rate: value 'much' is not a number"),
        (lambda: body(start=0.0), r"slab starts at 0 K\. Temperatures are above 0 K\. Is it in degC\?"),
        (lambda: body(start=-5.0), r"slab's start = -5 K lies outside its range 0 to 10000 K"),
        (
            lambda: Between(axis=0, places=(0.0, 1.0), exchanges=(INSULATED,)),
            r"2 places and 1 exchanges do not pair up in rising order\. Two or more .* Complete or sort them",
        ),
        (
            lambda: Between(axis=0, places=(1.0, 0.0), exchanges=(INSULATED, INSULATED)),
            r"do not pair up in rising order",
        ),
        (lambda: Between(axis=0, places=(1.0,), exchanges=(INSULATED,)), r"1 places and 1 exchanges do not pair up"),
        (
            lambda: replace(STAGE, until=0.0),
            r"stage 'cool' lasts 0\.0 s\. .* longer than zero\. Give its duration in s",
        ),
        (lambda: replace(STAGE, until=float("inf")), r"stage 'cool' lasts inf s"),
        (lambda: process(bodies=()), r"process 'p' has no body\. There is a part to heat\. Add bodies="),
        (lambda: process(stages=()), r"process 'p' has no stage\. A recipe has one or more\. Add stages="),
        (lambda: process(bodies=(body(), body())), r"two bodies share a name among \['slab', 'slab'\]\. .* Give Body"),
        (
            lambda: process(contacts=(Contact(first="slab", second="slap"),)),
            r"contact with 'slap': no such body\. Did you mean 'slab'\? Correct the name",
        ),
        (
            lambda: process(stages=(replace(STAGE, walls={"lefft": INSULATED}),)),
            r"stage 'cool': patch 'lefft' is on no body\. Did you mean 'left'\? Correct the name",
        ),
        (
            lambda: process(stages=(replace(STAGE, walls={"slap.left": INSULATED}),)),
            r"patch 'slap\.left' is on no body\. Did you mean 'slab\.left'\?",
        ),
        (
            lambda: process(stages=(replace(STAGE, walls={}),)),
            r"stage 'cool' has no boundary condition\. Every patch .*\. Name left, right, surface in walls",
        ),
    ],
)
def test_a_recipe_that_cannot_be_what_was_meant_is_refused(make, text):
    with pytest.raises(ModelError, match=text):
        make()


def test_a_body_is_found_by_its_name_and_has_that_of_its_part_unless_given():
    two = process(bodies=(body(), body(name="second")))
    assert two.body("slab").part is SLAB
    assert two.body("second").name == "second"
    with pytest.raises(ModelError, match=r"no body 'secnd' in process 'p'\. Did you mean 'second'\? Correct the name"):
        two.body("secnd")


def test_the_walls_of_a_stage_cannot_be_changed_behind_its_back():
    given = dict(WALLS)
    stage = Stage(name="s", walls=given, until=1.0)
    given["left"] = Held(temperature=300.0)
    assert stage.walls["left"] is INSULATED
    with pytest.raises(TypeError, match="does not support item assignment"):
        stage.walls["left"] = INSULATED


def test_a_stage_may_end_when_something_crosses_a_value():
    crossing = Crossing(observation="core", value=600.0, rising=False, at_most=900.0)
    assert replace(STAGE, until=crossing).until is crossing


def test_a_process_ended_otherwise_differs_in_nothing_else():
    longer = process().ending(90.0)
    assert longer.stages[-1].until == 90.0
    assert digest(longer.ending(60.0)) == digest(process()) != digest(longer)


def test_a_quench_cools_the_whole_surface_through_a_film_that_can_be_calibrated():
    recipe = quench(Part.box(0.1, 0.1, 0.1), STEEL, start=1120.0, bath=310.0, film=800.0, until=300.0)
    stage = recipe.stages[0]
    assert set(stage.walls) == {"left", "right", "bottom", "top", "back", "front"}
    assert {wall.gas.value for wall in stage.walls.values()} == {310.0}
    assert quantities(recipe)["film"] == Quantity(value=800.0, unit="W/(m2.K)", name="film")
    known = Quantity(value=800.0, unit="W/(m2.K)", std=50.0, name="oil")
    ball = quench(Part.sphere(0.1), STEEL, start=1120.0, bath=RAMP, film=known, until=300.0)
    assert set(ball.stages[0].walls) == {"surface"}
    assert quantities(ball)["oil"] is known
    assert np.isfinite(ball.stages[0].until)
