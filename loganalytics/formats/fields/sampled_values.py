"""What sampled records hold in each of their fields, as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from loganalytics.formats.fields.aliases import FieldPath, value_at

_TIME_NUMBERS = (5, 6, 7)


class SampledValues(Mapping[FieldPath, Sequence[str]]):
    """The values of each field as text, without nulls, lists and objects; looked up when they are asked for."""

    def __init__(self, records: Sequence[Mapping[str, Any]], fields: Iterable[FieldPath]) -> None:
        self._records = records
        self._texts: dict[FieldPath, list[str] | None] = dict.fromkeys(fields)

    def __getitem__(self, path: FieldPath) -> Sequence[str]:
        """Return the texts of a field's values."""
        texts = self._texts[path]
        if texts is None:
            values = (value_at(record, path) for record in self._records)
            texts = [_text(value) for value in values if isinstance(value, str | int | float) or _is_time(value)]
            self._texts[path] = texts
        return texts

    def __iter__(self) -> Iterator[FieldPath]:
        """Yield the fields."""
        return iter(self._texts)

    def __len__(self) -> int:
        """Return how many fields there are."""
        return len(self._texts)


def _is_time(value: object) -> bool:
    """Whether a list is a time in numbers: year, month, day, hour, minute and perhaps more."""
    return isinstance(value, list) and len(value) in _TIME_NUMBERS and all(type(part) is int for part in value)


def _text(value: str | float | list[int]) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
