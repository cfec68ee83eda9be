"""Commands on designs: list, check and start them, compare, evaluate and describe them."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pdsim.cli.console import (
    Baseline,
    Json,
    Replicates,
    Seed,
    Settings,
    TheoryOption,
    Years,
    app,
    complain,
    progress_bar,
    settings_of,
)
from pdsim.errors import InputError, one_line, shown


@app.command("list")
def list_command() -> None:
    """Show the shipped scenarios and experiments, a line each."""
    from pdsim import library
    from pdsim.errors import read_toml

    for kind in ("scenarios", "experiments"):
        files = library.shipped(kind)
        width = max(map(len, files), default=0)
        if files:
            typer.echo(f"{kind}:")
        for name, path in files.items():
            typer.echo(f"  {name:{width}} {read_toml(path).get('title', '')}")


@app.command()
def check(files: Annotated[list[str], typer.Argument(help="scenario or experiment files, or short names")]) -> None:
    """Say whether scenario and experiment files are right; the first mistake of each is shown, with what is allowed."""
    mistakes = 0
    for name in files:
        try:
            good, remarks = judged(name)
            typer.echo(one_line(f"{name}: good ({good})"))
            for remark in remarks:
                typer.echo(f"  note: {remark}")
        except InputError as error:
            mistakes += 1
            complain(error)
    if mistakes:
        raise typer.Exit(2)


def judged(name: str) -> tuple[str, Sequence[str]]:
    """What a scenario or experiment is in a few words, and remarks on it.

    Raises:
        InputError: the first mistake in it.
    """
    from pdsim import scenarios
    from pdsim.experiment import definition, look_ahead
    from pdsim.lab import definition as lab_definition

    if lab_definition.is_lab(name):
        return f"lab: {lab_definition.load(name).title or 'no title'}", ()
    if definition.is_experiment(name):
        outlook = look_ahead(definition.load(name))
        return f"experiment: {outlook.words}", outlook.notes
    scenario = scenarios.load(name)
    return scenario.title or "no title", scenarios.remarks(scenario)


@app.command()
def new(name: Annotated[str, typer.Argument(help="name of the new scenario, e.g. our-hub")]) -> None:
    """Start a commented scenario file NAME.toml in this folder."""
    from pdsim import files, library, scenarios

    stem = name.removesuffix(".toml")
    if not re.fullmatch(r"\w[\w-]{0,59}", stem):
        raise InputError(f"{shown(name)}: is no name for a scenario; allowed are letters, digits, - and _, up to 60")
    path = Path(f"{stem}.toml")
    if stem in library.shipped() or os.path.lexists(path):
        raise InputError(f"{stem}: is there already, shipped or in this folder; choose another name")
    files.write_text(path, scenarios.commented_file(path.stem))
    typer.echo(f"{path} is written. Change it, then:  pdsim check {path}  and  pdsim compare {path}")


@app.command()
def compare(
    designs: Annotated[
        list[str], typer.Argument(help="two or more scenarios, by short name or path", metavar="A B ...")
    ],
    baseline: Baseline = "no-pd",
    replicates: Replicates = 200,
    years: Years = None,
    seed: Seed = 1,
    settings: Settings = None,
    theory: TheoryOption = "posterior",
    out: Annotated[Path | None, typer.Option(help="folder for tidy results, figures and a one-page report")] = None,
    json: Json = False,
) -> None:
    """Compare PD designs: effects up Guskey's five levels with intervals, hours, cost, and every pair."""
    from pdsim import comparison, files, record, tables

    request = comparison.resolve(designs, baseline, replicates, years, seed, theory, settings_of(settings))
    if out is not None:
        files.check_folder(out)
    with progress_bar(2 * replicates * len(request.designs)) as progress:
        result = comparison.run(request, progress)
    if out is not None:
        record.save(result, out)
    if json:
        typer.echo(result.to_json())
        return
    console = Console(markup=False, emoji=False)
    tables.print_comparison(result, console)
    if out is not None:
        console.print(f"Results, figures and report are in {out}; open {out / 'report.html'}.", soft_wrap=True)


@app.command()
def evaluate(
    design: Annotated[str, typer.Argument(help="a scenario, by short name or path", metavar="A")],
    replicates: Replicates = 200,
    years: Years = None,
    seed: Seed = 1,
    settings: Settings = None,
    theory: TheoryOption = "posterior",
    json: Json = False,
) -> None:
    """Would you notice? One school with its own forms, quiz, observations and tests: how often each detects the programme."""
    from pdsim import evaluation, tables

    request = evaluation.resolve(design, replicates, years, seed, theory, settings_of(settings))
    with progress_bar(2 * replicates, "instruments.read_many") as progress:
        result = evaluation.run(request, progress)
    if json:
        typer.echo(result.to_json())
    else:
        tables.print_evaluation(result, Console(markup=False, emoji=False))


@app.command()
def replay(file: Annotated[Path, typer.Argument(help="manifest.json of a folder written with --out")]) -> None:
    """Run a result again from its own record and say whether it is the same."""
    from pdsim import record

    verdict = record.replay(file, progress_bar)
    typer.echo(verdict.text)
    raise typer.Exit(0 if verdict.same else 1)


@app.command()
def odd(
    name: Annotated[
        str | None, typer.Argument(help="a scenario whose settings to list, or an experiment whose design")
    ] = None,
) -> None:
    """Print the ODD+D description of the model, with the table of parameters (and of a scenario or an experiment)."""
    from pdsim import odd as document

    typer.echo(document.odd_text(name))
