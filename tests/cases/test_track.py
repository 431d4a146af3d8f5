"""Laser tracks on IN625: what the published widths rest on, and what the model says that it cannot reach."""

import numpy as np
import pytest

from foretrial.cases import qualify as rows
from foretrial.cases.published import PROBLEMS
from foretrial.cases.published.track import (
    FITTED,
    PREDICTED,
    SOLIDUS,
    absorptivity,
    edge,
    melted,
)
from foretrial.models import Spot

SHARE = 0.595  # what the coarse row comes to


def test_an_edge_lies_between_the_places_that_it_separates():
    at = np.array([0.0, 1.0, 2.0, 3.0])
    assert edge(at, SOLIDUS + np.array([300.0, 100.0, -100.0, -200.0])) == pytest.approx(1.5)
    assert edge(at, SOLIDUS + np.array([-1.0, 30.0, 10.0, -30.0])) == pytest.approx(2.25)
    assert np.isnan(edge(at, np.full(4, SOLIDUS - 1.0)))


def test_a_pass_melts_a_wide_track_that_is_too_shallow():
    run = melted(FITTED, SHARE, 3)
    assert run.width == pytest.approx(FITTED.width, rel=0.06)
    assert run.depth < 0.95 * FITTED.depth


def test_a_track_hardly_depends_on_plate_and_step():
    here = melted(FITTED, SHARE, 5)
    assert melted(FITTED, SHARE, 5, scale=1.5).width == pytest.approx(here.width, rel=0.003)
    assert melted(FITTED, SHARE, 5, pace=2.0).width == pytest.approx(here.width, rel=0.003)


def test_a_beam_on_the_surface_misses_the_fast_track():
    share, _ = absorptivity(4, beam=Spot)
    slow, fast = (melted(one, share, 4, beam=Spot).width / one.width - 1.0 for one in PREDICTED)
    assert -0.15 < slow < -0.05
    assert 0.15 < fast < 0.25


def test_the_row_tells_the_depths_that_conduction_misses():
    row = rows.run(PROBLEMS["track"], PROBLEMS["track"].at[0])
    assert row["state"] == "pass"
    assert "150 W 400 mm/s (-3" in row["note"]
    assert "keyhole" in row["note"]
