"""What a heat run leaves in metal: frames in, residual stress and distortion out."""

import numpy as np
import pytest

from foretrial.models import Elastic, LoadCase, LoadPath, Member, Part, Peak, SolveError, Structure, Yield
from foretrial.models.library import STAINLESS_304L
from foretrial.models.process import quench
from foretrial.solvers import Heat, Plastic

HOT, ROOM = 1300.0, 300.0
STEEL = Elastic(name="304L", young=190e9, poisson=0.3, expansion=18e-6, yields=Yield(stress=150e6, isotropic=2e9))


def cooled(part, until):
    """Frames of a round bar that is quenched."""
    frames = []
    process = quench(part, STAINLESS_304L, start=HOT, bath=ROOM, film=5000.0, until=until)
    Heat(cells=6, tolerance=2.0)(process, keep=frames.append, every=until / 12)
    return tuple(frames)


def bar(part, frames):
    path = LoadPath(t=(0.0, frames[-1].t), warm=frames, stress_free=HOT)
    return Structure(name="bar", bodies=(Member(part=part, material=STEEL),), cases=(LoadCase(free=True),), path=path)


def test_a_quenched_bar_is_pressed_at_its_surface_pulled_in_its_core_and_in_balance():
    part = Part.rod(0.02, 0.04, name="bar")
    kept = []
    seen = (Peak(name="flowed", what="plastic strain"), Peak(name="u", what="u"))
    history = Plastic(along=(8, 8, None), steps=10)(bar(part, cooled(part, 120.0)), observe=seen, keep=kept.append)
    field = kept[-1].answer.fields[0]
    row = np.flatnonzero(np.abs(field.place[:, 1] - 0.0175) < 1e-6)  # one layer of cells
    order = row[np.argsort(field.place[row, 0])]
    axial, radius = field.stress[order, 1], field.place[order, 0]
    assert axial[-1] < -50e6
    assert axial[0] > 50e6
    assert abs((axial * radius).sum()) < 0.02 * (np.abs(axial) * radius).sum()
    assert history.values[-1, 0] > 1e-3
    shrunk = 18e-6 * (HOT - ROOM) * np.hypot(0.02, 0.02)
    assert history.values[-1, 1] == pytest.approx(shrunk, rel=0.2)
    assert history.balance.residual < 1e-6
    drawn = kept[-1].deformed()
    assert drawn.case == f"{history.t[-1]:.6g} s"
    assert np.abs(drawn.displacement).max() == pytest.approx(shrunk, rel=0.4)


def test_frames_of_another_body_are_refused():
    part = Part.rod(0.02, 0.04, name="bar")
    frames = cooled(part, 5.0)
    other = Part.rod(0.02, 0.04, name="rod")
    with pytest.raises(SolveError, match=r"temperatures are of bar, and 'rod' is warmed"):
        Plastic(along=(4, 4, None), steps=2)(bar(other, frames))
