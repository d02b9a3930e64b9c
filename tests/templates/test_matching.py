"""Texts against templates that are known: what a wildcard takes, which forms meet, and which template wins."""

from __future__ import annotations

import itertools

import polars as pl
import pytest

from loganalytics.templates.masking import MASK
from loganalytics.templates.matching import fit_templates, template_forms


def fitting(text: str, *templates: str) -> str | None:
    """Return the template that a masked text, written with * for a variable, is given."""
    masked = pl.Series("masked", [text.replace("*", MASK)])
    fits = fit_templates(masked, template_forms(pl.Series([template.replace("*", "<*>") for template in templates])))
    return fits["template"].item().replace("<*>", "*") if fits.height else None


def test_a_wildcard_takes_a_variable_or_a_word() -> None:
    """And what is no wildcard is the same in both."""
    assert fitting("user * left", "user * left") == "user * left"
    assert fitting("user bob left", "user * left") == "user * left"
    assert fitting("user bob came", "user * left") is None
    assert fitting("user bob, left", "user * left") is None
    assert fitting('user "bob b." left', 'user "*" left') == 'user "*" left'
    assert fitting('user "" left', 'user "*" left') == 'user "*" left'
    assert fitting("can't find bob, won't retry", "can't find *, won't retry") == "can't find *, won't retry"
    assert fitting("bob's session ended", "*'s session ended") == "*'s session ended"
    assert fitting("user 'bob b.' left", 'user "*" left') is None
    assert fitting('user "bob left', 'user "*" left') is None
    assert fitting("user * left", "user bob left") is None


def test_a_wildcard_takes_no_outcome() -> None:
    """What failed is another event than what a name stands for; the value of a key is a name."""
    assert fitting("backup failed today", "backup * today") is None
    assert fitting("cost of database=billing", "cost of database=*") == "cost of database=*"


def test_a_wildcard_takes_what_is_written_together_with_words() -> None:
    """In scripts without blanks, between what stands before it and behind it."""
    assert fitting("用户张伟登录成功", "用户*登录成功") == "用户*登录成功"
    assert fitting("用户王芳*登录成功, 耗时*毫秒", "用户*登录成功, 耗时*毫秒") == "用户*登录成功, 耗时*毫秒"
    assert fitting("用户张伟登录失败", "用户*登录成功") is None
    assert fitting("用户登录成功", "用户*登录成功") is None
    assert fitting("用户张伟登录*次", "用户*登录*次") == "用户*登录*次"
    assert fitting("*号用户张伟登录", "*号用户*登录") == "*号用户*登录"
    assert fitting("任务下载失败", "任务*") is None
    assert fitting("用户张伟登录成功", "用户*", "用户*登录成功", "*成功") == "用户*登录成功"
    assert fitting("下载文件：论文.pdf", "下载文件：*.pdf") == "下载文件：*.pdf"
    assert fitting("nodes ready", "node* ready") is None


@pytest.mark.parametrize(
    ("text", "template"),
    [
        ("sent * (* KB), done", "sent * bytes, done"),
        ("sent * bytes, done", "sent * (* KB), done"),
        ("sent *, done", "sent * bytes, done"),
        ("took * minutes", "took * seconds"),
        ("items * []", "items * [*]"),
        ("from * () at *", "from * (*) at *"),
        ("from * (*) at *", "from * () at *"),
        ("ids *, *, *", "ids *, *"),
        ("ids *, *, *", "ids *"),
        ("ids *", "ids *, *"),
        ("user bob sent * (* KB)", "user * sent * bytes"),
        ('{"kind": *, "of": [*, *]}', '{"kind": *, "of": [*]}'),
    ],
)
def test_variants_of_a_template_fit_it(text: str, template: str) -> None:
    """Units, brackets, lists of another length and quoted values, where mining would merge the two."""
    assert fitting(text, template) == template


@pytest.mark.parametrize(
    ("text", "template"),
    [
        ("sent bob", "sent * bytes"),
        ("ids bob", "ids *, *"),
        ("from host8 at *", "from host7 at *"),
        ('event "logout" at *', 'event "login" at *'),
        ("to db:* now", "to web:* now"),
        ('{"a": *}', '{"b": *}'),
    ],
)
def test_a_word_of_a_template_is_no_variable(text: str, template: str) -> None:
    """A number with a unit is not any word, and a name in quotes or before a port is what the template says."""
    assert fitting(text, template) is None


def test_the_most_literal_template_wins() -> None:
    """Then the one with fewest wildcards, then the first by its text, in whatever order they are given."""
    for templates in itertools.permutations(["user * left *", "user * left home", "user * * home"]):
        assert fitting("user bob left home", *templates) == "user * left home"
    assert fitting("sent * KB", "sent * bytes", "sent * KB") == "sent * KB"
    assert fitting("list []", "list [*]", "list []") == "list []"
    assert fitting("a b", "a *", "* b") == "* b"


def test_a_template_without_words_fits_nothing() -> None:
    """It would fit any text of as many words."""
    assert fitting("hello", "*") is None
    assert fitting("hello: world", "*: *") is None
    assert fitting("hello world", "hello *") == "hello *"


def test_256_sets_of_wildcards_are_tried() -> None:
    """For one shape; more would make the time grow with the product of texts and templates."""
    words = [f"w{i}" for i in range(24)]
    pairs = list(itertools.combinations(range(24), 2))[:257]
    lines = [" ".join("<*>" if i in pair else word for i, word in enumerate(words)) for pair in pairs]
    templates = pl.Series("template", lines)
    fits = fit_templates(templates.str.replace_all("<*>", "zz", literal=True), template_forms(templates))
    assert set(lines) - set(fits["template"]) == {max(lines)}


def test_nothing_fits_nothing() -> None:
    """No texts, no templates, and texts without a word."""
    none = pl.Series([], dtype=pl.String)
    forms = template_forms(pl.Series(["a <*>", "", "..."]))
    assert fit_templates(none, forms).schema == {"masked": pl.String, "template": pl.String}
    assert fit_templates(pl.Series(["a"]), template_forms(none)).schema == {"masked": pl.String, "template": pl.String}
    assert fit_templates(pl.Series(["", "...", MASK]), forms).is_empty()


def test_texts_and_templates_of_one_shape_do_not_meet_in_pairs() -> None:
    """A hundred thousand of each would be ten thousand million pairs."""
    names = pl.select(
        pl.format("{} {}", pl.int_range(100_000).cast(pl.String).str.replace_all(r"\d", "x$0"), pl.lit("*"))
    )
    templates = names.to_series().str.replace("*", "<*>", literal=True)
    texts = names.to_series().str.replace("*", "abc", literal=True)
    fits = fit_templates(texts, template_forms(templates))
    assert fits.height == 100_000
    assert (fits["template"].str.replace("<*>", "abc", literal=True) == fits["masked"]).all()
