"""A run that was broken off, killed even, goes on to the last bit; and runs that begin where others ended."""

import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from foretrial.models import (
    Body,
    Controller,
    Curve,
    Exchange,
    Extreme,
    Frame,
    Latent,
    Material,
    ModelError,
    Part,
    Probe,
    Process,
    Profile,
    Quantity,
    Signal,
    Stage,
    quantities,
    substitute,
)
from foretrial.models.fieldfile import read_checkpoint, write_checkpoint
from foretrial.models.library import CARBON_STEEL
from foretrial.models.process import INSULATED
from foretrial.solvers import Heat

PROBES = (Probe(name="core", place=(0.0, 0.0, 0.0)), Extreme(name="hottest"))
SOLVER = Heat(cells=6, tolerance=0.02)


def furnace():
    """A sheet in a furnace that a controller drives, then quenched."""
    ramp = Signal(curve=Curve.table([0.0, 200.0], [400.0, 900.0]), unit="K")
    own = Controller(name="furnace", observation="hottest", setpoint=ramp, unit="K", gain=3.0, integral=40.0,
                     span=(290.0, 1300.0), every=7.0, bias=400.0)  # fmt: skip
    warm, cold = Exchange(gas=own, film=80.0, emissivity=0.7), Exchange(gas=300.0, film=500.0)
    sides = ("left", "right", "bottom", "top")
    stages = (Stage(name="heat", until=200.0, walls=dict.fromkeys(sides, warm) | {"left": INSULATED}),
              Stage(name="quench", until=50.0, walls=dict.fromkeys(sides, cold)))  # fmt: skip
    return Process(name="furnace", bodies=(Body(part=Part.sheet(0.03, 0.02), material=CARBON_STEEL, start=400.0),),
                   stages=stages)  # fmt: skip


def same(one, other):
    for name in ("t", "values", "rates", "stage_ends", "iterations", "iteration_error", "notes", "balance"):
        assert np.array_equal(np.asarray(getattr(one, name)), np.asarray(getattr(other, name))), name


@pytest.fixture(scope="module")
def whole():
    saved = []
    return SOLVER(furnace(), observe=PROBES, save=saved.append, saves=10), saved


def test_a_run_goes_on_from_any_checkpoint_to_the_last_bit(whole, tmp_path):
    history, saved = whole
    assert len(saved) >= 4
    assert saved[0].t < 200.0 < saved[-1].t
    for checkpoint in (saved[0], saved[len(saved) // 2], saved[-1]):
        write_checkpoint(tmp_path / "run.ckpt", checkpoint)
        back = read_checkpoint(tmp_path / "run.ckpt")
        again = SOLVER.resume(back, furnace(), observe=PROBES, save=lambda _: None, saves=10)
        same(history, again)


def test_saving_changes_a_run_by_no_more_than_its_solves_leave(whole):
    plain = SOLVER(furnace(), observe=PROBES)
    np.testing.assert_allclose(np.interp(plain.t, whole[0].t, whole[0].values[:, 0]), plain.values[:, 0], atol=0.02)


def test_frozen_steps_go_on_too(whole):
    frozen = SOLVER.frozen(whole[0])
    saved = []
    history = frozen(furnace(), observe=PROBES, save=saved.append, saves=25)
    same(history, frozen.resume(saved[1], furnace(), observe=PROBES, save=lambda _: None, saves=25))


KILLED = """
import sys
sys.path.insert(0, {folder!r})
from {module} import PROBES, SOLVER, furnace
from foretrial.models.fieldfile import write_checkpoint
import time
def save(checkpoint):
    write_checkpoint({path!r}, checkpoint)
    print("saved", flush=True)
    time.sleep(0.2)
SOLVER(furnace(), observe=PROBES, save=save, saves=10)
"""


def test_a_run_that_was_killed_goes_on_to_the_last_bit(whole, tmp_path, request):
    path, here = tmp_path / "run.ckpt", request.path
    script = KILLED.format(folder=str(here.parent), module=here.stem, path=str(path))
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as child:
        for _ in range(3):
            assert child.stdout.readline() == "saved\n"
        time.sleep(0.05)
        child.kill()
        assert child.wait() != 0
    found = read_checkpoint(path)
    assert 0.0 < found.t < 250.0
    again = SOLVER.resume(found, furnace(), observe=PROBES, save=lambda _: None, saves=10)
    same(whole[0], again)


def test_a_checkpoint_of_something_else_is_refused(whole, tmp_path):
    checkpoint = whole[1][0]
    with pytest.raises(ModelError, match=r"is of another solver \(\w+, not \w+\)\. A run goes on with what it began"):
        Heat(cells=5).resume(checkpoint, furnace(), observe=PROBES)
    with pytest.raises(ModelError, match=r"observes core, hottest, and now core is asked for"):
        SOLVER.resume(checkpoint, furnace(), observe=PROBES[:1])
    path = tmp_path / "cut.ckpt"
    write_checkpoint(path, checkpoint)
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(ModelError, match=r"cut\.ckpt cannot be read as a checkpoint .* Copy it again, or run anew"):
        read_checkpoint(path)
    with pytest.raises(ModelError, match=r"there is no such file\. A run that saves leaves one"):
        read_checkpoint(tmp_path / "none.ckpt")
    with pytest.raises(ModelError, match=r"there is no folder .* A checkpoint needs one"):
        write_checkpoint(tmp_path / "no" / "run.ckpt", checkpoint)


def begun(start, part=None, along=(12, None, None)):
    part = part or Part.slab(0.02)
    walls = {patch.name: INSULATED for patch in part.patches} | {"right": Exchange(gas=300.0, film=400.0)}
    recipe = Process.simple(part=part, material=CARBON_STEEL, start=start, walls=walls, until=20.0)
    frames: list[Frame] = []
    probe = (Probe(name="rim", place=(0.02, 0.0, 0.0)), Probe(name="core", place=(0.0, 0.0, 0.0)))
    return recipe, Heat(along=along, tolerance=0.001)(recipe, observe=probe, keep=frames.append, every=10.0), frames


def test_a_run_begins_where_another_ended():
    _, first, frames = begun(900.0)
    half = next(frame for frame in frames if frame.t == 10.0)
    _, second, _ = begun(half)
    at = np.linspace(0.5, 10.0, 8)
    np.testing.assert_allclose(second.at("core", at), first.at("core", at + 10.0), atol=0.02)
    _, coarse, _ = begun(half, along=(7, None, None))
    np.testing.assert_allclose(coarse.at("core", at), second.at("core", at), atol=1.0)
    assert not np.allclose(second.values[0], second.values[0, 0])


@pytest.mark.parametrize("part", [Part.slab(0.02), Part.sheet(0.02, 0.01), Part.box(0.02, 0.01, 0.01), Part.rod(0.02)])
def test_a_profile_is_where_a_body_starts(part):
    curve = Curve.table([0.0, 0.02], [900.0, 700.0])
    walls = {patch.name: INSULATED for patch in part.patches}
    recipe = Process.simple(part=part, material=CARBON_STEEL, walls=walls, until=1.0,
                            start=Profile(curve=curve, shift=Quantity(value=5.0, unit="K", name="shift")))  # fmt: skip
    probe = (Probe(name="there", place=(0.008, 0.005, 0.005)),)
    solver = Heat(along=(8, 2, 2)[: part.active] + (None,) * (3 - part.active))
    history = solver(recipe, observe=probe)
    assert abs(history.values[0, 0] - 825.0) < 1e-9
    frozen = solver.frozen(history)
    slope = frozen.tangent(recipe, free=("shift",), observe=probe).tangents[0, -1, 0]
    up, down = (frozen(substitute(recipe, {"shift": s}), observe=probe).values[-1, 0] for s in (5.01, 4.99))
    assert abs((up - down) / 0.02 - slope) < 1e-4
    assert "shift" in quantities(recipe)


def test_starts_that_make_no_sense_are_refused():
    _, _, frames = begun(900.0)
    with pytest.raises(ModelError, match=r"block starts from a frame of slab\. A frame holds the body by its name"):
        begun(frames[0], Part.box(0.02, 0.01, 0.01, name="block"))
    with pytest.raises(ModelError, match=r"a start profile along axis 0 falls to -20 K\. Temperatures are above 0 K"):
        Profile(curve=Curve.table([0.0, 1.0], [-20.0, 100.0]))


def test_a_melting_run_goes_on_to_the_last_bit():
    metal = Material.simple("metal", density=7000.0, conductivity=30.0, heat_capacity=600.0)
    metal = replace(metal, latent=Latent(heat=2e5, solidus=900.0, liquidus=900.01))
    recipe = Process.simple(part=Part.slab(0.02), material=metal, start=950.0, until=30.0,
                            walls={"left": INSULATED, "right": Exchange(gas=300.0, film=800.0)})  # fmt: skip
    saved = []
    history = SOLVER(recipe, save=saved.append, saves=20)
    same(history, SOLVER.resume(saved[1], recipe, save=lambda _: None, saves=20))
