"""Commands that seal and check verdicts: key, sign, check, tree."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from foretrial.models.errors import ModelError

out = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
Verdict = Annotated[Path, typer.Argument(help="A verdict.json, or its folder.")]


def add(app: typer.Typer) -> None:
    """Put the commands on the command line."""
    for command in (check, sign, key, tree):
        app.command()(command)


def check(
    verdict: Verdict,
    keys: Annotated[
        list[Path] | None, typer.Option("--key", help="A public key that should have signed; several are allowed.")
    ] = None,
) -> None:
    """Recompute the hashes and the decision of a verdict, and hold its signatures against keys."""
    from foretrial import twin

    findings = twin.check_verdict(verdict, keys=keys or ())
    for finding in findings:
        out.print(f"{'holds ' if finding.holds else 'BROKEN'}  {finding.what}: {finding.text}")
    broken = [finding.what for finding in findings if not finding.holds]
    out.print(f"{verdict}: " + (f"does not hold: {', '.join(broken)}" if broken else "hashes and decision hold"))
    if broken:
        raise typer.Exit(1)


def sign(
    verdict: Verdict,
    own: Annotated[Path, typer.Option("--key", help="Your private key.")],
    role: Annotated[str, typer.Option(help="prepared, checked, reviewed or approved (编制/校核/审核/批准).")],
    name: Annotated[str, typer.Option(help="Your name.")],
    note: Annotated[str, typer.Option(help="A remark that is signed with it.")] = "",
    locked: Annotated[bool, typer.Option("--passphrase", help="Ask for the key's passphrase.")] = False,
) -> None:
    """Sign a verdict as one of its four roles; the signature lies beside it."""
    from foretrial import twin

    opened = typer.prompt("passphrase", hide_input=True) if locked else ""
    there = twin.sign(verdict, key=own, role=role, name=name, note=note, passphrase=opened)
    out.print(f"{name} signed as {role}: {there}")


def key(
    path: Annotated[Path, typer.Argument(metavar="NAME", help="Of the two files, without their endings.")],
    locked: Annotated[bool, typer.Option("--passphrase", help="Ask for a passphrase that locks it.")] = False,
) -> None:
    """Make a key pair: NAME.key signs and stays with you, NAME.pub checks and goes to others."""
    from foretrial import twin

    chosen = typer.prompt("passphrase", hide_input=True, confirmation_prompt=True) if locked else ""
    private, public = twin.make_keys(path, passphrase=chosen)
    out.print(f"{private} signs: keep it to yourself. {public} checks: give it to others.")


def tree(
    file: Annotated[Path, typer.Argument(help="A requirement tree: .toml, .csv or .reqif.")],
    to: Annotated[
        Path | None, typer.Option("--out", help="Where to write; the tree's own folder where left out.")
    ] = None,
    verification: Annotated[
        str, typer.Option(help="Which of the five a leaf serves that does not say so, as in other tools' ReqIF.")
    ] = "",
    convert: Annotated[
        Path | None, typer.Option("--convert", help="Only write the tree in another form: .toml, .csv or .reqif.")
    ] = None,
) -> None:
    """Carry verdicts up a requirement tree, print it, and write tree.json and tree.html."""
    from foretrial import twin, viz

    asked = twin.read_tree(file, verification=verification)
    if convert is not None:
        twin.write_tree(asked, convert)
        out.print(f"{len(asked.nodes)} requirements in {convert}")
        return
    folder = to or file.parent
    if not folder.is_dir():
        raise ModelError(
            f"{folder} is no folder. tree.json and tree.html are written there. Make it, or correct --out."
        )
    carried = twin.carry(asked, folder=file.parent)
    for line in str(carried).splitlines():
        out.print(line)
    twin.write_carried(carried, folder)
    out.print(f"{carried.state.value}  {viz.tree_page(folder)}")
