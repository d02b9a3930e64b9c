"""Addresses: what they consist of, and what of them may be shown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote

from loganalytics.exceptions import InvalidArgumentError

_ADDRESS = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+://\S*")
_ADDRESS_IN_MESSAGE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+://[^\s'\"<>()]*")
# user:password@host?option=value, percent-encoded as it should be: what follows the "?" may hold an "@".
_ENCODED_LOGIN = re.compile(r"[^/?#]*@(?=[^/?#@]*(?:/[^?#@]*)?\?\w+=)")
# A password that nobody has percent-encoded: user:password@, where the password may hold / ? # and is not a port.
_RAW_LOGIN = re.compile(r"[^/?#@]*:(?!\d*(?:[/?#,]|$))\S*@")
_AUTHORITY_LOGIN = re.compile(r"[^/?#]*@")
_COMPONENTS = re.compile(r"([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)
_HOST_PORT = re.compile(r"(?:\[([^\[\]]*)\]|([^\[\]:]*))(?::(\d*))?")


@dataclass(frozen=True, kw_only=True)
class Uri:
    """The components of an address; its repr does not show the login, the query and the fragment."""

    scheme: str
    username: str = field(repr=False)
    password: str = field(repr=False)
    authority: str
    """Host and port without the login; several hosts are separated by commas."""
    path: str
    query: str = field(repr=False)
    fragment: str = field(repr=False)

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """The names and values of the query, in their order; a name may occur several times."""
        return parse_qsl(self.query, keep_blank_values=True)

    @property
    def options(self) -> dict[str, str]:
        """The values of the query by their names, the last one where there are several."""
        return dict(self.parameters)


def split(address: str) -> Uri:
    """Split an address into its components; the password need not be percent-encoded.

    >>> uri = split("redis://:p/a?s'word@host:6379/0?stream=app")
    >>> uri.password, uri.authority, uri.path, uri.options
    ("p/a?s'word", 'host:6379', '/0', {'stream': 'app'})
    """
    scheme, separator, hierarchy = address.partition("://")
    if not separator:
        scheme, hierarchy = "", address
    login = _ENCODED_LOGIN.match(hierarchy) or _RAW_LOGIN.match(hierarchy) or _AUTHORITY_LOGIN.match(hierarchy)
    username, _, password = login[0][:-1].partition(":") if login else ("", "", "")
    components = _COMPONENTS.fullmatch(hierarchy, login.end() if login else 0)
    authority, path, query, fragment = components.groups(default="") if components else (hierarchy, "", "", "")
    return Uri(
        scheme=scheme, username=unquote(username), password=unquote(password), authority=authority, path=path,
        query=query, fragment=fragment,
    )  # fmt: skip


def host_and_port(host: str) -> tuple[str, int | None]:
    """Return the name and the port of one host of an authority, without the brackets of IPv6.

    Raises InvalidArgumentError for a port that is not a number up to 65535.
    """
    match = _HOST_PORT.fullmatch(host)
    port = int(match[3]) if match and match[3] else None
    if match is None or (port or 0) > 65_535:
        raise InvalidArgumentError(f"The port of {host.partition(':')[0]!r} is not valid. Hint: write host:1234.")
    return match[1] or match[2] or "", port


def without_credentials(address: str) -> str:
    """Return an address, or a message with addresses in it, without user, password, query and fragment.

    >>> without_credentials("https://me:secret@host/app.log?signature=abc")
    'https://host/app.log'
    >>> without_credentials("redis://:p/a?s'word@host:6379/0?stream=app")
    'redis://host:6379/0'
    """
    if _ADDRESS.fullmatch(address):
        return _bare(address)
    return _ADDRESS_IN_MESSAGE.sub(lambda match: _bare(match[0]), address)


def mask_secrets(message: str, secrets: Iterable[str | None]) -> str:
    """Return a message with *** in place of each secret, as it is and percent-encoded.

    >>> mask_secrets("no login as me:p%40ss with p@ss", ["p@ss", None])
    'no login as me:*** with ***'
    """
    for secret in filter(None, secrets):
        for spelling in (secret, quote(secret, safe="")):
            message = message.replace(spelling, "***")
    return message


def _bare(address: str) -> str:
    uri = split(address)
    return f"{uri.scheme}://{uri.authority}{uri.path}"
