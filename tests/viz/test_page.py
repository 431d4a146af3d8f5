"""The page in a real browser, headless: it loads alone, turns, steps, is probed, and speaks both languages."""

import io
import json

import browser
import numpy as np
import pytest
import sample
from PIL import Image

from foretrial import viz
from foretrial.models import Extreme, Frame, Material, Part
from foretrial.models.fieldfile import FieldWriter, read_fields
from foretrial.models.process import quench
from foretrial.solvers import Heat
from foretrial.viz.report import vocabulary

pytestmark = [pytest.mark.browser, pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "there")]
WORDS = vocabulary()
SAYS = "return [...document.querySelectorAll('[data-word]')].map(n => [n.dataset.word, n.textContent])"

HOVER = (
    "const plot = document.querySelector('#trial-plot'); "
    "Plotly.Fx.hover(plot, [{curveNumber: arguments[0], pointNumber: 30}]); "
    "return plot.querySelector('.hoverlayer').textContent"
)


@pytest.fixture(scope="module")
def window():
    with browser.Browser() as window:
        yield window


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = sample.write(tmp_path_factory.mktemp("result"))
    viz.report(folder)
    return folder


@pytest.fixture
def page(window, folder):
    window.open(folder / "report.html")
    yield window
    window.run("localStorage.clear()")


def pixels(window, css="#view"):
    return np.asarray(Image.open(io.BytesIO(window.picture(css=css))).convert("RGB")).astype(int)


def changed(before, after):
    """Share of the pixels that are not what they were."""
    return float((np.abs(before - after).max(axis=2) > 12).mean())


def set_time(window, step):
    window.run("const t = document.querySelector('#time'); t.value = arguments[0]; "
               "t.dispatchEvent(new Event('input', {bubbles: true}))", step)  # fmt: skip


def probed(window):
    return window.run("return {...document.querySelector('#probe').dataset}")


def test_the_page_loads_without_a_complaint_and_asks_for_nothing_but_itself(page, folder):
    page.click("#lang")
    page.drag("#view", (0, 0), (80, 30))
    set_time(page, 3)
    assert page.complaints() == []
    assert set(page.requests()) == {(folder / "report.html").resolve().as_uri()}
    assert page.run("return performance.getEntriesByType('resource').length") == 0


def test_dragging_turns_the_part_and_reset_turns_it_back(page):
    before = pixels(page)
    page.drag("#view", (-60, -120), (140, -40))
    turned = pixels(page)
    assert changed(before, turned) > 0.05
    page.click(".tool:last-child")
    assert changed(before, pixels(page)) < 0.002


def test_the_slider_changes_the_colours_and_the_clock(page):
    last = pixels(page)
    set_time(page, 4)
    assert changed(last, pixels(page)) > 0.05
    assert page.run("return document.querySelector('#time-now').textContent") == "120 s · 2 min"
    page.run("document.querySelector('#time').focus()")
    page.keys("\ue014")  # arrow right
    assert page.run("return document.querySelector('#time').value") == "5"


def test_a_click_on_the_part_tells_place_time_and_the_stored_value(page, folder):
    fields = read_fields(folder / "fields.vtkhdf")
    for step, spot in ((30, (0, 40)), (11, (-80, 90)), (11, (60, -20))):
        set_time(page, step)
        page.drag("#view", spot, spot)
        told = probed(page)
        stored = float(fields.values(step)[int(told["cell"])])
        assert float(told["value"]) == pytest.approx(stored, rel=1e-7)
        assert float(told["step"]) == fields.times[step]
        shown = page.run("return document.querySelector('#probe .big').textContent")
        assert float(shown.split()[0]) == pytest.approx(stored - 273.15, rel=5e-4)
        assert shown.endswith("°C")
        text = page.run("return document.querySelector('#probe').textContent")
        place = np.array([float(x.replace("−", "-")) for x in text.split("(")[1].split(")")[0].split(",")]) / 1000
        low, high = (f(fields.points[fields.corners[int(told["cell"])]], axis=0) for f in (np.min, np.max))
        assert (place >= low - 2e-5).all()
        assert (place <= high + 2e-5).all()
    set_time(page, 12)
    assert float(probed(page)["step"]) == fields.times[12]  # the probe stays and tells the new moment
    page.drag("#view", (-390, -250), (-390, -250))
    assert "value" not in probed(page)
    assert page.run("return document.querySelector('#probe [data-word]').dataset.word") == "part.probe-miss"


def test_the_keyboard_turns_and_probes_the_part(page):
    before = pixels(page)
    page.run("document.querySelector('#view').focus()")
    page.keys("\ue012\ue012\ue012")  # arrow left
    assert changed(before, pixels(page)) > 0.03
    page.keys("\ue007")  # enter
    assert float(probed(page)["value"]) > 300.0


def test_sensors_have_the_same_name_and_colour_on_the_part_in_the_list_and_beside_the_curves(page):
    ask = "return [...document.querySelectorAll('{}')].map(n => [{}, {}])"
    tags = page.run(ask.format(".names .tag", "n.textContent", "n.style.getPropertyValue('--ink')"))
    listed = page.run(ask.format("#sensors li", "n.dataset.sensor", "n.querySelector('i').style.background"))
    chips = page.run(ask.format("#trial-channels button", "n.dataset.channel", "n.firstChild.style.background"))
    assert sorted(name for name, _ in tags) == sorted(name for name, _ in listed)
    rgb = {name: tuple(int(ink[k : k + 2], 16) for k in (1, 3, 5)) for name, ink in tags}
    assert len(set(rgb.values())) == 6
    assert len(chips) == 2
    for name, background in [*listed, *chips]:
        assert background == "rgb({}, {}, {})".format(*rgb[name])


def test_every_labelled_text_is_said_in_either_language_and_the_choice_is_kept(page, folder):
    page.drag("#view", (0, 40), (0, 40))
    english = page.run(SAYS)
    assert len({key for key, _ in english}) > 120
    page.click("#lang")
    chinese = page.run(SAYS)
    assert [key for key, _ in english] == [key for key, _ in chinese]
    same = {key for (key, en), (_, zh) in zip(english, chinese, strict=True) if en == zh}
    assert same <= {"page.hash", "calibration.starts-of"}
    for key, text in chinese:
        room, name = key.split(".")
        fixed = max(WORDS[room][name]["zh"].replace("}", "{").split("{")[::2], key=len).split("u_")[0]
        assert fixed.strip() in text, (key, text)
    assert page.run("return document.documentElement.lang") == "zh-CN"
    assert (
        page.run("return document.querySelector('#trial-plot .xtitle, #trial-plot .x2title').textContent")
        == "时间 / min"
    )
    texts = page.run("return [...document.querySelectorAll('[data-text]')].map(n => n.textContent)")
    assert "合成数据。" in texts
    page.open(folder / "report.html")
    assert page.run("return document.querySelector('#state').textContent") == "符合"


def test_the_labels_for_screen_readers_change_too(page):
    ask = "return [...document.querySelectorAll('[aria-label]')].map(n => n.getAttribute('aria-label'))"
    english = page.run(ask)
    page.click("#lang")
    chinese = page.run(ask)
    assert len(english) > 8
    assert all(a != b for a, b in zip(english, chinese, strict=True))


def test_curves_and_their_bands_are_drawn_and_told_on_hover(page):
    drawn = "return document.querySelector('#trial-plot').data.length"
    assert page.run(drawn) == 2 * 4  # the governing station: two channels, each band, model, readings, residuals
    told = page.run(HOVER, 2)
    assert "TC-B-web" in told
    assert "°C" in told
    page.click("[data-channel='TC-B-web']")
    assert page.run(drawn) == 4
    page.run("const s = document.querySelector('#trial-station'); s.value = 'C'; s.dispatchEvent(new Event('change'))")
    assert page.run(drawn) == 2 * 4
    assert None in page.run("return document.querySelector('#trial-plot').data[3].y")  # a gap stays a gap
    page.run(
        "const s = document.querySelector('#trial-role'); s.value = 'calibration'; s.dispatchEvent(new Event('change'))"
    )
    assert page.run("return document.querySelector('#trial-plot').data[1].y[0]") == pytest.approx(20.0)


def test_many_sensors_share_colours_between_stations_but_not_within_one(window, tmp_path):
    curves = sample.content()["series"][:3]
    many = [{**curve, "channel": f"{curve['channel']}-{k}", "station": f"S{j}", "t": curve["t"][:9]}
            for j, curve in enumerate(curves) for k in range(7)]  # fmt: skip
    lines = [sample.line(f"cause {k}", "input", 5.0 / (1 + k) ** 2, 1.0, "K", "") for k in range(12)]
    budget = {**sample.content()["budget"], "lines": lines, "combined": 5.2}
    window.open(viz.report(sample.write(tmp_path, with_fields=False, series=many, budget=budget)))
    drawn = []
    for station in ("S0", "S1", "S2"):
        window.run("const s = document.querySelector('#trial-station'); s.value = arguments[0]; "
                   "s.dispatchEvent(new Event('change'))", station)  # fmt: skip
        drawn.append(window.run(
            "return document.querySelector('#trial-plot').data.filter(d => d.mode === 'lines' && !d.fill)"
            ".map(d => [d.line.color, d.line.dash])"
        ))  # fmt: skip
        assert len({colour for colour, _ in drawn[-1]}) == 7
    assert len({dash for station in drawn for _, dash in station}) == 3
    assert (
        window.run("return document.querySelectorAll('#budget-rest tbody tr').length") == 7
    )  # small causes are folded
    assert window.complaints() == []


def test_each_state_is_said_in_words_with_a_sign_and_a_colour_of_its_own(window, tmp_path):
    seen = set()
    for state in ("PASS", "FAIL", "INCONCLUSIVE", "NOT-VALID-HERE"):
        window.open(viz.report(sample.write(tmp_path, state=state, with_fields=False, series=[])))
        seen.add(tuple(window.run(
            "const s = document.querySelector('.stamp'); return [document.querySelector('#state').textContent, "
            "s.querySelector('.icon').textContent, getComputedStyle(s).backgroundColor]"
        )))  # fmt: skip
    assert [len(set(column)) for column in zip(*seen, strict=True)] == [4, 4, 4]
    assert window.complaints() == []


def test_no_language_and_no_width_makes_the_page_wider_than_the_screen(page):
    try:
        for width in (360, 768, 1280):
            page.resize(width, 800)
            for _ in range(2):
                page.click("#lang")
                wide = page.run("return [document.scrollingElement.scrollWidth, document.documentElement.clientWidth]")
                assert wide[0] <= wide[1], width
    finally:
        page.resize(1280, 900)


def test_names_from_a_log_are_text_and_never_markup(window, tmp_path):
    evil = "<img src=x onerror=document.title='owned'>%{y}<b>"
    noun = sample.content()
    for one in noun["series"]:
        one["channel"] = one["station"] = evil
    noun["budget"]["lines"][0]["name"] = evil
    noun["result"]["governs"]["observation"] = evil
    for one in noun["calibration"]["parameters"]:
        one["name"] = evil
    kept = {key: noun[key] for key in ("series", "budget", "result", "calibration")}
    window.open(viz.report(sample.write(tmp_path, with_fields=False, title=sample.both(evil, evil), **kept)))
    assert window.run("return document.querySelector('h1').textContent") == evil
    assert window.run("return document.querySelectorAll('img').length") == 0
    told = window.run(HOVER, 1)
    assert "<img src=x" in told
    assert window.complaints() == []


def test_a_verdict_with_nothing_but_a_result_is_drawn_and_says_what_is_not_there(window, tmp_path):
    bare = {"schema": "foretrial.verdict/1", "id": "bare", "result": {"state": "NOT-VALID-HERE"}}
    (tmp_path / "verdict.json").write_text(json.dumps(bare))
    window.open(viz.report(tmp_path))
    assert window.complaints() == []
    assert window.run("return document.querySelectorAll('.none').length") >= 6
    empty = {key: type(value)() for key, value in sample.content().items() if isinstance(value, (list, dict))}
    empty["result"] = {"state": "INCONCLUSIVE", "value": 1.0, "limit": 2.0, "margin": 1.0, "expanded": 0.5}
    window.open(viz.report(sample.write(tmp_path, with_fields=False, **empty)))
    assert window.complaints() == []


@pytest.mark.parametrize(
    ("shape", "metric"), [((8, 5, 1), "cartesian"), ((8, 5, 1), "axisymmetric"), ((8, 1, 1), "spherical")]
)
def test_a_section_and_a_line_can_be_probed_as_well(window, tmp_path, shape, metric):
    edges = tuple(np.array([0.0, 1.0]) if n == 1 else np.linspace(0.0, 0.01 * n, n + 1) for n in shape)
    with FieldWriter(tmp_path / "a.vtkhdf") as keep:
        for t in (0.0, 5.0, 9.0):
            T = 400.0 + t + np.arange(np.prod(shape), dtype=float).reshape(shape)
            keep(Frame(t=t, T={"disc": T}, solid={"disc": T > 0}, edges={"disc": edges}, metric=metric))
    probes = [{"name": "TC", "place": [0.03, 0.02 if shape[1] > 1 else 0.5, 0.5]}]
    named = {"file": "a.vtkhdf", "what": "T", "unit": "K", "display": "K", "probes": probes}
    window.open(viz.report(sample.write(tmp_path, with_fields=False, fields=[named])))
    window.drag("#view", (3, 4), (3, 4))
    told = probed(window)
    assert float(told["value"]) == 409.0 + int(told["cell"])
    assert changed(pixels(window), np.full_like(pixels(window), 247)) > 0.02
    assert window.complaints() == []


def test_a_browser_that_prefers_chinese_is_shown_chinese(folder):
    with browser.Browser(language="zh-CN") as window:
        window.open(folder / "report.html")
        assert window.run("return document.querySelector('#verdict [data-word]').textContent") == "符合"
        assert window.run("return document.title").endswith("先试")


def asked(statistic, display, **more):
    """Of the sample, a question about another number."""
    question = sample.content()["question"]
    interest = {**question["interest"], "statistic": statistic, **more}
    return {**question, "interest": interest, "display": display, "accuracy": 8.0}


def first_rows(window):
    """What the verdict says first: name and value of each row."""
    rows = "[...document.querySelectorAll('#verdict dl.numbers > div')]"
    return dict(window.run(f"return {rows}.map(d => ['dt', 'dd'].map(k => d.querySelector(k).textContent))"))


def test_a_cooling_time_is_asked_in_words_between_its_levels_and_told_in_seconds(window, tmp_path):
    question = asked("cooling time", "s", unit="s", levels=[1073.15, 773.15], window=[0.0, 90.0])
    result = {**sample.content()["result"], "value": 18.3, "limit": 25.0, "margin": 6.7, "expanded": 4.1,
              "guard_band": 4.1, "acceptance_limit": 20.9}  # fmt: skip
    window.open(viz.report(sample.write(tmp_path, question={**question, "limit": 25.0}, result=result)))
    rows = first_rows(window)
    assert rows["What is asked"] == "time from 800 to 500 °C, slowest place (0 to 90 s)"
    assert rows["Predicted value"] == "18.3 ± 4.1 s"
    assert rows["Margin"] == "6.7 ± 4.1 s"
    assert window.run("return document.querySelector('.ramp .limit')") is None  # 25 s is no temperature
    window.click("#lang")
    assert first_rows(window)["所问的量"] == "从 800 冷却至 500 °C 的时间，取最慢处 （0 至 90 s）"
    window.run("localStorage.clear()")
    assert window.complaints() == []


def test_a_spread_is_a_difference_in_whatever_unit_it_is_read(window, tmp_path):
    result = {**sample.content()["result"], "value": 210.0, "limit": 250.0, "margin": 40.0, "expanded": 12.0,
              "guard_band": 12.0, "acceptance_limit": 238.0}  # fmt: skip
    window.open(viz.report(sample.write(tmp_path, question={**asked("spread", "degC"), "limit": 250.0}, result=result)))
    rows = first_rows(window)
    assert rows["What is asked"].startswith("largest difference between places at one moment")
    assert rows["Predicted value"] == "210 ± 12 K"
    assert rows["Limit (at most)"] == "250 K"
    assert window.run("return document.querySelector('.ramp .limit')") is None
    assert window.run("return document.querySelector('#trial-plot').layout.shapes.length") == 0
    window.run("localStorage.clear()")


def test_a_ball_cut_into_cells_is_drawn_round(window, tmp_path):
    frames = []
    iron = Material.simple("iron", density=7870.0, conductivity=30.0, heat_capacity=450.0)
    process = quench(Part.sphere(0.02), iron, start=1100.0, bath=300.0, film=500.0, until=0.1)
    Heat(cells=16, tolerance=5.0)(process, observe=(Extreme(name="hot"),), keep=frames.append)
    with FieldWriter(tmp_path / "fields.vtkhdf") as keep:
        keep(frames[-1])
    field = {**sample.content()["question"], "file": "fields.vtkhdf", "unit": "K", "display": "degC", "probes": [],
             "digest": read_fields(tmp_path / "fields.vtkhdf").digest(), "what": sample.both("ball", "球")}  # fmt: skip
    window.open(viz.report(sample.write(tmp_path, with_fields=False, series=[], fields=[field])))
    window.show("#view")
    flat = pixels(window).sum(axis=2) < 700
    flat[:90, :90] = flat[-90:, -90:] = flat[:90, -90:] = flat[-90:, :90] = False  # the compass
    rows, columns = (np.flatnonzero(flat.any(axis=axis)) for axis in (1, 0))
    area, wide, tall = flat.sum(), np.ptp(columns) + 1, np.ptp(rows) + 1
    assert min(wide, tall) > 200
    assert area == pytest.approx(np.pi / 4 * wide * tall, rel=0.01)  # a staircase misses 5 %
    window.click("#view")  # its own value, not a blend
    stored = read_fields(tmp_path / "fields.vtkhdf").values(-1)
    seen = probed(window)
    assert float(seen["value"]) == float(stored[int(seen["cell"])])
    apart = pixels(window)
    window.click("#blend")
    assert changed(apart, pixels(window)) > 0.02
    assert probed(window) == seen


def test_the_moment_that_decides_is_seen_first(window, tmp_path):
    result = {**sample.content()["result"], "governs": {"observation": "TC-B-flange", "time": 217.0}}
    window.open(viz.report(sample.write(tmp_path, result=result)))
    assert window.run("return document.querySelector('#time-now').textContent").startswith("210 s")


def test_a_part_from_cad_is_told_with_its_size_and_what_was_mended(window, tmp_path):
    held = {"part": "crank", "extent": [0.118, 0.093, 0.022], "volume": 1.048e-4, "triangles": 1088,
            "solids": ["crank"], "mended": []}  # fmt: skip
    mended = {**held, "part": "lid", "mended": ["3 slits below 2 um were closed"]}
    told = {**sample.content()["pedigree"], "parts": [held, mended]}
    window.open(viz.report(sample.write(tmp_path, with_fields=False, pedigree=told)))
    text = window.run("return document.querySelector('#pedigree').textContent")
    assert "118 × 93 × 22" in text
    assert "104.8" in text
    assert "3 slits below 2 um were closed" in text
    window.click("#lang")
    assert "来自 CAD 的零件" in window.run("return document.querySelector('#pedigree').textContent")
    window.run("localStorage.clear()")
