"""The catalogue of templates: ids, names and first-seen times last from one run to the next."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from loganalytics import schema
from loganalytics.atomic_write import replace_file
from loganalytics.exceptions import InvalidArgumentError, SourceNotFoundError, UnreadableSourceError
from loganalytics.templates.masking import mask, mask_phrases
from loganalytics.templates.matching import match_templates
from loganalytics.templates.mining import TEMPLATE_SCHEMA, finish, merge, to_template, with_template_ids

_COLUMNS = {
    "masked": pl.String(),
    "template": pl.String(),
    "name": pl.String(),
    "events": pl.Int64(),
    "first_seen": schema.TIMESTAMP,
    "last_seen": schema.TIMESTAMP,
}
_MAX_TEXTS = 1_000_000
_REMINE_SHARE = 0.1  # `update` mines again when more new texts came than this share of the known ones


@dataclass(frozen=True, repr=False, eq=False)
class TemplateCatalogue:
    """The templates seen so far: when first and last, how often, and what people call them.

    A catalogue does not change: `update`, `merge` and `rename` return a new one. It holds the counts that mining
    starts from, not only the templates, so parts of a log, in any split and any order, give the same templates as the
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
        table = with_template_ids(self._mined().texts.group_by("template").agg(
            pl.col("name").min(), pl.col("events").sum(), pl.col("first_seen").min(), pl.col("last_seen").max()
        ))  # fmt: skip
        columns = ("template_id", "template", "name", "events", "first_seen", "last_seen")
        return table.select(columns).sort("events", "template", descending=[True, False])

    def update(self, logs: schema.Frame) -> TemplateCatalogue:
        """Return the catalogue with the messages of a frame added.

        Needs message; uses timestamp where there is one. Mines again only once the new texts are more
        than a tenth of the known ones; until then `match` knows the templates mined last.

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
        """Return the catalogue of what both have seen; of two names for one text the first in the alphabet stays."""
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
        if texts.height > _MAX_TEXTS:
            texts = texts.sort("events", "masked", descending=[True, False]).head(_MAX_TEXTS).sort("masked")
        new = texts["template"].null_count()
        merged = TemplateCatalogue(texts)
        return merged._mined() if new > _REMINE_SHARE * (texts.height - new) else merged

    def rename(self, names: Mapping[str, str | None]) -> TemplateCatalogue:
        """Return the catalogue with names given to templates, by template_id; None takes a name away.

        Raises InvalidArgumentError for an id that the catalogue does not hold.
        """
        mined = with_template_ids(self._mined().texts)
        unknown = sorted(set(names) - set(mined["template_id"]))
        if unknown:
            raise InvalidArgumentError(
                f"The catalogue holds no template {unknown[0]!r}. Hint: the ids are in catalogue.templates."
            )
        ids = pl.col("template_id")
        new_names = ids.replace_strict(dict(names), default=None, return_dtype=pl.String)
        renamed = mined.with_columns(name=pl.when(ids.is_in(list(names))).then(new_names).otherwise("name"))
        return TemplateCatalogue(renamed.select(list(_COLUMNS)))

    def match(self, logs: pl.DataFrame) -> pl.DataFrame:
        """Add template, template_id and is_known (Boolean) to new events, for the price of masking them.

        The templates are those mined last: nothing is merged. A message that none of them fits is its own template,
        masked, and not known.

        Raises MissingColumnError.
        """
        schema.lazy(logs, "message")
        rows = logs.drop("template", "template_id", "is_known", strict=False)
        rows = rows.with_columns(__masked=mask(pl.col("message")))
        mined = self.texts.select("masked", "template").drop_nulls()
        masked = rows.select(masked=pl.col("__masked").unique())
        templates = self._match_new(masked.join(mined, on="masked", how="anti"), mined)
        templates = pl.concat([mined.join(masked, on="masked", how="semi").with_columns(is_known=True), templates])
        templates = with_template_ids(templates).select("masked", "template", "template_id", "is_known")
        joined = rows.join(templates, left_on="__masked", right_on="masked", how="left", maintain_order="left")
        return joined.drop("__masked")

    def _match_new(self, new: pl.DataFrame, mined: pl.DataFrame) -> pl.DataFrame:
        """Return masked, template and is_known of masked texts that the catalogue does not hold."""
        fits = match_templates(new["masked"], mined["template"].unique()) if new.height else mined.clear()
        alone = new.join(fits, on="masked", how="anti")
        alone = alone.with_columns(template=to_template(mask_phrases(pl.col("masked"))))
        return pl.concat([fits.with_columns(is_known=True), alone.with_columns(is_known=self._has("template"))])

    def finish(self, counted: pl.DataFrame) -> pl.DataFrame:
        """Decide the templates of counted masked messages (templates.partial) together with those of the catalogue.

        Returns what `templates.finish` does, and `is_known` (Boolean).
        """
        counts, known_counts = counted.select("masked", "events"), self.texts.select("masked", "events")
        templates = finish(merge([known_counts, counts]))
        known_templates = templates.join(known_counts, on="masked", how="semi")["template"].unique()
        templates = templates.with_columns(is_known=pl.col("template").is_in(known_templates.implode()))
        joined = counts.join(templates.drop("events"), on="masked", how="left", maintain_order="left")
        return joined.select(*TEMPLATE_SCHEMA, "is_known")

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the catalogue to a Parquet file and return its path; a reader sees the old file or the new one."""
        target = Path(path).expanduser()
        with replace_file(target) as temporary:
            self._mined().texts.write_parquet(temporary)
        return target

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> TemplateCatalogue:
        """Read a catalogue that `save` wrote.

        Raises SourceNotFoundError, and UnreadableSourceError for any other file.
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
                f"{str(target)!r} is not a catalogue of templates. Hint: name a file that TemplateCatalogue.save wrote."
            ) from None

    def _mined(self) -> TemplateCatalogue:
        """Return the catalogue with the templates of all its texts."""
        if not self.texts.height:
            return self
        templates = finish(self.texts.select("masked", "events")).select("masked", "template")
        texts = self.texts.drop("template").join(templates, on="masked", how="left", maintain_order="left")
        return TemplateCatalogue(texts.select(list(_COLUMNS)))

    def _has(self, name: str) -> pl.Expr:
        return pl.col(name).is_in(self.texts[name].drop_nulls().unique().implode())
