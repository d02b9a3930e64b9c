"""Every hit of a query, shard by shard: a point in time of each, paged by the number that the shard gave each document.

`_seq_no` is unique within a shard, is the same in a later point in time and after a restart, and sorting by it costs
about as much as reading in the index's own order. So a reader that lost its position begins anew right behind what it
has.
"""

from __future__ import annotations

import os
import re
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import polars as pl

from loganalytics.exceptions import IncompleteSourceError, UnreadableSourceError
from loganalytics.sources.elasticsearch.connection import Connection
from loganalytics.sources.elasticsearch.decode import SearchAnswer, decode_search, to_documents
from loganalytics.sources.elasticsearch.errors import RequestRefused, ServerUnavailable
from loganalytics.sources.elasticsearch.mapping import Query, index_not_found, index_path, is_internal
from loganalytics.sources.reconnect import Backoff, retry

MAX_PAGE_HITS = 10_000
"""What a server allows by default (index.max_result_window)."""
_MIN_PAGE_HITS = 10
_PAGE_BYTES = 16 * 1024 * 1024
_KEEP_ALIVE = "5m"
_MAX_READERS = 4
_BACKOFF = Backoff(first=0.2, longest=5.0)

ShardName = tuple[str, int]
"""The index of a shard, and its number there."""


@dataclass(frozen=True, kw_only=True)
class ShardMap:
    """The shards of the indices behind a pattern."""

    assigned: list[ShardName]
    unassigned: list[ShardName]
    """The shards that no node has."""
    alias_filters: Mapping[str, Query]
    """What the aliases by which an index was named let through."""


@dataclass(kw_only=True)
class ShardReading:
    """One shard that is being read: how far the reading is, and how many hits there are to be."""

    index: str
    number: int
    query: Query
    page_hits: int
    """How many hits the next page is to have."""
    last_seq_no: int | None = None
    point_in_time: str | None = None
    has_total: bool = False
    """Whether a page was read of this point in time, with which came the total."""
    hits_read: int = 0
    total_hits: int = 0
    reopened: int = 0

    @property
    def done(self) -> bool:
        """Whether all its hits are read."""
        return self.has_total and self.hits_read >= self.total_hits


@dataclass(frozen=True, kw_only=True)
class Page:
    """The documents of one answer."""

    shard: ShardReading
    documents: pl.DataFrame
    """line (the document as it was sent), source (its index), offset (its _id)."""
    bytes: int


@dataclass(frozen=True, kw_only=True)
class _Answer:
    """An answer, and what it took over the wire."""

    search: SearchAnswer
    bytes: int


def read_shard_map(connection: Connection, pattern: str) -> ShardMap:
    """Return the shards behind a pattern; the mappings say nothing of an index none of whose shards is there.

    Raises SourceNotFoundError.
    """
    path = index_path(pattern)
    try:
        answer = connection.request_json("GET", f"{path}/_search_shards")
    except RequestRefused as refused:
        if refused.status != 404:
            raise
        raise index_not_found(connection) from None
    copies = [copy for group in answer["shards"] for copy in group]
    assigned = {(copy["index"], copy["shard"]) for copy in copies if copy["state"] in ("STARTED", "RELOCATING")}
    shards = {(copy["index"], copy["shard"]) for copy in copies}
    if not all(answer["shards"]):  # a shard that no node has is an empty group, without its name
        shards |= _shards_by_settings(connection, path)
    return ShardMap(
        assigned=sorted(shard for shard in assigned if not is_internal(shard[0], pattern)),
        unassigned=sorted(shard for shard in shards - assigned if not is_internal(shard[0], pattern)),
        alias_filters={name: index["filter"] for name, index in answer.get("indices", {}).items() if "filter" in index},
    )


def _shards_by_settings(connection: Connection, path: str) -> set[ShardName]:
    """Return all shards that the indices are to have."""
    answer = connection.request_json("GET", f"{path}/_settings?filter_path=*.settings.index.number_of_shards")
    return {
        (index, number)
        for index, settings in answer.items()
        for number in range(int(settings["settings"]["index"]["number_of_shards"]))
    }


def read_pages(
    connection: Connection, shard_map: ShardMap, queries: Mapping[str, Query], document_bytes: float
) -> Iterator[Page]:
    """Yield all hits in these shards of the query of each index, a page of each of some shards in turn.

    While one page is read the next ones are on their way. Raises IncompleteSourceError when a shard cannot be read to
    its end.
    """
    waiting = deque(
        ShardReading(
            index=index, number=number, query=_both(queries[index], shard_map.alias_filters.get(index)),
            page_hits=_fitting_hits(document_bytes),
        )
        for index, number in shard_map.assigned
    )  # fmt: skip
    readers = max(1, min(_MAX_READERS, os.cpu_count() or 1, len(waiting)))
    closing = threading.Event()
    requests: deque[tuple[ShardReading, Future[_Answer]]] = deque()
    with ThreadPoolExecutor(readers, thread_name_prefix="search") as pool:
        try:
            while waiting or requests:
                while waiting and len(requests) < readers:
                    shard = waiting.popleft()
                    requests.append((shard, pool.submit(_fetch, connection, shard, closing)))
                shard, future = requests.popleft()
                answer = future.result()
                _advance(connection, shard, answer)
                if not shard.done:
                    requests.append((shard, pool.submit(_fetch, connection, shard, closing)))
                else:
                    _close_point_in_time(connection, shard)
                if answer.search.hits:
                    documents = to_documents(answer.search.hits, connection.address.source)
                    yield Page(shard=shard, documents=documents, bytes=answer.bytes)
        finally:
            closing.set()
            _cancel(connection, requests)


def _cancel(connection: Connection, requests: deque[tuple[ShardReading, Future[_Answer]]]) -> None:
    for shard, future in requests:
        future.cancel()
        if not future.cancelled():
            future.exception()
        _close_point_in_time(connection, shard)


def _both(query: Query, alias_filter: Query | None) -> Query:
    return query if alias_filter is None else {"bool": {"filter": [query, alias_filter]}}


def _fitting_hits(document_bytes: float) -> int:
    return max(_MIN_PAGE_HITS, min(MAX_PAGE_HITS, int(_PAGE_BYTES / max(document_bytes, 1))))


def _fetch(connection: Connection, shard: ShardReading, closing: threading.Event) -> _Answer:
    """Return the next page of a shard, however often the server is lost meanwhile, within the time for that."""

    def begin_again(error: Exception) -> None:
        if isinstance(error, ServerUnavailable) and error.status == 429:  # too much at once
            shard.page_hits = max(_MIN_PAGE_HITS, shard.page_hits // 2)
        # A node that restarts has forgotten all points in time; what was read is known by its number.
        shard.point_in_time, shard.has_total = None, False

    address = connection.address
    try:
        return retry(
            lambda: _search(connection, shard), is_transient=_is_transient, backoff=_BACKOFF, seconds=address.retry,
            on_failure=begin_again, wait=closing.wait,
        )  # fmt: skip
    except (ServerUnavailable, RequestRefused) as error:
        if not _is_transient(error):
            raise
        raise IncompleteSourceError(
            f"{address.source!r}: shard {shard.number} of {shard.index!r} was lost after {shard.hits_read:,} events: "
            f"{address.scrub(error.reason)}. Hint: load again when the cluster is green, or wait longer with "
            "?retry=10m."
        ) from None


def _is_transient(error: Exception) -> bool:
    """Whether the server is away, or has lost the point in time, or has not recovered the index yet."""
    if isinstance(error, RequestRefused):
        return error.status == 404 or "no_shard" in error.kind or "search_context_missing" in error.kind
    return isinstance(error, ServerUnavailable)


def _search(connection: Connection, shard: ShardReading) -> _Answer:
    if shard.point_in_time is None:
        shard.point_in_time = _open_point_in_time(connection, shard)
        shard.reopened += shard.last_seq_no is not None
    body = _search_body(shard, shard.point_in_time)
    try:
        answer = connection.request("POST", "/_search?allow_partial_search_results=false", body)
    except RequestRefused as refused:
        shard.page_hits = allowed_page_hits(refused)
        return _search(connection, shard)
    search = decode_search(answer, connection.address.source)
    if search.timed_out:
        raise ServerUnavailable("the search timed out")
    if search.shards.failed:
        raise ServerUnavailable(f"{search.shards.failed} shards failed")
    return _Answer(search=search, bytes=len(answer))


def allowed_page_hits(refused: RequestRefused) -> int:
    """Return how many hits a page may have, as the refusal of a larger one says; raises any other refusal."""
    max_result_window = re.search(r"less than or equal to: \[(\d+)\]", refused.reason)
    if not max_result_window:
        raise refused
    return int(max_result_window[1])


def _search_body(shard: ShardReading, point_in_time: str) -> dict[str, Any]:
    query = shard.query
    if shard.last_seq_no is not None:
        query = {"bool": {"filter": [query, {"range": {"_seq_no": {"gt": shard.last_seq_no}}}]}}
    return {
        "pit": {"id": point_in_time, "keep_alive": _KEEP_ALIVE},
        "size": shard.page_hits,
        "sort": [{"_seq_no": {"order": "asc", "unmapped_type": "long"}}],
        "query": query,
        "track_total_hits": not shard.has_total,
    }


def _advance(connection: Connection, shard: ShardReading, answer: _Answer) -> None:
    """Move the shard behind a page."""
    page = answer.search.page
    if not shard.has_total:
        if page.total is None:
            raise UnreadableSourceError(f"{connection.address.source!r} does not say how many hits there are.")
        shard.total_hits = shard.hits_read + page.total.value
        shard.has_total = True
    if page.hits:
        shard.hits_read += len(page.hits)
        shard.last_seq_no = page.hits[-1].sort[0]
        fitting_hits = _fitting_hits(answer.bytes / len(page.hits))
        shard.page_hits = max(_MIN_PAGE_HITS, min(shard.page_hits * 2, fitting_hits))
    elif not shard.done:
        raise IncompleteSourceError(
            f"{connection.address.source!r}: shard {shard.number} of {shard.index!r} gave {shard.hits_read:,} of "
            f"{shard.total_hits:,} events and then no more. Hint: load again."
        )


def _open_point_in_time(connection: Connection, shard: ShardReading) -> str:
    name = quote(shard.index, safe="")
    path = "_pit" if connection.address.product == "elasticsearch" else "_search/point_in_time"
    parameters = f"keep_alive={_KEEP_ALIVE}&preference=_shards:{shard.number}"
    answer = connection.request_json("POST", f"/{name}/{path}?{parameters}")
    return str(answer.get("id") or answer["pit_id"])


def _close_point_in_time(connection: Connection, shard: ShardReading) -> None:
    """Let the server forget a point in time; it would do so by itself when its time is over."""
    if shard.point_in_time is None:
        return
    try:
        if connection.address.product == "elasticsearch":
            connection.request("DELETE", "/_pit", {"id": shard.point_in_time})
        else:
            connection.request("DELETE", "/_search/point_in_time", {"pit_id": [shard.point_in_time]})
    except (ServerUnavailable, RequestRefused):
        pass
    shard.point_in_time = None
