"""Every shipped case asks one question, keeps its answer in its docstring, and turns one knob."""

import ast
import importlib
import inspect
import json
from pathlib import Path

import pytest

import foretrial.cases
from foretrial import twin
from foretrial.cli import shipped
from foretrial.models import Verdict
from foretrial.models.verdict import canonical

FOLDER = Path(foretrial.cases.__file__).parent
CASES = shipped()
COARSE = {
    "bracket_margin": 3,
    "casting_corner": 2,
    "quench_part": 7,
    "furnace_section": 1,
    "hot_section": 2,
    "next_trial": 1,
    "pilot_lot": 12,
    "radiant_calorimeter": 8,
    "weld_track": 3,
}


def module(name):
    return importlib.import_module(f"foretrial.cases.{name}")


def test_what_is_shipped_is_what_can_be_run():
    assert CASES
    assert {"furnace_section", "radiant_calorimeter"} <= set(CASES)
    assert not {"qualify", "radiant_stack"} & set(CASES)  # recipes and tables ask no question
    assert set(COARSE) == set(CASES)  # a new case says how coarse it can be


@pytest.mark.parametrize("name", CASES)
def test_a_case_asks_one_question_in_its_first_line_and_names_its_trials_and_answer(name):
    text = inspect.getdoc(module(name))
    first = text.splitlines()[0]
    assert first.endswith("?")
    assert first.count("?") == 1
    assert "\nTrial" in text
    assert "\nAnswer" in text


@pytest.mark.parametrize("name", CASES)
def test_the_one_knob_of_a_case_is_its_resolution(name):
    takes = inspect.signature(module(name).run).parameters
    assert list(takes) == ["cells", "out", "tell"]
    assert all(p.kind is p.KEYWORD_ONLY and p.default is not p.empty for p in takes.values())
    assert takes["cells"].default >= COARSE[name]
    assert takes["out"].default == Path("out") / name


@pytest.mark.parametrize("name", CASES)
def test_a_case_draws_nothing_and_prints_nothing(name):
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    inside = [n for one in tree.body if isinstance(one, ast.FunctionDef) for n in ast.walk(one)]
    called = {n.func.id for n in inside if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    assert not called & {"print", "input", "open", "exit"}
    known = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    assert not known & {"plotly", "pyvista", "matplotlib", "h5py", "numba", "pint"}


@pytest.mark.parametrize("name", CASES)
def test_a_case_can_be_frozen_before_it_is_run(name, tmp_path):
    case, store = module(name), tmp_path / "trials.h5"
    record = case.freeze(store)
    assert case.freeze(store) == record
    split = record.payload["split"]
    assert bool(split["calibration"]) == bool(split["validation"])  # a prediction that nobody tried has neither
    assert not set(split["calibration"].values()) & set(split["validation"].values())
    assert all(twin.read(store, t).content == mark for part in split.values() for t, mark in part.items())
    assert record.payload["requirement"]["limit"] == case.REQUIREMENT.limit


@pytest.mark.parametrize("log", sorted(FOLDER.glob("trials/*.csv")), ids=lambda p: p.stem)
def test_every_shipped_log_says_its_source_licence_places_and_uncertainty(log):
    trial = twin.read(log)
    assert trial.source
    assert trial.licence
    for channel in trial.channels.values():
        assert channel.unit
        assert (channel.sigma[channel.reads] > 0.0).any() or channel.unit == "s", channel.name


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_coarse_run_gives_a_verdict_that_checks(name, tmp_path):
    said = []
    verdict = module(name).run(cells=COARSE[name], out=tmp_path / name, tell=lambda _, share: said.append(share))
    assert isinstance(verdict, Verdict)
    assert (tmp_path / name / "verdict.json").read_text(encoding="utf-8") == verdict.json()
    assert canonical(json.loads(verdict.json())) == verdict.json()
    assert all(f.holds for f in twin.check_verdict(tmp_path / name / "verdict.json"))
    assert said
    assert all(0.0 <= share <= 1.0 for share in said)
    assert [p.name for p in tmp_path.iterdir()] == [name]
