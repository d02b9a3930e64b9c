"""Logins of servers, from a file that only its owner can read."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

from loganalytics.exceptions import UnreadableSourceError


def login(host: str, port: int | None = None) -> Mapping[str, str]:
    """Return what the credentials file holds of a host: username, password and the like; empty when it holds nothing.

    The file is named by LOGANALYTICS_CREDENTIALS, else it is credentials.toml in the user's configuration folder
    (~/.config/loganalytics). It has one table a host, or one a host and port, which comes first:

        ["redis.example.com:6379"]
        username = "reader"
        password = "…"

    Raises UnreadableSourceError when others than the owner may read the file, and when it is not TOML.
    """
    path = _credentials_file()
    if path is None:
        return {}
    _check_permissions(path)
    import tomllib  # few loads need credentials

    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnreadableSourceError(
            f"The credentials file {str(path)!r} cannot be read: {error.strerror}. Hint: see LOGANALYTICS_CREDENTIALS."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError):  # the message may quote the file
        raise UnreadableSourceError(
            f'{str(path)!r} is not TOML. Hint: write ["host:port"] tables with username and password.'
        ) from None
    table = tables.get(f"{host}:{port}", tables.get(host, {}))
    if not isinstance(table, dict) or any(isinstance(value, dict | list) for value in table.values()):
        raise UnreadableSourceError(
            f"The entry of {host!r} in {str(path)!r} is not a login. Hint: a table with username and password."
        )
    return {key: str(value) for key, value in table.items()}


def _credentials_file() -> Path | None:
    configured = os.environ.get("LOGANALYTICS_CREDENTIALS")
    if configured:
        return Path(configured).expanduser()
    import platformdirs

    path = Path(platformdirs.user_config_dir("loganalytics"), "credentials.toml")
    return path if path.exists() else None


def _check_permissions(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise UnreadableSourceError(
            f"The credentials file {str(path)!r} cannot be read: {error.strerror}. Hint: see LOGANALYTICS_CREDENTIALS."
        ) from None
    if sys.platform != "win32" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UnreadableSourceError(f"Others may read the credentials in {str(path)!r}. Hint: chmod 600 {path}")
