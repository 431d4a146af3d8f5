"""The command line: every verb, one sentence for every refusal, nothing left behind by Ctrl-C."""

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from typer.testing import CliRunner

import foretrial
from foretrial import cli, twin
from foretrial.cases import TRIALS, furnace_section, qualify
from foretrial.models.verdict import canonical

LOG = TRIALS / "copper_disc.csv"
READY = (furnace_section, qualify)  # loaded before anything is timed
COMMAND = [sys.executable, "-m", "foretrial"]
ESCAPE = re.compile(r"\x1b|\r")


@pytest.fixture
def call(capsys, monkeypatch, tmp_path):
    """Run the command line in this process, in an empty folder: exit status, lines on stdout, lines on stderr."""
    monkeypatch.chdir(tmp_path)

    def go(*words):
        monkeypatch.setattr(sys, "argv", ["foretrial", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        assert not ESCAPE.search(said.out + said.err)
        return ended.value.code or 0, said.out.splitlines(), said.err.splitlines()

    return go


def beats(lines):
    """Sentences of a refusal, which is at most three lines long."""
    assert 1 <= len(lines) <= 3
    return [one for one in re.split(r"(?<=[.?!])\s+(?=[A-Z'])", " ".join(lines)) if one]


def script(folder, text):
    path = folder / "mine.py"
    path.write_text(text, encoding="utf-8")
    return path


SMALL = '''"""Does a slab in a bath fall below 660 K in a minute?"""
from foretrial.models import Material, Part, Probe
from foretrial.models.process import quench
from foretrial.solvers import Heat

def run(*, cells=8, tell=None):
    iron = Material.simple("iron", density=7870.0, conductivity=80.0, heat_capacity=450.0)
    bath = quench(Part.slab(0.02), iron, start=1100.0, bath=300.0, film=500.0, until=60.0)
    core = Heat(cells=cells)(bath, observe=(Probe(name="core", place=(0.01, 0, 0)),)).values[-1, 0]
    return f"core {core:.0f} K [with {cells} cells]"
'''


# run


def test_a_script_of_ten_lines_is_a_case(call, tmp_path):
    path = script(tmp_path, SMALL)
    assert call("run", path) == (0, ["core 652 K [with 8 cells]"], [])
    assert call("run", path, "--cells", 4)[1] == ["core 652 K [with 4 cells]"]
    assert [p.name for p in tmp_path.iterdir() if p.name != "__pycache__"] == ["mine.py"]


@pytest.mark.parametrize(("words", "wanted"), [
    (("run", "furnce_section"), "case 'furnce_section' is not shipped. Did you mean 'furnace_section'? Name"),
    (("run", "nowhere.py"), "nowhere.py: there is no such script. A case is a file with a run() function. Correct"),
    (("run", "furnace_section", "--cells", "0"), "cells = 0, tolerance = 0.1 K: neither a grid nor a step. Cells are"),
    (("freeze", "furnace_sectoin"), "case 'furnace_sectoin' is not shipped. Did you mean 'furnace_section'?"),
    (("qualify", "T22"), "'T22' is no published problem of this set. Did you mean 'T2'? Correct it"),
    (("log", "show", "no.h5"), "no.h5: there is no such file. A trial store is an HDF5 file. Correct the path"),
    (("log", "check", "no.h5"), "no.h5: there is no such file. A trial store is an"),
    (("log", "add", "s.h5", "no.csv"), "no.csv: there is no such file. A log is a CSV"),
    (("log", "repair", "nothing"), "nothing: there is no such file."),
    (("check", "no.json"), "no.json does not exist. A verdict.json is needed. Give its path"),
])  # fmt: skip
def test_a_refusal_is_one_short_text_with_what_is_wrong_what_is_right_and_what_to_do(call, tmp_path, words, wanted):
    began = time.process_time()
    status, out, err = call(*words)
    assert time.process_time() - began < 2.0
    assert (status, out) == (1, [])
    assert wanted in " ".join(err)
    assert len(beats(err)) >= 3
    written = [p for p in tmp_path.rglob("*") if p.is_file() and p.name != "trials.h5"]
    assert written == []


def test_a_script_without_run_or_without_a_resolution_is_told_so(call, tmp_path):
    status, _, err = call("run", script(tmp_path, "x = 1\n"))
    assert status == 1
    assert "there is no run() in it. A case is a function run(cells=...). Add it." in err[0]
    status, _, err = call("run", script(tmp_path, "def run():\n    return 'done'\n"), "--cells", 4)
    assert status == 1
    assert "no resolution to set (cells = 4). Its run() takes nothing. Leave --cells out." in err[0]
    status, _, err = call("freeze", tmp_path / "mine.py")
    assert (status, len(beats(err))) == (1, 3)
    assert "freezes nothing: it has no freeze()." in err[0]


@pytest.mark.parametrize(("words", "wanted"), [
    (("rnu",), "No such command 'rnu'."),
    (("run",), "Missing argument 'case'."),
    (("qualify", "--jsn", "x"), "No such option: --jsn"),
    (("run", "furnace_section", "--cells", "many"), "Invalid value for '--cells'"),
])  # fmt: skip
def test_a_wrong_command_line_is_told_in_one_line_with_status_2(call, words, wanted):
    status, out, err = call(*words)
    assert (status, out, len(err)) == (2, [], 1)
    assert err[0].startswith(wanted)
    assert err[0].endswith("Ask 'foretrial --help', or --help after a command.")


def test_no_argument_at_all_shows_the_commands(call):
    status, out, err = call()
    assert (status, err) == (2, [])
    assert {"run", "log", "freeze", "check", "qualify", "doctor", "shape"} <= set(" ".join(out).split())


def test_a_file_where_a_folder_should_be_is_told_as_a_sentence(call, tmp_path):
    (tmp_path / "taken").write_text("mine")
    status, out, err = call("run", "furnace_section", "--out", tmp_path / "taken")
    assert (status, out) == (1, [])
    assert len(beats(err)) == 3
    assert (tmp_path / "taken").read_text() == "mine"


def test_a_script_s_own_error_is_the_script_s_and_keeps_its_traceback(call, tmp_path):
    with pytest.raises(ZeroDivisionError):
        call("run", script(tmp_path, "def run():\n    return 1 / 0\n"))


def test_a_verdict_is_printed_as_its_budget_its_reasons_and_one_last_line(call, tmp_path):
    text = """
from pathlib import Path
from types import SimpleNamespace
from foretrial.models import State
LINES = [{"name": f"cause {i} [K]", "kind": "input", "contribution": 9.0 / (i + 1)} for i in range(9)]
def run(*, out=Path("out")):
    question = {"text": {"en": "Is it cold?"}, "display": "degC", "coverage": 2.0, "interest": {"unit": "K"}}
    content = {"question": question, "result": {"reasons": [{"en": "It is."}]},
               "budget": {"lines": LINES, "coverage": 2.0, "expanded": 22.0}}
    return SimpleNamespace(content=content, state=State.PASS, margin=31.0, expanded=22.0)
"""
    status, out, err = call("run", script(tmp_path, text))
    assert (status, err) == (0, [])
    assert len(out) <= 20
    assert out[0].startswith("Is it cold?")
    assert any(line.startswith("cause 0 [K]") for line in out)  # a name from a log is text, not markup
    assert any(line.startswith("3 more") for line in out)
    assert out[-1] == "PASS  margin 31.0 ± 22.0 K (k = 2)"


# logs, freezes, verdicts


def test_a_log_is_added_shown_and_checked(call, tmp_path):
    status, out, _ = call("log", "add", "s.h5", LOG)
    assert (status, len(out)) == (0, 1)
    assert re.fullmatch(r"copper_disc: 1 channels added to s\.h5, content [0-9a-f]{12}", out[0])
    assert call("log", "add", "s.h5", LOG)[:2] == (0, out)  # the same again changes nothing
    status, out, _ = call("log", "show", "s.h5")
    assert status == 0
    assert out[0].startswith("copper_disc: ")
    trial = twin.read(tmp_path / "s.h5")
    assert all(any(line.startswith(name) for line in out) for name in trial.channels)
    assert call("log", "check", "s.h5")[:2] == (0, ["s.h5: every hash matches"])
    call("log", "add", "s.h5", TRIALS / "insulation_stack.csv")
    assert call("log", "show", "s.h5")[1] == ["copper_disc", "insulation_stack"]
    assert call("log", "show", "s.h5", "insulation_stack")[1][0].startswith("insulation_stack: ")


def test_a_log_that_is_refused_leaves_no_store(call, tmp_path):
    (tmp_path / "a.csv").write_text("Time (s),TC1\n0,20\n")
    status, _, err = call("log", "add", "s.h5", "a.csv")
    assert (status, len(beats(err))) == (1, 3)
    assert not (tmp_path / "s.h5").exists()


def test_a_harmed_store_is_found(call, tmp_path):
    call("log", "add", "s.h5", LOG)
    whole = bytearray((tmp_path / "s.h5").read_bytes())
    with h5py.File(tmp_path / "s.h5", "a") as store:
        trial = store["trials/copper_disc/0001/channels"]
        trial[next(iter(trial))]["values"][3] = 1.0
    assert (tmp_path / "s.h5").read_bytes() != whole
    status, out, _ = call("log", "check", "s.h5")
    assert status == 1
    assert out[-1] == "s.h5: 1 findings"


def test_a_stopped_logger_s_rows_are_told_and_consolidated(call, tmp_path):
    with twin.LiveLog(tmp_path / "live", channels={"TC1": "degC"}, time="s") as live:
        for second in range(5):
            live.write(float(second), {"TC1": 20.0 + second})
    status, out, _ = call("log", "repair", "live", "--store", "s.h5")
    assert status == 0
    assert out[-1] == "live: 1 channels in s.h5"
    assert twin.read(tmp_path / "s.h5")["TC1"].values[-1] == pytest.approx(297.15)


def test_a_case_is_frozen_once_and_the_same_again(call, tmp_path):
    status, [first], _ = call("freeze", "radiant_calorimeter")
    assert status == 0
    assert re.fullmatch(r"frozen \S+\+00:00  [0-9a-f]{16}  out.radiant_calorimeter.trials\.h5", first)
    assert call("freeze", "radiant_calorimeter")[1] == [first]
    [record] = twin.records(tmp_path / "out/radiant_calorimeter/trials.h5", "freeze")
    assert record.digest[:16] in first


def sealed_verdict(folder):
    """The smallest campaign that ends in a verdict, by the stub solvers of the twin's tests."""
    spec = importlib.util.spec_from_file_location("campaign", Path(__file__).parent / "twin/conftest.py")
    stubs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(stubs)
    verdict = stubs.judge(np.random.default_rng(7))
    (folder / "verdict.json").write_text(verdict.json(), encoding="utf-8")
    return json.loads(verdict.json())


def test_a_good_verdict_checks_and_a_tampered_one_does_not(call, tmp_path):
    content = sealed_verdict(tmp_path)
    status, out, _ = call("check", "verdict.json")
    assert status == 0
    assert out[-1] == "verdict.json: hashes and decision hold"
    assert all(line.startswith("holds ") for line in out[:-1])
    bent = {**content, "result": {**content["result"], "state": "FAIL"}}
    (tmp_path / "verdict.json").write_text(canonical(bent), encoding="utf-8")
    status, out, _ = call("check", "verdict.json")
    assert status == 1
    assert out[-1] == "verdict.json: does not hold: digest, decision"
    assert sum(line.startswith("BROKEN") for line in out) == 2


# qualify, doctor, version


def test_qualify_writes_its_rows_and_says_how_many_hold(call, tmp_path):
    status, out, _ = call("qualify", "T2", "--json", "made/rows.json")
    assert status == 0
    assert out[-1] == "2 of 2 rows hold"
    rows = json.loads((tmp_path / "made/rows.json").read_text(encoding="utf-8"))
    assert [row["id"] for row in rows] == ["T2", "T2"]
    assert all(row["state"] == "pass" and row["answer"] == pytest.approx(927.008) for row in rows)


def test_a_problem_that_fails_ends_with_status_1(call, monkeypatch):
    monkeypatch.setattr(qualify, "PROBLEMS", {"T2": qualify.PROBLEMS["T2"]})
    monkeypatch.setattr(type(qualify.PROBLEMS["T2"]), "reach", lambda *_: 1 / 0, raising=False)
    status, out, _ = call("qualify", "T2")
    assert status == 1
    assert out[-1] == "0 of 2 rows hold; failed: T2, T2"
    assert "ZeroDivisionError" in " ".join(out)


def test_doctor_looks_at_everything_and_ends_well(call):
    status, out, err = call("doctor")
    assert (status, err) == (0, [])
    for name in ("Python", "threads", "compile cache", "OpenGL", "plots in the report", "meshes", "units"):
        assert any(f" {name}: " in line for line in out), name


def test_doctor_names_a_cure_for_what_is_missing(call, monkeypatch):
    monkeypatch.setenv("NUMBA_NUM_THREADS", "4096")
    monkeypatch.setattr(cli.importlib.util, "find_spec", lambda _: None)
    status, out, _ = call("doctor")
    assert status == 0
    text = "\n".join(out)
    assert "look threads: " in text
    assert "Unset NUMBA_NUM_THREADS" in text
    assert "Install it: pip install plotly" in text


def test_the_version_is_the_package_s(call):
    assert call("--version") == (0, [foretrial.__version__], [])


def test_every_command_explains_itself():
    runner = CliRunner()
    for words in ([], ["run"], ["log"], ["log", "add"], ["freeze"], ["check"], ["qualify"], ["doctor"], ["shape"]):
        result = runner.invoke(cli.app, [*words, "--help"])
        assert result.exit_code == 0
        assert "Usage" in result.output


# progress


def test_progress_is_plain_lines_when_piped_one_for_each_phase(capsys):
    with cli._progress() as tell:
        for i in range(50):
            tell(f"screening start {i + 1} of 50", i / 100)
        tell("refining grid and step", 0.6)
    assert capsys.readouterr().err.splitlines() == ["  0 %  screening start 1 of 50", " 60 %  refining grid and step"]


# real processes


def test_the_module_is_the_command_and_a_refusal_is_all_it_says(tmp_path):
    done = subprocess.run(
        [*COMMAND, "run", "furnce_section"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "Did you mean 'furnace_section'?" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_console_that_knows_no_chinese_still_gets_its_help(tmp_path):
    told = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([*COMMAND, "--help"], cwd=tmp_path, capture_output=True, text=True, check=False, env=told)
    assert done.returncode == 0
    assert "try it before the trial" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="a console event is no signal there")
def test_ctrl_c_in_a_run_leaves_no_half_file_and_says_so_in_one_line(tmp_path):
    run = subprocess.Popen([*COMMAND, "run", "furnace_section", "--cells", "1"], cwd=tmp_path, text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
    try:
        first = run.stderr.readline()
        assert "each run of the section: 333 cells" in first
        time.sleep(1.0)
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=20)
    finally:
        run.kill()
    assert run.returncode == cli.STOPPED
    assert out == ""
    assert "Traceback" not in err
    assert err.splitlines()[-1].startswith("Stopped by Ctrl-C. Every file that was finished is whole.")
    folder = tmp_path / "out/furnace_section"
    assert [p.name for p in folder.iterdir()] == ["trials.h5"]
    assert twin.check(folder / "trials.h5") == ()


def test_a_bare_import_is_quick_and_loads_nothing_heavy(tmp_path):
    code = "import time; t = time.perf_counter(); import foretrial; s = time.perf_counter() - t; import sys; "
    code += (
        "print(s, *(n for n in ('numba', 'pyvista', 'plotly', 'pint', 'h5py', 'scipy', 'typer') if n in sys.modules))"
    )
    spans = []
    for _ in range(3):
        said = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
        seconds, *heavy = said.stdout.split()
        assert heavy == []
        spans.append(float(seconds))
    assert min(spans) < 0.5


def test_the_command_line_itself_loads_no_room_before_it_needs_one(tmp_path):
    heavy = ("numba", "pyvista", "plotly", "pint", "h5py")
    code = f"import sys, foretrial.cli; print([n for n in {heavy} if n in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_the_installed_command_is_the_same():
    command = Path(sys.executable).parent / ("foretrial.exe" if sys.platform == "win32" else "foretrial")
    if not command.exists():
        pytest.skip("not installed as a command here")
    done = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == foretrial.__version__


# shape

CORNERS = [(x, y, z) for x in (0, 40) for y in (0, 30) for z in (0, 20)]
SIDES = [(0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1), (2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4),
         (1, 5, 7), (1, 7, 3)]  # fmt: skip


def stl(path, sides=SIDES):
    facets = "".join(
        "facet normal 0 0 0\nouter loop\n" + "".join("vertex {} {} {}\n".format(*CORNERS[c]) for c in one)
        + "endloop\nendfacet\n" for one in sides
    )  # fmt: skip
    path.write_text(f"solid block\n{facets}endsolid block\n")
    return path


def test_a_part_from_cad_is_measured_and_drawn(call, tmp_path):
    status, out, err = call("shape", stl(tmp_path / "block.stl"), "--unit", "mm")
    assert (status, err) == (0, [])
    told = dict(re.split(r"\s{2,}", line.strip(), maxsplit=1) for line in out[1:-1])
    assert told["extent"] == "40 x 30 x 20 mm"
    assert told["volume"] == "24000 mm³"
    assert told["area"] == "5200 mm²"
    assert told["triangles"] == "12"
    assert told["thinnest wall"] == "20 mm"
    assert told["spacing that would do"] == "10 mm (cells=2)"
    page = tmp_path / "out" / "block" / "shape.html"
    assert out[-1] == str(page.relative_to(tmp_path))
    assert "<th>volume · 体积</th><td>24000 mm³</td>" in page.read_text("utf-8")


def test_a_part_that_does_not_close_is_told_in_three_beats_and_drawn_with_marks(call, tmp_path):
    status, out, err = call("shape", stl(tmp_path / "open.stl", SIDES[1:]), "--unit", "mm", "--out", tmp_path / "there")
    assert (status, out) == (1, [])
    assert err[0].startswith("open.stl is not closed: 3 edges with one triangle alone, at ")
    assert len(beats(err[:1])) == 3
    page = tmp_path / "there" / "shape.html"
    assert err[1] == f"Drawn with red marks where it fails: {page}"
    assert '"places": [[' in page.read_text("utf-8")


def test_a_part_without_a_unit_is_not_guessed_and_not_drawn(call, tmp_path):
    status, _, err = call("shape", stl(tmp_path / "block.stl"))
    assert status == 1
    assert "no unit of length is given. Its extent is 40 x 30 x 20" in err[0]
    assert not list(tmp_path.rglob("*.html"))


def test_a_case_that_dies_of_its_surface_leaves_the_picture_in_its_folder(call, tmp_path):
    stl(tmp_path / "open.stl", SIDES[1:])
    path = script(tmp_path, "from foretrial.models import Part\n\n\ndef run():\n"
                            "    return Part.from_stl('open.stl', unit='mm')\n")  # fmt: skip
    status, out, err = call("run", path)
    assert (status, out) == (1, [])
    page = Path("out") / "mine" / "surface.html"
    assert err[1] == f"Drawn with red marks where it fails: {page}"
    assert page.is_file()
