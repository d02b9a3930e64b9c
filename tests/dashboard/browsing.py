"""What the tests in a real browser share: the app in a process of its own, and waiting for what a page shows."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

CHROMIUM = shutil.which("chromium") or ""
APP = str(Path(__file__).parents[2] / "loganalytics/dashboard/entry/script.py")
HOSTILE = [
    "<script>window.hacked=1</script>",
    "<img src=x onerror=window.hacked=1>",
    "**bold** [link](javascript:window.hacked=1) $x^2$ :red[x] :material/home:",
    "\x1b[31mred\x1b[0m \x1b]8;;http://evil.example\x07click\x1b]8;;\x07",
    "x" * 100_000,
    "🙂 \u202egnp.exe =1+1",
]
needs_browser = pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed: see tests/install_browser.sh")


@dataclass(frozen=True)
class RunningApp:
    """The app in a process of its own."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """The address of the first page."""
        return f"http://127.0.0.1:{self.port}"


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def running_app(*arguments: str, port: int = 0, folder: Path | None = None, **variables: str) -> Iterator[RunningApp]:
    """Start the app as `loganalytics dashboard` does, with sources and flags; give it when it answers."""
    port = port or free_port()
    command = [sys.executable, "-m", "loganalytics.cli", "dashboard", *arguments, "--port", str(port)]
    environment = os.environ | {"TZ": "UTC"} | variables
    with subprocess.Popen(command, env=environment, cwd=folder) as process:
        try:
            _wait_until_healthy(port)
            yield RunningApp(port, process)
        finally:
            process.terminate()


def _wait_until_healthy(port: int) -> None:
    for _ in range(300):
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health"):
            return
        time.sleep(0.1)
    raise TimeoutError("the app does not answer")


def metric(page, label: str):
    """Return the value of a card."""
    return page.get_by_test_id("stMetric").filter(has_text=label).get_by_test_id("stMetricValue")


def expect_metric(page, label: str, value: str) -> None:
    """Wait until a card shows a value."""
    from playwright.sync_api import expect

    expect(metric(page, label)).to_have_text(value, timeout=90_000)


def url_has(page, pattern: str) -> None:
    """Wait until the address matches."""
    page.wait_for_url(re.compile(pattern), timeout=90_000)


def click_row(page, table: int, row: int, x: int = 60) -> None:
    """Click into a row of a table; a table is a canvas."""
    canvas = page.get_by_test_id("stDataFrame").nth(table)
    canvas.wait_for()
    canvas.scroll_into_view_if_needed()
    page.wait_for_timeout(400)
    canvas.click(position={"x": x, "y": 36 + 35 * row + 16})


def wait_until_settled(page) -> None:
    """Wait until the script has run."""
    page.wait_for_timeout(500)
    page.wait_for_function("!document.querySelector('[data-testid=stApp][data-test-script-state=running]')")


def events_of_notebook(page: Any, folder: Path) -> int:
    """Download the notebook of the view, run it, and return how many events it counts."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Open as notebook").click()
    path = folder / "view.ipynb"
    download.value.save_as(path)
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    height = next(cell for cell in notebook.cells if "logs.height" in cell.source)
    return int(height.outputs[-1]["data"]["text/plain"])
