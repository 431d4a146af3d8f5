"""Every python block of every page runs, and the two READMEs say the same."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WITH_FILES = {"logs.md"}  # its blocks need the files that it describes: tests/twin/test_import.py runs them
PAGES = sorted(
    p
    for p in [*ROOT.glob("README*.md"), *ROOT.glob("docs/*.md")]
    if "```python" in p.read_text("utf-8") and p.name not in WITH_FILES
)

pytestmark = pytest.mark.skipif(not (ROOT / "README.md").exists(), reason="the pages lie in a checkout, not in a wheel")


def blocks(page: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), flags=re.S)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_the_python_of_a_page_runs(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for code in blocks(page):
        exec(compile(code, page.name, "exec"), {"__name__": "page"})
    assert "failed" not in capsys.readouterr().out


def test_both_readmes_run_the_same_script_and_name_the_same_commands():
    english, chinese = ROOT / "README.md", ROOT / "README.zh-CN.md"
    assert blocks(english) == blocks(chinese)
    commands = [re.findall(r"`foretrial [^`]+`|make (?:demo|test)", p.read_text("utf-8")) for p in (english, chinese)]
    assert commands[0] == commands[1]


def test_the_script_of_the_readme_has_twenty_lines_at_most():
    (script,) = blocks(ROOT / "README.md")
    assert len(script.strip().splitlines()) <= 20
