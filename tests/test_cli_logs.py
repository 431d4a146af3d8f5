"""The log commands: added by suffix, shown on a page, handed out without their names."""

import json
import sys

import numpy as np
import pytest

from foretrial import cli, twin


@pytest.fixture
def call(capsys, monkeypatch, tmp_path):
    """A command line run in an empty folder; its exit status and the two streams."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["foretrial", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        told = capsys.readouterr()
        return end.value.code, told.out.splitlines(), told.err

    return run


@pytest.fixture
def log(tmp_path):
    t = np.arange(0.0, 600.0, 5.0)
    x = 20.0 + 800.0 * np.exp(-t / 120.0) + np.random.default_rng(1).normal(0.0, 0.5, t.size)
    x[40] += 90.0
    path = tmp_path / "quench.csv"
    path.write_text("t,T1\n" + "".join(f"{a},{b:.3f}\n" for a, b in zip(t, x, strict=True)))
    return path


def test_units_are_asked_for_given_and_kept(call, log, tmp_path):
    status, _, err = call("log", "add", "s.h5", log)
    assert (status, "has no time base" in err) == (1, True)
    status, _, err = call("log", "add", "s.h5", log, "--unit", "t")
    assert "--unit t is not CHANNEL=UNIT. A unit belongs to a channel. Write --unit T1=degC." in err
    status, out, _ = call("log", "add", "s.h5", log, "--unit", "t=s", "--unit", "T1=degC")
    assert status == 0
    assert out[0].startswith("quench: 1 channels added to s.h5")
    assert out[1].startswith("look: T1: a reading at 200 s stands +")
    assert "degC" in twin.raw_file(tmp_path / "s.h5", "quench", "quench.mapping.toml").decode()


def test_a_trial_is_drawn_on_a_page_that_nobody_opens(call, log, tmp_path):
    call("log", "add", "s.h5", log, "--unit", "t=s", "--unit", "T1=degC")
    status, out, err = call("log", "show", "s.h5", "quench")
    assert (status, err) == (0, "")
    assert any("▇▅▃" in line for line in out)
    assert out[-1].replace("\\", "/") == "out/logs/quench.html"
    assert (tmp_path / "out" / "logs" / "quench.html").stat().st_size < 6e6
    assert any(line.startswith("look: T1: a reading at 200 s") for line in out)
    status, out, _ = call("log", "show", "s.h5", "quench", "--no-page", "--out", "elsewhere")
    assert not (tmp_path / "elsewhere").exists()


def test_a_log_is_handed_out_without_its_names_and_the_dictionary_stays(call, log, tmp_path):
    call("log", "add", "s.h5", log, "--unit", "t=s", "--unit", "T1=degC")
    status, out, _ = call("log", "release", "s.h5", "copy.h5", "own/dictionary.json")
    assert status == 0
    assert out[-1].replace("\\", "/") == "copy.h5: 1 trials for others; own/dictionary.json stays with you"
    assert any(line.startswith("still tells: 1 trial, 1 channels of 120 readings") for line in out)
    assert twin.names(tmp_path / "copy.h5") == ("trial-1",)
    dictionary = json.loads((tmp_path / "own" / "dictionary.json").read_text("utf-8"))
    back = twin.restored(twin.read(tmp_path / "copy.h5"), dictionary)
    assert back["T1"].values == pytest.approx(twin.read(tmp_path / "s.h5")["T1"].values)
    status, _, err = call("log", "release", "s.h5", "copy.h5", "own/dictionary.json")
    assert (status, "exists already. A release is never written over." in err) == (1, True)
