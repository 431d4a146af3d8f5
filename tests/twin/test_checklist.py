"""Every line that a verdict must contain has its field in verdict.json and its row of the checklist."""

import json

import numpy as np
import pytest

from foretrial import twin
from foretrial.models.verdict import SCHEMA, canonical, readable
from foretrial.twin.check import seal
from foretrial.twin.criteria import TEXTS

# What a verdict must say: its words, the fields that hold it, and the rows of the checklist that carry it.
LINES = {
    "A frozen before any solve, or said to be set after the fact": ("question.freeze", "A1"),
    "A requirement id and text": ("question.id question.text", "A1"),
    "A quantity of interest: what, where, when": ("question.interest.observations question.interest.window", "A1"),
    "A limit, unit, required accuracy": ("question.limit question.interest.unit question.accuracy", "A1 A3"),
    "A decision rule and guard band": ("question.sense question.guard question.coverage question.needs", "A1"),
    "A which of the five verifications": ("question.verification", "A2"),
    "B code version, commit, dependencies, system, seeds, command": (
        "pedigree.version pedigree.commit pedigree.packages pedigree.system pedigree.seeds pedigree.command", "B1"),
    "B input hashes, trials with content hashes": ("pedigree.inputs calibration.data validation.data files", "B2"),
    "B sensor calibration dates valid at trial time": ("criteria", "B3"),
    "B each property with source, uncertainty, validity range": (
        "pedigree.materials.0.source pedigree.materials.0.std pedigree.materials.0.valid", "B4"),
    "B outside its range a declared assumption": ("pedigree.assumptions", "B5"),
    "B sensors, clocks and units are what they are taken for": ("calibration.mistaken validation.mistaken", "B7"),
    "C code-verification cases for this operator set": ("criteria", "C1"),
    "C three grids and steps, observed order, Richardson value": (
        "numerics.levels.2.value numerics.order numerics.formal_order numerics.richardson", "C2"),
    "C u_num on the quantity itself": ("numerics.u_num numerics.method", "C2 C7"),
    "C 'not asymptotic' said aloud": ("numerics.asymptotic numerics.words", "C3"),
    "C iteration error ten times below it": ("numerics.iteration_error", "C4"),
    "C global balance residual": ("numerics.balance", "C5"),
    "C a reduced model adds its error": ("criteria", "C6"),
    "D parameters, bounds, priors, transforms": (
        "calibration.parameters.0.lower calibration.parameters.0.prior calibration.parameters.0.transform", "D1 D4"),
    "D starts and the share reaching the best": ("calibration.starts calibration.reached_best", "D1"),
    "D residual whiteness": ("calibration.n calibration.effective calibration.misfit", "D2"),
    "D active bounds": ("calibration.parameters.0.active", "D3"),
    "D identifiable in words; correlations": ("calibration.words calibration.correlation", "D5"),
    "D failed runs: how many, where, how treated": ("calibration.failures", "D6"),
    "E validation disjoint from calibration, by hash": ("validation.disjoint validation.data", "E1"),
    "E E = S - D and u_val of each point": (
        "validation.points.0.error validation.points.0.u_num validation.points.0.u_input validation.points.0.u_d "
        "validation.points.0.u_val", "E2"),
    "E not resolvable; k u_val against the margin": ("validation.points.0.resolvable validation.u_val", "E3"),
    "E multivariate metric": ("validation.distance validation.dof validation.chance", "E5"),
    "E area metric, and its modified form": (
        "validation.area_metric validation.modified_area.below validation.modified_area.above "
        "validation.modified_area.likely", "E5"),
    "E interval coverage": ("validation.coverage.observed validation.coverage.lower validation.coverage.upper", "E4"),
    "E many channels corrected for multiplicity": ("validation.points.0.chance", "E5 F8"),
    "E distance from the validation domain": ("domain.inside domain.variables.0.covered", "E6"),
    "E scale-up lists similarity groups": ("domain.variables.0.symbol", "E7"),
    "E whether any inputs explain the trial": ("criteria", "E8"),
    "F one table with every kind": ("budget.lines.0.kind budget.lines.0.contribution", "F1"),
    "F combined and expanded": ("budget.combined budget.expanded budget.dof budget.correlations", "F1 F4"),
    "F margin, guard band": ("result.margin result.guard_band result.acceptance_limit", "F2"),
    "F probability of false accept and false reject": (
        "result.false_accept result.false_reject result.risks.conforms result.risks.consumer result.risks.producer",
        "F2"),
    "F what flips the verdict, and by how much": ("result.flips.0.name result.flips.0.by", "F3"),
    "F reliability by two methods": ("criteria", "F5"),
    "F capability by the lower bound": ("criteria", "F6"),
    "F cost, energy and CO2e": ("criteria", "F7"),
    "G furnace class, survey before and after": ("criteria", "G1"),
    "G hot and cold spots, better places": ("criteria", "G2"),
    "H prepared, checked, reviewed, approved": (
        "seal.prepared seal.checked seal.reviewed seal.approved", "H1"),
    "H replaces no accredited test report": ("seal.statement", "H2"),
    "H summary, caveats": ("result.reasons seal.caveats seal.uncertainty", "H2"),
    "H expiry and what triggers revalidation": ("seal.expires seal.triggers.0.zh", "H3"),
    "H canonical JSON in a signed envelope": ("seal.envelope.file seal.envelope.payload_type digest", "H4"),
    "H recomputed on another machine": ("digest files", "H5"),
}  # fmt: skip
NOT_YET: set[str] = set()  # of a thermal verdict


@pytest.fixture(scope="module")
def made():
    return {}


@pytest.fixture
def content(lab, made):
    if "it" not in made:
        pedigree = twin.pedigree(lab.process(std=0.01), command="foretrial run cold", seeds={"starts": 1})
        made["it"] = json.loads(lab.judge(np.random.default_rng(7), pedigree=pedigree).json())
    return made["it"]


def reach(noun, path):
    for key in path.split("."):
        noun = noun[int(key)] if isinstance(noun, list) else noun[key]
    return noun


@pytest.mark.parametrize("line", LINES)
def test_a_line_of_what_a_verdict_must_say_has_its_fields_and_its_rows(line, content):
    fields, rows = LINES[line]
    for path in fields.split():
        reach(content, path)  # a KeyError or IndexError names what is missing
    held = {c["id"]: c for c in content["criteria"]}
    for name in rows.split():
        row = held[name]
        assert row["group"] == name[0]
        assert row["text"]["en"]
        assert row["text"]["zh"]
        if row["state"] != "met":
            assert row["why"], f"{name} is {row['state']} and does not say why"


def test_every_row_of_the_checklist_is_on_a_line_of_it():
    carried = {name for _, rows in LINES.values() for name in rows.split()}
    assert set(TEXTS) - carried <= {"B6"}  # a log's contract is asked for by its own kind of requirement
    assert {line[0] for line in LINES} == set("ABCDEFGH")


def test_what_no_thermal_verdict_evidences_yet_is_known_and_said(content):
    assert {c["id"] for c in content["criteria"] if c["state"] == "not-yet"} == NOT_YET


def test_minor_versions_are_read_and_others_refused(content, tmp_path):
    assert content["schema"] == SCHEMA == "foretrial.verdict/1.2"
    for schema, good in (("foretrial.verdict/1", True), ("foretrial.verdict/1.7", True), ("foretrial.verdict/2", False),
                         ("foretrial.verdict/11", False), (None, False)):  # fmt: skip
        assert readable(schema) is good
    bare = {**content, "schema": "foretrial.verdict/1", "question": {**content["question"]}}
    bare["question"].pop("id")
    bare["result"] = {k: v for k, v in content["result"].items() if k != "risks"}
    bare["validation"] = {k: v for k, v in content["validation"].items() if k != "modified_area"}
    bare["seal"] = {k: v for k, v in content["seal"].items() if k != "envelope"}
    (tmp_path / "verdict.json").write_text(canonical(seal(bare)), encoding="utf-8")
    assert all(one.holds for one in twin.check_verdict(tmp_path))
