"""Commands that make pages to hand out: a report for each question, and a lesson on two designs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pdsim.cli.console import (
    Baseline,
    Replicates,
    Seed,
    Settings,
    TheoryOption,
    Years,
    app,
    progress_bar,
    settings_of,
    whole_number,
)
from pdsim.cli.questions import check_workers, families_of, run_choice, run_explanation, run_lab
from pdsim.errors import InputError, shown

report = typer.Typer(
    help="One page for a question, to read, print or send: an HTML file that needs no network. Start with:  "
    "pdsim report explain maths-hub"
)
app.add_typer(report, name="report")

Out = Annotated[Path, typer.Option(metavar="FILE.html", help="where the page is written")]


def check_page(path: Path) -> None:
    """Make sure, before anything runs, that a page can be written.

    Raises:
        InputError: the name does not end in .html, or the folder cannot be written to.
    """
    from pdsim import files

    if path.suffix != ".html":
        raise InputError(f"--out {shown(str(path))}: is no name for a page; name a file that ends in .html")
    if path.is_dir():
        raise InputError(f"--out {shown(str(path))}: is a folder; name a file that ends in .html")
    files.check_folder(path.parent)


def save_page(path: Path, text: str) -> None:
    """Write a page whole and say where it is."""
    from pdsim import files

    files.write_text(path, text)
    typer.echo(f"The page is in {path}; open it in a browser.")


@report.command("explain")
def report_explain(
    design: Annotated[str, typer.Argument(help="a scenario, by short name or path", metavar="A")],
    outcome: Annotated[str, typer.Option(help="what is divided among channels and families")] = "pupil_attainment",
    family: Annotated[list[str] | None, typer.Option(metavar="CHANNEL=FAMILY", help="place a channel in another family, e.g. norms=mint")] = None,
    flip: Annotated[bool, typer.Option(help="search for the values of assumptions that flip the verdict")] = True,
    replicates: Annotated[int | None, typer.Option(parser=whole_number, metavar="N", help="simulated staffs; twenty share a draw of the assumptions [default: 1000, with one draw 200]")] = None,
    years: Years = None,
    seed: Seed = 1,
    settings: Settings = None,
    theory: TheoryOption = "posterior",
    out: Out = Path("explain.html"),
) -> None:  # fmt: skip
    """Fluoride or mint? The answer for one design, its channels, and what you would have to believe."""
    from pdsim.explanation import result
    from pdsim.explanation_page import explanation_page

    request = result.resolve(
        design, replicates, years, seed, theory, settings_of(settings), outcome, families_of(family), flip
    )
    check_page(out)
    save_page(out, explanation_page(run_explanation(request)))


@report.command("threshold")
def report_threshold(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="results of pdsim sweep requisite-expertise --out DIR, or of another experiment with families")],
    partial: Annotated[bool, typer.Option("--partial", help="take what is there of an experiment that is not complete")] = False,
    out: Out = Path("threshold.html"),
) -> None:  # fmt: skip
    """How much expertise must a network have? Where working together turns from mint, or harm, into fluoride."""
    from pdsim.analysis.threshold import threshold
    from pdsim.question_pages import threshold_page

    check_page(out)
    save_page(out, threshold_page(threshold(folder, partial), folder))


@report.command("choose")
def report_choose(
    budget: Annotated[float | None, typer.Option(metavar="£", help="pounds over all years: with --staff for all of them, else for each teacher [default: no limit]")] = None,
    hours: Annotated[float | None, typer.Option(metavar="H", help="hours for each teacher over all years, mean over the staff [default: no limit]")] = None,
    staff: Annotated[int | None, typer.Option(parser=whole_number, metavar="N", help="teachers in the school [default: 40]")] = None,
    years: Years = None,
    seed: Seed = 1,
    theory: TheoryOption = "posterior",
    outcome: Annotated[str, typer.Option(help="by what designs are ranked")] = "pupil_attainment",
    settings: Settings = None,
    costs: Annotated[Path | None, typer.Option(help="TOML file of prices; pdsim choose --out DIR writes one to start from")] = None,
    out: Out = Path("choose.html"),
) -> None:  # fmt: skip
    """Which design for the money and the time, with the chance that each is best; when does solo win?"""
    from pdsim.choice import result
    from pdsim.question_pages import choice_page

    request = result.resolve(budget, hours, staff, years, seed, theory, outcome, settings_of(settings), costs)
    check_page(out)
    save_page(out, choice_page(run_choice(request), costs))


@report.command("lab")
def report_lab(
    experiment: Annotated[str, typer.Argument(help="an experiment of the lab, by short name or path", metavar="EXPERIMENT")] = "bundled-reviews",
    workers: Annotated[int, typer.Option(parser=whole_number, metavar="N", help="processes; the numbers are the same [default: all]")] = 0,
    literatures: Annotated[int | None, typer.Option(parser=whole_number, metavar="N", help="literatures of each kind [default: as the file says]")] = None,
    out: Out = Path("lab.html"),
) -> None:  # fmt: skip
    """Could reviews tell? What they and trials would conclude in worlds whose truth is known."""
    from pdsim.lab import definition
    from pdsim.question_pages import lab_page

    asked = definition.load(experiment, literatures)
    check_workers(workers)
    check_page(out)
    save_page(out, lab_page(run_lab(asked, workers)))


@app.command()
def handout(
    first: Annotated[str, typer.Argument(help="a scenario, by short name or path", metavar="A")],
    second: Annotated[str, typer.Argument(help="another", metavar="B")],
    baseline: Baseline = "no-pd",
    replicates: Replicates = 200,
    years: Years = None,
    seed: Seed = 1,
    settings: Settings = None,
    theory: TheoryOption = "posterior",
    world: Annotated[list[str] | None, typer.Option(metavar="THEORY", help="a further world to choose, as --theory [default: fluoride, mint, bystander]")] = None,
    slider: Annotated[list[str] | None, typer.Option(metavar="KEY=V,V", help="what readers can change, and to which values [default: share of hours together, share of experts, fidelity]")] = None,
    out: Out = Path("handout.html"),
) -> None:  # fmt: skip
    """A lesson on two designs as one interactive file: predict, look, explain, change; it needs no network and no Python."""
    from pdsim import handout as lesson
    from pdsim.handout_page import handout_page

    sliders = [lesson.slider_of(text) for text in slider] if slider else lesson.SLIDERS
    request = lesson.resolve(
        first, second, baseline, replicates, years, seed, theory, world or lesson.WORLDS, sliders, settings_of(settings)
    )
    check_page(out)
    with progress_bar(lesson.runs_needed(request), "coalitions.run_coalitions") as progress:
        found = lesson.run(request, progress)
    save_page(out, handout_page(found))
