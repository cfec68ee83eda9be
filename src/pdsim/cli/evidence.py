"""Commands that hold the model against the evidence: calibrate and validate."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pdsim.cli.console import Json, Seed, TheoryOption, app, progress_bar, whole_number
from pdsim.errors import InputError


@app.command()
def calibrate(
    out: Annotated[
        Path, typer.Option(help="folder for draws and record, and for the bank from which a stopped fit goes on")
    ],
    seed: Seed = 1,
    points: Annotated[
        int, typer.Option(parser=whole_number, metavar="N", help="points of each of the three waves")
    ] = 4096,
    particles: Annotated[
        int, typer.Option(parser=whole_number, metavar="N", help="draws that are checked on the simulator")
    ] = 4000,
    synthetic: Annotated[int, typer.Option(parser=whole_number, metavar="N", help="synthetic truths to recover")] = 50,
    without_network: Annotated[
        bool, typer.Option(help="fit the rival model in which no teacher learns from another")
    ] = False,
) -> None:
    """Fit the assumptions to the numbered patterns; the results of the default settings are shipped."""
    if find_spec("sklearn") is None:
        raise InputError("calibrate: needs scikit-learn; install it with pip install 'pdsim[calibration]'")
    from pdsim import calibration_tables, files
    from pdsim.assumptions import NO_NETWORK
    from pdsim.calibration import fit

    fit.check_options(seed, points, particles, synthetic)
    files.check_folder(out)
    with progress_bar(fit.runs_of(points, particles, synthetic)) as progress:
        found = fit.calibrate(
            out / "bank", seed, points, particles, NO_NETWORK if without_network else None, synthetic, progress
        )
    name = "no-network" if without_network else "posterior"
    fit.write(found, out, name)
    console = Console(markup=False, emoji=False)
    calibration_tables.print_fit(found.record, console)
    console.print(f"{len(found.draws)} draws are in {out / name}.parquet.", soft_wrap=True)


@app.command()
def validate(
    folder: Annotated[
        Path | None, typer.Argument(help="folder of trial files [default: the published trials that come with pdsim]")
    ] = None,
    draws: Annotated[
        int,
        typer.Option(
            parser=whole_number,
            metavar="N",
            help="draws of the assumptions, each with an own sample of what a report does not say",
        ),
    ] = 100,
    seed: Seed = 1,
    theory: TheoryOption = "posterior",
    predict: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="print the prediction of one trial whose result is not known, as JSON"),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="folder for tables, figures, JSON and a page to read")] = None,
    json: Json = False,
) -> None:
    """Predict published trials from their designs alone; compare with what was observed and with simple rivals."""
    from pdsim import files, library, validation_tables
    from pdsim.validation import result

    trials = folder or library.folder("experiments") / "trials"
    if out is not None:
        files.check_folder(out)
    if predict is not None:
        register(predict, trials, draws, seed, theory, out)
        return
    request = result.resolve(trials, draws, seed, theory)
    with progress_bar(request.runs, "instruments.follow_many") as progress:
        found = result.run(request, progress)
    if out is not None:
        from pdsim.validation_page import validation_files

        files.write_files(out, validation_files(found))
    if json:
        typer.echo(found.to_json())
        return
    console = Console(markup=False, emoji=False)
    validation_tables.print_validation(found, console)
    if out is not None:
        console.print(f"Tables, figures and page are in {out}; open {out / 'validation.html'}.", soft_wrap=True)


def register(file: Path, trials: Path, draws: int, seed: int, theory: str, out: Path | None) -> None:
    """Print the prediction of a trial whose result is not known; write it too where there is a folder for it."""
    from pdsim import files
    from pdsim.validation import registered

    asked = registered.resolve(file, trials, draws, seed, theory)
    with progress_bar(asked.runs, "instruments.follow_many") as progress:
        text = registered.to_json(registered.predict_unreported(asked, progress))
    if out is not None:
        files.write_files(out, {f"{asked.trial.name}.json": f"{text}\n".encode()})
    typer.echo(text)
