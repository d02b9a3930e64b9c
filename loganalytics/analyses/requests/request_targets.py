"""The request that an event is about, and its answer: from the fields of a record, else from its message."""

from __future__ import annotations

import re
from collections.abc import Mapping

import polars as pl

from loganalytics.formats.fields.aliases import fold_name
from loganalytics.formats.fields.requests import REQUEST_ALIASES, is_status_name
from loganalytics.schema import DURATION
from loganalytics.templates.masking import WILDCARD

_METHODS = (
    *("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT"),
    *("PROPFIND", "REPORT", "PURGE"),
)
_METHOD_RANKS, _TARGET_RANKS = (
    {fold_name(name): rank for rank, name in enumerate(REQUEST_ALIASES[element])} for element in ("method", "url")
)
# They name files, functions and more: these hold the target of a request where a method is beside them, or where what
# they hold looks like the path of a request and a status or a duration is beside them.
_AMBIGUOUS_NAMES = {"path", "url", "uri", "endpoint", "route", "target", "resourcepath"}

# Paths of the file system, and of files of it.
_FILE = (
    r"^/(?:var|usr|etc|home|tmp|opt|srv|mnt|proc|dev|root|run|sys|lib|data|Users|Volumes)/"
    r"|\.(?:log|py|java|go|rb|conf|cfg|ya?ml|toml|ini|so|jar|gz|tmp|lock|sock|pid|db|csv|parquet)$"
)

_METHOD = "|".join(_METHODS)
_PATH = r"/[^\s\"'<>?#，。；：、）】》]*"
_REQUEST_LINE = rf"(?-u:\b)(?:{_METHOD}) [\"']?{_PATH}"  # without captures, which are several times slower
_FAILURES = (
    rf"^Exception on (?P<target>{_PATH}) \[(?P<method>{_METHOD})\]",  # Flask
    r"^(?:Bad Request|Unauthorized|Forbidden|Not Found|Gone|Method Not Allowed|Internal Server Error"  # Django
    rf"|Service Unavailable)(?: \((?:(?P<method>{_METHOD})|[^)]*)\))?: (?P<target>{_PATH})$",
)
# True wherever one of the above matches, and cheaper.
_MAY_BE_REQUEST = rf"(?-u:\b)(?:{_METHOD}) [\"']?/|^Exception on /|^[A-Z][A-Za-z ]+(?:\([^)]*\))?: /"
# Behind three words at most.
_BEGINS_WITH_REQUEST = (
    rf"^(?:\S+ ){{0,3}}\S*?(?-u:\b)(?:{_METHOD}) [\"']?/|^Exception on /|^[A-Z][A-Za-z ]+(?:\([^)]*\))?: /"
)
_END_OF_SENTENCE = ".,:;!)]}"

_MASKED_PATH = rf"(?:{_PATH}|{re.escape(WILDCARD)})+"
REQUEST_IN_TEMPLATE = rf"(?-u:\b)(?:{_METHOD}) (?:{_MASKED_PATH}|'{_MASKED_PATH}'|\"{_MASKED_PATH}\")"
"""A method and a path, whatever of it is a variable."""

_REQUEST = {"method": pl.String(), "target": pl.String()}
_NULL = pl.lit(None, pl.String)


def request_target(schema: Mapping[str, pl.DataType]) -> pl.Expr:
    """Return the expression for the request that an event is about: Struct{method, target}, both null without one.

    Takes the frame's columns, `message` among them. The target is a path or a URL, as the log has it. The fields of
    HTTP and URL go first (OpenTelemetry's, ECS's and common ones), then what the message says.

    Example:
        >>> logs = pl.DataFrame({"message": ["GET /builds/17 200", "ok"], "req.method": "PUT", "req.url": [None, "/a"]})
        >>> logs.select(request_target(logs.schema)).unnest("request").rows()
        [('PUT', '/builds/17'), ('PUT', '/a')]
    """
    names = [name for name, dtype in schema.items() if dtype in (pl.String, pl.Categorical, pl.Enum)]
    methods = _ranked(names, _METHOD_RANKS)
    method = pl.coalesce(_NULL, *map(_valid_method, methods))
    answer = [status_code(schema).is_not_null(), *([pl.col(DURATION).is_not_null()] if DURATION in schema else [])]
    target = pl.coalesce(_NULL, *(_target(name, methods, answer) for name in _ranked(names, _TARGET_RANKS)))
    message = pl.when(method.is_null() | target.is_null()).then(pl.col("message").cast(pl.String))
    parts = pl.struct(method.alias("method"), target.alias("target"), message.alias("message"))
    return parts.map_batches(_fill_from_messages, return_dtype=pl.Struct(_REQUEST), is_elementwise=True).alias(
        "request"
    )


def _ranked(names: list[str], ranks: Mapping[str, int]) -> list[str]:
    """Return the names that mean the same as one of those ranked, the likelier first; those in any object come last."""
    folded = {name: fold_name(name) for name in names}
    exact = sorted((name for name in names if folded[name] in ranks), key=lambda name: ranks[folded[name]])
    leaves = {name: folded[name].rpartition(".")[2] for name in names if name not in exact}
    return exact + sorted(
        (name for name, leaf in leaves.items() if leaf in ranks), key=lambda name: ranks[leaves[name]]
    )


def _valid_method(name: str) -> pl.Expr:
    text = pl.col(name).cast(pl.String)
    return pl.when(text.str.to_uppercase().is_in(_METHODS)).then(text)


def _target(name: str, methods: list[str], answer: list[pl.Expr]) -> pl.Expr:
    """Return the target in a column; where its name may mean something else, only beside a method or an answer."""
    text, folded = pl.col(name).cast(pl.String), fold_name(name)
    if folded in _TARGET_RANKS and folded not in _AMBIGUOUS_NAMES:
        return text
    owner = folded.rpartition(".")[0]
    beside = [_valid_method(method) for method in methods if owner in ("", fold_name(method).rpartition(".")[0])]
    is_path = text.str.starts_with("/") & ~text.str.contains(_FILE)
    is_answered = pl.any_horizontal(answer) & is_path if owner == "" else pl.lit(value=False)
    return pl.when(pl.coalesce(_NULL, *beside).is_not_null() | is_answered).then(text)


def _fill_from_messages(parts: pl.Series) -> pl.Series:
    """Return method and target; where they are null, as the message says them. Few messages are taken apart."""
    known = parts.struct.unnest()
    rows = known["message"].str.contains(_MAY_BE_REQUEST).arg_true()
    if not len(rows):
        return known.select(*_REQUEST).to_struct()
    said = _read_requests(known["message"].gather(rows))
    filled = known[rows].select(pl.col(name).fill_null(said[name]) for name in _REQUEST)
    return known.select(known[name].scatter(rows, filled[name]) for name in _REQUEST).to_struct()


def _read_requests(messages: pl.Series) -> pl.DataFrame:
    """Return method and target: of "GET /path", else of a sentence of a framework."""
    said = pl.col("line").str.splitn(" ", 2).struct
    failures = [pl.col("message").str.extract_groups(pattern).struct for pattern in _FAILURES]
    is_line = pl.col("line").is_not_null()
    values = {
        name: pl.when(is_line).then(part).otherwise(pl.coalesce(failure[name] for failure in failures))
        for name, part in (("method", said[0]), ("target", said[1].str.strip_chars_start("\"'")))
    }
    line = messages.str.extract_all(_REQUEST_LINE).list.first()
    table = pl.DataFrame({"message": pl.select(pl.when(line.is_null()).then(messages)).to_series(), "line": line})
    read = table.select(value.alias(name) for name, value in values.items())
    return read.with_columns(pl.col("target").str.strip_chars_end(_END_OF_SENTENCE))


def begins_with_request(message: pl.Expr) -> pl.Expr:
    """Return the expression that is true for messages which say what became of a request, not only during which it was.

    Example:
        >>> logs = pl.DataFrame({"message": ["request GET /a failed", "no answer from the database during GET /a"]})
        >>> logs.select(begins_with_request(pl.col("message")))["message"].to_list()
        [True, False]
    """
    return message.cast(pl.String).str.contains(_BEGINS_WITH_REQUEST)


def status_code(schema: Mapping[str, pl.DataType]) -> pl.Expr:
    """Return the expression for the status of the answer to a request (Int32), null where no field has one.

    Example:
        >>> logs = pl.DataFrame({"http.status_code": [500, 0, None], "status": ["failed", "502 Bad Gateway", "failed"]})
        >>> logs.select(status_code(logs.schema))["status"].to_list()
        [500, 502, None]
    """
    names = [name for name in schema if is_status_name(tuple(name.split(".")))]
    names.sort(key=lambda name: ("http" not in name.lower(), len(name), name))
    numbers = [_status_number(name, schema[name]) for name in names]
    return pl.coalesce(pl.lit(None, pl.Int32), *numbers).alias("status")


def _status_number(name: str, dtype: pl.DataType) -> pl.Expr:
    if dtype.is_numeric():
        number = pl.col(name).cast(pl.Int32, strict=False)
    elif dtype in (pl.String, pl.Categorical, pl.Enum):
        number = pl.col(name).cast(pl.String).str.extract(r"^\s*([0-9]{3})(?:\D|$)").cast(pl.Int32)
    else:
        return pl.lit(None, pl.Int32)
    return pl.when(number.is_between(100, 599)).then(number)
