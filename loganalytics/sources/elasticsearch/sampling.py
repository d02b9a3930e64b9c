"""A sample of the documents of every index, from which the fields are learned."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import polars as pl

from loganalytics.sources.elasticsearch.client import Client
from loganalytics.sources.elasticsearch.mapping import Query
from loganalytics.sources.json_records import RecordParser

_DOCUMENTS = 1_000
_INDICES = 200
_ENVELOPE = 200
"""Bytes that an answer adds to each document."""
_LOOKED_AT = 100_000
"""Documents of each shard among which the sample is drawn."""


@dataclass(frozen=True)
class Sample:
    """What a sample of documents shows."""

    families: Mapping[str, RecordParser]
    """By the names of indices without their numbers: those of logs-2026.03.10 and logs-2026.03.11 are alike."""
    columns: pl.Schema
    """The columns of all indices."""
    document_bytes: float
    """What a document takes on average."""

    def records(self, index: str) -> RecordParser:
        """Return what the documents of an index hold."""
        return self.families.get(family(index)) or next(iter(self.families.values()))

    def frame(self, hits: pl.DataFrame, index: str) -> pl.DataFrame:
        """Return the log frame of documents (line, source, offset) of an index, with the columns of all indices."""
        frame = self.records(index).frame(hits)
        if frame.schema == self.columns:
            return frame
        return frame.select(
            (pl.col(name) if name in frame.columns else pl.lit(None)).cast(kind, strict=False).alias(name)
            for name, kind in self.columns.items()
        )


def sample(client: Client, query: Query, tz: str) -> Sample:
    """Return what a random sample of each index shows, of the last 200 by name where there are more."""
    index = quote(client.address.index, safe=",*-:<>")
    body: dict[str, Any] = {
        "size": 0,
        "terminate_after": _LOOKED_AT,
        "track_total_hits": False,
        "query": {
            "function_score": {"query": query, "random_score": {"seed": 1, "field": "_seq_no"}, "boost_mode": "replace"}
        },
        "aggs": {
            "index": {
                "terms": {"field": "_index", "size": _INDICES, "order": {"_key": "desc"}},
                "aggs": {"hits": {"top_hits": {"size": 100}}},
            }
        },
    }
    answer = client.json("POST", f"/{index}/_search", body)
    buckets = answer["aggregations"]["index"]["buckets"] if "aggregations" in answer else []
    each = max(10, _DOCUMENTS // max(1, len(buckets)))
    found: dict[str, list[str]] = {"": []}
    for bucket in buckets:
        hits = bucket["hits"]["hits"]["hits"][:each]
        texts = [json.dumps(hit.get("_source", {}), ensure_ascii=False) for hit in hits]
        found.setdefault(family(bucket["key"]), []).extend(texts)
    families = {name: RecordParser.learn(texts, tz) for name, texts in sorted(found.items()) if texts or not buckets}
    every = [text for texts in found.values() for text in texts]
    average = sum(map(len, every)) / len(every) if every else 0
    shapes = [records.empty() for records in families.values()]
    return Sample(families, pl.concat(shapes, how="diagonal_relaxed").schema, average + _ENVELOPE)


def family(index: str) -> str:
    """Return what an index has in common with those that are divided by day or number."""
    return re.sub(r"\d+", "#", index)
