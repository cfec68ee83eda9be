"""The command line: reads options, calls the library, prints. It imports the heavy parts only when a command needs them."""

from __future__ import annotations

import io
import os
import sys
from typing import Annotated, NoReturn

import typer

from pdsim import __version__
from pdsim.cli import dashboard, designs, evidence, experiments, questions, reports
from pdsim.cli.console import INTERRUPTED, UsageError, app, complain
from pdsim.errors import InputError, shown

# importing these registers their commands
__all__ = ["dashboard", "designs", "evidence", "experiments", "main", "questions", "reports"]


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


def check_letters(arguments: list[str]) -> None:
    """Check that arguments are text: the names of files come back in tables and records.

    Raises:
        InputError: bytes that are not UTF-8.
    """
    for argument in arguments:
        if argument != argument.encode(errors="replace").decode():
            raise InputError(f"{shown(argument)}: is not UTF-8 text; give the file or folder another name")


def leave() -> NoReturn:
    """End with exit code 1 at once: a thread may still be in compiled code, and Python 3.13 aborts if it waits for it."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1)


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
        complain("stopped; files that are written are whole")
        leave()
    except OSError as error:
        complain(error)
    sys.exit(code)
