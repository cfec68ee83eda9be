"""Starting the dashboard's server: settings first, then Solara, which reads them when it is imported."""

from __future__ import annotations

import os
import secrets
import socket
import warnings
from typing import Any

import platformdirs

from pdsim.errors import InputError

LOOPBACK = ("127.0.0.1", "localhost", "::1")
MOST_SESSIONS = 60
NOWHERE = "http://127.0.0.1:9/"  # where the server would look for files that it does not have: nobody answers there
RISK = (
    "Everyone who can reach {host}:{port} can use this dashboard and this computer's processor, unencrypted and "
    "without a password; they see no files. Use it in a network that you trust, and stop it with Ctrl-C."
)


def settings(host: str = LOOPBACK[0]) -> dict[str, str]:
    """Solara's settings as environment variables: nothing is sent anywhere, sessions are capped and culled."""
    return {
        "SOLARA_SERVER_HTTP_GZIP": str(host not in LOOPBACK),  # on one computer, packing takes longer than sending
        "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False",
        "SOLARA_TELEMETRY_SERVER_USER_ID": "none",
        "SOLARA_HOME": platformdirs.user_cache_dir("pdsim"),
        "SOLARA_ASSETS_CDN": NOWHERE,
        "SOLARA_ASSETS_FONTAWESOME_ENABLED": "False",
        "SOLARA_SESSION_SECRET_KEY": secrets.token_hex(32),
        "SOLARA_SESSION_HTTP_ONLY": "True",
        "SOLARA_KERNEL_MAX_COUNT": str(MOST_SESSIONS),
        "SOLARA_KERNEL_MAX_PER_SESSION": "10",
        "SOLARA_KERNEL_CULL_TIMEOUT": "30m",
        "SOLARA_STATE_AUTO_REMOUNT": "True",  # the address holds the state, so a page can start again by itself
        "SOLARA_THEME_LOADER": "pdsim",
        "SOLARA_THEME_SHOW_BANNER": "False",
        "SOLARA_THEME_TITLE": "pdsim",
        "SOLARA_MODE": "production",
    }


def free_port(host: str, port: int | None) -> int:
    """The port to listen on: the one asked for, or else 8765 or a free one.

    Raises:
        InputError: it is taken, or the address is not one of this computer.
    """
    for candidate in [port] if port is not None else [8765, 0]:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as trial:
            if os.name == "posix":
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((host, candidate))
            except OSError as error:
                problem = error
                continue
            return int(trial.getsockname()[1])
    raise InputError(f"--host {host} --port {port}: cannot listen there ({problem.strerror or problem})")


def prepared(host: str) -> Any:
    """Solara's web application, with the dashboard as its one page."""
    os.environ.update(settings(host))
    # plain http on one's own computer is what this server is for
    warnings.filterwarnings("ignore", message="Cookies with samesite=none require https")
    from solara.server import app as solara_app
    from solara.server import starlette

    from pdsim.dashboard import guard, site

    guard.close_doors()
    site.warm_up()
    solara_app.apps["__default__"] = solara_app.AppScript("pdsim.dashboard.site")
    return starlette.app


def serve(host: str, port: int, ready: Any = None) -> None:
    """Serve until stopped; ``ready`` is called when the first page can be opened."""
    import uvicorn

    config = uvicorn.Config(
        prepared(host), host=host, port=port, log_level="warning", access_log=False, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    if ready is not None:
        started = server.startup

        async def startup(sockets: Any = None) -> None:
            await started(sockets)
            ready()

        server.startup = startup  # type: ignore[method-assign]
    server.run()
