"""Every question, verdict, field file or mesh that cannot be trusted is refused in its own words, and stays."""

import importlib

import numpy as np
import pytest

from foretrial import twin, viz
from foretrial.models import Criterion, Frame, Interest, Material, Part, Requirement, digest
from foretrial.models.fieldfile import FieldWriter, read_fields
from foretrial.models.meshfile import read_mesh, write_mesh
from foretrial.models.process import quench
from foretrial.models.verdict import canonical
from foretrial.solvers import Heat


def requirement(**more):
    interest = Interest(observations=("core",), statistic="max", window=(0.0, 60.0))
    given = {"id": "R1", "text": "Cold?", "text_zh": "冷?", "interest": interest, "limit": 800.0, "sense": "at most",
             "accuracy": 10.0, "verification": "design", "display": "degC"}  # fmt: skip
    return Requirement(**{**given, **more})


def fields(folder, spoil):
    path = folder / "fields.vtkhdf"
    with FieldWriter(path) as writer:
        iron = Material.simple("iron", density=7870.0, conductivity=80.0, heat_capacity=450.0)
        Heat(cells=4)(quench(Part.slab(0.1), iron, start=900.0, bath=300.0, film=5.0, until=9.0), keep=writer)
    spoil(path)
    yield
    read_fields(path)


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def verdict(content):
    def act(folder):
        (folder / "verdict.json").write_text(content, encoding="utf-8")
        yield
        twin.check_verdict(folder / "verdict.json")

    return act


def mesh(name, content):
    def act(folder):
        (folder / name).write_bytes(content)
        yield
        read_mesh(folder / name)

    return act


def inside(act):
    """Something that needs a folder, and finds it empty."""

    def whole(folder):
        yield
        act(folder)

    return whole


def no_plots(folder):
    report = importlib.import_module("foretrial.viz.report")
    (folder / "verdict.json").write_text("{}")
    yield
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "find_spec", lambda _: None)
        report.plotly()


def backwards(writer):
    def frame(t):
        edges = {"slab": (np.array([0.0, 1.0]),) * 3}
        return Frame(t=t, T={"slab": np.full((1, 1, 1), 300.0)}, solid={"slab": np.ones((1, 1, 1), bool)}, edges=edges)

    try:
        writer(frame(2.0))
        writer(frame(1.0))
    finally:
        writer.close(complete=False)
        writer.path.unlink()


BAD = {
    # questions
    "misspelt sense": (lambda: requirement(sense="at must"), "R1: sense 'at must' is not known. Did you mean"),
    "misspelt verification": (lambda: requirement(verification="desing"), "R1: verification 'desing' is not known."),
    "misspelt statistic of interest": (
        lambda: Interest(observations=("core",), statistic="lst", window=(0.0, 1.0)),
        "statistic 'lst' is not known. Did you mean 'last'?",
    ),
    "a window turned round": (
        lambda: Interest(observations=("core",), statistic="last", window=(9.0, 1.0)),
        "the window (9.0, 1.0) s is empty.",
    ),
    "a need on no checklist": (
        lambda: twin.verify(twin.Evidence(requirement=requirement(needs=("C99",)), process=None, history=None,
                                          budget=None), prediction=None),
        "R1: no criterion 'C99'.",
    ),
    "misspelt state": (
        lambda: Criterion(id="C1", group="C", text="", text_zh="", state="mett"),
        "criterion C1: state 'mett' is not known.",
    ),
    "a function in a recipe": (lambda: digest(print), "builtin_function_or_method has no content hash"),
    "NaN in a verdict": (lambda: canonical({"value": np.nan}), "the verdict holds a number that is not finite."),
    # files
    "verdict missing": (inside(lambda f: twin.check_verdict(f / "verdict.json")), "verdict.json does not exist."),
    "verdict cut off": (verdict('{"schema": "foretrial.verdict/1", '), "verdict.json is not readable as JSON"),
    "verdict of another make": (verdict('{"schema": "x/1"}'), "verdict.json has schema 'x/1'. This version reads"),
    "verdict without parts": (verdict('{"schema": "foretrial.verdict/1"}'), "a part is missing"),
    "field file missing": (inside(lambda f: read_fields(f / "a.vtkhdf")), "a.vtkhdf: there is no such file. A run"),
    "field file of text": (lambda f: fields(f, lambda p: p.write_text("hot")), "fields.vtkhdf cannot be read as a"),
    "field file cut off": (lambda f: fields(f, cut), "truncated file"),
    "no folder for fields": (
        inside(lambda f: FieldWriter(f / "no" / "a.vtkhdf")),
        "there is no folder",
    ),
    "a frame that runs backwards": (
        inside(lambda f: backwards(FieldWriter(f / "a.vtkhdf"))),
        "a.vtkhdf: a frame at t = 1 s follows one at 2 s. Time runs forward.",
    ),
    "mesh missing": (inside(lambda f: read_mesh(f / "a.stl")), "a.stl: there is no such file. A mesh is read"),
    "mesh of another make": (mesh("a.dwg", b"AC1032"), "a.dwg: suffix '.dwg' is no mesh format known here."),
    "mesh that is none": (mesh("a.vtu", b"<xml"), "a.vtu cannot be read as .vtu"),
    "mesh that would lose its values": (
        inside(lambda f: write_mesh(f / "a.stl", np.eye(3), {"triangle": [[0, 1, 2]]}, {"T": [1.0]})),
        "a.stl: .stl would lose the values of ['T'].",
    ),
    "mesh that names no point": (
        inside(lambda f: write_mesh(f / "a.vtu", np.eye(3), {"triangle": [[0, 1, 7]]})),
        "a.vtu: a triangle names point 7, but there are 3, from 0 to 2.",
    ),
    "report of nothing": (inside(lambda f: viz.report(f)), "holds no verdict.json. A report is drawn from one."),
    "plots not installed": (no_plots, "plotly.min.js is not installed. The report draws its curves with it."),
}  # fmt: skip
NAMED = {"a function in a recipe", "verdict missing", "field file missing", "field file of text",
         "no folder for fields", "mesh missing", "mesh of another make", "mesh that would lose its values",
         "report of nothing", "plots not installed", "NaN in a verdict"}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_told_what_is_wrong_what_is_right_and_what_to_do(tmp_path, refused, name):
    refused(BAD[name][0], tmp_path, wanted=BAD[name][1], number=name not in NAMED and "misspelt" not in name)


def test_every_bad_file_is_told_in_words_of_its_own():
    assert len({wanted for _, wanted in BAD.values()}) == len(BAD)
