"""Which texts of a log a sentence may quote: those that say what happened."""

from __future__ import annotations

import re
from collections.abc import Iterable

from loganalytics.sanitize import printable
from loganalytics.templates.masking import WILDCARD

MIN_WORDS = 3  # of a text more than half of which are wildcards
MAX_WILDCARD_SHARE = 0.5

_WORD = re.compile(r"[^\W\d_]{3,}")
_CJK_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2}")  # two characters are about a word
_REQUEST_LINE = re.compile(
    r"^(?:<\*>\W*)*(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|TRACE|CONNECT) \S+(?:\W+(?:<\*>|HTTP/\S+|\d{3}))*\W*$"
)
_SAYS_LITTLE = {
    *("get", "post", "put", "patch", "delete", "head", "options", "trace", "connect", "http", "https", "info", "debug"),
    *("error", "errors", "warning", "warn", "fatal", "critical", "none", "null"),
}


def says_something(template: str) -> bool:
    """Whether a text or a template says more than a method, a status, a level or wildcards.

    Example:
        >>> [says_something(text) for text in ("disk full", "GET <*> <*>", "<*> <*> connecting to <*>")]
        [True, False, False]
    """
    without_wildcards = template.replace(WILDCARD, " ")
    words = [word for word in _WORD.findall(without_wildcards) if word.lower() not in _SAYS_LITTLE]
    count = len(words) + len(_CJK_WORD.findall(without_wildcards))
    tokens = len(template.split())
    is_mostly_wildcards = sum(WILDCARD in token for token in template.split()) > MAX_WILDCARD_SHARE * tokens
    return count >= (MIN_WORDS if is_mostly_wildcards else 1)


def is_request_line(template: str) -> bool:
    """Whether a text or a template says only which request it is about, and perhaps its status.

    Example:
        >>> [is_request_line(text) for text in ("POST /login <*>", "POST /login 401", "GET /users/<*> failed")]
        [True, True, False]
    """
    return _REQUEST_LINE.search(template) is not None


def without_name(text: str, services: Iterable[str | None]) -> str:
    """Return a text without the name of its service at its begin, where the sentence around it has that.

    Example:
        >>> without_name("scheduler: queue is long", ("scheduler",))
        'queue is long'
    """
    lead = next((f"{name}: " for name in services if name and text.startswith(f"{name}: ")), "")
    return text.removeprefix(lead) or text


def quote(template: str | None, example: str | None, length: int) -> str:
    """Return a template in quotes; where it says nothing, an example of it; printable, and cut to a length."""
    is_useful = bool(template) and (says_something(str(template)) or not example)
    return f"“{printable(template if is_useful else example, length)}”"
