"""The Statistical Reference Datasets: read as they are, reached from both starts, skipped where they are absent."""

from pathlib import Path

import numpy as np
import pytest

from foretrial.cases.published import strd
from foretrial.cases.qualify import qualify

here = pytest.mark.skipif(not strd.folder().is_dir(), reason="needs the folder ../shared beside the checkout")


@here
@pytest.mark.shared
def test_every_set_is_reached_from_both_starts():
    rows = qualify(["StRD"])
    assert [row["cells"] for row in rows] == [1, 2]
    assert [row["state"] for row in rows] == ["pass", "pass"], rows
    assert all(row["note"].startswith("25 sets") for row in rows)


@here
@pytest.mark.shared
def test_certified_values_leave_the_certified_sum_of_squares():
    x, y = strd.data(strd.folder() / "Misra1a.dat")
    _, answer, _ = strd.certified()["Misra1a"]
    left = strd.MODELS["Misra1a"](x, *answer) - y
    assert left @ left == pytest.approx(1.2455138894e-01, rel=1e-9)


def test_without_its_sets_the_row_is_skipped_and_says_where_to_get_them(monkeypatch, tmp_path):
    monkeypatch.setenv("FORETRIAL_SHARED", str(tmp_path))
    rows = qualify(["StRD"])
    assert [row["state"] for row in rows] == ["skipped", "skipped"]
    assert "itl.nist.gov/div898/strd" in rows[0]["reason"]
    assert "FORETRIAL_SHARED" in rows[0]["reason"]


def test_the_response_is_taken_in_its_logarithm_where_the_model_is_of_it(tmp_path):
    file = Path(tmp_path) / "one.dat"
    file.write_text("Model: log[y] = b1\nData:  y x1 x2\n 2.0 1.0 3.0\n 4.0 2.0 5.0\n", encoding="ascii")
    x, y = strd.data(file)
    assert y == pytest.approx(np.log([2.0, 4.0]))
    assert x.tolist() == [[1.0, 2.0], [3.0, 5.0]]


def test_digits_are_those_of_the_worst_parameter():
    assert strd.digits(np.array([1.0, 2.002]), np.array([1.0, 2.0])) == pytest.approx(3.0)
    assert strd.digits(np.array([1.0]), np.array([1.0])) == 11.0
