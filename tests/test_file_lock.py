"""The lock of a file: one at a time, and nobody for ever."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from loganalytics.exceptions import FileInUseError
from loganalytics.file_lock import file_lock

ADD_ONE = """
import sys, pathlib
from loganalytics.file_lock import file_lock
counter = pathlib.Path(sys.argv[1])
for _ in range(25):
    with file_lock(counter):
        counter.write_text(str(int(counter.read_text()) + 1))
"""
HOLD = """
import sys, time
from loganalytics.file_lock import file_lock
with file_lock(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


def test_of_many_processes_no_update_is_lost(tmp_path):
    """Each reads, adds one and writes back; the lock file is gone in the end."""
    counter = tmp_path / "counter"
    counter.write_text("0")
    runs = [subprocess.Popen([sys.executable, "-c", ADD_ONE, str(counter)]) for _ in range(6)]
    assert [run.wait() for run in runs] == [0] * 6
    assert counter.read_text() == "150"
    assert list(tmp_path.iterdir()) == [counter]


def test_who_has_it_is_said_and_a_killed_process_lets_go(tmp_path):
    """By the number of its process and its machine; also under another name of the same file."""
    path = tmp_path / "cursor.json"
    (tmp_path / "link").symlink_to(path)
    with subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        with (
            pytest.raises(FileInUseError, match=f"link' is in use by process {holder.pid} on .* since "),
            file_lock(tmp_path / "link", seconds=0),
        ):
            pass
        holder.kill()
        holder.wait()
        started = time.monotonic()
        with file_lock(path, seconds=5):
            assert time.monotonic() - started < 2


def test_the_block_may_fail(tmp_path):
    """The lock is free again; and long names have one."""
    path = tmp_path / ("x" * 250)
    with pytest.raises(ZeroDivisionError), file_lock(path):
        raise ZeroDivisionError
    with file_lock(path, seconds=0), pytest.raises(FileInUseError), file_lock(path, seconds=0.1):
        pass
    assert os.listdir(tmp_path) == []


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    """Which names what was to be locked."""
    with pytest.raises(FileNotFoundError) as caught, file_lock(tmp_path / "nowhere" / "x"):
        pass
    assert caught.value.filename == str(tmp_path / "nowhere" / "x")
