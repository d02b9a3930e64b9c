"""Access logs in the layouts that web servers share: combined, common, and what is put before and behind them."""

from __future__ import annotations

from loganalytics.formats.definitions.format import Format

STATUS = "http.response.status_code"
REQUEST = (
    r'"(?:(?P<http.request.method>[A-Z_]{3,20}) (?P<url.original>[^\s"]+)(?: (?P<network.protocol>[A-Z]+/[\d.]+))?'
    r'|(?P<http.request.line>(?:[^"\\]|\\.)*))"'
)
"""A request line as servers quote it; anything else (a TLS handshake, garbage) is captured as it is."""
REQUEST_MESSAGE = ("http.request.method", "url.original", "http.request.line", STATUS)
AGENT = r' "(?P<http.request.header.referer>(?:[^"\\]|\\.)*)" "(?P<user_agent.original>(?:[^"\\]|\\.)*)"'

_PLAIN_REQUEST = (
    r'"(?P<http.request.method>[A-Z_]{3,20}) (?P<url.original>[^\s"]+) (?P<network.protocol>[A-Z]+/[\d.]+)"'
)
_MESSAGE = (*REQUEST_MESSAGE, "rest")
# A duration or another number, the name of the server, and several addresses of proxies may stand before.
_ACCESS = (
    r"^\s*(?:(?P<log.prefix>\d+(?:\.\d+)?|-) )??(?:(?P<server.address>[A-Za-z][\w.-]*(?::\d+)?|[\d.]+:\d+) )?"
    r"(?P<client.address>(?:[\w.:%-]+, )*[\w.:%-]+) (?:-|(?P<client.ident>\S+)) "
    rf"(?P<user.name>\S+|[A-Za-z][^\s:\[]*(?: [A-Za-z][^\s:\[]*){{1,3}}) \[{{clf}}\] {REQUEST} "
    rf'"?(?P<{STATUS}>\d{{3}})"? "?(?P<http.response.body.size>\d+|-)"?'
)
_PLAIN_ACCESS = (
    r"^(?P<client.address>[\w.:%-]+) - (?P<user.name>\S+) \[{time:common log}\] "
    rf"{_PLAIN_REQUEST} (?P<{STATUS}>\d{{3}}) (?P<http.response.body.size>\d+|-)"
)
# nginx's $request_time is in seconds and always has three decimals; what has none may be %T or %D.
_PLAIN_REQUEST_TIME = r" (?:(?:rt|request_time)=)?(?P<duration_s>\d+\.\d{3})"
_REQUEST_TIME = (
    r'(?: (?:(?:rt|request_time)=)?"?(?:(?P<duration_s>\d+\.\d{3}(?:\d{3})?)s?|(?P<duration_ms>\d+(?:\.\d+)?)ms'
    r'|(?P<duration_us>\d+(?:\.\d+)?)(?:us|µs))\b"?)?'
)

ACCESS = (
    Format(
        "ingress-nginx",
        rf"{_ACCESS}{AGENT} (?P<http.request.size>\d+) (?P<duration_s>\d+\.\d+) \[(?P<upstream.name>[^\]]*)\]"
        r"(?: \[(?P<upstream.alternative_name>[^\]]*)\])? (?P<upstream.address>\S+(?:, \S+)*) "
        r"(?P<upstream.response_size>[\d, -]+?) (?P<upstream.response_s>[\d., -]+?) (?P<upstream.status_code>[\d, -]+?)"
        r"(?: (?P<trace_id>\w+))?$",
        status=STATUS, message=REQUEST_MESSAGE, multiline=False,
        examples=(
            '10.0.0.1 - - [10/Mar/2024:12:34:56 +0000] "GET /a HTTP/1.1" 502 150 "-" "curl/8.0" 412 0.010 '
            "[default-web-80] [] 10.1.0.7:8080 150 0.010 502 6f1c2d3e",
        ),
    ),
    Format(
        "Traefik",
        rf'{_ACCESS}{AGENT} (?P<traefik.request_count>\d+) "(?P<traefik.router>[^"]*)" "(?P<upstream.address>[^"]*)" '
        r"(?P<duration_ms>\d+(?:\.\d+)?)ms$",
        status=STATUS, message=REQUEST_MESSAGE, multiline=False,
        examples=(
            '10.0.0.1 - - [10/Mar/2024:12:34:56 +0000] "GET /a HTTP/1.1" 502 11 "-" "-" 17 "web@docker" '
            '"http://172.18.0.3:80" 5ms',
        ),
    ),
    Format(
        "combined access log",
        rf'{_ACCESS}{AGENT}(?: "(?P<http.request.header.x_forwarded_for>[^"]*)")?{_REQUEST_TIME}(?P<rest>.*)$',
        status=STATUS, message=_MESSAGE, multiline=False,
        variants=(
            rf"{_PLAIN_ACCESS}{AGENT}(?P<rest>)$",
            rf'{_PLAIN_ACCESS}{AGENT} "(?P<http.request.header.x_forwarded_for>[^"]*)"(?P<rest>)$',
            rf"{_PLAIN_ACCESS}{AGENT}{_PLAIN_REQUEST_TIME}(?P<rest>)$",
        ),
        examples=(
            '10.0.0.1 - - [20/Jul/2009:22:59:26 +0000] "GET /a HTTP/1.1" 404 134 "-" "curl/8.0"',
            'shop.example:443 10.0.0.1 - - [20/Jul/2009:22:59:26 +0000] "GET /a HTTP/1.1" 404 134 "-" "curl/8.0" 0.012',
            '336 10.0.0.1 - - [16/Sep/2024:00:01:01 +0200] "GET /a HTTP/1.1" 503 88 "-" "-" "10.1.2.3" "a.example"',
        ),
    ),
    Format(
        "common access log", rf"{_ACCESS}{_REQUEST_TIME}(?P<rest>.*)$",
        status=STATUS, message=_MESSAGE, multiline=False,
        variants=(
            rf"{_PLAIN_ACCESS}(?P<rest>)$",
            rf"{_PLAIN_ACCESS}{_PLAIN_REQUEST_TIME}(?P<rest>)$",
            rf"{_PLAIN_ACCESS}(?P<rest>)$".replace("common log", "common log blank"),
        ),
        examples=(
            '10.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a.gif HTTP/1.0" 200 2326',
            '127.0.0.1 - - [01/Jan/2024 10:00:00] "GET /a HTTP/1.1" 200 -',
        ),
    ),
    Format(
        "Nginx Proxy Manager",
        rf"^\[{{clf}}\] (?:(?P<cache.status>[A-Z]+|-) (?P<upstream.status_code>[\d, :-]+?) )?(?P<{STATUS}>\d{{3}}) - "
        r"(?P<http.request.method>[A-Z_]{3,20}) (?P<url.scheme>\w+) (?P<server.address>\S+) "
        r'"(?P<url.original>(?:[^"\\]|\\.)*)" \[Client (?P<client.address>[^\]]*)\] '
        r"\[Length (?P<http.response.body.size>\d+|-)\] \[Gzip (?P<gzip.ratio>[^\]]*)\]"
        r"(?: \[Sent-to (?P<upstream.address>[^\]]*)\])?"
        r' "(?P<user_agent.original>(?:[^"\\]|\\.)*)" "(?P<http.request.header.referer>(?:[^"\\]|\\.)*)"$',
        status=STATUS, message=("http.request.method", "url.original", STATUS), multiline=False,
        examples=(
            '[10/Mar/2024:12:34:56 +0000] - 502 502 - GET https shop.example "/a" [Client 10.0.0.7] [Length 157] '
            '[Gzip -] [Sent-to 10.0.0.2] "Mozilla/5.0" "-"',
        ),
    ),
    Format(
        "Alibaba Cloud CDN",
        rf'^\[{{clf}}\] (?P<client.address>\S+) (?P<proxy.address>\S+) (?P<duration_ms>\d+) '
        rf'"(?P<http.request.header.referer>[^"]*)" {REQUEST} (?P<{STATUS}>\d{{3}}) (?P<http.request.size>\d+) '
        r'(?P<http.response.body.size>\d+) (?P<cache.status>[A-Z]+|-) "(?P<user_agent.original>[^"]*)" '
        r'"(?P<http.response.mime_type>[^"]*)"$',
        status=STATUS, message=REQUEST_MESSAGE, multiline=False,
        examples=(
            '[10/Mar/2024:12:34:56 +0800] 10.0.0.7 - 27 "-" "GET http://cdn.example/a.jpg" 502 191 2830 MISS "-" "-"',
        ),
    ),
    Format(
        "Django server", rf"^\[{{clf}}\] {REQUEST} (?P<{STATUS}>\d{{3}}) (?P<http.response.body.size>\d+|-)$",
        status=STATUS, message=("http.request.method", "url.original", "http.request.line", STATUS),
        variants=(
            rf"^\[{{time:common log blank}}\] {_PLAIN_REQUEST} (?P<{STATUS}>\d{{3}}) "
            r"(?P<http.response.body.size>\d+|-)$",
        ),
        examples=('[01/Jan/2024 10:00:00] "GET /admin/ HTTP/1.1" 200 1234',),
    ),
)  # fmt: skip

_METHOD = r"(?P<http.request.method>GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|CONNECT|TRACE|PROPFIND|REPORT|PURGE)"
_PROTOCOL = r"(?P<network.protocol>HTTP/[\d.]+)"
_TOOK = r"(?P<duration_ms>\d+(?:\.\d+)?) ?ms|(?P<duration_us>\d+(?:\.\d+)?) ?(?:us|µs)|(?P<duration_s>\d+(?:\.\d+)?) ?s"
_TIMED = r'^(?P<log.before>[^"]{0,80}?)[\[("]*{any}[\])"]*(?P<log.prefix>[^"]*?)'
_SIZE = r"(?P<http.response.body.size>\d+|-)"

GIN = (
    Format(
        "Fiber",
        rf"^(?P<time>\d{{2}}:\d{{2}}:\d{{2}}) \| *(?P<{STATUS}>[1-5]\d\d) \| *(?:{_TOOK}) *\| *"
        rf"(?P<client.address>\S+) \| *{_METHOD} *\| *(?P<url.original>[^|\s]*) *\| *(?P<rest>.*)$",
        status=STATUS, message=("http.request.method", "url.original", STATUS, "rest"), multiline=False,
        examples=("12:00:00 | 500 |    1.25ms | 127.0.0.1 | POST | /pay | no such order",),
    ),
    Format(
        "Gin",
        rf"^\[GIN\] {{any}} \| *(?P<{STATUS}>[1-5]\d\d) \| *(?:{_TOOK}|(?P<gin.latency>[\d.hmsµn]+)) *\| *"
        rf'(?P<client.address>\S+) \| *{_METHOD} +"?(?P<url.original>[^"\s]*)"?(?P<rest>.*)$',
        status=STATUS, message=("http.request.method", "url.original", STATUS, "rest"), multiline=False,
        examples=('[GIN] 2024-03-09 18:22:11 | 500 |  1.25s |       127.0.0.1 | POST     "/pay"',),
    ),
)  # fmt: skip
"""The access log of a framework that writes the time as 2024/03/09 - 18:22:11, which is rewritten before."""

ACCESS_LATE = (
    Format(
        "access log, status behind the request",
        rf'{_TIMED}"{_METHOD} (?P<url.original>\S+)(?: {_PROTOCOL})?"[\s|,;:-]*(?:status[=:] ?)?'
        rf"(?P<{STATUS}>[1-5]\d\d)\b(?:[\s|,;]+(?:{_TOOK}|{_SIZE})(?:\s|$))?(?P<rest>.*)$",
        status=STATUS, message=("http.request.method", "url.original", STATUS, "rest"), multiline=False, min_share=0.1,
        examples=('2024-03-10T12:34:56+00:00 10.0.0.1 shop.example "GET /a HTTP/1.1" 502 12 "curl/8.0"',),
    ),
    Format(
        "access log, status before the request",
        rf'{_TIMED}\b(?:status[=:] ?)?(?P<{STATUS}>[1-5]\d\d)(?P<log.between>(?:[\s|,;:-][^"]*)?)"{_METHOD} '
        rf'(?P<url.original>\S+)(?: {_PROTOCOL})?"(?P<rest>.*)$',
        status=STATUS, message=("http.request.method", "url.original", STATUS, "rest"), multiline=False, min_share=0.1,
        examples=('[10/Mar/2024:12:34:56 +0000] 502 0.012 10.0.0.1 "GET /a HTTP/1.1" "curl/8.0"',),
    ),
    Format(
        "access log, request not quoted",
        rf"{_TIMED}\b{_METHOD} (?P<url.original>[/*]\S*|https?://\S+) {_PROTOCOL}[\s|,;:-]+"
        rf"(?P<{STATUS}>[1-5]\d\d)\b(?:[\s|,;]+(?:{_TOOK}|{_SIZE})(?:\s|$))?(?P<rest>.*)$",
        status=STATUS, message=("http.request.method", "url.original", STATUS, "rest"), multiline=False, min_share=0.1,
        examples=("2024-03-10 12:34:56 10.0.0.1 GET /a HTTP/1.1 502 12",),
    ),
    Format(
        "access log without a time",
        rf'^(?:(?:-->|→) +|(?P<client.address>[\w.:%-]+) (?:- )*)?"?{_METHOD} (?P<url.original>[/*]\S*|https?://[^\s"]+)'
        rf'(?: {_PROTOCOL})?"? (?:-> |- )?(?P<{STATUS}>[1-5]\d\d)'
        rf"(?: {_SIZE} -| -)?(?: \(?(?:{_TOOK})\)?)?(?P<rest>(?:[ -].*)?)$",
        status=STATUS, message=("http.request.method", "url.original", STATUS, "rest"), multiline=False, min_share=0.1,
        examples=("GET /ok/0 200 2 - 2.319 ms", "POST /pay 500 12.383 ms - 27", "GET /a 404 - - 0.2 ms"),
    ),
)  # fmt: skip
"""After the formats that have a level: requests with their status in any order."""
