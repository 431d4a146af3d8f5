"""Requirements above requirements: results carried upwards, and what is not evidenced shown."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..models import ModelError, State
from ..models.errors import did_you_mean
from ..models.requirement import VERIFICATIONS
from ..models.verdict import canonical
from .check import check, read_verdict, seal
from .sealed import sealed

SCHEMA = "foretrial.tree/1"
POLICY = {"design": "设计验证", "functional performance": "功能性能验证", "process": "工艺验证",
          "adaptation": "适配验证", "production": "生产验证"}  # fmt: skip
STATES_ZH = {"PASS": "符合", "FAIL": "不符合", "INCONCLUSIVE": "不能判定", "NOT-VALID-HERE": "超出适用域"}
Words = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One requirement of a tree.

    Attributes
    ----------
    id, parent : str
        The parent's id; empty at the top.
    text, text_zh : str
    verification : str
        Which of the five it serves; a leaf needs one, above it may be left out.
    verdict : str
        Of a leaf: path of its verdict.json, from the tree's folder; empty where there is none yet.
    answers : str
        Id of the requirement that the verdict has to answer, where it is not `id`.
    """

    id: str
    text: str
    parent: str = ""
    text_zh: str = ""
    verification: str = ""
    verdict: str = ""
    answers: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Requirements and what each is a part of.

    Attributes
    ----------
    id, text, text_zh : str
    nodes : tuple of Node
        Parents need not stand before their children.
    risk : float
        Largest risk of wrongly accepting any of the requirements with which the whole may still pass.

    Raises
    ------
    ModelError
        If ids repeat, a parent is missing, nodes go round in a ring, a leaf names no verification or one that is not
        known, or what has children names a verdict.
    """

    id: str
    nodes: tuple[Node, ...]
    text: str = ""
    text_zh: str = ""
    risk: float = 0.05

    def __post_init__(self) -> None:
        ids = [node.id for node in self.nodes]
        twice = [one for one, count in Counter(ids).items() if count > 1 or not one.strip()]
        if not ids or twice:
            told = (
                f"requirement '{twice[0]}' stands {ids.count(twice[0])} times" if twice else "there is no requirement"
            )
            raise ModelError(f"{self.id}: {told}. Each has an id of its own. Give each one.")
        if not 0.0 < self.risk < 1.0:
            raise ModelError(f"{self.id}: risk = {self.risk:g} is no probability. It lies between 0 and 1. Say 0.05.")
        for node in self.nodes:
            self._refuse(node, ids)

    def _refuse(self, node: Node, ids: Sequence[str]) -> None:
        if node.parent and node.parent not in ids:
            raise ModelError(
                f"{node.id}: its parent '{node.parent}' is not in the tree. {did_you_mean(node.parent, ids)} Mend it."
            )
        seen, at = {node.id}, node
        while at.parent:
            at = self[at.parent]
            if at.id in seen:
                raise ModelError(
                    f"{node.id}: its parents come round to '{at.id}' again. A tree has a top. Take one parent away."
                )
            seen.add(at.id)
        leaf = not self.children(node.id)
        if (leaf or node.verification) and node.verification not in VERIFICATIONS:
            raise ModelError(
                f"{node.id}: verification '{node.verification}' is not known. "
                f"{did_you_mean(node.verification, VERIFICATIONS)} Choose one of {', '.join(VERIFICATIONS)}."
            )
        if not leaf and node.verdict:
            raise ModelError(
                f"{node.id} has parts and a verdict ({node.verdict}). Its result follows from its parts. "
                "Give the verdict to a part of its own."
            )

    def __getitem__(self, name: str) -> Node:
        return next(node for node in self.nodes if node.id == name)

    def children(self, name: str) -> tuple[Node, ...]:
        """What a requirement consists of; of "" the tops."""
        return tuple(node for node in self.nodes if node.parent == name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a requirement of a tree has come to.

    Attributes
    ----------
    node : Node
    state : State
    reasons : tuple of (English, Chinese)
    depth : int
        0 at the top.
    evidenced, leaves : int
        How many of the leaves below (or the leaf itself) have a verdict that counts.
    risk : float
        Of a leaf that passes: of accepting it wrongly. Above: at most that of any below, their sum.
    verdict : mapping or None
        Of a leaf: id, digest and file hash, state, value, limit, margin, expanded, unit, display, created.
    """

    node: Node
    state: State
    reasons: tuple[Words, ...]
    depth: int
    evidenced: int
    leaves: int
    risk: float
    verdict: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A tree with its results, parents before children."""

    tree: Tree
    results: tuple[Result, ...]
    state: State
    reasons: tuple[Words, ...]
    risk: float

    @property
    def leaves(self) -> tuple[Result, ...]:
        """Results of the requirements that verdicts answer."""
        return tuple(r for r in self.results if not self.tree.children(r.node.id))

    def groups(self) -> dict[str, tuple[Result, ...]]:
        """Leaves by the five verifications, those without any included."""
        return {name: tuple(r for r in self.leaves if r.node.verification == name) for name in VERIFICATIONS}

    def content(self) -> dict[str, Any]:
        """Plain data of tree.json, sealed by its digest."""
        rows = [{"id": r.node.id, "parent": r.node.parent, "depth": r.depth,
                 "text": _pair((r.node.text, r.node.text_zh)), "verification": r.node.verification,
                 "state": r.state.value, "evidenced": r.evidenced, "leaves": r.leaves,
                 "risk": r.risk, "reasons": [_pair(w) for w in r.reasons],
                 "file": r.node.verdict, "verdict": None if r.verdict is None else dict(r.verdict)}
                for r in self.results]  # fmt: skip
        groups = [{"verification": name, "zh": POLICY[name], "leaves": len(found),
                   "evidenced": sum(r.evidenced for r in found),
                   "state": State.worst(r.state for r in found).value if found else None,
                   "ids": [r.node.id for r in found]} for name, found in self.groups().items()]  # fmt: skip
        return seal({"schema": SCHEMA, "id": self.tree.id, "text": _pair((self.tree.text, self.tree.text_zh)),
                     "state": self.state.value, "reasons": [_pair(w) for w in self.reasons], "risk": self.risk,
                     "risk_allowed": self.tree.risk, "leaves": len(self.leaves),
                     "evidenced": sum(r.evidenced for r in self.leaves), "groups": groups, "nodes": rows})  # fmt: skip

    def __str__(self) -> str:
        wide = max(2 * r.depth + len(r.node.id) for r in self.results)
        lines = [f"{'  ' * r.depth + r.node.id:<{wide}}  {r.state.value:<14}  {r.evidenced}/{r.leaves}  "
                 f"{r.reasons[0][0] if r.reasons else r.node.text}" for r in self.results]  # fmt: skip
        for name, found in self.groups().items():
            worst = State.worst(r.state for r in found).value if found else "none asked for"
            lines.append(f"{POLICY[name]} {name}: {worst}, {sum(r.evidenced for r in found)} of {len(found)} evidenced")
        return "\n".join([*lines, *(en for en, _ in self.reasons)])


def carry(tree: Tree, *, folder: Path | str) -> Carried:
    """Every requirement's result: leaves from their verdicts, the rest the worst of their parts.

    Parameters
    ----------
    tree : Tree
    folder : Path or str
        That the verdicts' paths start from.

    Returns
    -------
    Carried
        A leaf without a verdict, or with one whose check fails, that answers another requirement or serves another
        verification, is INCONCLUSIVE, not evidenced. All passed, the whole is INCONCLUSIVE still where the risks of
        accepting any of them wrongly add up to more than the tree allows (Bonferroni; exact for two limits of one
        number).
    """
    folder = Path(folder)
    found: dict[str, Result] = {}
    order = _order(tree)
    for name, depth in reversed(order):
        node, parts = tree[name], [found[c.id] for c in tree.children(name)]
        found[name] = _above(node, parts, depth) if parts else _leaf(node, folder, depth)
    results = tuple(found[name] for name, _ in order)
    state = State.worst(found[node.id].state for node in tree.children(""))
    leaves = [r for r in results if not tree.children(r.node.id)]
    risk = min(1.0, sum(r.risk for r in leaves if r.state is State.PASS))
    reasons: list[Words] = []
    bare = [r.node.id for r in leaves if not r.evidenced]
    if bare:
        reasons.append((f"{len(bare)} of {len(leaves)} requirements are not evidenced: {', '.join(bare)}.",
                        f"{len(leaves)} 项要求中有 {len(bare)} 项尚无证据：{'、'.join(bare)}。"))  # fmt: skip
    if state is State.PASS and risk > tree.risk:
        state = State.INCONCLUSIVE
        reasons.append((f"The risk of wrongly accepting one of {len(leaves)} requirements may be {risk:.2g}, above the "
                        f"{tree.risk:.2g} allowed for all of them together.",
                        f"{len(leaves)} 项要求中误接受任一项的风险可达 {risk:.2g}，"
                        f"超过整体允许的 {tree.risk:.2g}。"))  # fmt: skip
    return Carried(tree=tree, results=results, state=state, reasons=tuple(reasons), risk=risk)


def write_carried(carried: Carried, folder: Path | str) -> Path:
    """tree.json in `folder`, canonical and sealed, whole or not at all."""
    path = Path(folder) / "tree.json"
    with sealed(path) as partial:
        partial.write_text(canonical(carried.content()), encoding="utf-8", newline="\n")
    return path


def _order(tree: Tree) -> list[tuple[str, int]]:
    """Ids with their depth, parents before children, as they stand in the tree."""
    found: list[tuple[str, int]] = []
    stack = [(node.id, 0) for node in reversed(tree.children(""))]
    while stack:
        name, depth = stack.pop()
        found.append((name, depth))
        stack += [(node.id, depth + 1) for node in reversed(tree.children(name))]
    return found


def _above(node: Node, parts: Sequence[Result], depth: int) -> Result:
    state = State.worst(r.state for r in parts)
    why = [r.node.id for r in parts if r.state is state]
    reasons: tuple[Words, ...] = ()
    if state is not State.PASS:
        reasons = ((f"As {', '.join(why)}.", f"取决于 {'、'.join(why)}。"),)
    return Result(node=node, state=state, reasons=reasons, depth=depth, evidenced=sum(r.evidenced for r in parts),
                  leaves=sum(r.leaves for r in parts), risk=min(1.0, sum(r.risk for r in parts)))  # fmt: skip


def _leaf(node: Node, folder: Path, depth: int) -> Result:
    def bare(en: str, zh: str) -> Result:
        return Result(node=node, state=State.INCONCLUSIVE, reasons=((f"Not evidenced: {en}.", f"尚无证据：{zh}。"),),
                      depth=depth, evidenced=0, leaves=1, risk=0.0)  # fmt: skip

    if not node.verdict:
        return bare("no verdict yet", "尚无结论")
    file = folder / Path(node.verdict)
    file = file / "verdict.json" if file.is_dir() else file
    if not file.is_file():
        return bare(f"{node.verdict} is missing", f"缺少 {node.verdict}")
    try:
        broken = [one.what for one in check(file) if not one.holds]
        content = read_verdict(file)
    except ModelError as cause:
        return bare(f"{cause}".rstrip("."), f"无法读取 {node.verdict}")
    if broken:
        return bare(f"its check fails ({', '.join(broken)})", f"复核不通过（{', '.join(broken)}）")
    q, r = content["question"], content["result"]
    own, asked = q.get("id") or content["id"].rpartition("-")[0], node.answers or node.id
    if own != asked:
        return bare(f"its verdict answers '{own}'", f"所附结论针对“{own}”")
    if q["verification"] != node.verification:
        return bare(
            f"its verdict serves {q['verification']} verification", f"所附结论服务于{POLICY[q['verification']]}"
        )
    state = State(r["state"])
    first = r["reasons"][0]
    verdict = {"id": content["id"], "digest": content["digest"], "sha256": _sha(file), "state": state.value,
               "value": r["value"], "limit": r["limit"], "limits": q["limit"] if isinstance(q["limit"], list) else None,
               "margin": r["margin"], "expanded": r["expanded"],
               "unit": q["interest"]["unit"], "display": q["display"], "created": content["created"]}  # fmt: skip
    reasons = [(first["en"], first["zh"])]
    if q["freeze"] is None or not q["freeze"].get("before_result"):
        reasons.append(("Its question was not frozen before the result.", "其问题未在结果之前冻结。"))
    return Result(node=node, state=state, reasons=tuple(reasons), depth=depth, evidenced=1, leaves=1,
                  risk=float(r["false_accept"]), verdict=verdict)  # fmt: skip


def _sha(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _pair(words: Words) -> dict[str, str]:
    return {"en": words[0], "zh": words[1] or words[0]}
