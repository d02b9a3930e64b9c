"""What readers of a listed source see in the place of its addresses: its name, and what lies below.

The addresses of the administrator's list hold folders and hosts of the server. They are replaced where events are
loaded, so that no page, link, export, notebook or error after that can show one.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import polars as pl

from loganalytics.exceptions import LogAnalyticsError, MissingExtraError, SourceNotFoundError
from loganalytics.sources import uri
from loganalytics.sources.schemes import is_store
from loganalytics.sources.store import TailReader

Listed = tuple[tuple[str, str], ...]
"""Each address of a listed source and the name of the source; empty where there is no list."""


def label(source: str, listed: Listed) -> str:
    """Return a value of the column `source` as a reader may see it: "Production/api/app.log".

    Where a source has several folders, their numbers tell them apart.
    """
    for name, number, folder in _folders(listed):
        path = source if uri.has_scheme(source) else os.path.normpath(source)
        if path.startswith(folder.rstrip("/") + "/"):
            below = path[len(folder.rstrip("/")) + 1 :]
            return f"{name}/{number}/{below}" if number else f"{name}/{below}"
    is_path = uri.has_scheme(source) or os.path.isabs(source)
    return f"{listed[0][1]}/{os.path.basename(source.rstrip('/')) if is_path else source}"


def relabel(frame: pl.DataFrame, listed: Listed) -> pl.DataFrame:
    """Return a log frame or a load report with the names of the list in it."""
    if not listed or frame.is_empty():
        return frame
    labels = {source: label(source, listed) for source in frame["source"].unique().drop_nulls()}
    source = pl.col("source").replace_strict(labels, default=None, return_dtype=pl.String)
    remarks = [name for name in ("note", "guessed") if name in frame.columns and "status" in frame.columns]
    texts = [
        pl.col(name).map_elements(lambda text: scrub(text, listed, labels), return_dtype=pl.String) for name in remarks
    ]
    return frame.with_columns(source, *texts)


def scrub(message: str, listed: Listed, labels: Mapping[str, str] | None = None) -> str:
    """Return a message without the addresses of the list, their folders and their hosts."""
    if not listed:
        return message
    names = dict(labels or {})
    for address, name in listed:
        for spelling in _spellings(address):
            names.setdefault(spelling, name)
    for spelling in sorted(filter(None, names), key=len, reverse=True):
        written = re.escape(spelling)
        message = re.sub(rf"(?<![\w.-]){written}(?![\w-])", names[spelling].replace("\\", r"\\"), message)
    for port in {port for address, _ in listed for port in _ports(address)}:
        message = re.sub(rf"\bport {port}\b", "its port", message)
    return uri.scrub(message)


@contextmanager
def hidden(listed: Listed) -> Iterator[None]:
    """Raise errors with the names of the list in the place of its addresses."""
    if not listed:
        yield
        return
    try:
        yield
    except MissingExtraError:
        raise
    except SourceNotFoundError as error:  # its hint is about the folder beside it
        raise SourceNotFoundError(scrub(str(error).partition(" Hint:")[0], listed)) from None
    except LogAnalyticsError as error:
        raise type(error)(scrub(str(error), listed)) from None
    except OSError as error:
        raise SourceNotFoundError(f"{listed[0][1]!r} cannot be read: {error.strerror or 'no access'}.") from None


def _folders(listed: Listed) -> list[tuple[str, int, str]]:
    """Return name, number and folder of the addresses that have one, the longest first; 0 for a name's only folder."""
    by_name: dict[str, list[str]] = {}
    for address, name in listed:
        folders = by_name.setdefault(name, [])
        if (folder := _folder(address)) and folder not in folders:
            folders.append(folder)
    numbered = [
        (name, number if len(folders) > 1 else 0, folder)
        for name, folders in by_name.items() for number, folder in enumerate(folders, 1)
    ]  # fmt: skip
    return sorted(numbered, key=lambda entry: len(entry[2]), reverse=True)


def _folder(address: str) -> str | None:
    """Return the folder that the files or objects of an address lie in; None for a server's address."""
    if is_store(address):
        return None
    if uri.has_scheme(address) and not address.startswith("file://"):
        path = uri.without_credentials(address)
        return _above_wildcards(path) if path.endswith("/") or glob.has_magic(path) else path.rpartition("/")[0]
    path = os.path.normpath(os.path.expanduser(address.removeprefix("file://")))
    folder = _above_wildcards(path)
    return folder if folder != path or os.path.isdir(path) else os.path.dirname(path)


def _above_wildcards(path: str) -> str:
    while glob.has_magic(path):
        path = path.rpartition("/")[0]
    return path


def _spellings(address: str) -> list[str]:
    """Return how messages may write an address, its folder, its file and its hosts."""
    spellings = [address, uri.without_credentials(address)]
    folder = _folder(address)
    if folder is not None:
        path = os.path.expanduser(address)
        spellings += [path, os.path.abspath(path), folder, os.path.abspath(folder), os.path.realpath(folder)]
    if uri.has_scheme(address):
        parts = uri.split(address)
        spellings += [parts.authority, *(host.partition(":")[0] for host in parts.authority.split(","))]
        spellings += [parts.path, parts.path[1:]] if parts.path.count("/") > 1 else []
    return [spelling for spelling in spellings if len(spelling) > 1]


def _ports(address: str) -> list[str]:
    """Return the ports that an address names."""
    return re.findall(r":(\d+)", uri.split(address).authority) if uri.has_scheme(address) else []


@dataclass
class LabelledTail:
    """A tail whose events have the names of the list."""

    tail: TailReader
    listed: Listed

    @property
    def cursor(self) -> dict[str, Any]:
        """Where to go on; it stays with the server."""
        return self.tail.cursor

    @property
    def status(self) -> dict[str, Any]:
        """What was met."""
        return self.tail.status

    @property
    def ended(self) -> bool:
        """Whether nothing can come any more."""
        return self.tail.ended

    def read(self, timeout: float) -> pl.DataFrame:
        """Return what is new."""
        with hidden(self.listed):
            return relabel(self.tail.read(timeout), self.listed)

    def close(self, *, confirm: bool = True) -> None:
        """Close the connection."""
        self.tail.close(confirm=confirm)
