"""Errors as six languages write them, labelled with the problem behind each: error_problems.py tells which.

From one error to the next differs what differs in real logs: line numbers (a release moves the code), addresses, ids,
hosts, paths, releases' folders, versions of libraries, threads, goroutines, generated classes and lambdas, the depth of
a recursion, the frames of the framework around the application, "... 12 more", hashes at the end of Rust's symbols.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import polars as pl
from error_problems import PROBLEMS, Link, Problem

Rng = random.Random


def labelled_errors(per_problem: int = 10, *, seed: int = 0) -> pl.DataFrame:
    """Return `per_problem` errors of every problem, shuffled, with its name as `problem`.

    Of the last errors of a problem some come as loaders of plain text leave them: the first line of the trace is the
    message.
    """
    rng = random.Random(seed)
    rows = [_error(rng, problem, number) for problem in PROBLEMS for number in range(per_problem)]
    rng.shuffle(rows)
    per_problem = pl.DataFrame(rows, schema_overrides={"exception": pl.String})
    start = pl.datetime(2026, 3, 1, time_unit="us", time_zone="UTC")
    return per_problem.with_columns(
        timestamp=start + pl.duration(seconds=pl.int_range(pl.len()) * 17),
        severity_number=pl.lit(17, dtype=pl.UInt8),
        source=pl.lit("generated"),
        offset=pl.int_range(pl.len()).cast(pl.String),
    )


def _error(rng: Rng, problem: Problem, number: int) -> dict[str, str | None]:
    message = _fill(rng, rng.choice(problem.said))
    trace = _WRITERS[problem.language](rng, problem) if problem.language in _WRITERS else None
    headless = trace is not None and problem.language in ("java", "node", "dotnet") and number % 5 == 4
    if headless and trace is not None:
        message, _, trace = trace.partition("\n")
    return {"problem": f"{problem.language}: {problem.name}", "service": rng.choice(["web", "api", "worker"]),
            "message": message, "exception": trace}  # fmt: skip


# ---- what varies

_USERS = ("alice", "bob", "carol", "dave", "erin", "frank", "mallory", "peggy", "trent", "victor", "walter", "zoe")
_FOLDERS = ("/srv/shop", "/home/deploy/releases/20260{n}", "/app", "/opt/acme/shop-{n}", "/workspace/build/{hex8}")


def _hex(rng: Rng, digits: int) -> str:
    return f"{rng.getrandbits(4 * digits):0{digits}x}"


def _fill(rng: Rng, template: str) -> str:
    values: dict[str, Callable[[], str]] = {
        "id": lambda: str(rng.randrange(1, 10 ** rng.randrange(1, 8))),
        "n": lambda: str(rng.randrange(1, 400)),
        "ms": lambda: str(rng.randrange(2, 60_000)),
        "user": lambda: rng.choice(_USERS),
        "hex": lambda: "0x" + _hex(rng, 12),
        "hex8": lambda: _hex(rng, 8),
        "ip": lambda: ".".join(str(rng.randrange(1, 255)) for _ in range(4)),
        "host": lambda: rng.choice([f"db-{rng.randrange(9)}.example.com", f"10.0.{rng.randrange(255)}.7", "localhost"]),
        "path": lambda: f"/{rng.choice(('orders', 'users', 'var/data'))}/{rng.randrange(10_000)}",
        "uuid": lambda: "-".join(_hex(rng, n) for n in (8, 4, 4, 4, 12)),
    }  # fmt: skip
    for name, value in values.items():
        while "{" + name + "}" in template:
            template = template.replace("{" + name + "}", value(), 1)
    return template


def _line(rng: Rng) -> int:
    return rng.randrange(1, 2500)


def _frames(rng: Rng, problem: Problem, link: Link) -> list[str]:
    """Return the frames innermost first; a recursion repeats what recurs, which is all but the last."""
    frames = list(link.frames)
    if problem.style != "recursive":
        return frames
    cycle = frames[:-1] * rng.randrange(2, 60)
    return [*cycle[rng.randrange(len(frames) - 1) :], frames[-1]]


def _split(frame: str) -> tuple[bool, str, str]:
    """Return whether a frame is a library's, its file and its function."""
    where, _, function = frame.replace("·", " ").partition(":")
    return frame.startswith("~"), where.removeprefix("~"), function


def _some(rng: Rng, frames: Sequence[str]) -> list[str]:
    """Return a random beginning of the frames of a framework: how much of it is in a trace is chance."""
    return list(frames[: rng.randrange(len(frames) + 1)])


# ---- Python

_DJANGO = ("django/core/handlers/base.py:_get_response", "django/core/handlers/exception.py:inner",
           "sentry_sdk/integrations/django/__init__.py:wrapped")  # fmt: skip
_DIRECT_CAUSE = "\n\nThe above exception was the direct cause of the following exception:\n\n"
_HANDLING = "\n\nDuring handling of the above exception, another exception occurred:\n\n"


def _python(rng: Rng, problem: Problem) -> str:
    root = _fill(rng, rng.choice(_FOLDERS))
    version = rng.choice(("3.11", "3.12", "3.13"))
    parts = [_python_link(rng, problem, link, root, version) for link in reversed(problem.chain)]
    traceback = (_HANDLING if problem.style == "handled" else _DIRECT_CAUSE).join(parts)
    if problem.style == "group":
        traceback = _python_group(rng, traceback)
    if problem.style == "thread":
        traceback = f"Exception in thread Thread-{rng.randrange(99)} (run):\n{traceback}"
    return traceback


def _python_link(rng: Rng, problem: Problem, link: Link, root: str, version: str) -> str:
    frames = [*_frames(rng, problem, link), *[f"~{frame}" for frame in _some(rng, _DJANGO)]]
    lines = ["Traceback (most recent call last):"]
    for frame in reversed(frames):
        is_library, where, function = _split(frame)
        if not where.startswith("<frozen"):
            where = f"/usr/lib/python{version}/site-packages/{where}" if is_library else f"{root}/{where}"
        lines.append(f'  File "{where}", line {_line(rng)}, in {function}')
        if "<frozen" not in where:
            lines.append(f"    return {rng.choice(('self.get(x)', 'call(*args, **kwargs)', 'next(rows)'))}")
            if rng.random() < 0.4:
                lines.append("           ~~~~~^^^^^^^^^^^^")
    if problem.style == "recursive" and rng.random() < 0.7:
        lines.insert(len(lines), f"  [Previous line repeated {rng.randrange(3, 990)} more times]")
    message = _fill(rng, rng.choice(link.texts))
    return "\n".join([*lines, f"{link.type}: {message}" if message else link.type])


def _python_group(rng: Rng, traceback: str) -> str:
    """Return an exception group with the traceback inside."""
    inner = "\n".join("    | " + line for line in traceback.split("\n"))
    return (
        "  + Exception Group Traceback (most recent call last):\n"
        f'  |   File "/srv/jobs/main.py", line {_line(rng)}, in main\n  |     tasks.run()\n'
        f"  | ExceptionGroup: unhandled errors in a TaskGroup ({rng.randrange(1, 9)} sub-exceptions)\n"
        f"  +-+---------------- 1 ----------------\n{inner}\n    +------------------------------------"
    )


# ---- Java

_TOMCAT = ("org.apache.catalina.core.ApplicationFilterChain.doFilter@ApplicationFilterChain.java",
           "org.springframework.web.filter.OncePerRequestFilter.doFilter@OncePerRequestFilter.java",
           "java.base/java.util.concurrent.ThreadPoolExecutor.runWorker@ThreadPoolExecutor.java",
           "java.base/java.lang.Thread.run@Thread.java")  # fmt: skip


def _java(rng: Rng, problem: Problem) -> str:
    parts = []
    jar = rng.choice(("", "", " ~[shop-{n}.jar!/:{n}]", " [classes/:na]"))
    for depth, link in enumerate(problem.chain):
        message = _fill(rng, rng.choice(link.texts))
        head = ("Caused by: " if depth else "") + link.type + (f": {message}" if message else "")
        lines = [line + _fill(rng, jar) for line in _java_frames(rng, problem, link)]
        parts += [head, *lines]
        if depth:
            parts.append(f"\t... {rng.randrange(3, 90)} {rng.choice(('more', 'common frames omitted'))}")
    if rng.random() < 0.2:
        parts[0] = f'Exception in thread "pool-{rng.randrange(9)}-thread-{rng.randrange(99)}" {parts[0]}'
    if rng.random() < 0.15:
        parts += ["\tSuppressed: java.io.IOException: stream closed",
                  f"\t\tat com.acme.io.Stream.close(Stream.java:{_line(rng)})"]  # fmt: skip
    return "\n".join(parts)


def _java_frames(rng: Rng, problem: Problem, link: Link) -> list[str]:
    lines = []
    for frame in _frames(rng, problem, link):
        _, file, function = _split(frame)
        if problem.style == "lambda":
            function = function.replace("$3", f"${rng.randrange(9)}")
        lines.append(f"\tat {function}({file}:{_line(rng)})")
        owner = function.rpartition(".")[0]
        if problem.style == "proxied" and "acme" in owner and rng.random() < 0.8:
            lines += _java_proxy(rng, owner.partition("$")[0], function.rpartition(".")[2])
    for frame in _some(rng, _TOMCAT):
        function, _, file = frame.partition("@")
        lines.append(f"\tat {function}({file}:{_line(rng)})")
    return lines


def _java_proxy(rng: Rng, owner: str, method: str) -> list[str]:
    generated = rng.choice(
        (f"$$FastClassBySpringCGLIB$${_hex(rng, 8)}.invoke", f"$$EnhancerBySpringCGLIB$${_hex(rng, 8)}.{method}",
         f"$$SpringCGLIB$${rng.randrange(4)}.{method}")
    )  # fmt: skip
    return [
        f"\tat {owner}{generated}(<generated>)",
        f"\tat jdk.internal.reflect.GeneratedMethodAccessor{rng.randrange(999)}.invoke(Unknown Source)",
        f"\tat com.sun.proxy.$Proxy{rng.randrange(300)}.{method}(Unknown Source)",
        f"\tat {owner}$$Lambda${rng.randrange(900)}/0x{_hex(rng, 16)}.apply(Unknown Source)",
    ][: rng.randrange(5)]


# ---- Go

_SERVER = ("net/http.HandlerFunc.ServeHTTP@net/http/server.go", "net/http.(*conn).serve@net/http/server.go",
           "runtime.goexit@runtime/asm_amd64.s")  # fmt: skip


def _go(rng: Rng, problem: Problem) -> str:
    link = problem.chain[0]
    message = _fill(rng, rng.choice(link.texts))
    root = _fill(rng, rng.choice(_FOLDERS))
    without_addresses = problem.style in ("pkg/errors", "zap")
    lines = []
    for frame in link.frames:
        _, file, function = _split(frame)
        call = (
            ""
            if without_addresses
            else rng.choice((f"(0x{_hex(rng, 10)}, {{0x{_hex(rng, 6)}, 0x{rng.randrange(9)}}})", "(...)", "({...})"))
        )
        lines += [
            f"{function}{call}",
            f"\t{root}/{file}:{_line(rng)}" + ("" if without_addresses else f" +0x{_hex(rng, 3)}"),
        ]
    for frame in _some(rng, _SERVER):
        function, _, file = frame.partition("@")
        lines += [
            function + ("" if without_addresses else f"(0x{_hex(rng, 10)})"),
            f"\t/usr/local/go/src/{file}:{_line(rng)}",
        ]
    if problem.style == "zap":
        return "\n".join(lines)
    if problem.style == "pkg/errors":
        return "\n".join([message, *lines])
    return "\n".join([_go_head(rng, problem, message), "", f"goroutine {rng.randrange(1, 90_000)} [{_go_state(rng)}]:",
                      *_go_panic(rng, problem), *lines,
                      f"created by net/http.(*Server).Serve in goroutine {rng.randrange(1, 99)}",
                      f"\t/usr/local/go/src/net/http/server.go:{_line(rng)} +0x{_hex(rng, 3)}"])  # fmt: skip


def _go_head(rng: Rng, problem: Problem, message: str) -> str:
    kind = problem.chain[0].type
    if kind == "fatal error":
        return f"fatal error: {message}"
    head = "panic: " + ": ".join(part for part in (kind, message) if part)
    if problem.style == "signal":
        head += f"\n[signal SIGSEGV: segmentation violation code=0x1 addr=0x{_hex(rng, 2)} pc=0x{_hex(rng, 6)}]"
    elif rng.random() < 0.3:
        head += f" [recovered]\n\t{head}"
    return head


def _go_state(rng: Rng) -> str:
    return rng.choice(("running", "running", "running, locked to thread", "chan receive, 5 minutes"))


def _go_panic(rng: Rng, problem: Problem) -> list[str]:
    if problem.chain[0].type == "fatal error" or rng.random() < 0.5:
        return []
    return [
        f"panic({{0x{_hex(rng, 6)}?, 0x{_hex(rng, 10)}?}})",
        f"\t/usr/local/go/src/runtime/panic.go:{_line(rng)} +0x{_hex(rng, 3)}",
    ]


# ---- Node

_EXPRESS = ("Layer.handle [as handle_request]@express/lib/router/layer.js", "next@express/lib/router/route.js",
            "Function.process_params@express/lib/router/index.js")  # fmt: skip


def _node(rng: Rng, problem: Problem) -> str:
    root = _fill(rng, rng.choice(("/srv/shop", "/app", "file:///opt/shop", "webpack-internal:///.")))
    build = _hex(rng, 8)
    traceback = ""
    for depth, link in enumerate(problem.chain):
        message = _fill(rng, rng.choice(link.texts))
        pad = "  " * depth
        lines = [
            f"{link.type}: {message}",
            *[f"{pad}    at {frame}" for frame in _node_frames(rng, problem, link, root, build)],
        ]
        traceback = traceback + " {\n  [cause]: " + "\n".join(lines) if depth else "\n".join(lines)
    if len(problem.chain) > 1:
        traceback += (
            f" {{\n    errno: -{rng.randrange(1, 120)},\n    code: 'ECONNREFUSED',\n    syscall: 'connect'\n  }}\n}}"
        )
    return traceback


def _node_frames(rng: Rng, problem: Problem, link: Link, root: str, build: str) -> list[str]:
    frames = []
    for frame in _frames(rng, problem, link):
        if frame == "JSON.parse":
            frames.append("JSON.parse (<anonymous>)")
            continue
        is_library, file, function = _split(frame)
        if frame.startswith("node:"):
            file, _, function = frame.replace("·", " ").rpartition(":")
        else:
            file = f"{root}/{'node_modules/' if is_library else ''}{file.replace('{hex8}', build)}"
        if rng.random() < 0.3:
            function = function.removeprefix("async ")
        frames.append(f"{function} ({file}:{_line(rng)}:{rng.randrange(1, 90_000)})")
    if problem.style == "promise":
        frames.append(f"async Promise.all (index {rng.randrange(9)})")
    if problem.style == "express":
        frames += [f"{name} ({root}/node_modules/{file}:{_line(rng)}:{rng.randrange(90)})"
                   for name, file in (frame.split("@") for frame in _some(rng, _EXPRESS))]  # fmt: skip
    if rng.random() < 0.5:
        frames.append(f"process.processTicksAndRejections (node:internal/process/task_queues:{_line(rng)}:5)")
    return frames


# ---- Rust

_RUNTIME = ("tokio::runtime::task::core::Core<T,S>::poll", "tokio::runtime::scheduler::multi_thread::worker::run",
            "std::sys_common::backtrace::__rust_begin_short_backtrace", "std::rt::lang_start")  # fmt: skip


def _rust(rng: Rng, problem: Problem) -> str:
    link = problem.chain[0]
    message = _fill(rng, rng.choice(link.texts))
    head = _fill(rng, link.type)
    hashed = rng.random() < 0.5
    own_frames = [_split(frame)[1:] for frame in link.frames]
    names = [(function, file) for file, function in own_frames] + [(name, "") for name in _some(rng, _RUNTIME)]
    inner = ["anyhow::error::<impl anyhow::Error>::msg"] if problem.style == "anyhow" else [
        "rust_begin_unwind", "core::panicking::panic_fmt", "core::result::unwrap_failed",
    ][: rng.randrange(1, 4)]  # fmt: skip
    lines = []
    for number, (name, file) in enumerate([*[(name, "") for name in inner], *names]):
        lines.append(f"{number:4}: {name}{f'::h{_hex(rng, 16)}' if hashed else ''}")
        if file:
            lines.append(
                f"             at {rng.choice(('./', '/build/shop/'))}{file}:{_line(rng)}:{rng.randrange(1, 60)}"
            )
        elif rng.random() < 0.6:
            lines.append(
                f"             at /rustc/{_hex(rng, 40)}/library/core/src/{name.split('::')[0]}.rs:{_line(rng)}:5"
            )
    if problem.style == "anyhow":
        return "\n".join([f"Error: {head}", "", "Caused by:", f"    {message}", "", "Stack backtrace:", *lines])
    at = f"{own_frames[0][0]}:{_line(rng)}:{rng.randrange(1, 60)}"
    thread = rng.choice(("main", "tokio-runtime-worker", f"pool-{rng.randrange(99)}", "<unnamed>"))
    panic = f"{head}: {message}"
    panic = f"'{panic}', {at}" if problem.style == "old" else f"{at}:\n{panic}"
    note = "note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace."
    return "\n".join(
        [f"thread '{thread}' panicked at {panic}", "stack backtrace:", *lines, *([note] if hashed else [])]
    )


# ---- .NET

_ASPNET = ("Microsoft.AspNetCore.Mvc.Infrastructure.ActionMethodExecutor.Execute(ActionContext actionContext)",
           "Microsoft.AspNetCore.Mvc.Infrastructure.ControllerActionInvoker.<InvokeActionMethodAsync>g__Awaited|12_0()",
           "Microsoft.AspNetCore.Server.Kestrel.Core.Internal.Http.HttpProtocol.ProcessRequests[T]()")  # fmt: skip


def _dotnet(rng: Rng, problem: Problem) -> str:
    root = rng.choice(("C:\\agent\\_work\\{n}\\s", "/src", "D:\\builds\\{hex8}"))
    root = _fill(rng, root)
    number = rng.randrange(60)
    with_source = rng.random() < 0.8
    heads, bodies = [], []
    for depth, link in enumerate(problem.chain):
        message = _fill(rng, rng.choice(link.texts))
        code = (
            " (0x80131904)"
            if "SqlException" in link.type
            else f" ({rng.randrange(100, 120)})"
            if "Socket" in link.type
            else ""
        )
        heads.append((" ---> " if depth else "") + f"{link.type}{code}: {message}")
        bodies.append(_dotnet_frames(rng, problem, link, root if with_source else "", number))
    if problem.name == "aggregate":
        heads[0] = heads[0] + f" (file {rng.randrange(99)} is locked)" * rng.randrange(3)
    lines = "\n".join(heads).split("\n")
    for depth, body in enumerate(reversed(bodies)):
        if depth:
            lines.append("   --- End of inner exception stack trace ---")
        lines += body
    lines += [f"   at {frame}" for frame in _some(rng, _ASPNET)]
    return "\n".join(lines)


def _dotnet_frames(rng: Rng, problem: Problem, link: Link, root: str, number: int) -> list[str]:
    lines = []
    for frame in link.frames:
        is_library, file, function = _split(frame)
        function = function.replace("DisplayClass{n}", f"DisplayClass{number}").replace(">b__0", f">b__{number % 3}")
        name, _, signature = function.partition("(")
        owner, _, method = name.rpartition(".")
        if problem.style == "async" and not is_library and number % 2:
            function = f"{owner}.<{method}>d__{number}.MoveNext()"
        else:
            function = f"{name}({signature}"
        separator = "\\" if "\\" in root else "/"
        source = f" in {root}{separator}src{separator}{file}:line {_line(rng)}" if root and not is_library else ""
        lines.append(f"   at {function}{source}")
        if problem.style == "async" and rng.random() < 0.5:
            lines.append("--- End of stack trace from previous location ---")
    return lines


_WRITERS: dict[str, Callable[[Rng, Problem], str]] = {
    "python": _python, "java": _java, "go": _go, "node": _node, "rust": _rust, "dotnet": _dotnet,
}  # fmt: skip
