"""A part of triangles on its page: turned in a real browser, red where it does not close."""

import io

import browser
import numpy as np
import pytest
from PIL import Image

from foretrial import viz
from foretrial.models import Surface

CORNERS = np.array([[x, y, z] for x in (0.0, 0.04) for y in (0.0, 0.03) for z in (0.0, 0.02)])
SIDES = np.array([[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1],
                  [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]])  # fmt: skip


def block(triangles=SIDES, mended=()):
    solid = np.zeros(len(triangles))
    return Surface(points=CORNERS, triangles=triangles, solid=solid, solids=("block",), mended=mended)


def test_a_page_names_the_part_its_measures_and_what_was_mended(tmp_path):
    told = viz.shape(block(mended=("2 slits < 1 um were closed",)), tmp_path / "new" / "block.html", name="block & co",
                     facts=[("volume", "体积", "24 cm3")])  # fmt: skip
    text = told.read_text("utf-8")
    assert "block &amp; co" in text
    assert "<th>volume · 体积</th><td>24 cm3</td>" in text
    assert "2 slits &lt; 1 um were closed" in text
    assert 'class="wrong"' not in text.split("</noscript>")[1]


def test_a_page_lists_a_dozen_places_and_counts_the_rest(tmp_path):
    places = np.linspace([0.0, 0.0, 0.0], [0.04, 0.03, 0.02], 20)
    text = viz.shape(block(), tmp_path / "x.html", name="x", wrong="x is open.", places=places).read_text("utf-8")
    assert "<td>0, 0, 0</td>" in text
    assert "<td>+ 8</td>" in text


@pytest.mark.browser
@pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "there")
def test_the_picture_has_the_part_and_red_marks_where_it_is_open(tmp_path):
    fine = viz.shape(block(), tmp_path / "fine.html", name="fine")
    wrong = viz.shape(block(SIDES[1:]), tmp_path / "open.html", name="open", wrong="open is not closed.",
                      places=[[0.0, 0.015, 0.02], [0.0, 0.0, 0.01]])  # fmt: skip
    reds = []
    with browser.Browser(900, 800) as window:
        for page in (fine, wrong):
            window.open(page)
            shot = np.asarray(Image.open(io.BytesIO(window.picture(css="#view"))).convert("RGB")).astype(int)
            reds.append(int(((shot[..., 0] > 150) & (shot[..., 1:].max(axis=2) < 110)).sum()))
            assert (np.ptp(shot.reshape(-1, 3), axis=0) > 60).all()  # something is drawn
        assert [entry for entry in window.requests() if not entry.startswith(("file:", "data:", "blob:"))] == []
    assert reds[0] == 0
    assert reds[1] > 20
