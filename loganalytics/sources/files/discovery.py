"""From what a user names (file, glob, folder, list, address, "-") to the files to read, rotated sets in order."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from loganalytics.exceptions import SourceNotFoundError, UnreadableSourceError
from loganalytics.sources.files.rotation import base_name, rotation_order
from loganalytics.sources.status import Skip, Status
from loganalytics.sources.uri import has_scheme, resembles_address, without_credentials

Source = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]

STDIN = "-"
_BROKEN_LINK = "a link to a file that is not there"
_COPY_NUMBER = re.compile(r" \(\d{1,3}\)$")
_GLOB = re.compile(r"[*?\[]")


class PathEntry(NamedTuple):
    """A path that a name led to; `problem` says why it is not followed, if it is not."""

    path: Path
    problem: str = ""
    status: Status = Status.UNREADABLE


@dataclass(frozen=True, kw_only=True)
class Discovered:
    """The files and addresses that a source names."""

    files: Mapping[Path, bool]
    """The files, each once, and whether the user named it rather than it was found in a folder."""
    urls: tuple[str, ...]
    problems: Mapping[Path, Skip]
    """What is not followed (a folder without permission, a broken link, a device), and why."""


def discover(source: Source) -> Discovered:
    """Return the files and addresses of a source; within a rotated set the oldest comes first.

    Raises SourceNotFoundError, which names the path and, where there is a similar one, the name that was perhaps meant;
    UnreadableSourceError where a folder on the way may not be entered.
    """
    files: dict[Path, bool] = {}
    problems: dict[Path, Skip] = {}
    urls: list[str] = []
    for name in names_of(source):
        if has_scheme(name):
            urls.append(name)
            continue
        try:
            is_folder = path_of(name).is_dir()
            entries = list(expand(name))
        except PermissionError as error:
            shown = without_credentials(name)
            raise UnreadableSourceError(f"{shown!r} cannot be read: {error.strerror}. Hint: see its folders.") from None
        problems |= {entry.path: Skip(status=entry.status, note=entry.problem) for entry in entries if entry.problem}
        for path in sorted((entry.path for entry in entries if not entry.problem), key=rotation_order):
            files[path] = not is_folder or files.get(path, False)
    return Discovered(files=files, urls=tuple(urls), problems=problems)


def names_of(source: Source) -> list[str]:
    """Return the names that a source consists of; a file's address is its path."""
    names = [source] if isinstance(source, (str, os.PathLike)) else list(source)
    texts = [re.sub(r"^\s*file://", "", os.fspath(name), flags=re.IGNORECASE) for name in names]
    return [text.strip() if has_scheme(text) else text for text in texts]


def discover_files(source: Source) -> Mapping[Path, bool]:
    """Return the files of a source on this machine, as discover() does."""
    return discover(source).files


def service_of(path: str) -> str | None:
    """Return a service's name for logs that do not name it: the file's name without rotation and endings.

    "api.log.2.gz" is "api"; a name that is only a number ("0.log" of a pod) is that of the folder.
    """
    if path == STDIN or path.startswith(("/dev/", "/proc/")):
        return None
    stem = base_name(_COPY_NUMBER.sub("", Path(path).name))
    return stem if re.search(r"[^\W\d]", stem) else (Path(path).absolute().parent.name or None)


def sample_data() -> str:
    """Return the folder of the sample platform's logs: in the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[2]
    folder = next(path / "sample_data" for path in (package, package.parent) if (path / "sample_data").is_dir())
    return os.path.relpath(folder)


def expand(name: str) -> Iterable[PathEntry]:
    """Return the files that a path, a folder or a glob names, and what of it could not be followed.

    Raises SourceNotFoundError.
    """
    if name == STDIN:
        return [PathEntry(Path(STDIN))]
    if not name:
        raise SourceNotFoundError("The name of the source is empty. Hint: is a variable of the shell not set?")
    path = path_of(name)
    if path.is_dir():
        return _walk(path, set())
    if os.path.lexists(path):
        if not path.exists():
            raise SourceNotFoundError(
                f"{name!r} is a link to {os.readlink(path)!r}, which is not there. Hint: name the file itself."
            )
        return [PathEntry(path)]
    shown = without_credentials(name)  # perhaps an address was meant
    is_address = shown != name or resembles_address(name)
    if not _GLOB.search(name) or is_address:
        hint = "an address is scheme://host/…." if is_address else _suggestion(path)
        raise SourceNotFoundError(f"There is no file or folder {shown!r}. Hint: {hint}")
    matches = [Path(match) for match in glob.glob(str(path), recursive=True) if not Path(match).is_dir()]
    if not matches:
        raise SourceNotFoundError(f"No file matches {shown!r}. Hint: check the folder, and quote the pattern.")
    return [PathEntry(match, _problem(match)) for match in matches]


def path_of(name: str) -> Path:
    """Return the path that a name means: ~ and ~user are homes, unless a file has that name or no user has."""
    path = Path(name)
    if not name.startswith("~") or os.path.lexists(path):
        return path
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def text_of(path: Path | str) -> str:
    """Return a path as text that any encoding holds: bytes that are not UTF-8 are written as escapes."""
    name = os.fspath(path)
    return name if name.isascii() else os.fsencode(name).decode("utf-8", errors="backslashreplace")


def _walk(folder: Path, visited: set[tuple[int, int]]) -> Iterator[PathEntry]:
    """Yield what is below a folder; links to folders are followed, each folder once."""
    try:
        stat = folder.stat()
        if (stat.st_dev, stat.st_ino) in visited:
            yield PathEntry(folder, "a link to a folder that is read already", Status.SKIPPED_DUPLICATE)
            return
        visited.add((stat.st_dev, stat.st_ino))
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield PathEntry(folder, f"cannot be read: {error.strerror or error}")
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        yield from _follow(entry, Path(folder, entry.name), visited)


def _follow(entry: os.DirEntry[str], path: Path, visited: set[tuple[int, int]]) -> Iterator[PathEntry]:
    try:
        if entry.is_dir():
            yield from _walk(path, visited)
        elif entry.is_file():
            yield PathEntry(path)
        elif problem := _problem(path):
            yield PathEntry(path, problem)
        else:
            note = "a pipe, a socket or a device: not read. Hint: name it"
            yield PathEntry(path, note, Status.SKIPPED_NOT_LOG)
    except OSError as error:  # of a link to where nothing may be looked at
        yield PathEntry(path, f"cannot be read: {error.strerror or error}")


def _problem(path: Path) -> str:
    """Return why a path that is there cannot be followed, or nothing."""
    try:
        return "" if path.exists() else _BROKEN_LINK
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"


def _suggestion(path: Path) -> str:
    if not path.parent.is_dir():
        return f"the folder {str(path.parent)!r} does not exist either."
    import difflib  # most loads ask for files that are there

    try:
        similar = difflib.get_close_matches(path.name, [sibling.name for sibling in path.parent.iterdir()], n=1)
    except OSError:
        return f"the folder {str(path.parent)!r} cannot be read."
    return f"did you mean {str(path.parent / similar[0])!r}?" if similar else "check the path."
