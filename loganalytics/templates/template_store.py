"""What has been mined, kept: ids, names and first-seen times last from one run to the next."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from loganalytics import schema
from loganalytics.atomic_write import replace_file
from loganalytics.exceptions import InvalidArgumentError, SourceNotFoundError, UnreadableSourceError
from loganalytics.templates.masking import mask, tidy
from loganalytics.templates.matching import match
from loganalytics.templates.mining import FOUND, finish, merge, with_ids, written

_COLUMNS = {
    "masked": pl.String(),
    "template": pl.String(),
    "name": pl.String(),
    "events": pl.Int64(),
    "first_seen": schema.TIMESTAMP,
    "last_seen": schema.TIMESTAMP,
}
_MOST_TEXTS = 1_000_000
_NEW_SHARE = 0.1  # so many new texts, as a share of the known ones, make `update` mine again


@dataclass(frozen=True, repr=False, eq=False)
class TemplateCatalogue:
    """The templates seen so far: when first and last, how often, and what people call them.

    A catalogue does not change: `update`, `merge` and `rename` return a new one. It holds the counts that mining
    starts from, not only what came out, so parts of a log, in any split and any order, give the same templates as the
    whole. Names and first-seen times belong to the texts behind a template and stay when it becomes more general. Of
    more than a million distinct masked texts the rarest are forgotten.

    Attributes:
        texts: one row a distinct masked message: masked, template (null until mined), name, events, first_seen,
            last_seen. This is what `save` writes.

    Example:
        >>> logs = pl.DataFrame({"message": ["took 5 ms", "took 12 ms"]})
        >>> catalogue = TemplateCatalogue().update(logs)
        >>> catalogue.templates.select("template", "events").rows()
        [('took <*> ms', 2)]
        >>> catalogue.match(pl.DataFrame({"message": ["took 7 ms", "lost"]}))["is_known"].to_list()
        [True, False]
    """

    texts: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_COLUMNS))

    def __len__(self) -> int:
        """Return the number of templates."""
        return self.templates.height

    def __repr__(self) -> str:
        """Return the sizes."""
        return f"TemplateCatalogue({self.texts.height:,} texts, {int(self.texts['events'].sum()):,} events)"

    @property
    def templates(self) -> pl.DataFrame:
        """The templates: template_id, template, name (null: none given), events, first_seen, last_seen.

        Sorted by events, then by template. Mined anew from the counts.
        """
        table = with_ids(self._mined().texts.group_by("template").agg(
            pl.col("name").min(), pl.col("events").sum(), pl.col("first_seen").min(), pl.col("last_seen").max()
        ))  # fmt: skip
        columns = ("template_id", "template", "name", "events", "first_seen", "last_seen")
        return table.select(columns).sort("events", "template", descending=[True, False])

    def update(self, logs: schema.Frame) -> TemplateCatalogue:
        """Return the catalogue with the messages of a frame added.

        Needs message; uses timestamp where there is one. Mines again only when a tenth of the texts are new; until
        then `match` knows the templates mined last.

        Raises MissingColumnError.
        """
        frame = schema.lazy(logs, "message")
        timed = "timestamp" in frame.collect_schema().names()
        time = pl.col("timestamp").cast(schema.TIMESTAMP) if timed else pl.lit(None, dtype=schema.TIMESTAMP)
        texts = (
            frame.select(masked=mask(pl.col("message")), time=time)
            .group_by("masked")
            .agg(events=pl.len().cast(pl.Int64), first_seen=pl.col("time").min(), last_seen=pl.col("time").max())
            .with_columns(template=pl.lit(None, dtype=pl.String), name=pl.lit(None, dtype=pl.String))
            .select(list(_COLUMNS))
            .collect(engine="auto" if isinstance(logs, pl.DataFrame) else "streaming")
        )
        return self.merge(TemplateCatalogue(texts))

    def merge(self, other: TemplateCatalogue) -> TemplateCatalogue:
        """Return the catalogue of what both have seen. Of two names for one text the first in the alphabet stays."""
        texts = (
            pl.concat([self.texts, other.texts])
            .group_by("masked")
            .agg(
                pl.col("template", "name").min(),
                pl.col("events").sum(),
                pl.col("first_seen").min(),
                pl.col("last_seen").max(),
            )
            .sort("masked")
        )
        if texts.height > _MOST_TEXTS:
            texts = texts.sort("events", "masked", descending=[True, False]).head(_MOST_TEXTS).sort("masked")
        new = texts["template"].null_count()
        merged = TemplateCatalogue(texts)
        return merged._mined() if new > _NEW_SHARE * (texts.height - new) else merged

    def rename(self, names: Mapping[str, str | None]) -> TemplateCatalogue:
        """Return the catalogue with names given to templates, by template_id; None takes a name away.

        Raises InvalidArgumentError for an id that the catalogue does not hold.
        """
        mined = with_ids(self._mined().texts)
        unknown = sorted(set(names) - set(mined["template_id"]))
        if unknown:
            raise InvalidArgumentError(
                f"The catalogue holds no template {unknown[0]!r}. Hint: the ids are in catalogue.templates."
            )
        ids = pl.col("template_id")
        new = ids.replace_strict(dict(names), default=None, return_dtype=pl.String)
        named = mined.with_columns(name=pl.when(ids.is_in(list(names))).then(new).otherwise("name"))
        return TemplateCatalogue(named.select(list(_COLUMNS)))

    def match(self, logs: pl.DataFrame) -> pl.DataFrame:
        """Add template, template_id and is_known (Boolean) to new events, for the price of masking them.

        The templates are those mined last: nothing is merged. A message that none of them fits is its own template,
        masked, and not known.

        Raises MissingColumnError.
        """
        schema.lazy(logs, "message")
        rows = logs.drop("template", "template_id", "is_known", strict=False)
        rows = rows.with_columns(__masked=mask(pl.col("message")))
        known = self.texts.select("masked", "template").drop_nulls()
        fresh = rows.select(masked=pl.col("__masked").unique()).join(known, on="masked", how="anti")
        fits = match(fresh["masked"], known["template"].unique()) if fresh.height else known.clear()
        alone = fresh.join(fits, on="masked", how="anti").with_columns(template=written(tidy(pl.col("masked"))))
        found = with_ids(pl.concat([known.join(rows.select(masked="__masked"), on="masked", how="semi"), fits, alone]))
        found = found.with_columns(is_known=~pl.col("masked").is_in(alone["masked"].implode()) | self._has("template"))
        joined = rows.join(found, left_on="__masked", right_on="masked", how="left", maintain_order="left")
        return joined.drop("__masked")

    def finish(self, counted: pl.DataFrame) -> pl.DataFrame:
        """Decide the templates of counted masked messages (templates.partial) together with what was seen before.

        Returns what `templates.finish` does, and `is_known` (Boolean).
        """
        known = self.texts.select("masked", "events")
        found = finish(merge([known, counted.select("masked", "events")]))
        seen = found.join(known, on="masked", how="semi").select("template").unique()
        found = found.with_columns(is_known=pl.col("template").is_in(seen["template"].implode()))
        return counted.select("masked", "events").join(
            found.drop("events"), on="masked", how="left", maintain_order="left"
        ).select(*FOUND, "is_known")  # fmt: skip

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the catalogue to a Parquet file and return its path; a reader sees the old file or the new one."""
        target = Path(path).expanduser()
        with replace_file(target) as temporary:
            self._mined().texts.write_parquet(temporary)
        return target

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> TemplateCatalogue:
        """Read a catalogue that `save` wrote.

        Raises SourceNotFoundError, and UnreadableSourceError when the file is none.
        """
        target = Path(path).expanduser()
        if not target.is_file():
            raise SourceNotFoundError(
                f"There is no catalogue {str(target)!r}. Hint: TemplateCatalogue.save writes one."
            )
        try:
            texts = pl.read_parquet(target)
            return cls(texts.select(pl.col(name).cast(kind) for name, kind in _COLUMNS.items()))
        except pl.exceptions.PolarsError:
            raise UnreadableSourceError(
                f"{str(target)!r} is no catalogue of templates. Hint: name a file that TemplateCatalogue.save wrote."
            ) from None

    def _mined(self) -> TemplateCatalogue:
        """Return the catalogue with the templates of all its texts."""
        if not self.texts.height:
            return self
        found = finish(self.texts.select("masked", "events")).select("masked", "template")
        texts = self.texts.drop("template").join(found, on="masked", how="left", maintain_order="left")
        return TemplateCatalogue(texts.select(list(_COLUMNS)))

    def _has(self, name: str) -> pl.Expr:
        return pl.col(name).is_in(self.texts[name].drop_nulls().unique().implode())
