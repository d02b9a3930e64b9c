"""Which files are read, in which order, and why the others are not: decided on their samples."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from loganalytics.exceptions import UnreadableSourceError
from loganalytics.formats import Detection
from loganalytics.formats.definitions import TIME_FIRST
from loganalytics.sources.files.deduplication import find_duplicates
from loganalytics.sources.files.rotation import base_name
from loganalytics.sources.files.sampling import FileSample
from loganalytics.sources.files.time_range import is_outside
from loganalytics.sources.status import Skip, Status

# A file that is not called a log is one when more than this share of its sample is events of a known format.
_MIN_EVENT_SHARE = 0.05
_MIN_TIMED_SHARE = 0.5
_MIN_DOCUMENTS = 2
_LOG_ENDINGS = {"log", "out", "err", "txt", "jsonl", "ndjson"}


@dataclass(frozen=True, kw_only=True)
class PlannedFile:
    """A file, and the decision about it: it is read, unless there is a reason to skip it."""

    sample: FileSample
    skip: Skip | None


def plan_files(
    samples: Sequence[FileSample], *, since: dt.datetime | None = None, until: dt.datetime | None = None,
    is_all: bool = True,
) -> list[PlannedFile]:  # fmt: skip
    """Decide for each file whether it is read, in the order of reading.

    What cannot be read, does not look like a log (unless the user named it), repeats another file or lies outside the
    time range is skipped. Raises UnreadableSourceError when the only file is not text or cannot be read, if that is all
    there is to read.
    """
    ordered = _in_time_order(samples)
    skips = [sample.skip or _skip_not_a_log(sample) for sample in ordered]
    if is_all and len(ordered) == 1 and skips[0]:
        raise UnreadableSourceError(f"{ordered[0].source!r}: {skips[0].note}")
    candidates = {number: sample for number, sample in enumerate(ordered) if skips[number] is None}
    for number, original in find_duplicates(candidates).items():
        note = f"the same log as {original.source}: read once"
        skips[number] = Skip(status=Status.SKIPPED_DUPLICATE, note=note)
    for number, sample in candidates.items():
        if skips[number] is None and is_outside(sample, since=since, until=until):
            skips[number] = Skip(status=Status.OUTSIDE_RANGE, note="outside the time range: not read")
    return [PlannedFile(sample=sample, skip=skip) for sample, skip in zip(ordered, skips, strict=True)]


def looks_like_log(source: str, detection: Detection) -> bool:
    """Whether a file is called a log, or enough of its sample is events.

    More than one line in twenty in a format of the table, or more than half that only begin with a time, as the rows of
    a document may. One JSON document alone is rather a setting.
    """
    name = source.rsplit("/", 1)[-1]
    if _LOG_ENDINGS & set(name.split(".")[1:]) or "log" in name:
        return True
    if detection.framing and detection.sampled_lines < _MIN_DOCUMENTS:
        return False
    timed = sum(detected.matched_lines for detected in detection.formats if detected.format is TIME_FIRST)
    known = sum(detected.matched_lines for detected in detection.formats) - timed
    sampled = detection.sampled_lines
    return known > _MIN_EVENT_SHARE * sampled or known + timed > _MIN_TIMED_SHARE * sampled


def _skip_not_a_log(sample: FileSample) -> Skip | None:
    if sample.location.by_name or looks_like_log(sample.source, sample.detection):
        return None
    note = "no line begins with a time: skipped. Hint: name the file to read it"
    return Skip(status=Status.SKIPPED_NOT_LOG, note=note)


def _in_time_order(samples: Sequence[FileSample]) -> list[FileSample]:
    """Order each rotated set by the first events, where all files have one: names do not say which end is the older."""
    sets: dict[tuple[str, str], list[int]] = {}
    for number, sample in enumerate(samples):
        folder, _, name = sample.source.rpartition("/")
        sets.setdefault((folder, base_name(name)), []).append(number)
    ordered = list(samples)
    for numbers in sets.values():
        if len(numbers) > 1 and all(samples[number].detection.has_year for number in numbers):
            times = [samples[number].first_time for number in numbers]
            if None not in times:
                by_time = sorted(zip(times, numbers, strict=True))
                for position, (_, number) in zip(numbers, by_time, strict=True):
                    ordered[position] = samples[number]
    return ordered
