"""Read one log file in one way and print the rows: `python benchmarks/ingest_readers.py READER FORMAT PATH`.

A process of its own for each measurement, so that its CPU time and memory are the reader's alone. Each reader imports
what it needs and nothing else.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ingest_lines import YEAR

# The columns of the JSON lines, as a user who knows the file would declare them to DuckDB.
_DECLARED = {
    "timestamp": "TIMESTAMP", "level": "VARCHAR", "logger": "VARCHAR", "message": "VARCHAR", "service": "VARCHAR",
    "request_id": "VARCHAR", "user_id": "BIGINT", "duration_ms": "DOUBLE", "status_code": "BIGINT", "ip": "VARCHAR",
}  # fmt: skip

_NGINX = re.compile(
    r'(?P<address>\S+) \S+ (?P<user>\S+) \[(?P<time>[^\]]+)\] "(?P<method>\S+) (?P<url>\S+) (?P<protocol>[^"]+)" '
    r'(?P<status>\d{3}) (?P<size>\d+|-) "(?P<referer>[^"]*)" "(?P<agent>[^"]*)"$'
)
_SYSLOG = re.compile(
    r"(?P<time>\w{3} [ \d]\d \d\d:\d\d:\d\d) (?P<host>\S+) (?P<service>[^\s:\[]+)(?:\[(?P<pid>\d+)\])?: (?P<message>.*)"
)
_PYTHON = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) (?P<level>[A-Z]+) \[(?P<logger>[^\]]+)\] (?P<message>.*)"
)
_PAIR = re.compile(r'([\w.]+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))')


def load(_form: str, path: str) -> int:
    import loganalytics as la

    return la.load(path).height


def sink(_form: str, path: str) -> int:
    import polars as pl

    import loganalytics as la

    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "logs.parquet")
        la.scan(path).sink_parquet(target)
        return int(pl.scan_parquet(target).select(pl.len()).collect().item())


def import_only(_form: str, _path: str) -> int:
    import duckdb  # noqa: F401 (load imports it when it meets JSON)

    from loganalytics import load as _load  # noqa: F401

    return 0


def polars_ndjson(_form: str, path: str) -> int:
    import polars as pl

    frame = pl.read_ndjson(path)
    return frame.with_columns(pl.col("timestamp").str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ")).height


def duckdb_json(_form: str, path: str) -> int:
    import duckdb

    sql = f"from read_json('{path}', format='newline_delimited', columns={_DECLARED}, ignore_errors=true)"
    return duckdb.sql(sql).pl().height


def pandas_json(_form: str, path: str) -> int:
    import pandas as pd

    frame = pd.read_json(path, lines=True)
    return len(frame.assign(timestamp=pd.to_datetime(frame["timestamp"])))


def orjson_loop(form: str, path: str) -> int:
    import orjson

    return _json_loop(orjson.loads, path)


def json_loop(form: str, path: str) -> int:
    return _json_loop(json.loads, path)


def re_loop(form: str, path: str) -> int:
    rows = list(_EVENTS[form](_lines(path)))
    return _to_frame(rows)


def lnav(form: str, path: str) -> int:
    """Have every column of every event taken out of its line, as a frame holds them."""
    table, columns = _LNAV_TABLES[form]
    counts = ", ".join(f"count({column})" for column in ("log_time", "log_level", *columns))
    return _ask_lnav(f";select {counts} from {table}", path)


def lnav_count(form: str, path: str) -> int:
    """Have lines matched and their times read, which is what lnav does to open a file."""
    return _ask_lnav(f";select count(*) from {_LNAV_TABLES[form][0]}", path)


def _ask_lnav(question: str, path: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        _configure_lnav(Path(folder))
        command = ["lnav", "-n", "-I", folder, "-c", question, "-c", ":write-csv-to -", path]
        home = {**os.environ, "HOME": folder}
        answer = subprocess.run(command, capture_output=True, text=True, check=True, env=home).stdout
    numbers = re.findall(r"^\s*(\d+)(?:,\d+)*\s*$", answer, re.MULTILINE)
    return int(numbers[0]) if numbers else 0


def _lines(path: str) -> Iterator[str]:
    with gzip.open(path, "rt") if path.endswith(".gz") else open(path) as file:
        for line in file:
            yield line.rstrip("\n")


def _json_loop(loads: Callable[[str], Any], path: str) -> int:
    rows = []
    for line in _lines(path):
        try:
            row = loads(line)
            row["timestamp"] = dt.datetime.fromisoformat(row["timestamp"])
        except ValueError:
            row = {"message": line}
        rows.append(row)
    return _to_frame(rows)


def _to_frame(rows: list[dict[str, Any]]) -> int:
    import polars as pl

    return pl.DataFrame(rows, infer_schema_length=1000).height


def _nginx_events(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        match = _NGINX.match(line)
        row: dict[str, Any] = match.groupdict() if match else {"message": line}
        if match:
            row["time"] = dt.datetime.strptime(row["time"], "%d/%b/%Y:%H:%M:%S %z")
            row["status"] = int(row["status"])
            row["size"] = None if row["size"] == "-" else int(row["size"])
        yield row


def _syslog_events(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        match = _SYSLOG.match(line)
        row: dict[str, Any] = match.groupdict() if match else {"message": line}
        if match:
            row["time"] = dt.datetime.strptime(f"{YEAR} {row['time']}", "%Y %b %d %H:%M:%S").replace(tzinfo=dt.UTC)
            row["pid"] = row["pid"] and int(row["pid"])
        yield row


def _python_events(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    event: dict[str, Any] = {}
    more: list[str] = []
    for line in lines:
        match = _PYTHON.match(line)
        if match is None:
            more.append(line)
            continue
        if event:
            yield event | {"exception": "\n".join(more) or None}
        event, more = match.groupdict(), []
        event["time"] = dt.datetime.fromisoformat(event["time"])
    if event:
        yield event | {"exception": "\n".join(more) or None}


def _logfmt_events(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        row: dict[str, Any] = {key: quoted or bare for key, quoted, bare in _PAIR.findall(line)}
        row["time"] = dt.datetime.fromisoformat(row["time"])
        row["user_id"], row["duration_ms"] = int(row["user_id"]), float(row["duration_ms"])
        yield row


_EVENTS = {"nginx": _nginx_events, "syslog": _syslog_events, "python": _python_events, "logfmt": _logfmt_events}

_LNAV_TABLES = {
    "json": ("bench_json", ("logger", "service", "request_id", "ip", "user_id", "duration_ms", "status_code")),
    "nginx": ("access_log", ("c_ip", "cs_username", "cs_method", "cs_uri_stem", "cs_version", "sc_status", "sc_bytes",
                             "cs_referer", "cs_user_agent")),
    "syslog": ("syslog_log", ("log_hostname", "log_procname", "log_pid", "log_body")),
    "python": ("bench_python", ("logger", "log_body")),
    "logfmt": ("logfmt_log", ("fields", "log_body")),
}  # fmt: skip


def _configure_lnav(folder: Path) -> None:
    """Define the two formats that lnav does not bring: JSON lines, and this layout of Python's logging."""
    of_json = {
        "title": "JSON lines", "json": True, "timestamp-field": "timestamp", "level-field": "level",
        "body-field": "message", "line-format": [{"field": "timestamp"}, " ", {"field": "message"}],
        "value": {name: {"kind": "string"} for name in ("logger", "service", "request_id", "ip")}
        | {"user_id": {"kind": "integer"}, "duration_ms": {"kind": "float"}, "status_code": {"kind": "integer"}},
    }  # fmt: skip
    pattern = _PYTHON.pattern.replace("<time>", "<timestamp>").replace("<message>", "<body>")
    sample = "2026-03-10 00:00:00,053 INFO [api] started"
    of_python = {
        "title": "Python logging", "regex": {"std": {"pattern": f"^{pattern}$"}}, "level-field": "level",
        "value": {"logger": {"kind": "string", "identifier": True}}, "sample": [{"line": sample}],
    }  # fmt: skip
    schema = {"$schema": "https://lnav.org/schemas/format-v1.schema.json"}
    formats = folder / "formats" / "bench"
    formats.mkdir(parents=True)
    (formats / "formats.json").write_text(json.dumps(schema | {"bench_json": of_json, "bench_python": of_python}))


READERS: dict[str, Callable[[str, str], int]] = {
    "load": load, "sink": sink, "import only": import_only, "polars": polars_ndjson, "duckdb": duckdb_json,
    "pandas": pandas_json, "orjson loop": orjson_loop, "json loop": json_loop, "re loop": re_loop, "lnav": lnav,
    "lnav count": lnav_count,
}  # fmt: skip

if __name__ == "__main__":
    print(READERS[sys.argv[1]](sys.argv[2], sys.argv[3]))
