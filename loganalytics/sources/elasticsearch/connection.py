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

from loganalytics.exceptions import MissingExtraError, UnreadableSourceError
from loganalytics.sources.elasticsearch.address import Address
from loganalytics.sources.elasticsearch.errors import (
    RequestRefused,
    ServerUnavailable,
    login_error,
    parse_error,
    tls_error,
    to_source_error,
)

_JSON_HEADERS = {"accept": "application/json", "content-type": "application/json"}
_RETRY_STATUSES = (429, 502, 503, 504)


class _Transport(Protocol):
    def send(self, method: str, target: str, body: bytes | None) -> tuple[int, Mapping[str, str], str]:
        """Return status, headers and body; raises ServerUnavailable, and UnreachableSourceError for TLS."""


class Connection:
    """A connection to the nodes of one address."""

    def __init__(self, address: Address) -> None:
        self.address = address
        transport = _ElasticsearchTransport if address.product == "elasticsearch" else _OpenSearchTransport
        self._transport: _Transport = transport(address)

    def request(self, method: str, target: str, body: Mapping[str, Any] | None = None) -> str:
        """Return the answer as it came.

        Raises ServerUnavailable and RequestRefused; UnreachableSourceError when the login or TLS fails,
        UnreadableSourceError when another product answers.
        """
        data = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        status, headers, answer = self._transport.send(method, target, data)
        if 200 <= status < 300:
            self._check_product(headers, answer)
            return answer
        kind, reason = parse_error(answer)
        reason = self.address.scrub(reason)
        if status in (401, 403):
            raise login_error(self.address, status, kind)
        if status in _RETRY_STATUSES:
            separator = ": " if reason else ""
            raise ServerUnavailable(f"{status} {kind or 'unavailable'}{separator}{reason}", status)
        raise RequestRefused(status, kind, reason)

    def request_json(self, method: str, target: str, body: Mapping[str, Any] | None = None) -> Any:
        """Return the answer as objects."""
        answer = self.request(method, target, body)
        try:
            return json.loads(answer)
        except ValueError:
            raise UnreadableSourceError(
                f"{self.address.source!r} does not answer in JSON. Hint: is there {self.address.product} at this port?"
            ) from None

    @contextmanager
    def translate_errors(self) -> Iterator[None]:
        """Turn what goes wrong within into the errors that a user is to see."""
        try:
            yield
        except (ServerUnavailable, RequestRefused) as error:
            raise to_source_error(error, self.address) from None

    def _check_product(self, headers: Mapping[str, str], answer: str) -> None:
        is_elasticsearch = headers.get("x-elastic-product") == "Elasticsearch"
        if is_elasticsearch == (self.address.product == "elasticsearch"):
            return
        if not answer.lstrip().startswith(("{", "[")):
            raise UnreadableSourceError(
                f"{self.address.source!r} is not {self.address.product}: no JSON comes back. Hint: check the port."
            )
        product = "elasticsearch" if is_elasticsearch else "opensearch"
        raise UnreadableSourceError(
            f"{self.address.source!r} is not {self.address.product}. Hint: write {product}:// for this server."
        )


class _ElasticsearchTransport:
    """The transport of Elasticsearch's own client."""

    def __init__(self, address: Address) -> None:
        try:
            from elastic_transport import NodeConfig, Transport
        except ImportError:
            raise MissingExtraError("elasticsearch", "elasticsearch") from None
        logging.getLogger("elastic_transport").setLevel(logging.ERROR)
        headers = _JSON_HEADERS | address.authorization
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
            raise tls_error(self._address, error.message) from None
        except (Disconnected, ConnectionTimeout) as error:
            self._pool.mark_dead(node)
            raise ServerUnavailable(error.message) from None
        self._pool.mark_live(node)
        return meta.status, meta.headers, data.decode("utf-8", errors="replace")


class _OpenSearchTransport:
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
        options: dict[str, Any] = {"timeout": address.timeout, "pool_maxsize": 10}
        if any(host.scheme == "https" for host in address.hosts):
            options |= _tls_options(address)
        self._address = address
        self._headers = _JSON_HEADERS | address.authorization
        self._pool = Transport(hosts, **options)

    def send(self, method: str, target: str, body: bytes | None) -> tuple[int, Mapping[str, str], str]:
        from opensearchpy.exceptions import ConnectionError as Disconnected
        from opensearchpy.exceptions import SSLError

        node = self._pool.get_connection()
        try:
            status, headers, answer = node.perform_request(
                method, target, body=body, ignore=range(300, 600), headers=self._headers
            )
        except SSLError as error:
            raise tls_error(self._address, str(error.error)) from None
        except Disconnected as error:
            if len(self._address.hosts) > 1:
                self._pool.connection_pool.mark_dead(node)
            raise ServerUnavailable(str(error.error)) from None
        return status, {name.lower(): value for name, value in headers.items()}, answer


def _tls_options(address: Address) -> dict[str, Any]:
    options: dict[str, Any] = {"verify_certs": address.verify_certs, "ssl_show_warn": False}
    return options | ({"ca_certs": address.ca_certs} if address.ca_certs else {})
