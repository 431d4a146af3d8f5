"""The page as a file: what it carries, what it refuses, and that both languages say everything."""

import base64
import gzip
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import sample

from foretrial import viz
from foretrial.models import Frame, ModelError
from foretrial.models.fieldfile import FieldWriter, read_fields
from foretrial.viz.report import SCRIPTS, vocabulary
from foretrial.viz.surface import pack, surface

HOME = Path(viz.__file__).parent
WORDS = vocabulary()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = sample.write(tmp_path_factory.mktemp("result"))
    viz.report(folder)
    return folder


class Parts(HTMLParser):
    """Addresses that a page names, and the texts of its scripts by id."""

    def __init__(self, page):
        super().__init__()
        self.addresses, self.scripts, self.inside = [], {}, None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        self.addresses += [named[key] for key in ("src", "href", "srcset", "action", "data") if key in named]
        self.inside = named.get("id") if tag == "script" else None

    def handle_data(self, data):
        if self.inside:
            self.scripts[self.inside] = self.scripts.get(self.inside, "") + data


def unpack(text):
    return gzip.decompress(base64.b64decode(text))


def bar(path, shape=(5, 4, 3), steps=3, hole=True):
    """A little field file whose values tell step and cell."""
    edges = tuple(np.array([0.0, 1.0]) if n == 1 else np.linspace(0.0, 0.1 * n, n + 1) for n in shape)
    solid = np.ones(shape, dtype=bool)
    if hole:
        solid[2, 1:3, 1:2] = False
    cells = np.arange(np.prod(shape), dtype=float).reshape(shape)
    with FieldWriter(path) as keep:
        for k in range(steps):
            T = 300.0 + 7.0 * k + cells / 3
            keep(Frame(t=10.0 * k, T={"bar": T}, solid={"bar": solid}, edges={"bar": edges}))
    return read_fields(path)


def test_the_page_is_one_small_file_that_names_no_address(folder):
    page = folder / "report.html"
    assert page.stat().st_size <= 6_000_000
    parts = Parts(page.read_text("utf-8"))
    assert parts.addresses == ["data:,"]
    assert "default-src 'none'" in page.read_text("utf-8")
    assert sorted(path.name for path in folder.iterdir()) == ["fields.vtkhdf", "report.html", "verdict.json"]


def test_the_page_is_the_same_for_the_same_result(folder):
    before = (folder / "report.html").read_bytes()
    assert viz.report(folder).read_bytes() == before


def test_the_page_carries_the_verdict_and_plotly_as_they_are(folder):
    parts = Parts((folder / "report.html").read_text("utf-8"))
    verdict = json.loads((folder / "verdict.json").read_text("utf-8"))
    carried = json.loads(parts.scripts["data"])["verdict"]
    carried["series"] = [{k: v for k, v in one.items() if k != "every"} for one in carried["series"]]
    assert carried == verdict
    assert unpack(parts.scripts["plotly-gz"])[:60].startswith(b"/**\n* plotly.js")


def test_the_page_carries_the_stored_values_of_the_surface_bit_by_bit(folder):
    parts = Parts((folder / "report.html").read_text("utf-8"))
    [packed] = json.loads(parts.scripts["data"])["fields"]
    fields = read_fields(folder / "fields.vtkhdf")
    planes = np.frombuffer(unpack(packed["values"]), np.uint8).reshape(4, -1)
    values = planes.T.copy().view("<f4").reshape(len(packed["times"]), packed["cells"])
    ids = np.frombuffer(unpack(packed["ids"]), "<u4")
    for step, t in enumerate(fields.times):
        assert packed["times"][step] == t
        np.testing.assert_array_equal(values[step], fields.values(step)[ids])
    for probe in packed["probes"]:
        assert probe["values"] == [float(fields.values(k)[probe["cell"]]) for k in range(fields.times.size)]
        assert np.linalg.norm(fields.centres[probe["cell"]] - probe["place"]) < 0.02


def test_the_surface_is_closed_faces_outward_and_holds_the_volume_of_the_cells(tmp_path):
    fields = bar(tmp_path / "a.vtkhdf")
    skin = surface(fields)
    edges = np.concatenate([np.roll(skin.quads, -k, axis=1)[:, :2] for k in range(4)])
    assert {tuple(e) for e in edges} == {tuple(e) for e in edges[:, ::-1]}  # every edge is walked both ways
    a, b, c, d = (skin.points[skin.quads[:, k]] for k in range(4))
    flow = np.einsum("ij,ij->i", (a + b + c + d) / 4, 0.5 * np.cross(c - a, d - b)).sum() / 3
    assert flow == pytest.approx(1e-3 * len(fields.corners))
    np.testing.assert_allclose((a + b + c + d) / 4, fields.centres[skin.cell], atol=0.051)


@pytest.mark.parametrize(("shape", "quads"), [((6, 4, 1), 24), ((6, 1, 1), 6)])
def test_a_section_and_a_line_are_drawn_cell_by_cell(tmp_path, shape, quads):
    fields = bar(tmp_path / "a.vtkhdf", shape, hole=False)
    skin = surface(fields)
    assert len(skin.quads) == quads
    assert np.ptp(skin.points[:, 1]) > 0
    packed = pack(fields, [{"name": "TC", "place": [0.05, 0.05, 0.5]}], 100_000)
    assert packed["flat"]
    assert packed["probes"][0]["cell"] == 0


def test_moments_are_left_out_evenly_when_there_is_little_room(tmp_path):
    fields = bar(tmp_path / "a.vtkhdf", (12, 10, 8), steps=60)
    full = pack(fields, [], 10_000_000)
    room = len(full["mesh"]) + len(full["values"]) // 3
    tight = pack(fields, [], room)
    assert len(full["times"]) == 60
    assert 2 <= len(tight["times"]) < 60
    assert (tight["times"][0], tight["times"][-1], tight["kept"]) == (0.0, 590.0, 60)
    assert np.ptp(np.diff(tight["times"])) <= 10.0
    assert len(tight["mesh"]) + len(tight["values"]) <= room
    assert pack(fields, [], 1000) is None


def test_long_curves_are_thinned_and_say_so(tmp_path):
    curves = sample.content()["series"][:1]
    curves[0].update(
        {key: value * 50 for key, value in curves[0].items() if isinstance(value, list) and key != "place"}
    )
    page = viz.report(sample.write(tmp_path, with_fields=False, series=curves)).read_text("utf-8")
    [carried] = json.loads(Parts(page).scripts["data"])["verdict"]["series"]
    assert (carried["every"], len(carried["t"]), len(carried["measured"])) == (4, 1138, 1138)
    assert carried["place"] == curves[0]["place"]


def test_a_field_file_that_is_absent_is_said_to_be_and_one_that_changed_is_refused(tmp_path):
    folder = sample.write(tmp_path)
    bar(folder / "fields.vtkhdf")
    with pytest.raises(ModelError, match=r"fields\.vtkhdf has digest .*verdict\.json states .* Restore the file"):
        viz.report(folder)
    (folder / "fields.vtkhdf").unlink()
    data = json.loads(Parts(viz.report(folder).read_text("utf-8")).scripts["data"])
    assert data["fields"] == [{"trouble": "missing"}]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, r"holds no verdict\.json\. A report is drawn from one\. Run the case first"),
        ("{", r"is not JSON \(.*\)\. verdict\.json is canonical JSON in UTF-8\. Copy it again"),
        (
            '{"schema": "foretrial.verdict/9"}',
            r"has schema 'foretrial\.verdict/9'\. This version draws 'foretrial\.verd",
        ),
        ("[1]", r"has schema 'list'"),
    ],
)
def test_what_is_no_verdict_is_refused(tmp_path, text, told):
    if text is not None:
        (tmp_path / "verdict.json").write_text(text)
    with pytest.raises(ModelError, match=told):
        viz.report(tmp_path)
    assert not (tmp_path / "report.html").exists()


def test_no_text_of_a_log_can_end_the_data_of_the_page(tmp_path):
    evil = "</script><script>alert(1)</script><!--(js)-->"
    folder = sample.write(tmp_path, with_fields=False, title=sample.both(evil, evil))
    parts = Parts(viz.report(folder).read_text("utf-8"))
    assert json.loads(parts.scripts["data"])["verdict"]["title"]["en"] == evil


@pytest.mark.parametrize("room", WORDS)
def test_every_word_is_said_in_both_languages_with_the_same_slots(room):
    for key, word in WORDS[room].items():
        assert set(word) == {"en", "zh"}
        assert word["en"].strip()
        assert sorted(re.findall(r"\{\w+\}", word["en"])) == sorted(re.findall(r"\{\w+\}", word["zh"]))
        assert not re.search("[\u4e00-\u9fff]", word["en"]) or key == "switch"
        own = re.sub(r"\{\w+\}", "", word["zh"])
        assert re.search("[\u4e00-\u9fff]", own) or not re.search(r"\w", own) or key == "switch"
        assert not re.search(
            "[\u4e00-\u9fff][,;:!?()]|[,;:!?()][\u4e00-\u9fff]", own
        )  # full-width signs between characters


def test_every_word_that_the_scripts_say_exists_and_every_word_is_said():
    text = "\n".join((HOME / name).read_text("utf-8") for name in SCRIPTS)
    assert all(word in (HOME / "page.html").read_text("utf-8") for word in WORDS["page"]["no-script"].values())
    rooms = "|".join(WORDS)
    named = set(re.findall(rf"[\"'`](({rooms})\.[\w-]+)[\"'`]", text))
    said = {whole for whole, _ in named} | {"page.no-script"}
    assert said <= {f"{room}.{key}" for room, keys in WORDS.items() for key in keys}
    built = ("nav.", "section.", "state.", "verification.", "kind.", "criteria.", "seal.", "trial.", "part.missing",
             "calibration.transform-", "part.too-large", "verdict.ask-", "measured.lead-", "cause.",
             "check.", "departure.", "method.", "outcome.", "principle.", "property.", "quantity.", "source.",
             "statistic.")  # fmt: skip
    silent = {f"{room}.{key}" for room, keys in WORDS.items() for key in keys} - said
    assert not {key for key in silent if not key.startswith(built)}
    for states in ("PASS", "FAIL", "INCONCLUSIVE", "NOT-VALID-HERE"):
        assert {states, f"{states}-says"} <= set(WORDS["state"])


def test_terms_follow_the_glossary():
    said = json.dumps(WORDS, ensure_ascii=False)
    for term in ("符合", "不符合", "不能判定", "超出适用域", "裕度", "扩展不确定度", "保护带", "接受限", "标定",
                 "模型确认", "包含因子", "功能性能验证", "编制", "校核", "审核", "批准", "适用域"):  # fmt: skip
        assert term in said
    assert "校准" not in json.dumps(WORDS["calibration"], ensure_ascii=False)  # instruments 校准, models 标定
    assert "模型验证" not in said
