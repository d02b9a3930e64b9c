"""Replace a file as a whole: after any failure, the old file or the new one is there, never half of one."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_RUST_ERRNO = re.compile(r"\(os error (\d+)\)")  # how Polars writes down the errno of a failed write
_PROBE_BYTES = 65_536
_MAX_NAME = 32  # characters of the target's name in the temporary one: a name may have 255 bytes


@contextlib.contextmanager
def replace_file(path: str | os.PathLike[str], *, private: bool = False) -> Iterator[Path]:
    """Yield the path of an empty temporary file beside the target, which it replaces when the block ends.

    The temporary file is readable by its owner only. When the block or the replacement fails, for whatever reason, it
    is removed and the target is left as it was. A symbolic link stays: what it points to is replaced. The target
    keeps its mode; a new one gets the usual mode, or with `private=True` that of a file for its owner only. A pipe or a
    device, which cannot be replaced, is yielded itself.

    Raises OSError that names the target: PermissionError where it is read-only, also when its folder is not.

    >>> with replace_file("numbers.txt") as temporary:
    ...     _ = temporary.write_text("1 2 3")
    >>> Path("numbers.txt").read_text()
    '1 2 3'
    """
    if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
        yield Path(path)
        return
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name[:_MAX_NAME]}.{secrets.token_hex(8)}.part")
    try:
        with name_disk_errors(path, temporary):
            mode = _create(temporary, target, private=private)
            yield temporary
            _sync(temporary)
            temporary.chmod(mode)
            os.replace(temporary, target)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
    _sync_folder(target.parent)


def replace_text(path: str | os.PathLike[str], content: str, *, private: bool = False) -> None:
    """Write text as UTF-8 in place of a file, line ends as they are; otherwise as `replace_file`."""
    with replace_file(path, private=private) as temporary:
        temporary.write_text(content, encoding="utf-8", newline="\n")


@contextlib.contextmanager
def name_disk_errors(path: str | os.PathLike[str], temporary: Path) -> Iterator[None]:
    """Turn a full disk, and any error of the temporary file or folder, into an OSError that names the path."""
    try:
        yield
    except Exception as error:
        number = _errno(error, temporary)
        is_temporary = isinstance(error, OSError) and error.filename == str(temporary)
        if number is None or not (is_temporary or number in _DISK_FULL):
            raise
        raise OSError(number, os.strerror(number), os.fspath(path)) from None


def _create(temporary: Path, target: Path, *, private: bool) -> int:
    """Create the temporary file for its owner only, and return the mode that the target is to have."""
    old = target.stat() if target.exists() else None
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    if old is not None and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))
    # The umask cannot be asked for without changing it: what it leaves of a new file's mode tells it.
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if old is None and not private else 0o600)
    os.close(handle)
    mode = stat.S_IMODE(temporary.stat().st_mode if old is None else old.st_mode)
    temporary.chmod(0o600)
    if old is not None:
        _keep_owner(temporary, old)
    return mode


def _keep_owner(temporary: Path, old: os.stat_result) -> None:
    new = temporary.stat()
    if os.name == "posix" and (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
        with contextlib.suppress(OSError):  # only root may give a file away
            os.chown(temporary, old.st_uid, old.st_gid)


def _errno(error: Exception, temporary: Path) -> int | None:
    """Return the number of the system's error: Polars only writes it into its message, or keeps it to itself."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    written = _RUST_ERRNO.search(str(error)) if os.name == "posix" else None
    return int(written[1]) if written else _errno_of_writing(temporary)


def _errno_of_writing(temporary: Path) -> int | None:
    """Return the error of writing a little more to what is going to be removed anyway; None when there is room."""
    files = [path for path in temporary.rglob("*") if path.is_file()] if temporary.is_dir() else [temporary]
    try:
        for path in filter(Path.exists, files):
            with path.open("ab") as file:
                file.write(bytes(_PROBE_BYTES))
    except OSError as error:
        return error.errno
    return None


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_folder(folder: Path) -> None:
    """Let the new name survive a power cut too, where folders can be opened."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
