"""The catalogue of templates: ids, names and first-seen times last from one run to the next."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import polars as pl

from loganalytics import schema
from loganalytics.atomic_write import replace_file
from loganalytics.exceptions import InvalidArgumentError, SourceNotFoundError, UnreadableSourceError
from loganalytics.file_lock import file_lock
from loganalytics.templates.masking import mask
from loganalytics.templates.matching import fit_templates, template_forms
from loganalytics.templates.mining import TEMPLATE_SCHEMA, finish, to_template, with_template_ids
from loganalytics.templates.phrases import mask_phrases

_COLUMNS = {
    "masked": pl.String(),
    "template": pl.String(),
    "name": pl.String(),
    "events": pl.Int64(),
    "first_seen": schema.TIMESTAMP,
    "last_seen": schema.TIMESTAMP,
}
_MAX_TEXTS = 1_000_000
_MASKED = "__masked"
_NO_TEXT = pl.lit(None, dtype=pl.String)


@dataclass(frozen=True, repr=False, eq=False)
class TemplateCatalogue:
    """The templates seen so far: when first and last, how often, and what people call them.

    A catalogue does not change: `update`, `merge` and `rename` return a new one. A text that it holds keeps its
    template and id for good, whatever comes later. A new text takes the template that fits it; those that none fits are
    mined together with the counts of all that the catalogue holds.

    What one `update` of an empty catalogue has added is decided only when it is needed. Until then it is counts, so
    catalogues of the parts of a log, merged in any order, give the same templates as the whole log.
    Of more than a million distinct masked texts the rarest are forgotten, but one text of each template stays.

    Attributes:
        texts: one row a distinct masked message: masked, template (null until decided), name, events, first_seen,
            last_seen.

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

    @cached_property
    def templates(self) -> pl.DataFrame:
        """The templates: template_id, template, name (null: none given), events, first_seen, last_seen.

        Sorted by events, then by template.
        """
        table = with_template_ids(self._frozen.texts.group_by("template").agg(
            pl.col("name").min(), pl.col("events").sum(), pl.col("first_seen").min(), pl.col("last_seen").max()
        ))  # fmt: skip
        columns = ("template_id", "template", "name", "events", "first_seen", "last_seen")
        return table.select(columns).sort("events", "template", descending=[True, False])

    def update(self, logs: schema.Frame) -> TemplateCatalogue:
        """Return the catalogue with the messages of a frame added.

        Needs message; uses timestamp where there is one. What the catalogue holds keeps its templates, so of updates
        the first decides.

        Raises MissingColumnError.
        """
        frame = schema.lazy(logs, "message")
        timed = "timestamp" in frame.collect_schema().names()
        time = pl.col("timestamp").cast(schema.TIMESTAMP) if timed else pl.lit(None, dtype=schema.TIMESTAMP)
        texts = (
            frame.select(masked=mask(pl.col("message")), time=time)
            .group_by("masked")
            .agg(events=pl.len().cast(pl.Int64), first_seen=pl.col("time").min(), last_seen=pl.col("time").max())
            .with_columns(template=_NO_TEXT, name=_NO_TEXT)
            .select(list(_COLUMNS))
            .collect(engine="auto" if isinstance(logs, pl.DataFrame) else "streaming")
        )
        return self._frozen.merge(TemplateCatalogue(texts))

    def merge(self, other: TemplateCatalogue) -> TemplateCatalogue:
        """Return the catalogue of what both have seen.

        Templates stay that were decided by `update`, `rename` or `save`; all other texts are decided together. Of two
        templates or names for one text the first in the alphabet stays.
        """
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
        return TemplateCatalogue(_most_frequent(texts))

    def rename(self, names: Mapping[str, str | None]) -> TemplateCatalogue:
        """Return the catalogue with names given to templates, by template_id; None takes a name away.

        Raises InvalidArgumentError for an id that the catalogue does not hold.
        """
        texts = with_template_ids(self._frozen.texts)
        unknown = sorted(set(names) - set(texts["template_id"]))
        if unknown:
            raise InvalidArgumentError(
                f"The catalogue holds no template {unknown[0]!r}. Hint: the ids are in catalogue.templates."
            )
        ids = pl.col("template_id")
        new_names = ids.replace_strict(dict(names), default=None, return_dtype=pl.String)
        renamed = texts.with_columns(name=pl.when(ids.is_in(list(names))).then(new_names).otherwise("name"))
        return TemplateCatalogue(renamed.select(list(_COLUMNS)))

    def match(self, logs: pl.DataFrame) -> pl.DataFrame:
        """Add template, template_id and is_known (Boolean) to new events, for the price of masking them.

        Nothing is mined: a message that no template fits is its own template, masked, and not known.

        Raises MissingColumnError.
        """
        schema.lazy(logs, "message")
        rows = logs.drop("template", "template_id", "is_known", strict=False)
        rows = rows.with_columns(mask(pl.col("message")).alias(_MASKED))
        held = self._frozen.texts.select(pl.col("masked").alias(_MASKED), "template")
        texts = rows.select(pl.col(_MASKED).unique()).join(held, on=_MASKED, how="left").rename({_MASKED: "masked"})
        own_template = to_template(mask_phrases(pl.col("masked")))
        texts = _fitted(texts, self._frozen._forms).with_columns(pl.col("template").fill_null(own_template))
        is_known = pl.col("template").is_in(held["template"].unique().implode())
        templates = with_template_ids(texts).select("masked", "template", "template_id", is_known=is_known)
        joined = rows.join(templates, left_on=_MASKED, right_on="masked", how="left", maintain_order="left")
        return joined.drop(_MASKED)

    def finish(self, counted: pl.DataFrame) -> pl.DataFrame:
        """Decide the templates of counted masked messages (templates.partial): those that fit, then the others.

        Returns what `templates.finish` does, and `is_known` (Boolean): whether the catalogue has the template, or holds
        a text to which mining gives the same one.
        """
        counts = counted.select("masked", "events", template=_NO_TEXT)
        held = self._frozen.texts.select(counts.columns)
        both = pl.concat([held, counts]).group_by("masked").agg(pl.col("events").sum(), pl.col("template").min())
        decided = _decided(both, self._frozen._forms)
        of_held = decided.join(held, on="masked", how="semi")
        known = pl.concat([of_held["template"], of_held["mined"]]).unique()
        templates = with_template_ids(decided.with_columns(is_known=pl.col("template").is_in(known.implode())))
        joined = counts.drop("template").join(templates.drop("events"), on="masked", how="left", maintain_order="left")
        return joined.select(*TEMPLATE_SCHEMA, "is_known")

    @classmethod
    def update_file(cls, path: str | os.PathLike[str], logs: schema.Frame) -> TemplateCatalogue:
        """Add the messages of a frame to the catalogue in a file, which is made if it is not there, and return it.

        Of several runs that do so at once each waits for the one before it, so that what any of them adds stays;
        with `load`, `update` and `save` one would write over the other.

        Raises MissingColumnError, UnreadableSourceError, and FileInUseError after a minute of waiting.
        """
        target = Path(path).expanduser()
        with file_lock(target):
            catalogue = (cls.load(target) if target.exists() else cls()).update(logs)
            catalogue.save(target)
        return catalogue

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the catalogue to a Parquet file and return its path; a reader sees the old file or the new one."""
        target = Path(path).expanduser()
        with replace_file(target) as temporary:
            self._frozen.texts.write_parquet(temporary)
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
            texts = pl.read_parquet(target.read_bytes())  # opened once: another run may replace the file meanwhile
            return cls(texts.select(pl.col(name).cast(kind) for name, kind in _COLUMNS.items()))
        except pl.exceptions.PolarsError:
            raise UnreadableSourceError(
                f"{str(target)!r} is not a catalogue of templates. Hint: name a file that TemplateCatalogue.save wrote."
            ) from None

    @cached_property
    def _frozen(self) -> TemplateCatalogue:
        """The catalogue with a template for each text."""
        if not self.texts["template"].null_count():
            return self
        templates = _decided(self.texts.select("masked", "events", "template"), self._forms)
        texts = self.texts.drop("template").join(templates, on="masked", how="left", maintain_order="left")
        return TemplateCatalogue(texts.select(list(_COLUMNS)))

    @cached_property
    def _forms(self) -> pl.DataFrame:
        """The templates that are decided, for `fit_templates`."""
        return template_forms(self.texts["template"].drop_nulls())


def _fitted(texts: pl.DataFrame, forms: pl.DataFrame) -> pl.DataFrame:
    """Fill in the template of texts that have none but fit one."""
    fits = fit_templates(texts.filter(pl.col("template").is_null())["masked"], forms)
    fits = fits.rename({"template": "fitting"})
    texts = texts.join(fits, on="masked", how="left", maintain_order="left")
    return texts.with_columns(pl.col("template").fill_null(pl.col("fitting"))).drop("fitting")


def _decided(texts: pl.DataFrame, forms: pl.DataFrame) -> pl.DataFrame:
    """Fill in the templates that texts lack, by fit or else by mining; add what mining gives all, or null."""
    texts = _fitted(texts, forms)
    if not texts["template"].null_count():
        return texts.with_columns(mined=_NO_TEXT)
    mined = finish(texts.select("masked", "events")).select("masked", mined="template")
    texts = texts.join(mined, on="masked", how="left", maintain_order="left")
    return texts.with_columns(pl.col("template").fill_null(pl.col("mined")))


def _most_frequent(texts: pl.DataFrame) -> pl.DataFrame:
    """Leave out the rarest texts where there are too many, but no template as a whole."""
    if texts.height <= _MAX_TEXTS:
        return texts
    by_events = texts.sort("events", "masked", descending=[True, False])
    represents = pl.col("template").is_first_distinct()
    return by_events.sort(represents, descending=True, maintain_order=True).head(_MAX_TEXTS).sort("masked")
