"""The keys of the app: search, pages, and the help that lists them."""

from __future__ import annotations

from collections.abc import Mapping

from loganalytics.dashboard.components import browser_component

_KEYS = (
    ("/", "Search: the text that lines contain"),
    ("j k", "Next and previous event"),
    ("Enter", "Open the selected event"),
    ("Esc", "Close the event"),
    ("p", "Live: pause or continue"),
    ("f h", "Live: follow the end, hold"),
    ("m n", "Live: mark a line, go to the next mark"),
    ("e", "Live: what is in sight, in Explore"),
    ("?", "These keys"),
)


def draw(pages: Mapping[str, tuple[str, str]]) -> None:
    """Load the script; it shows nothing until somebody asks for help.

    `pages` are the path and the title of each page by the letter that opens it.
    """
    known_pages = {letter: {"path": path, "title": title} for letter, (path, title) in pages.items()}
    browser_component.load("keyboard")(data={"pages": known_pages, "keys": _KEYS}, key="keyboard", height="content")
