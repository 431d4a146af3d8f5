"""Requirement trees as ReqIF 1.2, a subset: one specification, texts alone.

Written: header, one string type, one type of requirement, its objects, and one hierarchy. Read: objects with string,
XHTML (as plain text) and enumeration values, and every hierarchy. Relations, attachments, groups, access rules and
the layout of XHTML are left where they are: a file that holds them is read, and not written back.
"""

import re
import uuid
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

from ..models import ModelError
from .tree import Tree

SPACE = "http://www.omg.org/spec/ReqIF/20110401/reqif.xsd"
STAMP = "1970-01-01T00:00:00Z"  # ReqIF asks for times of change; the same tree gives the same file
# Attribute of an object to field of a node; the ReqIF.* names are those of the ReqIF Implementation Guide.
ATTRIBUTES = {"ReqIF.ForeignID": "id", "ReqIF.Text": "text", "Foretrial.TextZh": "text_zh",
              "Foretrial.Verification": "verification", "Foretrial.Verdict": "verdict",
              "Foretrial.Answers": "answers"}  # fmt: skip
TITLES = ("ReqIF.Text", "ReqIF.ChapterName", "ReqIF.Name", "ReqIF.Description")
WHOLE = {"Foretrial.Id": "id", "Foretrial.Text": "text", "Foretrial.TextZh": "text_zh", "Foretrial.Risk": "risk"}


def from_reqif(path: Path, text: str) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """What stands above the tree, and its nodes as rows.

    Raises
    ------
    ModelError
        If the text is no ReqIF, declares a document type, or places an object that it does not hold.
    """
    if re.search(r"<!(DOCTYPE|ENTITY)", text):
        raise ModelError(
            f"{path} declares a document type. ReqIF needs none, and entities are not expanded. Remove it."
        )
    try:
        root = ET.fromstring(text.encode())
    except ET.ParseError as cause:
        raise ModelError(f"{path} is not XML: {cause}. A ReqIF file is. Export it again.") from cause
    if root.tag != f"{{{SPACE}}}REQ-IF":
        raise ModelError(f"{path} begins with <{root.tag}>. A ReqIF file begins with <REQ-IF>. Export it as ReqIF 1.x.")
    names = {one.get("IDENTIFIER", ""): one.get("LONG-NAME", "") for one in root.iter()
             if one.tag.startswith(f"{{{SPACE}}}ATTRIBUTE-DEFINITION-")}  # fmt: skip
    choices = {one.get("IDENTIFIER", ""): one.get("LONG-NAME", "") for one in root.iter(_tag("ENUM-VALUE"))}
    objects = {one.get("IDENTIFIER", ""): _values(one, names, choices) for one in root.iter(_tag("SPEC-OBJECT"))}
    whole: dict[str, Any] = {}
    rows: list[dict[str, str]] = []
    for specification in root.iter(_tag("SPECIFICATION")):
        said = _values(specification, names, choices)
        whole |= {field: said[name] for name, field in WHOLE.items() if said.get(name)}
        _walk(path, specification, "", objects, rows)
    if "risk" in whole:
        whole["risk"] = float(whole["risk"])
    return whole, rows


def _walk(path: Path, above: ET.Element, parent: str, objects: dict[str, dict[str, str]],
          rows: list[dict[str, str]]) -> None:  # fmt: skip
    for place in above.findall(f"{_tag('CHILDREN')}/{_tag('SPEC-HIERARCHY')}"):
        mark = (place.findtext(f"{_tag('OBJECT')}/{_tag('SPEC-OBJECT-REF')}") or "").strip()
        if mark not in objects:
            raise ModelError(
                f"{path}: the hierarchy places object '{mark}', which the file does not hold. Each place has its "
                "object. Export the whole specification."
            )
        said = objects[mark]
        row = {field: said[name] for name, field in ATTRIBUTES.items() if said.get(name)}
        row.setdefault("id", mark)
        row.setdefault("text", next((said[name] for name in TITLES if said.get(name)), row["id"]))
        rows.append({**row, "parent": parent})
        _walk(path, place, row["id"], objects, rows)


def _values(owner: ET.Element, names: dict[str, str], choices: dict[str, str]) -> dict[str, str]:
    found = {}
    for value in owner.findall(f"{_tag('VALUES')}/*"):
        refs = [one for one in value.findall(f"{_tag('DEFINITION')}/*") if one.text]
        if not refs:
            continue
        name = names.get((refs[0].text or "").strip(), "")
        if value.tag == _tag("ATTRIBUTE-VALUE-STRING"):
            found[name] = value.get("THE-VALUE", "")
        elif value.tag == _tag("ATTRIBUTE-VALUE-XHTML"):
            found[name] = " ".join("".join(one.itertext()) for one in value.findall(_tag("THE-VALUE"))).strip()
        elif value.tag == _tag("ATTRIBUTE-VALUE-ENUMERATION"):
            marks = [(one.text or "").strip() for one in value.findall(f"{_tag('VALUES')}/*")]
            found[name] = ", ".join(choices.get(mark, mark) for mark in marks)
    return found


def to_reqif(tree: Tree) -> str:
    """The tree as the text of a ReqIF file, the same for the same tree."""
    ET.register_namespace("", SPACE)

    def mark(what: str) -> str:
        return f"_{uuid.uuid5(uuid.NAMESPACE_URL, f'foretrial.tree/{tree.id}/{what}')}"

    def put(above: ET.Element, tag: str, text: str = "", **given: str) -> ET.Element:
        made = ET.SubElement(above, _tag(tag), {key.replace("_", "-"): value for key, value in given.items()})
        made.text = text or None
        return made

    def named(above: ET.Element, tag: str, what: str, name: str = "") -> ET.Element:
        given = {"IDENTIFIER": mark(what), "LAST_CHANGE": STAMP}
        return put(above, tag, **given, **({"LONG_NAME": name} if name else {}))

    def attributes(above: ET.Element, kind: str, which: dict[str, str]) -> None:
        listed = put(above, "SPEC-ATTRIBUTES")
        for name in which:
            one = named(listed, "ATTRIBUTE-DEFINITION-STRING", f"{kind}/{name}", name)
            put(put(one, "TYPE"), "DATATYPE-DEFINITION-STRING-REF", mark("text type"))

    def values(above: ET.Element, kind: str, which: dict[str, str], source: Any) -> None:
        listed = put(above, "VALUES")
        for name, field in which.items():
            value = str(getattr(source, field))
            if value:
                one = put(listed, "ATTRIBUTE-VALUE-STRING", THE_VALUE=value)
                put(put(one, "DEFINITION"), "ATTRIBUTE-DEFINITION-STRING-REF", mark(f"{kind}/{name}"))

    root = ET.Element(_tag("REQ-IF"))
    head = put(put(root, "THE-HEADER"), "REQ-IF-HEADER", IDENTIFIER=mark("header"))
    for tag, text in (("CREATION-TIME", STAMP), ("REQ-IF-TOOL-ID", "foretrial"), ("REQ-IF-VERSION", "1.0"),
                      ("SOURCE-TOOL-ID", "foretrial"), ("TITLE", tree.text or tree.id)):  # fmt: skip
        put(head, tag, text)
    core = put(put(root, "CORE-CONTENT"), "REQ-IF-CONTENT")
    put(core, "DATATYPES").append(_text_type(mark("text type")))
    types = put(core, "SPEC-TYPES")
    attributes(named(types, "SPEC-OBJECT-TYPE", "requirement", "Requirement"), "requirement", ATTRIBUTES)
    attributes(named(types, "SPECIFICATION-TYPE", "tree", "Requirement tree"), "tree", WHOLE)
    objects = put(core, "SPEC-OBJECTS")
    for node in tree.nodes:
        one = named(objects, "SPEC-OBJECT", f"object/{node.id}")
        values(one, "requirement", ATTRIBUTES, node)
        put(put(one, "TYPE"), "SPEC-OBJECT-TYPE-REF", mark("requirement"))
    whole = named(put(core, "SPECIFICATIONS"), "SPECIFICATION", "specification", tree.id)
    values(whole, "tree", WHOLE, tree)
    put(put(whole, "TYPE"), "SPECIFICATION-TYPE-REF", mark("tree"))

    def place(above: ET.Element, parent: str) -> None:
        children = tree.children(parent)
        listed = put(above, "CHILDREN") if children else above
        for node in children:
            one = named(listed, "SPEC-HIERARCHY", f"place/{node.id}")
            put(put(one, "OBJECT"), "SPEC-OBJECT-REF", mark(f"object/{node.id}"))
            place(one, node.id)

    place(whole, "")
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _text_type(mark: str) -> ET.Element:
    given = {"IDENTIFIER": mark, "LAST-CHANGE": STAMP, "LONG-NAME": "Text", "MAX-LENGTH": "32000"}
    return ET.Element(_tag("DATATYPE-DEFINITION-STRING"), given)


def _tag(name: str) -> str:
    return f"{{{SPACE}}}{name}"
