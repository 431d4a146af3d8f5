"""A log on its page: every channel drawn, what looks wrong told, no network asked."""

import io
import json
import re

import browser
import numpy as np
import pytest
from PIL import Image

from foretrial import viz
from foretrial.models import Channel, Trial
from foretrial.viz.log import MOST, log_page, sparkline

T = np.linspace(0.0, 900.0, 181)


def trial(n=181, **more):
    t = np.linspace(0.0, 900.0, n)
    x = 300.0 + 600.0 * np.exp(-t / 150.0)
    x[n // 2] = np.nan
    channels = {"TC <1>": Channel(name="TC <1>", t=t, values=x, unit="K", logged_unit="degC"),
                "flux": Channel(name="flux", t=t, values=1e4 * x, unit="W/m2", logged_unit="W/m2",
                                **{"unused": "cable cut", **more})}  # fmt: skip
    return Trial(name="quench & co", title="Works", channels=channels, remarks=("second shift",))


FOUND = [("TC <1>", 200.0, 445.0, "reads 500 K 50 times in a row.", "连续 50 次读数相同。")]


def data(page):
    text = page.read_text("utf-8")
    return text, json.loads(re.search(r'id="data">(.*?)</script>', text, re.S)[1])


def test_a_page_names_the_log_what_looks_wrong_and_what_is_out_of_use(tmp_path):
    text, drawn = data(viz.log_page(trial(), tmp_path / "new" / "q.html", found=FOUND))
    assert "quench &amp; co" in text
    assert "reads 500 K 50 times in a row." in text
    assert "连续 50 次读数相同。" in text
    assert "flux: out of use · 停用: cable cut" in text
    assert "<td>second shift</td>" in text
    assert [one["unit"] for one in drawn["traces"]] == ["°C", "W/m2"]
    assert drawn["traces"][0]["y"][0] == pytest.approx(626.85)
    assert drawn["traces"][0]["y"][90] is None  # a gap stays a gap
    assert drawn["marks"] == [{"channel": "TC <1>", "begin": 200.0, "end": 445.0}]
    assert "Nothing looks wrong" in data(log_page(trial(), tmp_path / "fine.html"))[0]


def test_a_long_record_is_thinned_and_keeps_its_ends_its_gap_and_its_spike(tmp_path):
    long = trial(200_001)
    values = long["flux"].values.copy()
    values[77_777] = 1e9
    spiked = {**long.channels, "flux": Channel(name="flux", t=long["flux"].t, values=values, unit="W/m2",
                                               logged_unit="W/m2")}  # fmt: skip
    _, drawn = data(log_page(Trial(name="x", channels=spiked), tmp_path / "x.html"))
    for one in drawn["traces"]:
        assert len(one["t"]) <= MOST + 10
        assert one["t"][-1] == 900.0
        assert None in one["y"]
    assert max(v for v in drawn["traces"][1]["y"] if v is not None) == 1e9


def test_a_curve_in_one_line_rises_falls_and_shows_its_gap():
    assert sparkline([1.0, 2.0, 3.0, 2.0, 1.0], width=5) == "▁▅█▅▁"
    assert sparkline([1.0, np.nan, 3.0], width=3) == "▁ █"
    assert sparkline([np.nan] * 3, width=5) == "   "
    assert sparkline([5.0] * 100, width=4) == "▁▁▁▁"


@pytest.mark.browser
@pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "there")
def test_the_curves_are_drawn_and_nothing_is_asked_of_the_network(tmp_path):
    page = log_page(trial(), tmp_path / "q.html", found=FOUND)
    with browser.Browser(900, 900) as window:
        window.open(page)
        shot = np.asarray(Image.open(io.BytesIO(window.picture(css="#view"))).convert("RGB")).astype(int)
        assert [entry for entry in window.requests() if not entry.startswith(("file:", "data:", "blob:"))] == []
    assert (np.ptp(shot.reshape(-1, 3), axis=0) > 60).all()
