"""What a condition in SQL may be: comparisons of columns, and nothing that reaches beyond the rows.

At a database server it becomes part of a query, with the rights of the login; over frames a sub-select could read
files. So it is read as tokens, in what all dialects agree on, and only what is known is let through: columns, literals,
operators, and at servers those functions alone that compute a value from their arguments. Sub-selects, comments, and
functions that read files, wait, write or call others are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from loganalytics.exceptions import InvalidArgumentError

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
    |(?P<comment>--|/\*)
    |(?P<string>'(?:[^']|'')*')
    |(?P<quoted>"(?:[^"]|"")*")
    |(?P<backtick>`(?:[^`]|``)*`)
    |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?!\w))
    |(?P<word>[^\W\d]\w*)
    |(?P<operator><=>|<>|!=|<=|>=|->>|->|\#>>|\#>|@>|<@|!~\*|!~|~\*|\|\||\?\||\?&|&&|::|==|[-=<>+*/%~?&|^.,()])
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_FUNCTIONS = frozenset([
    "abs", "age", "any", "all", "array", "ascii", "btrim", "cast", "ceil", "ceiling", "char", "char_length",
    "character_length", "coalesce", "concat", "concat_ws", "contains", "convert", "current_date",
    "current_timestamp", "date", "date_add", "date_format", "date_part", "date_sub", "date_trunc", "datediff",
    "datetime", "day", "dayofweek", "dayofyear", "decimal", "ends_with", "epoch", "epoch_ms", "exp", "extract",
    "floor", "from_unixtime", "glob", "greatest", "hour", "if", "ifnull", "iif", "instr", "isnull",
    "json_array_length", "json_contains", "json_extract", "json_extract_path", "json_extract_path_text",
    "json_extract_string", "json_type", "json_typeof", "json_unquote", "json_valid", "json_value",
    "jsonb_array_length", "jsonb_exists", "jsonb_extract_path", "jsonb_extract_path_text", "jsonb_typeof",
    "julianday", "least", "left", "length", "like", "list_contains", "ln", "localtime", "localtimestamp",
    "locate", "log", "log10", "lower", "ltrim", "make_interval", "microsecond", "minute", "mod", "month", "now",
    "nullif", "numeric", "octet_length", "position", "power", "prefix", "quarter", "regexp", "regexp_instr",
    "regexp_like", "regexp_matches", "regexp_replace", "regexp_substr", "replace", "right", "round", "rtrim",
    "second", "sign", "some", "split_part", "sqrt", "starts_with", "str_to_date", "strftime", "strpos",
    "strptime", "substr", "substring", "suffix", "time", "timestamp", "timestampdiff", "to_char", "to_date",
    "to_timestamp", "trim", "trunc", "truncate", "try_cast", "typeof", "unix_timestamp", "unixepoch", "upper",
    "utc_timestamp", "varchar", "week", "weekday", "year",
])  # fmt: skip
# Of these, and of those that Polars has beside them, what makes no text much longer than its arguments.
_FORMATTING = frozenset(["strftime", "date_format", "from_unixtime", "to_char"])
_AGGREGATES = frozenset(["avg", "count", "max", "median", "min", "stddev", "sum", "variance"])
_BOUNDED = (
    _FUNCTIONS - {"concat", "concat_ws", "replace", "regexp_replace", "array", "make_interval"}
    | _AGGREGATES | {"cbrt", "initcap", "isnan", "reverse"}
)  # fmt: skip
_MAX_CHARACTERS, _MAX_CONCATENATIONS = 2_000, 8
_WORDS_BEFORE_PARENTHESIS = frozenset([
    "and", "or", "not", "in", "like", "ilike", "rlike", "regexp", "between", "is", "then", "when", "else",
    "case", "escape", "to", "on", "div", "mod",
])  # fmt: skip
# What begins a sub-select or belongs to one; a column of such a name needs quotes.
_REFUSED_WORDS = frozenset(["select", "table", "values", "with", "from", "into", "union", "intersect", "except"])
_AFTER = {"from": {"distinct"}, "with": {"timestamp", "time"}}
"""Words that are refused but after these: is distinct from, timestamp with time zone."""
_WITHIN = {"from": {"extract", "substring", "trim"}}
"""Words that are refused but as arguments of these: extract(hour from created)."""
_QUOTED = ("string", "quoted", "backtick")
_LOCAL = "frame"
_OUTSIDE_OF_QUOTES = {"mysql": "`", "sqlite": "`", "postgresql": "#", "duckdb": "", _LOCAL: "[]"}
"""What may stand there in some dialects alone: in others it begins a name or a comment."""
_HINT = "Hint: a condition compares columns, as in duration_ms > 500 and message like '%timeout%'"


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str

    @property
    def name(self) -> str:
        """What it is called, where it may be a function."""
        return (self.text[1:-1] if self.kind in ("quoted", "backtick") else self.text).lower()


def check_condition(condition: str, dialect: str) -> None:
    """Raise InvalidArgumentError for a condition that may do more than to compare columns.

    `dialect`: postgresql, mysql, sqlite, duckdb, or "frame" for conditions over log frames, whose functions are all
    harmless.
    """
    enclosing: list[str] = []
    before = _Token("start", "")
    for token in _tokens(condition, dialect):
        if token.text == "(":
            enclosing.append(_function_before(condition, before, dialect))
        elif token.text == ")":
            if not enclosing:
                raise _refusal(condition, "its parentheses do not match", dialect)
            enclosing.pop()
        elif token.kind == "word" and token.name in _REFUSED_WORDS:
            _check_word(condition, token.name, before.name, enclosing, dialect)
        before = token
    if enclosing or before.kind == "start":
        raise _refusal(condition, "its parentheses do not match" if enclosing else "it is empty", dialect)


def is_row_by_row(condition: str) -> bool:
    """Whether a condition over frames says the same of an event whatever the others are: it has no average."""
    return _AGGREGATES.isdisjoint(_functions(condition, _tokens(condition, _LOCAL)))


def check_growth(condition: str) -> None:
    """Raise InvalidArgumentError for a condition over frames that may make texts of any size: replace, repeat, lpad.

    One that compares with an average is evaluated over all events at once, and may not write times as text either.
    """
    tokens = _tokens(condition, _LOCAL)
    row_by_row = is_row_by_row(condition)
    allowed = _BOUNDED if row_by_row else _BOUNDED - _FORMATTING
    for name in _functions(condition, tokens):
        if name not in allowed:
            raise _refusal(condition, f"the function {name} may make texts of any size", _LOCAL)
    joins = sum(token.text == "||" for token in tokens)
    if len(condition) > _MAX_CHARACTERS or joins > (_MAX_CONCATENATIONS if row_by_row else 0):
        raise _refusal(condition[:80] + " …", "it is too long, or joins too many texts", _LOCAL)


def _functions(condition: str, tokens: list[_Token]) -> list[str]:
    names = [_function_before(condition, before, _LOCAL) for before, token in pairwise(tokens) if token.text == "("]
    return list(filter(None, names))


def _tokens(condition: str, dialect: str) -> list[_Token]:
    tokens, end_of_word = [], -1
    for match in _TOKEN.finditer(condition):
        token = _Token(str(match.lastgroup), match[0])
        _check_token(condition, token, dialect)
        if token.kind == "string" and match.start() == end_of_word:
            raise _refusal(condition, f"it has a prefix before the text {token.text}", dialect)
        if token.kind == "word":
            end_of_word = match.end()
        if token.kind != "space":
            tokens.append(token)
    return tokens


def _check_token(condition: str, token: _Token, dialect: str) -> None:
    if token.kind == "comment":
        reason = f"it has a comment ({token.text}; a minus before a minus needs a blank)"
        raise _refusal(condition, reason, dialect)
    is_special = token.kind in ("other", "backtick") or token.text.startswith("#")
    if is_special and token.text[0] not in _OUTSIDE_OF_QUOTES[dialect]:
        raise _refusal(condition, f"the character {token.text[0]!r} may not stand outside of quotes", dialect)
    # Whether a backslash takes the quote behind it along depends on the server's settings.
    if dialect != _LOCAL and token.kind in _QUOTED and re.search(r"""\\['"`]|\0""", token.text):
        reason = f"a backslash before a quote is ambiguous ({token.text}); a quote is written twice"
        raise _refusal(condition, reason, dialect)


def _function_before(condition: str, before: _Token, dialect: str) -> str:
    """Return the name of the function whose arguments begin; empty where the parenthesis only groups."""
    if before.kind not in ("word", "quoted", "backtick"):
        return ""
    if before.kind == "word" and before.name in _WORDS_BEFORE_PARENTHESIS:
        return ""
    if dialect != _LOCAL and before.name not in _FUNCTIONS:
        raise _refusal(condition, f"the function {before.name} is not one of those that only compute", dialect)
    return before.name


def _check_word(condition: str, word: str, before: str, enclosing: list[str], dialect: str) -> None:
    is_argument = bool(enclosing) and enclosing[-1] in _WITHIN.get(word, ())
    if not (is_argument or before in _AFTER.get(word, ())):
        reason = f"{word.upper()} is no part of a condition; a column of this name needs quotes"
        raise _refusal(condition, reason, dialect)


def _refusal(condition: str, reason: str, dialect: str) -> InvalidArgumentError:
    if dialect == _LOCAL:
        return InvalidArgumentError(f"The query {condition!r} cannot be evaluated: {reason}. {_HINT}.")
    more = "; for more write the whole query into the address: ?query=SELECT …"
    return InvalidArgumentError(f"The query {condition!r} is not run: {reason}. {_HINT}{more}.")
