"""The format that a web server's own setting describes: nginx's log_format, Apache's LogFormat.

Variables: https://nginx.org/en/docs/varindex.html; directives:
https://httpd.apache.org/docs/2.4/mod/mod_log_config.html#formats
"""

from __future__ import annotations

import re

from loganalytics.exceptions import InvalidArgumentError
from loganalytics.formats.definitions import Format
from loganalytics.formats.definitions.access import STATUS

_REQUEST = (
    r"(?:(?P<http.request.method>[A-Z_]{3,20}) (?P<url.original>\S+)(?: (?P<network.protocol>[A-Z]+/[\d.]+))?"
    r"|(?P<http.request.line>.*?))"
)
_STATUS = rf"(?P<{STATUS}>\d{{3}}|-)"
# What is known of variables and directives: an expression, or the name of the field whose text goes to what follows.
_NGINX = {
    "time_local": "{clf}", "time_iso8601": "{iso}", "msec": "{epoch}", "request": _REQUEST, "status": _STATUS,
    "remote_addr": "client.address", "remote_user": "user.name", "body_bytes_sent": "http.response.body.size",
    "bytes_sent": "http.response.body.size", "request_time": "duration_s", "request_id": "trace_id",
    "request_method": "http.request.method", "request_uri": "url.original", "uri": "url.original",
    "server_protocol": "network.protocol", "http_host": "server.address", "host": "server.address",
    "server_name": "server.name", "http_user_agent": "user_agent.original", "http_referer":
    "http.request.header.referer", "http_x_forwarded_for": "http.request.header.x_forwarded_for",
    "request_length": "http.request.size", "upstream_addr": "upstream.address", "upstream_status":
    "upstream.status_code", "upstream_response_time": "upstream.response_s", "pid": "process.pid",
}  # fmt: skip
_APACHE = {
    "t": r"\[{clf}\]", "r": _REQUEST, "s": _STATUS, "h": "client.address", "a": "client.address", "u": "user.name",
    "l": "apache.ident", "b": "http.response.body.size", "B": "http.response.body.size", "O": "http.response.size",
    "I": "http.request.size", "D": "duration_us", "T": "duration_s", "m": "http.request.method", "U": "url.original",
    "q": "url.query", "H": "network.protocol", "v": "server.address", "V": "server.address", "p": "server.port",
    "P": "process.pid", "L": "trace_id", "{Referer}i": "http.request.header.referer",
    "{User-Agent}i": "user_agent.original", "{X-Forwarded-For}i": "http.request.header.x_forwarded_for",
    "{ms}T": "duration_ms", "{us}T": "duration_us", "{s}T": "duration_s",
}  # fmt: skip
_NGINX_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_APACHE_DIRECTIVE = re.compile(r"%[<>!\d,]*((?:\{[^}]*\})?\^?[A-Za-z]{1,2}|%)")
_SETTING = re.compile(
    r"""(?:log_format\s+(?P<nginx>\S+)(?:\s+escape=\w+)?|LogFormat)(?P<texts>(?:\s*(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"))+)"""
    r"(?:[ \t]+(?P<apache>\w+))?"
)
_TEXT = re.compile(r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)\"""")
_MESSAGE = ("http.request.method", "url.original", "http.request.line", STATUS)


def is_setting(text: str) -> bool:
    """Whether a text is such a setting rather than the name of a file."""
    return text.lstrip().startswith(("log_format ", "LogFormat ")) or bool(re.search(r"\$remote_addr|%>?s\b|%h ", text))


def read_settings(text: str) -> tuple[Format, ...]:
    """Return the formats of all settings in a text, such as a server's configuration, or of the bare layout it is.

    Raises InvalidArgumentError where the text holds none.
    """
    uncommented = re.sub(r"(?m)^\s*#.*$", "", text)
    formats = [
        from_layout(_joined(setting["texts"]), setting["nginx"] or setting["apache"] or "LogFormat")
        for setting in _SETTING.finditer(uncommented)
    ]
    if not formats and is_setting(text):
        formats = [from_layout(text.strip(), "log_format")]
    if not formats:
        raise InvalidArgumentError("There is no log_format and no LogFormat in it. Hint: give the line of the setting.")
    return tuple(formats)


def from_layout(layout: str, name: str) -> Format:
    """Return the format of lines in a layout of nginx's variables or Apache's directives."""
    variable = _NGINX_VARIABLE if "$" in layout else _APACHE_DIRECTIVE
    regex, end, groups = "", 0, set[str]()
    for match in variable.finditer(layout):
        regex += re.escape(layout[end : match.start()])
        end = match.end()
        following = layout[end : end + 1]
        regex += _field(next(filter(None, match.groups())), following, groups, is_nginx=variable is _NGINX_VARIABLE)
    regex = f"^{regex}{re.escape(layout[end:])}$"
    message = tuple(field for field in _MESSAGE if f"(?P<{field}>" in regex)
    status = STATUS if STATUS in message else None
    return Format(name, regex, message=message, status=status, multiline=False, dash_is_null=True)


def _joined(texts: str) -> str:
    """Return the text of a setting's strings, put together as the server does."""
    return "".join(re.sub(r"\\(.)", r"\1", single or double) for single, double in _TEXT.findall(texts))


def _field(name: str, following: str, groups: set[str], *, is_nginx: bool) -> str:
    """Return the expression for a variable that this text follows; its second occurrence is not captured again."""
    known = (_NGINX if is_nginx else _APACHE).get(name)
    if name == "%":
        return "%"
    if known and ("{" in known or "(?" in known):
        return known
    group = known or ("nginx." if is_nginx else "apache.") + re.sub(r"\W+", "_", name).strip("_")
    text = ".*" if not following else r"(?:[^\"\\]|\\.)*" if following == '"' else ".*?"
    if group in groups:
        return text
    groups.add(group)
    return f"(?P<{group}>{text})"
