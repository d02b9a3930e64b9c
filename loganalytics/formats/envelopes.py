"""What containers put around each line (Kubernetes CRI, Docker, docker-compose), taken off and kept as columns."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from loganalytics.formats.timestamps import Clock, fit, to_utc
from loganalytics.schema import LEVELS

_MIN_SHARE = 0.8


@dataclass(frozen=True)
class Wrapper:
    """A prefix around lines of any format; `line` is what it wraps, other groups become columns."""

    name: str
    pattern: str
    json: bool = False
    """Whether the line within is a JSON string, with its escapes."""


WRAPPERS: tuple[Wrapper, ...] = (
    Wrapper(
        "Kubernetes CRI",
        r"^(?P<timestamp>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})) "
        r"(?P<log.iostream>stdout|stderr) (?P<partial>[FP])(?: |$)(?P<line>.*)$",
    ),
    Wrapper(
        "Docker",
        r'^\{"log":"(?P<line>(?:[^"\\]|\\.)*?)(?:\\r)?(?:\\n)?","stream":"(?P<log.iostream>\w+)",'
        r'(?:"attrs":\{[^}]*\},)?"time":"(?P<timestamp>[^"]+)"\}$',
        json=True,
    ),
    Wrapper("docker-compose", r"^(?P<service>[A-Za-z0-9][\w.-]*?)(?:[-_]\d+)? +\| ?(?P<line>.*)$"),
)


def find(lines: pl.Series) -> Wrapper | None:
    """Return the wrapper that most of the sample's lines bear."""
    for wrapper in WRAPPERS:
        matched = lines.filter(lines.str.contains(wrapper.pattern))
        if matched.len() > _MIN_SHARE * lines.len() and not _names_levels(matched, wrapper):
            return wrapper
    return None


def _names_levels(lines: pl.Series, wrapper: Wrapper) -> bool:
    """Whether what looks like a container's name is a level: "INFO | message" is a format of its own."""
    if "?P<service>" not in wrapper.pattern:
        return False
    return bool(lines.str.extract(wrapper.pattern, 1).str.to_lowercase().is_in(list(LEVELS)).any())


def unwrap(lines: pl.DataFrame, wrapper: Wrapper) -> pl.DataFrame:
    """Turn lines (n, line) into (n, line within, more, the wrapper's columns); a line without one stays as it is."""
    groups = lines.select("n", pl.col("line").alias("\0whole"), pl.col("line").str.extract_groups(wrapper.pattern))
    frame = groups.drop("line").hstack(groups.select("line").unnest("line"))
    frame = frame.with_columns(
        pl.coalesce(_unescape(pl.col("line")) if wrapper.json else "line", "\0whole").alias("line")
    )
    if "timestamp" in frame.columns:
        clock = Clock(fit(frame["timestamp"].head(200)))
        frame = frame.with_columns(to_utc(frame["timestamp"], clock))
    if "partial" in frame.columns and (frame["partial"] == "P").any():
        frame = _join_partial(frame)
    else:
        frame = frame.with_columns(more=pl.lit(0, dtype=pl.UInt32)).drop("partial", strict=False)
    return frame.drop("\0whole")


def _unescape(text: pl.Expr) -> pl.Expr:
    """Undo JSON's escapes, those of \\u left to the JSON reader of the line within."""
    for escape, meant in (("\\\"", '"'), ("\\t", "\t"), ("\\/", "/"), ("\\u001b", "\x1b"), ("\\u003c", "<"),
                          ("\\u003e", ">"), ("\\u0026", "&"), ("\\\\", "\\")):  # fmt: skip
        text = text.str.replace_all(escape, meant, literal=True)
    return text


def _join_partial(frame: pl.DataFrame) -> pl.DataFrame:
    """Put together the lines that the runtime cut at 16 kB: P goes on in the next of the same stream, F ends.

    `more` says how many lines went into each beyond its first.
    """
    begins = (pl.col("partial").shift(1).over("log.iostream") != "P").fill_null(value=True)
    number = begins.cast(pl.UInt32).cum_sum().over("log.iostream")
    others = [name for name in frame.columns if name not in ("line", "partial", "log.iostream")]
    parts = frame.with_columns(number.alias("\0part")).group_by("log.iostream", "\0part", maintain_order=True)
    more = (pl.len() - 1).cast(pl.UInt32).alias("more")
    whole = parts.agg(pl.col("line").str.join(""), pl.col(others).first(), more)
    return whole.drop("\0part").sort("n")
