"""Texts against templates that are known already: the same but for what stands where a template has a wildcard.

Both are compared as they are and in the forms that mining merges variants to. They meet in hash buckets, never in
pairs: a text is hashed once for each set of slots (places of wildcards) that templates of its shape have.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from loganalytics.templates.affixes import OUTCOMES
from loganalytics.templates.masking import MASK, WILDCARD, with_kept_slashes
from loganalytics.templates.phrases import mask_phrases
from loganalytics.templates.token_arrays import TOKEN, UNSPACED, Hashes, TokenArrays, TokenKind
from loganalytics.templates.variants import VARIANTS

_MAX_SLOT_SETS = 256  # that are tried for one shape, so that time stays linear; those of most templates
_PAIRS = 1_000_000  # of a text and a set of slots that are hashed at once, so that memory stays bounded

# A word is what stands in quotes, or a token with all that is written together with it: can't, bob's.
_SUFFIX = r"'[a-z]{1,2}(?-u:\b)"
_WORD = rf"(?:\"[^\"]*\"|'[^']*'|(?:{TOKEN})(?:\.?(?:{TOKEN}))*(?:{_SUFFIX})?)"
_GLUED = f"[{UNSPACED}{MASK}]"
_AFTER = rf"(?P<after>[\"']|{_SUFFIX}|{_GLUED}*(?:\.[A-Za-z]+)?)$"
# What stands before and after the wildcard of a word that is a slot: quotes, or text of a script without blanks.
_AFFIXES = rf"^(?P<before>[\"']|{_GLUED}*?){MASK}{_AFTER}"
# Of several wildcards in such text one may be of another kind than a number: the first, or the last.
_LAST_AFFIXES = rf"^(?P<before>{_GLUED}*){MASK}{_AFTER}"
_SEVERAL = f"{MASK}[{UNSPACED}]+{MASK}"


def template_forms(templates: pl.Series) -> pl.DataFrame:
    """Return distinct templates in all their forms, for `fit_templates`.

    A template without a word of its own is left out: it would fit any text of as many words.
    """
    templates = templates.unique()
    masked = with_kept_slashes(templates.str.replace_all(WILDCARD, MASK, literal=True))
    forms = _with_variants(pl.DataFrame({"template": templates, "form": masked}))
    words = _words(forms["form"])
    forms = _with_hashes(forms, words)
    several = forms.filter(pl.col("form").str.contains(_SEVERAL))
    return pl.concat([_with_slots(forms, words, _AFFIXES), _with_slots(several, words, _LAST_AFFIXES)])


def _with_slots(forms: pl.DataFrame, words: pl.DataFrame, pattern: str) -> pl.DataFrame:
    """Add to forms where a text may differ from them, what they are sorted by, and drop those without a word."""
    affixes = pl.col("word").str.extract_groups(pattern)
    slots = words.filter(pl.col("word").str.contains(pattern)).select(
        "row",
        slot=pl.struct(
            "position",
            before=affixes.struct["before"].str.len_chars().cast(pl.Int64),
            after=affixes.struct["after"].str.len_chars().cast(pl.Int64),
        ),
        has_text=pl.col("word").str.contains(f"[{UNSPACED}]"),
    )
    slots = slots.group_by("row", maintain_order=True).agg(slots="slot", bare=(~pl.col("has_text")).sum())
    forms = forms.join(slots, on="row", how="left", maintain_order="left")
    return forms.filter(pl.col("words") > pl.col("bare").fill_null(0)).select(
        *("template", "is_variant", "shape", "slots", "hash"),
        slot_set=pl.struct("shape", "slots").hash(1),
        literals=pl.col("form").str.len_chars() - pl.col("form").str.count_matches(MASK),
        wildcards=pl.col("slots").list.len().fill_null(0),
    )


def fit_templates(masked: pl.Series, forms: pl.DataFrame) -> pl.DataFrame:
    """Return masked and template for those of the distinct masked texts that one of the templates fits.

    The template with most literal characters wins, then the one with fewest wildcards, then the first by its text.
    """
    if not len(masked) or not forms.height:
        return pl.DataFrame(schema={"masked": pl.String, "template": pl.String})
    texts = masked.to_frame("masked").with_columns(form=mask_phrases(pl.col("masked")))
    texts = _with_variants(texts)
    words = _words(texts["form"])
    texts = _with_hashes(texts, words).select("masked", "is_variant", "shape", "hash", "first_word")
    pairs = pl.concat([_with_wildcards(texts.join(sets, on="shape"), words) for sets in _slot_sets(forms, texts)])
    matches = pairs.join(forms, on=["slot_set", "hash"], suffix="_template")
    # Of "sent <*> bytes" in the form "sent <*>" the slot is for a number, not for any word.
    is_loose = pl.col("is_variant_template") & ~pl.col("is_variant") & pl.col("has_values")
    best = matches.filter(~is_loose).sort("literals", "wildcards", "template", descending=[True, False, False])
    return best.unique("masked", keep="first", maintain_order=True).select("masked", "template")


def _with_variants(texts: pl.DataFrame) -> pl.DataFrame:
    """Add to texts in the column `form` their forms after each step to the one that all their variants share."""
    step = texts.filter(pl.col("form").str.contains(rf"{MASK}|\d"))  # only values vary so
    forms = [texts.with_columns(is_variant=False)]
    for variant in VARIANTS.values():
        new = variant(step["form"])
        is_changed = new != step["form"]
        step = step.with_columns(form=new)
        forms.append(step.filter(is_changed).with_columns(is_variant=True))
    return pl.concat(forms)


def _words(forms: pl.Series) -> pl.DataFrame:
    """Return row, position, word, is_value and hash of each word; a value follows an equals sign."""
    flat = pl.DataFrame({"row": np.arange(len(forms)), "word": forms.str.extract_all(f"=?{_WORD}")})
    flat = flat.with_columns(position=pl.int_ranges(pl.col("word").list.len()))
    flat = flat.explode("word", "position", empty_as_null=False)
    is_value = pl.col("word").str.starts_with("=")
    return flat.with_columns(pl.col("word").str.strip_prefix("="), is_value=is_value).with_columns(hash=_hash())


def _hash() -> pl.Expr:
    return pl.struct("position", "word").hash(1)


def _with_hashes(forms: pl.DataFrame, words: pl.DataFrame) -> pl.DataFrame:
    """Add to forms their row, the number and place of their words, their shape, and the sum of the words' hashes."""
    counts = np.bincount(words["row"].to_numpy(), minlength=forms.height)
    return forms.with_columns(
        row=np.arange(forms.height),
        words=counts,
        first_word=np.cumsum(counts) - counts,
        shape=pl.col("form").str.replace_all(_WORD, "w").hash(1),
        hash=_sums(words["row"], words["hash"], forms.height),
    )


def _sums(groups: pl.Series, hashes: pl.Series, count: int) -> Hashes:
    sums = np.zeros(count, np.uint64)
    np.add.at(sums, groups.to_numpy(), hashes.to_numpy())
    return sums


def _slot_sets(forms: pl.DataFrame, texts: pl.DataFrame) -> list[pl.DataFrame]:
    """Return shape, slot_set and slots, in tables that make a bounded number of pairs with texts."""
    sets = forms.group_by("shape", "slot_set").agg(pl.col("slots").first(), pl.len(), first=pl.col("template").min())
    sets = sets.sort("len", "first", descending=[True, False])
    sets = sets.filter(pl.int_range(pl.len()).over("shape") < _MAX_SLOT_SETS)
    sets = sets.join(texts.group_by("shape").len("texts"), on="shape", how="left")
    sets = sets.select("shape", "slot_set", "slots", part=pl.col("texts").fill_null(0).cum_sum() // _PAIRS)
    return sets.partition_by("part", include_key=False)


def _with_wildcards(pairs: pl.DataFrame, words: pl.DataFrame) -> pl.DataFrame:
    """Give texts beside sets of slots the hash that they have with wildcards there, where wildcards may stand."""
    pairs = pairs.with_row_index("pair")
    slots = pairs.select("pair", "first_word", slot="slots").explode("slot").drop_nulls().unnest("slot")
    at = (slots["first_word"] + slots["position"]).to_numpy()
    slots = slots.with_columns(words[at].select("word", "is_value", old="hash"))
    word, before, after = pl.col("word"), pl.col("before"), pl.col("after")
    length = word.str.len_chars().cast(pl.Int64) - before - after
    is_quoted = word.str.contains("^[\"']")
    slots = slots.with_columns(
        value=word.str.slice(before, length.clip(0)),
        is_missing=(length < 0) | ((length == 0) & ~is_quoted),
        word=word.str.slice(0, before) + MASK + word.str.tail(after),
    ).with_columns(hash=_hash())
    is_refused = slots["is_missing"] | _is_outcome(slots["value"], slots["is_value"])
    refused = slots["pair"].filter(is_refused).unique()
    change = _sums(slots["pair"], slots["hash"], pairs.height) - _sums(slots["pair"], slots["old"], pairs.height)
    has_values = np.bincount(slots["pair"].filter(slots["value"] != MASK).to_numpy(), minlength=pairs.height) > 0
    pairs = pairs.with_columns(hash=pairs["hash"].to_numpy() + change, has_values=has_values)
    return pairs.filter(~pl.col("pair").is_in(refused.implode())).select(
        "masked", "is_variant", "slot_set", "hash", "has_values"
    )


def _is_outcome(values: pl.Series, is_value: pl.Series) -> pl.Series:
    """Return whether each value is a single token that says what happened; of the value of a key it must be known.

    In scripts without blanks it is enough that such a word is part of it.
    """
    texts = pl.select(pl.when(is_value).then("=" + values).otherwise(values)).to_series()
    distinct = texts.unique()
    tokens = TokenArrays(distinct)
    is_single_outcome = (tokens.token_counts == 1) & (tokens.count_by_text(tokens.kind == TokenKind.OUTCOME) == 1)
    is_outcome = pl.Series(is_single_outcome) | distinct.str.contains(OUTCOMES)
    return texts.is_in(distinct.filter(is_outcome).implode())


def with_shapes(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """Add shape (the text with w for every token), tokens, and how many are literals; drop texts without tokens."""
    masked = pl.col(column)
    frame = frame.with_columns(shape=masked.str.replace_all(TOKEN, "w"), tokens=masked.str.extract_all(TOKEN))
    tokens = pl.col("tokens").list
    literals = tokens.len().cast(pl.Int64) - tokens.count_matches(MASK)
    return frame.with_columns(literals=literals).filter(tokens.len() > 0)
