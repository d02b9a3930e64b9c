"""Exceptions that records hold as objects: type, message and stack in fields of their own, as one text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import polars as pl

from loganalytics.formats.fields.aliases import FieldPath, fold_name, fold_path

_OBJECTS = {"exception", "exc", "excinfo", "err", "error", "thrown", "throwable", "cause", "exceptioninfo",
            "exceptiondetails", "failure", "stacktrace", "logfailure"}  # fmt: skip
_TYPES = ("type", "class", "classname", "kind", "name", "exctype", "exceptionclass", "exceptiontype", "errortype")
_MESSAGES = ("message", "msg", "value", "reason", "localizedmessage", "excvalue", "detail")
_STACKS = ("stack", "stacktrace", "extendedstacktrace", "stackstring", "stacktracestring", "backtrace", "trace",
           "traceback", "steparray", "frames")  # fmt: skip


class ExceptionFields(NamedTuple):
    """The fields of an object that is an exception."""

    type: FieldPath | None
    message: FieldPath | None
    stack: FieldPath | None


def exception_fields(fields: Mapping[FieldPath, str]) -> list[ExceptionFields]:
    """Return the exceptions among the fields (path to type) of records."""
    parents = dict.fromkeys(path[:-1] for path in fields if len(path) > 1 and fold_name(path[-2]) in _OBJECTS)
    return [found for parent in parents if (found := _of_object(parent, fields))]


def _of_object(parent: FieldPath, fields: Mapping[FieldPath, str]) -> ExceptionFields | None:
    leaves = {fold_name(path[-1]): path for path in fields if path[:-1] == parent and fields[path] != "boolean"}
    first = [next((leaves[name] for name in names if name in leaves), None) for names in (_TYPES, _MESSAGES, _STACKS)]
    found = ExceptionFields(*first)
    return found if found.stack or (found.type and found.message) else None


def exception_text(kind: pl.Expr | None, message: pl.Expr | None, stack: pl.Expr | None) -> pl.Expr:
    """Return the expression for the text of an exception: its type and message, then the stack below them."""
    heads = [part.cast(pl.String).replace("", None) for part in (kind, message) if part is not None]
    head = pl.concat_str(heads, separator=": ", ignore_nulls=True).replace("", None) if heads else pl.lit(None)
    if stack is None:
        return head
    text = stack_text(stack)
    names_itself = text.str.contains(heads[-1], literal=True).fill_null(value=False) if heads else pl.lit(value=True)
    below = pl.concat_str(head, text, separator="\n", ignore_nulls=True)
    return pl.when(names_itself).then(text).otherwise(below).replace("", None)


def stack_text(stack: pl.Expr) -> pl.Expr:
    """Return the expression for stacks as text, a line a frame, where they are JSON lists of frames."""
    return stack.cast(pl.String).map_batches(_join_frames, return_dtype=pl.String)


def _join_frames(stacks: pl.Series) -> pl.Series:
    listed = stacks.str.contains(r"^\s*[\[{]").fill_null(value=False).arg_true()
    if not listed.len():
        return stacks
    return stacks.scatter(listed, [_render(text) for text in stacks.gather(listed)])


def _render(text: str) -> str:
    try:
        return "\n".join(_lines(json.loads(text)))
    except (ValueError, RecursionError):
        return text


def _lines(value: Any) -> Iterator[str]:
    """Yield the lines of a list of frames, or of exceptions with frames of their own."""
    for entry in value if isinstance(value, list) else [value]:
        if not isinstance(entry, dict):
            yield str(entry)
            continue
        leaves = {fold_name(name): inner for name, inner in entry.items()}
        stack = _pick(leaves, _STACKS)
        if isinstance(stack, list):
            head = [str(part) for names in (_TYPES, _MESSAGES) if (part := _pick(leaves, names)) is not None]
            yield ": ".join(head)
            yield from _lines(stack)
        else:
            yield _frame(leaves)


def _pick(leaves: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((leaves[name] for name in names if leaves.get(name) not in (None, "")), None)


def _frame(leaves: Mapping[str, Any]) -> str:
    """Return a frame of Java, Python, JavaScript or Ruby as a line."""
    file = _pick(leaves, ("file", "filename", "path", "fileuri", "abspath", "source"))
    line = _pick(leaves, ("line", "lineno", "linenumber"))
    function = _pick(leaves, ("method", "methodname", "function", "func", "name", "symbol"))
    owner = _pick(leaves, ("class", "classname", "module", "declaringclass"))
    if function is None:
        return json.dumps(leaves, ensure_ascii=False)
    place = f"{file or 'Unknown Source'}:{line}" if line is not None else file or "Unknown Source"
    return f"\tat {owner}.{function}({place})" if owner else f'  File "{file}", line {line}, in {function}'


def loguru_text(fields: Mapping[FieldPath, str]) -> FieldPath | None:
    """Return the field in which loguru writes a record with its traceback, as a sink without JSON would show it."""
    names = {fold_path(path) for path in fields}
    return ("text",) if ("text",) in fields and {"record.message", "record.level.name"} <= names else None
