"""Values that are written together with the words around them: 用户张伟登录成功.

In scripts without blanks a token can hold a value between a fixed beginning and a fixed end. Where many different
characters follow one beginning and precede one end, among texts that are equal otherwise, the middle is a value.
Cutting such text into single characters or dictionary words instead would make wildcards of syllables.
"""

from __future__ import annotations

import polars as pl

from loganalytics.templates.masking import MASK
from loganalytics.templates.token_arrays import UNSPACED

_CUT = "\x1e"  # between a token and what stands around it; no masked text holds it
_MIN_VALUES = 5  # so many different characters follow the beginning and precede the end
_MIN_BARE_VALUES = 20  # where the value has no fixed text on one side and what is left may be the verb
# What else may vary in texts that are equal otherwise: quoted text, identifiers, words with digits.
_WORD = rf"[A-Za-z0-9{MASK}]"
_LOOSE = rf"\"[^\"]*\"|'[^']*'|{_WORD}+(?:[._\-/]{_WORD}+)+|[A-Za-z]*[0-9{MASK}]{_WORD}*"
_MAX_LENGTH = 40
_MAX_ROUNDS = 4

# Words for what happened; a middle that holds one is no value.
OUTCOMES = (
    "失败|成功|错误|异常|超时|拒绝|取消|完成|开始|停止|启动|关闭|恢复|断开|创建|删除|更新|提交|支付|退款"
    "|発生|失敗|完了|開始|終了"
)


def merge_affixed(texts: pl.DataFrame) -> pl.DataFrame:
    """Return `text` and `new` for those that change; `texts` has `text` (distinct)."""
    text = pl.col("text")
    not_ascii = texts.filter(text.str.len_bytes() > text.str.len_chars())  # cheaper, and enough for most logs
    unspaced = not_ascii.filter(text.str.contains(f"[{UNSPACED}]{{2}}")).select("text", new="text")
    for _ in range(_MAX_ROUNDS if unspaced.height >= _MIN_VALUES else 0):
        found = _with_wildcards(unspaced["new"].unique())
        if not found.height:
            break
        unspaced = unspaced.join(found, left_on="new", right_on="old", how="left", maintain_order="left").select(
            "text", new=pl.coalesce("new_right", "new")
        )
    return unspaced.filter(pl.col("new") != pl.col("text"))


def _with_wildcards(texts: pl.Series) -> pl.DataFrame:
    """Return old and new text where a token holds a value that varies."""
    values = _values(_competing(texts))
    # One token a text and round: the others then see texts that are equal more often.
    values = values.sort("row", pl.col("token").str.len_chars(), "before", descending=[False, True, False])
    first = values.unique("row", keep="first", maintain_order=True)
    token, start, end = pl.col("token"), pl.col("start"), pl.col("end")
    middle = token.str.slice(0, start) + MASK + token.str.slice(token.str.len_chars() - end)
    new = (pl.col("before") + middle + pl.col("after")).str.replace_all(f"{MASK}{{2,}}", MASK)
    return first.select(old=texts.gather(first["row"]), new=new)


def _competing(texts: pl.Series) -> pl.DataFrame:
    """Return the tokens without blanks beside which texts are equal: row, token, context, before, after, is_bare.

    A token that names the event, or that follows a wildcard, may be the verb.
    """
    cut = texts.str.replace_all(f"([{UNSPACED}]{{2,}})", f"{_CUT}${{1}}{_CUT}").str.split(_CUT)
    table = pl.DataFrame({"row": pl.int_range(len(texts), eager=True), "segment": cut})
    flat = table.with_columns(number=pl.int_ranges(pl.col("segment").list.len())).explode("segment", "number")
    tokens = flat.filter(pl.col("number") % 2 == 1).join(table.rename({"segment": "segments"}), on="row")
    segments, number = pl.col("segments").list, pl.col("number")
    tokens = tokens.select(
        "row",
        token="segment",
        before=segments.head(number).list.join(""),
        after=segments.slice(number + 1).list.join(""),
    )
    may_be_verb = (pl.col("before") == "") | pl.col("before").str.ends_with(MASK)
    tokens = tokens.with_columns(
        context=pl.struct(pl.col("before", "after").str.replace_all(_LOOSE, MASK)).rank("dense"), is_bare=may_be_verb
    )
    return tokens.filter(pl.col("token").n_unique().over("context") >= _MIN_VALUES)


def _values(tokens: pl.DataFrame) -> pl.DataFrame:
    """Return the tokens that hold a value, with the lengths of the fixed text before (`start`) and after it (`end`)."""
    tokens = _boundary(tokens.with_columns(prefix=pl.lit("")), "start", from_end=False)
    tokens = tokens.with_columns(prefix=pl.col("token").str.slice(0, pl.col("start")))
    tokens = _boundary(tokens, "end", from_end=True)
    fixed, length = pl.col("start") + pl.col("end"), pl.col("token").str.len_chars()
    tokens = tokens.filter((fixed > 0) & (fixed < length))
    middle = pl.col("token").str.slice(pl.col("start"), length - fixed)
    tokens = tokens.with_columns(suffix=pl.col("token").str.slice(length - pl.col("end")), middle=middle)
    tokens = tokens.filter(~pl.col("middle").str.contains(OUTCOMES))
    values = pl.col("middle").n_unique().over("context", "prefix", "suffix")
    is_open = (pl.col("start") == 0) | (pl.col("end") == 0)
    required = pl.when(is_open & pl.col("is_bare")).then(_MIN_BARE_VALUES).otherwise(_MIN_VALUES)
    return tokens.filter(values >= required)


def _boundary(tokens: pl.DataFrame, name: str, *, from_end: bool) -> pl.DataFrame:
    """Add the length of fixed text at one end of each token, beside which many different characters stand.

    Zero where no fixed text has enough different characters beside it.
    """
    distinct = tokens.select("context", "prefix", "token", rest=_rest(from_end=from_end)).unique()
    length = pl.col("rest").str.len_chars()
    cuts = distinct.with_columns(
        size=pl.int_ranges(1, pl.min_horizontal(length, pl.lit(_MAX_LENGTH, dtype=pl.UInt32)))
    ).explode("size", empty_as_null=False)
    fixed, beside = pl.col("rest").str.slice(0, pl.col("size")), pl.col("rest").str.slice(pl.col("size"), 1)
    if from_end:
        fixed, beside = pl.col("rest").str.tail(pl.col("size")), pl.col("rest").str.slice(-pl.col("size") - 1, 1)
    cuts = cuts.with_columns(fixed=fixed, beside=beside)
    cuts = cuts.with_columns(branches=pl.col("beside").n_unique().over("context", "prefix", "fixed"))
    # The shortest one: a surname is part of the name. A longer one only where half as many again stand beside it.
    cuts = cuts.filter(pl.col("branches") >= _MIN_VALUES)
    most = pl.col("branches").max().over("context", "prefix", "token")
    best = (
        cuts.filter(pl.col("branches") * 3 >= most * 2)
        .sort("size")
        .unique(["context", "prefix", "token"], keep="first")
        .select("context", "prefix", "token", pl.col("size").cast(pl.Int64).alias(name))
    )
    joined = tokens.join(best, on=["context", "prefix", "token"], how="left", maintain_order="left")
    return joined.with_columns(pl.col(name).fill_null(0))


def _rest(*, from_end: bool) -> pl.Expr:
    """Return the token without the beginning that is fixed already."""
    return pl.col("token").str.slice(pl.col("prefix").str.len_chars()) if from_end else pl.col("token")
