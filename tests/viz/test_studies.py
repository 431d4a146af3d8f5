"""Studies and logged data on the page, in a real browser: drawn where there are data, in both languages and widths."""

import browser
import pytest
import sample
import studied

from foretrial import viz
from foretrial.viz.report import vocabulary

pytestmark = [pytest.mark.browser, pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "there")]
WORDS = vocabulary()
SECTIONS = "return [...document.querySelectorAll('section')].map(n => n.id)"
SAYS = "return [...document.querySelectorAll('[data-word]')].map(n => [n.dataset.word, n.textContent])"
WIDE = "return [document.scrollingElement.scrollWidth, document.documentElement.clientWidth]"


@pytest.fixture(scope="module")
def window():
    with browser.Browser() as window:
        yield window
        window.run("localStorage.clear()")


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """A page with every optional key of a model's verdict."""
    folder = tmp_path_factory.mktemp("full")
    sample.write(folder, with_fields=False, validation=studied.validated(), **studied.studies())
    return viz.report(folder)


def texts(window, css):
    return window.run("return [...document.querySelectorAll(arguments[0])].map(n => n.textContent)", css)


def test_a_verdict_without_studies_has_no_section_for_them(window, tmp_path):
    window.open(viz.report(sample.write(tmp_path, with_fields=False)))
    ids = set(window.run(SECTIONS))
    assert not ids & {"posterior", "sensitivity", "next", "recovered", "measured"}
    assert window.run("return document.querySelector('#profiles, #discrepancy, #ledger')") is None
    assert window.complaints() == []


def test_every_study_is_drawn_with_its_numbers(window, full):
    window.open(full)
    ids = window.run(SECTIONS)
    assert {"posterior", "sensitivity", "next", "recovered"} <= set(ids)
    assert ids == texts(window, "nav a") or len(ids) == len(texts(window, "nav a"))
    assert window.run("return document.querySelectorAll('#calibration .bound').length") == 2  # the flags of one profile
    assert window.run("return document.querySelector('#calibration .bound').dataset.active") == "emissivity"
    assert "an end is its bound, not a finding" in texts(window, "#calibration figcaption strong.bad")[0]
    assert len(texts(window, "#posterior svg")) == 3 + 3  # marginals and pairs
    assert "believe the bounds" in texts(window, "#sensitivity .notice.bad")[0]
    assert window.run("return document.querySelectorAll('#sensitivity .track .bounds').length") == 2 * 8
    assert "upper web root" in texts(window, "#next tbody tr")[1]
    assert "35 %" in texts(window, "#next tbody tr")[1]  # from 14 to 9.1 K
    assert window.run("return document.querySelectorAll('#recovered .unseen').length") == 2
    assert "Both methods agreeno" in texts(window, "#budget")[0].replace("\n", "")
    assert "the step went to 0" in texts(window, "#calibration details")[0]
    assert window.complaints() == []


def test_validation_says_distance_areas_effective_size_and_corrected_chances(window, full):
    window.open(full)
    told = texts(window, "#validation")[0]
    for piece in ("31.2 on 24 degrees of freedom", "44 independent of 540 readings", "91 % … 99 %", "Chance (Holm)",
                  "The clock looks 60 s off.",
                  "readings below the model 0.9 K, above 1.7 K", "2.2 K", "0.08"):  # fmt: skip
        assert piece in told
    assert texts(window, "#validation td strong.bad") == ["0.4 %"]  # the channel that stands out


def test_studies_are_told_in_either_language(window, full):
    window.open(full)
    english = window.run(SAYS)
    window.click("#lang")
    chinese = window.run(SAYS)
    assert [key for key, _ in english] == [key for key, _ in chinese]
    for key, text in chinese:
        room, name = key.split(".")
        fixed = max(WORDS[room][name]["zh"].replace("}", "{").split("{")[::2], key=len).split("u_")[0]
        assert fixed.strip() in text, (key, text)
    assert "上翼缘与腹板交接处" in texts(window, "#next tbody tr")[1]
    assert "剖面似然" in texts(window, "#calibration h3")
    titles = window.run("return [...document.querySelectorAll('svg.chart title')].map(n => n.textContent)")
    assert any("后验分布" in one for one in titles)
    window.click("#lang")


@pytest.mark.parametrize(
    ("kind", "drawn", "said"),
    [
        ("capability", "#measured .bin", "相同均值与标准差的正态分布"),
        ("reliability", "#measured .censored, #measured .failed", "撤下时未失效（删失）"),
        ("contract", "#measured .findings tbody tr", "单位被调换"),
    ],
)
def test_logged_data_are_drawn_without_the_sections_of_a_model(window, tmp_path, kind, drawn, said):
    noun = studied.measured(kind)
    window.open(viz.report(sample.write(tmp_path, with_fields=False, **noun)))
    ids = window.run(SECTIONS)
    assert ids[:2] == ["verdict", "measured"]
    assert not {"numerics", "calibration", "trial", "validation", "part", "domain"} & set(ids)
    count = window.run("return document.querySelectorAll(arguments[0]).length", drawn)
    assert count >= (2 if kind == "contract" else 5)
    if kind == "capability":
        parts = window.run("return [...document.querySelectorAll('#measured [data-count]')].map(n => +n.dataset.count)")
        assert sum(parts) == len(noun["measured"]["readings"]["values"])
        assert window.run("return document.querySelectorAll('#measured .limit').length") == 3  # two, and the index's
    window.click("#lang")
    assert said in texts(window, "#measured")[0]
    assert "抽样" in texts(window, "#budget")[0] if kind != "contract" else "budget" not in ids
    window.click("#lang")
    assert window.complaints() == []


def test_no_study_makes_the_page_wider_than_a_phone(window, full, tmp_path):
    pages = [full]
    pages += [viz.report(sample.write(tmp_path / k, with_fields=False, **studied.measured(k)))
              for k in ("capability", "reliability", "contract")]  # fmt: skip
    try:
        window.resize(360, 800)
        for page in pages:
            window.open(page)
            for _ in range(2):
                wide = window.run(WIDE)
                assert wide[0] <= wide[1], page
                window.click("#lang")
            for width in window.run("return [...document.querySelectorAll('.wide svg')].map(n => n.scrollWidth)"):
                assert width <= 360
    finally:
        window.resize(1280, 900)


def test_names_in_studies_are_text_and_never_markup(window, tmp_path):
    evil = "<img src=x onerror=document.title='owned'>"
    noun = studied.studies()
    noun["profiles"][0]["name"] = noun["sensitivity"]["rows"][0]["name"] = noun["recovered"][0]["name"] = evil
    noun["sensitivity"]["rows"][1]["name"] = "constructor"
    window.open(viz.report(sample.write(tmp_path, with_fields=False, **noun)))
    assert window.run("return document.querySelectorAll('img').length") == 0
    assert evil in texts(window, "#sensitivity tbody th")
    assert "constructor" in texts(window, "#sensitivity tbody th")
    assert window.complaints() == []
