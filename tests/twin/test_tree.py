"""The requirement tree: carried upwards, its gaps shown, read and written in three forms."""

import itertools
import json
import math
import re
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from foretrial import twin, viz
from foretrial.models import ModelError, State
from foretrial.models.verdict import canonical
from foretrial.twin.check import seal
from foretrial.twin.reqif import SPACE


def tree(**more):
    nodes = (
        twin.Node(id="top", text="The part is ready"),
        twin.Node(id="heat", text="It is heated well", parent="top"),
        twin.Node(id="cold", text="The core is cold enough", text_zh="心部足够冷", parent="heat",
                  verification="process", verdict="cold/verdict.json"),
        twin.Node(id="even", text="It is heated evenly", parent="heat", verification="process", verdict="even"),
        twin.Node(id="Cpk", text="The lot, \"as made\", is capable", parent="top", verification="production"),
    )  # fmt: skip
    return twin.Tree(**{"id": "part", "text": "Ready?", "text_zh": "是否就绪？", "nodes": nodes, **more})


@pytest.fixture(scope="module")
def made():
    return {}


@pytest.fixture
def content(lab, made):
    if "it" not in made:
        frozen = {"digest": "0" * 64, "at": "2026-01-01T00:00:00+00:00", "before_result": True}
        made["it"] = dict(lab.judge(np.random.default_rng(7), freeze=frozen).content)
    return made["it"]


def lay(folder, content, name="cold", **result):
    (folder / name).mkdir(parents=True, exist_ok=True)
    bent = {**content, "question": {**content["question"], "id": name}, "result": {**content["result"], **result}}
    (folder / name / "verdict.json").write_text(canonical(seal(bent)), encoding="utf-8")


def test_the_worst_is_carried_up_and_what_is_missing_counts_as_inconclusive(content, tmp_path):
    lay(tmp_path, content)
    found = twin.carry(tree(), folder=tmp_path)
    states = {r.node.id: r.state.value for r in found.results}
    assert states == {"top": "INCONCLUSIVE", "heat": "INCONCLUSIVE", "cold": "PASS", "even": "INCONCLUSIVE",
                      "Cpk": "INCONCLUSIVE"}  # fmt: skip
    by = {r.node.id: r for r in found.results}
    assert (by["heat"].evidenced, by["heat"].leaves) == (1, 2)
    assert by["even"].reasons == (("Not evidenced: even is missing.", "尚无证据：缺少 even。"),)
    assert by["Cpk"].reasons[0][0] == "Not evidenced: no verdict yet."
    assert found.reasons[0][0] == "2 of 3 requirements are not evidenced: even, Cpk."
    assert [r.depth for r in found.results] == [0, 1, 2, 2, 1]


@pytest.mark.parametrize("states", list(itertools.product([s.value for s in State], repeat=2)))
def test_a_parent_is_the_worst_of_its_parts_without_averaging(states, content, tmp_path, monkeypatch):
    for name, state in zip(("a", "b"), states, strict=True):
        lay(tmp_path, content, name, state=state)
    nodes = (twin.Node(id="top", text="both"), *(twin.Node(id=n, text=n, parent="top", verification="process",
                                                           verdict=n) for n in "ab"))  # fmt: skip
    monkeypatch.setattr(sys.modules["foretrial.twin.tree"], "check", lambda _: ())
    found = twin.carry(twin.Tree(id="two", nodes=nodes), folder=tmp_path)
    order = ["FAIL", "NOT-VALID-HERE", "INCONCLUSIVE", "PASS"]
    assert found.state.value == min(states, key=order.index)
    assert found.results[0].state is found.state


def test_a_verdict_counts_only_if_its_check_holds_and_it_answers_this_requirement(content, tmp_path):
    def why(**node):
        own = twin.Node(**{"id": "cold", "text": "?", "verification": "process", "verdict": "cold", **node})
        [found] = twin.carry(twin.Tree(id="one", nodes=(own,)), folder=tmp_path).results
        return found.evidenced, found.reasons[0][0]

    lay(tmp_path, content)
    assert why()[0] == 1
    assert why(id="other") == (0, "Not evidenced: its verdict answers 'cold'.")
    assert why(id="other", answers="cold")[0] == 1
    assert why(verification="design") == (0, "Not evidenced: its verdict serves process verification.")
    lay(tmp_path, content, margin=100.0)
    assert why() == (0, "Not evidenced: its check fails (decision).")
    (tmp_path / "cold" / "verdict.json").write_text("{", encoding="utf-8")
    assert "not readable as JSON" in why()[1]


def test_many_passes_are_not_a_pass_if_their_risks_add_up(content, tmp_path):
    names = [f"r{i}" for i in range(8)]
    for name in names:
        lay(tmp_path, content, name)
    risk = content["result"]["false_accept"]
    nodes = tuple(twin.Node(id=n, text=n, verification="process", verdict=n) for n in names)
    assert 0.0 < 8.0 * risk < 0.05
    found = twin.carry(twin.Tree(id="many", nodes=nodes), folder=tmp_path)
    assert found.state is State.PASS
    assert found.risk == pytest.approx(8.0 * risk)
    strict = twin.carry(twin.Tree(id="many", nodes=nodes, risk=4.0 * risk), folder=tmp_path)
    assert strict.state is State.INCONCLUSIVE
    assert "wrongly accepting one of 8 requirements" in strict.reasons[0][0]


def test_leaves_are_grouped_by_the_five_verifications_and_the_page_says_so_in_both_languages(content, tmp_path):
    lay(tmp_path, content)
    carried = twin.carry(tree(), folder=tmp_path)
    text = str(carried)
    for name in ("设计验证", "功能性能验证", "工艺验证", "适配验证", "生产验证"):
        assert name in text
    assert "工艺验证 process: INCONCLUSIVE, 1 of 2 evidenced" in text
    assert "设计验证 design: none asked for, 0 of 0 evidenced" in text
    path = twin.write_carried(carried, tmp_path)
    held = json.loads(path.read_text("utf-8"))
    assert canonical(held) == path.read_text("utf-8")
    assert held["digest"] == seal(held)["digest"]
    assert held["nodes"][2]["verdict"]["digest"] == json.loads(
        (tmp_path / "cold" / "verdict.json").read_text("utf-8"))["digest"]  # fmt: skip
    page = viz.tree_page(tmp_path).read_text("utf-8")
    for word in ("&quot;as made&quot;", "不能判定", "尚无证据：尚无结论。", "工艺验证", "degC", held["digest"]):
        assert word in page
    assert "<script" not in page
    assert "http" not in page


@pytest.mark.parametrize("ending", [".toml", ".csv", ".reqif"])
def test_a_tree_is_read_as_it_was_written(ending, tmp_path):
    asked = tree(risk=0.01)
    path = twin.write_tree(asked, tmp_path / f"part{ending}")
    found = twin.read_tree(path)
    assert found.nodes == asked.nodes
    if ending != ".csv":
        assert found == asked
    assert twin.write_tree(found, tmp_path / f"again{ending}").read_bytes() == path.read_bytes() or ending == ".csv"


FOREIGN = f"""<?xml version="1.0"?><REQ-IF xmlns="{SPACE}" xmlns:h="http://www.w3.org/1999/xhtml"><CORE-CONTENT>
<REQ-IF-CONTENT><SPEC-TYPES><SPEC-OBJECT-TYPE IDENTIFIER="t"><SPEC-ATTRIBUTES>
<ATTRIBUTE-DEFINITION-XHTML IDENTIFIER="d1" LONG-NAME="ReqIF.Text"/>
<ATTRIBUTE-DEFINITION-ENUMERATION IDENTIFIER="d2" LONG-NAME="Foretrial.Verification"/>
</SPEC-ATTRIBUTES></SPEC-OBJECT-TYPE></SPEC-TYPES>
<DATATYPES><DATATYPE-DEFINITION-ENUMERATION IDENTIFIER="e"><SPECIFIED-VALUES>
<ENUM-VALUE IDENTIFIER="e1" LONG-NAME="process"/></SPECIFIED-VALUES></DATATYPE-DEFINITION-ENUMERATION></DATATYPES>
<SPEC-OBJECTS><SPEC-OBJECT IDENTIFIER="o1"><VALUES><ATTRIBUTE-VALUE-XHTML><DEFINITION>
<ATTRIBUTE-DEFINITION-XHTML-REF>d1</ATTRIBUTE-DEFINITION-XHTML-REF></DEFINITION>
<THE-VALUE><h:div>It <h:b>shall</h:b> hold</h:div></THE-VALUE></ATTRIBUTE-VALUE-XHTML>
<ATTRIBUTE-VALUE-ENUMERATION><VALUES><ENUM-VALUE-REF>e1</ENUM-VALUE-REF></VALUES><DEFINITION>
<ATTRIBUTE-DEFINITION-ENUMERATION-REF>d2</ATTRIBUTE-DEFINITION-ENUMERATION-REF></DEFINITION>
</ATTRIBUTE-VALUE-ENUMERATION></VALUES></SPEC-OBJECT><SPEC-OBJECT IDENTIFIER="o2"/></SPEC-OBJECTS>
<SPECIFICATIONS><SPECIFICATION IDENTIFIER="s"><CHILDREN>
<SPEC-HIERARCHY IDENTIFIER="h1"><OBJECT><SPEC-OBJECT-REF>o1</SPEC-OBJECT-REF></OBJECT></SPEC-HIERARCHY>
<SPEC-HIERARCHY IDENTIFIER="h2"><OBJECT><SPEC-OBJECT-REF>o2</SPEC-OBJECT-REF></OBJECT></SPEC-HIERARCHY>
</CHILDREN></SPECIFICATION></SPECIFICATIONS></REQ-IF-CONTENT></CORE-CONTENT></REQ-IF>"""


def test_the_reqif_of_another_tool_is_read_for_its_texts(tmp_path):
    (tmp_path / "a.reqif").write_text(FOREIGN, encoding="utf-8")
    with pytest.raises(ModelError, match="o2: verification '' is not known"):
        twin.read_tree(tmp_path / "a.reqif")
    found = twin.read_tree(tmp_path / "a.reqif", verification="design")
    assert [(n.id, n.text, n.verification) for n in found.nodes] == [
        ("o1", "It shall hold", "process"), ("o2", "o2", "design")]  # fmt: skip


TOML = 'schema = "foretrial.tree/1"\n'
ROW = '[[requirement]]\nid = "a"\ntext = "b"\nverification = "design"\n'


@pytest.mark.parametrize(("name", "text", "told"), [
    ("a.toml", None, r"a\.toml does not exist\. .* Correct the path"),
    ("a.txt", "", r"a\.txt ends in '\.txt'\. Trees are read and written as \.toml, \.csv, \.reqif"),
    ("a.toml", "[", r"a\.toml is not TOML"),
    ("a.toml", "schema = 1", r"schema is 1\. This version reads 'foretrial\.tree/1'"),
    ("a.toml", TOML + "rsk = 1", r"key 'rsk' is not known\. Did you mean 'risk'"),
    ("a.toml", TOML + "risk = true", r"risk = True is of another kind"),
    ("a.toml", TOML + "risk = 2\n" + ROW, r"risk = 2 is no probability"),
    ("a.toml", TOML + "[requirement]\nid = 'a'", r"\[requirement\] is one table"),
    ("a.toml", TOML, r"a: there is no requirement"),
    ("a.toml", TOML + ROW + ROW, r"requirement 'a' stands 2 times"),
    ("a.toml", TOML + ROW + "txt = 'x'", r"'txt' is not known\. Did you mean 'text'"),
    ("a.toml", TOML + "[[requirement]]\nid = 'a'", r"requirement 1 has no text"),
    ("a.toml", TOML + "[[requirement]]\nid = 3", r"id = 3 of requirement 1 is no text"),
    ("a.toml", TOML + ROW + "parent = 'A'", r"a: its parent 'A' is not in the tree"),
    ("a.toml", TOML + ROW + "parent = 'a'", r"a: its parents come round to 'a' again"),
    ("a.toml", TOML + ROW.replace("design", "desing"), r"verification 'desing' is not known\. Did you mean 'design'"),
    ("a.toml", TOML + ROW + "verdict = 'v'\n" + ROW.replace('"a"', '"c"') + "parent = 'a'",
     r"a has parts and a verdict"),
    ("a.csv", "id,text\na\n", r"line 2 has not as many fields as the header"),
    ("a.reqif", "<a", r"is not XML"),
    ("a.reqif", "<a/>", r"begins with <a>\. A ReqIF file begins with <REQ-IF>"),
    ("a.reqif", "<!DOCTYPE a><a/>", r"declares a document type\. .* Remove it"),
    ("a.reqif", FOREIGN.replace('"o2"', '"o3"'), r"the hierarchy places object 'o2'"),
])  # fmt: skip
def test_what_is_no_tree_is_refused(name, text, told, tmp_path):
    if text is not None:
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=told):
        twin.read_tree(tmp_path / name)


def test_a_page_without_a_tree_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"holds no tree\.json"):
        viz.tree_page(tmp_path)
    (tmp_path / "tree.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelError, match="is no requirement tree"):
        viz.tree_page(tmp_path)
    (tmp_path / "tree.json").write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match="is not JSON"):
        viz.tree_page(tmp_path)


def test_the_command_prints_the_tree_and_writes_both_files(content, tmp_path, monkeypatch, capsys):
    from foretrial import cli

    lay(tmp_path, content)
    twin.write_tree(tree(), tmp_path / "part.toml")
    for words in (["tree", "part.toml"], ["tree", "part.toml", "--convert", "part.reqif"]):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr("sys.argv", ["foretrial", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 0
    told = capsys.readouterr().out
    assert "cold  PASS" in told
    assert "INCONCLUSIVE  tree.html" in told
    assert (tmp_path / "tree.json").exists()
    assert len(twin.read_tree(tmp_path / "part.reqif").nodes) == 5
    assert math.isclose(twin.carry(tree(), folder=tmp_path).risk, content["result"]["false_accept"])


def test_the_tree_of_the_page_is_read(tmp_path):
    page = Path(__file__).parents[2] / "docs" / "verdict-json.md"
    if not page.exists():
        pytest.skip("the pages lie in a checkout, not in a wheel")
    block = re.search(r'    schema = "foretrial.tree/1".*?verdict = [^\n]*', page.read_text("utf-8"), flags=re.S)
    (tmp_path / "beam.toml").write_text(textwrap.dedent(block.group(0)), encoding="utf-8")
    found = twin.read_tree(tmp_path / "beam.toml")
    assert [n.id for n in found.nodes] == ["beam-ready", "furnace-section-550"]
