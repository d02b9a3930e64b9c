"""What the fields of a structured log say of an error: its type, and the text of what was wrong."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from loganalytics.formats.fields.aliases import fold_name

ERROR_TYPE, ERROR_TEXT = "__error_type", "__error_text"
ERROR_COLUMNS = (ERROR_TYPE, ERROR_TEXT)

# Field names without differences of spelling, the likelier first: by themselves, or at the end of a dotted name.
_TYPE_NAMES = (
    *("exception.type", "error.type", "exceptiontype", "errortype", "exctype", "err.type"),
    *("error.kind", "exception.class", "error.class", "exceptionclass", "errorclass", "err.name", "error.name"),
)
_TEXT_NAMES = (
    *("exception.message", "error.message", "err.message", "error.msg", "err.msg"),
    *("exceptionmessage", "errormessage", "errmessage", "excmessage", "errormsg", "errmsg", "excvalue"),
    *("error.reason", "error.cause", "error.description", "errordescription", "failurereason", "errorreason"),
    *("err", "error", "exc", "cause", "reason"),
)

_SAYS_NOTHING = r"(?i)^\s*(?:true|false|null|none|nil|undefined|ok|success|yes|no|n/?a|error|\[object object\])\s*$"


def with_error_fields(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Add the type of an error and the text of what was wrong (its first line), as fields tell them; null without."""
    names = [name for name, dtype in frame.collect_schema().items() if dtype in (pl.String, pl.Categorical, pl.Enum)]
    return frame.with_columns(
        _first_of(names, _TYPE_NAMES, r"\p{L}").alias(ERROR_TYPE),
        _first_of(names, _TEXT_NAMES, r"\p{L}{2}").str.extract(r"^\s*([^\r\n]{0,1000})").alias(ERROR_TEXT),
    )


def ranked_names(names: list[str], folded_names: tuple[str, ...]) -> list[str]:
    """Return the names that are one of the others, whatever object they are in: the likelier first.

    Example:
        >>> ranked_names(["status", "err", "attributes.exception.message"], ("exception.message", "err"))
        ['attributes.exception.message', 'err']
    """
    ranks: Mapping[str, int] = {name: rank for rank, name in enumerate(folded_names)}
    endings = {name: _endings(fold_name(name)) for name in names}
    found = {name: min(ranks[ending] for ending in endings[name] & set(ranks)) for name in names
             if endings[name] & set(ranks)}  # fmt: skip
    return sorted(found, key=lambda name: (found[name], name.count("."), name))


def _endings(name: str) -> set[str]:
    parts = name.split(".")
    return {".".join(parts[-length:]) for length in (1, 2)} if len(parts) > 1 else {name}


def _first_of(names: list[str], folded_names: tuple[str, ...], pattern: str) -> pl.Expr:
    values = [pl.col(name).cast(pl.String) for name in ranked_names(names, folded_names)]
    telling = [
        pl.when(value.str.contains(pattern) & ~value.str.contains(_SAYS_NOTHING)).then(value) for value in values
    ]
    return pl.coalesce(pl.lit(None, pl.String), *telling)
