"""The name of a stack frame: what stays the same from one release and one run to the next.

A frame is named by its function and, where that alone says little (Python, Node, PHP, Ruby), by its file and the
folder that holds it. Lines, addresses, arguments, hashes, versions and the numbers of lambdas are left out.
"""

from __future__ import annotations

import polars as pl

# Frames of all languages. Those of Rust and Go take two lines.
FRAME_PATTERN = "(?m)" + "|".join(
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

_JVM_LOCATION = r"\((?:[^()]*\.(?:java|kt|scala|groovy|clj)(?::\d+)?|Native Method|Unknown Source|<generated>)\)"
_NODE_LOCATION = r":\d+:\d+\)?(?: \{)?$|\((?:<anonymous>|index \d+|native)\)|\(node:"

# Languages in the order in which they are tried, and what only their frames hold; .NET is what remains.
_LANGUAGE_MARKS = [
    ("python", r"^File "),
    ("rust", r"^\d+:"),
    ("go", r"\n.*\.go:\d+$"),
    ("php", r"^#"),
    ("ruby", r"\.rb:\d+:in "),
    ("panic", r"^panicked at "),
    ("gecko", r"^[^\s@]*@[a-z\-]+://"),
    ("jvm", _JVM_LOCATION),
    ("node", _NODE_LOCATION),
]

# Language -> the pattern of a frame, and the groups of it that make its name.
_NAME_PATTERNS = {
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
_SHORT_PATH = r"^(?:[^:\n]|:[/\\])*?((?:[^/\\:]+[/\\])?[^/\\:]+):"

# What compilers and builds put into names, and what replaces it.
_GENERATED_PARTS = [
    (r"lambda\$(\w+)\$\d+|\$anonfun\$(\w+)\$\d+", "${1}${2}"),  # JVM
    (r"\$\d+", "$"),
    (r"<<(\w+)>b__[\d_]+>d(?:\.MoveNext)?", "${1}"),
    (r"\.?<>c(?:__DisplayClass[\d_]*)?(?:`\d)?", ""),  # .NET: closures, async methods, local functions
    (r"<(\w+)>[bd]__[\d_|]*(?:\.MoveNext)?", "${1}"),
    (r"<(\w+)>g__(\w+)\|[\d_]+", "${1}.${2}"),
    (r"\.func\d+(?:\.\d+)*(?:\.gowrap\d+)?|-fm$|\[\.\.\.\]", ""),  # Go
    (r"::\{\{?closure(?:_env)?(?:#\d+)?\}?\}", ""),  # Rust
    (r"(\.(?:[cm]?[jt]sx?|vue|svelte))\?[^:]*", "${1}"),  # app.js?v=12
    (r"^v?\d+(?:\.\d+)+[\w.\-]*/|^[\w\-]*\d[\w\-]{14,}/", ""),  # 1.2.3/app.js, and the folder of a build
    (r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", ""),
    (r"[._\-](?:[0-9a-f]{6,}|[A-Z0-9]{5,}|[A-Za-z]*\d\w{5,})(\.(?:\w+\.)?[cm]?[jt]s)", "${1}"),  # main.4f3a2b1c.js
    (r"0x[0-9a-f]+|[-.][0-9a-f]{8,}\b|\d{2,}", ""),
]

# The hash that Vite and esbuild put into a file's name: letters of both sizes, digits, "-" and "_".
_BUNDLE_HASH = r"[.\-]([\w\-]{8,10})\.[cm]?js(?:\?[^:]*)?:"
_IS_HASH = r"[A-Z].*\d|\d.*[A-Z]|[A-Z].*[A-Z].*[A-Z]"

# Minifiers name functions anew in each release: one letter or two.
_MINIFIED_FRAME = r"https?://|\.min\.|[.\-](?:[0-9a-f]{6,}|[A-Z0-9]{5,})\.(?:\w+\.)?[cm]?js"
_MINIFIED_NAME = r"(js(?:\?[^:]*)?:(?:[\w$]{3,}\.)?)[\w$]{1,2}(?:\.[\w$]{1,2})*(?:\.|$)"

# Frames that a compiler or a proxy puts beside the real one, or a newer version of the language leaves out.
_NOISE_FRAME = (
    r"\$\$(?:Lambda|FastClass|Enhancer|SpringCGLIB)|\$Proxy\d|(?:Method|Constructor)Accessor|LambdaForm|MethodHandle"
    r"|<(?:list|dict|set)comp>|<genexpr>|lambda_method\d*|_COROUTINE\.|\(index \d+\)"
    r"|^at (?:\w+\.)*\w+ \((?:<anonymous>|native)\)"
)

# Frames of libraries and of the language itself: they show where a failure surfaced, not whose problem it is.
_LIBRARY_FRAME = (
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


def name_frames(frames: pl.Series) -> pl.DataFrame:
    """Return each distinct frame that is not noise: frame, name, is_library."""
    frame = pl.col("frame").str.strip_chars()
    table = frames.unique().drop_nulls().to_frame("frame").filter(~frame.str.contains(_NOISE_FRAME))
    table = table.with_columns(language=_language(frame))
    return table.select("frame", name=_name(frame), is_library=frame.str.contains(_LIBRARY_FRAME))


def _language(frame: pl.Expr) -> pl.Expr:
    language = pl.lit("dotnet")
    for name, pattern in reversed(_LANGUAGE_MARKS):
        language = pl.when(frame.str.contains(pattern)).then(pl.lit(name)).otherwise(language)
    return language


def _name(frame: pl.Expr) -> pl.Expr:
    name = frame
    for language, (pattern, groups) in _NAME_PATTERNS.items():
        name = pl.when(pl.col("language") == language).then(frame.str.replace(pattern, groups)).otherwise(name)
    has_path = pl.col("language").is_in(["python", "node", "gecko", "panic", "php", "ruby"])
    name = pl.when(has_path).then(name.str.replace(_SHORT_PATH, "${1}:")).otherwise(name)
    name = _without_bundle_names(frame, name)
    for pattern, replacement in _GENERATED_PARTS:
        name = name.str.replace_all(pattern, replacement)
    return name.str.replace_all("\\", "/", literal=True)


def _without_bundle_names(frame: pl.Expr, name: pl.Expr) -> pl.Expr:
    """Return the name without what a bundler and a minifier choose anew for each release."""
    is_script = pl.col("language").is_in(["node", "gecko"])
    bundle_hash = name.str.extract(_BUNDLE_HASH)
    is_hash = bundle_hash.str.contains(_IS_HASH).fill_null(value=False)
    unhashed = name.str.replace(_BUNDLE_HASH, ".js:")
    unhashed = pl.when(is_hash).then(unhashed).otherwise(name)
    unnamed = unhashed.str.replace(_MINIFIED_NAME, "${1}")
    minified = is_hash | frame.str.contains(_MINIFIED_FRAME)
    return pl.when(is_script & minified).then(unnamed).when(is_script).then(unhashed).otherwise(name)
