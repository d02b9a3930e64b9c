"""What the server answers when it cannot or will not, and the errors that a user sees of it."""

from __future__ import annotations

import json

from loganalytics.exceptions import (
    InvalidArgumentError,
    LogAnalyticsError,
    SourceNotFoundError,
    UnreachableSourceError,
    UnreadableSourceError,
)
from loganalytics.sources.elasticsearch.address import Address

_MAX_REASON_CHARS = 300


class ServerUnavailable(Exception):  # noqa: N818 - no error until the caller gives up
    """The server did not answer, or said that it cannot now; later it may."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


class RequestRefused(Exception):  # noqa: N818 - its reader makes an error of it
    """The server answered with an error: its status, type and reason."""

    def __init__(self, status: int, kind: str, reason: str) -> None:
        super().__init__(f"{kind}: {reason}")
        self.status = status
        self.kind = kind
        self.reason = reason


def to_source_error(error: ServerUnavailable | RequestRefused, address: Address) -> LogAnalyticsError:
    """Return the error to raise for what the server answered, or for no answer."""
    if isinstance(error, ServerUnavailable):
        return UnreachableSourceError(
            f"{address.source!r} does not answer: {address.scrub(error.reason)}. Hint: check host and port; for TLS "
            f"write {address.product}+https://."
        )
    lines = error.reason.strip().splitlines()
    reason = lines[0][:_MAX_REASON_CHARS] if lines else error.kind
    if error.kind == "index_not_found_exception" or error.status == 404:
        return SourceNotFoundError(f"{address.source!r}: {reason}. Hint: describe() lists the indices that there are.")
    if "query_shard_exception" in error.kind or "parse" in error.kind or "search_phase" in error.kind:
        return InvalidArgumentError(
            f"{address.source!r} cannot read the query: {reason}. Hint: Lucene's syntax, such as "
            'level:ERROR AND message:"timed out".'
        )
    return UnreadableSourceError(f"{address.source!r} answers {error.status} {error.kind}: {reason}.")


def login_error(address: Address, status: int, kind: str) -> UnreachableSourceError:
    """Return the error for a login that the server refuses."""
    product = address.product.upper()
    hint = (
        f"Hint: give user and password in {product}_USERNAME and _PASSWORD, an API key in _API_KEY, or a credentials "
        "file."
    )
    reason = f"{status}{', ' if kind else ''}{kind}"
    return UnreachableSourceError(f"{address.source!r} refuses the login ({reason}). {address.withheld or hint}")


def tls_error(address: Address, reason: str) -> UnreachableSourceError:
    """Return the error for a connection over TLS that was not made."""
    return UnreachableSourceError(
        f"{address.source!r}: TLS failed: {reason[:_MAX_REASON_CHARS]}. Hint: name the authority's certificate with "
        f"?ca_certs=FILE; a server without TLS is {address.product}://."
    )


def parse_error(answer: str) -> tuple[str, str]:
    """Return type and reason of an answer that is an error, of its root cause where there is one."""
    try:
        error = json.loads(answer)["error"]
    except (ValueError, KeyError, TypeError):
        return "", answer[:200]
    if not isinstance(error, dict):
        return "", str(error)
    root = (error.get("root_cause") or [error])[0]
    return str(root.get("type") or error.get("type", "")), str(root.get("reason") or error.get("reason", ""))
