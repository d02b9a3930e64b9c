"""The words of many texts, flat in arrays, so that a merge is a few passes over numbers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from loganalytics.templates.masking import HOLE

Hashes = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_INSIDE = r"[^\s,;:=()\[\]{}\"'|<>#@.]+"
WORD = rf"{_INSIDE}(?:\.{_INSIDE})*"

# Kinds of word, from the most to the least likely to be a variable.
WILD, DIGITS, NAME, PLAIN, VERDICT = range(5)

# What an event says: two events that differ here are two events, however alike they look. The last line is for
# verbs that the list does not hold.
_LISTED = (
    r"(?i)^(?:true|false|yes|no|on|off|in|out|up|down|ok|okay|pass|success|successful|successfully|fail|failure"
    r"|error|warn|warning|fatal|critical|abort|retry|timeout|open|close|start|startup|stop|shutdown|pause|resume"
    r"|begin|end|done|enable|disable|active|inactive|alive|dead|ready|idle|busy|online|offline|valid|invalid"
    r"|allow|deny|grant|accept|reject|available|unavailable|known|unknown|present|missing|healthy|unhealthy"
    r"|degraded|new|old|read|write|get|put|post|delete|patch|create|update|insert|remove|add|login|logout"
    r"|connect|disconnect)$"
)
_SAYS = rf"{_LISTED}|(?:^|[_\-])[a-z]{{3,}}(?:ed|ing)$"

# After "key=" a verb must be known to be one: of state=running and database=billing only the first is a verdict.
_STATES = (
    r"(?i)(?:^|[_\-])(?:abort|start|shut|end|reject|accept|allow|grant|read|miss|insert|add|connect|disconnect|fail"
    r"|pass|open|clos|stopp?|paus|resum|enabl|disabl|delet|creat|updat|remov|retry|retri|deny|deni|begin|wait|pend|runn"
    r"|queu|process|finish|complet|kill|crash|expir|block|cancell?|skipp|dropp|lock|unlock|succeed|degrad|restart"
    r"|terminat|suspend|recover|boot|load|scal|drain|refus|timed?|return|resolv|acknowledg|provision|exit|initializ"
    r"|schedul|establish|activat|approv|confirm|settl|declin|authoriz|deploy|upgrad|refund)(?:ed|ing)$"
)

_STEP = np.uint64(0x9E3779B97F4A7C15)  # splitmix64
_MIX = np.uint64(0xBF58476D1CE4E5B9)


def hash_of(words: pl.Series) -> Hashes:
    """Return the hash of each word: equal words, equal hashes, within one process."""
    hashes: Hashes = words.hash(1).to_numpy().astype(np.uint64)
    return hashes


class Words:
    """The words of distinct texts. Words found to be variables become holes; texts that are then equal, one."""

    def __init__(self, texts: pl.Series) -> None:
        found = texts.str.extract_all(rf"(?:=[ \"']?)?{WORD}")
        flat = found.explode(empty_as_null=False).to_frame("word")
        value, word = pl.col("word").str.starts_with("="), pl.col("word").str.strip_chars_start("= \"'")
        flat = flat.select(word, value.alias("is_value"))
        self.is_value: Flags = flat["is_value"].to_numpy().copy()
        self.hash = hash_of(flat["word"])
        self.kind = _kinds(flat["word"], self.hash)
        verdicts = np.flatnonzero(self.is_value & (self.kind == VERDICT))
        says = flat["word"].gather(verdicts).str.contains(f"{_LISTED}|{_STATES}")
        self.kind[verdicts[~says.to_numpy()]] = PLAIN
        # Texts of one frame have the same punctuation and number of words.
        self.frame = hash_of(texts.str.replace_all(WORD, "w"))
        self.text: Ints = np.arange(len(texts))
        self.opens: Flags = texts.str.contains(r"^[(\[{<\"'`]").to_numpy().astype(bool)
        """Whether a text begins with a bracket or a quote: what it holds is no name of the event."""
        self._hole = hash_of(pl.Series([HOLE]))[0]
        self._source = texts
        self._merged_into: Ints = np.arange(len(texts))
        self._holes: list[pl.DataFrame] = []
        self._lay_out(found.list.len().to_numpy().astype(np.int64))
        self.keys = np.setdiff1d(self.names()[self.is_value], self.hash[self.kind < NAME])
        """The words that name a value somewhere: the key in key=value."""
        self.values = np.empty(0, np.uint64)
        """The words found to be values somewhere."""

    def __len__(self) -> int:
        """Return the number of texts still apart."""
        return len(self.counts)

    def _lay_out(self, counts: Ints) -> None:
        self.counts = counts
        self.starts: Ints = np.r_[0, np.cumsum(counts)[:-1]]
        self.row: Ints = np.repeat(np.arange(len(counts)), counts)
        self.position: Ints = np.arange(len(self.row)) - self.starts[self.row]

    def names(self) -> Hashes:
        """Return the word before each word: perhaps the name of its value."""
        before = np.roll(self.hash, 1)
        before[self.position == 0] = 0
        return before

    def parts(self, hashes: Hashes) -> Hashes:
        """Return what each word adds to the sum that stands for its text."""
        weight = (self.position.astype(np.uint64) + np.uint64(1)) * _STEP
        weight = (weight ^ (weight >> np.uint64(29))) * _MIX
        weighted: Hashes = hashes * (weight | np.uint64(1))
        return weighted

    def sums(self, parts: Hashes) -> Hashes:
        """Return one number a text: equal when its frame and its words are."""
        running = np.r_[np.uint64(0), np.cumsum(parts, dtype=np.uint64)]
        sums: Hashes = self.frame + running[self.starts + self.counts] - running[self.starts]
        return sums

    def count(self, flags: Flags) -> Ints:
        """Return for each text how many of its words are flagged."""
        return np.bincount(self.row[flags], minlength=len(self))

    def put_holes(self, hit: Flags) -> bool:
        """Make holes of the words hit, but leave every text a word to be known by, and join equal texts.

        Return whether there was anything to do.
        """
        hit = hit & ~self._spared(hit)
        if not hit.any():
            return False
        self._holes.append(pl.DataFrame({"text": self.text[self.row[hit]], "position": self.position[hit]}))
        self.values = np.union1d(self.values, self.hash[hit])
        self.hash[hit] = self._hole
        self.kind[hit] = WILD
        _, first, same = np.unique(self.sums(self.parts(self.hash)), return_index=True, return_inverse=True)
        self._merged_into[self.text] = self.text[first[same]]
        self._keep(np.sort(first))
        return True

    def _spared(self, hit: Flags) -> Flags:
        """Find the first real word of each text that would have none left."""
        literal = self.kind >= NAME
        nameless = self.count(literal & ~hit) == 0
        _, first = np.unique(self.row[literal], return_index=True)
        spared = np.zeros(len(hit), bool)
        spared[np.flatnonzero(literal)[first]] = True
        # A text of variables only stays as it is.
        bare = self.count(literal) == 0
        found: Flags = (spared & nameless[self.row]) | bare[self.row]
        return found

    def _keep(self, texts: Ints) -> None:
        kept = np.zeros(len(self), bool)
        kept[texts] = True
        words = kept[self.row]
        self.hash, self.kind, self.is_value = self.hash[words], self.kind[words], self.is_value[words]
        self.frame, self.text, self.opens = self.frame[kept], self.text[kept], self.opens[kept]
        self._lay_out(self.counts[kept])

    def merged(self) -> pl.Series:
        """Return what has become of each of the texts given at first."""
        into = self._merged_into
        while not np.array_equal(into, into[into]):
            into = into[into]
        return self._with_holes(np.unique(into)).gather(into)

    def _with_holes(self, left: Ints) -> pl.Series:
        """Return the texts, with their holes in those that are left; the others have become one of them."""
        if not self._holes:
            return self._source
        kept = pl.DataFrame({"text": left}, schema_overrides={"text": self._holes[0].schema["text"]})
        holes = pl.concat(self._holes).join(kept, on="text", how="semi").with_columns(hole=True)
        texts = holes["text"].unique().sort()
        cut = self._source.gather(texts).str.replace_all(f"({WORD})", f"{_CUT}${{1}}{_CUT}").str.split(_CUT)
        place = pl.int_ranges(pl.col("piece").list.len())
        pieces = pl.DataFrame({"text": texts, "piece": cut}).with_columns(place=place).explode("piece", "place")
        # Every second piece is a word, the others are what stands between.
        position = pl.when(pl.col("place") % 2 == 1).then(pl.col("place") // 2)
        pieces = pieces.with_columns(position=position).join(
            holes, on=["text", "position"], how="left", maintain_order="left"
        )
        piece = pl.when("hole").then(pl.lit(HOLE)).otherwise("piece")
        new = pieces.group_by("text", maintain_order=True).agg(piece.str.join("").alias("new"))
        return self._source.clone().scatter(new["text"], new["new"])


_CUT = "\x1e"


def _kinds(words: pl.Series, hashes: Hashes) -> npt.NDArray[np.uint8]:
    flat = pl.DataFrame({"word": words, "hash": hashes})
    kinds = flat.unique("hash").select("hash", kind_of(pl.col("word")).alias("kind"))
    joined = flat.select("hash").join(kinds, on="hash", how="left", maintain_order="left")
    return joined["kind"].to_numpy().copy()


def kind_of(word: pl.Expr) -> pl.Expr:
    """Return the kind of each word."""
    return (
        pl.when(word == HOLE)
        .then(WILD)
        .when(word.str.contains(rf"\d|{HOLE}|(?:/.*){{2}}"))
        .then(DIGITS)
        .when(word.str.contains(_SAYS))
        .then(VERDICT)
        .when(word.str.contains(r"\w[._$/\\\-]+\w|[a-z][A-Z]"))
        .then(NAME)
        .otherwise(PLAIN)
        .cast(pl.UInt8)
    )
