"""Tables without a header whose columns are known: the CSV logs of PostgreSQL and Greenplum, VPC flow logs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from loganalytics.formats.delimited.cells import Dialect

_POSTGRES = (
    "timestamp", "user_name", "database_name", "process_id", "connection_from", "session_id", "session_line_num",
    "command_tag", "session_start_time", "virtual_transaction_id", "transaction_id", "level", "sql_state_code",
    "message", "detail", "hint", "internal_query", "internal_query_pos", "context", "query", "query_pos", "location",
    "application_name", "backend_type", "leader_pid", "query_id",
)  # fmt: skip
_GREENPLUM = (
    "timestamp", "user_name", "database_name", "process_id", "thread_id", "remote_host", "remote_port",
    "session_start_time", "transaction_id", "gp_session_id", "gp_command_count", "gp_segment", "slice_id",
    "distr_tranx_id", "local_tranx_id", "sub_tranx_id", "level", "sql_state_code", "message", "detail", "hint",
    "internal_query", "internal_query_pos", "context", "query", "query_pos", "func_name", "file_name", "file_line",
    "stack_trace",
)  # fmt: skip
_FLOWS = (
    "version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes",
    "start", "end", "action", "log-status",
)  # fmt: skip
_PG_LEVEL = r"(?:DEBUG[1-5]?|LOG|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC)"
_PG_TIME = r'^"?\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?(?: ?[A-Za-z+-][\w:/+-]*)?"?,'


@dataclass(frozen=True)
class Layout:
    """The columns of a table that has no header."""

    name: str
    columns: tuple[str, ...]
    widths: tuple[int, ...]
    """How many of the columns there are in one version or another."""
    dialect: Dialect
    first_cells: str
    """The expression that its first line begins with."""
    level: str
    """The expression of the cell at `level_at`."""
    level_at: int
    unset: tuple[str, ...] = ("",)

    def begins(self, line: str) -> bool:
        """Whether a line can be the first of a record."""
        return re.match(self.first_cells, line) is not None

    def is_level(self, cell: str) -> bool:
        """Whether a cell can be at `level_at`."""
        return re.fullmatch(self.level, cell) is not None


_CELL = r'(?:"(?:[^"]|"")*"|[^,]*),'

LAYOUTS = (
    Layout(
        "PostgreSQL (csvlog)", _POSTGRES, (22, 23, 24, 26), Dialect(","),
        first_cells=rf'{_PG_TIME}{_CELL}{_CELL}\d*,{_CELL}"?[0-9a-f]+\.[0-9a-f]+', level=_PG_LEVEL, level_at=11,
    ),
    Layout(
        "Greenplum (csv)", _GREENPLUM, (30,), Dialect(","),
        first_cells=rf'{_PG_TIME}{_CELL}{_CELL}"?p\d+"?,"?th-?\d+', level=_PG_LEVEL, level_at=16,
    ),
    Layout(
        "VPC flow log", _FLOWS, (14,), Dialect(" ", has_quotes=False),
        first_cells=r"^2 (?:\d{12}|unknown) eni-", level=r"OK|NODATA|SKIPDATA", level_at=13, unset=("", "-"),
    ),
)  # fmt: skip
