"""A web server's own setting as the format of its log."""

from __future__ import annotations

from pathlib import Path

import pytest

import loganalytics as la
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.formats.log_format import read_settings

NGINX = """
log_format  timed escape=default '$time_iso8601|$remote_addr|$request_method|$request_uri|'
                                 '$status|$request_time|"$http_user_agent"';
"""
NGINX_LINE = '2025-04-02T07:08:09+02:00|192.0.2.7|GET|/a?b=c|502|0.250|"curl/8 (x)"\n'
APACHE = r'LogFormat "%v:%p %a %l %u %t \"%r\" %>s %b %D \"%{User-Agent}i\"" timed'
APACHE_LINE = 'a.example:443 192.0.2.7 - ann [02/Apr/2025:07:08:09 +0200] "GET /a HTTP/1.1" 404 12 1500 "curl/8"\n'


def loaded(tmp_path: Path, line: str, formats: str) -> dict[str, object]:
    """Return the event of a line in a format."""
    (tmp_path / "a.log").write_text(line * 3)
    return la.load(tmp_path / "a.log", formats=formats).row(0, named=True)


def test_nginx_says_how_its_lines_read(tmp_path: Path) -> None:
    """Variables become fields, the time in any of its forms, and the status gives the level."""
    event = loaded(tmp_path, NGINX_LINE, NGINX)
    assert str(event["timestamp"]) == "2025-04-02 05:08:09+00:00"
    assert (event["level"], event["message"], event["duration_ms"]) == ("ERROR", "GET /a?b=c 502", 250.0)
    assert (event["client.address"], event["user_agent.original"]) == ("192.0.2.7", "curl/8 (x)")


def test_apache_says_how_its_lines_read(tmp_path: Path) -> None:
    """Directives become fields; %D is in microseconds."""
    event = loaded(tmp_path, APACHE_LINE, APACHE)
    assert (event["level"], event["message"], event["duration_ms"]) == ("WARNING", "GET /a 404", 1.5)
    assert (event["server.address"], event["server.port"], event["user.name"]) == ("a.example", "443", "ann")


def test_a_configuration_may_hold_several(tmp_path: Path) -> None:
    """Each setting of a file is a format; what is commented out is none."""
    conf = tmp_path / "nginx.conf"
    conf.write_text("http {\n# log_format old '$status';\n" + NGINX + "log_format short '$msec $status $request';\n}\n")
    assert [form.name for form in read_settings(conf.read_text())] == ["timed", "short"]
    assert loaded(tmp_path, NGINX_LINE, str(conf))["level"] == "ERROR"
    short = loaded(tmp_path, "1743570489.123 503 GET /b HTTP/1.1\n", str(conf))
    assert (short["level"], short["message"]) == ("ERROR", "GET /b 503")


def test_a_file_of_formats_may_hold_a_layout(tmp_path: Path) -> None:
    """The layout alone is enough beside a name."""
    path = tmp_path / "formats.toml"
    layout = "$remote_addr [$time_local] $status $custom_thing"
    path.write_text(f'[[format]]\nname = "mine"\nlog_format = "{layout}"\n')
    event = loaded(tmp_path, "192.0.2.7 [02/Apr/2025:07:08:09 +0200] 500 x y\n", str(path))
    assert (event["level"], event["nginx.custom_thing"]) == ("ERROR", "x y")


def test_a_configuration_without_a_layout_is_an_error(tmp_path: Path) -> None:
    """What is missing is named."""
    conf = tmp_path / "nginx.conf"
    conf.write_text("http { server { listen 80; } }\n")
    with pytest.raises(InvalidArgumentError, match="no log_format"):
        la.load(tmp_path, formats=str(conf))
