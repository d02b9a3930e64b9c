"""What the server adds to Streamlit's: no page of others may frame the app, and no other name may lead to it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse

from loganalytics.sources.logins import is_local
from loganalytics.sources.uri import host_and_port

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

SCRIPT = Path(__file__).parent / "entry" / "script.py"


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


class RefuseOtherNames:
    """Refuses requests for another name than this machine's, where anybody who reaches the app may name any source.

    A page of evil.example whose name then resolves to 127.0.0.1 would be of the same origin as the app (DNS rebinding).
    An app with a list of sources or a login may stand behind a proxy under any name.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] not in ("http", "websocket") or _is_own_name(Headers(scope=scope).get("host", "")):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await PlainTextResponse("This dashboard answers to localhost only.", 403)(scope, receive, send)


def _is_own_name(host: str) -> bool:
    has_rules = os.environ.get("LOGANALYTICS_SOURCES") or os.environ.get("LOGANALYTICS_LOGIN")
    if has_rules or not is_local(str(st.get_option("server.address"))):
        return True
    try:
        name, _ = host_and_port(host)
    except ValueError:
        return False
    return bool(name) and is_local(name)


MIDDLEWARE = [Middleware(RefuseFrames), Middleware(RefuseOtherNames)]
