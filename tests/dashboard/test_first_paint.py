"""What the server adds to the app's page."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from loganalytics.dashboard.first_paint import ReserveSidebar

PAGE = "<html><head><title>x</title></head><body>" + "y" * 5000 + "</body></html>"


def client() -> TestClient:
    """Return a client of an app with a page and a file."""
    routes = [
        Route("/explore", lambda request: HTMLResponse(PAGE, headers={"ETag": "a"})),
        Route("/static/main.js", lambda request: PlainTextResponse("</head>")),
    ]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(ReserveSidebar)]))


def test_the_page_has_the_style_and_its_own_content():
    """At the end of its head, and as long as it says."""
    answer = client().get("/explore")
    head, _, body = answer.text.partition("</head>")
    assert "stSidebar" in head
    assert head.endswith("</style>")
    assert body == PAGE.partition("</head>")[2]
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_files_are_left_as_they_are():
    """A script that holds the same letters is no page."""
    assert client().get("/static/main.js").text == "</head>"


def test_a_request_for_the_head_alone_is_answered():
    """It has no body to put a style into."""
    assert client().head("/explore").status_code == 200
