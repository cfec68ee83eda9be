"""Commands that answer a question of the field: what explains an effect, could reviews tell."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from pdsim.cli.console import Json, Seed, Settings, TheoryOption, Years, app, progress_bar, settings_of, whole_number
from pdsim.errors import InputError, shown


@app.command()
def explain(
    design: Annotated[str, typer.Argument(help="a scenario, by short name or path", metavar="A")],
    outcome: Annotated[str, typer.Option(help="what is divided among channels and families")] = "pupil_attainment",
    family: Annotated[
        list[str] | None,
        typer.Option(metavar="CHANNEL=FAMILY", help="place a channel in another family, e.g. norms=mint"),
    ] = None,
    flip: Annotated[bool, typer.Option(help="search for the values of assumptions that flip the verdict")] = True,
    replicates: Annotated[
        int | None,
        typer.Option(
            parser=whole_number,
            metavar="N",
            help="simulated staffs; twenty share a draw of the assumptions [default: 1000, with one draw 200]",
        ),
    ] = None,
    years: Years = None,
    seed: Seed = 1,
    settings: Settings = None,
    theory: TheoryOption = "posterior",
    out: Annotated[Path | None, typer.Option(help="folder for tables, picture and JSON")] = None,
    json: Json = False,
) -> None:
    """Fluoride or mint? What working together adds, through which channels, and what you would have to believe."""
    from pdsim import explanation_tables, files
    from pdsim.explanation import result

    request = result.resolve(
        design, replicates, years, seed, theory, settings_of(settings), outcome, families_of(family), flip
    )
    if out is not None:
        files.check_folder(out)
    found = run_explanation(request)
    if out is not None:
        from pdsim.explanation_figures import explanation_files

        files.write_files(out, explanation_files(found))
    if json:
        typer.echo(found.to_json())
        return
    console = Console(markup=False, emoji=False)
    explanation_tables.print_explanation(found, console)
    if out is not None:
        console.print(f"Tables, picture and JSON are in {out}.", soft_wrap=True)


def run_explanation(request: Any) -> Any:
    """Run an explanation, and the search for what flips the verdict if it is asked for, with bars of progress."""
    from pdsim.explanation import result

    with progress_bar(result.runs_needed(request), "coalitions.run_coalitions") as progress:
        found = result.run(request, progress)
    if request.search:
        total = result.runs_of_search(request)
        with progress_bar(total, "coalitions.run_coalitions", "what would flip the verdict") as progress:
            found = result.with_flips(found, progress)
    return found


def families_of(options: list[str] | None) -> dict[str, str]:
    """``--family`` options as {channel: family}."""
    found = {}
    for option in options or []:
        channel, equals, family = option.partition("=")
        if not equals:
            raise InputError(f"--family {shown(option)}: write channel=family, for example --family norms=mint")
        found[channel.strip()] = family.strip()
    return found


@app.command()
def lab(
    experiment: Annotated[
        str, typer.Argument(help="an experiment of the lab, by short name or path", metavar="EXPERIMENT")
    ] = "bundled-reviews",
    workers: Annotated[
        int, typer.Option(parser=whole_number, metavar="N", help="processes; the numbers are the same [default: all]")
    ] = 0,
    literatures: Annotated[
        int | None,
        typer.Option(parser=whole_number, metavar="N", help="literatures of each kind [default: as the file says]"),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="folder for tables, pictures and JSON")] = None,
    json: Json = False,
) -> None:
    """Could reviews tell? Literatures in worlds whose truth is known, analysed as reviewers and experimenters do."""
    from pdsim import files, lab_tables
    from pdsim.lab import definition

    asked = definition.load(experiment, literatures)
    check_workers(workers)
    if out is not None:
        files.check_folder(out)
    found = run_lab(asked, workers)
    if out is not None:
        from pdsim.lab_figures import lab_files

        files.write_files(out, lab_files(found))
    if json:
        typer.echo(found.to_json())
        return
    console = Console(markup=False, emoji=False)
    lab_tables.print_lab(found, console)
    if out is not None:
        console.print(f"Tables, pictures and JSON are in {out}.", soft_wrap=True)


def check_workers(workers: int) -> None:
    """Range of ``--workers``.

    Raises:
        InputError: naming what is allowed.
    """
    if not 0 <= workers <= 1000:
        raise InputError(f"--workers: {workers} is out of range; allowed is 1 to 1000")


def run_lab(asked: Any, workers: int) -> Any:
    """Run an experiment of the lab with a bar of progress; 0 workers: one for each processor."""
    from pdsim.lab import result

    with progress_bar(result.runs_of(asked), "week.week") as progress:
        return result.run(asked, progress, workers or os.cpu_count() or 1)


@app.command()
def choose(
    budget: Annotated[
        float | None, typer.Option(metavar="£", help="pounds over all years: with --staff for all of them, else for each teacher [default: no limit]")
    ] = None,
    hours: Annotated[float | None, typer.Option(metavar="H", help="hours for each teacher over all years, mean over the staff [default: no limit]")] = None,
    staff: Annotated[int | None, typer.Option(parser=whole_number, metavar="N", help="teachers in the school [default: 40]")] = None,
    years: Years = None,
    seed: Seed = 1,
    theory: TheoryOption = "posterior",
    outcome: Annotated[str, typer.Option(help="by what designs are ranked")] = "pupil_attainment",
    settings: Settings = None,
    costs: Annotated[Path | None, typer.Option(help="TOML file of prices; --out writes one to start from")] = None,
    out: Annotated[Path | None, typer.Option(help="folder for tables, picture, prices and JSON")] = None,
    json: Json = False,
) -> None:  # fmt: skip
    """Best designs for the money and the time, with the chance that each is best; when does solo win?"""
    from pdsim import choice_tables, files
    from pdsim.choice import result

    request = result.resolve(budget, hours, staff, years, seed, theory, outcome, settings_of(settings), costs)
    if out is not None:
        files.check_folder(out)
    found = run_choice(request)
    if out is not None:
        from pdsim.choice_figures import choice_files

        files.write_files(out, choice_files(found))
    if json:
        typer.echo(found.to_json())
        return
    console = Console(markup=False, emoji=False)
    choice_tables.print_choice(found, console)
    if out is not None:
        console.print(f"Tables, picture, prices and JSON are in {out}.", soft_wrap=True)


def run_choice(request: Any) -> Any:
    """Run the three stages of a choice, with bars of progress."""
    from pdsim.choice import result

    planned = result.plan(request)
    for doing in ("all designs", "leading designs"):
        with progress_bar(planned.runs, doing=doing) as progress:
            planned = result.narrow(planned, result.run(planned, progress))
    with progress_bar(planned.runs, doing="leading designs afresh") as progress:
        return result.report(planned, result.run(planned, progress))


@app.command()
def study(
    design: Annotated[
        str, typer.Argument(help="the programme that is tried, by short name or path", metavar="A")
    ] = "darling-hammond-bundle",
    schools: Annotated[
        list[int] | None,
        typer.Option(parser=whole_number, metavar="N", help="size of trials, more than once for several [default: 60, 120, 240, 400]"),
    ] = None,
    trials: Annotated[int, typer.Option(parser=whole_number, metavar="N", help="simulated trials of each kind and size, in each world")] = 400,
    seed: Seed = 1,
    settings: Settings = None,
    theory: TheoryOption = "posterior",
    out: Annotated[Path | None, typer.Option(help="folder for tables, picture and JSON")] = None,
    json: Json = False,
) -> None:  # fmt: skip
    """What study would tell? Power of candidate trials to separate fluoride from mint, ranked by what they tell."""
    from pdsim import files, study_tables
    from pdsim.studies import arms, result

    request = result.resolve(design, schools or arms.SIZES, trials, seed, theory, settings_of(settings))
    if out is not None:
        files.check_folder(out)
    with progress_bar(result.runs_needed(request), "week.week", "running schools") as progress:
        worlds = result.run_worlds(request, progress)
    with progress_bar(result.trials_needed(request), "week.week", "simulating trials") as progress:
        found = result.report(request, worlds, progress)
    if out is not None:
        from pdsim.study_figures import study_files

        files.write_files(out, study_files(found))
    if json:
        typer.echo(found.to_json())
        return
    console = Console(markup=False, emoji=False)
    study_tables.print_study(found, console)
    if out is not None:
        console.print(f"Tables, picture and JSON are in {out}.", soft_wrap=True)
