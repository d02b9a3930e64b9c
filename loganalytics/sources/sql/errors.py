"""What drivers and databases say, as errors that name the source and what to do, without secrets."""

from __future__ import annotations

import re

from loganalytics.exceptions import (
    InvalidArgumentError,
    LogAnalyticsError,
    SourceNotFoundError,
    UnreachableSourceError,
    UnreadableSourceError,
)
from loganalytics.sources.sql.address import Address

_NOT_FOUND = re.compile(r"no such table|does not exist|doesn't exist|Catalog Error: Table|Unknown database", re.I)
_INVALID_SQL = re.compile(
    r"syntax|no such column|Unknown column|Binder Error|Parser Error|column .* does not exist", re.I
)
_UNREACHABLE = re.compile(
    r"connect|authentication|Access denied|password|timed? ?out|server closed|refused|SSL|pool|terminat|I/O|"
    r"database is locked|starting up|shutting down|in recovery mode",
    re.I,
)


def to_source_error(error: BaseException, address: Address) -> LogAnalyticsError:
    """Return the error to raise for one of a driver."""
    reason = address.scrub(str(error)) or type(error).__name__
    source = address.source
    if _INVALID_SQL.search(reason):
        return InvalidArgumentError(
            f"{source!r} cannot read the SQL: {reason}. Hint: query= is a condition over its columns."
        )
    if _NOT_FOUND.search(reason):
        return SourceNotFoundError(f"{source!r}: {reason}. Hint: describe() lists the tables that there are.")
    if _UNREACHABLE.search(reason):
        hint = address.withheld or "Hint: check host, port, user and password."
        return UnreachableSourceError(f"{source!r}: {reason}. {hint}")
    return UnreadableSourceError(f"{source!r}: {reason}.")
