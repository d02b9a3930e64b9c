"""From what a user names (file, glob, folder, list, "-") to the files to read, rotated sets in the order of time."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from loganalytics.exceptions import SourceNotFoundError

Source = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]

STDIN = "-"
_PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip")
_GLOB = re.compile(r"[*?\[]")


def find_files(source: Source) -> dict[Path, bool]:
    """Return the files of a source, each once, and whether it was named rather than found in a folder.

    Within a rotated set the oldest comes first.
    Raises SourceNotFoundError, which names the path and, where one is close, the name that was perhaps meant.
    """
    names = [source] if isinstance(source, (str, os.PathLike)) else list(source)
    found: dict[Path, bool] = {}
    for name in names:
        named = not Path(name).is_dir()
        for path in sorted(_expand(os.fspath(name)), key=_rotation_order):
            found[path] = named or found.get(path, False)
    return found


def service_of(path: str) -> str | None:
    """Return a service's name for logs that bear none: the file's name without rotation and endings.

    "api.log.2.gz" is "api"; a name that is only a number ("0.log" of a pod) is that of the folder.
    """
    if path == STDIN:
        return None
    stem = _base(Path(path))
    return stem if re.search(r"[^\W\d]", stem) else (Path(path).absolute().parent.name or None)


def sample_data() -> str:
    """Return the folder of the sample platform's logs: in the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    folder = next(path / "sample_data" for path in (package, package.parent) if (path / "sample_data").is_dir())
    return os.path.relpath(folder)


def _expand(name: str) -> Iterable[Path]:
    if name == STDIN:
        return [Path(STDIN)]
    path = Path(name).expanduser()
    if path.is_dir():
        return [p for p in path.rglob("*") if p.is_file() and not _hidden(p.relative_to(path))]
    if path.exists():
        return [path]
    if _GLOB.search(name):
        matches = [Path(p) for p in glob.glob(str(path), recursive=True) if Path(p).is_file()]
        if matches:
            return matches
        raise SourceNotFoundError(f"No file matches {name!r}. Hint: check the folder, and quote the pattern.")
    raise SourceNotFoundError(f"There is no file or folder {name!r}. Hint: {_suggestion(path)}")


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _suggestion(path: Path) -> str:
    import difflib

    if not path.parent.is_dir():
        return f"the folder {str(path.parent)!r} does not exist either."
    near = difflib.get_close_matches(path.name, [p.name for p in path.parent.iterdir()], n=1)
    return f"did you mean {str(path.parent / near[0])!r}?" if near else "check the path."


def _base(path: Path) -> str:
    """The name that a rotated set shares: without .gz, a trailing number or date, and .log, .txt, .json, .out."""
    name = path.name
    while True:
        shorter = re.sub(r"(?:\.(?:gz|bz2|xz|zst|zip)|[.-]\d{1,10}(?:-\d{2}-\d{2})?(?:T\d+)?)$", "", name)
        if shorter in (name, ""):
            break
        name = shorter
    return re.sub(r"\.(?:log|txt|jsonl?|ndjson|out|err)$", "", name) or path.name


def _rotation_order(path: Path) -> tuple[str, str, int, str]:
    """Sort app.log.2.gz before app.log.1 before app.log, and dated names by their date before the undated one."""
    name = path.name.removesuffix(path.suffix) if path.suffix in _PACKED else path.name
    number = re.search(r"\.(\d{1,5})$", name)
    dated = bool(re.search(r"[.-]\d{4}-?\d{2}-?\d{2}", name))
    age = -int(number[1]) if number else (-1 if dated else 0)
    return str(path.parent), _base(path), age, name
