"""Rotated sets, doubles, time ranges, and what cannot be read on a disk."""

from __future__ import annotations

import datetime as dt
import gzip
import os
import threading

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import loganalytics as la
from loganalytics.exceptions import SourceNotFoundError, UnreadableSourceError
from loganalytics.sources.files.rotation import base_name


def lines(day: int, count: int = 50) -> str:
    """Return a day's log: one line every twenty minutes."""
    start = dt.datetime(2026, 3, day)
    return "".join(
        f"{start + dt.timedelta(minutes=20 * n):%Y-%m-%d %H:%M:%S},000 INFO [app.db] day {day} line {n}\n"
        for n in range(count)
    )


def noted(logs) -> dict[str, str]:
    """Return the notes of a load by file name."""
    report = la.load_report(logs).filter(pl.col("note").is_not_null())
    return {source.rsplit("/", 1)[-1]: note for source, note in report.select("source", "note").iter_rows()}


@pytest.mark.parametrize(
    "name",
    [
        "api.log", "api.log.1", "api.log.12.gz", "api.log-20260310", "api.log-20260310.zst", "api.log-2026031014",
        "api.log-20260310-1773100800.gz", "api.log.2026-03-10", "api-2026-03-10.log", "api-2026-03-10.3.log.gz",
        "api.log.2026-03-10_14", "api-2026-03-10T12-30-00.000.log.gz", "api_20260310.log",
    ],
)  # fmt: skip
def test_rotated_names_have_one_base(name):
    """Whatever the tool that rotates."""
    assert base_name(name) == "api"


@pytest.mark.parametrize(
    "names",
    [
        ("app.log-20260308.gz", "app.log-20260309", "app.log"),
        ("app-2026-03-08.log", "app-2026-03-09.log", "app.log"),
        ("app.log.3", "app.log.2.gz", "app.log.1"),
        ("app-1.log", "app-2.log", "app-3.log"),  # here the higher number is the newer
    ],
)
def test_a_rotated_set_comes_in_the_order_of_time(tmp_path, names):
    """The files' first events decide where names mislead."""
    for day, name in enumerate(names, 8):
        text = lines(day)
        (tmp_path / name).write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    times = la.load(tmp_path)["timestamp"]
    assert times.is_sorted()
    assert times.len() == 150


def test_one_rotation_packed_and_not_is_read_once(tmp_path):
    """As while gzip is at work, or after gzip -k; the other rotations stay."""
    (tmp_path / "app.log").write_text(lines(10))
    (tmp_path / "app.log.1").write_text(lines(9))
    (tmp_path / "app.log.1.gz").write_bytes(gzip.compress(lines(9).encode()))
    (tmp_path / "app.log.2.gz").write_bytes(gzip.compress(lines(8).encode()))
    logs = la.load(tmp_path)
    assert logs.height == 150
    assert noted(logs) == {"app.log.1.gz": f"the same log as {tmp_path}/app.log.1: read once"}


def test_the_same_number_with_other_content_is_read(tmp_path):
    """A name alone makes no double."""
    (tmp_path / "app.log.1").write_text(lines(9))
    (tmp_path / "app.log.1.gz").write_bytes(gzip.compress(lines(8).encode()))
    logs = la.load(tmp_path)
    assert logs.height == 100
    assert noted(logs) == {}


def test_links_and_copies_are_read_once(tmp_path):
    """Symbolic and hard links, and a copy of some size, by whatever name."""
    log = tmp_path / "app.log"
    log.write_text(lines(9, 200))
    (tmp_path / "current.log").symlink_to(log)
    os.link(log, tmp_path / "hard.log")
    (tmp_path / "backup").mkdir()
    (tmp_path / "backup" / "old.txt").write_text(lines(9, 200))
    (tmp_path / "backup" / "again").symlink_to(tmp_path)  # a folder within itself
    logs = la.load(tmp_path)
    assert logs.height == 200
    assert sorted(noted(logs)) == ["again", "current.log", "hard.log", "old.txt"]
    assert la.load([log, tmp_path / "current.log"]).height == 200


def test_few_equal_lines_of_two_services_stay(tmp_path):
    """Two services that write the same line in the same second are no copies; nor are lines without times."""
    for name in ("api.log", "web.log"):
        (tmp_path / name).write_text("2026-03-10 12:00:00 INFO started\n")
    for name in ("x.log.1", "x.log.2"):
        (tmp_path / name).write_text("started\n")
    assert la.load(tmp_path).height == 4


def test_files_outside_the_time_range_are_not_read(tmp_path):
    """The report tells which; the events are those of reading all."""
    for day in range(1, 10):
        (tmp_path / f"app.log-2026030{day}").write_text(lines(day, 72))
    packed = tmp_path / "app.log-20260228.gz"
    packed.write_bytes(gzip.compress(lines(1).replace("2026-03-01", "2026-02-28").encode()))
    os.utime(packed, (dt.datetime(2026, 3, 1).timestamp(),) * 2)
    logs = la.load(tmp_path, since="2026-03-04 12:00", until="2026-03-06 12:00")
    assert logs.height == 144
    assert sorted(noted(logs)) == [
        "app.log-20260228.gz", *(f"app.log-2026030{day}" for day in (1, 2, 3, 7, 8, 9)),
    ]  # fmt: skip
    assert set(noted(logs).values()) == {"outside the time range: not read"}
    assert la.load_report(logs)["lines"].sum() == 216


@given(
    st.lists(st.integers(0, 200), min_size=1, max_size=40),
    st.integers(-50, 250),
    st.integers(0, 100),
)
def test_skipping_never_loses_an_event(tmp_path_factory, hours, since, length):
    """Whatever the order of the lines and the range: the events are those of a filter on all of them."""
    start = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    path = tmp_path_factory.mktemp("logs") / "app.log"
    times = [start + dt.timedelta(hours=hour) for hour in hours for _ in range(3)]
    path.write_text("".join(f"{time:%Y-%m-%d %H:%M:%S},000 INFO [app] hello\n" for time in times))
    low, high = start + dt.timedelta(hours=since), start + dt.timedelta(hours=since + length)
    assert la.load(path, since=low, until=high).height == sum(low <= time < high for time in times)


def test_a_file_out_of_order_is_read(tmp_path):
    """Two hosts' logs joined: the middle is later than the end."""
    path = tmp_path / "app.log"
    path.write_text(lines(1, 500) + lines(9, 500) + lines(2, 500))
    assert la.load(path, since="2026-03-12").height == 284


def test_an_old_date_does_not_hide_new_events(tmp_path):
    """A packed file whose date is older than its own events is read."""
    path = tmp_path / "app.log.gz"
    path.write_bytes(gzip.compress(lines(9).encode()))
    os.utime(path, (0, 0))
    assert la.load(path, since="2026-03-09").height == 50


def test_a_named_pipe(tmp_path):
    """A pipe is read to its end, by a scan as often as it is asked."""
    pipe = tmp_path / "pipe.log"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text(lines(9)))
    writer.start()
    logs = la.scan(pipe)
    assert logs.collect().height == logs.select(pl.len()).collect().item() == 50
    assert logs.head(1).collect()["source"][0] == str(pipe)
    writer.join()


def test_a_broken_link(tmp_path):
    """Named, it is an error that tells where it leads; found in a folder, a note."""
    (tmp_path / "app.log").write_text(lines(9))
    (tmp_path / "gone.log").symlink_to("nowhere.log")
    with pytest.raises(SourceNotFoundError, match="link to 'nowhere"):
        la.load(tmp_path / "gone.log")
    for source in (tmp_path, str(tmp_path / "*.log")):
        assert noted(la.load(source)) == {"gone.log": "a link to a file that is not there"}


@pytest.mark.parametrize(("name", "message"), [("/dev/null", "empty"), ("/dev/zero", "a device")])
def test_devices(name, message):
    """They are told, not read for ever."""
    with pytest.raises(UnreadableSourceError, match=message):
        la.load(name)


@pytest.fixture
def nobody(tmp_path):
    """Give up root's right to read everything, for a while."""
    if os.geteuid() != 0:
        yield
        return
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(0o755)
    os.seteuid(65534)
    yield
    os.seteuid(0)


@pytest.fixture
def locked(tmp_path):
    """Make a folder with a log, one that nobody may read, and a folder that nobody may open."""
    (tmp_path / "app.log").write_text(lines(9))
    (tmp_path / "secret.log").write_text(lines(9))
    (tmp_path / "secret.log").chmod(0)
    (tmp_path / "vault").mkdir(mode=0)
    (tmp_path / "in-vault.log").symlink_to("vault/x.log")
    yield tmp_path
    (tmp_path / "vault").chmod(0o700)


def test_without_permission(locked, nobody):
    """A file, a folder and a link into it without permission are notes; named alone they are errors."""
    logs = la.load(locked)
    assert logs.height == 50
    assert noted(logs) == dict.fromkeys(("in-vault.log", "secret.log", "vault"), "cannot be read: Permission denied")
    for name in ("secret.log", "vault", "vault/app.log"):
        with pytest.raises(UnreadableSourceError, match=f"{name}.*Permission denied"):
            la.load(locked / name)


def test_a_file_that_goes_away(tmp_path):
    """Between the scan and its reading: a note when others stay, an error when it was the only one."""
    for name in ("a.log", "b.log"):
        (tmp_path / name).write_text(lines(9 if name == "a.log" else 8))
    both, one = la.scan([tmp_path / "a.log", tmp_path / "b.log"]), la.scan(tmp_path / "a.log")
    (tmp_path / "a.log").unlink()
    assert both.collect().height == 50
    assert "No such file" in noted(both)["a.log"]
    with pytest.raises(UnreadableSourceError, match=r"a\.log.*No such file"):
        one.collect()


def test_a_file_that_grows(tmp_path):
    """A scan reads what is there when it runs."""
    path = tmp_path / "app.log"
    path.write_text(lines(8))
    logs = la.scan(path)
    with path.open("a") as file:
        file.write(lines(9))
    assert logs.collect().height == 100
