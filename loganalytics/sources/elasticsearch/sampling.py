"""A sample of the documents of every index, from which the fields are learned."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from loganalytics.formats.hints import Hints
from loganalytics.sources.elasticsearch.connection import Connection
from loganalytics.sources.elasticsearch.mapping import Query, index_path
from loganalytics.sources.json_records import RecordParser

_SAMPLE_DOCUMENTS = 1_000
_MIN_INDEX_DOCUMENTS, _MAX_INDEX_DOCUMENTS = 10, 100
_MAX_INDICES = 200
_ENVELOPE_BYTES = 200
"""What an answer adds to each document."""
_MAX_SHARD_DOCUMENTS = 100_000
"""Documents of each shard among which the sample is drawn."""


@dataclass(frozen=True, kw_only=True)
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
        return self.families.get(index_family(index)) or next(iter(self.families.values()))

    def with_all_columns(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the log frame of an index with the columns of all indices."""
        if frame.schema == self.columns:
            return frame
        return frame.select(
            (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype, strict=False).alias(name)
            for name, dtype in self.columns.items()
        )


def draw_sample(connection: Connection, query: Query, hints: Hints) -> Sample:
    """Return what a random sample of each index shows, of the last 200 by name where there are more."""
    path = index_path(connection.address.index)
    answer = connection.request_json("POST", f"{path}/_search", _sample_body(query))
    buckets = answer["aggregations"]["index"]["buckets"] if "aggregations" in answer else []
    per_index = max(_MIN_INDEX_DOCUMENTS, _SAMPLE_DOCUMENTS // max(1, len(buckets)))
    lines_by_family: dict[str, list[str]] = {}
    for bucket in buckets:
        hits = bucket["hits"]["hits"]["hits"][:per_index]
        lines = [json.dumps(hit.get("_source", {}), ensure_ascii=False) for hit in hits]
        lines_by_family.setdefault(index_family(bucket["key"]), []).extend(lines)
    if not buckets:
        lines_by_family[""] = []
    families = {family: RecordParser.learn(lines, hints) for family, lines in sorted(lines_by_family.items())}
    columns = pl.concat([records.empty() for records in families.values()], how="diagonal_relaxed").schema
    lengths = [len(line) for lines in lines_by_family.values() for line in lines]
    document_bytes = sum(lengths) / max(1, len(lengths)) + _ENVELOPE_BYTES
    return Sample(families=families, columns=columns, document_bytes=document_bytes)


def _sample_body(query: Query) -> dict[str, Any]:
    random_score = {"seed": 1, "field": "_seq_no"}
    return {
        "size": 0,
        "terminate_after": _MAX_SHARD_DOCUMENTS,
        "track_total_hits": False,
        "query": {"function_score": {"query": query, "random_score": random_score, "boost_mode": "replace"}},
        "aggs": {
            "index": {
                "terms": {"field": "_index", "size": _MAX_INDICES, "order": {"_key": "desc"}},
                "aggs": {"hits": {"top_hits": {"size": _MAX_INDEX_DOCUMENTS}}},
            }
        },
    }


def index_family(index: str) -> str:
    """Return what an index has in common with those that are divided by day or number."""
    return re.sub(r"\d+", "#", index)
