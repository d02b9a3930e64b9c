"""Standard input, output and error as a command needs them: there, and written to as a whole."""

from __future__ import annotations

import io
import os
import sys

_STREAMS = ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w"))


def prepare() -> None:
    """Open what the caller closed, and buffer the output where Python would not.

    A file that is opened while a descriptor is free would get it, and what is printed. A closed input is empty, a
    closed output fails when it is written to, as for other commands. PYTHONUNBUFFERED takes the buffer away that
    writes again what a pipe did not take at once: https://github.com/python/cpython/issues/84529.
    """
    for descriptor, name, mode in _STREAMS:
        if getattr(sys, name) is None and _is_free(descriptor):
            os.dup2(os.open(os.devnull, os.O_WRONLY if descriptor == 2 else os.O_RDONLY), descriptor)
            setattr(sys, name, open(descriptor, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - until the end
    raw = getattr(sys.stdout, "buffer", None)
    if isinstance(raw, io.RawIOBase):
        sys.stdout = io.TextIOWrapper(
            io.BufferedWriter(raw), encoding=sys.stdout.encoding, errors=sys.stdout.errors, line_buffering=True
        )


def _is_free(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return True
    return False
