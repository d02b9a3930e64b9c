"""Which sources a reader may see: any on this machine, only those of the administrator's list where there is one.

The list is a TOML file, named by `loganalytics dashboard --sources FILE` or LOGANALYTICS_SOURCES. Its addresses may
contain credentials: a reader sees, links to and chooses the name alone.

    [sources.Production]
    source = ["redis://reader:secret@10.0.0.5/0?stream=logs"]
    readers = ["ann@example.com"]   # with logging in; without this line, everybody
"""

from __future__ import annotations

import json
import os
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from loganalytics.dashboard import demo
from loganalytics.dashboard.listed_names import Listed
from loganalytics.exceptions import InvalidArgumentError, LogAnalyticsError, SourceNotFoundError
from loganalytics.sources.files.discovery import sample_data
from loganalytics.view import without_secrets

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, kw_only=True)
class ListedSource:
    """A source of the administrator's list."""

    addresses: tuple[str, ...]
    readers: tuple[str, ...] | None


def start_source() -> tuple[str, ...]:
    """Return the source that the app opens with: the first of the list, else the one named, else the sample."""
    listed = listed_sources()
    if listed is not None:
        return tuple(listed)[:1]
    arguments = tuple(argument for argument in sys.argv[1:] if not argument.startswith("--"))
    if arguments:
        return arguments
    variable = os.environ.get("LOGANALYTICS_SOURCE", "")
    if variable.startswith("["):  # as `loganalytics dashboard` writes it
        return tuple(json.loads(variable))
    if variable:
        return (variable,) if Path(variable).exists() or "://" in variable else tuple(variable.split())
    return (sample_data(),)


def is_demo() -> bool:
    """Whether nobody named a source, so that the app shows the sample platform and a live tail of its own."""
    return not (sys.argv[1:] or os.environ.get("LOGANALYTICS_SOURCE") or os.environ.get("LOGANALYTICS_SOURCES"))


def listed_sources() -> dict[str, ListedSource] | None:
    """Return the sources of the list that this reader may see by name, or None where there is no list."""
    path = os.environ.get("LOGANALYTICS_SOURCES")
    if not path:
        return None
    listed = _read_list(path, os.stat(path).st_mtime_ns)
    user = str(st.user.get("email") or "") if st.user.get("is_logged_in") else ""
    return {
        name: source for name, source in listed.items() if source.readers is None or (user and user in source.readers)
    }


def may_name_any() -> bool:
    """Whether a reader may type any path or address: no list, and nobody but this machine can connect.

    Others can through a proxy, for which the app has a name or a login.
    """
    has_proxy = own_names() or os.environ.get("LOGANALYTICS_LOGIN")
    return listed_sources() is None and is_on_loopback() and not has_proxy


def is_on_loopback() -> bool:
    """Whether the app listens on this machine only."""
    return str(st.get_option("server.address")) in _LOOPBACK


def own_names() -> list[str]:
    """Return the names beside localhost that the app answers to: `--name`, or Streamlit's server.allowedHosts."""
    return [name for name in st.get_option("server.allowedHosts") or () if name not in _LOOPBACK]


def addresses(source: tuple[str, ...]) -> tuple[str, ...]:
    """Return the paths and addresses behind a view's source.

    Over a network the start source may be named as links name it, without its secrets.
    Raises SourceNotFoundError for a source that this reader may not see; the error does not say whether it exists.
    """
    listed = listed_sources()
    if listed is None:
        return source if may_name_any() else _start_addresses(source)
    unlisted = [name for name in source if name not in listed]
    if unlisted:
        raise SourceNotFoundError(f"{unlisted[0]!r} is not a listed source. Hint: choose one in the sidebar.")
    return tuple(dict.fromkeys(address for name in source for address in listed[name].addresses))


def listed_addresses(source: tuple[str, ...]) -> Listed:
    """Return the addresses behind a view's source with the names that readers see; empty without a list."""
    listed = listed_sources() or {}
    return tuple((address, name) for name in source if name in listed for address in listed[name].addresses)


def _start_addresses(source: tuple[str, ...]) -> tuple[str, ...]:
    start, named = start_source(), tuple(map(without_secrets, source))
    if named == tuple(map(without_secrets, start)):
        return start
    if is_demo() and source == (demo.stream_address(),):  # its Live page leads to the stream's events
        return source
    raise SourceNotFoundError(
        f"This dashboard does not show {', '.join(named)!r}. Hint: over a network it shows only the source it was "
        "started with; list others in a file named by LOGANALYTICS_SOURCES."
    )


def require_login() -> None:
    """Stop when the list cannot be read, and until the reader has logged in where LOGANALYTICS_LOGIN asks for it."""
    try:
        listed_sources()
    except (LogAnalyticsError, OSError) as error:
        st.error("The list of sources cannot be read.", icon=":material/error:")
        st.text(str(error))
        st.stop()
    if not os.environ.get("LOGANALYTICS_LOGIN"):
        return
    if st.user.get("is_logged_in"):
        return
    with st.container(
        horizontal_alignment="center", vertical_alignment="center", height=420, border=False, key="without-sidebar"
    ):
        st.title("loganalytics", width="content")
        st.text("Log in to see the logs.", width="content")
        st.button("Log in", on_click=st.login, type="primary", icon=":material/login:")
    st.stop()


@st.cache_data(max_entries=4, show_spinner=False)
def _read_list(path: str, version: int) -> dict[str, ListedSource]:
    try:
        entries = tomllib.loads(Path(path).read_text(encoding="utf-8"))["sources"]
        return {
            name: ListedSource(
                addresses=(entry["source"],) if isinstance(entry["source"], str) else tuple(entry["source"]),
                readers=tuple(entry["readers"]) if "readers" in entry else None,
            )
            for name, entry in entries.items()
        }
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError):
        raise InvalidArgumentError(
            f'{path} is not a valid list of sources. Hint: it needs [sources.NAME] tables with source = ["address"].'
        ) from None
