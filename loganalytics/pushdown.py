"""Trends of sources whose servers count for themselves, without loading the events."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import polars as pl

from loganalytics.analyses import trends
from loganalytics.sources.files.discovery import Source
from loganalytics.sources.load import scan
from loganalytics.sources.read_options import When, parse_options
from loganalytics.sources.schemes import is_store, open_store
from loganalytics.times import parse_every


def trend_of(
    source: Source, *, every: str | timedelta = "5m", by: str | None = None, since: When = None, until: When = None,
    level: str | None = None, query: str | None = None, tz: str = "UTC",
) -> pl.DataFrame:  # fmt: skip
    """Count the events and errors of a source in every window of time, by its server where that can count.

    The same as trend(load(source, ...), every=every, by=by), and the same columns. Elasticsearch and OpenSearch count
    by a histogram, where the mapping says which fields hold time and level and `by` is level, source or a keyword;
    anything else is read lazily and counted here. A server counts errors by their severity alone, not the failures that
    events without one report. Other arguments as load() takes them.

    Raises what load() and trend() raise.

    >>> import loganalytics as la, pathlib
    >>> _ = pathlib.Path("app.log").write_text("2026-03-10 12:00:00 ERROR disk full\\n")
    >>> la.trend_of("app.log", every="1h", by="level").select("level", "events", "errors").row(0)
    ('ERROR', 1, 1)
    """
    names = [os.fspath(source)] if isinstance(source, (str, os.PathLike)) else [os.fspath(name) for name in source]
    options = parse_options(since=since, until=until, level=level, query=query, tz=tz)
    partials: list[pl.DataFrame] = []
    uncounted: list[str] = []
    for name in names:
        store: Any = open_store(name) if is_store(name) else None
        counted = store.count(options, parse_every(every), by) if hasattr(store, "count") else None
        if counted is None:
            uncounted.append(name)
        else:
            partials.append(counted)
    if uncounted:
        sources = uncounted if len(uncounted) > 1 else uncounted[0]
        logs = scan(sources, since=since, until=until, level=level, query=query, tz=tz)
        partials.append(trends.partial(logs, every=every, by=by))
    return trends.finish(trends.merge(partials), every=every)
