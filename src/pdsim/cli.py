"""The command line: reads options, calls the library, prints. It imports the heavy parts only when a command needs them."""

from __future__ import annotations

import io
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from pdsim import __version__
from pdsim.errors import InputError, one_line, shown

app = typer.Typer(
    help="Simulate teachers' professional development (PD) and compare designs: is collaboration the fluoride or the "
    "mint? Start with:  pdsim compare solo-course maths-hub",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="change a scenario key or an assumption, e.g. staff.expert_share=0.3 or theory.discernment=1"),
]  # fmt: skip


def whole_number(text: str) -> int:
    """A whole number from an option; Typer's own message would not show what was typed."""
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"{shown(text)} is not a whole number") from None


Replicates = Annotated[
    int, typer.Option(parser=whole_number, metavar="N", help="simulated worlds; four share a draw of the assumptions")
]
Years = Annotated[
    int | None,
    typer.Option(
        parser=whole_number,
        metavar="N",
        help="school years to look at, 1-10 [default: the longest that a scenario names]",
    ),
]
Seed = Annotated[
    int, typer.Option(parser=whole_number, metavar="N", help="of all luck; the same seed gives the same numbers")
]
TheoryOption = Annotated[
    str, typer.Option("--theory", help="posterior, prior, point, a teaching world (fluoride, mint, bystander, groupthink) or a TOML file")
]  # fmt: skip
Json = Annotated[bool, typer.Option("--json", help="print one JSON document on standard output")]
Baseline = Annotated[str, typer.Option(help="scenario to compare with: no-pd, business-as-usual, or any other")]

INTERRUPTED = 130
ENTRIES = {"teacher": "instruments.follow_many", "week": "week.week"}  # compiled functions of resolutions of their own
err = Console(stderr=True, markup=False, emoji=False)  # no markup, here and below: names such as plan[v2] are text
# Newer versions of Typer bring their own copy of click: this is the class of all usage errors of whichever it uses.
UsageError: Any = typer.BadParameter.__mro__[1]


def settings_of(options: list[str] | None) -> dict[str, Any]:
    """``--set`` options as {key path: value}."""
    from pdsim.scenarios import parse_setting

    return dict(parse_setting(text) for text in options or [])


@contextmanager
def progress_bar(total: int, entry: str = "run.run_many", doing: str = "simulating") -> Iterator[Callable[[int], None]]:
    """A progress bar with time left on standard error, none when that is not a terminal; says when the kernel compiles."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from pdsim.simulate import kernel_is_compiled

    if not kernel_is_compiled(entry):
        err.print("Compiling the model for this machine: once, about a minute ...", style="dim")
    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("runs", total=total)
        yield lambda runs: bar.advance(task, runs)


def version(shown: bool) -> None:
    """Print the version and stop."""
    if shown:
        typer.echo(f"pdsim {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def options(
    context: typer.Context,
    _: Annotated[bool, typer.Option("--version", callback=version, is_eager=True, help="print the version")] = False,
) -> None:
    """Simulate teachers' professional development and compare designs."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(2)


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
    with progress_bar(result.runs_needed(request), "coalitions.run_coalitions") as progress:
        found = result.run(request, progress)
    if flip:
        total = result.runs_of_search(request)
        with progress_bar(total, "coalitions.run_coalitions", "what would flip the verdict") as progress:
            found = result.with_flips(found, progress)
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


@app.command()
def replay(file: Annotated[Path, typer.Argument(help="manifest.json of a folder written with --out")]) -> None:
    """Run a result again from its own record and say whether it is the same."""
    from pdsim import record

    verdict = record.replay(file, progress_bar)
    typer.echo(verdict.text)
    raise typer.Exit(0 if verdict.same else 1)


@app.command()
def odd(scenario: Annotated[str | None, typer.Argument(help="a scenario whose settings to list")] = None) -> None:
    """Print the ODD+D description of the model, with the table of parameters (and of a scenario)."""
    from pdsim import odd as document

    typer.echo(document.odd_text(scenario))


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


def answer(document: Any, words: str, as_json: bool, notes: Sequence[str] = ()) -> None:
    """Print a dataclass, as one JSON document or in words with notes below."""
    from dataclasses import asdict
    from json import dumps

    if as_json:
        typer.echo(dumps(asdict(document), indent=1))
        return
    typer.echo(one_line(words))
    for note in notes:
        typer.echo(f"  note: {one_line(note)}")


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


@contextmanager
def stop_requests() -> Iterator[Callable[[], bool]]:
    """Whether SIGTERM or Ctrl-C came, while the block runs; a second Ctrl-C interrupts at once."""
    asked: list[int] = []

    def note(number: int, frame: object) -> None:
        if number == signal.SIGINT and asked:
            raise KeyboardInterrupt
        asked.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def complain(mistake: object) -> None:
    """Print one line on standard error."""
    typer.echo(f"pdsim: {one_line(mistake)}", err=True)


def check_letters(arguments: list[str]) -> None:
    """Check that arguments are text: the names of files come back in tables and records.

    Raises:
        InputError: bytes that are not UTF-8.
    """
    for argument in arguments:
        if argument != argument.encode(errors="replace").decode():
            raise InputError(f"{shown(argument)}: is not UTF-8 text; give the file or folder another name")


def main() -> None:
    """Run the command line; exit 0 done, 1 failed, 2 wrong use, 75 stopped on request and resumable."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a letter shows "?" for it
    code = 1
    try:
        check_letters(sys.argv[1:])
        code = app(prog_name="pdsim", standalone_mode=False) or 0
        if code == INTERRUPTED:  # typer answers Ctrl-C with this code and says nothing
            raise KeyboardInterrupt
    except InputError as error:
        complain(error)
        code = 2
    except UsageError as error:
        command = error.ctx.command_path if error.ctx else "pdsim"
        complain(f"{error.format_message()} ({command} --help shows what is allowed)")
        code = 2
    except (typer.Abort, KeyboardInterrupt):
        code = 1
        complain("stopped; files that are written are whole")
    except OSError as error:
        complain(error)
    sys.exit(code)
