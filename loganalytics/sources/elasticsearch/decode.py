"""Answers to searches as typed values; each document stays the JSON that the server sent."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from loganalytics.exceptions import MissingExtraError, UnreadableSourceError

try:
    import msgspec
except ImportError:
    raise MissingExtraError("msgspec", "elasticsearch") from None

DOCUMENT_SCHEMA = {"line": pl.String, "source": pl.String, "offset": pl.String}
"""The columns of documents: the JSON as it was sent, its index and its _id."""


class Hit(msgspec.Struct, kw_only=True, gc=False):
    """One document that a search found."""

    index: str = msgspec.field(name="_index")
    id: str = msgspec.field(name="_id")
    document: msgspec.Raw = msgspec.field(name="_source", default=msgspec.Raw())
    """The document's JSON; empty where the index does not keep its documents."""
    sort: list[int]


class TotalHits(msgspec.Struct):
    """How many documents there are in all."""

    value: int


class Hits(msgspec.Struct):
    """The documents of one page."""

    hits: list[Hit]
    total: TotalHits | None = None


class Shards(msgspec.Struct, frozen=True):
    """How many shards answered."""

    failed: int = 0


class SearchAnswer(msgspec.Struct, kw_only=True):
    """What is read of the answer to a search."""

    page: Hits = msgspec.field(name="hits")
    timed_out: bool = False
    shards: Shards = msgspec.field(name="_shards", default=Shards())

    @property
    def hits(self) -> list[Hit]:
        """The documents of the page."""
        return self.page.hits


_DECODER = msgspec.json.Decoder(SearchAnswer)


def decode_search(answer: str, source: str) -> SearchAnswer:
    """Return the answer to a search, decoded.

    Raises UnreadableSourceError when it is not one.
    """
    try:
        return _DECODER.decode(answer)
    except msgspec.DecodeError as error:
        raise UnreadableSourceError(
            f"{source!r} does not answer a search as Elasticsearch and OpenSearch do: {error}. Hint: check the port."
        ) from None


def to_documents(hits: Sequence[Hit], source: str) -> pl.DataFrame:
    """Return the documents of hits (line, source, offset), each as it was sent.

    Raises UnreadableSourceError when the index does not keep its documents.
    """
    lines = [bytes(hit.document) for hit in hits]
    if not all(lines):
        raise UnreadableSourceError(
            f"{source!r} does not keep its documents (_source is off). Hint: load another index, or reindex with it on."
        )
    columns = {
        "line": pl.Series(lines, dtype=pl.Binary).cast(pl.String),
        "source": [hit.index for hit in hits],
        "offset": [hit.id for hit in hits],
    }
    return pl.DataFrame(columns, schema=DOCUMENT_SCHEMA)
