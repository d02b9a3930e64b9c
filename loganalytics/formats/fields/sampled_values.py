"""What sampled records hold in each of their fields, as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from loganalytics.formats.fields.aliases import FieldPath, value_at


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
            texts = self._texts[path] = [_text(value) for value in values if isinstance(value, str | int | float)]
        return texts

    def __iter__(self) -> Iterator[FieldPath]:
        """Yield the fields."""
        return iter(self._texts)

    def __len__(self) -> int:
        """Return how many fields there are."""
        return len(self._texts)


def _text(value: str | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
