"""Addresses of Elasticsearch and OpenSearch: which hosts, whose login, which indices, and the options."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from loganalytics.exceptions import InvalidArgumentError
from loganalytics.sources import uri
from loganalytics.sources.elasticsearch.environment import Settings
from loganalytics.sources.logins import Login, check_http_login
from loganalytics.times import parse_every

_PORT = 9200
_OPTIONS = {"timeout", "retry", "verify_certs", "ca_certs", "partial", "overlap", "prefix", "allow_http_login"}
_TRUE = ("true", "1", "yes")


@dataclass(frozen=True, kw_only=True)
class Host:
    """One node: http or https, its name, port and the path before that of the API."""

    scheme: str
    name: str
    port: int
    prefix: str = ""


@dataclass(frozen=True, kw_only=True)
class Address:
    """What an address says, completed from the environment and the credentials file."""

    product: str
    hosts: tuple[Host, ...]
    index: str
    source: str
    """The address without its secrets."""
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)
    withheld: str = ""
    """Why the environment's login is not sent there, and how to have it sent."""
    timeout: float = 60.0
    """How long one request may take, in seconds."""
    retry: float = 120.0
    """How long to go on trying when the server is lost while it is read, in seconds."""
    overlap: float = 60.0
    """How far back a tail looks for events that come late, in seconds."""
    verify_certs: bool = True
    ca_certs: str | None = None
    partial: bool = False
    """Whether the shards that are there are enough."""

    @property
    def authorization(self) -> dict[str, str]:
        """The header that logs in; both clients encode user and password as Latin-1, and fail on other letters."""
        if self.api_key:
            return {"authorization": f"ApiKey {self.api_key}"}
        if not self.username:
            return {}
        login = base64.b64encode(f"{self.username}:{self.password or ''}".encode()).decode()
        return {"authorization": f"Basic {login}"}

    def scrub(self, message: str) -> str:
        """Return a message without the secrets of the address."""
        return uri.mask_secrets(message, [self.password, self.api_key])


def parse_address(address: str, environment: Mapping[str, str] = os.environ) -> Address:
    """Read an address such as elasticsearch+https://user:password@host:9200/job-logs-*?timeout=30s.

    Without a host, ELASTICSEARCH_HOSTS names them (with commas or as JSON), else it is localhost:9200; without an
    index, all that begin with ELASTICSEARCH_INDEX_PREFIX. The login comes from the address, from the credentials
    file, or from ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD, or ELASTICSEARCH_API_KEY, which belong to
    ELASTICSEARCH_HOSTS. For OpenSearch, OPENSEARCH_... come first. Options: allow_http_login=true (send it without TLS
    to another machine), timeout (of a request), retry (how long to try when the server is lost while it is read),
    overlap
    (how far back a tail looks for what comes late), ca_certs (a file), verify_certs=false, partial=true (the shards
    that are there are enough), prefix (a path before that of the API).

    Raises InvalidArgumentError for an option that is not known, and for a login that would go over plain HTTP.
    """
    split = uri.split(address)
    scheme, options = split.scheme.lower(), split.options
    product, _, secure = scheme.partition("+")
    settings = Settings(product=product, variables=environment)
    hosts, login = _parse_hosts(split, "https" if secure else "http", options.get("prefix", ""), settings)
    _check_options(options, address)
    index = unquote(split.path.strip("/")) or settings.get("INDEX_PREFIX") + "*"
    source = f"{scheme}://{hosts[0].name}:{hosts[0].port}/{index}"
    names = [(host.name, host.port) for host in hosts]
    if not login.password:
        login = settings.login(names, login.username)
    if (login.password or login.api_key) and options.get("allow_http_login", "").lower() not in _TRUE:
        plain = [(host.name, host.port) for host in hosts if host.scheme == "http"]
        check_http_login(source, plain, f"write {product}+https://, or add ?allow_http_login=true")
    durations = {name: options[name] for name in ("timeout", "retry", "overlap") if name in options}
    return Address(
        product=product, hosts=hosts, index=index, source=source, username=login.username or None,
        password=login.password or None, api_key=login.api_key or None, withheld=login.withheld,
        verify_certs=options.get("verify_certs", "true").lower() not in ("false", "0", "no"),
        ca_certs=options.get("ca_certs") or settings.get("CA_CERTS") or None,
        partial=options.get("partial", "").lower() in _TRUE,
        **{name: parse_every(duration).total_seconds() for name, duration in durations.items()},
    )  # fmt: skip


def _check_options(options: Mapping[str, str], address: str) -> None:
    unknown = sorted(set(options) - _OPTIONS)
    if unknown:
        raise InvalidArgumentError(
            f"{uri.without_credentials(address)!r}: there is no option {unknown[0]!r}. "
            f"Hint: one of {', '.join(sorted(_OPTIONS))}."
        )


def _parse_hosts(
    address: uri.Uri, scheme: str, prefix: str, settings: Settings
) -> tuple[tuple[Host, ...], Login]:  # fmt: skip
    """Return the hosts of an address, or else those of the environment, and the login in either."""
    nodes = address.authority.split(",") if address.authority else settings.nodes() or ["localhost"]
    login = Login(username=address.username, password=address.password)
    hosts: list[Host] = []
    for node in filter(None, map(str.strip, nodes)):
        split = uri.split(node)
        if not (login.username or login.password):
            login = Login(username=split.username, password=split.password)
        name, port = uri.host_and_port(split.authority)
        path = prefix.rstrip("/") or split.path.rstrip("/")
        node_scheme = split.scheme.lower() or scheme
        hosts.append(Host(scheme=node_scheme, name=name.lower() or "localhost", port=port or _PORT, prefix=path))
    return tuple(hosts), login
