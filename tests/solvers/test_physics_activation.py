"""Material laid down on the way: what is not there holds and conducts nothing, and what comes brings its heat."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from foretrial.models import (
    Body,
    Contact,
    Crossing,
    Deposit,
    Ellipsoid,
    Exchange,
    Extreme,
    Latent,
    Material,
    ModelError,
    Part,
    Probe,
    Process,
    Quantity,
    SolveError,
    Stage,
    Track,
    digest,
    layers,
    quantities,
    substitute,
)
from foretrial.models.fieldfile import FieldWriter, read_fields
from foretrial.models.process import INSULATED
from foretrial.solvers import Explicit, Heat

STEEL = Material.simple("steel", density=7800.0, conductivity=30.0, heat_capacity=600.0)
A = 30.0 / (7800.0 * 600.0)
COLD = Exchange(gas=300.0, film=400.0)


def build(deposits, *, walls=None, until=12.0, part=None, material=STEEL, start=300.0, beams=()):
    part = part or Part.slab(0.02)
    walls = walls or {"left": COLD, "right": Exchange(gas=300.0, film=100.0)}
    stage = Stage(name="build", walls=walls, until=until, deposits=deposits, beams=beams)
    return Process(name="build", bodies=(Body(part=part, material=material, start=start),), stages=(stage,))


HOT = Quantity(value=1500.0, unit="K", name="hot")
SLAB = layers("slab", axis=0, edges=np.linspace(0.01, 0.02, 6), times=(0.0, 2.0, 4.0, 6.0, 8.0), temperature=HOT)
SEEN = (Probe(name="base", place=(0.005, 0, 0)), Probe(name="top", place=(0.019, 0, 0)),
        Extreme(name="hottest"), Extreme(name="mean", statistic="mean"))  # fmt: skip


def dumb(n, end):
    """The same build by forward Euler on n cells of a list that grows; cells' temperatures at the end."""
    dx = 0.02 / n
    dt = 0.2 * dx * dx / A
    T, births = [300.0] * (n // 2), {0.0: 0, 2.0: 1, 4.0: 2, 6.0: 3, 8.0: 4}
    times = [*births, end]
    for at, until in pairwise(times):
        T = np.array([*T, *([1500.0] * (n // 10))])
        steps = math.ceil((until - at) / dt)
        by = (until - at) / steps
        for _ in range(steps):
            q = np.zeros(T.size + 1)
            q[1:-1] = 30.0 * (T[:-1] - T[1:]) / dx
            q[0] = (300.0 - T[0]) / (1 / 400.0 + dx / 60.0)
            q[-1] = (T[-1] - 300.0) / (1 / 100.0 + dx / 60.0)
            T = T + by * (q[:-1] - q[1:]) / (7800.0 * 600.0 * dx)
    return T


def test_a_build_of_five_layers_agrees_with_a_march_written_by_hand():
    T = dumb(320, 12.0)
    places = (np.arange(320) + 0.5) * 0.02 / 320
    misses = []
    for cells in (2, 4, 8):
        history = Heat(cells=cells, tolerance=0.01)(build(SLAB), observe=SEEN)
        misses.append([abs(history.values[-1, n] - np.interp(x, places, T)) for n, x in ((0, 0.005), (1, 0.019))])
        assert history.values[-1, 3] == pytest.approx(T.mean(), abs=4.0 / cells**2)
        assert history.balance.residual < 1e-9
    assert max(misses[2]) < 0.1
    assert np.log2(np.linalg.norm(misses[0]) / np.linalg.norm(misses[2])) / 2 > 1.8


def test_what_is_laid_down_meets_what_was_there_as_two_half_spaces_do():
    half = (Deposit(body="slab", box=((0.05, -1, -1), (1, 1, 1)), at=1.0, temperature=1500.0),)
    walls = {"left": INSULATED, "right": INSULATED}
    misses = []
    for along in (20, 40):
        history = Heat(along=(along, None, None), tolerance=0.002)(
            build(half, walls=walls, part=Part.slab(0.1), until=11.0),
            observe=(Probe(name="near", place=(0.04, 0, 0)), Probe(name="met", place=(0.05, 0, 0))))  # fmt: skip
        exact = 300.0 + 600.0 * math.erfc(0.01 / (2.0 * math.sqrt(A * 10.0)))
        misses.append(abs(history.values[-1, 0] - exact))
        assert history.values[-1, 1] == pytest.approx(900.0, abs=1e-3)
    assert misses[1] < 1.0
    assert misses[0] / misses[1] > 3.0


def test_what_is_brought_is_told_and_the_rest_of_the_heat_is_kept():
    still = build(SLAB, walls={"left": INSULATED, "right": INSULATED})
    history = Heat(cells=4)(still, observe=SEEN)
    assert history.balance.brought == pytest.approx(7800.0 * 600.0 * 0.01 * (1500.0 - 273.15), rel=1e-12)
    assert history.balance.stored == pytest.approx(history.balance.brought, rel=1e-12)
    assert history.values[-1, 3] == pytest.approx(900.0, abs=1e-8)
    assert history.values[np.isfinite(history.values[:, 2]), 2].max() <= 1500.0 + 0.05


def test_nothing_is_read_where_nothing_is_yet():
    history = Heat(cells=2)(build(SLAB), observe=SEEN)
    column = history.values[:, 1]
    assert np.isnan(column[history.t < 8.0]).all()
    assert np.isfinite(column[history.t > 8.0]).all()
    assert history.at("top", np.array([8.0]))[0] == pytest.approx(1500.0)
    with pytest.raises(ModelError, match=r"'top' is asked for at t = 3 s, .* laid down at 8 s\. .* Ask from then on\."):
        history.at("top", np.array([3.0, 9.0]))


def test_steps_end_where_something_is_laid_down_frozen_and_divided_too():
    solver = Heat(cells=2)
    history = solver(build(SLAB), observe=SEEN)
    for one in (history, solver.frozen(history).refined(1.5, space=False)(build(SLAB), observe=SEEN)):
        for at in (2.0, 4.0, 6.0, 8.0):
            assert at in one.t
        np.testing.assert_allclose(one.values[-1], history.values[-1], atol=0.3)
    late = replace(SLAB[1], at=2.5)
    with pytest.raises(SolveError, match=r"laid down at t = 2\.5 s, but the nearest frozen step ends at .* Freeze"):
        solver.frozen(history)(build((SLAB[0], late, *SLAB[2:])))


def test_a_build_goes_on_from_any_checkpoint_to_the_last_bit():
    saved = []
    whole = Heat(cells=2)(build(SLAB), observe=SEEN, save=saved.append, saves=15)
    assert len({int(one.arrays["numbers"][5]) for one in saved}) > 2
    for one in saved[:: max(len(saved) // 4, 1)]:
        again = Heat(cells=2).resume(one, build(SLAB), observe=SEEN, save=lambda _: None, saves=15)
        assert np.array_equal(whole.values, again.values, equal_nan=True)
        assert whole.balance == again.balance


def test_derivatives_go_through_a_build():
    alloy = replace(STEEL, latent=Latent(heat=2e5, solidus=1400.0, liquidus=1450.0), density=Quantity(
        value=7800.0, unit="kg/m3", name="rho"))  # fmt: skip
    process = build(SLAB, material=alloy)
    solver = Heat(cells=2, tolerance=0.2)
    frozen = solver.frozen(solver(process, observe=SEEN))
    slopes = frozen.tangent(process, free=("hot", "rho"), observe=SEEN)
    for n, (name, step) in enumerate((("hot", 0.5), ("rho", 5.0))):
        value = quantities(process)[name].value
        up, down = (frozen(substitute(process, {name: value + by}), observe=SEEN) for by in (step, -step))
        expected = (up.values[-1] - down.values[-1]) / (2 * step)
        np.testing.assert_allclose(slopes.tangents[n, -1], expected, rtol=2e-3, atol=2e-3 * abs(expected).max())


def test_the_order_of_deposits_and_of_equal_halves_does_not_matter():
    first = Heat(cells=2)(build(SLAB), observe=SEEN)
    second = Heat(cells=2)(build(SLAB[::-1]), observe=SEEN)
    assert np.array_equal(first.values, second.values, equal_nan=True)
    sheet, walls = Part.sheet(0.02, 0.02), dict.fromkeys(("left", "right", "bottom", "top"), COLD)
    halves = [Deposit(body="sheet", box=((low, 0.01, -1), (low + 0.01, 0.02, 2)), at=1.0, temperature=1200.0)
              for low in (0.0, 0.01)]  # fmt: skip
    seen = (Probe(name="left", place=(0.005, 0.015, 0)), Probe(name="right", place=(0.015, 0.015, 0)))
    run = Heat(cells=5)(build(tuple(halves), part=sheet, walls=walls, until=3.0), observe=seen)
    np.testing.assert_allclose(run.values[-1, 0], run.values[-1, 1], rtol=1e-10)


def wall(beads=3, pieces=4, linear="auto"):
    """A wall of beads on a plate, each laid piece by piece behind its arc."""
    part = Part.box(0.024, 0.008, 0.004) + Part.box(0.020, 0.004, 0.006).moved(0.002, 0.002, 0.004)
    part = replace(part, name="wall")
    deposits, rows, speed, height = [], [], 0.005, 0.002
    for bead in range(beads):
        begin, z = 10.0 * bead + 1.0, 0.004 + height * bead
        top, end = z + height, begin + 0.020 / speed
        rows += [[begin, 0.002, 0.004, top, 0.0], [begin + 0.01, 0.002, 0.004, top, 800.0],
                 [end, 0.022, 0.004, top, 800.0], [end + 0.01, 0.022, 0.004, top, 0.0]]  # fmt: skip
        for n in range(pieces):
            low = 0.002 + n * 0.020 / pieces
            deposits.append(Deposit(body="wall", box=((low, 0.002, z), (low + 0.020 / pieces, 0.006, z + height)),
                                    at=begin + n * 0.020 / pieces / speed, temperature=1800.0))  # fmt: skip
    arc = Ellipsoid(body="wall", path=Track(table=np.array(rows)), width=0.003, depth=0.003, front=0.003, rear=0.005,
                    absorbed=0.8)  # fmt: skip
    walls = {name: Exchange(gas=300.0, film=20.0, emissivity=0.4) for name in
             ("left", "right", "bottom", "top", "back", "front", "surface")}  # fmt: skip
    walls = {name: walls[name] for name in walls if name in {p.name for p in part.patches} | {"surface"}}
    return build(tuple(deposits), part=part, walls=walls, until=31.0, beams=(arc,)), Heat(
        along=(24, 8, 10), tolerance=3.0, linear=linear)  # fmt: skip


def test_a_wall_of_beads_grows_behind_its_arc_and_keeps_its_heat(tmp_path):
    process, solver = wall()
    seen = (Probe(name="plate", place=(0.012, 0.004, 0.001)), Probe(name="bead 3", place=(0.012, 0.004, 0.009)))
    with FieldWriter(tmp_path / "wall.vtkhdf") as writer:
        history = solver(process, observe=seen, keep=writer, every=(0.5, 6.0, 16.0, 31.0))
    assert history.balance.residual < 1e-8
    assert history.balance.made == pytest.approx(3 * 4.0 * 800.0 * 0.8, rel=2e-3)
    volume = 0.020 * 0.004 * 0.006
    assert history.balance.brought == pytest.approx(7800.0 * 600.0 * volume * (1800.0 - 273.15), rel=1e-9)
    plate = [float(history.at("plate", np.array([t]))[0]) for t in (10.9, 20.9, 30.9)]
    assert 300.0 < plate[0] < plate[1] < plate[2]
    assert np.isfinite(history.values[:, 1]).sum() < np.isnan(history.values[:, 1]).sum()
    fields = read_fields(tmp_path / "wall.vtkhdf")
    filled = [int(np.isfinite(fields.values(step)).sum()) for step in range(fields.times.size)]
    assert filled == [24 * 8 * 4 + n * 20 * 4 * 2 for n in (0, 0, 1, 2, 3)]
    assert fields.digest() == fields.sealed
    assert solver.forecast(process).cells == history.cells == filled[-1]


def test_multigrid_builds_the_same_wall():
    process, solver = wall(beads=2, pieces=2)
    short = process.ending(16.0)
    seen = (Probe(name="plate", place=(0.012, 0.004, 0.001)), Extreme(name="hottest"))
    direct, cycles = (replace(solver, linear=kind)(short, observe=seen) for kind in ("direct", "multigrid"))
    np.testing.assert_allclose(direct.values[-1], cycles.values[-1], atol=0.02)


def test_a_seam_of_another_body_comes_with_its_contact():
    plate, seam = Part.slab(0.01, name="plate"), Part.slab(0.01, name="seam").moved(x=0.01)
    bodies = tuple(Body(part=part, material=STEEL, start=300.0) for part in (plate, seam))
    deposits = (Deposit(body="seam", box=((-1, -1, -1), (1, 1, 1)), at=2.0, temperature=1500.0),)
    walls = {"left": COLD, "right": Exchange(gas=300.0, film=100.0)}
    stage = Stage(name="weld", walls=walls, until=8.0, deposits=deposits)
    two = Process(name="two", bodies=bodies, stages=(stage,), contacts=(Contact(first="plate", second="seam"),))
    seen = tuple(Probe(name=name, place=(x, 0, 0), body=name) for name, x in (("plate", 0.006), ("seam", 0.014)))
    one = build((Deposit(body="slab", box=((0.01, -1, -1), (1, 1, 1)), at=2.0, temperature=1500.0),), until=8.0)
    alike = tuple(Probe(name=probe.name, place=probe.place) for probe in seen)
    frames = []
    found, exact = Heat(cells=8)(two, observe=seen, keep=frames.append, every=2.0), Heat(cells=8)(one, observe=alike)
    np.testing.assert_allclose(found.values[-1], exact.values[-1], atol=0.2)
    assert found.balance.residual < 1e-9
    assert [int(frame.solid["seam"].sum()) for frame in frames] == [0, 0, 8, 8, 8]


def test_a_round_bar_is_built_in_layers_and_across_its_round():
    bar = Part.cylinder(0.005, 0.02, name="bar")
    walls = {"surface": INSULATED}
    deposits = layers("bar", axis=2, edges=(0.01, 0.015, 0.02), times=(1.0, 2.0), temperature=1500.0)
    seen = (Probe(name="axis", place=(0.0, 0.0, 0.008)),)
    found = Heat(cells=8, tolerance=0.05)(build(deposits, part=bar, walls=walls, until=4.0), observe=seen)
    flat = layers("slab", axis=0, edges=(0.01, 0.015, 0.02), times=(1.0, 2.0), temperature=1500.0)
    exact = Heat(cells=20, tolerance=0.05)(
        build(flat, walls={"left": INSULATED, "right": INSULATED}, until=4.0),
        observe=(Probe(name="axis", place=(0.008, 0, 0)),))  # fmt: skip
    assert found.values[-1, 0] == pytest.approx(exact.values[-1, 0], abs=2.0)
    assert found.balance.residual < 1e-9
    side = (Deposit(body="bar", box=((0.0, -1, -1), (1, 1, 1)), at=0.5, temperature=1500.0),)
    mean = (Extreme(name="mean", statistic="mean"), Extreme(name="hottest"))
    across = Heat(cells=8, tolerance=0.5)(build(side, part=bar, walls=walls, until=60.0), observe=mean)
    assert across.balance.residual < 1e-8
    assert across.values[-1] == pytest.approx([900.0, 900.0], abs=1.0)


def test_what_a_build_cannot_be_is_refused():
    one = SLAB[0]
    with pytest.raises(ModelError, match=r"lasts 12 s, but lays something down on slab at 12 s\. .* next one\."):
        build((replace(one, at=12.0),))
    with pytest.raises(ModelError, match=r"laid down at -1\.0 s\. .* 0 s or later\. Move it"):
        replace(one, at=-1.0)
    with pytest.raises(ModelError, match=r"fills the box .* m, which is empty\. .* Swap or complete"):
        replace(one, box=((1, 0, 0), (0, 1, 1)))
    with pytest.raises(ModelError, match=r"5 edges and 2 times do not make layers of slab\. .* Complete them\."):
        layers("slab", axis=0, edges=range(5), times=(0.0, 1.0), temperature=900.0)
    with pytest.raises(ModelError, match=r"deposit in 'slap', which is no body\. Did you mean 'slab'\?"):
        build((replace(one, body="slap"),))
    with pytest.raises(SolveError, match=r"holds no cell: its box .* Correct its box, or use more cells\."):
        Heat()(build((replace(one, box=((1, -1, -1), (2, 1, 1))),)))
    with pytest.raises(SolveError, match=r"1 layings and nothing to lay them on: .* Leave the first layer out"):
        Heat()(build((replace(one, box=((-1, -1, -1), (1, 2, 2))),)))
    with pytest.raises(SolveError, match=r"share \d cells, one at 1500 K and one at 900 K\. .* Move their boxes apart"):
        Heat()(build((one, replace(one, temperature=900.0))))
    with pytest.raises(SolveError, match=r"lays down 5 deposits\. The explicit march .* Use Heat\."):
        Explicit()(build(SLAB))
    ends = Stage(name="cools", walls={"left": COLD, "right": COLD}, deposits=(replace(one, at=900.0),),
                 until=Crossing(observation="base", value=400.0, rising=False, at_most=1000.0))  # fmt: skip
    process = Process(name="p", bodies=(Body(part=Part.slab(0.02), material=STEEL, start=900.0),), stages=(ends,))
    with pytest.raises(SolveError, match=r"'cools' ended on its crossing at t = .* before what is laid down at 900 s"):
        Heat(cells=2)(process, observe=SEEN[:1])
    assert digest(build(SLAB)) != digest(build((replace(one, temperature=1499.0), *SLAB[1:])))
