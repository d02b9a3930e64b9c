"""How programs of many languages say that they died, or print an exception that no logger wrote."""

from __future__ import annotations

from dataclasses import dataclass

from loganalytics.formats.regex.ascii import ascii_only


@dataclass(frozen=True)
class Crash:
    """The first line of what a runtime prints when a program dies, or warns."""

    runtime: str
    pattern: str
    level: str = "fatal"
    has_second_line: bool = False
    """Whether the line below it belongs to it, whatever it is."""


_SIGNAL = (
    r"(?:Segmentation fault|Aborted|Abort trap|Bus error|Illegal instruction|Floating point exception"
    r"|Trace/breakpoint trap|Killed|Bad system call)"
)

CRASHES: tuple[Crash, ...] = (
    Crash("Go", r"^(?:panic: |fatal error: |runtime: goroutine stack exceeds|SIG[A-Z]{3,4}: [a-z]|unexpected fault )"),
    Crash("Go race detector", r"^WARNING: DATA RACE$", level="error"),
    Crash("Rust", r"^thread '.*' (?:\(\d+\) )?(?:panicked at |has overflowed its stack)", has_second_line=True),
    Crash("Rust runtime", r"^fatal runtime error: "),
    Crash(
        "Node.js",
        r"^(?:(?:/|[A-Z]:\\|file://|node:|internal/)[^\s:]*(?: [^\s:]+)*|\[eval\]|evalmachine\.<anonymous>):\d+$",
        has_second_line=True,
    ),
    Crash("Node.js", r"^(?:Uncaught |Uncaught:$|\[?UnhandledPromiseRejection|FATAL ERROR: .*(?:[Hh]eap|memory|Alloc))"),
    Crash("Node.js", r"^\(node:\d+\) (?:\[\w+\] )?UnhandledPromiseRejectionWarning", level="error"),
    Crash("Node.js", r"^\(node:\d+\) (?:\[\w+\] )?\w*Warning: ", level="warning"),
    Crash("Deno", r"^error: Uncaught ", level="fatal"),
    Crash("Python", r"^(?:Fatal Python error: |Current thread 0x)"),
    Crash("Python thread", r"^Exception (?:ignored )?in (?:thread|threading|callback|<|:|[\w.]+ )", level="error"),
    Crash("Python process", r"^Process \S+:$", level="error"),
    Crash("Python warnings", r"^(?:[\w./\\<>:-]+):\d+: \w*Warning: ", level="warning"),
    Crash("Java", r'^Exception in thread "'),
    Crash("Java", r"^(?:Exception: .* thrown from the UncaughtExceptionHandler|Terminating due to java\.lang\.)"),
    Crash("Java", r"^Error: (?:A JNI error|Could not (?:find or load|create)|Main method not found|Unable to access)"),
    Crash("Java", r"^(?:# A fatal error has been detected by the Java|\*\*\* java\.lang\.|Error occurred during init)"),
    Crash("Java", r"^(?:OpenJDK|Java HotSpot)\S* .*?VM warning: ", level="warning"),
    Crash("Kotlin", r"^Uncaught Kotlin exception: "),
    Crash(
        ".NET", r"^(?:Unhandled [Ee]xception[.:]|Process terminated\.|Stack overflow\.$|Fatal error\. )",
        has_second_line=True,
    ),
    Crash("Ruby", r"^\S+:\d+:in [`'].*': .*\([A-Z][\w:]*\)$"),
    Crash("Ruby", r"^\S+:\d+: \[BUG\] "),
    Crash("Ruby", r"^#<Thread:0x[0-9a-f]+ .*> terminated with exception", level="error"),
    Crash("PHP", r"^(?:PHP )?(?:Fatal error|Parse error|Recoverable fatal error|Catchable fatal error): "),
    Crash("PHP", r"^(?:PHP )?Warning:  ?.* in \S+ on line \d+$", level="warning"),
    Crash("PHP", r"^(?:PHP )?(?:Notice|Deprecated|Strict Standards):  ?.* in \S+ on line \d+$", level="notice"),
    Crash("Perl", r"^[^\s].* at \S+\.(?:pl|pm|cgi|t) line \d+(?:, <\w*> (?:line|chunk) \d+)?\.$", level="error"),
    Crash(
        "signal",
        rf"^(?:\S+: line \d+: +\d+ +{_SIGNAL}|(?:\w+: )?{_SIGNAL}(?:: \d+)?(?: \(core dumped\))?$|zsh: [a-z ]+  \S)",
    ),
    Crash("OOM killer", r"^(?:Out of memory: |oom-kill|OOMKilled|[Mm]emory cgroup out of memory|Killed process \d+)"),
    Crash("C++", r"^(?:terminate called |libc\+\+abi|terminating (?:due to|with) uncaught)", has_second_line=True),
    Crash("glibc", r"^\*\*\* .*(?:detected|terminated).*\*\*\*|^(?:free|malloc|realloc|munmap_chunk)\(\): "),
    Crash("glibc", r"^(?:double free or corruption|corrupted (?:size|double|unsorted)|malloc_consolidate)"),
    Crash("assertion", r"^\S+: \S+:\d+: .*: Assertion [`'].*' failed\.?|^Assertion failed: "),
    Crash("sanitizer", r"^==\d+==\s?ERROR: \w+Sanitizer|^WARNING: \w+Sanitizer: |^\S+:\d+:\d+: runtime error: "),
    Crash("valgrind", r"^==\d+== (?:Process terminating|Invalid (?:read|write)|Conditional jump)", level="error"),
    Crash("Erlang", r"^(?:\*\* \([\w.]+\) |\*\* \(EXIT from |Kernel pid terminated|Runtime terminating during boot)"),
    Crash("Erlang", r'^(?:\{"(?:init terminating|Kernel pid)|init terminating in|escript: exception)'),
    Crash("Lua", r"^(?:lua[\d.]*|luajit|resty): .*:\d+: "),
    Crash("OCaml", r"^Fatal error: exception "),
    Crash("Julia", r"^ERROR: (?:LoadError: |\w+Error: |\w+Exception: |SystemError|InitError)"),
    Crash("R", r"^Error (?:in .* : ?.*|: .*)$|^Error in .*:$", level="error", has_second_line=True),
    Crash("Swift", r"^(?:[\w/.+-]+:\d+: )?Fatal error: "),
    Crash("Dart", r"^Unhandled exception:$", has_second_line=True),
    Crash("Nim", r"^Error: unhandled exception: "),
    Crash("Zig", r"^thread \d+ panic: "),
    Crash("Crystal", r"^Unhandled exception: "),
    Crash("npm", r"^npm (?:ERR!|error) ", level="error"),
    Crash("make", r"^g?make(?:\[\d+\])?: \*\*\* ", level="error"),
    Crash(
        "Bash", r"^\S+: line \d+: .*: (?:command not found|No such file or directory|Permission denied)$",
        level="error",
    ),
)  # fmt: skip
"""Such a line is an event of its own, wherever it stands: no logger writes it below a line of its own."""

CRASH = ascii_only("|".join(f"(?:{crash.pattern})" for crash in CRASHES))

TRACEBACK = r"^(?:Traceback \(most recent call last\)| *\+ Exception Group Traceback \()"
"""The first line of a Python traceback, which a logger may have written as well as a dying program."""

_NAME = r"[A-Za-z_$][\w$]*(?:[.:/][\w$]+)*"
EXCEPTION = ascii_only(
    rf"^(?:{_NAME}(?:Error|Exception|Throwable|Interrupt|Exit|Failure|Fault|Warning)"
    r"(?: ?\[\w+\])?(?: \(0x\w+\))?(?::|$)"
    r"|(?:Error|Exception)(?::|$)|(?:[Ee]rror|[Ff]atal|[Ww]arning)(?:\[\w+\])?: )"
)
"""A line that names an exception: the last of a traceback, the first of other stack traces, or all that is told."""

CHAINED = r'^(?:During handling of the above|The above exception was|Caused by: |"""$|\.\.\. \d+ (?:more|common))'
"""What joins a stack trace to the one above."""

GOES_ON = ascii_only(
    r"^(?:goroutine \d+ \[|created by |exit status \d|\[signal |stack backtrace:|note: |#\d+ |Stack ?trace:"
    r"|stack traceback:|Node\.js v\d|\(Use `node |\^+\s*$|[\w./*-]+\.[\w.()*\[\]-]+\((?:0x[0-9a-f]+|[{}.?, ])*\)$"
    r"|[A-Za-z_]\w*(?:\.\w+)+(?:: |$)|Calls: |Execution halted"
    r"|CallStack \(|r\w+ +0x[0-9a-f]+$|--->|npm (?:ERR!|error)|Thread 0x|Extension modules:|RuntimeWarning: |\d+: 0x"
    r"|main\.main\(\)|Aborting\.|Rerun with|error: script|Last few GCs|<---|1: 0x|==\d+==|Crash dump|[│├└╰╭┌] ?)"
)
"""What goes on below the first line of a crash and is not indented, where other lines are not expected to."""

CONTINUES = ascii_only(
    r"^(?:\t| {2,}|\}|Caused by: |\.\.\. \d+ (?:more|common)|During handling of the above|The above exception was"
    r"|[\w.$]+(?:Error|Exception|Warning|Interrupt|Exit)(?::|$))"
)
"""What belongs to the line above it in any format: indented lines, and the lines of a stack trace that are not."""

REPORTS_FAILURE = ascii_only(r"(?i:exception|traceback|stack ?trace|error|fail|fatal|crash|abort|panic)|:\s*$")
"""A message that leads one to expect a stack trace below it."""

ANNOUNCES_TRACE = ascii_only(
    r"(?i:exception|traceback|stack ?trace|caught|unhandled|never retrieved|ignor|retry|retried)"
)
"""A message below which one expects a traceback although its level is low."""
