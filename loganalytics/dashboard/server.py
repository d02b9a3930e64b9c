"""What the server adds to Streamlit's: no page of others may frame the app, and no other name may lead to it."""

from __future__ import annotations

import ipaddress
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse

from loganalytics.dashboard import access
from loganalytics.dashboard.first_paint import ReserveSidebar
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.sources.uri import host_and_port

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

SCRIPT = Path(__file__).parent / "entry" / "script.py"

_OTHER_NAME = """This dashboard answers to localhost only: a page of another name could read logs through your browser.

Behind a reverse proxy start it with the name that readers use, and say what they may see:
loganalytics dashboard --name logs.example.com --sources sources.toml (or --login, or the one source that all may see).
"""


class RefuseFrames:
    """Tells the browser to show the app in no frame: a page could lead the user to click in it unseen."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the headers that say so."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Frame-Options"] = "DENY"
                headers["Content-Security-Policy"] = "frame-ancestors 'none'"
                headers["Referrer-Policy"] = "same-origin"
            await send(message)

        await self._app(scope, receive, send_with_headers)


class RefuseOthers:
    """Refuses requests for a name that is not the app's, and connections from pages of another origin.

    A page of evil.example whose name then resolves to this machine would be of the same origin as the app (DNS
    rebinding): it could read the logs and, on this machine, name any source. So on this machine the app answers to
    its names alone, and elsewhere to those of server.allowedHosts where there are some. With a login the browser
    sends the session to the right name alone.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        refusal = _refusal(scope) if scope["type"] in ("http", "websocket") else None
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await PlainTextResponse(refusal, 403)(scope, receive, send)


def _refusal(scope: Scope) -> str | None:
    """Return why a request is refused; None for one that is not."""
    headers = Headers(scope=scope)
    hosts = headers.getlist("host") or [""]
    if not all(map(_is_own_name, hosts)):
        return _OTHER_NAME
    if scope["type"] == "websocket" and not _is_own_origin(headers.getlist("origin"), hosts[0]):
        return "A page of another origin gets no connection."
    return None


def _is_own_name(host: str) -> bool:
    names = access.own_names()
    if os.environ.get("LOGANALYTICS_LOGIN") or not (names or access.is_on_loopback()):
        return True
    try:
        name = (host_and_port(host)[0]).lower().removesuffix(".")
    except InvalidArgumentError:
        return False
    return name == "localhost" or _is_loopback(name) or any(map(partial(_matches, name), names))


def _matches(name: str, pattern: str) -> bool:
    pattern = pattern.strip().lower().removesuffix(".")
    return pattern in ("*", name) or (pattern.startswith("*.") and name.endswith(pattern[1:]))


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _is_own_origin(origins: list[str], host: str) -> bool:
    """Whether a connection comes from a page of the app; programs that are no browsers name no origin.

    Streamlit lets in any page of this machine, and asks a server on the internet for this machine's address before it
    refuses another. What is allowed beyond in its settings is left to it.
    """
    if st.get_option("server.corsAllowedOrigins") or not st.get_option("server.enableCORS"):
        return True
    return all(_authority(origin) == _authority(f"{urlsplit(origin).scheme}://{host}") for origin in origins)


def _authority(origin: str) -> str:
    """Return host and port of an origin, without the port that its scheme has anyway."""
    scheme, _, authority = origin.lower().partition("://")
    return authority.removesuffix({"http": ":80", "https": ":443"}.get(scheme, ""))


MIDDLEWARE = [Middleware(RefuseFrames), Middleware(RefuseOthers), Middleware(ReserveSidebar)]
