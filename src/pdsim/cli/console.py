"""What all commands share: the application, options of one meaning, messages, the bar of progress."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console

from pdsim.errors import one_line, shown

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
ENTRIES = {  # compiled functions of resolutions of their own
    "teacher": "instruments.follow_many",
    "week": "week.week",
    "families": "coalitions.run_coalitions",
}
err = Console(stderr=True, markup=False, emoji=False)  # no markup, here and below: names such as plan[v2] are text
# Newer versions of Typer bring their own copy of click: this is the class of all usage errors of whichever it uses.
UsageError: Any = typer.BadParameter.__mro__[1]


def settings_of(options: list[str] | None) -> dict[str, Any]:
    """``--set`` options as {key path: value}."""
    from pdsim.scenarios import parse_setting

    return dict(parse_setting(text) for text in options or [])


@contextmanager
def progress_bar(
    total: int, entry: str = "run.run_many", doing: str = "simulating"
) -> Iterator[Callable[[float], None]]:
    """A progress bar with time left on standard error, none when that is not a terminal; says when the kernel compiles, of which ``entry`` is needed."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from pdsim.simulate import kernel_is_compiled

    if entry and not kernel_is_compiled(entry):
        err.print("Compiling the model for this machine: once, about a minute ...", style="dim")
    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("runs", total=total)
        yield lambda runs: bar.advance(task, runs)


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
