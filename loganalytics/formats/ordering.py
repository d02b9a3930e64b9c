"""Events in the order of their lines."""

from __future__ import annotations

import itertools

import polars as pl

# Up to so many events are inserted among the others one by one.
_MAX_INSERTED = 100


def in_order(frames: list[pl.DataFrame]) -> pl.DataFrame:
    """Concatenate what several formats made of a block, in the order of the lines."""
    frames = [frame for frame in frames if frame.height]
    if len(frames) == 1:
        return frames[0]
    events = pl.concat(frames, how="diagonal_relaxed")
    inserted_rows = events.height - frames[0].height
    if inserted_rows > _MAX_INSERTED:
        return events.sort("n")
    # To cut the many events where the few belong is far cheaper than sorting.
    base, inserted = events.head(frames[0].height), events.tail(inserted_rows).sort("n")
    cuts = [0, *base["n"].search_sorted(inserted["n"]), base.height]
    return pl.concat(
        slice_
        for index, (start, end) in enumerate(itertools.pairwise(cuts))
        for slice_ in (base.slice(start, end - start), inserted.slice(index, 1))
    )
