"""Labels of problems say what broke."""

from __future__ import annotations

import polars as pl
import pytest

from loganalytics.analyses.errors.clusters import cluster_errors
from loganalytics.analyses.errors.labels import says_little
from loganalytics.schema import conform


def labels(*messages: str, **fields: object) -> list[str]:
    """Return the labels of the problems of errors."""
    rows = [{"message": message, "severity_number": 17, **fields} for message in messages]
    return cluster_errors(conform(pl.DataFrame(rows)))["label"].to_list()


@pytest.mark.parametrize(
    ("label", "is_weak"),
    [
        ("<*>", True),
        ("", True),
        ("GET <*> <*> (HTTP 502)", True),
        ("GET /<*>/<*> (HTTP 502)", True),
        ("GET / (HTTP 502)", False),
        ("GET /a (HTTP 502)", False),
        ("GET /a/<*>", False),
        ("Error <*>", True),
        ("Unhandled exception", True),
        ("code=<*> id: <*>", True),
        ('{"code": <*>}', True),
        ("<*> failed", True),
        ("failed", True),
        ("job <*> failed", False),
        ("upload of <*> to <*> failed", False),
        ("<*> connecting to <*>", True),
        ("connecting to <*>", False),
        ("refused", False),
        ("TypeError", False),
        ("错误：<*>", True),
        ("订单<*>投递失败", False),
    ],
)
def test_a_label_of_wildcards_methods_and_words_for_any_error_says_little(label: str, is_weak: bool) -> None:
    """One word beside two wildcards does, too."""
    assert pl.DataFrame({"label": [label]}).select(says_little(pl.col("label"))).item() is is_weak


def test_an_example_stands_in_for_a_template_without_words() -> None:
    """The earliest, with its values."""
    assert labels("GET https://a.example/x/1 502", "GET https://a.example/x/2 502") == ["GET https://a.example/x/1 502"]
    assert labels("0x80070005") == ["0x80070005"]
    fields = {"http.response.status_code": 502}
    assert labels("GET https://a.example/x/1", **fields) == ["GET https://a.example/x/1 (HTTP 502)"]


def test_the_logger_leads_an_example_that_says_little_too() -> None:
    """Where there is one."""
    assert labels("error", logger="shop.pay") == ["shop.pay: error"]
    assert labels("Error 17", "Error 18", logger="shop.pay") == ["shop.pay: Error 17"]
    assert labels("", logger="shop.pay") == ["shop.pay"]
    assert labels("") == [""]


def test_an_endpoint_is_better_than_what_a_server_says_of_every_request() -> None:
    """Be it of a variable alone."""
    fields = {"http.request.method": "GET", "http.response.status_code": 502}
    assert labels("-", **fields, **{"url.path": "/a"}) == ["GET /a (HTTP 502)"]
    assert labels("-", **fields, **{"url.path": "/17"}, logger="proxy") == ["proxy: GET /<*> (HTTP 502)"]


def test_values_that_never_vary_stay_in_what_was_wrong() -> None:
    """The host that does not answer is part of the problem; one of several is not."""
    trace = "Error: connect ECONNREFUSED 10.0.0.{}:5432\n    at send (/srv/shop/mail.js:3:5)"

    def of_hosts(*hosts: int) -> list[str]:
        rows = [{"message": "no", "severity_number": 17, "exception": trace.format(host)} for host in hosts]
        return cluster_errors(conform(pl.DataFrame(rows)))["label"].to_list()

    assert of_hosts(1, 1) == ["Error: connect ECONNREFUSED 10.0.0.1:5432"]
    assert of_hosts(1, 2) == ["Error: connect ECONNREFUSED <*>"]
    assert labels("crashed", error="assignment to entry in nil map") == ["crashed: assignment to entry in nil map"]


def test_what_is_in_every_line_of_a_web_server_is_left_out() -> None:
    """Connection, client, server and host of nginx; the request stays."""
    line = (
        "*{0} connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.{0}, server: _, "
    )
    line += 'request: "GET /a HTTP/1.1", upstream: "http://10.0.0.9:80/a", host: "a.example"'
    assert labels(line.format(1), line.format(2)) == [
        'connect() failed (<*>: Connection refused) while connecting to upstream, request: "GET /a"'
    ]


def test_an_access_log_within_a_message_is_a_bare_request() -> None:
    """With client, referrer and user agent."""
    line = '10.0.0.7 [02/Mar/2026:10:00:00 +0000] "GET /bad HTTP/1.1" 500 244 "-" "curl/8.5.0"'
    assert labels(line, **{"http.response.status_code": 500}) == ["GET /bad (HTTP 500)"]


def test_the_endpoint_leads_a_message_that_says_little() -> None:
    """If all events are of one; else the logger does."""
    fields = {"http.request.method": "GET", "logger": "shop.api"}
    assert labels("request failed", **fields, **{"http.route": "/a/{id}"}) == ["GET /a/{id}: request failed"]
    rows = [{"message": "request failed", "severity_number": 17, **fields, "http.route": path} for path in ("/a", "/b")]
    assert cluster_errors(conform(pl.DataFrame(rows)))["label"].to_list() == ["shop.api: request failed"]
