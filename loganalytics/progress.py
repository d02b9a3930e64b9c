"""A progress bar for long work: on a terminal, never in a pipe or a notebook, where it would need ipywidgets."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def track(items: Iterable[T], done: Callable[[], int], total: int, *, description: str = "Reading") -> Iterator[T]:
    """Yield the items, showing how many bytes of the total are done while somebody watches."""
    if not _watched():
        yield from items
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(description), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(description, total=total)
        for item in items:
            progress.update(task, completed=done())
            yield item


def _watched() -> bool:
    return sys.stderr.isatty() and "ipykernel" not in sys.modules
