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
