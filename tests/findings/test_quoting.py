"""Which texts a title may quote."""

from __future__ import annotations

import pytest

from loganalytics.findings.quoting import is_request_line, quote, says_something, without_name

TELLING = (
    "disk full", "login of <*> failed", "GET /api/orders/<*> (HTTP 502)", "用户<*>登录失败",
    "<*>: no space left on <*>", "java.lang.NullPointerException", "Task <*> succeeded in <*>",
)  # fmt: skip
EMPTY = (
    "GET <*> <*>",
    "<*> <*> connecting to <*>",
    "GET <*> (HTTP 502)",
    "<*>",
    "ERROR <*>",
    "",
    "- <*> 500",
    "<*> 的 <*>",
)


@pytest.mark.parametrize(("text", "says"), [(text, True) for text in TELLING] + [(text, False) for text in EMPTY])
def test_a_text_of_methods_statuses_and_wildcards_says_nothing(text: str, says: bool) -> None:
    """Nor one with a word between many wildcards."""
    assert says_something(text) is says


@pytest.mark.parametrize(
    ("text", "says"), [("<*> <*> <*> one two", False), ("<*> <*> one two", True), ("<*> <*> <*> one two six", True)]
)
def test_of_a_text_that_is_mostly_wildcards_three_words_must_be_left(text: str, says: bool) -> None:
    """Half of it is not most of it; letters count, not digits."""
    assert says_something(text) is says


def test_an_example_is_quoted_where_the_text_says_nothing() -> None:
    """Also where there is none, the text is; both are cut and printable."""
    assert quote("disk full", "x", 20) == "“disk full”"
    assert quote("GET <*> <*>", "GET /a 500", 20) == "“GET /a 500”"
    assert quote(None, "a\x1b[31mb", 20) == "“ab”"
    assert quote("GET <*> <*>", None, 20) == "“GET <*> <*>”"
    assert quote("x" * 30, None, 20) == f"“{'x' * 19}…”"


@pytest.mark.parametrize("text", ["POST /login <*>", "GET /a HTTP/1.1 200", "<*> GET /users/<*>", "- GET /a 200 -"])
def test_a_request_line_says_which_request_it_is_about(text: str) -> None:
    """And no more than a status."""
    assert is_request_line(text) == (not text.startswith("- "))


@pytest.mark.parametrize("text", ["GET /users/<*> failed", "no answer during GET /a", "disk full"])
def test_a_text_that_says_more_is_no_request_line(text: str) -> None:
    """What became of it."""
    assert not is_request_line(text)


@pytest.mark.parametrize(
    ("text", "left"),
    [("web: queue is long", "queue is long"), ("webhook: failed", "webhook: failed"), ("web: ", "web: ")],
)
def test_the_name_of_the_service_is_not_repeated(text: str, left: str) -> None:
    """Only the whole name, and only where more than that is said."""
    assert without_name(text, (None, "web")) == left
