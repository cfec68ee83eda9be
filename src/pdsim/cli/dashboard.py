"""The command that opens the dashboard."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from pdsim.cli.console import app, err, whole_number
from pdsim.errors import InputError


@app.command()
def dashboard(
    host: Annotated[str, typer.Option(help="address to listen on; 0.0.0.0 lets others in the network in")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(parser=whole_number, metavar="N", help="port [default: 8765, or a free one]")] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="open the page in a browser")] = True,
) -> None:  # fmt: skip
    """Open the dashboard in a browser: put designs side by side, move a slider, see the answer with its uncertainty."""
    from pdsim.dashboard import server

    if port is not None and not 1 <= port <= 65_535:
        raise InputError(f"--port: {port} is out of range; allowed is 1 to 65535")
    port = server.free_port(host, port)
    shown = "127.0.0.1" if host == "0.0.0.0" else f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{port}/"
    if host not in server.LOOPBACK:
        err.print(server.RISK.format(host=host, port=port), soft_wrap=True)

    def ready() -> None:
        typer.echo(f"The dashboard is at {address}  (Ctrl-C stops it)")
        if browser:
            import webbrowser

            webbrowser.open(address)

    try:
        server.serve(host, port, ready)
    except KeyboardInterrupt:
        typer.echo("The dashboard is stopped.")
        sys.stdout.flush()
        os._exit(0)  # at once: a thread may still be in compiled code
