"""Which sources a reader may see: any on this machine, only an administrator's list where there is one.

The list is a TOML file, named by `loganalytics dashboard --sources FILE` or LOGANALYTICS_SOURCES. Its addresses may
bear credentials: a reader sees, links to and chooses the name alone.

    [sources.Production]
    source = ["redis://reader:secret@10.0.0.5/0?stream=logs"]
    readers = ["ann@example.com"]   # with logging in; without this line, everybody
"""

from __future__ import annotations

import os
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from loganalytics.exceptions import InvalidArgumentError, LogAnalyticsError, SourceNotFoundError
from loganalytics.sources.files.discovery import sample_data

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Listed:
    """A source of the administrator's list."""

    source: tuple[str, ...]
    readers: tuple[str, ...] | None


def start() -> tuple[str, ...]:
    """Return the source that the app opens with: the list's first, the one named, else the sample."""
    listed = readable()
    if listed is not None:
        return tuple(sorted(listed)[:1])
    named = tuple(argument for argument in sys.argv[1:] if not argument.startswith("--"))
    if named:
        return named
    given = os.environ.get("LOGANALYTICS_SOURCE", "")
    if given:
        return (given,) if Path(given).exists() or "://" in given else tuple(given.split())
    return (sample_data(),)


def is_demo() -> bool:
    """Whether nobody named a source, so that the app shows the sample platform and a live tail of its own."""
    return not (sys.argv[1:] or os.environ.get("LOGANALYTICS_SOURCE") or os.environ.get("LOGANALYTICS_SOURCES"))


def readable() -> dict[str, Listed] | None:
    """Return the listed sources that this reader may see, or None where there is no list."""
    path = os.environ.get("LOGANALYTICS_SOURCES")
    if not path:
        return None
    listed = _read(path, os.stat(path).st_mtime_ns)
    me = str(st.user.get("email") or "") if st.user.get("is_logged_in") else ""
    return {name: entry for name, entry in listed.items() if entry.readers is None or (me and me in entry.readers)}


def may_name_any() -> bool:
    """Whether a reader may type any path or address: no list, and nobody but this machine can connect."""
    return readable() is None and str(st.get_option("server.address")) in _LOOPBACK


def addresses(source: tuple[str, ...]) -> tuple[str, ...]:
    """Return the paths and addresses behind a view's source.

    Raises SourceNotFoundError for one that this reader may not see; it says no more than that it is not listed.
    """
    listed = readable()
    if listed is None:
        if source == start() or may_name_any():
            return source
        raise SourceNotFoundError(
            f"{', '.join(source)!r} is not what this dashboard shows. Hint: over a network it shows only the source "
            "it was started with; list others in a file named by LOGANALYTICS_SOURCES."
        )
    missing = [name for name in source if name not in listed]
    if missing:
        raise SourceNotFoundError(f"{missing[0]!r} is not among the sources listed. Hint: choose one in the sidebar.")
    return tuple(address for name in source for address in listed[name].source)


def enter() -> None:
    """Stop when the list cannot be read, and until the reader has logged in where LOGANALYTICS_LOGIN asks for it."""
    try:
        readable()
    except (LogAnalyticsError, OSError) as error:
        st.error("The list of sources cannot be read.", icon=":material/error:")
        st.text(str(error))
        st.stop()
    if not os.environ.get("LOGANALYTICS_LOGIN"):
        return
    if st.user.get("is_logged_in"):
        return
    with st.container(horizontal_alignment="center", vertical_alignment="center", height=420, border=False):
        st.title("loganalytics", width="content")
        st.text("Log in to see the logs.", width="content")
        st.button("Log in", on_click=st.login, type="primary", icon=":material/login:")
    st.stop()


@st.cache_data(max_entries=4, show_spinner=False)
def _read(path: str, _version: int) -> dict[str, Listed]:
    try:
        told = tomllib.loads(Path(path).read_text(encoding="utf-8"))["sources"]
        return {
            name: Listed(
                (entry["source"],) if isinstance(entry["source"], str) else tuple(entry["source"]),
                tuple(entry["readers"]) if "readers" in entry else None,
            )
            for name, entry in told.items()
        }
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError):
        raise InvalidArgumentError(
            f'{path} does not list sources. Hint: [sources.NAME] tables with source = ["address"].'
        ) from None
