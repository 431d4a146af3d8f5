"""Radiation in enclosures: exact plates and cylinders, published view factors, heat kept, exact slopes."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from foretrial.models import (
    INSULATED,
    Body,
    Curve,
    Deposit,
    Enclosure,
    Exchange,
    Held,
    Material,
    Part,
    Probe,
    Process,
    Property,
    Quantity,
    Signal,
    SolveError,
    Source,
    Stage,
    quantities,
    substitute,
)
from foretrial.solvers import Heat
from foretrial.solvers.discrete import Discrete, prepared
from foretrial.solvers.facets import facing

SIGMA = 5.670374419e-8
QUICK = Material.simple("quick", density=8000.0, conductivity=1e4, heat_capacity=500.0)
BRICK = Material.simple("brick", density=2000.0, conductivity=1.0, heat_capacity=900.0)
TIGHT = Heat(cells=2, tolerance=0.01)


def body(part, name, start=300.0, material=QUICK):
    return Body(part=part, material=material, start=start, name=name)


def recipe(bodies, *enclosures, until=1000.0, sources=(), **walls):
    met = dict.fromkeys((f"{b.name}.{p}" for b in bodies for p in (*(q.name for q in b.part.patches), "surface")),
                        INSULATED)  # fmt: skip
    met |= {key.replace("_", "."): wall for key, wall in walls.items()}
    stage = Stage(name="soak", walls=met, until=until, enclosures=enclosures, sources=sources)
    return Process(name="p", bodies=tuple(bodies), stages=(stage,))


def plates(emissivity, until=2000.0, material=QUICK, **more):
    bodies = (body(Part.slab(0.01), "a", 1200.0, material), body(Part.slab(0.005).moved(0.1), "b", 400.0, material))
    gap = Enclosure(name="gap", patches=("a.right", "b.left"), emissivity=emissivity, **more)
    return recipe(bodies, gap, until=until)


def hollow(low, high, wall, start=300.0, material=BRICK):
    """A block with a rectangular hollow whose walls are the patch "inner"."""
    size, deep = np.subtract(high, low) + 2 * wall, np.subtract(high, low)
    outer, inner = Part.box(*size, name="k").moved(*np.subtract(low, wall)), Part.box(*deep).moved(*low)
    box = tuple(tuple(float(c) for c in end) for end in (np.subtract(low, wall / 2), np.add(high, wall / 2)))
    return body(replace(outer - inner, patches=()).with_patch("inner", box=box), "k", start, material)


def found(bodies, patches, along, ambient=300.0, cells=1, **more):
    """Pieces and factors of an enclosure, and the factors between its patches."""
    room = Enclosure(name="room", patches=patches, emissivity=0.5, ambient=ambient, **more)
    process = recipe(bodies, room)
    seen = facing(room, process, prepared(process, cells=cells, ratio=1.0, along=along).locals)
    of = np.zeros(seen.area.size, dtype=int)
    of[seen.facet] = seen.patch
    K = seen.area[:, None] * seen.over
    n = range(len(patches))
    return seen, np.array([[K[np.ix_(of == i, of == j)].sum() / seen.area[of == i].sum() for j in n] for i in n])


def test_two_plates_even_out_as_their_equation_says():
    probes = (Probe(name="a", place=(0.005, 0, 0), body="a"), Probe(name="b", place=(0.1025, 0, 0), body="b"))
    history = TIGHT(plates({"a.right": 0.8, "b.left": 0.5}), observe=probes)
    grey = 1.0 / (1.0 / 0.8 + 1.0 / 0.5 - 1.0)
    exact = solve_ivp(lambda _, y: np.array([-100.0, 200.0]) * grey * SIGMA * (y[0] ** 4 - y[1] ** 4) / 4e6,
                      (0.0, 2000.0), [1200.0, 400.0], rtol=1e-10, atol=1e-8, t_eval=history.t)  # fmt: skip
    np.testing.assert_allclose(history.values, exact.y.T, rtol=0, atol=0.05)
    assert np.abs(history.values[0] - history.values[-1]).min() > 200.0
    assert abs(history.balance.stored) < 1e-6  # J of 1e7 J that moved
    assert abs(history.balance.entered) < 1e-6
    assert history.iterations < 6 * history.t.size


def test_a_rod_in_a_tube_radiates_as_concentric_cylinders():
    """Howell et al., app. C: q = A1 sigma (T1^4 - T2^4) / (1 / e1 + A1 / A2 (1 / e2 - 1))."""
    r, R, rate = 0.02, 0.05, 2e6
    bodies = (body(Part.rod(r), "rod", 900.0), body(Part.rod(0.06, bore=R), "tube", 500.0))
    gap = Enclosure(name="gap", patches=("rod.side", "tube.bore"), emissivity={"rod.side": 0.7, "tube.bore": 0.4},
                    view=((0.0, 1.0), (r / R, 1.0 - r / R)))  # fmt: skip
    process = recipe(
        bodies, gap, until=2e5, sources=(Source(body="rod", rate=rate),), tube_bore=Held(temperature=500.0)
    )
    history = Heat(cells=3, tolerance=0.05)(process, observe=(Probe(name="skin", place=(r, 0, 0), body="rod"),))
    area, given = 2.0 * np.pi * r, np.pi * r**2 * rate
    exact = (500.0**4 + given / (area * SIGMA) * (1.0 / 0.7 + r / R * (1.0 / 0.4 - 1.0))) ** 0.25
    assert history.values[-1, 0] == pytest.approx(exact, abs=1e-3)


def test_a_shield_floats_where_both_gaps_pass_as_much():
    bodies = [body(Part.slab(0.01).moved(0.1 * n), name, 600.0) for n, name in enumerate(("hot", "shield", "cold"))]
    one = Enclosure(name="one", patches=("hot.right", "shield.left"), emissivity={"hot.right": 0.9, "shield.left": 0.1})
    two = Enclosure(
        name="two", patches=("shield.right", "cold.left"), emissivity={"shield.right": 0.3, "cold.left": 0.9}
    )
    process = recipe(bodies, one, two, until=1e6, hot_left=Held(temperature=1200.0), cold_right=Held(temperature=300.0))
    history = Heat(cells=2)(process, observe=(Probe(name="shield", place=(0.105, 0, 0), body="shield"),))
    a, b = 1.0 / (1.0 / 0.9 + 1.0 / 0.1 - 1.0), 1.0 / (1.0 / 0.3 + 1.0 / 0.9 - 1.0)
    assert history.values[-1, 0] == pytest.approx(((a * 1200.0**4 + b * 300.0**4) / (a + b)) ** 0.25, abs=0.1)


def test_view_factors_of_plates_are_the_published_ones():
    """Howell, A Catalog of Radiation Heat Transfer Configuration Factors, C-11, C-14 and C-1, C-3 in sections."""
    floor, wall = body(Part.box(1, 1, 0.1).moved(0, 0, -0.1), "f"), body(Part.box(0.1, 1, 1).moved(-0.1, 0, 0), "w")
    _, F = found((floor, wall), ("f.front", "w.right"), (12, 12, 12))
    assert F[0, 1] == pytest.approx(0.2000438, rel=5e-4)
    above = body(Part.box(1, 1, 0.1).moved(0, 0, 1.0), "u")
    _, F = found((floor, above), ("f.front", "u.back"), (10, 10, 10))
    assert F[0, 1] == pytest.approx(0.1998249, rel=5e-4)
    flat, high = body(Part.sheet(1, 0.1).moved(0, -0.1), "f"), body(Part.sheet(0.1, 1).moved(-0.1), "w")
    _, F = found((flat, high), ("f.top", "w.right"), (None, None, None), cells=3)
    assert F[0, 1] == pytest.approx(1.0 - np.sqrt(0.5), rel=1e-12)
    over = body(Part.sheet(1, 0.1).moved(0, 0.5), "u")
    _, F = found((flat, over), ("f.top", "u.bottom"), (None, None, None), cells=3)
    assert F[0, 1] == pytest.approx(np.sqrt(1.25) - 0.5, rel=1e-12)


def ring(start=300.0):
    """A square with a round hole whose wall is the patch "inner"."""
    part = Part.sheet(1.2, 1.2, name="k").moved(-0.6, -0.6) - Part.disc(0.5)
    inner = replace(part, patches=()).with_patch("inner", box=((-0.55, -0.55, -9), (0.55, 0.55, 9)))
    return body(inner, "k", start, BRICK)


@pytest.mark.parametrize("round", [False, True])
def test_hollows_close_by_themselves_to_a_third_of_a_percent(round):
    shell = ring() if round else hollow((0, 0, 0), (1, 0.6, 0.4), 0.1)
    seen, F = found(
        (shell,), ("k.inner",), (None,) * 3 if round else (12, 8, 6), ambient=None, cells=34 if round else 1
    )
    assert seen.missing < 3.5e-3
    np.testing.assert_allclose(F, 1.0, rtol=1e-12)
    np.testing.assert_allclose(seen.over.sum(axis=1), 1.0, rtol=1e-12)
    K = seen.area[:, None] * seen.over
    np.testing.assert_allclose(K, K.T, rtol=0, atol=1e-15)


def test_a_hollow_of_one_temperature_trades_nothing_and_any_other_keeps_its_heat():
    shell = hollow((0, 0, 0), (1, 0.6, 0.4), 0.1, 900.0)
    room = Enclosure(name="room", patches=("k.inner",), emissivity=0.3)
    process = recipe((shell,), room)
    shape = prepared(process, cells=1, ratio=1.0, along=(12, 8, 6))
    model = Discrete(process, shape)
    T = model.start()
    assert np.abs(model.flow(T, 0.0).heat).max() < 1e-10 * SIGMA * 900.0**4
    rng = np.random.default_rng(1)
    flow = model.flow(T + 300.0 * rng.random(T.size), 0.0)
    assert abs(flow.entered) < 1e-10 * np.abs(flow.heat).sum()
    assert flow.heat.std() > 10.0


def test_an_open_enclosure_sees_its_ambient():
    """One patch that sees nothing but a black ambient is a wall that radiates to it."""
    heats = Signal(curve=Curve.table([0.0, 500.0], [300.0, 1200.0]), unit="K")
    plate = (body(Part.slab(0.01), "a", 400.0, BRICK),)
    probe = (Probe(name="skin", place=(0.01, 0, 0)),)
    room = Enclosure(name="room", patches=("a.right",), emissivity=0.6, ambient=heats)
    one = Heat(cells=4)(recipe(plate, room, a_right=Exchange(gas=350.0, film=20.0)), observe=probe)
    other = Heat(cells=4)(recipe(plate, a_right=Exchange(gas=350.0, film=20.0, radiant=heats, emissivity=0.6)),
                          observe=probe)  # fmt: skip
    np.testing.assert_allclose(one.values[-1], other.values[-1], rtol=0, atol=1e-4)


def corner(material=BRICK):
    """Two plates at a right angle and a film that bends with the wall's temperature, open to an ambient."""
    bodies = (body(Part.sheet(0.1, 0.02).moved(0, -0.02), "f", 1100.0, material),
              body(Part.sheet(0.02, 0.1).moved(-0.02), "w", 400.0, material))  # fmt: skip
    bent = Property(curve=Curve.table([300.0, 1300.0], [5.0, 60.0]), unit="W/(m2.K)", source="declared",
                    scale=Quantity(value=1.0), valid=(300.0, 1300.0))  # fmt: skip
    grey = {"f.top": Quantity(value=0.8, name="floor"), "w.right": Quantity(value=0.4, name="wall")}
    room = Enclosure(name="room", patches=("f.top", "w.right"), emissivity=grey,
                     ambient=Quantity(value=350.0, unit="K", name="hall"))  # fmt: skip
    return recipe(bodies, room, until=200.0, f_top=Exchange(gas=350.0, film=bent))


def test_newton_knows_how_every_wall_answers_to_every_other():
    process = corner(Material.simple("slow", density=2000.0, conductivity=0.05, heat_capacity=900.0))
    model = Discrete(process, prepared(process, cells=3, ratio=1.0, along=(None,) * 3))
    rng = np.random.default_rng(4)
    T = model.start() + 50.0 * rng.random(model.start().size)
    flow, way = model.flow(T, 0.0), rng.normal(size=T.size)
    seen = (model.flow(T + 1e-2 * way, 0.0).heat - model.flow(T - 1e-2 * way, 0.0).heat) / 2e-2
    theta = flow.k * way
    system = model.system(flow, 1.0)
    told = system.storage * theta - system.assembled() @ theta
    answered = flow.rooms[0].heat(theta)
    np.testing.assert_allclose(told + answered, seen, rtol=0, atol=1e-6 * np.abs(seen).max())
    assert np.abs(answered).max() > 1e-3 * np.abs(seen).max()


@pytest.mark.parametrize("name", ["floor", "wall", "hall"])
def test_what_is_uncertain_in_an_enclosure_has_its_tangent(name):
    probes = (Probe(name="f", place=(0.05, 0, 0), body="f"), Probe(name="w", place=(0, 0.05, 0), body="w"))
    solver = Heat(cells=2, tolerance=2.0)
    frozen = solver.frozen(solver(corner(), observe=probes))
    run = frozen.tangent(corner(), free=(name,), observe=probes)
    value = quantities(corner())[name].value
    step = 1e-4 * value
    above, below = (frozen(substitute(corner(), {name: value + way * step}), observe=probes).values for way in (1, -1))
    slope = run.tangents[0]
    np.testing.assert_allclose(slope, (above - below) / (2 * step), rtol=0, atol=2e-6 * np.abs(slope).max())
    assert np.abs(slope).max() > 0.01


def test_multigrid_and_factorisation_agree_on_an_enclosure():
    probes = (Probe(name="f", place=(0.05, 0, 0), body="f"), Probe(name="w", place=(0, 0.05, 0), body="w"))
    runs = [
        Heat(cells=4, tolerance=1.0, linear=kind)(corner(), observe=probes).values[-1]
        for kind in ("direct", "multigrid")
    ]
    np.testing.assert_allclose(*runs, rtol=0, atol=1e-6)


def test_a_run_with_an_enclosure_goes_on_from_a_checkpoint_to_the_last_bit():
    probes, kept = (Probe(name="a", place=(0.005, 0, 0), body="a"),), []
    process = plates(0.6, until=200.0)
    whole = TIGHT(process, observe=probes, save=kept.append, saves=5)
    rest = TIGHT.resume(kept[0], process, observe=probes, saves=5)
    assert len(kept) > 1
    np.testing.assert_array_equal(whole.values, rest.values)


def test_what_is_laid_down_in_an_enclosure_faces_it_from_then_on():
    def last(*deposits):
        bodies = (body(Part.sheet(0.1, 0.04).moved(0, -0.02), "f", 1100.0, BRICK),
                  body(Part.sheet(0.02, 0.1).moved(-0.04), "w", 400.0, BRICK))  # fmt: skip
        room = Enclosure(name="room", patches=("f.top", "w.right"), emissivity=0.7, ambient=350.0)
        process = recipe(bodies, room, until=100.0)
        process = replace(process, stages=(replace(process.stages[0], deposits=deposits),))
        history = Heat(cells=2, tolerance=0.5)(process, observe=(Probe(name="w", place=(-0.02, 0.05, 0), body="w"),))
        assert history.balance.residual < 1e-9
        return history.values[-1, 0]

    layer = Deposit(body="f", box=((0.0, 0.0, 0.0), (0.1, 0.02, 1.0)), at=50.0, temperature=1300.0)
    assert last(layer) > last() + 5.0


def test_view_factors_that_missed_closure_are_said():
    room = Enclosure(name="room", patches=("k.inner",), emissivity=0.3)
    history = Heat(cells=34)(recipe((ring(900.0),), room, until=1.0))
    assert abs(history.balance.stored) < 1e-9 * 900.0 * 1.8e6
    assert any("enclosure room: view factors missed 1 by up to 0." in note for note in history.notes)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (
            lambda: found((body(Part.slab(0.01), "a"), body(Part.slab(0.01).moved(0.1), "m"),
                           body(Part.slab(0.01).moved(0.2), "b")), ("a.right", "b.left"), (None,) * 3),
            r"'m' stands between 'a\.right' and 'b\.left' at \(0\.105,\) m\. .* Give view=",
        ),
        (
            lambda: found((body(Part.slab(0.01), "a"), body(Part.slab(0.01).moved(0.1), "b"),
                           body(Part.slab(0.01).moved(0.2), "c")), ("a.right", "b.left", "b.right"), (None,) * 3, None),
            r"'b\.right' sees 0 of the patches \(one facet 0\)\. .* Add the missing patches, or ambient=",
        ),
        (
            lambda: found((body(Part.rod(0.02), "r"), body(Part.rod(0.06, bore=0.05), "t")), ("r.side", "t.bore"),
                          (None,) * 3, None),
            r"2 patches in axisymmetric coordinates has no view factors\. .* Give view=",
        ),
        (
            lambda: found((body(Part.rod(0.02), "r"), body(Part.rod(0.06, bore=0.05), "t")), ("r.side", "t.bore"),
                          (None,) * 3, None, view=((0.0, 1.0), (1.0, 0.0))),
            r"between 'r\.side' and 't\.bore' are 0\.1257 and 0\.3142 m2\. Both ways .* correct the factors",
        ),
    ],
)  # fmt: skip
def test_an_enclosure_that_cannot_be_computed_is_refused(make, text):
    with pytest.raises(SolveError, match=text):
        make()
