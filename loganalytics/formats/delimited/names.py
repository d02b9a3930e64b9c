"""The names of columns: what those mean that are not in the table of aliases."""

from __future__ import annotations

import re
from collections.abc import Sequence

from loganalytics.formats.fields.aliases import FIELD_ALIASES, fold_name

_SUFFIX = re.compile(r"\s*[\[(][^\])]*[\])]$")

_CORE_ALIASES = {name.lower(): column for column, names in FIELD_ALIASES.items() for name in names}
# What exports of monitoring tools, Windows and spreadsheets call the core columns, in the languages of their users.
_WORDS = {
    "timestamp": (
        "start|start_time|starttime|date and time|date time|date/time|timecreated|timegenerated|_time|log_time|"
        "event time|time stamp|zeit|zeitstempel|datum und uhrzeit|datum/uhrzeit|datum|uhrzeit|fecha y hora|fecha|hora|"
        "marca de tiempo|date et heure|horodatage|heure|data e ora|ora|data e hora|data/hora|datum en tijd|tijd|"
        "tijdstip|data i godzina|дата и время|время|дата|日期和时间|日期时间|时间|日期|时间戳|日期和時間|日期及時間|"
        "時間|日付と時刻|日時|時刻|날짜 및 시간|날짜와 시간|시간|일시|tarih ve saat|tarih|zaman"
    ),
    "level": (
        "error_severity|event_severity|ebene|stufe|schweregrad|protokollierungsstufe|nivel|severidad|gravedad|niveau|"
        "gravité|sévérité|livello|gravità|nível|severidade|ernst|poziom|уровень|важность|级别|等级|日志级别|層級|等級|"
        "嚴重性|レベル|重大度|수준|심각도|düzey|leveldisplayname|entrytype|severity level|log level"
    ),
    "message": (
        "_raw|txt|log message|log entry|log_line|event_message|description|content|details|meldung|nachricht|text|"
        "meldungstext|beschreibung|mensaje|descripción|mensagem|descrição|messaggio|descrizione|bericht|omschrijving|"
        "komunikat|wiadomość|opis|сообщение|описание|текст|消息|信息|内容|日志内容|日志|描述|訊息|描述內容|メッセージ|"
        "説明|메시지|설명|내용|mesaj|ileti"
    ),
}
_WORD_COLUMNS = {word: column for column, words in _WORDS.items() for word in words.split("|")}


def meaning(name: str) -> str | None:
    """Return the core column that a name means by itself."""
    spelled = name.strip().lower()
    bare = _SUFFIX.sub("", spelled)
    known = _CORE_ALIASES.get(spelled) or _CORE_ALIASES.get(bare)
    return known or _FOLDED.get(fold_name(bare)) or _WORD_COLUMNS.get(bare)


_FOLDED = {fold_name(name): column for name, column in _CORE_ALIASES.items() if len(name) > 1}


def likelihood(name: str) -> int:
    """Return a name's rank among those that mean the timestamp; the likelier is the smaller."""
    bare = fold_name(_SUFFIX.sub("", name.strip().lower()))
    return _RANKS.get(bare, len(_RANKS))


_RANKS = {fold_name(name): rank for rank, name in reversed([*enumerate(FIELD_ALIASES["timestamp"])])}


def named_by_meaning(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of columns, those that mean a core column called so."""
    renamed: dict[str, str] = {}
    for column in ("timestamp", "level", "message"):
        likely = [name for name in names if meaning(name) == column]
        others = {name.lower() for name in names if name not in likely[:1]}
        if likely and column not in others:
            renamed[min(likely, key=likelihood)] = column
    return tuple(renamed.get(name, name) for name in names)


def is_utc(name: str) -> bool:
    """Whether a column's name says that its times are UTC."""
    return bool(re.search(r"[\[(\s_](?:utc|gmt)[\])]?$", name.strip().lower()))


def column_names(cells: Sequence[str]) -> tuple[str, ...]:
    """Return distinct names, also where the header leaves some out or has one twice."""
    names = (re.sub(r"[^\w .:/@#()$%<>&+-]", "_", cell.strip()) for cell in cells)
    return distinct([name or f"column_{number}" for number, name in enumerate(names, start=1)])


def distinct(stems: Sequence[str]) -> tuple[str, ...]:
    """Return the names, a number behind each that stands before in another or the same case."""
    names: list[str] = []
    taken: set[str] = set()
    for stem in stems:
        name, count = stem, 1
        while name.lower() in taken:
            count += 1
            name = f"{stem}_{count}"
        taken.add(name.lower())
        names.append(name)
    return tuple(names)
