"""Enclosures as data: patches that radiate to each other, refused where they cannot be what was meant."""

import pytest

from foretrial.models import (
    INSULATED,
    Body,
    Curve,
    Enclosure,
    Exchange,
    Material,
    ModelError,
    Part,
    Process,
    Quantity,
    Signal,
    Stage,
    digest,
    quantities,
    substitute,
)

STUFF = Material.simple("stuff", density=8000.0, conductivity=20.0, heat_capacity=500.0)
PAIR = ("a.right", "b.left")


def gap(**changed):
    return Enclosure(**{"name": "gap", "patches": PAIR, "emissivity": 0.8, **changed})


def process(*enclosures, **walls):
    bodies = tuple(Body(part=Part.slab(0.01).moved(0.1 * n), material=STUFF, start=900.0, name=name)
                   for n, name in enumerate("ab"))  # fmt: skip
    stage = Stage(name="soak", walls={"left": INSULATED, "right": INSULATED, **walls}, until=1.0, enclosures=enclosures)
    return Process(name="p", bodies=bodies, stages=(stage,))


def test_emissivities_are_of_all_patches_or_of_each():
    assert gap().grey("b.left").value == 0.8
    each = gap(emissivity={"a.right": Quantity(value=0.7, name="shiny"), "b.left": 0.3})
    assert (each.grey("a.right").value, each.grey("b.left").value) == (0.7, 0.3)
    assert set(quantities(each)) == {"shiny"}
    moved = substitute(process(each), {"shiny": 0.6}).stages[0].enclosures[0]
    assert moved.grey("a.right").value == 0.6
    assert digest(moved) != digest(each)


def test_the_ambient_may_be_a_signal():
    heats = Signal(curve=Curve.table([0.0, 10.0], [300.0, 900.0]), unit="K")
    assert gap(ambient=heats).ambient is heats
    assert gap(ambient=300.0).ambient.unit == "K"


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: gap(patches=()), r"enclosure 'gap' has 0 patches, .* Name every patch once"),
        (lambda: gap(patches=("a.right", "a.right")), r"has 2 patches, 1 different ones"),
        (lambda: gap(emissivity=0.0), r"emissivity of gap = 0 lies outside its range 0\.001 to 1"),
        (lambda: gap(emissivity={"a.right": 0.8, "b.lef": 0.8}), r"emissivity of 'b\.lef', .* Did you mean 'b\.left'"),
        (lambda: gap(emissivity={"a.right": 0.8}), r"1 patches have no emissivity \(b\.left\)\. .* Add it"),
        (lambda: gap(ambient=-3.0), r"ambient of gap = -3 K lies outside its range"),
        (lambda: gap(view=((0.0, 1.0),)), r"a view matrix of 1 x 2 for 2 patches\. .*, 2 x 2\. Complete it"),
        (lambda: gap(view=((0.0, 0.9), (0.9, 0.0))), r"of 'a\.right' are \[0\.0, 0\.9\], sum 0\.9\. .* give ambient="),
        (lambda: gap(view=((0.0, 1.2), (0.9, 0.0)), ambient=300.0), r"sum 1\.2\. Each is 0 to 1, their sum 1 or less"),
        (lambda: process(gap(patches=("a.right", "b.lefft"))), r"'b\.lefft' of enclosure 'gap' is on 0 bodies"),
        (
            lambda: process(gap(patches=("right", "b.left"))),
            r"'right' of enclosure 'gap' is on 2 bodies\. It is on one",
        ),
        (lambda: process(gap(), gap(name="other")), r"'a\.right' is in enclosures 'gap' and 'other'\. .* Split the"),
        (
            lambda: process(gap(), right=Exchange(gas=300.0, emissivity=0.5)),
            r"'a\.right' radiates into enclosure 'gap' and, with an emissivity of 0\.5, .* Leave emissivity= out",
        ),
    ],
)
def test_an_enclosure_that_cannot_be_what_was_meant_is_refused(make, text):
    with pytest.raises(ModelError, match=text):
        make()
