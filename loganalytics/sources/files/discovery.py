"""From what a user names (file, glob, folder, list, address, "-") to the files to read, rotated sets in order."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from loganalytics.exceptions import SourceNotFoundError, UnreadableSourceError
from loganalytics.sources.files.rotation import base_name, rotation_order

Source = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]

STDIN = "-"
_GLOB = re.compile(r"[*?\[]")
_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+://")


@dataclass
class Found:
    """What a source's names led to."""

    files: dict[Path, bool] = field(default_factory=dict)
    """The files, each once, and whether the user named it rather than it was found in a folder."""
    urls: list[str] = field(default_factory=list)
    notes: dict[Path, str] = field(default_factory=dict)
    """What could not be followed (a folder without permission, a broken link), and why."""


def find(source: Source) -> Found:
    """Return the files and addresses of a source; within a rotated set the oldest comes first.

    Raises SourceNotFoundError, which names the path and, where one is close, the name that was perhaps meant;
    UnreadableSourceError where a folder on the way may not be entered.
    """
    found = Found()
    for name in [source] if isinstance(source, (str, os.PathLike)) else list(source):
        text = os.fspath(name)
        if text.lower().startswith("file://"):
            text = text[len("file://") :]
        if _URL.match(text):
            found.urls.append(text)
            continue
        try:
            named = not Path(text).expanduser().is_dir()
            paths = sorted(expand(text, found.notes), key=rotation_order)
        except PermissionError as error:
            raise UnreadableSourceError(f"{text!r} cannot be read: {error.strerror}. Hint: see its folders.") from None
        for path in paths:
            found.files[path] = named or found.files.get(path, False)
    return found


def find_files(source: Source) -> dict[Path, bool]:
    """Return the files of a source on this machine, as find() does."""
    return find(source).files


def service_of(path: str) -> str | None:
    """Return a service's name for logs that bear none: the file's name without rotation and endings.

    "api.log.2.gz" is "api"; a name that is only a number ("0.log" of a pod) is that of the folder.
    """
    if path == STDIN or path.startswith(("/dev/", "/proc/")):
        return None
    stem = base_name(Path(path).name)
    return stem if re.search(r"[^\W\d]", stem) else (Path(path).absolute().parent.name or None)


def sample_data() -> str:
    """Return the folder of the sample platform's logs: in the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[2]
    folder = next(path / "sample_data" for path in (package, package.parent) if (path / "sample_data").is_dir())
    return os.path.relpath(folder)


def expand(name: str, notes: dict[Path, str]) -> Iterable[Path]:
    """Return the files that a path, a folder or a glob names, and note what could not be followed.

    Raises SourceNotFoundError.
    """
    if name == STDIN:
        return [Path(STDIN)]
    path = Path(name).expanduser()
    if path.is_dir():
        return _walk(path, notes, set())
    if os.path.lexists(path):
        if not path.exists():
            raise SourceNotFoundError(
                f"{name!r} is a link to {os.readlink(path)!r}, which is not there. Hint: name the file itself."
            )
        return [path]
    if _GLOB.search(name):
        matches = [Path(p) for p in glob.glob(str(path), recursive=True) if not Path(p).is_dir()]
        notes |= {match: "a link to a file that is not there" for match in matches if not match.exists()}
        if matches:
            return [match for match in matches if match.exists()]
        raise SourceNotFoundError(f"No file matches {name!r}. Hint: check the folder, and quote the pattern.")
    raise SourceNotFoundError(f"There is no file or folder {name!r}. Hint: {_suggestion(path)}")


def _walk(folder: Path, notes: dict[Path, str], seen: set[tuple[int, int]]) -> Iterator[Path]:
    """Yield the regular files below a folder; links to folders are followed, each folder once."""
    try:
        stat = folder.stat()
        if (stat.st_dev, stat.st_ino) in seen:
            return
        seen.add((stat.st_dev, stat.st_ino))
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        notes[folder] = f"cannot be read: {error.strerror or error}"
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        path = Path(folder, entry.name)
        if entry.is_dir():
            yield from _walk(path, notes, seen)
        elif entry.is_file():
            yield path
        elif entry.is_symlink() and not path.exists():
            notes[path] = "a link to a file that is not there"


def _suggestion(path: Path) -> str:
    import difflib

    if not path.parent.is_dir():
        return f"the folder {str(path.parent)!r} does not exist either."
    try:
        near = difflib.get_close_matches(path.name, [p.name for p in path.parent.iterdir()], n=1)
    except OSError:
        return f"the folder {str(path.parent)!r} cannot be read."
    return f"did you mean {str(path.parent / near[0])!r}?" if near else "check the path."
