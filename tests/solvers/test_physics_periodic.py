"""Faces that are one: fields that repeat decay as they do in an endless body, whatever cell they begin in."""

import numpy as np
import pytest

from foretrial.models import (
    PERIODIC,
    SYMMETRIC,
    Body,
    Curve,
    Deposit,
    Exchange,
    Frame,
    Material,
    ModelError,
    Part,
    Process,
    Profile,
    SolveError,
    Stage,
)
from foretrial.solvers import Explicit, Heat

STUFF = Material.simple("stuff", density=1000.0, conductivity=2.0, heat_capacity=500.0)
DIFFUSIVITY, UNTIL = 4e-6, 6000.0
S = np.linspace(0.0, 1.0, 2001)
AROUND = {"left": PERIODIC, "right": PERIODIC}


def wave(turn=0.13):
    return Profile(curve=Curve.table(S, 400.0 + 50.0 * np.sin(2.0 * np.pi * (S + turn))))


def last(process, **settings):
    frames = []
    history = Heat(**settings)(process, keep=frames.append, every=UNTIL)
    return frames, history


def endless(turn=0.13, **walls):
    return Process.simple(part=Part.slab(1.0), material=STUFF, start=wave(turn), walls=AROUND | walls, until=UNTIL)


def field(T, edges):
    """A frame to start from."""
    return Frame(t=0.0, T={"sheet": T}, solid={"sheet": np.ones(T.shape, dtype=bool)}, edges={"sheet": edges},
                 metric="cartesian")  # fmt: skip


def test_a_wave_around_a_ring_decays_to_second_order():
    errors = []
    for cells in (8, 16, 32):
        frames, _ = last(endless(), cells=cells, tolerance=1e-4)
        x = (np.arange(cells) + 0.5) / cells
        exact = 400.0 + 50.0 * np.exp(-DIFFUSIVITY * 4.0 * np.pi**2 * UNTIL) * np.sin(2.0 * np.pi * (x + 0.13))
        errors.append(np.abs(frames[-1].T["slab"].ravel() - exact).max())
    orders = -np.diff(np.log2(errors))
    np.testing.assert_allclose(orders, 2.0, rtol=0, atol=0.1)


@pytest.mark.parametrize("linear", ["direct", "multigrid"])
def test_a_ring_keeps_its_heat_to_rounding_and_does_not_know_where_it_begins(linear):
    n = 16
    ends = {}
    rng = np.random.default_rng(5)
    T = 400.0 + 50.0 * rng.random((n, n, 1))
    edges = (np.linspace(0.0, 1.0, n + 1), np.linspace(0.0, 1.0, n + 1), np.array([0.0, 1.0]))
    walls = AROUND | {"bottom": PERIODIC, "top": PERIODIC}
    for turn in (0, 5):
        body = Body(part=Part.sheet(1.0, 1.0), material=STUFF, start=field(np.roll(T, (turn, -turn), (0, 1)), edges))
        stage = Stage(name="rest", walls=walls, until=1000.0)
        process = Process(name="ring", bodies=(body,), stages=(stage,))
        ends[turn], history = last(process, cells=n, tolerance=0.1, linear=linear)
        assert abs(history.balance.stored) <= 1e-12 * 5e5 * 450.0 * 10
        assert history.balance.entered == 0.0
    np.testing.assert_allclose(np.roll(ends[0][-1].T["sheet"], (5, -5), (0, 1)), ends[5][-1].T["sheet"], atol=1e-6)
    assert np.ptp(ends[0][-1].T["sheet"]) < 0.5 * np.ptp(T)


def test_a_ring_that_conducts_better_one_way_decays_at_the_rate_of_that_way():
    better = Material(name="grain", density=STUFF.density, conductivity=STUFF.conductivity,
                      heat_capacity=STUFF.heat_capacity, anisotropy=(3.0, 1.0, 1.0))  # fmt: skip
    process = Process.simple(part=Part.sheet(1.0, 0.1), material=better, start=wave(), until=UNTIL,
                             walls=AROUND | {"bottom": SYMMETRIC, "top": SYMMETRIC})  # fmt: skip
    frames, _ = last(process, cells=2, along=(32, None, None), tolerance=1e-3)
    swing = 0.5 * np.ptp(frames[-1].T["sheet"])
    assert swing == pytest.approx(50.0 * np.exp(-3.0 * DIFFUSIVITY * 4.0 * np.pi**2 * UNTIL), rel=1e-2)


def test_an_axial_period_of_a_round_bar_is_a_bar_without_ends():
    def bar(**ends):
        walls = {"side": Exchange(gas=300.0, film=50.0), "bore": SYMMETRIC, **ends}
        return Process.simple(part=Part.rod(0.1, 0.2), material=STUFF, start=400.0, walls=walls, until=UNTIL)

    around, _ = last(bar(bottom=PERIODIC, top=PERIODIC), cells=6)
    between, _ = last(bar(bottom=SYMMETRIC, top=SYMMETRIC), cells=6)
    np.testing.assert_allclose(around[-1].T["rod"], between[-1].T["rod"], atol=1e-4)


def test_faces_that_do_not_repeat_are_refused():
    with pytest.raises(SolveError, match=r"periodic faces of 'slab' across x: 1 pieces of 1 m2 on one side, 0 of 0 m2"):
        Heat()(endless(right=SYMMETRIC))
    step = Part.sheet(1.0, 1.0) - Part.sheet(0.5, 0.5)
    walls = AROUND | {"bottom": SYMMETRIC, "top": SYMMETRIC}
    with pytest.raises(SolveError, match=r"4 pieces of 1 m2 .*, not face to face\. Two flat, .* Name both opposite"):
        Heat(cells=2)(Process.simple(part=step, material=STUFF, start=400.0, walls=walls, until=1.0))
    with pytest.raises(SolveError, match=r"2 periodic patches and 0 enclosures\. .* Use Heat"):
        Explicit()(endless())


def test_what_repeats_does_so_in_every_stage_and_grows_nowhere():
    body = Body(part=Part.slab(1.0), material=STUFF, start=400.0)
    first = Stage(name="first", walls=AROUND, until=1.0)
    second = Stage(name="second", walls=dict.fromkeys(AROUND, SYMMETRIC), until=1.0)
    with pytest.raises(ModelError, match=r"stage 'second' is periodic at \[\], the first stage at \['left', 'right'\]"):
        Process(name="p", bodies=(body,), stages=(first, second))
    laid = Deposit(body="slab", box=((0.5, 0.0, 0.0), (1.0, 1.0, 1.0)), at=0.5, temperature=400.0)
    growing = Stage(name="grow", walls=AROUND, until=1.0, deposits=(laid,))
    with pytest.raises(ModelError, match=r"1 deposits and is periodic at .* Make these patches SYMMETRIC"):
        Process(name="p", bodies=(body,), stages=(growing,))
