"""A proxy in front of a server that asks for a login and can be slow, as one stands before many clusters."""

from __future__ import annotations

import base64
import http.client
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class LoginFront:
    """Listens on a port of its own and passes on the requests of those who have the password."""

    def __init__(self, behind: int, user: str, password: str) -> None:
        self.delay = 0.0
        self.broken = 0
        """How many of the next searches are to be answered by 503."""
        self.away = False
        """Whether everything is answered by 503."""
        token = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                time.sleep(front.delay)
                if self.headers.get("authorization") != token:
                    self._answer(401, {"x-elastic-product": "Elasticsearch"}, b'{"error":"unauthorized"}')
                elif front.away or (front.broken and self.path.startswith("/_search?")):
                    front.broken -= not front.away
                    self._answer(503, {}, b"upstream is away")
                else:
                    back = http.client.HTTPConnection("127.0.0.1", behind, timeout=60)
                    back.request(self.command, self.path, body, {"content-type": "application/json"})
                    answer = back.getresponse()
                    self._answer(answer.status, dict(answer.getheaders()), answer.read())
                    back.close()

            def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    if name.lower() in ("content-type", "x-elastic-product"):
                        self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_DELETE = _pass  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._server.shutdown()
        self._server.server_close()
