"""What readers see in the place of a listed source's addresses."""

from __future__ import annotations

import polars as pl
import pytest

import loganalytics as la
from loganalytics.dashboard.listed_names import hidden, label, relabel, scrub
from loganalytics.exceptions import SourceNotFoundError, UnreachableSourceError

TWO = (("/srv/a/app.log", "Shop"), ("/srv/b/app.log", "Shop"))


@pytest.mark.parametrize(
    ("source", "addresses", "shown"),
    [
        ("/srv/logs/app.log", ["/srv/logs/app.log"], "Shop/app.log"),
        ("/srv/logs/x/a.log", ["/srv/logs/*/*.log"], "Shop/x/a.log"),
        ("/srv/l.zip/x/a.log", ["/srv/l.zip"], "Shop/l.zip/x/a.log"),
        ("/srv/a/app.log", ["/srv/a/app.log", "/srv/b/app.log"], "Shop/1/app.log"),
        ("/srv/b/app.log", ["/srv/a/app.log", "/srv/b/app.log"], "Shop/2/app.log"),
        ("/srv/a/one.log", ["/srv/a/one.log", "/srv/a/two.log"], "Shop/one.log"),
        ("app:logs", ["redis://:pw@10.0.0.5/0?stream=app:logs"], "Shop/app:logs"),
        ("s3://bucket/day/x.log", ["s3://bucket/day/"], "Shop/x.log"),
        ("https://host/x.log", ["https://host/x.log?sig=1"], "Shop/x.log"),
        ("/elsewhere/x.log", ["/srv/logs"], "Shop/x.log"),
    ],
)  # fmt: skip
def test_a_source_is_its_name_and_what_lies_below(source, addresses, shown):
    """Two folders have numbers; a server's streams and tables their names."""
    assert label(source, tuple((address, "Shop") for address in addresses)) == shown


@pytest.mark.parametrize("address", ["{}", "{}/", "./{}", "file://{}"])
def test_what_lies_below_a_folder_keeps_its_path(tmp_path, monkeypatch, address):
    """However the folder is written."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "logs/x").mkdir(parents=True)
    folder = "logs" if address.startswith(".") else str(tmp_path / "logs")
    assert label(f"{folder}/x/a.log", ((address.format(folder), "Shop"),)) == "Shop/x/a.log"


def test_events_and_load_report_have_the_names(tmp_path):
    """Notes too, which may name another file."""
    for name in ("a.log", "b.log"):
        (tmp_path / name).write_text("2026-03-10 12:00:00 ERROR failed\n" * 3)
    logs = la.load(str(tmp_path))
    listed = ((str(tmp_path), "Shop"),)
    assert set(relabel(logs, listed)["source"]) == {"Shop/a.log", "Shop/b.log"}
    noted = la.load_report(logs).with_columns(note=pl.lit(f"the same as {tmp_path}/a.log, in {tmp_path}"))
    report = relabel(noted, listed)
    assert str(tmp_path) not in str(report.rows())
    assert report["note"][0] == "the same as Shop/a.log, in Shop"


@pytest.mark.parametrize(
    ("message", "address"),
    [
        ("There is no file or folder '/srv/logs/app.log'.", "/srv/logs/app.log"),
        ("no route to 10.0.0.5:6379", "redis://me:hunter2@10.0.0.5:6379/0"),
        ("redis://10.0.0.5:6379/0 does not answer", "redis://me:hunter2@10.0.0.5:6379/0"),
        ("could not resolve host db.internal", "postgresql://me:hunter2@db.internal/app?table=logs"),
        ("There is no database 'sqlite:////srv/app.db'", "sqlite:////srv/app.db?table=logs"),
        ("https://me:hunter2@host.internal/x", "s3://bucket/x"),
    ],
)
def test_an_error_names_no_address(message, address):
    """Neither path, nor host, nor login."""
    shown = scrub(message, ((address, "Shop"),))
    for part in ("srv", "10.0.0.5", "db.internal", "hunter2"):
        assert part not in shown


def test_errors_keep_their_kind():
    """Pages tell them apart."""
    with pytest.raises(UnreachableSourceError, match="Shop"), hidden((("redis://host.internal/0", "Shop"),)):
        raise UnreachableSourceError("host.internal does not answer")
    with pytest.raises(SourceNotFoundError, match="'Shop' cannot be read: Permission denied"), hidden(TWO):
        raise PermissionError(13, "Permission denied", "/srv/a/app.log")


def test_without_a_list_nothing_changes():
    """The frame is the same."""
    logs = pl.DataFrame({"source": ["/srv/x.log"]})
    assert relabel(logs, ()) is logs
    assert scrub("/srv/x.log", ()) == "/srv/x.log"
