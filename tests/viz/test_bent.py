"""A structure on its page: deformed, coloured by stress, with hot spots, load case by load case, in both languages."""

import io

import browser
import numpy as np
import pytest
import sample
from PIL import Image
from structures import drawn, strength_content

from foretrial import viz
from foretrial.models import ModelError
from foretrial.models.fieldfile import read_deformed, write_deformed

pytestmark = [pytest.mark.browser, pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "there")]


def write(folder, several):
    """A sample verdict that names a file of these load cases."""
    write_deformed(folder / "stress.vtkhdf", several)
    what = sample.both("Stress of the part", "零件应力")
    fields = [{"file": "stress.vtkhdf", "what": what, "unit": "Pa", "display": "MPa"}]
    sample.write(folder, with_fields=False, **strength_content(fields))
    return viz.report(folder)


@pytest.fixture(scope="module")
def several():
    return drawn("bracket", 3)


@pytest.fixture(scope="module")
def page(tmp_path_factory, several):
    path = write(tmp_path_factory.mktemp("result"), several)
    with browser.Browser() as window:
        window.open(path)
        yield window
        window.run("localStorage.clear()")


def pixels(window):
    return np.asarray(Image.open(io.BytesIO(window.picture(css="#view"))).convert("RGB")).astype(int)


def changed(before, after):
    return float((np.abs(before - after).max(axis=2) > 12).mean())


def put(window, css, value):
    script = (
        "const t = document.querySelector(arguments[0]); t.value = arguments[1]; "
        "for (const k of ['input', 'change']) t.dispatchEvent(new Event(k, {bubbles: true}))"
    )
    window.run(script, css, value)


def text(window, css):
    return window.run("return document.querySelector(arguments[0]).textContent", css)


def test_the_worst_load_case_is_seen_first_with_its_hot_spots_and_yield(page, several):
    assert text(page, "#case option:checked") == "both"
    tags = page.run("return [...document.querySelectorAll('.tag')].map(n => n.textContent)")
    assert tags[0] == f"1 · {several[2].spots[0].value / 1e6:.3g} MPa"
    assert len(tags) == len(several[2].spots)
    assert text(page, "#part .ramp .limit") == "limit 235 MPa"
    assert "/ MPa" in text(page, "#part .scale")
    assert len(page.run("return [...document.querySelectorAll('#spots tbody tr')].map(n => 1)")) == len(tags)


def test_the_slider_goes_from_undeformed_to_deformed_and_says_by_how_much(page, several):
    factor = several[2].exaggeration()
    assert text(page, "#deform-now").startswith(f"× {factor:g} (really at most ")
    bent = pixels(page)
    put(page, "#deform", 0)
    assert text(page, "#deform-now").startswith("undeformed")
    assert changed(bent, pixels(page)) > 0.005
    put(page, "#deform", 100)
    assert changed(bent, pixels(page)) < 0.002


def test_load_case_and_colours_can_be_chosen(page):
    before, shown = pixels(page), text(page, "#spots")
    put(page, "#case", "0")
    assert changed(before, pixels(page)) > 0.05
    assert text(page, "#spots") != shown
    stress = pixels(page)
    for key, unit in (("utilisation", "Utilisation"), ("motion", "Displacement / mm")):
        put(page, "#shaded", key)
        assert unit in text(page, "#part .scale p")
    assert changed(stress, pixels(page)) > 0.05
    put(page, "#shaded", "stress")
    put(page, "#case", "2")


def test_a_click_tells_stress_utilisation_and_displacement(page, several):
    page.drag("#view", (-120, 0), (-120, 0))
    told = float(page.run("return document.querySelector('#probe').dataset.value"))
    assert 0.0 < told <= several[2].von_mises.max()
    assert f"{told / 1e6:.4g}".split(".")[0] in text(page, "#probe .big")
    assert text(page, "#probe .big").endswith("MPa")
    assert "mm" in text(page, "#probe")


def test_the_page_says_all_of_it_in_chinese_without_a_complaint(page):
    page.click("#lang")
    said = text(page, "#part")
    for word in ("载荷工况", "应力集中点", "限值 235 MPa", "放大", "变形"):
        assert word in said
    page.click("#lang")
    assert page.complaints() == []


def test_a_verdict_in_pascals_is_read_in_megapascals_everywhere(page):
    hero = text(page, "#verdict")
    for told in ("187 ± 18 MPa", "235 MPa", "48 ± 18 MPa", "largest value over places and load cases"):
        assert told in hero, told
    assert "at 0 s" not in hero
    budget = text(page, "#budget")
    for told in ("7.4 MPa", "0.1 mm", "4 MPa", "18.4 MPa"):
        assert told in budget, told
    numerics = text(page, "#numerics")
    assert "Grid convergence" in numerics
    assert "Time steps" not in numerics
    for told in ("183.1 MPa", "187.5 MPa", "1.2×10⁻⁴ MPa"):
        assert told in numerics, told
    every = page.run("return document.querySelector('#page').innerText")
    assert " Pa" not in every
    assert "hottest" not in every


def test_a_file_that_has_changed_since_is_refused(tmp_path, several):
    write(tmp_path, several)
    what = {"file": "stress.vtkhdf", "what": "stress", "unit": "Pa", "display": "MPa", "digest": "00" * 32}
    sample.write(tmp_path, with_fields=False, fields=[what])
    with pytest.raises(ModelError, match=r"stress\.vtkhdf has digest .* verdict\.json states 000000000000"):
        viz.report(tmp_path)
    assert len(read_deformed(tmp_path / "stress.vtkhdf")) == 3
