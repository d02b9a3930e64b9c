"""Addresses: what they consist of, and what of them may be shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, quote_plus, unquote

from loganalytics.exceptions import InvalidArgumentError

_SCHEME = re.compile(r"\s*(?:jdbc:)?([a-zA-Z][a-zA-Z0-9+.-]*)://", re.IGNORECASE)
_ADDRESS_IN_MESSAGE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+://[^\s'\"<>()]*")
# user:password@host?option=value, percent-encoded as it should be: what follows the "?" may hold an "@".
_ENCODED_LOGIN = re.compile(r"[^/?#]*@(?=[^/?#@]*(?:/[^?#@]*)?\?\w+=)")
# A password that nobody has percent-encoded: user:password@, where the password may hold / ? # and is not a port.
_RAW_LOGIN = re.compile(r"[^/?#@]*:(?!\d*(?:[/?#,]|$)).*@", re.DOTALL)
_AUTHORITY_LOGIN = re.compile(r"[^/?#]*@")
_COMPONENTS = re.compile(r"([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)
_HOST_PORT = re.compile(r"(?:\[([^\[\]]*)\]|([^\[\]:]*))(?::(\d*))?")
_OPTIONS = re.compile(r"\w+=")
# In a name that is no address: what stands before an "@" with a ":" before it; not the drive of a path of Windows.
_NAME_LOGIN = re.compile(
    r"\A(?![a-zA-Z]:[\\/])(\s*(?:jdbc:)?(?:[a-zA-Z][a-zA-Z0-9+.-]+:(?=/|[^@]*:|@))?)(?:.*:.*|(?<=:).*)@", re.DOTALL
)
_SECRET_NAME = "passw|pwd|pw|secret|token|key|sig|credential|sas|auth"
_SECRET_OPTION = re.compile(rf"([?&;]\w*(?:{_SECRET_NAME})\w*=)[^&]*", re.IGNORECASE)
# As libpq writes it: host=db user=me password='a b'
_CONNINFO_SECRET = re.compile(
    r"((?:\A|\s)\w*(?:passw|pwd|secret|token)\w*\s*=\s*)('(?:\\.|[^'\\])*'|\S+)", re.IGNORECASE
)
_MIN_SECRET_LENGTH = 4  # masking a shorter one would tell where it occurs, and garble the message
_FILE_SCHEMES = ("sqlite", "duckdb", "file")
_OBJECT_SCHEMES = ("s3", "s3a", "gs", "gcs", "az", "azure", "abfs", "abfss", "adl", "http", "https")


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


def has_scheme(name: str) -> bool:
    """Whether a name begins as an address does: scheme://, perhaps with jdbc: or blanks before it."""
    return _SCHEME.match(name) is not None


def scheme_of(address: str) -> str:
    """Return the scheme of an address in lower case, without jdbc:, or "" where there is none.

    >>> scheme_of("jdbc:postgresql://host/db")
    'postgresql'
    """
    match = _SCHEME.match(address)
    return match[1].lower() if match else ""


def split(address: str) -> Uri:
    """Split an address into its components; the password need not be percent-encoded.

    Raises InvalidArgumentError where an "@" behind what looks like a port may belong to a password or not.

    >>> uri = split("redis://:p/a?s'word@host:6379/0?stream=app")
    >>> uri.password, uri.authority, uri.path, uri.options
    ("p/a?s'word", 'host:6379', '/0', {'stream': 'app'})
    """
    uri = _split(address)
    if uri.scheme and _is_ambiguous(uri):
        raise InvalidArgumentError(
            f"{without_credentials(address)!r}: it is not clear where the password ends. Hint: write / ? # @ of a "
            "password, and an @ behind the host, percent-encoded (%2F %3F %23 %40)."
        )
    return uri


def with_encoded_login(address: str) -> str:
    """Return an address as others parse it: user and password percent-encoded.

    >>> with_encoded_login("https://me:p/w@host/a?b=c")
    'https://me:p%2Fw@host/a?b=c'
    """
    uri = split(address)
    if not (uri.username or uri.password):
        return address
    login = quote(uri.username, safe="") + (f":{quote(uri.password, safe='')}" if uri.password else "")
    query = (f"?{uri.query}" if uri.query else "") + (f"#{uri.fragment}" if uri.fragment else "")
    return f"{uri.scheme}://{login}@{uri.authority}{uri.path}{query}"


def host_and_port(host: str) -> tuple[str, int | None]:
    """Return the name and the port of one host of an authority, without the brackets of IPv6.

    Raises InvalidArgumentError for a port that is not a number up to 65535.
    """
    match = _HOST_PORT.fullmatch(host)
    port = int(match[3]) if match and match[3] and len(match[3]) < 9 else None
    if match is None or (port or 0) > 65_535 or (match[3] and port is None):
        raise InvalidArgumentError(f"The port of {host.partition(':')[0]!r} is not valid. Hint: write host:1234.")
    return match[1] or match[2] or "", port


def resembles_address(name: str) -> bool:
    """Whether a name that is no path was perhaps meant as an address: redis:/host, user:password@host.

    >>> resembles_address("redis:/host"), resembles_address("me:secret@host"), resembles_address("app:1.log")
    (True, True, False)
    """
    return re.match(r"\s*(?:[a-zA-Z][a-zA-Z0-9+.-]+:(?:/|.*@)|//.*:.*@)", name, re.DOTALL) is not None


def without_credentials(name: str) -> str:
    """Return an address, or a path, without user, password, query and fragment, and whatever may be one of them.

    >>> without_credentials("https://me:secret@host/app.log?signature=abc")
    'https://host/app.log'
    >>> without_credentials("redis://:p/a?s'word@host:6379/0?stream=app")
    'redis://host:6379/0'
    >>> without_credentials("redis:/me:secret@host")
    'redis:***@host'
    >>> without_credentials("host=db user=me password='a b' dbname=app")
    'host=db user=me password=*** dbname=app'
    """
    if has_scheme(name):
        return _bare(name)
    return _CONNINFO_SECRET.sub(r"\1***", _SECRET_OPTION.sub(r"\1***", _NAME_LOGIN.sub(r"\1***@", name)))


def scrub(message: str, *addresses: str) -> str:
    """Return a message without the secrets of addresses, and without those of the addresses in it.

    >>> scrub("no route to https://me:secret@host/a?b=c for secret", "https://me:secret@host")
    'no route to https://host/a for ***'
    """
    for address in addresses:
        for spelling in {address, repr(address)[1:-1]} - {""}:
            message = message.replace(spelling, without_credentials(address))
    masked = mask_secrets(message, [secret for address in addresses for secret in secrets_of(address)])
    return _ADDRESS_IN_MESSAGE.sub(lambda match: _bare(match[0]), masked)


def secrets_of(address: str) -> list[str]:
    """Return what of an address, or of a name that may be meant as one, may be a secret."""
    uri = _split(address)
    is_object = uri.scheme.lower() in _OBJECT_SCHEMES
    options = [
        value for name, value in uri.parameters
        if is_object or (name != "key" and re.search(_SECRET_NAME, name, re.IGNORECASE))
    ]  # fmt: skip
    secrets = [uri.username if is_object else "", uri.password, uri.fragment, *options]
    if not uri.scheme:
        secrets += [match[2].strip("'") for match in _CONNINFO_SECRET.finditer(address)]
    if uri.password or "***@" in without_credentials(address):
        match = _SCHEME.match(address)
        login = address[match.end() if match else 0 :].rpartition("@")[0]
        secrets += [login, login.partition(":")[2], login.rpartition(":")[2]]
    return [secret for secret in secrets if secret]


def mask_secrets(message: str, secrets: Iterable[str | None]) -> str:
    """Return a message with *** in place of each secret, as it is and percent-encoded.

    >>> mask_secrets("no login as me:p%40ss with p@ss", ["p@ss", None])
    'no login as me:*** with ***'
    """
    spellings = {spelling for secret in filter(None, secrets) for spelling in _spellings(secret)}
    for spelling in sorted(spellings, key=len, reverse=True):
        message = message.replace(spelling, "***")
    return message


def _spellings(secret: str) -> Iterator[str]:
    """Yield the secret as it is, percent-encoded, as Python writes it, and with its blanks collapsed."""
    for spelling in (
        secret, unquote(secret), quote(secret, safe=""), quote_plus(secret), repr(secret)[1:-1],
        " ".join(secret.split()),
    ):  # fmt: skip
        if len(spelling) >= _MIN_SECRET_LENGTH:
            yield spelling


def _split(address: str) -> Uri:
    match = _SCHEME.match(address)
    scheme, hierarchy = (match[1], address[match.end() :]) if match else ("", address)
    login = _ENCODED_LOGIN.match(hierarchy) or _RAW_LOGIN.match(hierarchy) or _AUTHORITY_LOGIN.match(hierarchy)
    username, _, password = login[0][:-1].partition(":") if login else ("", "", "")
    components = _COMPONENTS.fullmatch(hierarchy, login.end() if login else 0)
    authority, path, query, fragment = components.groups(default="") if components else (hierarchy, "", "", "")
    return Uri(
        scheme=scheme, username=unquote(username), password=unquote(password), authority=authority, path=path,
        query=query, fragment=fragment,
    )  # fmt: skip


def _is_ambiguous(uri: Uri) -> bool:
    """Whether an "@" is left where it may end a password: redis://me:12/34@host."""
    if uri.scheme.lower() in _OBJECT_SCHEMES and ":" not in uri.authority:
        return False
    if uri.scheme.lower().partition("+")[0] in _FILE_SCHEMES and not uri.authority:
        return False
    if uri.query and _OPTIONS.match(uri.query):
        return "@" in uri.path
    return "@" in uri.path + uri.query + uri.fragment


def _bare(address: str) -> str:
    uri = _split(address)
    if _is_ambiguous(uri):
        host = _COMPONENTS.match(address.rpartition("@")[2])
        return f"{uri.scheme}://***@{_visible_hosts(host[1]) if host else ''}"
    hosts = _visible_hosts(uri.authority)
    # What stands where a port should be may be a password, and then the path may be the rest of it.
    return f"{uri.scheme}://{hosts}{uri.path if hosts == uri.authority else ''}"


def _visible_hosts(authority: str) -> str:
    """Return hosts and ports, without what stands in the place of a port and is none."""
    return ",".join(_visible_host(host) for host in authority.split(","))


def _visible_host(host: str) -> str:
    try:
        host_and_port(host)
    except InvalidArgumentError:
        return host.partition(":")[0]
    return host
