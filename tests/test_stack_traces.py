"""Stack traces of several languages: type, reason and fingerprint."""

import polars as pl
import pytest

from loganalytics.analyses.stack_traces import read_traces

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

ALL = {
    "python": (PYTHON, "ConnectionRefusedError", "orders/views.py:create"),
    "chained": (CHAINED.replace("{outer}", "PayError"), "ConnectionRefusedError", "orders/views.py:create"),
    "java": (JAVA, "java.net.SocketTimeoutException", "com.acme.http.Client.send"),
    "node": (NODE, "MongoServerSelectionError", "src/db.mjs:connect"),
    "dotnet": (DOTNET, "System.Net.Sockets.SocketException", "Acme.Db.Open"),
    "go": (GO, "panic", "main.process"),
    "php": (PHP, "PDOException", "shop/Db.php:PDO->__construct"),
    "ruby": (RUBY, "ActiveRecord::ConnectionTimeoutError", "models/order.rb:charge"),
}


def _read(*exceptions: str | None, message: str = "failed") -> list[dict[str, str | None]]:
    texts = {"message": [message] * len(exceptions), "exception": list(exceptions)}
    return read_traces(pl.DataFrame(texts, schema={"message": pl.String, "exception": pl.String})).to_dicts()


@pytest.mark.parametrize("language", ALL)
def test_the_root_cause_names_the_problem(language: str) -> None:
    """Type and nearest own frame are the root cause's, in every language."""
    text, exception_type, frame = ALL[language]
    (trace,) = _read(text.format(line=12, order=7))
    assert trace["exception_type"] == exception_type
    assert frame in str(trace["fingerprint"])


@pytest.mark.parametrize("language", ALL)
def test_lines_addresses_and_values_do_not_matter(language: str) -> None:
    """The same problem after a release that moved the code, for another order."""
    text = ALL[language][0]
    first, second = _read(text.format(line=12, order=7), text.format(line=345, order=89))
    assert first["fingerprint"] == second["fingerprint"]


def test_other_outer_types_are_other_problems() -> None:
    """A refused connection that surfaces as a failed payment is not one that surfaces as a failed mail."""
    text = CHAINED.format(line=1, order=1, outer="{outer}")
    first, second = _read(text.format(outer="PayError"), text.format(outer="MailError"))
    assert first["exception_type"] == second["exception_type"]
    assert first["fingerprint"] != second["fingerprint"]


def test_other_callers_in_the_application_are_other_problems() -> None:
    """The frames of libraries are alike; those of the application are not."""
    text = PYTHON.format(line=1, order=1)
    first, second = _read(text, text.replace("views.py", "admin.py"))
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


@pytest.mark.parametrize("text", [None, "", "SELECT *\n  FROM orders", "at noon"])
def test_other_continuation_lines_are_no_trace(text: str | None) -> None:
    """Multi-line SQL has no fingerprint."""
    assert all(trace["fingerprint"] is None for trace in _read(text))
