"""`dashboard`: the app in the browser."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from loganalytics.cli.arguments import add_login, add_verb
from loganalytics.exceptions import MissingExtraError

if TYPE_CHECKING:
    from loganalytics.cli.arguments import Verbs


def add_verbs(verbs: Verbs) -> None:
    """Add dashboard."""
    parser = add_verb(verbs, "dashboard", "open the dashboard in the browser")
    parser.add_argument(
        "source", nargs="*", metavar="SOURCE", help="file, glob, folder or address (default: the sample)"
    )
    parser.add_argument("--port", type=int, default=8501)
    parser.add_argument("--address", default="127.0.0.1", help="where to listen (default: this machine only)")
    parser.add_argument(
        "--name", action="append", default=[], metavar="HOST",
        help="answer to this name, too: that of a reverse proxy before it, such as logs.example.com",
    )  # fmt: skip
    parser.add_argument(
        "--sources", metavar="FILE.toml",
        help="let readers see only the sources that this file lists: [sources.NAME] tables with source and readers",
    )  # fmt: skip
    parser.add_argument(
        "--login", action="store_true",
        help="ask readers to log in (OpenID Connect), as [auth] of Streamlit's secrets.toml says",
    )  # fmt: skip
    add_login(parser)
    parser.set_defaults(run=_run_dashboard)


def _run_dashboard(arguments: argparse.Namespace) -> int:
    import importlib.util
    import subprocess

    if importlib.util.find_spec("streamlit") is None:
        raise MissingExtraError("streamlit", "dashboard")
    _check_sources(arguments.source)
    app = Path(__file__).resolve().parents[1] / "dashboard" / "entry" / "streamlit_app.py"
    command = [sys.executable, "-m", "streamlit", "run", str(app), "--server.port", str(arguments.port)]
    command += ["--server.address", arguments.address]
    if arguments.name:
        for name in ("localhost", "127.0.0.1", "::1", *arguments.name):
            command += ["--server.allowedHosts", name]
    if arguments.address in ("0.0.0.0", "::"):  # else it asks a server on the internet for this machine's address
        command += ["--browser.serverAddress", "localhost"]
    variables = {
        "LOGANALYTICS_SOURCES": arguments.sources,
        "LOGANALYTICS_LOGIN": "1" if arguments.login else None,
        # Not as arguments: everybody on the machine can read those of a process, and an address may have a password.
        "LOGANALYTICS_SOURCE": json.dumps(arguments.source) if arguments.source else None,
    }
    environment = os.environ | {name: value for name, value in variables.items() if value}
    if os.name == "posix":  # becomes the server, so that a signal ends it
        os.execve(sys.executable, command, environment)
    return subprocess.run(command, check=False, env=environment).returncode


def _check_sources(sources: list[str]) -> None:
    """Report here, not in the browser, a path that is not there, and an address that is none; connect to nothing."""
    from loganalytics.sources.files.discovery import discover
    from loganalytics.sources.object_stores import check_scheme
    from loganalytics.sources.schemes import is_store, open_store

    for source in sources:
        if is_store(source):
            open_store(source)
        for url in () if is_store(source) else discover(source).urls:
            check_scheme(url)
