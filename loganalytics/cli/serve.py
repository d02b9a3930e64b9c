"""`dashboard`: the app in the browser."""

from __future__ import annotations

import argparse
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
    added.add_argument("source", nargs="*", metavar="SOURCE", help="file, glob or folder (default: the sample)")
    added.add_argument("--port", type=int, default=8501)
    added.add_argument("--address", default="127.0.0.1", help="where to listen (default: this machine only)")
    added.set_defaults(run=_run_dashboard)


def _run_dashboard(arguments: argparse.Namespace) -> int:
    import importlib.util
    import subprocess

    if importlib.util.find_spec("streamlit") is None:
        raise MissingExtraError("streamlit", "dashboard")
    app = Path(__file__).resolve().parents[1] / "dashboard" / "app.py"
    command = [sys.executable, "-m", "streamlit", "run", str(app), "--server.port", str(arguments.port)]
    command += ["--server.address", arguments.address, "--", *arguments.source]
    return subprocess.run(command, check=False).returncode
