"""Stack trace -> exception type and fingerprint, for traces of Python, the JVM, Node, .NET, Go, Rust, PHP and Ruby.

The fingerprint is what stays the same when the same problem happens again: the types of the root cause and of the
outermost exception, and the frames nearest to the failure (stack_frames.py). The exceptions' texts are left out.
"""

from __future__ import annotations

import polars as pl

from loganalytics.analyses.errors.stack_frames import FRAME, named_frames

FRAMES = 6
"""So many of the frames nearest to the failure make the fingerprint; farther out lies who called."""

# A Python traceback: its indented lines, then the exception.
_PYTHON = r"Traceback \(most recent call last\):\n(?:[ \t][^\n]*\n|\n)*[A-Za-z_][\w.]*(?::[^\n]*)?"
_PYTHON_TYPE = r"\n([A-Za-z_][\w.]*)(?::[^\n]*)?$"
_PYTHON_REASON = r"\n[A-Za-z_][\w.]*:[ ]?([^\n]*)$"
_GROUP = "Exception Group Traceback"

# Between exceptions where the outermost comes first (JVM, Node, .NET, anyhow), and where the root cause does.
_CAUSE = r"\n\s*(?:Caused by:(?:\n\s*0:)?|\[cause\]:|--->)\s*|\s+--->\s+"
_WRAPPED = r"\n\s*(?:Wrapped by:|Next )\s*"
_CUT = "\x1e"

# What is no part of the chain of causes.
_ASIDE = [
    (r"\n\t+Suppressed: [^\n]*(?:\n\t\t[^\n]*|\n\tCaused by: [^\n]*)*", ""),
    (r"^([\s\S]*?--->[\s\S]*?)\s*---> \(Inner Exception #[\s\S]*", "${1}"),  # .NET repeats them
    (r"\(Inner Exception #\d+\) ", ""),
    (r"^([\s\S]*?\ngoroutine [^\n]*:\n[\s\S]*?)\n\ngoroutine [\s\S]*", "${1}"),  # other goroutines
    (r"(\ngoroutine [^\n]*:\n)[\s\S]*\npanic\([^\n]*\n[^\n]*", "${1}"),  # what ran after the panic
]

# In the first line of a segment. A name that ends like an exception wins over whatever stands first.
_NAME = (
    r"(?:(?:[A-Za-z_][\w$]*[.\\:]+)+(?:Error|Exception)"
    r"|(?:[A-Za-z_][\w$]*[.\\:]+)*[A-Za-z_$][\w$]*(?:Error|Exception|Throwable|Failure|Fault))"
)
_NAMED = rf"^[^\n]*?\b({_NAME})\b"
_BARE = rf"^(?:Exception in thread \"[^\"\n]*\" )?{_NAME}(?::|\s*\n|$)"
_RUST_PANIC = r"^thread '[^'\n]*'[^\n]* (panick)ed at "
_RUST_SAYS = r"^thread '[^\n]* panicked at (?:'([^\n]*)', [^\n]*|[^\n]*:\n([^\n]*))"
_GO_PANIC = r"^\s*(panic|fatal error):"
_LEADING = r"^\s*(?:Uncaught )?([A-Za-z_$][\w$]*(?:[.\\][\w$]+)*)(?::|\s*\n|$)"
_REASON = rf"^[^\n]*?(?:\b{_NAME}(?: \[[A-Z_]+\]| ?\([^()\n]{{1,12}}\))?|panic|fatal error)['\"(]*:?[ ]?([^\n]*)"
_RUBY_SAYS = r"^\S+:\d+:in [`'][^'\n]*': ([^\n]*?)(?: \([^\n]*\))?(?:\n|$)"
# Node prints the line of source first.
_FURTHER_DOWN = r"\n(?:Uncaught )?((?:[\w$]+\.)*[\w$]*(?:Error|Exception))(?::[ ]?([^\n]*))?\n\s+at "
_SAYS_ONLY = r"^([^\n]*)\n\S+\n\s+[^\n]*\.go:\d+"  # Go: an error's text, then its frames

# What a runtime says when it stops the program: as good as a type.
_RUNTIME = (
    r"^(runtime error: [a-z ]+[a-z]|assignment to entry in nil map|all goroutines are asleep|concurrent map [a-z ]+"
    r"|index out of bounds|called `[^`]+` on an? `\w+` value|attempt to [a-z ]+|already (?:mutably )?borrowed"
    r"|not (?:yet )?implemented|entered unreachable code)"
)


def read_traces(errors: pl.DataFrame) -> pl.DataFrame:
    """Return message and exception with fingerprint, kind, frames, exception_type and reason; null without a trace.

    Needs message and exception (String). `kind` is the fingerprint with the innermost frame only, `frames` the lines
    that it has besides; `reason` is the text that follows the root cause's type. An exception without any frames (the
    JVM leaves them out after many) has type and reason only.
    """
    texts = errors.filter(pl.col("exception").is_not_null()).with_columns(trace=_trace_text())
    parsed = texts.with_columns(_segments()).with_columns(_ends()).with_row_index("row")
    parsed = parsed.join(_frames(parsed), on="row", how="left", maintain_order="left")
    has_trace = pl.col("frames").is_not_null() | _is_python("root")
    is_bare = pl.col("root").str.contains(_BARE)
    root = pl.coalesce(_exception_type("root"), _exception_type("outer"))
    kind = pl.concat_str(pl.lit("trace"), root, _runtime(), _exception_type("outer"), separator="\n", ignore_nulls=True)
    return parsed.select(
        "message",
        "exception",
        fingerprint=pl.when(has_trace).then(pl.concat_str(kind, "frames", separator="\n", ignore_nulls=True)),
        kind=pl.when(has_trace).then(pl.concat_str(kind, "place", separator="\n", ignore_nulls=True)),
        frames=pl.when(has_trace).then("frames"),
        exception_type=pl.when(has_trace | is_bare).then(root),
        reason=pl.when(has_trace | is_bare).then(_reason("root")),
    )


def _trace_text() -> pl.Expr:
    """Return the trace without what is beside the chain; its first line may have been taken for the message."""
    exception = pl.col("exception").str.replace_all("\r\n", "\n", literal=True)
    headless = exception.str.contains(
        r"^\s*(?:at |File \"|from |\.\.\. \d|---> |Caused by:|goroutine |stack backtrace:)"
    )
    trace = pl.when(headless).then(pl.concat_str("message", exception, separator="\n")).otherwise(exception)
    for pattern, kept in _ASIDE:
        trace = trace.str.replace_all(pattern, kept)
    # "|" and "+" draw the tree of an exception group.
    drawn = pl.when(trace.str.contains(_GROUP, literal=True)).then(trace.str.replace_all(r"(?m)^ *[|+] ?", ""))
    return pl.coalesce(drawn, trace)


def _segments() -> pl.Expr:
    """Return the texts of the exceptions, the root cause first."""
    trace = pl.col("trace").str.strip_chars()
    python = trace.str.extract_all(_PYTHON)
    # A group comes before what is in it; else Python prints the cause first, the others last.
    group = python.list.slice(1, 1).list.concat(python.list.head(1))
    is_group = trace.str.contains(_GROUP, literal=True)
    causes = trace.str.replace_all(_CAUSE, _CUT).str.split(_CUT).list.reverse()
    wraps = trace.str.replace_all(_WRAPPED, _CUT).str.split(_CUT)
    return (
        pl.when((python.list.len() > 1) & is_group)
        .then(group)
        .when(python.list.len() > 0)
        .then(python)
        .when(trace.str.contains(_WRAPPED))
        .then(wraps)
        .otherwise(causes)
        .alias("segments")
    )


def _ends() -> list[pl.Expr]:
    return [pl.col("segments").list.first().alias("root"), pl.col("segments").list.last().alias("outer")]


def _exception_type(segment: str) -> pl.Expr:
    text = pl.col(segment)
    python = pl.when(_is_python(segment)).then(text.str.extract(_PYTHON_TYPE))
    rust = text.str.extract(_RUST_PANIC).str.replace("panick", "panic", literal=True)
    others = [text.str.extract(pattern) for pattern in (_NAMED, _GO_PANIC, _FURTHER_DOWN)]
    # A Go trace without an error begins with a frame; where only the goroutine is told, what was logged stands first.
    has_head = ~text.str.contains(r"^\S+\n\s+[^\n]+\.go:\d+|\ngoroutine \d")
    return pl.coalesce(python, rust, *others, pl.when(has_head).then(text.str.extract(_LEADING)))


def _reason(segment: str) -> pl.Expr:
    text = pl.col(segment)
    python = text.str.extract(_PYTHON_REASON)
    rust = pl.coalesce(text.str.extract(_RUST_SAYS, 1), text.str.extract(_RUST_SAYS, 2))
    others = [text.str.extract(pattern) for pattern in (_RUBY_SAYS, _REASON)]
    found = pl.coalesce(rust, *others, text.str.extract(_FURTHER_DOWN, 2), text.str.extract(_SAYS_ONLY))
    reason = pl.when(_is_python(segment)).then(python).otherwise(found)
    reason = reason.str.strip_chars()
    return pl.when(reason != "").then(reason)


def _runtime() -> pl.Expr:
    return _reason("root").str.extract(_RUNTIME)


def _frames(parsed: pl.DataFrame) -> pl.DataFrame:
    """Return row, frames and place: the frames nearest to the failure, the application's own if there are any.

    Each is named once, and in the order of the alphabet: recursion has no fixed depth, and no fixed end.
    """
    segments = parsed.select("row", "segments").explode("segments").rename({"segments": "text"})
    found = segments.select("row", frame=pl.col("text").str.extract_all(FRAME), python=_is_python("text"))
    # Python's innermost frame is the last line; the others' is the first.
    inner_first = pl.when("python").then(pl.col("frame").list.reverse()).otherwise("frame")
    frames = found.select("row", frame=inner_first).explode("frame").drop_nulls("frame")
    frames = frames.join(named_frames(frames["frame"]), on="frame", how="inner", maintain_order="left")
    frames = frames.filter(~pl.col("is_library") | pl.col("is_library").all().over("row"))
    nearest = frames.group_by("row", maintain_order=True).agg(pl.col("name").unique(maintain_order=True).head(FRAMES))
    return nearest.select("row", place=pl.col("name").list.first(), frames=pl.col("name").list.sort().list.join("\n"))


def _is_python(segment: str) -> pl.Expr:
    return pl.col(segment).str.starts_with("Traceback")
