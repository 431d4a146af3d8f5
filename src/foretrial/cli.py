"""The command line: every verb of the project, one sentence for every refusal."""

import importlib
import importlib.util
import inspect
import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from foretrial import __version__, cli_logs, cli_seal
from foretrial.doctor import compiled, findings
from foretrial.models.errors import Cancelled, ForetrialError, ModelError, SurfaceError, did_you_mean

app = typer.Typer(help="Foretrial (先试): try it before the trial.", no_args_is_help=True, add_completion=False,
                  pretty_exceptions_enable=False)  # fmt: skip
logs = typer.Typer(help="Logged trials: add, show, release, check, repair.", no_args_is_help=True)
app.add_typer(logs, name="log")
out = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)

Tell = Callable[[str, float], None]
PATIENCE = 10.0  # s between plain progress lines of one phase
STOPPED = 130  # exit status after Ctrl-C
Misused = typer.BadParameter.__bases__[0]  # what typer's own click raises for a wrong command line
Stored = Annotated[Path, typer.Argument(metavar="STORE", help="The HDF5 trial store.")]


def main() -> None:
    """Run the command line; a refusal is a sentence on stderr and exit status 1, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a console that knows no Chinese shows marks, and goes on
            stream.reconfigure(errors="replace")
    text = ""
    try:
        status = app(standalone_mode=False) or 0
    except ForetrialError as refusal:
        status, text = 1, "\n".join([str(refusal), *getattr(refusal, "__notes__", ())])
    except OSError as cause:
        what, told = cause.filename or "a file", cause.strerror or cause
        text = f"{what}: {told}. Files are read and written there. Check the path, its permissions and the space left."
        status = 1
    except (KeyboardInterrupt, typer.Abort):
        status = STOPPED
    except Misused as misuse:
        status, text = 2, misuse.format_message().strip()  # nothing, or the help, where no argument was given at all
        if text and "\n" not in text:
            text += "" if text.endswith((".", "?")) else "."
            text += (
                " A command line names a command and what it takes. Ask 'foretrial --help', or --help after a command."
            )
    if status == STOPPED:
        text = "Stopped by Ctrl-C. Every file that was finished is whole. Run again to complete."
    if text:
        print(text, file=sys.stderr)
    raise SystemExit(status)


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        out.print(__version__)
        raise typer.Exit


@app.command()
def run(
    case: Annotated[str, typer.Argument(help="A shipped case, or the path of a script with a run() function.")],
    cells: Annotated[int | None, typer.Option(help="Resolution; the case's own where left out.")] = None,
    folder: Annotated[Path | None, typer.Option("--out", help="Where to write; out/CASE where left out.")] = None,
    page: Annotated[bool, typer.Option(help="Write report.html.")] = True,
) -> None:
    """Run a case and write its verdict, its fields and its report."""
    module = _case(case)
    target = folder or Path("out") / Path(case).stem
    given = {"cells": cells, "out": target}
    with _progress() as tell:
        if not compiled():
            tell("compiling the kernels once; later runs start at once", 0.0)
        takes = inspect.signature(module.run).parameters
        options = {
            name: value for name, value in {**given, "tell": tell}.items() if name in takes and value is not None
        }
        if cells is not None and "cells" not in takes:
            raise ModelError(
                f"case '{case}' has no resolution to set (cells = {cells}). Its run() takes "
                f"{', '.join(takes) or 'nothing'}. Leave --cells out."
            )
        try:
            verdict = module.run(**options)
        except Cancelled as stopped:
            print(*stopped.args[:1], *getattr(stopped, "__notes__", ()), file=sys.stderr)
            raise
        except SurfaceError as wrong:
            from foretrial.shapes import marked

            marked(wrong, target / "surface.html")
            raise
        if page and (target / "verdict.json").exists():
            tell("writing the report", 0.97)
            report = importlib.import_module("foretrial.viz").report(target)
        else:
            report = None
    if hasattr(verdict, "content"):
        _print_verdict(verdict, report)
    elif verdict is not None:
        out.print(str(verdict))


def _case(name: str) -> ModuleType:
    """A shipped case by name, or a script by path."""
    path = Path(name)
    if path.suffix == ".py":
        spec = importlib.util.spec_from_file_location(path.stem, path)
        if not path.is_file() or spec is None or spec.loader is None:
            raise ModelError(
                f"{name}: there is no such script. A case is a file with a run() function. Correct the path."
            )
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    else:
        known = shipped()
        if name not in known:
            raise ModelError(f"case '{name}' is not shipped. {did_you_mean(name, known)} "
                             "Name one of them, or give the path of a script.")  # fmt: skip
        module = importlib.import_module(f"foretrial.cases.{name}")
    if not callable(getattr(module, "run", None)):
        raise ModelError(f"{name}: there is no run() in it. A case is a function run(cells=...). Add it.")
    return module


def shipped() -> list[str]:
    """Names of the shipped cases: the files with a question, told by their run(), without importing them."""
    folder = Path(importlib.import_module("foretrial.cases").__file__ or "").parent
    return sorted(p.stem for p in folder.glob("*.py") if p.stem != "qualify"
                  and "\ndef run(" in p.read_text(encoding="utf-8"))  # fmt: skip


@contextmanager
def _progress() -> Iterator[Tell]:
    """A bar with the remaining time on a terminal, plain lines elsewhere; nothing for the same sentence twice."""
    if sys.stderr.isatty():
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("starting", total=1.0)

            def tell(text: str, share: float) -> None:
                bar.update(task, description=text[:70], completed=share)
                if share == 0.0:
                    bar.console.print(text)

            yield tell
        return
    said: dict[str, float] = {}

    def tell_plainly(text: str, share: float) -> None:
        phase, now = re.sub(r"\d.*", "", text.split(":")[0]).strip(), time.monotonic()
        if phase not in said or now - max(said.values()) > PATIENCE:
            said[phase] = now
            print(f"{share * 100:3.0f} %  {text}", file=sys.stderr, flush=True)

    yield tell_plainly


def _print_verdict(verdict: Any, report: Path | None) -> None:
    """The budget in a table, then one line: result, margin, report."""
    from foretrial.models.units import factor

    content = verdict.content
    question, budget = content["question"], content["budget"]
    unit = question["display"]
    short, digits = {"degC": " K", "1": ""}.get(unit, f" {unit}"), ".2f" if unit == "1" else ".1f"
    scale = factor(question["interest"]["unit"], unit)[0] if unit not in ("degC", "degF") else 1.0
    table = Table(title=question["text"]["en"], title_justify="left", box=None, pad_edge=False)
    for head, side in (
        ("uncertainty", "left"),
        ("kind", "left"),
        (f"contribution,{short}" if short else "contribution", "right"),
    ):
        table.add_column(head, justify=side)  # type: ignore[arg-type]
    lines = sorted(budget["lines"], key=lambda line: -abs(line["contribution"]))
    for line in lines[:6]:
        table.add_row(line["name"], line["kind"], f"{abs(line['contribution']) * scale:.2g}")
    rest = sum(line["contribution"] ** 2 for line in lines[6:]) ** 0.5
    if rest:
        table.add_row(f"{len(lines) - 6} more", "", f"{rest * scale:.2g}")
    table.add_row("expanded", f"k = {budget['coverage']:.3g}", f"{budget['expanded'] * scale:.3g}")
    out.print(table)
    for row in content.get("ladder", ()):
        left = " / ".join(f"{one['left'] * scale:.1f}" for one in row["channels"])
        out.print(
            f"{'explains' if row['explains'] else 'form is wrong'}  {row['model']['en']}: {left}{short} left",
            markup=False,
        )
    for reason in content["result"]["reasons"][:3]:
        out.print(reason["en"])
    colour = {"PASS": "green", "FAIL": "red"}.get(verdict.state.value, "yellow")
    place = f"  {report}" if report else ""
    apart, spread = (f"{x * scale:{digits}}" for x in (verdict.margin, verdict.expanded))
    margin = f"margin {apart} ± {spread}{short} (k = {question['coverage']:.3g})"
    out.print(Text(verdict.state.value, f"bold {colour}"), f" {margin}{place}")


cli_logs.add(logs)


@logs.command("check")
def log_check(store: Stored) -> None:
    """Recompute every hash of a store."""
    from foretrial import twin

    findings = twin.check(store)
    for finding in findings:
        out.print(finding)
    out.print(f"{store}: {'every hash matches' if not findings else f'{len(findings)} findings'}")
    if findings:
        raise typer.Exit(1)


@logs.command("repair")
def log_repair(
    folder: Annotated[Path, typer.Argument(help="The folder of a live log whose writer was stopped.")],
    store: Annotated[Path | None, typer.Option(help="Consolidate what is whole into this store.")] = None,
) -> None:
    """Say what a stopped logger left, and consolidate what is whole."""
    from foretrial import twin

    out.print(str(twin.repair(folder)))
    if store is not None:
        trial = twin.consolidate(folder, store)
        out.print(f"{trial.name}: {len(trial.channels)} channels in {store}")


@app.command()
def freeze(
    case: Annotated[str, typer.Argument(help="A case whose requirement is to be frozen.")],
    store: Annotated[Path | None, typer.Option(help="The store; out/CASE/trials.h5 where left out.")] = None,
) -> None:
    """Fix a case's requirement, data split, rule and seeds before any solve."""
    module = _case(case)
    if not callable(getattr(module, "freeze", None)):
        raise ModelError(
            f"case '{case}' freezes nothing: it has no freeze(). A verdict's question is fixed beforehand. "
            "Add freeze(store) to the case."
        )
    target = store or Path("out") / Path(case).stem / "trials.h5"
    target.parent.mkdir(parents=True, exist_ok=True)
    record = module.freeze(target)
    out.print(f"frozen {record.at}  {record.digest[:16]}  {target}")


@app.command()
def shape(
    file: Annotated[Path, typer.Argument(help="An STL file, or a mesh of triangles or solid cells.")],
    unit: Annotated[str | None, typer.Option(help="Unit of length in the file, such as mm: never guessed.")] = None,
    folder: Annotated[Path | None, typer.Option("--out", help="Where the page goes; out/FILE where left out.")] = None,
) -> None:
    """Measure a part from CAD and draw it, red where it does not close."""
    from foretrial.shapes import look

    found, page = look(file, unit, (folder or Path("out") / file.stem) / "shape.html")
    table = Table(title=file.name, title_justify="left", box=None, pad_edge=False, show_header=False)
    for name, _, value in found:
        table.add_row(name, value.split(" · ")[0])
    out.print(table)
    out.print(f"{page}")


cli_seal.add(app)


@app.command()
def qualify(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Which problems; all where none is named.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--json", help="Write the rows here.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that take long.")] = False,
) -> None:
    """Run published problems on this machine and compare with their answers."""
    from foretrial.cases.qualify import qualify as rows_of

    table = Table(box=None, pad_edge=False)
    for head in ("id", "cells", "answer", "reached", "error", "tolerance", "s", "state"):
        table.add_column(head, justify="left" if head in ("id", "state") else "right")
    with _progress() as tell:
        rows = rows_of(ids or (), everything=everything, each=lambda row: tell(f"{row['id']} {row['cells']}", 0.5))
    for row in rows:
        numbers = (_number(row[key]) for key in ("answer", "reached", "error", "tolerance"))
        said = row["state"] + "".join(f": {row[key]}" for key in ("reason", "note") if row[key])
        table.add_row(row["id"], str(row["cells"]), *numbers, f"{row['seconds']:.1f}", said)
    out.print(table)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(rows, indent=1, ensure_ascii=False), encoding="utf-8")
    failed = [row["id"] for row in rows if row["state"] == "fail"]
    out.print(
        f"{len(rows) - len(failed)} of {len(rows)} rows hold" + (f"; failed: {', '.join(failed)}" if failed else "")
    )
    if failed:
        raise typer.Exit(1)


def _number(value: Any) -> str:
    return "-" if value is None else f"{value:.6g}" if isinstance(value, (int, float)) else str(value)


@app.command()
def doctor() -> None:
    """Look at what this machine has, and how to cure what it lacks."""
    for name, state, cure in findings():
        colour = "green" if not cure else "yellow"
        out.print(Text("look" if cure else "ok  ", colour), f"{name}: {state}" + (f"\n     {cure}" if cure else ""))


if __name__ == "__main__":
    main()
