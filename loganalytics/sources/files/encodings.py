"""How the bytes of a file are text: its encoding, as its first, middle and last bytes show it, and its line ends."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # few files need the characters of each language
    from loganalytics.sources.files.charsets import Charset


_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
"""Byte order marks; that of UTF-32 begins as that of UTF-16 does."""
# Encodings in which a byte below 128 may be something else than ASCII, or part of something.
_NOT_ASCII = re.compile(
    r"utf_?(?:16|32|7)|iso2022|hz|cp(?:037|1026|1140|273|424|500|875)$|punycode|idna|unicode_escape"
)
# Larger encodings that read what the given one does, and more of what programs write under its name.
_SUPERSETS = {"gb2312": "gb18030", "gbk": "gb18030", "euc_kr": "cp949", "shift_jis": "cp932", "big5": "cp950"}
_JIS_ESCAPES = (b"\x1b$B", b"\x1b$@", b"\x1b(J")
_WIDE_SAMPLE_BYTES = 4096
_MIN_ASCII_SHARE = 0.25
# What a lone carriage return must be followed by to end a line of a file with line feeds: progress bars have it too.
_RECORD_START = re.compile(
    rb"\r(?=[\[(<\"']{0,2}(?:\d{4}[-/.]?\d\d|\d\d?[-/.:]\d\d[-/.:]\d\d|[A-Z][a-z]{2} [ \d]\d |<\d|\{\"))"
)
_LONE_RETURN = re.compile(rb"\r(?![\r\n]|$)")


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """How the bytes of a file are lines of text."""

    codec: str = "utf-8"
    """The encoding of the whole file, by Python's name."""
    is_given: bool = False
    """Whether the user said so."""
    legacy: Charset | None = None
    """The encoding of the lines that are not in `codec`."""
    returns_end_lines: bool = False
    """Whether a lone carriage return ends a line, as on old Macs."""
    guess: str = ""
    """What was decided without being certain, as a sentence."""

    @property
    def is_wide(self) -> bool:
        """Whether bytes below 128 may be something else than ASCII: then lines cannot be cut before decoding."""
        return bool(_NOT_ASCII.match(self.codec.replace("-", "_")))

    @property
    def unit(self) -> int:
        """How many bytes belong together at least."""
        return 4 if "32" in self.codec else 2 if "16" in self.codec else 1


UTF8 = Encoding()


def detect_encoding(samples: Sequence[bytes], given: str | None = None) -> Encoding:
    """Return how the bytes of a file are text, by samples of whole lines of which the first is its head."""
    head = without_leading_nuls(samples[0]) if samples else b""
    encoding = _encoding_of(head, samples, given)
    return replace(encoding, returns_end_lines=_returns_end_lines(samples, encoding))


def _encoding_of(head: bytes, samples: Sequence[bytes], given: str | None) -> Encoding:
    marked = next((codec for mark, codec in _MARKS.items() if head.startswith(mark)), None)
    if marked:
        return Encoding(codec=marked)
    if given:
        return _given(given)
    if codec := _unmarked(head):
        name = codec.upper().replace("-LE", ", little endian").replace("-BE", ", big endian")
        return Encoding(codec=codec, guess=f"read as {name}, without a byte order mark. {_HINT}")
    if any(escape in sample for escape in _JIS_ESCAPES for sample in samples):
        return Encoding(codec="iso2022_jp_ext", guess=f"read as ISO-2022-JP, whose escapes it has. {_HINT}")
    return Encoding(legacy=legacy_charset([line for sample in samples for line in sample.split(b"\n")]))


_HINT = "Hint: encoding= says another"


def legacy_guess(charset: Charset) -> str:
    """Return the sentence that tells as what the lines are read that are not UTF-8."""
    return f"read as {charset.name} where it is not UTF-8, as its characters suggest. {_HINT}"


def legacy_charset(lines: Sequence[bytes]) -> Charset | None:
    """Return the encoding of those of a file's lines that are not UTF-8, if there are any."""
    beyond_ascii = [line for line in lines if not line.isascii()]
    broken = [line for line in beyond_ascii if not is_utf8(line)]
    if not broken:
        return None
    from loganalytics.sources.files.charsets import likeliest_charset

    return likeliest_charset(broken, utf8_lines=len(beyond_ascii) - len(broken))


def is_utf8(text: bytes) -> bool:
    """Whether these bytes are UTF-8 throughout."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def without_leading_nuls(text: bytes) -> bytes:
    """Return the bytes behind the NULs of a file that was emptied while it was written; units of UTF-32 stay whole."""
    nuls = len(text) - len(text.lstrip(b"\0"))
    return text[nuls - nuls % 4 :]


def supersets_of(codec: str) -> tuple[str, ...]:
    """Return the encoding, then those that read what programs write under its name beyond it."""
    return (codec, _SUPERSETS[codec]) if codec in _SUPERSETS else (codec,)


def _given(codec: str) -> Encoding:
    if codec in ("utf-16", "utf-32"):  # without a mark, as Windows writes it
        codec += "-le"
    return Encoding(codec="utf-8" if codec == "utf-8-sig" else codec, is_given=True)


def _unmarked(head: bytes) -> str | None:
    """Return the encoding of text of two or four bytes a character, seen by the NULs beside those of ASCII."""
    units = head[: _WIDE_SAMPLE_BYTES // 4 * 4]
    units = units[: len(units) // 4 * 4] or units[: len(units) // 2 * 2]
    if b"\0" not in units:
        return None
    nul_shares = [units[place::4].count(0) * 4 / len(units) for place in range(4)]
    for codec, shares in (("utf-32-le", nul_shares[2:]), ("utf-32-be", nul_shares[:2])):
        if min(shares) > 0.99 and _is_clean(units, codec):
            return codec
    even, odd = (nul_shares[0] + nul_shares[2]) / 2, (nul_shares[1] + nul_shares[3]) / 2
    for codec, nuls, others in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if nuls > _MIN_ASCII_SHARE and others < nuls / 8 and _is_clean(units, codec):
            return codec
    return None


def _is_clean(units: bytes, codec: str) -> bool:
    """Whether the text has next to no controls and broken characters: the last one may be cut."""
    text = units.decode(codec, errors="replace")
    odd = sum(char == "\ufffd" or (char < " " and char not in "\t\r\n\x1b") for char in text)
    return odd <= 1 + len(text) // 100


def _returns_end_lines(samples: Sequence[bytes], encoding: Encoding) -> bool:
    """Whether lone carriage returns end lines: where there are no line feeds, or records begin behind them."""
    if not any(b"\r" in sample for sample in samples):
        return False
    if encoding.is_wide:
        samples = [sample.decode(encoding.codec, errors="replace").encode() for sample in samples]
    lone = sum(len(_LONE_RETURN.findall(sample)) for sample in samples)
    starts = sum(len(_RECORD_START.findall(sample)) for sample in samples)
    has_feeds = any(b"\n" in sample for sample in samples)
    return lone > 0 and (not has_feeds or 2 * starts >= lone)
