"""Rust: tracing and the back ends of the crate `log`."""

from __future__ import annotations

from loganalytics.formats.definitions.format import Format

_TARGET = r"(?P<logger>[A-Za-z_]\w*(?:::\w+)*)"
_WORD = r"(?P<level>TRACE|DEBUG|INFO|WARN|ERROR)"
_CLOCK = r"(?P<time>\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)"

RUST = (
    Format(
        "env_logger", r"^\[{iso} {level} +(?P<logger>\w+(?:::\w+)*)\] (?P<message>.*)$",
        examples=("[2024-01-01T00:00:00Z INFO  server::http] listening",),
    ),
    Format(
        "Rust tracing",
        r"^{zulu} +{LEVEL} (?:(?:ThreadId\((?P<thread.id>\d+)\) )?"
        r"(?P<span.name>[\w.-]+(?:\{[^}]*\})?(?::[\w.-]+(?:\{[^}]*\})?)*): )??"
        r"(?P<logger>[a-z_]\w*(?:::\w+)*): (?P<message>.*)$",
        examples=(
            "2024-01-01T00:00:00.123456Z  INFO server::http: listening port=80",
            "2024-01-01T00:00:00.123456Z TRACE shaving_yaks{yaks=3}: fmt::yak_shave: hello",
        ),
    ),
    Format(
        "Rust tracing (pretty)",
        rf"^ +{{iso}} +{_WORD} (?:(?P<thread.name>[\w-]+) "
        rf"(?:ThreadId\((?P<thread.id>\d+)\) )?)??{_TARGET}: (?P<message>.*)$",
        body_pattern=r"(?m)^ +at (?P<code.file.path>\S+):(?P<code.line.number>\d+)(?: on \S+(?: ThreadId\(\d+\))?)?$"
        r"(?:\n +in (?P<span.name>[^\n]*))?",
        examples=("  2024-01-01T00:00:00.123456Z  INFO server::http: listening, port: 80",),
    ),
    Format(
        "Rust tracing (no time)", rf"^ *{_WORD} {_TARGET}: (?P<message>.*)$", min_share=0.2,
        examples=(" INFO server::http: listening port=80",),
    ),
    Format(
        "linkerd",
        r"^\[ *(?P<kernel.uptime_s>\d+\.\d+)s\] +"
        rf"{_WORD} ThreadId\((?P<thread.id>\d+)\) (?:(?P<span.name>[^\s:]+): )?{_TARGET}: (?P<message>.*)$",
        examples=("[    12.500000s]  WARN ThreadId(01) outbound: linkerd_app_core::errors: slow",),
    ),
    Format(
        "pretty_env_logger", rf"^ *{_WORD} +{_TARGET} +> (?P<message>.*)$",
        examples=(" INFO  server::http > listening",),
    ),
    Format(
        "flexi_logger", rf"^{_WORD} +\[(?P<logger>\w+(?:::\w+)*)\] (?P<message>.*)$", min_share=0.2,
        examples=("INFO [server::http] listening",),
    ),
    Format(
        "flexi_logger (detailed)",
        rf"^\[{{iso}}\] {_WORD} +\[(?P<logger>\w+(?:::\w+)*)\] (?P<code.file.path>\S+\.rs):(?P<code.line.number>\d+): "
        r"(?P<message>.*)$",
        examples=("[2024-01-01 00:00:00.123456 +01:00] INFO [server::http] src/http.rs:26: listening",),
    ),
    Format(
        "flexi_logger (file and line)",
        rf"^\[{{iso}}\] {_WORD} +\[(?P<code.file.path>[\w./-]+):(?P<code.line.number>\d+)\] (?P<message>.*)$",
        examples=("[2024-01-01 00:00:00.123456 +01:00] INFO [src/http.rs:26] listening",),
    ),
    Format(
        "fern", rf"^\[{{iso}}\]\[(?P<logger>\w+(?:::\w+)*)\]\[{_WORD}\] (?P<message>.*)$",
        examples=("[2024-01-01 00:00:00][server::http][INFO] listening",),
    ),
    Format(
        "log4rs", rf"^{{iso}} +{_WORD} +{_TARGET} - (?P<message>.*)$",
        examples=("2024-01-01T00:00:00.123456+01:00 INFO server::http - listening",),
    ),
    Format(
        "simplelog", rf"^{_CLOCK} \[{_WORD}\] (?:\((?P<thread.id>\d+)\) )?(?:{_TARGET}: )?(?P<message>.*)$",
        examples=("10:00:00 [ERROR] (1) server::http: no such host",),
    ),
)  # fmt: skip
