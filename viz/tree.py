"""The page of a requirement tree: one table in English and Chinese, drawn from tree.json and nothing else."""

import html
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..models.errors import ModelError
from ..models.units import from_si
from .report import put

SCHEMA = "foretrial.tree/1"
STATES = {"PASS": "符合", "FAIL": "不符合", "INCONCLUSIVE": "不能判定", "NOT-VALID-HERE": "超出适用域"}
HEADS = (("Requirement", "要求"), ("Result", "结论"), ("Evidenced", "有证据"), ("Value and limit", "数值与限值"),
         ("Why", "依据"))  # fmt: skip
CSS = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, "Noto Sans SC", "Microsoft YaHei", sans-serif }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem } table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid #8886 }
.state { font-weight: 600; white-space: nowrap } .PASS { color: #1a7f37 } .FAIL { color: #c5221f }
.INCONCLUSIVE, .NOT-VALID-HERE { color: #9a6700 } small, code { color: #777 } [lang=zh] { display: block; color: #777 }
"""


def tree_page(folder: Path | str) -> Path:
    """Draw `tree.html` beside `tree.json` and say where it is; both languages stand side by side, without a script.

    Raises
    ------
    ModelError
        If tree.json is missing or is none.
    """
    folder = Path(folder)
    source = folder / "tree.json"
    try:
        tree = json.loads(source.read_text(encoding="utf-8"))
    except FileNotFoundError as cause:
        raise ModelError(f"{folder} holds no tree.json. A page is drawn from one. Run foretrial tree FILE.") from cause
    except ValueError as cause:
        raise ModelError(f"{source} is not JSON ({cause}). Write it anew: foretrial tree FILE.") from cause
    if not isinstance(tree, dict) or tree.get("schema") != SCHEMA:
        raise ModelError(f"{source} is no requirement tree. Its schema is {SCHEMA}. Write it: foretrial tree FILE.")
    return put(folder / "tree.html", _page(tree))


def _page(tree: Mapping[str, Any]) -> str:
    title = _both(tree["text"]) if tree["text"]["en"] else html.escape(tree["id"])
    rows = "\n".join(_row(node) for node in tree["nodes"])
    groups = "\n".join(
        f"<tr><td>{html.escape(g['verification'])} <span lang=zh>{g['zh']}</span></td>"
        f"<td>{_state(g['state']) if g['state'] else '–'}</td><td>{g['evidenced']} / {g['leaves']}</td>"
        f"<td>{html.escape(', '.join(g['ids']))}</td></tr>" for g in tree["groups"])  # fmt: skip
    why = "".join(f"<p>{_both(reason)}</p>" for reason in tree["reasons"])
    heads = "".join(f"<th>{en}<span lang=zh>{zh}</span></th>" for en, zh in HEADS)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{html.escape(tree["id"])}: {tree["state"]}</title><style>{CSS}</style></head><body>
<h1>{title}</h1>
<p>{_state(tree["state"])} · {tree["evidenced"]} / {tree["leaves"]} evidenced <span lang=zh>有证据</span></p>
{why}
<table><thead><tr>{heads}</tr></thead><tbody>
{rows}
</tbody></table>
<h2>By verification <span lang=zh>按验证类别</span></h2>
<table><tbody>
{groups}
</tbody></table>
<p>Risk of wrongly accepting any of them, at most {tree["risk"]:.2g} (allowed {tree["risk_allowed"]:.2g}).
<span lang=zh>误接受其中任一项的风险不超过 {tree["risk"]:.2g}（允许 {tree["risk_allowed"]:.2g}）。</span></p>
<p><small>tree.json <code>{tree["digest"]}</code></small></p>
</body></html>
"""


def _row(node: Mapping[str, Any]) -> str:
    verdict = node["verdict"]
    number = ""
    if verdict:
        ends = verdict.get("limits") or [verdict["limit"]]
        value, *shown = (_shown(x, verdict["unit"], verdict["display"]) for x in (verdict["value"], *ends))
        limit = " … ".join(shown)
        number = f"{value} / {limit} {html.escape(verdict['display'])}<br><small>{html.escape(verdict['id'])}</small>"
    why = "<br>".join(_both(reason) for reason in node["reasons"])
    return (f'<tr><td style="padding-left:{0.6 + 1.4 * node["depth"]:.1f}rem"><b>{html.escape(node["id"])}</b> '
            f"{_both(node['text'])}</td><td>{_state(node['state'])}</td><td>{node['evidenced']} / {node['leaves']}</td>"
            f"<td>{number}</td><td>{why}</td></tr>")  # fmt: skip


def _shown(value: float, unit: str, display: str) -> str:
    try:
        return f"{from_si(value, unit, display):.5g}"
    except ModelError:
        return f"{value:.5g}"


def _state(state: str) -> str:
    return f'<span class="state {state}">{state} <span lang=zh>{STATES[state]}</span></span>'


def _both(words: Mapping[str, str]) -> str:
    if words["en"] == words["zh"]:
        return html.escape(words["en"])
    return f"{html.escape(words['en'])}<span lang=zh>{html.escape(words['zh'])}</span>"
