"""The page of a number with two limits, and of one that nobody signed."""

import browser
import pytest
import sample

from foretrial import viz

pytestmark = [pytest.mark.browser, pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "there")]


@pytest.fixture(scope="module")
def window():
    with browser.Browser() as window:
        yield window


def rows(window):
    """What the verdict says first: name and value of each row."""
    each = "[...document.querySelectorAll('#verdict dl.numbers > div')]"
    return dict(window.run(f"return {each}.map(d => ['dt', 'dd'].map(k => d.querySelector(k).textContent))"))


def between(folder, **changed):
    question = {**sample.content()["question"], "sense": "within", "limit": [773.15, 823.15]}
    result = {**sample.content()["result"], "value": 790.15, "limit": 773.15, "margin": 17.0, "expanded": 10.0,
              "guard_band": 10.0, "acceptance_limit": 783.15, "acceptance": [783.15, 813.15], **changed}  # fmt: skip
    return viz.report(sample.write(folder, question=question, result=result))


def test_both_limits_and_both_guard_bands_are_told_and_drawn(window, tmp_path):
    window.open(between(tmp_path))
    told = rows(window)
    assert told["Limit (within)"] == "500 … 550 °C"
    assert told["Acceptance limit"] == "510 … 540 °C"
    assert window.run("return document.querySelectorAll('.picture line.limit').length") == 2
    assert window.run("return document.querySelectorAll('.picture rect.guard').length") == 2
    assert window.run("return document.querySelectorAll('.picture line.accept').length") == 2
    window.click("#lang")
    assert rows(window)["限值（介于其间）"] == "500 … 550 °C"
    window.run("localStorage.clear()")
    assert window.complaints() == []


def test_where_guard_bands_take_all_the_page_says_that_nothing_is_accepted(window, tmp_path):
    window.open(between(tmp_path, guard_band=30.0, acceptance_limit=803.15, acceptance=[803.15, 793.15]))
    assert rows(window)["Acceptance limit"] == "none: the guard bands take all"
    assert window.complaints() == []


def test_an_unsigned_verdict_says_so(window, tmp_path):
    window.open(viz.report(sample.write(tmp_path)))
    assert "Unsigned" in window.run("return document.querySelector('#seal .unsigned').textContent")
    assert window.complaints() == []
