"""Web servers, proxies and load balancers."""

from __future__ import annotations

from loganalytics.formats.definitions.access import AGENT, REQUEST, REQUEST_MESSAGE, STATUS
from loganalytics.formats.definitions.format import Format

_HAPROXY = (
    r"^(?:(?P<log.prefix>.*?) )??(?:(?P<service>[\w.-]+)\[(?P<process.pid>\d+)\]: )?"
    r"(?P<client.address>[\w.:]+):(?P<client.port>\d+) "
    r"\[{clf}\] (?P<haproxy.frontend>\S+) (?P<haproxy.backend>[^\s/]+)/(?P<haproxy.server>\S+) "
)
# Active, frontend's, backend's and server's connections, retries; then the lengths of the queues.
_HAPROXY_LOAD = (
    r"(?P<haproxy.connections.active>\d+)/(?P<haproxy.connections.frontend>\d+)/(?P<haproxy.connections.backend>\d+)/"
    r"(?P<haproxy.connections.server>\d+)/\+?(?P<haproxy.retries>\d+) "
    r"(?P<haproxy.server_queue>\d+)/(?P<haproxy.backend_queue>\d+)"
)
_SQUID = (
    rf" +(?P<duration_ms>\d+) (?P<client.address>\S+) (?P<squid.result>[A-Z_]+)/(?P<{STATUS}>\d{{3}}) "
    r"(?P<http.response.body.size>\d+) (?P<http.request.method>[A-Z_]+) (?P<url.original>\S+) (?P<user.name>\S+) "
    r"(?P<squid.hierarchy>\S+) (?P<http.response.mime_type>\S+)$"
)

WEB = (
    Format(
        "HAProxy HTTP",
        _HAPROXY + r"(?P<haproxy.request_ms>-?\d+)/(?P<haproxy.queue_ms>-?\d+)/(?P<haproxy.connect_ms>-?\d+)/"
        rf"(?P<haproxy.response_ms>-?\d+)/\+?(?P<duration_ms>\d+) (?P<{STATUS}>-?\d+) "
        r"\+?(?P<http.response.body.size>\d+) (?P<haproxy.request_cookie>\S+) (?P<haproxy.response_cookie>\S+) "
        rf"(?P<haproxy.termination_state>\S{{4}}) {_HAPROXY_LOAD} "
        r"(?:\{(?P<haproxy.request_headers>[^}]*)\} )?(?:\{(?P<haproxy.response_headers>[^}]*)\} )?"
        rf"{REQUEST}(?P<rest>.*)$",
        status=STATUS, message=(*REQUEST_MESSAGE, "rest"), multiline=False,
        examples=(
            "Feb  6 12:14:14 localhost haproxy[14389]: 10.0.1.2:33317 [06/Feb/2009:12:14:14.655] http-in static/srv1 "
            '10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {1wt.eu} {} "GET /index.html HTTP/1.1"',
        ),
    ),
    Format(
        "HAProxy TCP",
        _HAPROXY + r"(?P<haproxy.queue_ms>-?\d+)/(?P<haproxy.connect_ms>-?\d+)/\+?(?P<duration_ms>\d+) "
        rf"\+?(?P<http.response.body.size>\d+) (?P<haproxy.termination_state>\S{{2}}) {_HAPROXY_LOAD}$",
        message=("haproxy.frontend", "haproxy.backend", "haproxy.server"), multiline=False,
        examples=(
            "Feb  6 12:12:56 localhost haproxy[14387]: 10.0.1.2:33313 [06/Feb/2009:12:12:51.443] fnt bck/srv1 "
            "0/0/5007 212 -- 0/0/0/0/3 0/0",
        ),
    ),
    Format(
        "AWS load balancer",
        r"^(?:(?P<network.protocol.type>https?|h2|grpcs|wss?) )?{iso} (?P<service>[\w./-]+) "
        r"(?P<client.address>[\d.a-fA-F:]+):(?P<client.port>\d+) (?P<target.address>\S+) "
        r"(?P<request_processing_s>-?[\d.]+) (?P<target_processing_s>-?[\d.]+) (?P<response_processing_s>-?[\d.]+) "
        rf"(?P<{STATUS}>\d{{3}}|-) (?P<target.status_code>\d{{1,3}}|-) (?P<http.request.body.size>-?\d+) "
        rf'(?P<http.response.body.size>-?\d+) {REQUEST} "(?P<user_agent.original>(?:[^"\\]|\\.)*)"'
        r'(?: (?P<tls.cipher>\S+) (?P<network.protocol.version>\S+) (?P<target.group>\S+) '
        r'"(?:Root=)?(?P<trace_id>[^"]*)")?(?P<elb.details>.*)$',
        status=STATUS, message=REQUEST_MESSAGE, multiline=False,
        examples=(
            "http 2018-07-02T22:23:00.186641Z app/lb/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 0.000 0.001 "
            '0.000 200 200 34 366 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.46.0" - - arn:a "Root=1-58-7c1"',
        ),
    ),
    Format(
        "Envoy access log",
        rf"^\[{{iso}}\] {REQUEST} (?P<{STATUS}>\d{{1,3}}) (?P<envoy.response_flags>[\w,-]+) "
        r'(?:(?P<envoy.response_code_details>\S+) (?P<envoy.connection_termination>\S+) "(?P<envoy.failure>[^"]*)" )?'
        r"(?P<http.request.body.size>\d+) (?P<http.response.body.size>\d+) (?P<duration_ms>\d+) "
        r'(?P<envoy.upstream_ms>\d+|-) "(?P<http.request.header.x_forwarded_for>[^"]*)" '
        r'"(?P<user_agent.original>[^"]*)" "(?P<trace_id>[^"]*)" "(?P<server.address>[^"]*)" '
        r'"(?P<upstream.address>[^"]*)"(?P<rest>.*)$',
        status=STATUS, message=(*REQUEST_MESSAGE, "rest"), multiline=False,
        examples=(
            '[2024-03-10T12:00:01.123Z] "GET /a HTTP/1.1" 200 - 0 512 12 11 "10.0.0.1" "curl/8.0" "6f0c-1" "svc.local" '
            '"10.1.0.1:8080"',
        ),
    ),
    Format(
        "S3 access log",
        r"^(?P<bucket.owner>[0-9a-f]{16,64}) (?P<bucket.name>\S+) \[{clf}\] (?P<client.address>\S+) "
        r"(?P<user.name>\S+) (?P<trace_id>\S+) (?P<s3.operation>\S+) (?P<s3.key>\S+) "
        rf"(?:{REQUEST}|-) (?P<{STATUS}>\d{{3}}|-) (?P<error.code>\S+) (?P<http.response.body.size>\d+|-) "
        r"(?P<s3.object_size>\d+|-) (?P<duration_ms>\d+|-) (?P<s3.turn_around_ms>\S+)"
        rf"{AGENT}(?P<s3.details>.*)$",
        status=STATUS, message=REQUEST_MESSAGE, multiline=False,
        examples=(
            "79a59df900b949e55d96a1e698fbaced awsbucket1 [06/Feb/2019:00:00:38 +0000] 192.0.2.3 79a5 3E57427F3EXAMPLE "
            'REST.GET.OBJECT a.png "GET /awsbucket1/a.png HTTP/1.1" 200 - 113 113 7 5 "-" "S3Console/0.4" - x',
        ),
    ),
    Format(
        "Squid",
        rf"^{{epoch}}{_SQUID}",
        status=STATUS, message=("http.request.method", "url.original", STATUS), multiline=False,
        variants=(rf"^(?P<timestamp>1\d{{9}}\.\d{{3}}){_SQUID}",),
        examples=("1286536309.450    195 192.168.0.68 TCP_MISS/200 4040 GET http://a.b/ - DIRECT/1.2.3.4 text/html",),
    ),
    Format(
        "uWSGI",
        r"^\[pid: (?P<process.pid>\d+)\|app: (?P<uwsgi.app>\S+)\|req: (?P<uwsgi.request>\S+)\] "
        r"(?P<client.address>\S+) \((?P<user.name>[^)]*)\) "
        r"\{(?P<uwsgi.vars>[^}]*)\} \[{ctime}\] (?P<http.request.method>[A-Z]+) (?P<url.original>\S+) => generated "
        r"(?P<http.response.body.size>\d+) bytes in (?:(?P<duration_ms>\d+) msecs|(?P<duration_us>\d+) micros)"
        rf"(?: via (?P<uwsgi.via>\w+)\(\))? \((?P<network.protocol>[A-Z]+/[\d.]+) (?P<{STATUS}>\d{{3}})\)"
        rf"(?P<uwsgi.details>.*)$",
        status=STATUS, message=("http.request.method", "url.original", STATUS), multiline=False,
        examples=(
            "[pid: 88185|app: 0|req: 1/1] 127.0.0.1 () {38 vars in 696 bytes} [Sun Mar 13 22:49:12 2016] POST /m "
            "=> generated 47 bytes in 129 msecs (HTTP/1.1 200) 9 headers in 378 bytes (1 switches on core 3)",
        ),
    ),
    Format(
        "nginx error log",
        r"^{slash} \[{level}\] (?P<process.pid>\d+)#(?P<thread.id>\d+): (?P<message>.*)$",
        examples=("2026/03/10 12:00:00 [error] 31#31: *1 connect() failed (111: Connection refused)",),
    ),
    Format(
        "Apache error log",
        r"^\[{ctime}\] \[(?:(?P<logger>\w*):)?{level}\](?: \[pid (?P<process.pid>\d+)(?::tid (?P<thread.id>\d+))?\])?"
        r"(?: \[client (?P<client.address>[^\]]+)\])? (?P<message>.*)$",
        variants=(
            r"^\[{time:ctime}\] \[(?P<logger>\w*):{level}\] \[pid (?P<process.pid>\d+)(?::tid (?P<thread.id>\d+))?\] "
            r"(?:\[client (?P<client.address>[^\]]+)\] )?(?P<message>[^\[].*)$",
            r"^\[{time:ctime}\] \[{level}\] (?:\[client (?P<client.address>[^\]]+)\] )?(?P<message>[^\[].*)$",
        ),
        examples=(
            "[Sun Dec 04 04:47:44 2005] [error] mod_jk child workerEnv in error state 6",
            "[Fri Sep 09 10:42:29.902022 2011] [core:error] [pid 35708:tid 4328636416] [client 72.15.99.187:51000] "
            "File does not exist: /usr/local/apache2/htdocs/favicon.ico",
        ),
    ),
    Format(
        "BIND", r"^{php} (?P<logger>[a-z][a-z-]*): {level}(?: (?P<bind.debug_level>\d+))?: (?P<message>.*)$",
        examples=("10-Mar-2024 12:00:01.123 queries: info: client @0x7f 10.0.0.1#53 (a.b): query: a.b IN A +",),
    ),
    Format(
        "PHP error log",
        r"^\[{php}(?: [A-Z]\w+/[\w/+-]+)?\] PHP "
        r"(?P<level>(?:Fatal|Parse|Core|Compile|Recoverable fatal) (?:error|warning)|Warning|Notice"
        r"|Deprecated|Strict Standards|Stack trace): +(?P<message>.*)$",
        levels={"Fatal error": "fatal", "Parse error": "fatal", "Core error": "fatal", "Compile error": "fatal",
                "Recoverable fatal error": "error", "Core warning": "warning", "Compile warning": "warning",
                "Deprecated": "warning", "Strict Standards": "notice", "Stack trace": "info"},
        examples=("[01-Jan-2024 10:00:00 UTC] PHP Warning:  Undefined variable $a in /var/www/a.php on line 3",),
    ),
)  # fmt: skip

PROXIFIER = (
    Format(
        "Proxifier", r"^\[{proxifier}\] (?P<logger>[\w.$-]*[A-Za-z][\w.$-]*(?: \*\d+)?) - (?P<message>.*)$",
        min_share=0.1,
        examples=("[10.30 16:49:06] chrome.exe - proxy.example.org:5070 open through proxy",),
    ),
)  # fmt: skip
"""After those that begin alike and say more."""
