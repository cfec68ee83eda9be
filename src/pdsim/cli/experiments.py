"""Commands on experiments: run them, analyse their results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from pdsim.cli.console import ENTRIES, Json, answer, app, complain, progress_bar, stop_requests, whole_number
from pdsim.errors import InputError


@app.command()
def sweep(
    name: Annotated[str, typer.Argument(help="an experiment, by short name or path", metavar="EXPERIMENT")],
    out: Annotated[Path | None, typer.Option(help="folder of its results; the same command again goes on there")] = None,
    workers: Annotated[int, typer.Option(parser=whole_number, metavar="N", help="processes on this machine; with --slurm: jobs")] = 1,
    scheduler: Annotated[str | None, typer.Option(metavar="ADDRESS", help="run on the Dask cluster of this scheduler")] = None,
    slurm: Annotated[bool, typer.Option("--slurm", help="run on a Dask cluster of SLURM jobs")] = False,
    shard: Annotated[str, typer.Option(metavar="i/N", help="run the i-th of N parts only, as a job array does")] = "1/1",
    plan: Annotated[bool, typer.Option("--plan", help="check the experiment and say what it takes; run nothing")] = False,
    status: Annotated[bool, typer.Option("--status", help="say how far the folder is; run nothing")] = False,
    merge: Annotated[bool, typer.Option("--merge", help="check and join what shards wrote; run nothing")] = False,
    sbatch: Annotated[int | None, typer.Option(parser=whole_number, metavar="N", help="print a SLURM job array of N shards; run nothing")] = None,
    chunk_seconds: Annotated[float | None, typer.Option(metavar="S", help="length of a chunk of work in a new folder [default: 2.5]")] = None,
    json: Json = False,
) -> None:  # fmt: skip
    """Run an experiment, or go on where it stopped; exit 75 when stopped on request."""
    from pdsim.experiment import clusters, definition, look_ahead, runner, store

    part = runner.shard_of(shard)
    runner.check_options(workers, part, chunk_seconds)
    if plan + status + merge + (sbatch is not None) > 1:
        raise InputError("--plan, --status, --merge and --sbatch: each does something else; give one of them")
    experiment = definition.load(name)
    if plan:
        outlook = look_ahead(experiment)
        answer(outlook, outlook.words, json, outlook.notes)
        return
    if out is None:
        raise InputError("--out: is missing; name a folder for the results")
    if sbatch is not None:
        typer.echo(clusters.job_array(name, out, sbatch, look_ahead(experiment).seconds), nl=False)
        return
    if status:
        found = store.read_store(out).status()
        answer(found, f"{out}: {found}", json)
        return
    opened, notes = runner.opened(experiment, out, chunk_seconds)
    stopped = False
    if not merge:
        missing, entry = runner.runs_missing(opened, part), ENTRIES.get(experiment.output.resolution, "run.run_many")
        with (
            clusters.crew(workers, scheduler, slurm) as crew,
            stop_requests() as stop,
            progress_bar(missing, entry) as progress,
        ):
            runner.run(opened, crew, part, progress=progress, stop=stop)
            stopped = stop()
    finished(opened, part, stopped, notes, json)


@app.command()
def analyse(
    folder: Annotated[Path, typer.Argument(help="results of pdsim sweep", metavar="DIR")],
    outcome: Annotated[str, typer.Option(help="outcome to look at, of those that the experiment kept")] = "pupil_attainment",
    population: Annotated[str, typer.Option(help="whose: all, participants or colleagues, as far as kept")] = "all",
    scenario: Annotated[str, typer.Option(metavar="A", help="only this scenario [default: all, and differences of up to three]")] = "",
    minus: Annotated[str, typer.Option(metavar="B", help="with --scenario A: what A adds to this one")] = "",
    partial: Annotated[bool, typer.Option("--partial", help="take what is there of an experiment that is not complete")] = False,
    at_least: Annotated[float | None, typer.Option(metavar="X", help="ask instead under which conditions the effect is at least X (scenario discovery)")] = None,
    out: Annotated[Path | None, typer.Option(help="folder for tables, picture and JSON")] = None,
    json: Json = False,
) -> None:  # fmt: skip
    """Analyse an experiment as its design calls for: Sobol' or Morris indices, response over a grid or a hypercube."""
    from pdsim import analysis_tables, files
    from pdsim.analysis import analyse as analysed

    if out is not None:
        files.check_folder(out)
    with progress_bar(100, "", "analysing, %") as progress:
        found = analysed(folder, outcome, population, scenario, minus, partial, at_least, progress)
    if out is not None:
        from pdsim.analysis_figures import analysis_files

        files.write_files(out, analysis_files(found))
    if json:
        typer.echo(found.to_json())
        return
    console = Console(markup=False, emoji=False)
    analysis_tables.print_analysis(found, console)
    if out is not None:
        console.print(f"Tables, picture and JSON are in {out}.", soft_wrap=True)


def finished(store: Any, shard: tuple[int, int], stopped: bool, notes: Sequence[str], as_json: bool) -> None:
    """Say how far a sweep came and exit: 0 done, 1 failed or missing, 75 stopped on request.

    Raises:
        typer.Exit: with that code, unless it is 0.
    """
    from pdsim.experiment import runner

    status, missing = store.status(), len(runner.missing(store, shard))
    answer(status, f"{store.folder}: {status}", as_json, notes)
    if missing and stopped:
        complain("stopped on request; the same command goes on from here")
        raise typer.Exit(75)
    if missing:
        complain(f"{missing:,} chunks are missing; pdsim sweep without --merge runs them")
    if missing or status.failed == status.runs:
        raise typer.Exit(1)
