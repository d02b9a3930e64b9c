"""Addresses: their login, and what of them may be shown."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]+://)([^\s'\"<>()]*)")


_WHOLE = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]+://)(\S*)")


# A password that nobody has percent-encoded: user:password@, where the password may hold / ? # and is no port.
_LOGIN = re.compile(r"^[^/?#@]*:(?!\d*(?:[/?#,]|$))\S*@")


def public(url: str) -> str:
    """Return the address without user, password, query and fragment: what may be shown.

    >>> public("https://me:secret@host/app.log?signature=abc")
    'https://host/app.log'
    >>> public("redis://:p/a?s'word@host:6379/0?stream=app")
    'redis://host:6379/0'
    """
    whole = _WHOLE.fullmatch(url)
    if whole:
        return whole[1] + _bare(whole[2])
    return _ADDRESS.sub(lambda found: found[1] + _bare(found[2]), url)


def _bare(rest: str) -> str:
    without = re.split(r"[?#]", _LOGIN.sub("", rest), maxsplit=1)[0]
    host, slash, path = without.partition("/")
    return host.rsplit("@", 1)[-1] + slash + path
