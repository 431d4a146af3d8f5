"""Commands that bring logs in, look at them and hand them out: add, show, release."""

import re
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from foretrial.models.errors import TrialError

out = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
Stored = Annotated[Path, typer.Argument(metavar="STORE", help="The HDF5 trial store.")]


def add(logs: typer.Typer) -> None:
    """Put the commands on the command line."""
    for name, command in (("add", log_add), ("show", log_show), ("release", log_release)):
        logs.command(name)(command)


def log_add(
    store: Stored,
    table: Annotated[Path, typer.Argument(help="The log: CSV in any dialect, .xlsx, .tdms, .mf4 or .mdf.")],
    sidecar: Annotated[Path | None, typer.Option(help="Its TOML sidecar; the same name where left out.")] = None,
    unit: Annotated[
        list[str] | None, typer.Option(help="CHANNEL=UNIT where the log states none; kept in the store.")
    ] = None,
    time: Annotated[str | None, typer.Option(help="The time column, where several could be.")] = None,
) -> None:
    """Read a log by its suffix, add it to a store, and tell what looks wrong about it."""
    from foretrial import twin

    kept = twin.add_log(store, table, sidecar, units=_units(unit or []), time=time)
    out.print(f"{kept.name}: {len(kept.channels)} channels added to {store}, content {kept.content[:12]}")
    for fault in twin.faults(kept):
        out.print(f"look: {fault}")


def _units(given: list[str]) -> dict[str, str] | None:
    for one in given:
        if not re.fullmatch(r".+=[^=]+", one):
            raise TrialError(f"--unit {one} is not CHANNEL=UNIT. A unit belongs to a channel. Write --unit T1=degC.")
    return dict((one.rsplit("=", 1)[0], one.rsplit("=", 1)[1]) for one in given) or None


def log_show(
    store: Stored,
    name: Annotated[str | None, typer.Argument(help="Which trial.")] = None,
    folder: Annotated[Path, typer.Option("--out", help="Where the page goes.")] = Path("out/logs"),
    page: Annotated[bool, typer.Option(help="Draw the channels on a page; it is not opened.")] = True,
) -> None:
    """List the trials of a store; or draw one, its channels in lines here and on a page, and what looks wrong."""
    from foretrial import twin
    from foretrial.viz.log import log_page, sparkline

    known = twin.names(store)
    if name is None and len(known) != 1:
        for one in known:
            out.print(one)
        return
    trial = twin.read(store, name)
    table = Table(title=f"{trial.name}: {trial.title}", title_justify="left", box=None, pad_edge=False)
    for head in ("channel", "kind", "station", "unit", "readings", "gaps", "from", "to", "std"):
        table.add_column(head)
    table.add_column("over time", no_wrap=True)
    for c in trial.channels.values():
        reads = c.values[c.reads]
        span = (f"{reads.min():.4g}", f"{reads.max():.4g}") if reads.size else ("-", "-")
        table.add_row(c.name, c.kind, c.station, c.unit, str(reads.size), str(int((~c.reads).sum())), *span,
                      f"{float(c.sigma.mean()):.2g}" if c.t.size else "-", sparkline(c.values, width=12))  # fmt: skip
    out.print(table)
    for c in trial.channels.values():
        if c.unused:
            out.print(f"out of use: {c.name}: {c.unused}")
    found = twin.faults(trial)
    for fault in found:
        out.print(f"look: {fault}")
    if page:
        target = folder / (re.sub(r"[^\w.-]+", "_", trial.name) + ".html")
        out.print(str(log_page(trial, target, found=[(f.channel, f.begin, f.end, f.en, f.zh) for f in found])))


def log_release(
    store: Stored,
    target: Annotated[Path, typer.Argument(help="The new store, for others.")],
    dictionary: Annotated[Path, typer.Argument(help="What turns it back, a JSON file; it stays with you.")],
    names: Annotated[list[str] | None, typer.Option("--trial", help="Which trials; all where left out.")] = None,
    dither: Annotated[bool, typer.Option(help="Blur the digitiser's step away.")] = False,
) -> None:
    """Write desensitised copies of trials: renamed, dimensionless, without texts or dates; tell what they still say."""
    from foretrial import twin

    released = twin.release([twin.read(store, one) for one in names or twin.names(store)], dither=dither)
    released.write(target, dictionary)
    for en, zh in released.leaks:
        out.print(f"still tells: {en}")
        out.print(f"             {zh}")
    out.print(f"{target}: {len(released.trials)} trials for others; {dictionary} stays with you")
