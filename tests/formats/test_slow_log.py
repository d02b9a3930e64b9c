"""The slow log of MySQL and MariaDB."""

from __future__ import annotations

from pathlib import Path

import polars as pl

import loganalytics as la
from loganalytics.formats.slow_log import SlowLogFramer

HEAD = "# User@Host: shop[shop] @ app-1 [192.0.2.7]\n# Thread_id: {0}  Schema: shop  QC_hit: No\n"
QUERY = HEAD + (
    "# Query_time: {0}.500000  Lock_time: 0.000010  Rows_sent: 1  Rows_examined: 9\n"
    "# Rows_affected: 0  Bytes_sent: 67\nSET timestamp=1743577689;\nselect {0}\n from orders;\n"
)
LOG = (
    "/usr/sbin/mariadbd, Version: 11.4 started with:\nTime\t\t    Id Command\tArgument\n"
    "# Time: 250402  7:08:09\n" + QUERY.format(1) + QUERY.format(2) + "# Time: 250402  7:08:11\n" + QUERY.format(3)
)


def test_statements_of_one_second_share_its_time(tmp_path: Path) -> None:
    """Each statement is an event of its own."""
    (tmp_path / "slow.log").write_text(LOG)
    logs = la.load(tmp_path / "slow.log").filter(pl.col("message").str.starts_with("select"))
    assert logs["message"].to_list() == ["select 1", "select 2", "select 3"]
    assert logs["duration_ms"].to_list() == [1500.0, 2500.0, 3500.0]
    assert [time.second for time in logs["timestamp"]] == [9, 9, 11]
    assert logs["exception"].str.contains("from orders;").all()


def test_a_time_at_the_end_waits() -> None:
    """A line with the time is given back when nothing follows it yet, and kept when nothing ever does."""
    lines = pl.DataFrame({"n": [1, 2], "line": ["x", "# Time: 250402  7:08:09"]}, schema_overrides={"n": pl.UInt64})
    framer = SlowLogFramer()
    assert framer.feed(lines)["line"].to_list() == ["x"]
    assert framer.give_back() == 1
    framer.feed(lines)
    assert framer.finish()["n"].to_list() == [2]
