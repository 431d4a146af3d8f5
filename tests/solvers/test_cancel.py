"""A run that is stopped leaves what it had, marked as not complete, and no verdict takes it for a whole one."""

import _thread
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest

from foretrial import twin
from foretrial.models import Cancelled, Channel, Material, ModelError, Part, Probe, SolveError
from foretrial.models.errors import ForetrialError
from foretrial.models.fieldfile import FieldWriter, read_checkpoint, read_fields, write_checkpoint
from foretrial.models.process import quench
from foretrial.solvers import Heat

IRON = Material.simple("iron", density=7870.0, conductivity=80.0, heat_capacity=450.0)
BATH = quench(Part.slab(0.02), IRON, start=1100.0, bath=300.0, film=500.0, until=60.0)
CORE = (Probe(name="core", place=(0.01, 0.0, 0.0)),)
SOLVER = Heat(cells=4, tolerance=0.01)


def after(steps):
    """A `stop` that says so after that many steps."""
    left = iter(range(steps - 1))
    return lambda: next(left, None) is None


@pytest.fixture(scope="module")
def whole():
    return SOLVER(BATH, observe=CORE)


def alike(part, whole):
    n = part.t.size
    assert not part.complete
    assert whole.complete
    assert np.array_equal(part.t, whole.t[:n])
    assert np.array_equal(part.values, whole.values[:n])
    assert part.stage_ends == (part.t[-1],)
    assert part.balance.residual < 1e-8


@pytest.mark.parametrize("steps", [1, 7, 20])
def test_a_stopped_run_hands_over_all_it_had(whole, steps):
    with pytest.raises(
        Cancelled, match=rf"stopped at t = .* s, after {steps} steps .* or resume it from a check"
    ) as told:
        SOLVER(BATH, observe=CORE, stop=after(steps))
    part = told.value.history
    assert part.t.size == steps + 1
    alike(part, whole)
    assert part.at("core", part.t[-1:])[0] == whole.values[steps, 0]
    assert not isinstance(told.value, ForetrialError)


@pytest.mark.parametrize("wait", [0.003, 0.011, 0.037, 0.09])
def test_ctrl_c_at_any_moment_finds_a_whole_history(wait):
    timer = threading.Timer(wait, _thread.interrupt_main)
    slow = Heat(cells=4, tolerance=0.01, longest=0.02)
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt) as told:
            slow(BATH, observe=CORE)
    finally:
        timer.cancel()
    if isinstance(told.value, Cancelled):
        part = told.value.history
        assert part.values.shape == part.rates.shape == (part.t.size, 1)
        assert part.balance.residual < 1e-8 or part.t[-1] == 0.0
        assert (np.diff(part.t) > 0.0).all()


def test_fields_written_so_far_are_read_and_named_in_the_message(tmp_path):
    with pytest.raises(Cancelled) as told, FieldWriter(tmp_path / "f.vtkhdf") as writer:
        SOLVER(BATH, observe=CORE, keep=writer, stop=after(9))
    fields = read_fields(tmp_path / "f.vtkhdf")
    assert not fields.complete
    assert fields.times.size == 10
    assert fields.digest() == fields.sealed
    assert told.value.__notes__ == [f"f.vtkhdf holds 10 moments up to {told.value.history.t[-1]:.6g} s."]


def test_a_stopped_run_is_resumed_to_the_last_bit(tmp_path):
    seen = {"observe": CORE, "saves": 5}
    whole = SOLVER(BATH, save=lambda _: None, **seen)
    with pytest.raises(Cancelled):
        SOLVER(BATH, save=lambda c: write_checkpoint(tmp_path / "c.h5", c), stop=after(23), **seen)
    again = SOLVER.resume(read_checkpoint(tmp_path / "c.h5"), BATH, save=lambda _: None, **seen)
    assert np.array_equal(again.values, whole.values)
    assert again.complete


def test_no_verb_of_trust_takes_a_stopped_run(whole):
    with pytest.raises(Cancelled) as told:
        SOLVER(BATH, observe=CORE, stop=after(12))
    part = told.value.history
    channel = Channel(
        name="core", kind="temperature", unit="K", logged_unit="K", t=part.t[:3], values=part.values[:3, 0]
    )
    assert np.isfinite(twin.observe(whole, channel)).all()
    with pytest.raises(ModelError, match=r"'core' is to be compared from a run that was stopped at t = .* Run the"):
        twin.observe(part, channel)
    with pytest.raises(ModelError, match=r"steps are to be frozen from a run that was stopped at t = .* Run the"):
        SOLVER.frozen(part)

    class Stopped:
        def __call__(self, *_, **__):
            return part

        def refined(self, *_, **__):
            return self

        def frozen(self, *_):
            return self

    with pytest.raises(ModelError, match=r"numerical uncertainty is asked for from a run that was stopped at"):
        twin.refine(Stopped(), BATH, observe=CORE)


@pytest.mark.parametrize("times", [(0.0, 7.5, 60.0), (3.0, 3.1, 3.2), (59.0,)])
def test_frames_come_at_the_times_asked_for_and_at_the_end(times):
    frames = []
    history = SOLVER(BATH, observe=CORE, keep=frames.append, every=times)
    assert [frame.t for frame in frames] == sorted({0.0, *times, 60.0})
    for frame in frames:
        middle = 0.5 * float(frame.T["slab"][1, 0, 0] + frame.T["slab"][2, 0, 0])
        assert middle == pytest.approx(float(history.at("core", np.array([frame.t]))[0]), abs=0.05)


def test_times_that_a_run_cannot_have_are_refused():
    for times, said in (((5.0, 4.0), "2 times, 5 to 4 s"), ((1.0, 61.0), "2 times, 1 to 61 s"), ((), "0 times"),
                        ((-1.0, 2.0), "2 times, -1 to 2 s")):  # fmt: skip
        with pytest.raises(SolveError, match=rf"{said}.*from 0 to 60 s\. They rise, .* Sort them"):
            SOLVER(BATH, keep=lambda _: None, every=times)
    with pytest.raises(SolveError, match=r"every 0 s\. The time between two frames is above 0 s\. Leave every out"):
        SOLVER(BATH, keep=lambda _: None, every=0.0)


def test_the_command_line_says_how_far_a_run_had_come(tmp_path):
    script = tmp_path / "long.py"
    script.write_text(
        textwrap.dedent("""
        import _thread, threading
        from pathlib import Path
        from foretrial.models import Material, Part
        from foretrial.models.fieldfile import FieldWriter
        from foretrial.models.process import quench
        from foretrial.solvers import Heat

        def run(out=None):
            iron = Material.simple("iron", density=7870.0, conductivity=80.0, heat_capacity=450.0)
            bath = quench(Part.slab(0.02), iron, start=1100.0, bath=300.0, film=500.0, until=60.0)
            Path(out).mkdir(parents=True)
            with FieldWriter(Path(out) / "f.vtkhdf") as writer:
                def keep(frame):
                    writer(frame)
                    if frame.t > 2.0:
                        _thread.interrupt_main()
                Heat(cells=4)(bath, keep=keep, every=0.5)
    """),
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, "-m", "foretrial", "run", str(script), "--out", str(tmp_path / "o")],
                          capture_output=True, text=True, check=False, cwd=tmp_path)  # fmt: skip
    assert done.returncode == 130, done.stderr
    *_, kept, last = done.stderr.splitlines()
    assert kept.startswith("the run of 'quench' was stopped at t = ")
    assert "f.vtkhdf holds " in kept
    assert last.startswith("Stopped by Ctrl-C. Every file that was finished is whole.")
    assert "Traceback" not in done.stderr
    assert not read_fields(tmp_path / "o/f.vtkhdf").complete
