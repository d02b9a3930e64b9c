"""`dashboard`: the app in the browser."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from loganalytics.cli.arguments import add_verb
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
        "--sources", metavar="FILE.toml",
        help="let readers see only the sources that this file lists: [sources.NAME] tables with source and readers",
    )  # fmt: skip
    parser.add_argument(
        "--login", action="store_true",
        help="ask readers to log in (OpenID Connect), as [auth] of Streamlit's secrets.toml says",
    )  # fmt: skip
    parser.set_defaults(run=_run_dashboard)


def _run_dashboard(arguments: argparse.Namespace) -> int:
    import importlib.util
    import subprocess

    from loganalytics.sources.files.discovery import discover

    if importlib.util.find_spec("streamlit") is None:
        raise MissingExtraError("streamlit", "dashboard")
    if arguments.source:
        discover(arguments.source)  # a path that is not there is reported here, not in the browser
    app = Path(__file__).resolve().parents[1] / "dashboard" / "entry" / "streamlit_app.py"
    command = [sys.executable, "-m", "streamlit", "run", str(app), "--server.port", str(arguments.port)]
    command += ["--server.address", arguments.address, "--", *arguments.source]
    variables = {"LOGANALYTICS_SOURCES": arguments.sources, "LOGANALYTICS_LOGIN": "1" if arguments.login else None}
    environment = os.environ | {name: value for name, value in variables.items() if value}
    if os.name == "posix":  # becomes the server, so that a signal ends it
        os.execve(sys.executable, command, environment)
    return subprocess.run(command, check=False, env=environment).returncode
