"""The style of the page, in its HTML from the start, so that nothing moves when the app's script has run.

Streamlit's page begins narrow and without its sidebar, and pushes everything aside when the script has drawn that.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_STYLE = f"<style>{Path(__file__).with_name('page.css').read_text(encoding='utf-8')}</style></head>"


class ReserveSidebar:
    """Adds to the app's one HTML page where its sidebar will be; a page without one has the key without-sidebar."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the style at the end of the page's head."""
        if scope["type"] != "http" or "." in scope["path"].rpartition("/")[2] or scope["path"].startswith("/_stcore"):
            await self._app(scope, receive, send)
            return
        uncompressed = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
        start: list[Message] = []
        body = bytearray()

        async def send_with_style(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_page(message):
                start.append(message)
            elif message["type"] == "http.response.body" and start:
                body.extend(message.get("body", b""))
                if not message.get("more_body"):
                    await _send_page(start[0], bytes(body), send)
            else:
                await send(message)

        await self._app({**scope, "headers": uncompressed}, receive, send_with_style)


def _is_page(message: Message) -> bool:
    return message["status"] == 200 and Headers(raw=message["headers"]).get("content-type", "").startswith("text/html")


async def _send_page(start: Message, body: bytes, send: Send) -> None:
    page = body.replace(b"</head>", _STYLE.encode(), 1) if body else body  # a HEAD request has none
    headers = MutableHeaders(raw=list(start["headers"]))
    if body:
        headers["Content-Length"] = str(len(page))
    await send({**start, "headers": headers.raw})
    await send({"type": "http.response.body", "body": page})
