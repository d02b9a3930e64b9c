"""The problems that error_traces.py writes errors of: what went wrong, where, and what was logged about it.

Frames are innermost first, "path:function" (Java, .NET and Rust: "path:qualified function"), with "·" for a blank; "~"
marks a library's. The chain is outermost first, so its last link is the root cause. {id}, {host}, {path}, {uuid}, {hex},
{ms}, {user} differ from error to error.

Many are hard on purpose: the same type at other places, the same function name in other files, the same root cause
that surfaces elsewhere, the same text from other places, other words from the same place (all of these are different
problems), and other values in a text from the same place (which are one). In Python's style "handled" the innermost
exception was raised while the others were handled, so the outermost is the problem.
"""

from __future__ import annotations

from dataclasses import dataclass

# fmt: off
# ruff: noqa: E501  (a table: one exception a line)


@dataclass(frozen=True)
class Link:
    """One exception of a chain."""

    type: str
    texts: tuple[str, ...]
    frames: tuple[str, ...]


@dataclass(frozen=True)
class Problem:
    """One problem: its language, what the application logged, and the chain of exceptions."""

    name: str
    language: str
    said: tuple[str, ...]
    chain: tuple[Link, ...]
    style: str = ""


def _problem(name: str, language: str, messages: str, *links: tuple[str, str, str], style: str = "") -> Problem:
    """Read a problem: alternatives are separated by " | ", frames by blanks."""
    chain = tuple(Link(kind, tuple(texts.split(" | ")), tuple(frames.split())) for kind, texts, frames in links)
    return Problem(name, language, tuple(messages.split(" | ")), chain, style)


_PYTHON = [
    _problem("order key", "python", "Internal Server Error: {path}",
             ("KeyError", "'order_id' | 'customer' | {id}", "shop/orders/views.py:create shop/middleware.py:__call__")),
    _problem("cart key", "python", "Internal Server Error: {path}",
             ("KeyError", "'order_id' | 'sku'", "shop/cart/views.py:create shop/middleware.py:__call__")),
    _problem("orders database", "python", "could not total order {id}",
             ("django.db.utils.OperationalError", 'connection to server at "{host}" failed: timeout expired',
              "shop/orders/models.py:total shop/orders/views.py:show"),
             ("psycopg2.OperationalError", 'connection to server at "{host}" failed: timeout expired',
              "~django/db/backends/base/base.py:connect shop/orders/models.py:rows")),
    _problem("users database", "python", "could not load user {user}",
             ("django.db.utils.OperationalError", 'connection to server at "{host}" failed: timeout expired',
              "shop/users/models.py:profile shop/users/views.py:show"),
             ("psycopg2.OperationalError", 'connection to server at "{host}" failed: timeout expired',
              "~django/db/backends/base/base.py:connect shop/users/models.py:rows")),
    _problem("deep tree", "python", "category tree of {id} broken",
             ("RecursionError", "maximum recursion depth exceeded | maximum recursion depth exceeded in comparison",
              "shop/tree.py:walk shop/tree.py:visit shop/categories.py:render"), style="recursive"),
    _problem("slow fetch", "python", "fetch of https://{host}/v1/{id} gave up | no answer from {host} within {ms} ms",
             ("asyncio.exceptions.TimeoutError", "", "worker/fetch.py:<lambda> worker/fetch.py:fetch worker/main.py:run"),
             style="thread"),
    _problem("missing plugin", "python", "plugin {user} not loaded",
             ("ModuleNotFoundError", "No module named 'plugins.{user}'",
              "<frozen·importlib._bootstrap>:_find_and_load_unlocked <frozen·importlib._bootstrap>:_gcd_import "
              "~importlib/__init__.py:import_module shop/plugins.py:load")),
    _problem("bad payload", "python", "request {uuid} rejected",
             ("pydantic_core._pydantic_core.ValidationError",
              "2 validation errors for Order\nitems.{id}.price\n  Input should be a valid number [type=float_parsing]",
              "~pydantic/main.py:__init__ api/schemas.py:parse api/routes.py:<listcomp>")),
    _problem("batch group", "python", "batch {id} incomplete",
             ("ValueError", "row {id}: bad date", "jobs/batch.py:parse jobs/batch.py:run"), style="group"),
    _problem("batch group, empty", "python", "batch {id} incomplete",
             ("ValueError", "row {id}: empty", "jobs/batch.py:parse jobs/batch.py:run"), style="group"),
    _problem("import row", "python", "import of {path} stopped",
             ("ValueError", "row {id}: bad date", "jobs/importer.py:parse jobs/importer.py:run")),
    _problem("import row, empty", "python", "import of {path} stopped",
             ("ValueError", "row {id}: empty", "jobs/importer.py:parse jobs/importer.py:run")),
    _problem("broker refused", "python", "could not enqueue mail {id}",
             ("redis.exceptions.ConnectionError", "Error 111 connecting to {host}:6379. Connection refused.",
              "~redis/connection.py:connect shop/mail.py:enqueue shop/orders/views.py:create"),
             ("IndexError", "pop from empty list", "~kombu/transport/virtual/base.py:create_channel"), style="handled"),
    _problem("broker full", "python", "could not enqueue mail {id}",
             ("redis.exceptions.ConnectionError", "max number of clients reached",
              "~redis/connection.py:connect shop/mail.py:enqueue shop/orders/views.py:create"),
             ("IndexError", "pop from empty list", "~kombu/transport/virtual/base.py:create_channel"), style="handled"),
]

_JAVA = [
    _problem("payment timeout", "java", "Payment {uuid} failed | Could not charge order {id}",
             ("com.acme.pay.PaymentException", "could not charge {id}", "PayService.java:com.acme.pay.PayService.charge "
              "PayController.java:com.acme.web.PayController.lambda$post$0"),
             ("java.net.SocketTimeoutException", "Read timed out | timeout",
              "~NioSocketImpl.java:java.base/sun.nio.ch.NioSocketImpl.timedRead Client.java:com.acme.http.Client.send")),
    _problem("refund timeout", "java", "Refund {uuid} failed",
             ("com.acme.pay.RefundException", "could not refund {id}", "RefundService.java:com.acme.pay.RefundService.refund "
              "PayController.java:com.acme.web.PayController.lambda$delete$1"),
             ("java.net.SocketTimeoutException", "Read timed out | timeout",
              "~NioSocketImpl.java:java.base/sun.nio.ch.NioSocketImpl.timedRead Client.java:com.acme.http.Client.send")),
    _problem("cart null", "java", "Servlet.service() for servlet [dispatcherServlet] threw exception",
             ("java.lang.NullPointerException", 'Cannot invoke "com.acme.Cart.total()" because "cart" is null | ',
              "CartService.java:com.acme.cart.CartService.total CartController.java:com.acme.web.CartController.show"),
             style="proxied"),
    _problem("user null", "java", "Servlet.service() for servlet [dispatcherServlet] threw exception",
             ("java.lang.NullPointerException", 'Cannot invoke "com.acme.User.name()" because "user" is null | ',
              "UserService.java:com.acme.user.UserService.name UserController.java:com.acme.web.UserController.show"),
             style="proxied"),
    _problem("pool exhausted", "java", "order {id} not saved",
             ("org.springframework.transaction.CannotCreateTransactionException", "Could not open JPA EntityManager",
              "~JpaTransactionManager.java:org.springframework.orm.jpa.JpaTransactionManager.doBegin "
              "OrderStore.java:com.acme.order.OrderStore.save"),
             ("java.sql.SQLTransientConnectionException", "HikariPool-{id} - Connection is not available, request timed "
              "out after {ms}ms.", "~HikariPool.java:com.zaxxer.hikari.pool.HikariPool.createTimeoutException "
              "~HikariDataSource.java:com.zaxxer.hikari.HikariDataSource.getConnection"), style="proxied"),
    _problem("stream lambda", "java", "report {id} not written",
             ("java.lang.IndexOutOfBoundsException", "Index {id} out of bounds for length {ms}",
              "Report.java:com.acme.report.Report.lambda$rows$3 "
              "~ReferencePipeline.java:java.base/java.util.stream.ReferencePipeline$3$1.accept "
              "Report.java:com.acme.report.Report.rows"), style="lambda"),
    _problem("deep json", "java", "message {uuid} on topic orders-{id} dropped",
             ("java.lang.StackOverflowError", "", "Json.java:com.acme.json.Json.object Json.java:com.acme.json.Json.array "
              "Consumer.java:com.acme.kafka.Consumer.poll"), style="recursive"),
    _problem("stock conflict", "java", "stock of {id} changed meanwhile | retry {ms} of stock {id}",
             ("org.hibernate.StaleObjectStateException", "Row was updated or deleted by another transaction : [Stock#{id}]",
              "~Loader.java:org.hibernate.loader.Loader.checkVersion Stock.java:com.acme.stock.Stock.take "
              "StockJob.java:com.acme.stock.StockJob$1.run"), style="proxied"),
]

_GO = [
    _problem("index", "go", "http: panic serving {host}:{id}",
             ("runtime error", "index out of range [{id}] with length {ms}",
              "internal/cart/cart.go:acme.com/shop/internal/cart.(*Cart).Item internal/api/cart.go:acme.com/shop/internal/api."
              "(*Server).getCart.func1")),
    _problem("index elsewhere", "go", "http: panic serving {host}:{id}",
             ("runtime error", "index out of range [{id}] with length {ms}",
              "internal/stock/stock.go:acme.com/shop/internal/stock.(*Shelf).Item internal/api/stock.go:acme.com/shop/internal/"
              "api.(*Server).getStock.func1")),
    _problem("nil map", "go", "worker {id} died",
             ("assignment to entry in nil map", "", "internal/cache/cache.go:acme.com/shop/internal/cache.(*LRU[...]).Put "
              "internal/worker/worker.go:acme.com/shop/internal/worker.(*Pool).run.func2")),
    _problem("nil pointer", "go", "worker {id} died",
             ("runtime error", "invalid memory address or nil pointer dereference",
              "internal/mail/mail.go:acme.com/shop/internal/mail.(*Sender).Send "
              "internal/worker/worker.go:acme.com/shop/internal/worker.(*Pool).run.func2"), style="signal"),
    _problem("deadlock", "go", "exit status 2",
             ("fatal error", "all goroutines are asleep - deadlock!",
              "internal/queue/queue.go:acme.com/shop/internal/queue.(*Queue).Pop cmd/shop/main.go:main.main")),
    _problem("store error", "go", "request {uuid}: query failed",
             ("", "dial tcp {host}:5432: connect: connection refused",
              "internal/store/db.go:acme.com/shop/internal/store.(*DB).Query internal/api/users.go:acme.com/shop/internal/api."
              "(*Server).getUser"), style="pkg/errors"),
    _problem("store timeout", "go", "request {uuid}: query failed",
             ("", "dial tcp {host}:5432: i/o timeout",
              "internal/store/db.go:acme.com/shop/internal/store.(*DB).Query internal/api/users.go:acme.com/shop/internal/api."
              "(*Server).getUser"), style="pkg/errors"),
    _problem("zap billing", "go", "could not bill {id}",
             ("", "", "internal/bill/bill.go:acme.com/shop/internal/bill.(*Biller).Bill "
              "internal/api/bill.go:acme.com/shop/internal/api.(*Server).postBill"), style="zap"),
    _problem("zap refund", "go", "could not bill {id}",
             ("", "", "internal/bill/refund.go:acme.com/shop/internal/bill.(*Biller).Refund "
              "internal/api/bill.go:acme.com/shop/internal/api.(*Server).deleteBill"), style="zap"),
]

_NODE = [
    _problem("undefined total", "node", "Unhandled Rejection | request {uuid} failed",
             ("TypeError", "Cannot read properties of undefined (reading 'total') | "
              "Cannot read properties of undefined (reading 'price')",
              "src/cart.js:Cart.total src/routes/cart.js:async·getCart"), style="express"),
    _problem("undefined name", "node", "Unhandled Rejection | request {uuid} failed",
             ("TypeError", "Cannot read properties of undefined (reading 'name')",
              "src/users.js:Users.label src/routes/users.js:async·getUser"), style="express"),
    _problem("redis refused", "node", "session store down",
             ("SessionError", "session {hex} not loaded", "src/session.js:Session.load src/server.js:async·handle"),
             ("Error", "connect ECONNREFUSED {host}:6379", "node:net:TCPConnectWrap.afterConnect·[as·oncomplete]"),
             style="errno"),
    _problem("axios", "node", "webhook {id} not delivered",
             ("AxiosError", "Request failed with status code 502 | Request failed with status code 504",
              "~axios/lib/core/settle.js:settle ~axios/lib/adapters/http.js:IncomingMessage.handleStreamEnd "
              "src/webhook.js:async·deliver"), style="promise"),
    _problem("minified", "node", "client error",
             ("TypeError", "t.items is not iterable", "static/js/main.{hex8}.js:t.render static/js/main.{hex8}.js:Ka "
              "static/js/main.{hex8}.js:Ks")),
    _problem("syntax", "node", "message {uuid} unreadable",
             ("SyntaxError", "Unexpected token < in JSON at position {id}",
              "JSON.parse src/consumer.ts:async·Consumer.onMessage src/consumer.ts:async·Object.eachMessage")),
    _problem("syntax, end of input", "node", "message {uuid} unreadable",
             ("SyntaxError", "Unexpected end of JSON input",
              "JSON.parse src/consumer.ts:async·Consumer.onMessage src/consumer.ts:async·Object.eachMessage")),
    _problem("syntax elsewhere", "node", "config of {user} unreadable",
             ("SyntaxError", "Unexpected token < in JSON at position {id}",
              "JSON.parse src/config.ts:Config.read src/main.ts:async·main")),
    _problem("syntax elsewhere, end of input", "node", "config of {user} unreadable",
             ("SyntaxError", "Unexpected end of JSON input",
              "JSON.parse src/config.ts:Config.read src/main.ts:async·main")),
    _problem("recursive merge", "node", "settings of {user} not merged",
             ("RangeError", "Maximum call stack size exceeded", "src/merge.js:merge src/merge.js:mergeKey src/settings.js:apply"),
             style="recursive"),
]

_RUST = [
    _problem("pool unwrap", "rust", "worker thread panicked",
             ("called `Result::unwrap()` on an `Err` value", "PoolTimedOut",
              "src/pool.rs:shop::pool::Pool::acquire src/orders.rs:shop::orders::save::{{closure}}")),
    _problem("config unwrap", "rust", "worker thread panicked",
             ("called `Result::unwrap()` on an `Err` value", 'Os { code: 2, kind: NotFound, message: "No such file or '
              'directory" }', "src/config.rs:shop::config::load src/main.rs:shop::main")),
    _problem("bounds", "rust", "request {uuid} aborted",
             ("index out of bounds", "the len is {ms} but the index is {id}",
              "src/cart.rs:shop::cart::Cart::item src/api.rs:shop::api::get_cart::{{closure}}")),
    _problem("bounds elsewhere", "rust", "request {uuid} aborted",
             ("index out of bounds", "the len is {ms} but the index is {id}",
              "src/stock.rs:shop::stock::Shelf::item src/api.rs:shop::api::get_stock::{{closure}}")),
    _problem("borrow", "rust", "ui thread panicked",
             ("already borrowed", "BorrowMutError", "src/ui.rs:<shop::ui::Button·as·shop::ui::Widget>::draw "
              "src/ui.rs:shop::ui::Tree::draw"), style="old"),
    _problem("expect", "rust", "mailer stopped",
             ("no smtp host", "NotPresent | InvalidUnicode", "src/mail.rs:shop::mail::Mailer::from_env src/main.rs:shop::main"),
             style="old"),
    _problem("anyhow config", "rust", "startup failed",
             ("could not read {path}.toml", "No such file or directory (os error 2) | Permission denied (os error 13)",
              "src/settings.rs:shop::settings::Settings::read src/main.rs:shop::main"), style="anyhow"),
    _problem("anyhow sync", "rust", "sync of {id} failed",
             ("could not sync {id}", "connection reset by peer | deadline has elapsed",
              "src/sync.rs:shop::sync::Peer::push src/sync.rs:shop::sync::run::{{closure}}"), style="anyhow"),
]

_DOTNET = [
    _problem("sql timeout", "dotnet", "Order {id} not saved",
             ("Microsoft.EntityFrameworkCore.DbUpdateException", "An error occurred while saving the entity changes.",
              "OrderStore.cs:Acme.Orders.OrderStore.SaveAsync(Order·order) OrdersController.cs:Acme.Web.OrdersController.Post"
              "(OrderDto·dto)"),
             ("Microsoft.Data.SqlClient.SqlException", "Execution Timeout Expired.",
              "~:Microsoft.Data.SqlClient.SqlCommand.ExecuteReader()"), style="async"),
    _problem("sql timeout of users", "dotnet", "User {id} not saved",
             ("Microsoft.EntityFrameworkCore.DbUpdateException", "An error occurred while saving the entity changes.",
              "UserStore.cs:Acme.Users.UserStore.SaveAsync(User·user) UsersController.cs:Acme.Web.UsersController.Post"
              "(UserDto·dto)"),
             ("Microsoft.Data.SqlClient.SqlException", "Execution Timeout Expired.",
              "~:Microsoft.Data.SqlClient.SqlCommand.ExecuteReader()"), style="async"),
    _problem("null reference", "dotnet", "An unhandled exception has occurred while executing the request.",
             ("System.NullReferenceException", "Object reference not set to an instance of an object.",
              "Cart.cs:Acme.Carts.Cart.get_Total() CartController.cs:Acme.Web.CartController.Get(Int32·id)")),
    _problem("null reference elsewhere", "dotnet", "An unhandled exception has occurred while executing the request.",
             ("System.NullReferenceException", "Object reference not set to an instance of an object.",
              "Menu.cs:Acme.Menus.Menu.get_Title() MenuController.cs:Acme.Web.MenuController.Get(Int32·id)")),
    _problem("refused", "dotnet", "sync with {host} failed",
             ("System.Net.Http.HttpRequestException", "Connection refused ({host}:443)",
              "SyncJob.cs:Acme.Sync.SyncJob.Execute(IJobExecutionContext·context)"),
             ("System.Net.Sockets.SocketException", "Connection refused",
              "~:System.Net.Sockets.Socket.AwaitableSocketAsyncEventArgs.ThrowException(SocketError·error)"), style="async"),
    _problem("missing key", "dotnet", "template {user} not rendered",
             ("System.Collections.Generic.KeyNotFoundException", "The given key '{user}' was not present in the dictionary.",
              "~:System.Collections.Generic.Dictionary`2.get_Item(TKey·key) "
              "Mail.cs:Acme.Mail.Template.<>c__DisplayClass{n}_0.<Render>b__0(String·name) "
              "Mail.cs:Acme.Mail.Template.Render()"), style="lambda"),
    _problem("aggregate", "dotnet", "nightly job {id} failed",
             ("System.AggregateException", "One or more errors occurred. (file {id} is locked)",
              "Nightly.cs:Acme.Jobs.Nightly.Run()"),
             ("System.IO.IOException", "file {id} is locked",
              "~:System.IO.RandomAccess.WriteAtOffset() Export.cs:Acme.Jobs.Export.Write(String·path)")),
    _problem("aggregate, no access", "dotnet", "nightly job {id} failed",
             ("System.AggregateException", "One or more errors occurred. (file {id} is locked)",
              "Nightly.cs:Acme.Jobs.Nightly.Run()"),
             ("System.IO.IOException", "The process cannot access the file '{path}'",
              "~:System.IO.RandomAccess.WriteAtOffset() Export.cs:Acme.Jobs.Export.Write(String·path)")),
    _problem("cancelled", "dotnet", "search for '{user}' took over {ms} ms",
             ("System.Threading.Tasks.TaskCanceledException", "A task was canceled.",
              "Search.cs:Acme.Search.Index.Find(String·text) SearchController.cs:Acme.Web.SearchController.Get(String·q)"),
             style="async"),
]

_PLAIN = [
    _problem("disk", "none", "No space left on device while writing {path}"),
    _problem("upstream", "none", "upstream timed out (110: Connection timed out) while reading response header from upstream, "
             'client: {ip}, server: _, request: "GET {path} HTTP/1.1", upstream: "http://{ip}:{id}{path}"'),
    _problem("refused", "none", "connect() failed (111: Connection refused) while connecting to upstream, "
             'client: {ip}, server: _, request: "GET {path} HTTP/1.1", upstream: "http://{ip}:{id}{path}"'),
    _problem("oom", "none", "Out of memory: Killed process {id} ({user}) total-vm:{id}kB, anon-rss:{id}kB"),
    _problem("certificate", "none", "certificate of {host} expired {ms} days ago"),
    _problem("replica", "none", "replica {host} lags {ms} s behind | replica {host} lags {ms} s behind (attempt {id})"),
    _problem("lock", "none", "could not acquire lock {uuid} within {ms} ms | could not acquire lock {uuid} within {ms} ms, "
             "retrying"),
    _problem("acquired late", "none", "could not release lock {uuid} within {ms} ms"),
]

PROBLEMS = [*_PYTHON, *_JAVA, *_GO, *_NODE, *_RUST, *_DOTNET, *_PLAIN]
