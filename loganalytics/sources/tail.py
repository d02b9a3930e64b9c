"""Logs as they grow: one iterator of log frames for files and servers, with a cursor that can be saved."""

from __future__ import annotations

import datetime as dt
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Any

import polars as pl

from loganalytics import schema
from loganalytics.exceptions import InvalidArgumentError, LogAnalyticsError, UnreadableSourceError
from loganalytics.filters.sql import condition, where_in_batch
from loganalytics.formats.custom import Formats
from loganalytics.formats.custom_hints import Durations
from loganalytics.sources.files.discovery import Source
from loganalytics.sources.files.pipe import PipeReader, is_pipe, pipe_name
from loganalytics.sources.files.tail import FileReader
from loganalytics.sources.read_options import ReadOptions, When, parse_options
from loganalytics.sources.schemes import is_store, open_store
from loganalytics.sources.store import ConsumerGroup, Store, TailReader

_TURN_SECONDS = 0.05
"""How long each of several readers is waited for in turn."""
# The last event of a file is held for a moment, since it may go on: what is idle for less has perhaps not shown all.
_MIN_FILE_IDLE_SECONDS = 0.5
_FILES = "files"
_BEFORE_LAST = dt.timedelta(minutes=15)
"""How long before the last event of a table a tail begins that is to show the last ones."""


class Tail:
    """What is new in logs, batch by batch: iterate over it, or call read(); see tail().

    Safe to close() from another thread.
    """

    def __init__(
        self, readers: Mapping[str, TailReader], queries: Mapping[str, str | None],
        options: Mapping[str, ReadOptions],
        idle: float | None, other_places: Mapping[str, Any],
    ) -> None:  # fmt: skip
        self._readers = dict(readers)
        self._queries = queries
        """Of each reader the condition that its batches are filtered by here."""
        self._options = options
        """Of each reader which events it is to hand out."""
        self._idle = None if idle is None else max(idle, _MIN_FILE_IDLE_SECONDS if _FILES in readers else 0.0)
        self._other_places = dict(other_places)
        """What a cursor holds of sources that are not read now."""
        self._events_returned = 0
        self._closed = threading.Event()

    def read(self, timeout: float = 1.0) -> pl.DataFrame:
        """Return what is new as a log frame; empty when nothing comes within so many seconds.

        Raises UnreachableSourceError when a server comes back and refuses the login. One that is away is waited for.
        """
        deadline = time.monotonic() + timeout
        turn = timeout if len(self._readers) == 1 else _TURN_SECONDS
        while not self._closed.is_set():
            remaining = deadline - time.monotonic()
            for name, reader in self._readers.items():
                events = self._filter(name, reader.read(max(0.0, min(remaining, turn))))
                if events.height:
                    self._events_returned += events.height
                    return events
            if self.ended or time.monotonic() >= deadline:
                break
        return schema.empty()

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """Yield batches, none empty, until close(), the end of a pipe, or when nothing came for `idle` seconds."""
        return (batch for batch in self.batches() if batch.height)

    def batches(self) -> Iterator[pl.DataFrame]:
        """Yield batches as iteration does, and an empty one now and then: the cursor moves also by what is left out."""
        last = time.monotonic()
        empty_reads = 0
        while not self._closed.is_set():
            batch = self.read(0.5 if self._idle is None else max(0.01, min(0.5, last + self._idle - time.monotonic())))
            yield batch
            empty_reads = 0 if batch.height else empty_reads + 1
            if batch.height:
                last = time.monotonic()
            elif self.ended or self._is_idle(last, empty_reads):
                return

    def _is_idle(self, last: float, empty_reads: int) -> bool:
        """Whether nothing came for long enough; one read that found nothing may have taken all of that time."""
        return self._idle is not None and empty_reads > 1 and time.monotonic() - last >= self._idle

    @property
    def ended(self) -> bool:
        """Whether nothing can come any more: all sources are pipes whose writers are gone."""
        return all(reader.ended for reader in self._readers.values())

    @property
    def cursor(self) -> dict[str, Any]:
        """Where to go on after the batch that was returned last: for tail(cursor=), and for JSON; without secrets.

        Save it with save_cursor(), together with what was made of the events. What it was given of sources that are
        not read now stays in it.
        """
        return {"readers": self._other_places | {name: reader.cursor for name, reader in self._readers.items()}}

    @property
    def status(self) -> dict[str, Any]:
        """What was met so far.

        state ("reading", "reconnecting", "closed"), read (events), kept (after the filters), lost (trimmed or deleted
        before they were read), skipped, reconnects, and what a kind of source counts beside these.
        """
        total: dict[str, Any] = {"state": "reading", "read": 0, "lost": 0, "skipped": 0, "reconnects": 0}
        for reader in self._readers.values():
            for name, value in reader.status.items():
                if name != "state":
                    total[name] = total.get(name, 0) + value
                elif value == "reconnecting":
                    total["state"] = value
        total["kept"] = self._events_returned
        return total | ({"state": "closed"} if self._closed.is_set() else {})

    def close(self, *, confirm: bool = True) -> None:
        """End reading, confirm to consumer groups what was handed out, and let go of connections and files.

        Without `confirm` the last batch stays unconfirmed, and comes again: to be used where it could not be worked on.
        """
        self._closed.set()
        for reader in self._readers.values():
            reader.close(confirm=confirm)

    def __enter__(self) -> Tail:
        """Return the tail."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it; after an error the last batch is not confirmed."""
        self.close(confirm=kind is None or issubclass(kind, GeneratorExit | KeyboardInterrupt))

    def __repr__(self) -> str:
        """Name its sources, without secrets."""
        return f"Tail({', '.join(self._readers)})"

    def _filter(self, name: str, events: pl.DataFrame) -> pl.DataFrame:
        if events.is_empty():
            return events
        predicate = self._options[name].predicate
        if predicate is not None:
            events = events.filter(predicate)
        return where_in_batch(events, self._queries[name])


def tail(
    source: Source, *, since: When = None, last: int | None = None, cursor: Mapping[str, Any] | None = None,
    level: str | None = None, query: str | None = None, tz: str = "UTC", time: str | None = None,
    dayfirst: bool | None = None, level_field: str | None = None, duration: Durations | None = None,
    encoding: str | None = None, formats: Formats | None = None, group: str | None = None,
    consumer: str | None = None, idle: float | None = None, claim_after: float = 60.0,
) -> Tail:  # fmt: skip
    """Follow logs as they grow, in batches that are log frames.

    Args:
        source: what load() takes but archives, Parquet and object stores: files (that need not be there yet), folders
            (new files are found), globs, addresses of servers (new streams are found where none is named), "-" and
            pipes (from their beginning to their end), or a list of these.
        since: begin there; by default with what is new from now on. What comes later with an earlier time is left out.
        last: begin with the last so many lines of each file and entries of each stream, whatever their times; with a
            table or an index, at a quarter of an hour before its last event.
        cursor: go on where another Tail's `cursor` was; `since` and `last` are for what it does not know.
        level: hand out events of this level and above.
        query: hand out events for which this SQL condition holds; in Elasticsearch's and OpenSearch's own language
            there. A column that a batch lacks is null.
        tz, time, dayfirst, level_field, duration, encoding, formats: how to read, as load() takes them.
        group: for Redis Streams: share the stream with the other readers of this consumer group, which is made when it
            is not there. Each event is handed out at least once: it is confirmed at the next read() or at close(),
            and goes to another reader when it is not.
        consumer: this reader's name in the group (default: host and process). One that comes back under its name
            first gets what it did not confirm.
        idle: end the iteration when nothing came for so many seconds, with files at least half a second.
        claim_after: seconds after which what another reader of the group did not confirm goes to this one.

    Rotated, renamed and truncated files and servers that go away for a while are followed on; nothing is lost or
    handed out twice. What a stream's owner trimmed before it was read is counted exactly in `status["lost"]`, of a
    group by the reader that gets what follows it; `status["uncounted"]` says of how many streams the server does not
    let it be counted. When a server lost entries that had been handed out, up to as many before them come again.

    Raises SourceNotFoundError, UnreachableSourceError when a server does not answer at the beginning, and
    InvalidArgumentError.

    >>> import loganalytics as la, pathlib
    >>> _ = pathlib.Path("app.log").write_text("2026-03-10 12:00:00 ERROR disk full\\n")
    >>> with la.tail("app.log", since="2026-03-10", idle=0.1) as tail:
    ...     [batch["message"].to_list() for batch in tail]
    [['disk full']]
    """
    if since is not None and last is not None:
        raise InvalidArgumentError("since= and last= both say where to begin. Hint: leave one out.")
    options = parse_options(
        since=since, last=last, level=level, query=query, tz=tz, time=time, dayfirst=dayfirst, level_field=level_field,
        duration=duration, encoding=encoding, formats=formats,
    )  # fmt: skip
    names = [os.fspath(source)] if isinstance(source, (str, os.PathLike)) else [os.fspath(name) for name in source]
    places = dict(cursor or {}).get("readers", {})
    readers: dict[str, TailReader] = {}
    queries: dict[str, str | None] = {}
    member = consumer or f"{socket.gethostname()}-{os.getpid()}"
    consumer_group = ConsumerGroup(name=group, consumer=member, claim_after=claim_after) if group else None
    stores = [open_store(name) for name in names if is_store(name)]
    local_names = [name for name in names if not is_store(name)]
    if local_names and consumer_group:
        raise InvalidArgumentError("Files have no consumer groups. Hint: group= is for Redis Streams.")
    pipes = dict.fromkeys(pipe_name(name) for name in local_names if is_pipe(name))
    paths = [name for name in local_names if not is_pipe(name)]
    sources = {*(store.source for store in stores), *([_FILES] if paths else [])}
    _check_places(places, sources)
    by_reader = dict.fromkeys([*pipes, _FILES], options)
    for store in stores:
        by_reader[store.source] = _with_time(options, store) if store.source not in places else options
        open_reader = partial(_open_store, store, by_reader[store.source], consumer_group)
        readers[store.source] = _reader_at(places, store.source, open_reader)
        queries[store.source] = None if store.own_query else query
    for name in pipes:
        readers[name], queries[name] = PipeReader(name, options), query
    if paths:
        readers[_FILES] = _reader_at(places, _FILES, partial(FileReader, paths, options))
        queries[_FILES] = query
    for local_query in filter(None, queries.values()):
        condition(local_query)
    other_places = {name: place for name, place in places.items() if name not in sources}
    return Tail(readers, queries, by_reader, idle, other_places)


def _open_store(
    store: Store, options: ReadOptions, group: ConsumerGroup | None, place: Mapping[str, Any] | None
) -> TailReader:  # fmt: skip
    return store.reader(options, place, group)


def _with_time(options: ReadOptions, store: Store) -> ReadOptions:
    """Return the options for a store that cannot count its last events: with a time shortly before the last one."""
    if not options.last or store.counts_last:
        return options
    newest = store.describe()["last_seen"].max()
    return replace(options, since=newest - _BEFORE_LAST) if isinstance(newest, dt.datetime) else options


def _reader_at(
    places: Mapping[str, Any], source: str, open_reader: Callable[[Mapping[str, Any] | None], TailReader]
) -> TailReader:  # fmt: skip
    """Return the reader of a source, at its place in the cursor.

    Raises UnreadableSourceError where the cursor was not made by a tail of this source.
    """
    try:
        return open_reader(places.get(source))
    except LogAnalyticsError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        if source not in places:
            raise
        raise UnreadableSourceError(
            f"The cursor's place in {source!r} cannot be read. Hint: begin anew without the cursor, with since=."
        ) from None


def _check_places(places: Mapping[str, Any], sources: Set[str]) -> None:
    """Raise InvalidArgumentError for a cursor of other sources: it would be passed over, and what came since lost."""
    unknown, others = sources - places.keys(), places.keys() - sources
    if unknown and others:
        raise InvalidArgumentError(
            f"The cursor has the place in {sorted(others)[0]!r}, not in {sorted(unknown)[0]!r}. Hint: name the source "
            "as before, or begin anew without the cursor."
        )
