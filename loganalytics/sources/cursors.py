"""A tail's cursor, saved with what its consumer has made of the events so far, in one write."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from loganalytics.atomic_write import replace_text
from loganalytics.exceptions import UnreadableSourceError


def save_cursor(path: str | os.PathLike[str], cursor: Mapping[str, Any], state: Any = None) -> None:
    """Save a cursor, and the consumer's state with it, so that they are never apart.

    The file is replaced as a whole: after a crash it holds the old pair or the new one. `state` is what JSON can hold.

    Raises OSError when the disk is full or the folder cannot be written to; the old file is left as it was.

    >>> save_cursor("tail.json", {"readers": {}}, state={"events": 7})
    >>> load_cursor("tail.json")
    ({'readers': {}}, {'events': 7})
    """
    target = Path(path)
    content = json.dumps({"cursor": dict(cursor), "state": state})
    try:
        replace_text(target, content, private=True)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            message = f"{os.strerror(error.errno)}: the cursor was not saved, the one saved before is as it was"
            raise OSError(error.errno, message, str(target)) from None
        raise


def load_cursor(path: str | os.PathLike[str]) -> tuple[dict[str, Any] | None, Any]:
    """Return the cursor and the state that were saved; None twice when nothing was.

    Raises UnreadableSourceError when the file does not hold one.
    """
    if Path(path).exists() and not Path(path).is_file():
        raise UnreadableSourceError(f"{os.fspath(path)!r} is not a file. Hint: name a file for the cursor.")
    try:
        saved = json.loads(Path(path).read_text(encoding="utf-8"))
        return dict(saved["cursor"]), saved["state"]
    except FileNotFoundError:
        return None, None
    except (ValueError, KeyError, TypeError):
        raise UnreadableSourceError(
            f"{os.fspath(path)!r} holds no cursor. Hint: name another file, or remove it to begin anew."
        ) from None
