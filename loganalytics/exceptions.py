"""What can go wrong, as one small tree.

LogAnalyticsError
├── SourceError                 something about the place the logs come from
│   ├── SourceNotFoundError     no such file, glob, stream, index or table   (also FileNotFoundError)
│   ├── UnreadableSourceError   it is there, but these are not logs we can read   (also ValueError)
│   ├── UnreachableSourceError  the server does not answer, or lets nobody in   (also ConnectionError)
│   └── IncompleteSourceError   the server answered with a part of what it holds
├── MissingColumnError          the frame lacks a column that the analysis needs   (also ValueError)
├── FileInUseError              another run has the lock of a file   (also TimeoutError)
├── InvalidArgumentError        an option has a value that makes no sense   (also ValueError)
│   └── QueryStoppedError       a query or a filter exceeded a limit of time, memory or rows
└── MissingExtraError           an optional library is not installed   (also ImportError)

Messages say what went wrong, which thing it was, and what to do, the last after "Hint:".
"""

from __future__ import annotations


class LogAnalyticsError(Exception):
    """Base of every error that this package raises on purpose."""


class SourceError(LogAnalyticsError):
    """A source of logs could not be used."""


class SourceNotFoundError(SourceError, FileNotFoundError):
    """The source does not exist."""


class UnreadableSourceError(SourceError, ValueError):
    """The source exists, but holds nothing that can be read as logs."""


class UnreachableSourceError(SourceError, ConnectionError):
    """The server does not answer, or refuses the login."""


class IncompleteSourceError(SourceError):
    """The server could read only a part of what it holds."""


class MissingColumnError(LogAnalyticsError, ValueError):
    """A frame lacks a column that an analysis needs."""


class FileInUseError(LogAnalyticsError, TimeoutError):
    """Another run has the lock of a file that it changes."""


class InvalidArgumentError(LogAnalyticsError, ValueError):
    """An argument has a value that makes no sense here."""


class QueryStoppedError(InvalidArgumentError):
    """A query or a filter took longer, needed more memory or had more rows than it may."""


class MissingExtraError(LogAnalyticsError, ImportError):
    """An optional library is missing; the message names the extra that brings it."""

    def __init__(self, library: str, extra: str) -> None:
        super().__init__(f"{library} is not installed. Hint: pip install 'loganalytics[{extra}]'")
