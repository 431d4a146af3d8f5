"""What a bench writes: figures, the peer beside them, and nothing of the machine."""

import json
import platform

import pytest

rows = pytest.importorskip("benches.rows", reason="needs a checkout")
pages = pytest.importorskip("benches.pages", reason="needs a checkout")
FIELDS = ["id", "ours", "against", "theirs", "unit", "ratio", "limit", "state", "reason"]


@pytest.fixture(autouse=True)
def none_yet(monkeypatch):
    monkeypatch.setattr(rows, "ROWS", [])


def test_a_comparison_says_how_many_times_as_fast_we_are():
    rows.beside("a", ours=0.5, theirs=1.5, against="scipy", unit="s", limit=2.0)
    rows.beside("b", ours=0.5, theirs=1.5, against="scipy", unit="s", limit=4.0)
    assert [(row["ratio"], row["state"]) for row in rows.ROWS] == [(3.0, "pass"), (3.0, "fail")]


def test_an_absolute_limit_stands_in_the_rows_unit_with_nothing_beside_it():
    rows.absolute("time", ours=0.5, unit="s", limit=1.0)
    rows.absolute("speed", ours=0.5, unit="GB/s", limit=1.0, least=True)
    assert [(row["against"], row["ratio"], row["state"]) for row in rows.ROWS] == [
        (None, None, "pass"),
        (None, None, "fail"),
    ]


def test_a_peer_that_is_absent_is_skipped_with_the_line_that_installs_it():
    with pytest.raises(pytest.skip.Exception, match=r'no_such_peer is not installed: pip install -e "\.\[peers\]"'):
        rows.peer("a", "no_such_peer", unit="s", limit=1.0)
    assert rows.ROWS[0]["state"] == "skipped"
    assert rows.ROWS[0]["ours"] is None


def test_a_peer_that_is_there_is_imported():
    assert rows.peer("a", "json", unit="s", limit=1.0) is json
    assert rows.ROWS == []


def test_what_is_written_names_no_machine(tmp_path):
    rows.beside("a", ours=0.5, theirs=1.5, against="scipy", unit="s", limit=2.0)
    rows.absolute("triad", ours=20.0, unit="GB/s", limit=1.0, least=True)
    path = tmp_path / "out" / "bench.json"
    rows.write(rows.ROWS, path)
    text = path.read_text("utf-8")
    assert platform.node() not in text
    assert [list(row) for row in json.loads(text)] == [FIELDS, FIELDS]


def test_a_part_of_the_benches_keeps_the_rows_of_the_others(tmp_path):
    path = tmp_path / "bench.json"
    for id, ours in (("a", 1.0), ("b", 2.0)):
        rows.absolute(id, ours=ours, unit="s", limit=9.0)
    rows.write(rows.ROWS, path)
    rows.ROWS.clear()
    rows.absolute("b", ours=3.0, unit="s", limit=9.0)
    rows.write(rows.ROWS, path, beside=True)
    assert {row["id"]: row["ours"] for row in json.loads(path.read_text("utf-8"))} == {"a": 1.0, "b": 3.0}


def test_the_page_of_numbers_shows_what_holds_and_what_fails():
    rows.beside("slow", ours=2.0, theirs=3.0, against="scipy", unit="s", limit=2.0)
    problem = {"id": "T2", "problem": "a | wall", "cells": 16, "answer": 927.008, "reached": 927.01, "error": 0.002,
               "tolerance": 0.05, "seconds": 0.1, "state": "pass", "reason": ""}  # fmt: skip
    text = pages.page([problem], rows.ROWS)
    assert "| T2 | a \\| wall | 16 | 927.008 | 927.01 | 0.002 | 0.05 | 0.1 | pass |" in text
    assert "| slow | 2 | 3 | s | scipy | 1.5 | 2 | fail |" in text


def test_the_table_has_a_line_for_each_row():
    rows.beside("heat", ours=0.5, theirs=1.5, against="scipy", unit="s", limit=2.0)
    rows.absolute("triad", ours=20.0, unit="GB/s", limit=1.0, least=True)
    head, heat, triad = rows.table(rows.ROWS).splitlines()
    assert head.split() == ["id", "ours", "theirs", "unit", "ratio", "limit", "state", "against"]
    assert heat.split() == ["heat", "0.5", "1.5", "s", "3", "2", "pass", "scipy"]
    assert triad.split() == ["triad", "20", "-", "GB/s", "-", "1", "pass", "-"]
