"""What the README shows is what happens."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SESSION = "".join(re.findall(r"```console\n(.*?)```", README, re.DOTALL))
COMMANDS = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", SESSION, re.MULTILINE)


@pytest.fixture(autouse=True)
def beside_the_sample_data(tmp_path, monkeypatch):
    """Run in a folder that holds sample_data, so that nothing is written into the checkout."""
    (tmp_path / "sample_data").symlink_to(ROOT / "sample_data")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("command", "expected"), COMMANDS, ids=[command for command, _ in COMMANDS])
def test_terminal_session(command, expected):
    """Each command prints what stands below it; "..." stands for anything."""
    arguments = [sys.executable, "-m", "loganalytics.cli", *shlex.split(command)[1:]]
    plain = {name: value for name, value in os.environ.items() if name != "COLUMNS"}  # pytest sets it
    result = subprocess.run(arguments, capture_output=True, text=True, check=True, env=plain)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    assert doctest.OutputChecker().check_output(expected, result.stdout, flags), result.stdout


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", README, re.DOTALL))
def test_python_examples(code, capsys):
    """Each Python example runs, and prints a reason in words."""
    exec(code, {})
    assert ", usually " in capsys.readouterr().out


def test_files_that_are_named_exist():
    """Pictures, notebooks and folders are where the README says."""
    named = re.findall(r"\]\((?!http)([^)]+)\)", README) + re.findall(r"`([\w/]+\.ipynb|[\w]+/)`", README)
    assert named
    assert all((ROOT / name).exists() for name in named)
