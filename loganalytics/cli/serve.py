"""`dashboard`: the app in the browser."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from loganalytics.cli.arguments import verb
from loganalytics.exceptions import MissingExtraError

if TYPE_CHECKING:
    from loganalytics.cli.arguments import Verbs


def add_verbs(verbs: Verbs) -> None:
    """Add dashboard."""
    added = verb(verbs, "dashboard", "open the dashboard in the browser")
    added.add_argument(
        "source", nargs="*", metavar="SOURCE", help="file, glob, folder or address (default: the sample)"
    )
    added.add_argument("--port", type=int, default=8501)
    added.add_argument("--address", default="127.0.0.1", help="where to listen (default: this machine only)")
    added.add_argument(
        "--sources", metavar="FILE.toml",
        help="let readers see only the sources that this file lists: [sources.NAME] tables with source and readers",
    )  # fmt: skip
    added.add_argument(
        "--login", action="store_true",
        help="ask readers to log in (OpenID Connect), as [auth] of Streamlit's secrets.toml says",
    )  # fmt: skip
    added.set_defaults(run=_run_dashboard)


def _run_dashboard(arguments: argparse.Namespace) -> int:
    import importlib.util
    import subprocess

    from loganalytics.sources.files.discovery import discover

    if importlib.util.find_spec("streamlit") is None:
        raise MissingExtraError("streamlit", "dashboard")
    if arguments.source:
        discover(arguments.source)  # a path that is not there is told here, not in the browser
    app = Path(__file__).resolve().parents[1] / "dashboard" / "entry" / "streamlit_app.py"
    command = [sys.executable, "-m", "streamlit", "run", str(app), "--server.port", str(arguments.port)]
    command += ["--server.address", arguments.address, "--", *arguments.source]
    asked = {"LOGANALYTICS_SOURCES": arguments.sources, "LOGANALYTICS_LOGIN": "1" if arguments.login else None}
    environment = os.environ | {name: value for name, value in asked.items() if value}
    if os.name == "posix":  # becomes the server, so that a signal ends it
        os.execve(sys.executable, command, environment)
    return subprocess.run(command, check=False, env=environment).returncode
