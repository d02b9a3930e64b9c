"""What the environment says of Elasticsearch and OpenSearch: their nodes, and the login that belongs to them."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from loganalytics.exceptions import InvalidArgumentError
from loganalytics.sources import credentials_file, uri
from loganalytics.sources.logins import Host, Login, belongs_to, withheld

_PORT = 9200
_LIST = re.compile(r"""\s*(?:\[\s*["'{\[\]]|\{)""")  # not [::1]:9200
_LOGIN = ("PASSWORD", "API_KEY")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of a product: OPENSEARCH_… for OpenSearch, ELASTICSEARCH_… for both."""

    product: str
    variables: Mapping[str, str]

    def get(self, name: str) -> str:
        """Return a setting, empty where there is none; the product's own name comes first."""
        value = self.variables.get(f"{self.product.upper()}_{name}")
        return value or self.variables.get(f"ELASTICSEARCH_{name}", "")

    def nodes(self) -> list[str]:
        """Return the addresses of the nodes that HOSTS lists.

        Raises InvalidArgumentError where ENABLED is false, and for a list that cannot be read.
        """
        if self.get("ENABLED").lower() in ("false", "0", "no", "off"):
            raise InvalidArgumentError(
                f"{self.product.upper()}_ENABLED is false, so that {self.product}:// without a host leads nowhere. "
                f"Hint: name the host: {self.product}://host:9200/index."
            )
        return parse_nodes(self.get("HOSTS"))

    def login(self, hosts: Sequence[Host], username: str) -> Login:
        """Return the login for hosts: of the credentials file, else the environment's where it belongs to all."""
        stored = [credentials_file.login(*host) for host in hosts]
        entry = stored[0]
        if all(other == entry for other in stored) and (entry.get("password") or entry.get("api_key")):
            return Login(
                username=username or entry.get("username", ""), password=entry.get("password", ""),
                api_key="" if username else entry.get("api_key", ""),
            )  # fmt: skip
        names = [f"{self.product.upper()}_{name}" for name in _LOGIN] + [f"ELASTICSEARCH_{name}" for name in _LOGIN]
        variable = next((name for name in names if self.variables.get(name)), "")
        if not variable:
            return Login(username=username)
        own = variable.startswith(self.product.upper())
        nodes = parse_nodes(self.get("HOSTS") if own else self.variables.get("ELASTICSEARCH_HOSTS", ""))
        refused = [host for host in hosts if not belongs_to(host, map(_host, nodes))]
        if refused:
            prefix = variable.partition("_")[0]
            return Login(username=username, withheld=withheld(variable, refused[0], f"{prefix}_HOSTS"))
        return Login(
            username=username or self.get("USERNAME"), password=self.get("PASSWORD"),
            api_key="" if username else self.get("API_KEY"),
        )  # fmt: skip


def parse_nodes(text: str) -> list[str]:
    """Return the addresses of a list of nodes: with commas, or in JSON, of texts or of objects with host and port.

    >>> parse_nodes('["http://a:9200", {"host": "b", "port": 9201}]')
    ['http://a:9200', 'b:9201']
    """
    if _LIST.match(text):
        return [_node(entry) for entry in _literal(text)]
    nodes = []
    for node in re.split(r",(?=\s*\w+://)", text):  # a password may have a comma
        login, at, hosts = node.rpartition("@")
        first, *others = hosts.split(",")
        nodes += [login + at + first, *others]
    return [node.strip() for node in nodes if node.strip()]


def _literal(text: str) -> list[Any]:
    try:
        entries = json.loads(text)
    except ValueError:
        try:
            entries = ast.literal_eval(text.strip())  # as Python writes a list
        except (ValueError, SyntaxError):
            raise _not_a_list() from None
    return entries if isinstance(entries, list) else [entries]


def _node(entry: Any) -> str:
    if isinstance(entry, str):
        return entry
    if not isinstance(entry, dict) or not isinstance(entry.get("host"), str):
        raise _not_a_list()
    scheme = entry.get("scheme") or ("https" if entry.get("use_ssl") else "")
    host = f"[{entry['host']}]" if ":" in entry["host"] else entry["host"]
    address = f"{scheme}://{host}" if scheme else host
    return f"{address}:{entry['port']}" if "port" in entry else address


def _host(node: str) -> Host:
    name, port = uri.host_and_port(uri.split(node).authority)
    return name or "localhost", port or _PORT


def _not_a_list() -> InvalidArgumentError:
    return InvalidArgumentError(
        'The HOSTS of the environment are no list of nodes. Hint: ["http://a:9200", "http://b:9200"], or with commas.'
    )
