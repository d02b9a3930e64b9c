"""Cursors on the disk."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import loganalytics as la
from loganalytics.exceptions import UnreadableSourceError


def test_cursor_and_state_come_back(tmp_path):
    """As they were saved; a file that is not there is not an error."""
    assert la.load_cursor(tmp_path / "c.json") == (None, None)
    la.save_cursor(tmp_path / "c.json", {"readers": {"a": 1}}, state=[1, 2])
    la.save_cursor(tmp_path / "c.json", {"readers": {"a": 2}}, state=[3])
    assert la.load_cursor(tmp_path / "c.json") == ({"readers": {"a": 2}}, [3])
    assert [path.name for path in tmp_path.iterdir()] == ["c.json"]


def test_a_full_disk_leaves_the_old_cursor(tmp_path):
    """The error says so, and nothing else is left behind; here the limit is on the size of a file."""
    path = tmp_path / "c.json"
    la.save_cursor(path, {"readers": {"a": 1}})
    code = (
        "import resource, signal, sys, loganalytics as la\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        f"la.save_cursor({str(path)!r}, {{'readers': {{}}}}, state='x' * 100_000)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "the cursor was not saved, the one saved before is as it was" in run.stderr
    assert la.load_cursor(path) == ({"readers": {"a": 1}}, None)
    assert [file.name for file in tmp_path.iterdir()] == ["c.json"]


@pytest.mark.parametrize("content", ["", "[]", "{}", json.dumps({"cursor": 1, "state": None}), "\0"])
def test_a_file_that_is_not_a_cursor(tmp_path, content):
    """Is named in the error."""
    (tmp_path / "c.json").write_text(content)
    with pytest.raises(UnreadableSourceError, match="holds no cursor"):
        la.load_cursor(tmp_path / "c.json")
