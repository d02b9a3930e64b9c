"""Which files are read: what looks like a log, and which of several equal ones."""

from __future__ import annotations

import pytest

import loganalytics as la

LINE = "2026-03-10 12:00:00,000 INFO [app.db] started\n"


@pytest.mark.parametrize(("events", "status"), [(5, "skipped_not_log"), (6, "read")])
def test_a_file_of_a_folder_is_a_log_when_enough_of_its_lines_are_events(tmp_path, events, status):
    """More than one line in twenty, where the name does not say it."""
    (tmp_path / "notes").write_text(LINE * events + "And so on and so forth\n" * (100 - events))
    (tmp_path / "app.log").write_text(LINE)
    report = la.load_report(la.load(tmp_path))
    assert dict(zip(report["source"].str.split("/").list.last(), report["status"], strict=True))["notes"] == status


@pytest.mark.parametrize(("size", "status"), [(4095, "read"), (4096, "skipped_duplicate")])
def test_equal_files_of_two_services_are_copies_from_four_kilobytes_on(tmp_path, size, status):
    """So many bytes with times in them are not written twice by chance."""
    content = LINE * (size // len(LINE))
    content = content[:-1] + "x" * (size - len(content)) + "\n"
    (tmp_path / "api.log").write_text(content)
    (tmp_path / "web.log").write_text(content)
    assert (tmp_path / "web.log").stat().st_size == size
    assert la.load_report(la.load(tmp_path))["status"].to_list() == ["read", status]


@pytest.mark.parametrize(("timed", "is_log"), [(10, False), (11, True)])
def test_lines_that_only_begin_with_a_time_must_be_most(tmp_path, timed, is_log):
    """The rows of a document that name times make no log of it; at more than half of its lines they do."""
    lines = [f"2026-03-10 12:{n:02}:00 the pump of hall {n}" for n in range(timed)] + ["words of a text"] * (20 - timed)
    (tmp_path / "notes").write_text("\n".join(lines))
    (tmp_path / "app.log").write_text("2026-03-10 12:00:00 ERROR disk full\n")
    statuses = la.load_report(la.load(tmp_path)).sort("source")["status"].to_list()
    assert statuses == ["read", "read" if is_log else "skipped_not_log"]


def test_one_document_of_json_is_no_log(tmp_path):
    """A folder's settings are left out, a list of records is read."""
    (tmp_path / "app.log").write_text("2026-03-10 12:00:00 ERROR disk full\n")
    (tmp_path / "package.json").write_text('{\n "name": "shop",\n "date": "2026-03-10T12:00:00Z"\n}\n')
    (tmp_path / "records.json").write_text(
        '[{"time": "2026-03-10T12:00:00Z", "msg": "a"},\n {"time": "2026-03-10T12:00:01Z", "msg": "b"}]\n'
    )
    statuses = la.load_report(la.load(tmp_path)).sort("source")["status"].to_list()
    assert statuses == ["read", "skipped_not_log", "read"]
