"""The tokens of many texts, flat in arrays, so that a merge is a few passes over numbers."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt
import polars as pl

from loganalytics.templates.masking import KEPT_SLASH, MASK, WIDE_PUNCTUATION

Hashes = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# Scripts that write words without blanks: there a token is what stands between punctuation and other scripts.
UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}ー\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_INSIDE = rf"[^\s,;:=()\[\]{{}}\"'|<>#@.{KEPT_SLASH}{WIDE_PUNCTUATION}{UNSPACED}]+"
TOKEN = rf"[{UNSPACED}]+|{_INSIDE}(?:\.{_INSIDE})*"

NAMING_KEYS = ["event", "event_name", "event_type", "action", "level", "lvl", "severity"]
"""The value of such a key names the event."""

# Outcome words say what happened: two events that differ here are two events, however alike they look.
_OUTCOME_WORDS = (
    r"(?i)^(?:yes|no|on|off|in|out|up|down|ok|okay|pass|success|successful|successfully|fail|failure"
    r"|error|warn|warning|fatal|critical|abort|retry|timeout|open|close|start|startup|stop|shutdown|pause|resume"
    r"|begin|end|done|enable|disable|active|inactive|alive|dead|ready|idle|busy|online|offline|valid|invalid"
    r"|allow|deny|grant|accept|reject|available|unavailable|known|unknown|present|missing|healthy|unhealthy"
    r"|degraded|new|old|read|write|get|put|post|delete|patch|create|update|insert|remove|add|login|logout"
    r"|connect|disconnect|running|pending|waiting|starting|stopping|processing|failing|recovering|closing|loading|exiting|retrying|scheduling|killing|resuming|pausing)$"
)
# With the verbs that the list does not hold.
_OUTCOME = rf"{_OUTCOME_WORDS}|^[A-Za-z]{{3,}}(?:ed|ED)$"

# After "key=" a verb must be known to be one: of state=running and database=billing only the first is an outcome.
_STATES = (
    r"(?i)(?:^|[_\-])(?:abort|start|shut|end|reject|accept|allow|grant|read|miss|insert|add|connect|disconnect|fail"
    r"|pass|open|clos|stopp?|paus|resum|enabl|disabl|delet|creat|updat|remov|retry|retri|deny|deni|begin|wait|pend|runn"
    r"|queu|process|finish|complet|kill|crash|expir|block|cancell?|skipp|dropp|lock|unlock|succeed|degrad|restart"
    r"|terminat|suspend|recover|boot|load|scal|drain|refus|timed?|return|resolv|acknowledg|provision|exit|initializ"
    r"|schedul|establish|activat|approv|confirm|settl|declin|authoriz|deploy|upgrad|refund)(?:ed|ing)$"
)

# What may stand before the statement: brackets and what they hold, quotes, key=value.
_ENCLOSED = (
    r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}|<[^<>]*>|\"[^\"]*\"|'[^']*'|`[^`]*`"
    "|【[^【】]*】|（[^（）]*）|《[^《》]*》|「[^「」]*」"
)
_PREFIX = rf"^(?:\s*(?:{_ENCLOSED}|[\w.\-]+=\S+\s)[:,]?)*"

_LOWERCASE = r"^[\p{Ll}\p{Lo}]{3,}$"  # a word of small letters, or of a script that has none

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # splitmix64
_MIXER = np.uint64(0xBF58476D1CE4E5B9)

# Splits a text into its tokens and what stands between; no masked text holds this character.
_CUT = "\x1e"


class TokenKind(IntEnum):
    """Kinds of token, from the most to the least likely to be a variable."""

    WILDCARD = 0
    DIGITS = 1
    IDENTIFIER = 2
    PLAIN = 3
    OUTCOME = 4


def token_hashes(tokens: pl.Series) -> Hashes:
    """Return the hash of each token: equal tokens, equal hashes, within one process."""
    hashes: Hashes = tokens.hash(1).to_numpy().astype(np.uint64)
    return hashes


def is_outcome(text: pl.Expr) -> pl.Expr:
    """Return whether each text is a word that says what happened."""
    return text.str.contains(_OUTCOME)


def token_kind(token: pl.Expr) -> pl.Expr:
    """Return the kind of each token."""
    return (
        pl.when(token == MASK)
        .then(int(TokenKind.WILDCARD))
        .when(token.str.contains(rf"\d|{MASK}|(?:/.*){{2}}"))
        .then(int(TokenKind.DIGITS))
        .when(is_outcome(token))
        .then(int(TokenKind.OUTCOME))
        .when(token.str.contains(r"\w[._$/\\\-]+\w|[a-z][A-Z]"))
        .then(int(TokenKind.IDENTIFIER))
        .otherwise(int(TokenKind.PLAIN))
        .cast(pl.UInt8)
    )


class TokenArrays:
    """The tokens of distinct texts. Tokens found to be variables become wildcards; texts that are then equal, one."""

    def __init__(self, texts: pl.Series) -> None:
        token_lists = texts.str.extract_all(rf"(?:[=,;:{KEPT_SLASH}] ?)?[\"'(\[{{<]?(?:{TOKEN})")
        number, distinct = encode(token_lists.explode(empty_as_null=False))
        table = _without_marks(distinct)
        self.is_value: Flags = table["is_value"].to_numpy()[number]
        self.is_separate: Flags = table["is_separate"].to_numpy()[number]
        self.hash = token_hashes(table["token"])[number]
        kinds = table.select(kind=_kind(), is_lowercase=pl.col("token").str.contains(_LOWERCASE))
        self.kind = kinds["kind"].to_numpy()[number]
        self.is_lowercase: Flags = kinds["is_lowercase"].to_numpy()[number]
        self.punctuation = token_hashes(texts.str.replace_all(TOKEN, "w"))
        """Equal for texts with the same punctuation and number of tokens."""
        self.text_index: Ints = np.arange(len(texts))
        """Which of the texts given at first a text is."""
        self.name_position: Ints = _tokens(texts.str.extract(_PREFIX, 0).fill_null(""))
        """The position of the token that names the event: the first behind brackets, quotes and key=value."""
        self._wildcard_hash = token_hashes(pl.Series([MASK]))[0]
        self._source = texts
        self._merged_into: Ints = np.arange(len(texts))
        self._wildcards: list[pl.DataFrame] = []
        self._index(token_lists.list.len().to_numpy().astype(np.int64))
        # Which segments of a path vary is decided by routes.py.
        is_segment = table["is_segment"].to_numpy()[number]
        self.kind[is_segment & (self.kind >= TokenKind.IDENTIFIER)] = TokenKind.OUTCOME
        named = np.isin(self.previous_hashes(), token_hashes(pl.Series(NAMING_KEYS))) & self.is_separate
        self.kind[named & (self.kind >= TokenKind.IDENTIFIER)] = TokenKind.OUTCOME
        is_variable = self.kind < TokenKind.IDENTIFIER
        self.key_hashes = np.setdiff1d(self.previous_hashes()[self.is_value], self.hash[is_variable])
        """The tokens that name a value somewhere: the key in key=value."""
        self.value_hashes = np.empty(0, np.uint64)
        """The tokens found to be values somewhere."""

    def __len__(self) -> int:
        """Return the number of texts still apart."""
        return len(self.token_counts)

    def _index(self, token_counts: Ints) -> None:
        """Set which text each token belongs to, and at which position it stands there."""
        self.token_counts = token_counts
        self.first_token: Ints = np.r_[0, np.cumsum(token_counts)[:-1]]
        self.row: Ints = np.repeat(np.arange(len(token_counts)), token_counts)
        self.position: Ints = np.arange(len(self.row)) - self.first_token[self.row]

    def is_name(self) -> Flags:
        """Return for each token whether it names the event."""
        names: Flags = self.position == self.name_position[self.row]
        return names

    def may_be_verb(self) -> Flags:
        """Return for each token whether it is a word directly behind a wildcard: order <*> shipped."""
        behind = np.r_[False, self.kind[:-1] == TokenKind.WILDCARD] & (self.position > 0)
        verbs: Flags = behind & self.is_lowercase & ~self.is_separate
        return verbs

    def previous_hashes(self) -> Hashes:
        """Return the hash of the token before each token: perhaps the name of its value."""
        previous = np.roll(self.hash, 1)
        previous[self.position == 0] = 0
        return previous

    def hash_terms(self, hashes: Hashes) -> Hashes:
        """Return what each token adds to the hash of its text."""
        weight = (self.position.astype(np.uint64) + np.uint64(1)) * _MULTIPLIER
        weight = (weight ^ (weight >> np.uint64(29))) * _MIXER
        weighted: Hashes = hashes * (weight | np.uint64(1))
        return weighted

    def text_hashes(self, terms: Hashes) -> Hashes:
        """Return one number a text: equal when its punctuation and its tokens are."""
        running = np.r_[np.uint64(0), np.cumsum(terms, dtype=np.uint64)]
        totals = running[self.first_token + self.token_counts] - running[self.first_token]
        hashes: Hashes = self.punctuation + totals
        return hashes

    def count_by_text(self, flags: Flags) -> Ints:
        """Return for each text how many of its tokens are flagged."""
        return np.bincount(self.row[flags], minlength=len(self))

    def to_wildcards(self, variables: Flags) -> bool:
        """Make wildcards of these tokens, but leave every text one to be known by, and join equal texts.

        Return whether there was anything to do.
        """
        if variables.any():
            variables = variables & ~self._last_literals(variables)
        if not variables.any():
            return False
        wildcards = {"text": self.text_index[self.row[variables]], "position": self.position[variables]}
        self._wildcards.append(pl.DataFrame(wildcards))
        self.value_hashes = np.union1d(self.value_hashes, self.hash[variables])
        self.hash[variables] = self._wildcard_hash
        self.kind[variables] = TokenKind.WILDCARD
        hashes = self.text_hashes(self.hash_terms(self.hash))
        _, first, group = np.unique(hashes, return_index=True, return_inverse=True)
        self._merged_into[self.text_index] = self.text_index[first[group]]
        self._retain(np.sort(first))
        return True

    def _last_literals(self, variables: Flags) -> Flags:
        """Find the first literal of each text that would have none left."""
        literal = self.kind >= TokenKind.IDENTIFIER
        would_be_bare = self.count_by_text(literal & ~variables) == 0
        _, first = np.unique(self.row[literal], return_index=True)
        first_literal = np.zeros(len(variables), bool)
        first_literal[np.flatnonzero(literal)[first]] = True
        # A text of variables only stays as it is.
        is_bare = self.count_by_text(literal) == 0
        last: Flags = (first_literal & would_be_bare[self.row]) | is_bare[self.row]
        return last

    def _retain(self, rows: Ints) -> None:
        """Drop all texts but these."""
        retained = np.zeros(len(self), bool)
        retained[rows] = True
        tokens = retained[self.row]
        self.hash, self.kind, self.is_value = self.hash[tokens], self.kind[tokens], self.is_value[tokens]
        self.is_separate, self.is_lowercase = self.is_separate[tokens], self.is_lowercase[tokens]
        self.punctuation, self.text_index = self.punctuation[retained], self.text_index[retained]
        self.name_position = self.name_position[retained]
        self._index(self.token_counts[retained])

    def merged_texts(self) -> pl.Series:
        """Return what has become of each of the texts given at first."""
        if not self._wildcards:
            return self._source
        target = self._merged_into
        while not np.array_equal(target, target[target]):
            target = target[target]
        return self._with_wildcards(np.unique(target)).gather(target)

    def _with_wildcards(self, merged: Ints) -> pl.Series:
        """Return the texts given at first, with their wildcards in those that others were merged into."""
        targets = pl.DataFrame({"text": merged}, schema_overrides={"text": self._wildcards[0].schema["text"]})
        wildcards = pl.concat(self._wildcards).join(targets, on="text", how="semi").with_columns(is_wildcard=True)
        texts = wildcards["text"].unique().sort()
        cut = self._source.gather(texts).str.replace_all(f"({TOKEN})", f"{_CUT}${{1}}{_CUT}").str.split(_CUT)
        number = pl.int_ranges(pl.col("segment").list.len())
        segments = pl.DataFrame({"text": texts, "segment": cut}).with_columns(number=number)
        # Every second segment is a token, the others are what stands between.
        position = pl.when(pl.col("number") % 2 == 1).then(pl.col("number") // 2)
        segments = segments.explode("segment", "number").with_columns(position=position)
        segments = segments.join(wildcards, on=["text", "position"], how="left", maintain_order="left")
        segment = pl.when("is_wildcard").then(pl.lit(MASK)).otherwise("segment")
        new = segments.group_by("text", maintain_order=True).agg(segment.str.join("").alias("new"))
        return self._source.clone().scatter(new["text"], new["new"])


def _without_marks(tokens: pl.Series) -> pl.DataFrame:
    """Return token, is_separate (a mark stands before it), is_value (an equals sign) and is_segment (a kept slash)."""
    marked = tokens.str.contains(rf"^[=,;:{KEPT_SLASH}\"'(\[{{<]")
    flat = pl.DataFrame({"token": tokens, "is_separate": marked}).with_columns(
        is_value=pl.lit(value=False), is_segment=pl.lit(value=False)
    )
    if not marked.any():
        return flat
    token = pl.col("token")
    return flat.with_columns(
        token.str.strip_chars_start(f"=,;: \"'([{{<{KEPT_SLASH}"),
        is_value=token.str.contains(r"^=[^(\[{<]"),
        is_segment=token.str.starts_with(KEPT_SLASH),
    )


def _tokens(texts: pl.Series) -> Ints:
    return texts.str.count_matches(TOKEN).to_numpy().astype(np.int64)


def _kind() -> pl.Expr:
    """Return the kind of each token; that of a value is an outcome only where the word is known to be one."""
    kind = token_kind(pl.col("token"))
    is_state = pl.col("token").str.contains(f"{_OUTCOME_WORDS}|{_STATES}")
    is_plain = pl.col("is_value") & (kind == int(TokenKind.OUTCOME)) & ~is_state
    return pl.when(is_plain).then(pl.lit(int(TokenKind.PLAIN), pl.UInt8)).otherwise(kind)


def encode(texts: pl.Series) -> tuple[npt.NDArray[np.uint32], pl.Series]:
    """Return the number of each text among the distinct ones, and these."""
    numbers = texts.cast(pl.Categorical(pl.Categories.random())).to_physical().to_numpy()
    first = np.empty(int(numbers.max()) + 1 if len(numbers) else 0, np.int64)
    first[numbers[::-1]] = np.arange(len(numbers))[::-1]
    return numbers, texts.gather(first)
