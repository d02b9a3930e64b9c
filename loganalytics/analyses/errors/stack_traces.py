"""Exception type and fingerprint of a stack trace, for traces of Python, the JVM, Node, .NET, Go, Rust, PHP and Ruby.

The fingerprint is what stays the same when the same problem happens again: the types of the root cause and of the
outermost exception, and the frames nearest to the failure (stack_frames.py), without the messages of the exceptions
(exception_messages.py). Python prints what was being handled when an exception was raised as well: that is no cause.
"""

from __future__ import annotations

import polars as pl

from loganalytics.analyses.errors.stack_frames import FRAME_PATTERN, name_frames

MAX_FRAMES = 6
"""So many of the frames nearest to the failure make the fingerprint; those farther out are callers."""

# A Python traceback: its indented lines, then the exception.
_TRACEBACK = "Traceback (most recent call last):"
_PYTHON = r"Traceback \(most recent call last\):\n(?:[ \t][^\n]*\n|\n)*[A-Za-z_][\w.]*(?::[^\n]*)?"
_PYTHON_TYPE = r"\n([A-Za-z_][\w.]*)(?::[^\n]*)?$"
_PYTHON_REASON = r"\n[A-Za-z_][\w.]*:[ ]?([^\n]*)$"
_GROUP_MARK = "Exception Group Traceback"
_UNRAISED = r"(-{4,} \d+ -{4,}\n)([A-Za-z_][\w.]*(?::[^\n]*)?\n)"  # one of a group that was made, not raised

# Between exceptions where the outermost comes first (JVM, Node, .NET, anyhow), and where the root cause does.
_CAUSED_BY = r"\n\s*(?:Caused by:(?:\n\s*0:)?|\[cause\]:|\[errors\]: \[|--->)\s*|\s+--->\s+"
_WRAPPED_BY = r"\n\s*(?:Wrapped by:|Next )\s*"
_SEPARATOR = "\x1e"

# Exceptions that steer a program: what they end in, or come from, says what failed.
_CONTROL_FLOW = (
    r"(?:CancelledError|GeneratorExit|KeyboardInterrupt|SystemExit|StopIteration|StopAsyncIteration|EndOfStream"
    r"|WouldBlock|celery\.exceptions\.(?:Retry|Ignore|Reject))(?::[^\n]*)?"
)
_STEERS = rf"\n(?:[a-z_][\w]*\.)*{_CONTROL_FLOW}$"

# An exception that was raised while another one was handled is the problem; the handled one was foreseen.
_WHILE_HANDLING = r"During handling of the above exception, another exception occurred:\s*\n"
_TRACEBACK_LINES = r"Traceback \(most recent call last\):\n(?:[ \t][^\n]*\n|\n)*"

# What does not belong to the chain of causes, and what replaces it.
_OUTSIDE_CHAIN = [
    (r"^\s*[\w.]+: (?:\S+\n\s*)?[\s\S]*?\n\s*\"stack\":\s*\n\s*", ""),  # pino-pretty: fields before the stack
    (rf"\n\s*{_WHILE_HANDLING}{_TRACEBACK_LINES}(?:[a-z_][\w]*\.)*{_CONTROL_FLOW}\s*$", ""),
    (rf"^[\s\S]*\n{_WHILE_HANDLING}(Traceback |  \+ Exception Group )", "${1}"),
    (r"\n\t+Suppressed: [^\n]*(?:\n\t\t[^\n]*|\n\tCaused by: [^\n]*)*", ""),
    (r"^([\s\S]*?--->[\s\S]*?)\s*---> \(Inner Exception #[\s\S]*", "${1}"),  # .NET repeats them
    (r"\(Inner Exception #\d+\) ", ""),
    (r"^([\s\S]*?\ngoroutine [^\n]*:\n[\s\S]*?)\n\ngoroutine [\s\S]*", "${1}"),  # other goroutines
    (r"(\ngoroutine [^\n]*:\n)[\s\S]*\npanic\([^\n]*\n[^\n]*", "${1}"),  # what ran after the panic
]

# In the first line of a segment. A name that ends like an exception wins over whatever stands first.
_EXCEPTION_NAME = (
    r"(?:(?:[A-Za-z_][\w$]*[.\\:]+)+(?:Error|Exception)"
    r"|(?:[A-Za-z_][\w$]*[.\\:]+)*[A-Za-z_$][\w$]*(?:Error|Exception|Throwable|Failure|Fault))"
)
_TYPE_IN_FIRST_LINE = rf"^[^\n]*?\b({_EXCEPTION_NAME})\b"
_BARE_EXCEPTION = rf"^(?:Exception in thread \"[^\"\n]*\" )?{_EXCEPTION_NAME}(?::|\s*\n|$)"
_RUST_PANIC = r"^thread '[^'\n]*'[^\n]* (panick)ed at "
_RUST_REASON = r"^thread '[^\n]* panicked at (?:'([^\n]*)', [^\n]*|[^\n]*:\n([^\n]*))"
_GO_PANIC = r"^\s*(panic|fatal error):"
_LEADING_NAME = r"^\s*(?:Uncaught )?([A-Za-z_$][\w$]*(?:[.\\][\w$]+)*)(?: \[[A-Z_]+\])?(?::|\s*\n|$)"
_REASON = (
    rf"^[^\n]*?(?:\b{_EXCEPTION_NAME}(?: \[[A-Z_]+\]| ?\([^()\n]{{1,12}}\))?|panic|fatal error)['\"(]*:?[ ]?([^\n]*)"
)
_LEADING_REASON = r"^\s*(?:Uncaught )?[A-Za-z_$][\w$]*(?:[.\\][\w$]+)*(?: \[[A-Z_]+\])?:[ ]?([^\n]*)"
_RUBY_TYPE = r"^\S+:\d+:in [`'][^'\n]*': [^\n]*\(([A-Z][\w:]*)\)(?:\n|$)"
_RUBY_REASON = r"^\S+:\d+:in [`'][^'\n]*': ([^\n]*?)(?: \([^\n]*\))?(?:\n|$)"
# Node prints the line of source first, then type and reason.
_TYPE_BEFORE_FRAMES = r"\n(?:Uncaught )?((?:[\w$]+\.)*[\w$]*(?:Error|Exception))(?::[ ]?([^\n]*))?\n\s+at "
_GO_REASON = r"^([^\n]*)\n\S+\n\s+[^\n]*\.go:\d+"  # Go: the message of an error, then its frames

# The reason a runtime gives when it stops the program: as good as a type.
_RUNTIME_REASON = (
    r"^(runtime error: [a-z ]+[a-z]|assignment to entry in nil map|all goroutines are asleep|concurrent map [a-z ]+"
    r"|index out of bounds|called `[^`]+` on an? `\w+` value|attempt to [a-z ]+|already (?:mutably )?borrowed"
    r"|not (?:yet )?implemented|entered unreachable code)"
)


def parse_stack_traces(errors: pl.DataFrame) -> pl.DataFrame:
    """Return message, exception, fingerprint, kind, frames, place, exception_type and reason; null without a trace.

    Needs message and exception (String). `kind` is the fingerprint with the innermost frame only, `frames` the lines
    of the fingerprint that are frames, `place` the innermost of them; `reason` is the message of the root cause. An
    exception without any frames (the JVM leaves them out after many) has type and reason only.
    """
    traces = errors.filter(pl.col("exception").is_not_null()).with_columns(trace=_chain_of_causes())
    parsed = traces.with_columns(_segments()).with_columns(
        root=pl.col("segments").list.first(), outer=pl.col("segments").list.last()
    )
    parsed = parsed.with_row_index("row")
    parsed = parsed.join(_nearest_frames(parsed), on="row", how="left", maintain_order="left")
    has_trace = pl.col("frames").is_not_null() | _is_python("root")
    is_exception = has_trace | pl.col("root").str.contains(_BARE_EXCEPTION)
    root_type = pl.coalesce(_exception_type("root"), _exception_type("outer"))
    runtime_reason = _reason("root").str.extract(_RUNTIME_REASON)
    types = pl.concat_str(
        pl.lit("trace"), root_type, runtime_reason, _exception_type("outer"), separator="\n", ignore_nulls=True
    )
    return parsed.select(
        "message",
        "exception",
        fingerprint=pl.when(has_trace).then(pl.concat_str(types, "frames", separator="\n", ignore_nulls=True)),
        kind=pl.when(has_trace).then(pl.concat_str(types, "innermost", separator="\n", ignore_nulls=True)),
        frames=pl.when(has_trace).then("frames"),
        place=pl.when(has_trace).then("innermost"),
        exception_type=pl.when(is_exception).then(root_type),
        reason=pl.when(is_exception).then(_reason("root")),
    )


def _chain_of_causes() -> pl.Expr:
    """Return the trace without what is beside the chain; its first line may have been taken for the message."""
    exception = pl.col("exception").str.replace_all("\r\n", "\n", literal=True)
    is_headless = exception.str.contains(
        r"^\s*(?:at |File \"|from |\.\.\. \d|---> |Caused by:|goroutine |stack backtrace:)"
    )
    trace = pl.when(is_headless).then(pl.concat_str("message", exception, separator="\n")).otherwise(exception)
    for pattern, replacement in _OUTSIDE_CHAIN:
        trace = trace.str.replace_all(pattern, replacement)
    # "|" and "+" draw the tree of an exception group.
    is_group = trace.str.contains(_GROUP_MARK, literal=True)
    without_tree = trace.str.replace_all(r"(?m)^ *[|+] ?", "").str.replace_all(_UNRAISED, f"${{1}}{_TRACEBACK}\n${{2}}")
    return pl.when(is_group).then(without_tree).otherwise(trace)


def _segments() -> pl.Expr:
    """Return the text of each exception of the trace, the root cause first."""
    trace = pl.col("trace").str.strip_chars()
    python = _without_control_flow(trace.str.extract_all(_PYTHON))
    # A group comes before what is in it; else Python prints the cause first, the others last.
    group = python.list.slice(1, 1).list.concat(python.list.head(1))
    is_group = trace.str.contains(_GROUP_MARK, literal=True)
    outermost_first = trace.str.replace_all(_CAUSED_BY, _SEPARATOR).str.split(_SEPARATOR).list.reverse()
    root_first = trace.str.replace_all(_WRAPPED_BY, _SEPARATOR).str.split(_SEPARATOR)
    return (
        pl.when((python.list.len() > 1) & is_group)
        .then(group)
        .when(python.list.len() > 0)
        .then(python)
        .when(trace.str.contains(_WRAPPED_BY))
        .then(root_first)
        .otherwise(outermost_first)
        .alias("segments")
    )


def _without_control_flow(tracebacks: pl.Expr) -> pl.Expr:
    """Return the tracebacks but those of exceptions that only steer a program, where there are others."""
    failing = tracebacks.list.filter(~pl.element().str.contains(_STEERS))
    return pl.when(failing.list.len() > 0).then(failing).otherwise(tracebacks)


def _exception_type(column: str) -> pl.Expr:
    segment = pl.col(column)
    python = pl.when(_is_python(column)).then(segment.str.extract(_PYTHON_TYPE))
    rust = segment.str.extract(_RUST_PANIC).str.replace("panick", "panic", literal=True)
    by_pattern = [
        segment.str.extract(pattern) for pattern in (_RUBY_TYPE, _TYPE_IN_FIRST_LINE, _GO_PANIC, _TYPE_BEFORE_FRAMES)
    ]
    return pl.coalesce(python, rust, *by_pattern, _where_headed(column, _LEADING_NAME))


def _where_headed(column: str, pattern: str) -> pl.Expr:
    """Return what a pattern captures in segments that begin with an exception.

    A Go trace without an error begins with a frame; where it has only the goroutine, the logged message comes first.
    """
    has_head = ~pl.col(column).str.contains(r"^\S+\n\s+[^\n]+\.go:\d+|\ngoroutine \d")
    return pl.when(has_head).then(pl.col(column).str.extract(pattern))


def _reason(column: str) -> pl.Expr:
    segment = pl.col(column)
    python = segment.str.extract(_PYTHON_REASON)
    rust = pl.coalesce(segment.str.extract(_RUST_REASON, 1), segment.str.extract(_RUST_REASON, 2))
    by_pattern = [segment.str.extract(pattern) for pattern in (_RUBY_REASON, _REASON)]
    by_pattern += [segment.str.extract(_TYPE_BEFORE_FRAMES, 2), _where_headed(column, _LEADING_REASON)]
    by_pattern += [segment.str.extract(_GO_REASON)]
    reason = pl.when(_is_python(column)).then(python).otherwise(pl.coalesce(rust, *by_pattern))
    reason = reason.str.strip_chars()
    return pl.when(reason != "").then(reason)


def _nearest_frames(parsed: pl.DataFrame) -> pl.DataFrame:
    """Return row, innermost and frames: those nearest to the failure, the application's own if there are any.

    Each is named once, in alphabetical order: recursion has no fixed depth, and no fixed end.
    """
    segments = parsed.select("row", "segments").explode("segments")
    is_python = _is_python("segments")
    traced = segments.select("row", frame=pl.col("segments").str.extract_all(FRAME_PATTERN), is_python=is_python)
    # Python's innermost frame is the last line; the others' is the first.
    innermost_first = pl.when("is_python").then(pl.col("frame").list.reverse()).otherwise("frame")
    frames = traced.select("row", frame=innermost_first).explode("frame").drop_nulls("frame")
    frames = frames.join(name_frames(frames["frame"]), on="frame", how="inner", maintain_order="left")
    frames = frames.filter(~pl.col("is_library") | pl.col("is_library").all().over("row"))
    names = pl.col("name")
    nearest = frames.group_by("row", maintain_order=True).agg(names.unique(maintain_order=True).head(MAX_FRAMES))
    return nearest.select("row", innermost=names.list.first(), frames=names.list.sort().list.join("\n"))


def _is_python(column: str) -> pl.Expr:
    return pl.col(column).str.starts_with("Traceback")
