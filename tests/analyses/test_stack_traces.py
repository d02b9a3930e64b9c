"""Stack traces of several languages: type, reason and fingerprint."""

import polars as pl
import pytest

from loganalytics.analyses.errors.stack_traces import parse_stack_traces

PYTHON = """Traceback (most recent call last):
  File "/srv/shop/orders/views.py", line {line}, in create
    charge(order)
    ~~~~~~^^^^^^^
  File "/usr/lib/python3.12/socket.py", line 839, in create_connection
    sock.connect(sa)
ConnectionRefusedError: [Errno 111] order {order} refused"""

CHAINED = (
    PYTHON
    + """

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/srv/shop/orders/tasks.py", line 7, in run
    create(order)
shop.errors.{outer}: could not charge
DETAIL: this is no type"""
)

JAVA = """java.lang.IllegalStateException: cannot pay order {order}
\tat com.acme.pay.PayService.charge(PayService.java:{line})
\tat com.acme.pay.PayService$$Lambda$14/0x0000000800{line}.run(Unknown Source)
\tat java.base/java.lang.Thread.run(Thread.java:833)
Caused by: java.net.SocketTimeoutException: Read timed out
\tat java.base/sun.nio.ch.NioSocketImpl.timedRead(NioSocketImpl.java:288)
\tat com.acme.http.Client.send(Client.java:{line})
\t... 12 more"""

NODE = """Error: order {order} failed
    at charge (/srv/shop/src/pay.js:{line}:15) {{
  [cause]: MongoServerSelectionError: connect ECONNREFUSED 127.0.0.1:27017
      at Timeout._onTimeout (/srv/shop/node_modules/mongodb/lib/topology.js:278:38)
      at connect (file:///srv/shop/src/db.mjs:{line}:15)"""

DOTNET = """System.InvalidOperationException: order {order}
 ---> System.Net.Sockets.SocketException (111): Connection refused
   at System.Net.Sockets.Socket.Connect(EndPoint e)
   at Acme.Db.Open(String s) in /src/Acme/Db.cs:line {line}
   --- End of inner exception stack trace ---
   at Acme.Web.Get() in /src/Acme/Web.cs:line {line}"""

GO = """panic: runtime error: index out of range [5] with length 3

goroutine {order} [running]:
main.process(0xc0000{line}, 0x3)
\t/srv/shop/main.go:{line} +0x1d
main.main()
\t/srv/shop/main.go:{line} +0x2a"""

PHP = """PHP Fatal error:  Uncaught PDOException: SQLSTATE[HY000] order {order}
Stack trace:
#0 /var/www/shop/Db.php({line}): PDO->__construct('mysql:{order}')
#1 {{main}}"""

RUBY = """ActiveRecord::ConnectionTimeoutError: no connection for order {order}
\tfrom /srv/shop/app/models/order.rb:{line}:in `charge'
\tfrom /srv/shop/app/jobs/pay.rb:{line}:in `perform'"""

RUST = """thread 'tokio-runtime-worker' panicked at src/pool.rs:{line}:21:
called `Result::unwrap()` on an `Err` value: PoolTimedOut
stack backtrace:
   0: rust_begin_unwind::h00000000000000ab
             at /rustc/9fc6b43126469e3858e2fe86cafb4f0fd5068869/library/std/src/panicking.rs:665:5
   1: core::panicking::panic_fmt
   2: shop::pool::Pool::acquire::{{{{closure}}}}::h0123456789abcdef
             at ./src/pool.rs:{line}:21
   3: <shop::Api as hyper::Service>::call
note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace."""

ANYHOW = """Error: could not sync order {order}

Caused by:
    0: peer {order} is gone
    1: Connection reset by peer (os error {line})

Stack backtrace:
   0: anyhow::error::<impl anyhow::Error>::msg
   1: shop::sync::push
             at ./src/sync.rs:{line}:5"""

GO_ERROR = """order {order}: connection refused
acme.com/shop/store.(*DB).Query
\t/build/{order}/store/db.go:{line}
runtime.goexit
\t/usr/local/go/src/runtime/asm_amd64.s:{line}"""

FIREFOX = """TypeError: order {order} is undefined
render@https://shop.example/static/main.4f3a2b{line}.js:2:{line}
commit@https://shop.example/static/main.4f3a2b{line}.js:{line}:1"""

ALL = {
    "python": (PYTHON, "ConnectionRefusedError", "orders/views.py:create"),
    "chained": (CHAINED.replace("{outer}", "PayError"), "ConnectionRefusedError", "orders/views.py:create"),
    "java": (JAVA, "java.net.SocketTimeoutException", "com.acme.http.Client.send"),
    "node": (NODE, "MongoServerSelectionError", "src/db.mjs:connect"),
    "dotnet": (DOTNET, "System.Net.Sockets.SocketException", "Acme.Db.Open"),
    "go": (GO, "panic", "main.process"),
    "rust": (RUST, "panic", "shop::pool::Pool::acquire"),
    "anyhow": (ANYHOW, "Error", "shop::sync::push"),
    "go error": (GO_ERROR, None, "acme.com/shop/store.(*DB).Query"),
    "firefox": (FIREFOX, "TypeError", "static/main.js:render"),
    "php": (PHP, "PDOException", "shop/Db.php:PDO->__construct"),
    "ruby": (RUBY, "ActiveRecord::ConnectionTimeoutError", "models/order.rb:charge"),
}


def _read(*exceptions: str | None, message: str = "failed") -> list[dict[str, str | None]]:
    texts = {"message": [message] * len(exceptions), "exception": list(exceptions)}
    return parse_stack_traces(pl.DataFrame(texts, schema={"message": pl.String, "exception": pl.String})).to_dicts()


@pytest.mark.parametrize("language", ALL)
def test_the_root_cause_names_the_problem(language: str) -> None:
    """Type and nearest own frame are the root cause's, in every language."""
    exception, exception_type, frame = ALL[language]
    (trace,) = _read(exception.format(line=12, order=7))
    assert trace["exception_type"] == exception_type
    assert frame in str(trace["fingerprint"])


@pytest.mark.parametrize("language", ALL)
def test_lines_addresses_and_values_do_not_matter(language: str) -> None:
    """The same problem after a release that moved the code, for another order."""
    exception = ALL[language][0]
    first, second = _read(exception.format(line=12, order=7), exception.format(line=345, order=89))
    assert first["fingerprint"] == second["fingerprint"]


def test_other_outer_types_are_other_problems() -> None:
    """A refused connection that surfaces as a failed payment is not one that surfaces as a failed mail."""
    exception = CHAINED.format(line=1, order=1, outer="{outer}")
    first, second = _read(exception.format(outer="PayError"), exception.format(outer="MailError"))
    assert first["exception_type"] == second["exception_type"]
    assert first["fingerprint"] != second["fingerprint"]


def test_other_callers_in_the_application_are_other_problems() -> None:
    """The frames of libraries are alike; those of the application are not."""
    exception = PYTHON.format(line=1, order=1)
    first, second = _read(exception, exception.replace("views.py", "admin.py"))
    assert first["fingerprint"] != second["fingerprint"]


def test_recursion_of_any_depth_is_one_problem() -> None:
    """The same frame a thousand times says no more than once."""
    frame = '  File "/srv/shop/tree.py", line 3, in walk\n    walk(node)\n'
    deep = ["Traceback (most recent call last):\n" + frame * n + "RecursionError: too deep" for n in (3, 900)]
    first, second = _read(*deep)
    assert first["fingerprint"] == second["fingerprint"]


def test_the_first_line_may_have_become_the_message() -> None:
    """Frames that follow the line of the exception belong to it."""
    frames = "\tat com.acme.Foo.bar(Foo.java:12)"
    (trace,) = _read(frames, message="java.lang.NullPointerException: no order")
    assert trace["exception_type"] == "java.lang.NullPointerException"
    assert trace["reason"] == "no order"


@pytest.mark.parametrize("exception", [None, "", "SELECT *\n  FROM orders", "at noon"])
def test_other_continuation_lines_are_no_trace(exception: str | None) -> None:
    """Multi-line SQL has no fingerprint."""
    assert all(trace["fingerprint"] is None for trace in _read(exception))


@pytest.mark.parametrize(
    ("first_name", "second_name"),
    [
        ("lambda$main$0", "lambda$main$7"),
        ("Pay$$Lambda$14/0x0000000800c0.run", "Pay$$Lambda$99/0x000000080fff.run"),
        ("Pay$$EnhancerBySpringCGLIB$$1a2b3c4d.charge", "Pay$$SpringCGLIB$$0.charge"),
        ("$Proxy12.charge", "$Proxy345.charge"),
    ],
)
def test_generated_names_do_not_matter(first_name: str, second_name: str) -> None:
    """Lambdas and proxies are numbered anew in each run."""
    exception = "java.lang.IllegalStateException: no\n\tat com.acme.{}(X.java:1)\n\tat com.acme.Main.main(Main.java:2)"
    first, second = _read(exception.format(first_name), exception.format(second_name))
    assert first["fingerprint"] == second["fingerprint"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Acme.Shop.Cart.<Load>d__3.MoveNext()", "Acme.Shop.Cart.Load()"),
        (
            "Acme.Shop.Cart.<>c__DisplayClass3_0.<Load>b__0(String s)",
            "Acme.Shop.Cart.<>c__DisplayClass9_0.<Load>b__1()",
        ),
    ],
)
def test_the_compiler_of_dotnet_does_not_matter(old: str, new: str) -> None:
    """An asynchronous method, as older runtimes write it, and closures."""
    exception = (
        "System.InvalidOperationException: no\n   at {} in C:\\src\\Cart.cs:line 7\n   at Acme.Shop.Program.Main()"
    )
    first, second = _read(exception.format(old), exception.format(new))
    assert first["fingerprint"] == second["fingerprint"]


def test_what_is_beside_the_chain_does_not_matter() -> None:
    """Suppressed exceptions, "... 12 more", other goroutines, what ran after a panic."""
    suppressed = JAVA + "\n\tSuppressed: java.io.IOException: closed\n\t\tat com.acme.Other.close(Other.java:1)"
    second_name = GO + "\n\ngoroutine 99 [select]:\nmain.wait()\n\t/srv/shop/main.go:1 +0x1"
    after = GO.replace(
        "[running]:\n", "[running]:\nmain.recover()\n\t/srv/shop/r.go:1 +0x1\npanic({{0x1}})\n\t/go/panic.go:9\n"
    )
    for original, variant in (
        (JAVA, suppressed),
        (JAVA, JAVA.replace("12 more", "3 common frames omitted")),
        (GO, second_name),
        (GO, after),
    ):
        first, second = _read(original.format(line=12, order=7), variant.format(line=12, order=7))
        assert first["fingerprint"] == second["fingerprint"]


def test_the_root_of_an_exception_group_is_what_is_in_it() -> None:
    """Python draws a tree around the traceback."""
    inner = "\n".join(f"    | {line}" for line in PYTHON.format(line=1, order=1).split("\n"))
    group = f"""  + Exception Group Traceback (most recent call last):
  |   File "/srv/jobs/main.py", line 9, in main
  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)
  +-+---------------- 1 ----------------
{inner}
    +------------------------------------"""
    (trace,) = _read(group)
    assert trace["exception_type"] == "ConnectionRefusedError"
    assert "orders/views.py:create" in str(trace["fingerprint"])


def test_panics_of_other_kinds_at_one_place_are_other_problems() -> None:
    """What the runtime says is as good as a type."""
    exception = GO.format(line=1, order=1)
    first, second = _read(
        exception, exception.replace("index out of range [5] with length 3", "integer divide by zero")
    )
    assert first["fingerprint"] != second["fingerprint"]


def test_an_exception_without_frames_has_a_type_only() -> None:
    """The JVM leaves the frames out after many."""
    (trace,) = _read("java.lang.NullPointerException: no order")
    assert (trace["fingerprint"], trace["exception_type"]) == (None, "java.lang.NullPointerException")


@pytest.mark.parametrize(("changed", "is_same"), [(6, True), (5, False)])
def test_the_six_frames_nearest_to_the_failure_count(changed: int, is_same: bool) -> None:
    """The seventh, counted from the failure, is a caller that does not matter."""
    frames = [f"\tat com.acme.Step{letter}.run(Step.java:1)" for letter in "abcdefgh"]
    changed_frames = [frame.replace("run(", "call(") if i == changed else frame for i, frame in enumerate(frames)]
    first, second = _read(
        *["\n".join(["java.lang.IllegalStateException: no", *rows]) for rows in (frames, changed_frames)]
    )
    assert (first["fingerprint"] == second["fingerprint"]) is is_same


DIRECT = "\n\nThe above exception was the direct cause of the following exception:\n\n"
HANDLING = "\n\nDuring handling of the above exception, another exception occurred:\n\n"


def _traceback(last: str, function: str = "run") -> str:
    return f'Traceback (most recent call last):\n  File "/srv/shop/mail.py", line 3, in {function}\n    x()\n{last}'


EMPTY, REFUSED = _traceback("IndexError: pop from empty list"), _traceback("ConnectionError: refused", "connect")
UNSENT, TIMEOUT = _traceback("MailError: not sent", "send"), _traceback("TimeoutError: too slow", "wait")


@pytest.mark.parametrize(
    ("exception", "exception_type"),
    [
        (EMPTY + HANDLING + REFUSED, "ConnectionError"),
        (REFUSED + DIRECT + UNSENT, "ConnectionError"),
        (EMPTY + HANDLING + REFUSED + DIRECT + UNSENT, "ConnectionError"),
        (EMPTY + DIRECT + REFUSED + HANDLING + UNSENT, "MailError"),
        (EMPTY + HANDLING + REFUSED + HANDLING + UNSENT, "MailError"),
        (EMPTY + HANDLING.rstrip("\n"), "IndexError"),
    ],
)
def test_an_exception_raised_while_another_was_handled_is_the_problem(exception: str, exception_type: str) -> None:
    """The handled one was foreseen; of what follows the last such sentence, the direct cause is the problem."""
    (trace,) = _read(exception)
    assert trace["exception_type"] == exception_type


def test_what_was_handled_does_not_matter() -> None:
    """The same problem with or without it, and in an exception group."""
    alone, handled = _read(REFUSED + DIRECT + UNSENT, EMPTY + HANDLING + REFUSED + DIRECT + UNSENT)
    assert alone["fingerprint"] == handled["fingerprint"]
    group = (
        "  + Exception Group Traceback (most recent call last):\n  | ExceptionGroup: no (1 sub-exception)\n  +-+---- 1"
    )
    inner = "\n".join(f"    | {line}" for line in REFUSED.split("\n"))
    (trace,) = _read(EMPTY + HANDLING + f"{group} ----\n{inner}\n    +----")
    assert trace["exception_type"] == "ConnectionError"


@pytest.mark.parametrize("steers", ["asyncio.exceptions.CancelledError", "SystemExit: 1", "anyio.WouldBlock"])
def test_exceptions_that_steer_a_program_are_no_problem(steers: str) -> None:
    """But where nothing else is there."""
    cause = _traceback(steers)
    chains = (cause + DIRECT + TIMEOUT, TIMEOUT + HANDLING + cause, cause + HANDLING + TIMEOUT)
    assert [trace["exception_type"] for trace in _read(*chains)] == ["TimeoutError"] * 3
    assert _read(cause)[0]["exception_type"] == steers.partition(":")[0]


@pytest.mark.parametrize(
    "head", ["Error: connect refused", "Uncaught Error: connect refused", "Error [E_NO]: connect refused"]
)
def test_the_plainest_type_has_a_reason_too(head: str) -> None:
    """A type may have no other name than Error."""
    (trace,) = _read(f"{head}\n    at send (/srv/shop/mail.js:3:5)")
    assert (trace["exception_type"], trace["reason"]) == ("Error", "connect refused")


BUNDLES = [
    ("main.3f2a1c", "main.99ab01"),
    ("chunk-7HJK2", "chunk-Q9ZZ1"),
    ("chunk-7HJK2ABC", "chunk-QWERTYUI"),
    ("app.bundle.min", "app.bundle.min"),
    ("pages/index-abc123", "pages/index-0c7baedefba6b077"),
    ("index-D_4xk-9a", "index-BxQhZqWd"),
    ("1.2.3/app.min", "1.2.4/app.min"),
    ("x1Yz7Qp0aBcDeFgHiJk/app.min", "a9Yz7Qp0aBcDeFgHiJk/app.min"),
    ("2.1a2b3c4d.chunk", "2.99887766.chunk"),
]


@pytest.mark.parametrize(("old", "new"), BUNDLES)
def test_a_release_of_a_bundle_does_not_matter(old: str, new: str) -> None:
    """Hashes, versions, queries, lines and columns, and the names that a minifier gave."""
    chrome = "TypeError: no items\n    at t.render (https://x.io/js/{}.js?v={}:1:{})"
    gecko = "TypeError: no items\n{}.render@https://x.io/js/{}.js:1:{}"
    for first, second in (
        (chrome.format(old, 12, 55), chrome.replace("t.render", "e.render").format(new, 13, 99)),
        (gecko.format("t", old, 55), gecko.format("e", new, 99)),
    ):
        one, other = _read(first, second)
        assert one["fingerprint"] == other["fingerprint"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("renderCart (https://x.io/js/main.3f2a1c.js", "renderMenu (https://x.io/js/main.3f2a1c.js"),
        ("run (https://x.io/js/main.3f2a1c.js", "run (https://x.io/js/admin.3f2a1c.js"),
        ("go (/srv/shop/order-step.js", "on (/srv/shop/order-step.js"),
        ("run (/srv/shop/step-one.js", "run (/srv/shop/step-two.js"),
        ("run (/srv/shop/pay-service1.js", "run (/srv/shop/pay-controller.js"),
        ("run (/srv/shop/the-MyWidget.js", "run (/srv/shop/the-MyButton.js"),
    ],
)
def test_other_bundles_files_and_functions_are_other_problems(first: str, second: str) -> None:
    """Short names of functions count where nothing was minified."""
    one, other = _read(*[f"TypeError: no items\n    at {frame}:1:2)" for frame in (first, second)])
    assert one["fingerprint"] != other["fingerprint"]


def test_exceptions_of_a_group_may_never_have_been_raised() -> None:
    """They have no traceback of their own."""
    group = """  + Exception Group Traceback (most recent call last):
  |   File "/srv/jobs/main.py", line 9, in main
  |     raise ExceptionGroup('two problems', errors)
  | ExceptionGroup: two problems (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | ValueError: bad sku
    +---------------- 2 ----------------
    | KeyError: 'price'
    +------------------------------------"""
    (trace,) = _read(group)
    assert (trace["exception_type"], trace["reason"]) == ("ValueError", "bad sku")


def test_fields_before_the_stack_are_no_reason() -> None:
    """As pino-pretty prints them."""
    printed = """    order_id: 991
    err: {
      "type": "TypeError",
      "message": "x is not a function",
      "stack":
          TypeError: x is not a function
              at charge (/srv/shop/pay.js:3:160)
    }"""
    (trace,) = _read(printed)
    assert (trace["exception_type"], trace["reason"]) == ("TypeError", "x is not a function")


def test_a_retry_of_celery_is_no_problem() -> None:
    """What it retries is."""
    (trace,) = _read(TIMEOUT + HANDLING + _traceback("celery.exceptions.Retry: Retry in 3s: TimeoutError"))
    assert trace["exception_type"] == "TimeoutError"


def test_the_root_of_an_aggregate_error_is_what_is_in_it() -> None:
    """Node tries several addresses; the aggregate has no message."""
    aggregate = """AggregateError [ECONNREFUSED]:
    at connect (/srv/shop/db.js:3:5) {
  code: 'ECONNREFUSED',
  [errors]: [
    Error: connect ECONNREFUSED ::1:5432
        at create (node:net:1647:14)
    Error: connect ECONNREFUSED 127.0.0.1:5432
        at create (node:net:1647:14)
  ]
}"""
    (trace,) = _read(aggregate)
    assert (trace["exception_type"], trace["reason"]) == ("Error", "connect ECONNREFUSED ::1:5432")


def test_the_type_of_a_ruby_exception_follows_its_message() -> None:
    """In older versions, behind the frame."""
    (trace,) = _read("/srv/db.rb:12:in `open': no server (PG::ConnectionBad)\n\tfrom /srv/db.rb:5:in `connect'")
    assert (trace["exception_type"], trace["reason"]) == ("PG::ConnectionBad", "no server")
