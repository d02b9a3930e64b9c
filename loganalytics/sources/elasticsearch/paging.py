"""Every hit of a query, shard by shard: a point in time of each, paged by the number that the shard gave each document.

`_seq_no` is unique within a shard, is the same in a later point in time and after a restart, and sorting by it costs
about as much as reading in the index's own order. So a reader that lost its place begins anew right behind what it has.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import polars as pl

from loganalytics.exceptions import IncompleteSourceError, UnreadableSourceError
from loganalytics.sources.elasticsearch.client import Client, Lost, Refused
from loganalytics.sources.elasticsearch.mapping import Query, is_own, missing

LARGEST = 10_000
"""Hits a page: what a server allows by default (index.max_result_window)."""
_PAGE_BYTES = 16 * 1024 * 1024
_KEEP = "5m"
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_TOTAL = re.compile(r'"hits":\{"total":\{"value":(\d+)')
_SHARDS = re.compile(
    r'"timed_out":(true|false).*?"_shards":\{"total":\d+,"successful":\d+,"skipped":\d+,"failed":(\d+)', re.S
)


@dataclass
class Shard:
    """One shard that is being read: where the reading is, and how many hits there are to be."""

    index: str
    number: int
    query: Query
    size: int
    after: int | None = None
    point: str | None = None
    begun: bool = False
    """Whether a page was read of this point in time."""
    got: int = 0
    expected: int = 0
    reopened: int = 0

    @property
    def done(self) -> bool:
        """Whether all its hits are read."""
        return self.begun and self.got >= self.expected


@dataclass(frozen=True)
class Page:
    """The hits of one answer."""

    shard: Shard
    hits: pl.DataFrame
    """line (the document as it was sent), source (its index), offset (its _id)."""
    bytes: int


@dataclass(frozen=True)
class Layout:
    """Where the shards behind indices are."""

    there: list[tuple[str, int]]
    down: list[tuple[str, int]]
    """The shards that no node has."""
    filters: dict[str, Query]
    """What the aliases by which an index was named let through."""


def find_shards(client: Client, pattern: str) -> Layout:
    """Return the shards behind a pattern; the mappings tell nothing of an index that is down as a whole.

    Raises SourceNotFoundError.
    """
    path = f"/{quote(pattern, safe=',*-:<>')}"
    try:
        answer = client.json("GET", f"{path}/_search_shards")
    except Refused as refused:
        if refused.status != 404:
            raise
        raise missing(client) from None
    copies = [copy for group in answer["shards"] for copy in group]
    there = {(copy["index"], copy["shard"]) for copy in copies if copy["state"] in ("STARTED", "RELOCATING")}
    every = {(copy["index"], copy["shard"]) for copy in copies}
    if not all(answer["shards"]):  # a shard that no node has is an empty group, without its name
        settings = client.json("GET", f"{path}/_settings?filter_path=*.settings.index.number_of_shards")
        for index, found in settings.items():
            every |= {(index, n) for n in range(int(found["settings"]["index"]["number_of_shards"]))}
    filters = {name: each["filter"] for name, each in answer.get("indices", {}).items() if "filter" in each}
    mine = [sorted(place for place in places if not is_own(place[0], pattern)) for places in (there, every - there)]
    return Layout(mine[0], mine[1], filters)


def read(client: Client, layout: Layout, queries: Mapping[str, Query], document_bytes: float) -> Iterator[Page]:
    """Yield all hits in these shards of the query of each index, a page of each of some shards in turn.

    While one page is read the next ones are on their way. Raises IncompleteSourceError when a shard cannot be read to
    its end.
    """
    waiting = deque(
        Shard(index, number, _both(queries[index], layout.filters.get(index)), _fitting(document_bytes))
        for index, number in layout.there
    )
    workers = max(1, min(4, os.cpu_count() or 1, len(waiting)))
    closing = threading.Event()
    active: deque[tuple[Shard, Future[str]]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="search") as pool:
        try:
            while waiting or active:
                while waiting and len(active) < workers:
                    shard = waiting.popleft()
                    active.append((shard, pool.submit(_fetch, client, shard, closing)))
                shard, future = active.popleft()
                answer = future.result()
                hits = _taken(client, shard, answer)
                if not shard.done:
                    active.append((shard, pool.submit(_fetch, client, shard, closing)))
                else:
                    _close(client, shard)
                if hits:
                    yield Page(shard, hits_of(answer, hits, client.address.source), len(answer))
        finally:
            closing.set()
            for shard, future in active:
                future.cancel()
                if not future.cancelled():
                    future.exception()
                _close(client, shard)


def _both(query: Query, other: Query | None) -> Query:
    return query if other is None else {"bool": {"filter": [query, other]}}


def _fitting(document_bytes: float) -> int:
    return max(10, min(LARGEST, int(_PAGE_BYTES / max(document_bytes, 1))))


def _fetch(client: Client, shard: Shard, closing: threading.Event) -> str:
    """Return the next page of a shard, however often the server is lost meanwhile, within the time for that."""
    deadline = time.monotonic() + client.address.retry
    pause = _FIRST_PAUSE
    while True:
        try:
            return _search(client, shard)
        except Lost as lost:
            reason = client.scrub(lost.reason)
            shard.size = max(10, shard.size // 2) if lost.status == 429 else shard.size
        except Refused as refused:
            if not _gone(refused):
                raise
            reason = refused.reason
        # A node that restarts has forgotten all points in time; what was read is known by its number.
        shard.point, shard.begun = None, False
        if closing.is_set() or time.monotonic() + pause > deadline:
            raise IncompleteSourceError(
                f"{client.address.source!r}: shard {shard.number} of {shard.index!r} was lost after {shard.got:,} "
                f"events: {reason}. Hint: load again when the cluster is green, or wait longer with ?retry=10m."
            )
        closing.wait(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


def _gone(refused: Refused) -> bool:
    """Whether it is the point in time that is lost, or the index not yet recovered."""
    return refused.status == 404 or "no_shard" in refused.kind or "search_context_missing" in refused.kind


def _search(client: Client, shard: Shard) -> str:
    if shard.point is None:
        shard.point = _open(client, shard)
        shard.reopened += shard.after is not None
    body: dict[str, Any] = {
        "pit": {"id": shard.point, "keep_alive": _KEEP},
        "size": shard.size,
        "sort": [{"_seq_no": {"order": "asc", "unmapped_type": "long"}}],
        "query": shard.query,
        "track_total_hits": not shard.begun,
    }
    if shard.after is not None:
        behind = {"range": {"_seq_no": {"gt": shard.after}}}
        body["query"] = {"bool": {"filter": [shard.query, behind]}}
    try:
        answer = client.text("POST", "/_search?allow_partial_search_results=false", body)
    except Refused as refused:
        window = re.search(r"less than or equal to: \[(\d+)\]", refused.reason)
        if not window:
            raise
        shard.size = int(window[1])
        return _search(client, shard)
    state = _SHARDS.search(answer[:4000])
    if state and (state[1] == "true" or state[2] != "0"):
        raise Lost("the search timed out" if state[1] == "true" else f"{state[2]} shards failed")
    return answer


def _taken(client: Client, shard: Shard, answer: str) -> int:
    """Move the shard behind a page, and return how many hits it has."""
    if not shard.begun:
        total = _TOTAL.search(answer[:4000])
        if total is None:
            raise UnreadableSourceError(f"{client.address.source!r} does not tell how many hits there are.")
        shard.expected = shard.got + int(total[1])
        shard.begun = True
    last = answer.rfind('"sort":[')
    hits = 0 if last < 0 else min(shard.size, shard.expected - shard.got)
    if hits:
        shard.after = int(re.compile(r"-?\d+").match(answer, last + 8)[0])  # type: ignore[index]
        shard.size = max(10, min(shard.size * 2, _fitting(len(answer) / hits)))
    elif not shard.done:
        raise IncompleteSourceError(
            f"{client.address.source!r}: shard {shard.number} of {shard.index!r} gave {shard.got:,} of "
            f"{shard.expected:,} events and then no more. Hint: load again."
        )
    shard.got += hits
    return hits


def _open(client: Client, shard: Shard) -> str:
    name = quote(shard.index, safe="")
    path = "_pit" if client.address.product == "elasticsearch" else "_search/point_in_time"
    answer = client.json("POST", f"/{name}/{path}?keep_alive={_KEEP}&preference=_shards:{shard.number}")
    return str(answer.get("id") or answer["pit_id"])


def _close(client: Client, shard: Shard) -> None:
    """Let the server forget a point in time; it would do so by itself when its time is over."""
    if shard.point is None:
        return
    try:
        if client.address.product == "elasticsearch":
            client.text("DELETE", "/_pit", {"id": shard.point})
        else:
            client.text("DELETE", "/_search/point_in_time", {"pit_id": [shard.point]})
    except (Lost, Refused):
        pass
    shard.point = None


_FIRST = '"hits":[{"_index":"'
_NEXT = '},{"_index":"'
_SOURCE = '"_source":'


def hits_of(answer: str, expected: int | None, source: str) -> pl.DataFrame:
    """Return the documents of an answer as lines, each as it was sent.

    Cutting the text costs a third of parsing it. A document that holds such text itself would be cut in two: then there
    are too many, or they are no objects, and the answer is parsed after all.
    """
    cut = _cut(answer)
    if cut is not None and (cut.height == expected or (expected is None and _are_objects(cut))):
        return cut
    return _parsed(answer, expected, source)


def _cut(answer: str) -> pl.DataFrame | None:
    begin = answer.find(_FIRST)
    if begin < 0:
        return None
    parts = pl.DataFrame({"part": answer[begin + len(_FIRST) :].split(_NEXT)})
    part = pl.col("part")
    at = part.str.find(_SOURCE, literal=True)
    found = parts.with_columns(head=part.str.head(at), rest=part.str.slice(at + len(_SOURCE)))
    hits = found.select(
        line=pl.col("rest").str.replace(r',"sort":\[[-\d,]+\](?:\}\]\}\}\s*)?$', ""),
        source=pl.col("head").str.extract(r'^([^"]*)'),
        offset=pl.col("head").str.extract(r'"_id":"([^"\\]*)"'),
    )
    whole = hits["line"].str.starts_with("{") & hits["line"].str.ends_with("}")
    return hits if whole.all() and hits["offset"].null_count() == 0 else None


def _are_objects(hits: pl.DataFrame) -> bool:
    import duckdb

    with duckdb.connect() as connection:
        connection.register("hits", hits.select("line").to_arrow())
        (whole,) = connection.sql("select bool_and(json_valid(line)) from hits").fetchall()[0]
    return bool(whole)


def _parsed(answer: str, expected: int | None, source: str) -> pl.DataFrame:
    import json

    hits = json.loads(answer)["hits"]["hits"]
    if expected is not None and len(hits) != expected:
        raise UnreadableSourceError(f"{source!r}: a page has {len(hits):,} hits where there are {expected:,}.")
    if any("_source" not in hit for hit in hits):
        raise UnreadableSourceError(
            f"{source!r} does not keep its documents (_source is off). Hint: load another index, or reindex with it on."
        )
    return pl.DataFrame(
        [(json.dumps(hit["_source"], ensure_ascii=False), hit["_index"], hit["_id"]) for hit in hits],
        schema={"line": pl.String, "source": pl.String, "offset": pl.String},
        orient="row",
    )
