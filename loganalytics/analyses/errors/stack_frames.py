"""One frame of a stack trace -> what stays of it from one release and one run to the next.

A frame is named by its function and, where that alone says little (Python, Node, PHP, Ruby), by its file and the
folder that holds it. Lines, addresses, arguments, hashes, versions and the numbers of lambdas are left out.
"""

from __future__ import annotations

import polars as pl

# Frames of all languages, each found at the start of a line. Rust's and Go's take two lines.
FRAME = "(?m)" + "|".join(
    [
        r"File \"[^\"\n]+\", line \d+(?:, in [^\n]+)?",  # Python
        r"^\s*\d+:\s+(?:0x[0-9a-f]+ - )?(?:<[\w&][^\n]*>::[^\n]*|[\w:$<>{}#&,\[\]]+)(?:\n\s+at [^\n]+)?$",  # Rust
        r"panicked at (?:'[^\n]*', )?[^\s:]+:\d+:\d+",  # Rust, where there is no backtrace
        r"^(?:[^\s()]+(?:\(\*?[^\s()]+\)[^\s()]*)?|\S+\([^\n]*\))\n\s+(?:[A-Za-z]:)?[^\n:]+\.go:\d+",  # Go
        r"^#\d+ \S+\(\d+\): [^\n]+",  # PHP
        r"[^\s:]+\.rb:\d+:in [`'][^'\n]+'",  # Ruby
        r"^\s*at [^\n]+(?:\([^\n]*|:\d+\)?)",  # JVM, Node, .NET
        r"^[^\s@]*@[a-z\-]+://[^\s]+:\d+:\d+$",  # Firefox and Safari
    ]
)

_JVM_PLACE = r"\((?:[^()]*\.(?:java|kt|scala|groovy|clj)(?::\d+)?|Native Method|Unknown Source|<generated>)\)"
_NODE_PLACE = r":\d+:\d+\)?(?: \{)?$|\((?:<anonymous>|index \d+|native)\)|\(node:"

_NAME = {
    "python": (r"^File \"([^\"]+)\", line \d+(?:, in (.+))?$", "${1}:${2}"),
    "rust": (r"^\d+:\s+(?:0x[0-9a-f]+ - )?([^\n]+?)(?:::h[0-9a-f]{16})?(?:\n[\s\S]*)?$", "${1}"),
    "panic": (r"^panicked at (?:'.*', )?(.+?):\d+:\d+$", "${1}:"),
    "gecko": (r"^([^@]*)@[a-z\-]+://(.+):\d+:\d+$", "${2}:${1}"),
    "go": (r"^(.+?)(?:\([^()*]*\)|\(\{.*\))?\n[\s\S]*$", "${1}"),
    "php": (r"^#\d+ ([^(]+)\(\d+\): ([^(]+).*$", "${1}:${2}"),
    "ruby": (r"^(.+\.rb):\d+:in [`'](?:[\w ]+(?:\(\d+ levels\) )?in )?(.+)'$", "${1}:${2}"),
    "node": (
        r"^at (?:async |new |Object\.|Function\.)*(?:(.+?)(?: \[as .+?\])? \()?"
        r"(?:[a-z\-]+://+)?(.+?)(?::\d+)*\)?(?: \{)?$",
        "${2}:${1}",
    ),
    "jvm": (r"^at (?:[\w.@\-]*/){0,2}([^(]+)\(.*$", "${1}"),
    "dotnet": (r"^at ([^(]+)\(.*$", "${1}"),
}

# The file and the folder that holds it: "views.py" alone is many files.
_PATH = r"^(?:[^:\n]|:[/\\])*?((?:[^/\\:]+[/\\])?[^/\\:]+):"

_GENERATED = [
    (r"lambda\$(\w+)\$\d+|\$anonfun\$(\w+)\$\d+", "${1}${2}"),  # JVM
    (r"\$\d+", "$"),
    (r"<<(\w+)>b__[\d_]+>d(?:\.MoveNext)?", "${1}"),
    (r"\.?<>c(?:__DisplayClass[\d_]*)?(?:`\d)?", ""),  # .NET: closures, async methods, local functions
    (r"<(\w+)>[bd]__[\d_|]*(?:\.MoveNext)?", "${1}"),
    (r"<(\w+)>g__(\w+)\|[\d_]+", "${1}.${2}"),
    (r"\.func\d+(?:\.\d+)*(?:\.gowrap\d+)?|-fm$|\[\.\.\.\]", ""),  # Go
    (r"::\{\{?closure(?:_env)?(?:#\d+)?\}?\}", ""),  # Rust
    (r"[.\-](?:[0-9a-f]{6,}|[A-Za-z]*\d\w{5,})(\.(?:\w+\.)?[cm]?[jt]s)", "${1}"),  # main.4f3a2b1c.js
    (r"0x[0-9a-f]+|[-.][0-9a-f]{8,}\b|\d{2,}", ""),
]

# Frames that a compiler or a proxy puts beside the real one, or a newer version of the language leaves out.
_NOISE = (
    r"\$\$(?:Lambda|FastClass|Enhancer|SpringCGLIB)|\$Proxy\d|(?:Method|Constructor)Accessor|LambdaForm|MethodHandle"
    r"|<(?:list|dict|set)comp>|<genexpr>|lambda_method\d*|_COROUTINE\.|\(index \d+\)"
    r"|^at (?:\w+\.)*\w+ \((?:<anonymous>|native)\)"
)

# Frames of libraries and of the language itself: they say where it surfaced, not whose problem it is.
_LIBRARY = (
    r"site-packages|dist-packages|lib[/\\]python\d|<frozen |<string>|node_modules|\bnode:|\((?:node:)?internal/"
    r"|/vendor/|/gems/|/lib/ruby/|/[Gg]o/src/|/pkg/mod/|/rustc/|[/\\]\.cargo[/\\]"
    r"|^(?:runtime|net/http|testing|panic)[.(]"
    r"|^\d+:\s+(?:0x[0-9a-f]+ - )?<?(?:&?(?:std|core|alloc|tokio|anyhow|eyre|color_eyre|futures\w*|hyper|tower|axum"
    r"|actix\w*|rayon|backtrace|tracing\w*)::|_*rust_|_start\b|__libc_start|start_thread|clone3?\b|main$|__pthread)"
    r"|^at (?:[\w.@\-]*/){0,2}(?:java|javax|jdk|sun|jakarta|kotlin|kotlinx|scala|akka|groovy|android|androidx|dalvik"
    r"|rx|reactor|feign|okhttp3|retrofit2|System|Microsoft|Npgsql|Newtonsoft|StackExchange|Grpc|Quartz|Polly"
    r"|com\.(?:sun|zaxxer|fasterxml|google|mysql|mongodb|rabbitmq|amazonaws|ibm|oracle|microsoft|android|netflix)"
    r"|org\.(?:springframework|apache|hibernate|eclipse|junit|jboss|postgresql|slf4j|redisson|quartz|jooq|glassfish"
    r"|codehaus|elasticsearch|mongodb|aspectj|jetbrains|wildfly)"
    r"|io\.(?:netty|grpc|undertow|vertx|quarkus|micrometer|opentelemetry|reactivex|lettuce|micronaut)"
    r"|redis\.clients|ch\.qos|software\.amazon|net\.bytebuddy|oracle|weblogic)\."
)


def named_frames(frames: pl.Series) -> pl.DataFrame:
    """Return each distinct frame that says something: frame, name, is_library."""
    text = pl.col("frame").str.strip_chars()
    table = frames.unique().drop_nulls().to_frame("frame").filter(~text.str.contains(_NOISE))
    table = table.with_columns(language=_language(text))
    return table.select("frame", name=_name(text), is_library=text.str.contains(_LIBRARY))


def _language(text: pl.Expr) -> pl.Expr:
    return (
        pl.when(text.str.starts_with("File "))
        .then(pl.lit("python"))
        .when(text.str.contains(r"^\d+:"))
        .then(pl.lit("rust"))
        .when(text.str.contains(r"\n.*\.go:\d+$"))
        .then(pl.lit("go"))
        .when(text.str.starts_with("#"))
        .then(pl.lit("php"))
        .when(text.str.contains(r"\.rb:\d+:in "))
        .then(pl.lit("ruby"))
        .when(text.str.starts_with("panicked at "))
        .then(pl.lit("panic"))
        .when(text.str.contains(r"^[^\s@]*@[a-z\-]+://"))
        .then(pl.lit("gecko"))
        .when(text.str.contains(_JVM_PLACE))
        .then(pl.lit("jvm"))
        .when(text.str.contains(_NODE_PLACE))
        .then(pl.lit("node"))
        .otherwise(pl.lit("dotnet"))
    )


def _name(text: pl.Expr) -> pl.Expr:
    name = text
    for language, (pattern, kept) in _NAME.items():
        name = pl.when(pl.col("language") == language).then(text.str.replace(pattern, kept)).otherwise(name)
    has_path = pl.col("language").is_in(["python", "node", "gecko", "panic", "php", "ruby"])
    name = pl.when(has_path).then(name.str.replace(_PATH, "${1}:")).otherwise(name)
    for pattern, kept in _GENERATED:
        name = name.str.replace_all(pattern, kept)
    return name.str.replace_all("\\", "/", literal=True)
