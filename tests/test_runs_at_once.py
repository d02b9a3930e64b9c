"""Several runs that write to one catalogue or folder at once: nothing of any of them is lost."""

from __future__ import annotations

import subprocess
import sys

import polars as pl

import loganalytics as la

RUNS = 6
# All of them wait for the last to be ready, so that they write in the same moment.
TOGETHER = """
import pathlib, sys, time
import loganalytics as la
from loganalytics.exports import export
number, folder = int(sys.argv[1]), pathlib.Path(sys.argv[2])
path = folder / f"{{number}}.log"
path.write_text(f"2026-03-10 12:00:00,000 INFO [web] {{'abcdef'[number] * 5}} stopped\\n")
logs = la.load(path)
(folder / f"ready-{{number}}").touch()
while len(list(folder.glob("ready-*"))) < {runs}:
    time.sleep(0.001)
for turn in range(5):
    {action}
"""


def run_together(folder, action: str) -> None:
    """Do it in several processes at once."""
    code = TOGETHER.format(runs=RUNS, action=action)
    runs = [subprocess.Popen([sys.executable, "-c", code, str(number), str(folder)]) for number in range(RUNS)]
    assert [run.wait() for run in runs] == [0] * RUNS


def test_a_catalogue_holds_what_all_of_them_saw(tmp_path):
    """Each template, with all its events; whoever reads it meanwhile sees it whole."""
    catalogue_file = "folder / 'seen.parquet'"
    update = f"la.TemplateCatalogue.update_file({catalogue_file}, logs)"
    run_together(tmp_path, f"{update}; [la.TemplateCatalogue.load({catalogue_file}) for _ in range(20)]")
    catalogue = la.TemplateCatalogue.load(tmp_path / "seen.parquet")
    rows = catalogue.templates.sort("template").select("template", "events").rows()
    assert rows == [(f"{letter * 5} stopped", 5) for letter in "abcdef"]
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_a_folder_holds_the_parts_of_all_of_them(tmp_path):
    """None is written over, and all are whole at any moment."""
    run_together(tmp_path, "export(logs.lazy(), f'{folder}/lake/', append=True)")
    assert la.load(tmp_path / "lake").height == 5 * RUNS
    parts = sorted((tmp_path / "lake" / "date=2026-03-10").iterdir())
    assert sum(pl.read_parquet(part).height for part in parts) == len(parts) == 5 * RUNS
