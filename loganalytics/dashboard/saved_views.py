"""Views under a name: the reader's own, in the configuration folder, or those of the administrator's list of sources.

Both are a table [views] in TOML, of the page and the query of a link, without secrets:

    [views]
    "Errors of the shop" = "explore?source=Shop&level=ERROR"
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from loganalytics.atomic_write import replace_text
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.file_lock import file_lock

MAX_NAME = 80
"""How many characters a name has at most."""


class NameTakenError(InvalidArgumentError):
    """Another view has the name."""


def own_file() -> Path:
    """Return the file of the reader's own views: $XDG_CONFIG_HOME/loganalytics/views.toml, ~/.config by default."""
    folder = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(folder, "loganalytics", "views.toml")


def read(path: Path) -> dict[str, str]:
    """Return the links of a file by name; none where there is no such file.

    Raises InvalidArgumentError for a file that is not TOML, or whose views are not text.
    """
    try:
        views = tomllib.loads(path.read_text(encoding="utf-8")).get("views", {})
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        views = None
    if not isinstance(views, dict) or not all(isinstance(link, str) for link in views.values()):
        raise InvalidArgumentError(f'{path} has no valid table [views]. Hint: "name" = "explore?level=ERROR".')
    return views


def read_cached(path: Path) -> dict[str, str]:
    """Return what `read` does; the file is read again when it has changed."""
    try:
        version = path.stat()
    except FileNotFoundError:
        return {}
    return dict(_read_version(path, version.st_mtime_ns, version.st_size, version.st_ino))


@lru_cache(maxsize=8)
def _read_version(path: Path, _mtime: int, _size: int, _inode: int) -> dict[str, str]:
    return read(path)


def save(path: Path, name: str, link: str, *, replace: bool = False) -> None:
    """Keep a link under a name.

    Raises InvalidArgumentError for a name that is empty or too long, NameTakenError where another link has it and
    `replace` is not set, and OSError where the file cannot be written.
    """
    name = name.strip()
    if not name:
        raise InvalidArgumentError("A view needs a name.")
    if len(name) > MAX_NAME:
        raise InvalidArgumentError(f"The name has {len(name)} characters. Hint: at most {MAX_NAME}.")

    def add(views: dict[str, str]) -> dict[str, str]:
        if not replace and views.get(name, link) != link:
            raise NameTakenError("There is a view of this name.")
        return views | {name: link}

    _rewrite(path, add)


def remove(path: Path, name: str) -> None:
    """Forget a view."""
    _rewrite(path, lambda views: {other_name: link for other_name, link in views.items() if other_name != name})


def _rewrite(path: Path, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with file_lock(path):
        views = change(read(path))
        lines = [f"{_quoted(name)} = {_quoted(link)}\n" for name, link in sorted(views.items())]
        replace_text(path, "[views]\n" + "".join(lines), private=True)


def _quoted(string: str) -> str:
    """Return a string as TOML writes it, which is as JSON does."""
    return json.dumps(string, ensure_ascii=False).replace("\x7f", "\\u007f")
