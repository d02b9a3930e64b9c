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
from pathlib import Path

from loganalytics.atomic_write import replace_text
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.file_lock import file_lock

_MAX_NAME = 80


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


def save(path: Path, name: str, link: str) -> None:
    """Keep a link under a name; one of the same name is replaced.

    Raises InvalidArgumentError for a name that is empty, and OSError where the file cannot be written.
    """
    name = name.strip()[:_MAX_NAME]
    if not name:
        raise InvalidArgumentError("A view needs a name.")
    _rewrite(path, lambda views: views | {name: link})


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
