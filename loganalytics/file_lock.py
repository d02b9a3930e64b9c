"""One run at a time: the lock of a file or folder that several runs read, change and write back.

The system lets go of the lock when its process ends, however it ends: what a killed run leaves behind blocks nobody.
It holds among the processes of one machine, containers on one volume among them; over NFS if the server has locks.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import os
import random
import socket
import sys
import time
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

from loganalytics.exceptions import FileInUseError

_POLL_SECONDS = 0.02
_MAX_NAME_BYTES = 200
_HELD = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)

if sys.platform == "win32":
    import msvcrt

    _FAR_BEHIND = 1 << 30
    """The byte that is locked: nobody can read one that is, and the lock file says who has it."""

    def _lock(handle: int) -> None:
        os.lseek(handle, _FAR_BEHIND, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        os.lseek(handle, 0, os.SEEK_SET)

else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def file_lock(path: str | os.PathLike[str], *, seconds: float = 60.0) -> Iterator[None]:
    """Hold the lock of a file or folder, which need not exist, for as long as the block runs.

    The lock is a hidden file beside it, `.NAME.lock`, which is removed in the end. It is advisory: only who asks for
    it is kept out. A thread that has it and asks again waits for itself.

    Raises FileInUseError, which says who has it, when it is not to be had within so many seconds; OSError that names
    the path where no lock file can be made.

    >>> with file_lock("templates.parquet"):
    ...     pass
    """
    target = Path(os.path.realpath(path))
    lock_file = target.with_name(_lock_name(target.name))
    handle = _acquire(lock_file, os.fspath(path), time.monotonic() + seconds)
    try:
        yield
    finally:
        if sys.platform != "win32":  # while it is held: whoever opened it meanwhile sees that it is gone
            lock_file.unlink(missing_ok=True)
        os.close(handle)
        if sys.platform == "win32":
            with contextlib.suppress(OSError):  # where another process has it open, it is that one's to remove
                lock_file.unlink()


def _lock_name(name: str) -> str:
    encoded = os.fsencode(name)
    return f".{name if len(encoded) <= _MAX_NAME_BYTES else blake2b(encoded, digest_size=16).hexdigest()}.lock"


def _acquire(lock_file: Path, path: str, deadline: float) -> int:
    """Return the open lock file when it is locked."""
    while True:
        handle = _try_to_lock(lock_file, path)
        if handle is not None:
            os.ftruncate(handle, 0)
            now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
            os.write(handle, f"process {os.getpid()} on {socket.gethostname()} since {now}".encode())
            return handle
        if time.monotonic() >= deadline:
            raise FileInUseError(
                f"{path!r} is in use by {_holder(lock_file)}. Hint: wait for its end, or name another file."
            )
        time.sleep(random.uniform(_POLL_SECONDS, 2 * _POLL_SECONDS))


def _try_to_lock(lock_file: Path, path: str) -> int | None:
    """Return the lock file, open and locked, or None while another has it."""
    try:
        handle = os.open(lock_file, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        if error.errno in _HELD and lock_file.exists():  # another user's
            return None
        raise OSError(error.errno, error.strerror, path) from None
    try:
        _lock(handle)
        if sys.platform == "win32" or _is_still(lock_file, handle):
            return handle
    except OSError as error:
        if error.errno not in _HELD:
            os.close(handle)
            raise OSError(error.errno, f"its folder has no locks: {error.strerror}", path) from None
    os.close(handle)
    return None


def _is_still(lock_file: Path, handle: int) -> bool:
    """Whether the open file is the one of this name, and not one that its last holder removed."""
    try:
        return os.path.samestat(os.fstat(handle), lock_file.stat())
    except FileNotFoundError:
        return False


def _holder(lock_file: Path) -> str:
    try:
        return lock_file.read_text(encoding="utf-8") or "another process"
    except (OSError, UnicodeDecodeError):
        return "another process"
