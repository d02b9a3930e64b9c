"""What containers put around each line (Kubernetes CRI, Docker, docker-compose), taken off and kept as columns."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from loganalytics.formats.timestamps import clock_of, to_utc
from loganalytics.schema import LEVELS

_MIN_SHARE = 0.8
_SAMPLE_TIMES = 200

JOINED_LINES = "\0joined_lines"
"""The column of how many lines went into each line beyond its first; no field has such a name."""


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """What is around lines of any format; the group `line` is the line within, other groups become columns."""

    name: str
    pattern: str
    is_json_string: bool = False
    """Whether the line within is a JSON string, with its escapes."""


ENVELOPES: tuple[Envelope, ...] = (
    Envelope(
        name="Kubernetes CRI",
        pattern=r"^(?P<timestamp>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})) "
        r"(?P<log.iostream>stdout|stderr) (?P<partial>[FP])(?: |$)(?P<line>.*)$",
    ),
    Envelope(
        name="Docker",
        pattern=r'^\{"log":"(?P<line>(?:[^"\\]|\\.)*?)(?:\\r)?(?:\\n)?","stream":"(?P<log.iostream>\w+)",'
        r'(?:"attrs":\{[^}]*\},)?"time":"(?P<timestamp>[^"]+)"\}$',
        is_json_string=True,
    ),
    Envelope(name="docker-compose", pattern=r"^(?P<service>[A-Za-z0-9][\w.-]*?)(?:[-_]\d+)? +\| ?(?P<line>.*)$"),
)


def detect_envelope(lines: pl.Series) -> Envelope | None:
    """Return the envelope that more than four in five of the sample's lines are in."""
    for envelope in ENVELOPES:
        matched = lines.filter(lines.str.contains(envelope.pattern))
        if matched.len() > _MIN_SHARE * lines.len() and not _names_levels(matched, envelope):
            return envelope
    return None


def _names_levels(lines: pl.Series, envelope: Envelope) -> bool:
    """Whether what looks like a container's name is a level: "INFO | message" is a format of its own."""
    if "?P<service>" not in envelope.pattern:
        return False
    return bool(lines.str.extract(envelope.pattern, 1).str.to_lowercase().is_in(list(LEVELS)).any())


def unwrap(lines: pl.DataFrame, envelope: Envelope) -> pl.DataFrame:
    """Turn lines (n, line) into (n, line within, JOINED_LINES, the envelope's columns).

    A line that is in no envelope stays as it is.
    """
    groups = lines.select("n", pl.col("line").alias("\0raw"), pl.col("line").str.extract_groups(envelope.pattern))
    frame = groups.drop("line").hstack(groups.select("line").unnest("line"))
    inner = _unescape(pl.col("line")) if envelope.is_json_string else pl.col("line")
    frame = frame.with_columns(line=pl.coalesce(inner, "\0raw"))
    if "timestamp" in frame.columns:
        clock = clock_of(frame["timestamp"].head(_SAMPLE_TIMES))
        frame = frame.with_columns(to_utc(frame["timestamp"], clock))
    if "partial" in frame.columns and (frame["partial"] == "P").any():
        frame = _join_partial(frame)
    else:
        frame = frame.with_columns(pl.lit(0, dtype=pl.UInt32).alias(JOINED_LINES)).drop("partial", strict=False)
    return frame.drop("\0raw")


def _unescape(string: pl.Expr) -> pl.Expr:
    """Undo JSON's escapes, those of \\u left to the JSON reader of the line within."""
    for escape, character in (("\\\"", '"'), ("\\t", "\t"), ("\\/", "/"), ("\\u001b", "\x1b"), ("\\u003c", "<"),
                              ("\\u003e", ">"), ("\\u0026", "&"), ("\\\\", "\\")):  # fmt: skip
        string = string.str.replace_all(escape, character, literal=True)
    return string


def _join_partial(frame: pl.DataFrame) -> pl.DataFrame:
    """Put together the lines that the runtime cut at 16 kB: P goes on in the next of the same stream, F ends."""
    begins = (pl.col("partial").shift(1).over("log.iostream") != "P").fill_null(value=True)
    number = begins.cast(pl.UInt32).cum_sum().over("log.iostream")
    first_of = [name for name in frame.columns if name not in ("line", "partial", "log.iostream")]
    groups = frame.with_columns(number.alias("\0number")).group_by("log.iostream", "\0number", maintain_order=True)
    joined_lines = (pl.len() - 1).cast(pl.UInt32).alias(JOINED_LINES)
    joined = groups.agg(pl.col("line").str.join(""), pl.col(first_of).first(), joined_lines)
    return joined.drop("\0number").sort("n")
