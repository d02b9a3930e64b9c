"""Stack trace -> exception type and fingerprint, for traces of Python, the JVM, Node, .NET, Go, PHP and Ruby.

The fingerprint is what stays the same when the same problem happens again: the types, and the frames as
file and function. Line numbers, addresses, paths, generated names and the exception's text are left out.
"""

from __future__ import annotations

import polars as pl

FRAMES = 6
"""So many of the frames nearest to the failure make the fingerprint; farther out lies who called."""

# A Python traceback: its indented lines, then the exception. "|" and "+" draw the tree of an exception group.
_PYTHON = r"Traceback \(most recent call last\):\n(?:[ \t|+][^\n]*\n|\n)*[ \t|]*[A-Za-z_][\w.]*(?::[^\n]*)?"
_PYTHON_TYPE = r"\n[ \t|]*([A-Za-z_][\w.]*)(?::[^\n]*)?$"
_PYTHON_REASON = r"\n[ \t|]*[A-Za-z_][\w.]*:[ ]?([^\n]*)$"

# What stands before the cause, where the outermost exception comes first (JVM, Node, .NET), and what ends it.
_CAUSE = r"\n\s*(?:Caused by:|\[cause\]:|--->)\s*|\s+--->\s+"
_CAUSE_ENDS = r"\n\s*--- End of inner [\s\S]*"
_CUT = "\x1e"

# In the first line of a segment. A name that ends like an exception wins over whatever stands first.
_NAME = r"(?:[A-Za-z_][\w$]*[.\\:]+)*[A-Za-z_$][\w$]*(?:Error|Exception|Throwable|Failure|Fault)"
_NAMED = rf"^[^\n]*?\b({_NAME})\b"
_GO_PANIC = r"^\s*(panic|fatal error):"
_LEADING = r"^\s*(?:Uncaught )?([A-Za-z_$][\w$]*(?:[.\\][\w$]+)*)(?::|\s*\n|$)"
_REASON = rf"^[^\n]*?(?:\b{_NAME}(?: \[[A-Z_]+\]| \(\w+\))?|panic|fatal error)['\"(]*:?[ ]?([^\n]*)"

# One frame a line, of any language; what is kept of it follows in _FRAME_PARTS.
_FRAME = "|".join(
    [
        r"File \"[^\"\n]+\", line \d+(?:, in [^\n]+)?",  # Python
        r"\n\s*at [^\n(]+(?:\([^\n]*|:\d+\)?)",  # JVM, Node, .NET
        r"\n[\w./*()\-]+\([^\n]*\)\n\s+/?[^\s:]+\.go:\d+",  # Go
        r"\n#\d+ \S+\(\d+\): [^\n]+",  # PHP
        r"[^\s:]+\.rb:\d+:in [`'][^'\n]+'",  # Ruby
    ]
)
_FRAME_PARTS = [
    (r"^File \"(?:[^\"]*[/\\])?([^\"/\\]+)\", line \d+(?:, in (.+))?$", "${1}:${2}"),  # Python
    (r"^([\w./*()\-]+?)\([^()\n]*\)\n\s+\S*?([^/\s]+\.go):\d+$", "${2}:${1}"),  # Go
    (r"^#\d+ (?:\S*[/\\])?([^/\\\s(]+)\(\d+\): ([^(]+).*$", "${1}:${2}"),  # PHP
    (r"^(?:\S*/)?([^/\s]+\.rb):\d+:in [`'](.+)'$", "${1}:${2}"),  # Ruby
    (r"^at (.+?)\(?(?:file://)?[^\s()]*?([^/\\\s()]+?):\d+(?::\d+)?\)?$", "${2}:${1}"),  # JVM with file, Node
    (r"^at (.+?)\([^()]*\)(?: in .*?([^/\\]+):line \d+)?$", "${2}:${1}"),  # .NET; JVM without file
    (r"(?:\$\$|\$Proxy|\$?Lambda|lambda\$|CGLIB|0x)[\w$/]*|[-.][0-9a-f]{8,}\b|\d{3,}", ""),  # generated
    (r"\basync |\bnew |\s+", ""),
]

# Frames of libraries and of the language itself: they say where it surfaced, not whose problem it is.
_LIBRARY = (
    r"site-packages|dist-packages|lib[/\\]python\d|node_modules|node:|\(internal/|<frozen |/vendor/|/gems/"
    r"|at (?:[\w.]+/)?(?:java|javax|jdk|sun|jakarta|kotlin|scala|System|Microsoft|com\.sun"
    r"|org\.(?:springframework|apache|hibernate|eclipse|junit|jboss)|io\.netty|reactor)\."
    r"|\n(?:runtime|net/http|testing|panic)[.(]"
)


def read_traces(errors: pl.DataFrame) -> pl.DataFrame:
    """Return message and exception with fingerprint, exception_type and reason; all null without a trace.

    Needs message and exception (String). `reason` is the text that follows the root cause's type.
    """
    texts = errors.filter(pl.col("exception").is_not_null()).with_columns(trace=_trace_text())
    parsed = texts.with_columns(_segments()).with_row_index("row")
    has_trace = pl.col("frames").is_not_null() | _is_python("root")
    parts = [pl.lit("trace"), _exception_type("root"), _exception_type("outer"), "frames"]
    return parsed.join(_frames(parsed), on="row", how="left", maintain_order="left").select(
        "message",
        "exception",
        fingerprint=pl.when(has_trace).then(pl.concat_str(parts, separator="\n", ignore_nulls=True)),
        exception_type=pl.when(has_trace).then(_exception_type("root")),
        reason=pl.when(has_trace).then(_reason("root")),
    )


def _trace_text() -> pl.Expr:
    """Return the trace; its first line may have been taken for the message."""
    exception = pl.col("exception").str.replace_all("\r\n", "\n", literal=True)
    headless = exception.str.contains(r"^\s*(?:at |File \"|from |\.\.\. \d|---> |Caused by:|goroutine )")
    return pl.when(headless).then(pl.concat_str("message", exception, separator="\n")).otherwise(exception)


def _segments() -> list[pl.Expr]:
    """Return root and outer: the texts of the root cause and of the exception that was seen in the end."""
    # Python prints the cause first, the others last.
    python = pl.col("trace").str.extract_all(_PYTHON)
    others = pl.col("trace").str.strip_chars().str.replace_all(_CAUSE, _CUT).str.split(_CUT)
    root = others.list.last().str.replace(_CAUSE_ENDS, "")
    is_python = python.list.len() > 0
    return [
        pl.when(is_python).then(python.list.first()).otherwise(root).alias("root"),
        pl.when(is_python).then(python.list.last()).otherwise(others.list.first()).alias("outer"),
    ]


def _exception_type(segment: str) -> pl.Expr:
    text = pl.col(segment)
    python = pl.when(_is_python(segment)).then(text.str.extract(_PYTHON_TYPE))
    others = pl.coalesce(text.str.extract(_NAMED), text.str.extract(_GO_PANIC), text.str.extract(_LEADING))
    return pl.coalesce(python, others)


def _reason(segment: str) -> pl.Expr:
    text = pl.col(segment)
    reason = pl.when(_is_python(segment)).then(text.str.extract(_PYTHON_REASON)).otherwise(text.str.extract(_REASON))
    reason = reason.str.strip_chars()
    return pl.when(reason != "").then(reason)


def _frames(parsed: pl.DataFrame) -> pl.DataFrame:
    """Return row and frames: those nearest to the failure as file:function, for the rows that have any.

    Each is named once: recursion has no fixed depth.
    """
    every = pl.col("root").str.extract_all(_FRAME)
    own = every.list.filter(~pl.element().str.contains(_LIBRARY))
    chosen = pl.when(own.list.len() > 0).then(own).otherwise(every)
    frames = parsed.select("row", python=_is_python("root"), frame=chosen).explode("frame").drop_nulls("frame")
    names = frames.select("frame").unique().with_columns(name=_name("frame"))
    inner_last = pl.col("name").list.tail(FRAMES)
    named = frames.join(names, on="frame", how="left", maintain_order="left")
    return (
        named.group_by("row", maintain_order=True)
        .agg(pl.col("python").first(), name=pl.col("name").unique(maintain_order=True))
        # Python's innermost frame is the last line; the others' is the first.
        .select("row", name=pl.when("python").then(inner_last).otherwise(pl.col("name").list.head(FRAMES)))
        .select("row", frames=pl.col("name").list.join("\n"))
    )


def _name(frame: str) -> pl.Expr:
    name = pl.col(frame).str.strip_chars()
    for pattern, kept in _FRAME_PARTS:
        name = name.str.replace_all(pattern, kept)
    return name


def _is_python(segment: str) -> pl.Expr:
    return pl.col(segment).str.starts_with("Traceback")
