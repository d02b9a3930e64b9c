"""Which of the encodings from before UTF-8 some lines are in, by how usual the characters are that each makes of them.

There are a few dozen such bytes in a log as a rule, so each encoding comes with the characters that logs in its
language are made of. A candidate's cost is the sum over characters of -log(share of such characters), as in a naive
Bayes classifier: the lower the likelier. Candidates explain the same bytes, so their sums can be compared.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cache, cached_property

from loganalytics.sources.files.characters import (
    ARABIC,
    EAST_LATIN,
    GREEK,
    HEBREW,
    JAPANESE,
    KOREAN,
    LATIN,
    RUSSIAN,
    RUSSIAN_WORDS,
    SIMPLIFIED,
    THAI,
    TRADITIONAL,
    TURKISH,
)

_MAX_BYTES = 4 * 1024
# What one byte costs where nothing is known of it: text that costs more is in none of the encodings.
_MAX_COST_PER_BYTE = 5.1
_ASCII_COST, _RARE_COST, _BROKEN_COST = 3.5, 13.0, 22.0
_WORD_GAIN, _UTF8_WEIGHT = 6.0, 8.0
_MAX_ALPHABET = 500
_COMMON_SHARE, _USUAL_SHARE = 0.7, 0.28


@dataclass(frozen=True)
class Charset:
    """An encoding, and the characters that text in it has."""

    name: str
    """As people call it."""
    codec: str
    """As Python calls it, or the largest encoding that reads the same bytes the same way."""
    common: str
    """The characters that most such text is made of."""
    usual: Callable[[str], bool]
    """Whether a character belongs to the script."""
    usual_count: int
    """How many such characters there are."""
    _: KW_ONLY
    prior: float = 0.0
    """The cost of assuming so rare an encoding."""
    words: tuple[str, ...] = ()
    """Words that logs have, where the characters alone say little."""
    joins_ascii: bool = False
    """Whether words mix its letters with those of ASCII."""

    @cached_property
    def cost_of(self) -> dict[str, float]:
        """The cost of each common character, the first ones being the commonest."""
        shares = {char: 1 / (rank + 8) for rank, char in enumerate(dict.fromkeys(self.common))}
        total = sum(shares.values())
        return {char: -math.log(_COMMON_SHARE * share / total) for char, share in shares.items()}

    @property
    def is_ideographic(self) -> bool:
        """Whether it has thousands of characters, of two bytes each."""
        return self.usual_count > _MAX_ALPHABET

    def claims(self, line: bytes, text: str) -> bool:
        """Whether a line that could be this text in UTF-8 is in this encoding: a few pairs of bytes may be either."""
        if not self.is_ideographic or max(text) > "\u07ff":
            return False
        own = line.decode(self.codec, errors="replace")
        return all(char.isascii() or char in self.cost_of or self.usual(char) for char in own)


def likeliest_charset(lines: Iterable[bytes], *, utf8_lines: int = 0) -> Charset | None:
    """Return the encoding of lines that are not UTF-8; None where none fits better than broken UTF-8.

    `utf8_lines` says how many other lines of the file are UTF-8 beyond ASCII: so much it takes to overrule them.
    """
    within_words = _around_high_bytes(b"\n".join(lines))[:_MAX_BYTES]
    if not within_words:
        return None
    costs = [_cost(within_words, charset) for charset in CHARSETS]
    cost = min(costs)
    best = CHARSETS[costs.index(cost)]
    is_plausible = cost <= _MAX_COST_PER_BYTE * len(within_words)
    overruled = _UTF8_WEIGHT * math.log(1 + utf8_lines) + cost >= _utf8_cost(within_words)
    return best if is_plausible and not overruled else None


def _around_high_bytes(text: bytes) -> bytes:
    """Return the stretches of bytes beyond ASCII, each with the characters beside it."""
    return b"\n".join(re.findall(rb"[^\n\x80-\xff]?[\x80-\xff](?:[^\n]?[\x80-\xff])*[^\n\x80-\xff]?", text))


def _cost(text: bytes, charset: Charset) -> float:
    total, before, previous = charset.prior, "\n", "\n"
    decoded = text.decode(charset.codec, errors="replace")
    for char in decoded:
        total += _ASCII_COST if char.isascii() else _char_cost(char, charset)
        if char.islower() and previous.isupper() and before.isupper():
            total += _CASE_CHANGE_COST
        total += _joint_cost(previous, char, charset)
        before, previous = previous, char
    lower = decoded.lower()
    return total - _WORD_GAIN * sum(word in lower for word in charset.words)


def _char_cost(char: str, charset: Charset) -> float:
    if char == "\ufffd":
        return _BROKEN_COST
    if (cost := charset.cost_of.get(char)) is not None:
        return cost
    if (cost := charset.cost_of.get(char.lower())) is not None:
        return cost + _CAPITAL_COST
    return math.log(charset.usual_count / _USUAL_SHARE) if charset.usual(char) else _RARE_COST


_CAPITAL_COST, _MIXED_SCRIPTS_COST, _CASE_CHANGE_COST, _DOUBLE_ACCENT_COST = 0.5, 3.0, 4.0, 1.5


def _joint_cost(previous: str, char: str, charset: Charset) -> float:
    """Return the cost of two characters side by side: words change neither the script nor to capitals."""
    if not (previous.isalpha() and char.isalpha()):
        is_odd = (char in _SYMBOLS and previous.isalpha()) or (previous in _SYMBOLS and char.isalpha())
        return _MIXED_SCRIPTS_COST if is_odd else 0.0
    if previous.isascii() and char.isascii():
        return 0.0
    cost = _CASE_CHANGE_COST if previous.islower() and char.isupper() else 0.0
    if charset.joins_ascii:
        return cost + (0.0 if previous.isascii() or char.isascii() else _DOUBLE_ACCENT_COST)
    is_mixed = previous.isascii() != char.isascii() and not charset.is_ideographic
    return cost + (_MIXED_SCRIPTS_COST if is_mixed else 0.0)


# What stands beside numbers and blanks, not within words.
_SYMBOLS = frozenset("©®±²³µ×¢£¤¥¦§¨¬¯´¶¸¹¼½¾÷†‡‰‹›˜™°¡¿ªº")


def _utf8_cost(text: bytes) -> float:
    """Return the cost of taking the text for UTF-8 that is broken in places."""
    decoded = text.decode("utf-8", errors="replace")
    return sum(
        _BROKEN_COST if char == "\ufffd" else _ASCII_COST * (1 if char.isascii() else len(char.encode()))
        for char in decoded
    )


def _between(*ranges: tuple[str, str]) -> Callable[[str], bool]:
    return lambda char: any(low <= char <= high for low, high in ranges)


def _encodes(codec: str, leads: Sequence[int]) -> Callable[[str], bool]:
    """Tell whether a character's first byte is one of these: the standards put the common characters first."""

    @cache
    def is_usual(char: str) -> bool:
        encoded = char.encode(codec, errors="ignore")
        return len(encoded) == 2 and encoded[0] in leads

    return is_usual


def _of_latin(name: str, codec: str, languages: Mapping[str, str], *, prior: float) -> Iterator[Charset]:
    """Yield an encoding once for each language, since no text has the letters of all of them."""
    is_letter = _between(("À", "ž"))
    for common in languages.values():
        yield Charset(name, codec, common, is_letter, 400, prior=prior, joins_ascii=True)


_is_kana_or_kanji = _encodes("euc_jp", (0x8E, 0xA4, 0xA5, *range(0xB0, 0xD0)))
_is_cyrillic = _between(("Ѐ", "ґ"))
CHARSETS: tuple[Charset, ...] = (
    Charset("GBK", "gb18030", SIMPLIFIED, _encodes("gb2312", range(0xB0, 0xD8)), 3755),
    Charset("Big5", "cp950", TRADITIONAL, _encodes("cp950", range(0xA4, 0xC7)), 5401),
    Charset("Shift-JIS", "cp932", JAPANESE, _is_kana_or_kanji, 3200),
    Charset("EUC-JP", "euc_jp", JAPANESE, _is_kana_or_kanji, 3200),
    Charset("EUC-KR", "cp949", KOREAN, _encodes("euc_kr", range(0xB0, 0xC9)), 2350),
    Charset("Windows-1251", "cp1251", RUSSIAN, _is_cyrillic, 60, words=RUSSIAN_WORDS, prior=4.0),
    Charset("KOI8-R", "koi8_u", RUSSIAN, _is_cyrillic, 60, words=RUSSIAN_WORDS, prior=4.7),
    Charset("CP866", "cp866", RUSSIAN, _is_cyrillic, 60, words=RUSSIAN_WORDS, prior=6.0),
    *_of_latin("Windows-1252", "cp1252", LATIN, prior=0.0),
    *_of_latin("CP850", "cp850", LATIN, prior=4.0),
    *_of_latin("Windows-1250", "cp1250", EAST_LATIN, prior=1.5),
    *_of_latin("ISO-8859-2", "iso8859_2", EAST_LATIN, prior=2.5),
    *_of_latin("Windows-1254", "cp1254", {"Turkish": TURKISH}, prior=2.5),
    Charset("Windows-1253", "cp1253", GREEK, _between(("΄", "ώ")), 60, prior=6.0),
    Charset("Windows-1255", "cp1255", HEBREW, _between(("א", "ת")), 40, prior=6.0),
    Charset("Windows-1256", "cp1256", ARABIC, _between(("ء", "ے")), 60, prior=6.0),
    Charset("Windows-874", "cp874", THAI, _between(("ก", "๛")), 87, prior=6.0),
)
"""The encodings that are recognised."""
