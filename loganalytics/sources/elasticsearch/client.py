"""Requests to Elasticsearch and OpenSearch through their own clients, with answers as they came over the wire.

Both clients refuse the other product. What is used of them is the transport (pools of nodes, TLS, time-outs): their
upper layers make an object of each hit, and that of Elasticsearch 9 speaks to servers of version 8 in vain.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from loganalytics.exceptions import (
    InvalidArgumentError,
    MissingExtraError,
    SourceNotFoundError,
    UnreachableSourceError,
    UnreadableSourceError,
)
from loganalytics.sources.elasticsearch.address import Address

_JSON = {"accept": "application/json", "content-type": "application/json"}
_RETRY_STATUS = (429, 502, 503, 504)


class Lost(Exception):  # noqa: N818 - no error until the caller gives up
    """The server did not answer, or said that it cannot now; later it may."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


class Refused(Exception):  # noqa: N818 - its reader makes an error of it
    """The server answered with an error: its status, type and reason."""

    def __init__(self, status: int, kind: str, reason: str) -> None:
        super().__init__(f"{kind}: {reason}")
        self.status = status
        self.kind = kind
        self.reason = reason


class _Transport(Protocol):
    def send(self, method: str, target: str, body: bytes | None) -> tuple[int, Mapping[str, str], str]:
        """Return status, headers and text; raises Lost, and UnreachableSourceError for TLS."""


class Client:
    """A connection to the nodes of one address."""

    def __init__(self, address: Address) -> None:
        self.address = address
        elastic = address.product == "elasticsearch"
        self._transport: _Transport = _Elasticsearch(address) if elastic else _OpenSearch(address)
        self.requests = 0

    def text(self, method: str, target: str, body: Mapping[str, Any] | None = None) -> str:
        """Return the answer as it came.

        Raises Lost and Refused; UnreachableSourceError when the login or TLS fails, UnreadableSourceError when another
        product answers.
        """
        self.requests += 1
        data = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        status, headers, text = self._transport.send(method, target, data)
        if 200 <= status < 300:
            self._check_product(headers, text)
            return text
        kind, reason = _reason(text)
        if status in (401, 403):
            raise UnreachableSourceError(
                f"{self.address.source!r} refuses the login ({status}{_what(kind)}). Hint: give user and password in "
                f"{self.address.product.upper()}_USERNAME and _PASSWORD, an API key in _API_KEY, or a credentials file."
            )
        if status in _RETRY_STATUS:
            raise Lost(f"{status} {kind or 'unavailable'}{': ' if reason else ''}{self.scrub(reason)}", status)
        raise Refused(status, kind, self.scrub(reason))

    def json(self, method: str, target: str, body: Mapping[str, Any] | None = None) -> Any:
        """Return the answer as objects."""
        answer = self.text(method, target, body)
        try:
            return json.loads(answer)
        except ValueError:
            raise UnreadableSourceError(
                f"{self.address.source!r} does not answer in JSON. Hint: is there {self.address.product} at this port?"
            ) from None

    def scrub(self, text: str) -> str:
        """Return the text without the secrets of the address."""
        for secret in self.address.secrets:
            text = text.replace(secret, "***")
        return text

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turn what goes wrong within into the errors that a user is to see."""
        try:
            yield
        except Lost as lost:
            raise UnreachableSourceError(
                f"{self.address.source!r} does not answer: {self.scrub(lost.reason)}. Hint: check host and port; for "
                f"TLS write {self.address.product}+https://."
            ) from None
        except Refused as refused:
            raise _error(self.address, refused) from None

    def _check_product(self, headers: Mapping[str, str], text: str) -> None:
        elastic = headers.get("x-elastic-product") == "Elasticsearch"
        if elastic == (self.address.product == "elasticsearch"):
            return
        if not text.lstrip().startswith(("{", "[")):
            raise UnreadableSourceError(
                f"{self.address.source!r} is no {self.address.product}: no JSON comes back. Hint: check the port."
            )
        other = "elasticsearch" if elastic else "opensearch"
        raise UnreadableSourceError(
            f"{self.address.source!r} is not {self.address.product}. Hint: write {other}:// for this server."
        )


def _what(kind: str) -> str:
    return f", {kind}" if kind else ""


def _error(address: Address, refused: Refused) -> Exception:
    reason = refused.reason.strip().splitlines()[0][:300] if refused.reason.strip() else refused.kind
    if refused.kind == "index_not_found_exception" or refused.status == 404:
        return SourceNotFoundError(
            f"{address.source!r}: {reason}. Hint: see which indices there are: describe() lists."
        )
    if "query_shard_exception" in refused.kind or "parse" in refused.kind or "search_phase" in refused.kind:
        return InvalidArgumentError(
            f"{address.source!r} cannot read the query: {reason}. Hint: Lucene's syntax, such as "
            'level:ERROR AND message:"timed out".'
        )
    return UnreadableSourceError(f"{address.source!r} answers {refused.status} {refused.kind}: {reason}.")


def _reason(text: str) -> tuple[str, str]:
    """Return type and reason of an error's answer, the root cause where there is one."""
    try:
        error = json.loads(text)["error"]
    except (ValueError, KeyError, TypeError):
        return "", text[:200]
    if not isinstance(error, dict):
        return "", str(error)
    causes = error.get("root_cause") or [error]
    return str(causes[0].get("type") or error.get("type", "")), str(causes[0].get("reason") or error.get("reason", ""))


def _tls(address: Address, reason: str) -> UnreachableSourceError:
    return UnreachableSourceError(
        f"{address.source!r}: TLS failed: {reason[:300]}. Hint: name the authority's certificate with ?ca_certs=FILE; "
        f"a server without TLS is {address.product}://."
    )


class _Elasticsearch:
    """The transport of Elasticsearch's own client."""

    def __init__(self, address: Address) -> None:
        try:
            from elastic_transport import NodeConfig, Transport
            from elastic_transport.client_utils import basic_auth_to_header
        except ImportError:
            raise MissingExtraError("elasticsearch", "elasticsearch") from None
        logging.getLogger("elastic_transport").setLevel(logging.ERROR)
        headers = dict(_JSON)
        if address.api_key:
            headers["authorization"] = f"ApiKey {address.api_key}"
        elif address.username:
            headers["authorization"] = basic_auth_to_header((address.username, address.password or ""))
        self._address = address
        self._pool = Transport(
            [
                NodeConfig(
                    host.scheme, host.name, host.port, host.prefix, headers=headers, request_timeout=address.timeout,
                    **_tls_options(address) if host.scheme == "https" else {},
                )
                for host in address.hosts
            ]
        ).node_pool  # fmt: skip

    def send(self, method: str, target: str, body: bytes | None) -> tuple[int, Mapping[str, str], str]:
        from elastic_transport import ConnectionError as Disconnected
        from elastic_transport import ConnectionTimeout, TlsError

        node = self._pool.get()
        try:
            meta, data = node.perform_request(method, target, body)
        except TlsError as error:
            raise _tls(self._address, error.message) from None
        except (Disconnected, ConnectionTimeout) as error:
            self._pool.mark_dead(node)
            raise Lost(error.message) from None
        self._pool.mark_live(node)
        return meta.status, meta.headers, data.decode("utf-8", errors="replace")


class _OpenSearch:
    """The transport of OpenSearch's own client."""

    def __init__(self, address: Address) -> None:
        try:
            from opensearchpy import Transport
        except ImportError:
            raise MissingExtraError("opensearch-py", "elasticsearch") from None
        logging.getLogger("opensearch").setLevel(logging.ERROR)
        hosts = [
            {"host": host.name, "port": host.port, "use_ssl": host.scheme == "https", "url_prefix": host.prefix}
            for host in address.hosts
        ]
        login = (address.username, address.password or "") if address.username else None
        options: dict[str, Any] = {"http_auth": login, "timeout": address.timeout, "pool_maxsize": 10}
        if any(host.scheme == "https" for host in address.hosts):
            options |= _tls_options(address)
        self._address = address
        self._pool = Transport(hosts, **options)

    def send(self, method: str, target: str, body: bytes | None) -> tuple[int, Mapping[str, str], str]:
        from opensearchpy.exceptions import ConnectionError as Disconnected
        from opensearchpy.exceptions import SSLError

        node = self._pool.get_connection()
        try:
            status, headers, text = node.perform_request(
                method, target, body=body, ignore=range(300, 600), headers=_JSON
            )
        except SSLError as error:
            raise _tls(self._address, str(error.error)) from None
        except Disconnected as error:
            if len(self._address.hosts) > 1:
                self._pool.connection_pool.mark_dead(node)
            raise Lost(str(error.error)) from None
        return status, {name.lower(): value for name, value in headers.items()}, text


def _tls_options(address: Address) -> dict[str, Any]:
    options: dict[str, Any] = {"verify_certs": address.verify_certs, "ssl_show_warn": False}
    return options | ({"ca_certs": address.ca_certs} if address.ca_certs else {})
