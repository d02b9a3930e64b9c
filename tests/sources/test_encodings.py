"""Files in other encodings than UTF-8, with other line ends, and with what an emptied file holds."""

from __future__ import annotations

import gzip
import time

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import loganalytics as la
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.sources.files import reader

TEXTS = {
    "gbk": ["支付网关返回错误", "订单已取消", "读取配置文件完成", "用户 张伟 已登录"],
    "big5": ["付款閘道傳回錯誤", "訂單已取消", "讀取設定檔完成", "使用者 張偉 已登入"],
    "shift_jis": ["決済ゲートウェイがエラーを返しました", "注文が取り消されました", "設定ファイルの読込完了"],
    "euc_jp": ["決済ゲートウェイがエラーを返しました", "注文が取り消されました", "設定ファイルの読込完了"],
    "euc_kr": ["결제 게이트웨이가 오류를 반환했습니다", "주문이 취소되었습니다", "설정 파일 읽기 완료"],
    "koi8_r": ["Платёжный шлюз вернул ошибку", "Заказ отменён", "Чтение настроек закончено"],
    "cp1251": ["Платёжный шлюз вернул ошибку", "Заказ отменён", "Чтение настроек закончено"],
    "cp1252": ["Fehler beim Öffnen der Datei für Käufer Jörg", "Commande annulée à l’étape 3", "señal débil"],
    "utf-16-le": ["支付网关 error", "señal débil", "注文が取り消されました"],
    "utf-16-be": ["支付网关 error", "señal débil"],
    "utf-32": ["支付网关 error", "señal débil", "😀"],
    "utf-16": ["支付网关 error", "señal débil", "😀"],
    "iso2022_jp": ["決済ゲートウェイがエラーを返しました", "注文が取り消されました"],
}
WORDS = st.text(st.characters(min_codepoint=0xA1, categories=("L", "N")), min_size=1, max_size=12)
HEAD = "2026-03-10 12:00:{:02d},000 ERROR [app.db] "


def log_of(messages):
    """Return a log with one line for each message."""
    return "".join(HEAD.format(n % 60) + message + "\n" for n, message in enumerate(messages))


@pytest.mark.parametrize(("encoding", "messages"), TEXTS.items())
def test_old_and_wide_encodings_are_recognised(tmp_path, encoding, messages):
    """A few dozen characters show the encoding, which the load report names; load, scan and tail agree."""
    path = tmp_path / "app.log"
    path.write_bytes(log_of(messages).encode(encoding))
    logs = la.load(path)
    assert logs["message"].to_list() == messages
    assert logs["level"].to_list() == ["ERROR"] * len(messages)
    assert la.scan(path).collect().equals(logs)
    assert la.load_report(logs)["invalid_utf8"][0] == 0
    is_marked = encoding in ("utf-16", "utf-32")
    assert is_marked or "Hint: encoding=" in la.load_report(logs)["guessed"][0]


@pytest.mark.parametrize("encoding", ["gbk", "cp1252", "utf-16", "utf-16-le", "utf-32"])
def test_a_tail_reads_other_encodings(tmp_path, encoding):
    """Also where the bytes come in parts that cut characters, and after a restart at the cursor."""
    path, messages = tmp_path / "app.log", TEXTS[encoding]
    content = log_of(messages).encode(encoding)
    path.write_bytes(content)
    rest = log_of(messages).encode(
        encoding.removesuffix("-le") + "-le" if encoding in ("utf-16", "utf-32") else encoding
    )
    with la.tail(path, since="2020-01-01") as tail:
        seen = [drain(tail, len(messages))]
        for part in (rest[:77], rest[77:]):
            with path.open("ab") as file:
                file.write(part)
            seen.append(tail.read(0.2))
        seen.append(drain(tail, 2 * len(messages) - sum(frame.height for frame in seen)))
        cursor = tail.cursor
    with path.open("ab") as file:
        file.write(rest)
    with la.tail(path, cursor=cursor) as tail:
        seen.append(drain(tail, len(messages)))
    events = pl.concat(seen, how="diagonal_relaxed")
    assert events["message"].to_list() == messages * 3
    assert events["offset"].to_list() == [str(n + 1) for n in range(len(messages) * 3)]


def drain(tail, count, seconds=20.0):
    """Return what comes, until it is so many events."""
    frames, end = [tail.read(0.2)], time.monotonic() + seconds
    while time.monotonic() < end and sum(frame.height for frame in frames) < count:
        frames.append(tail.read(0.2))
    return pl.concat(frames, how="diagonal_relaxed")


@pytest.mark.parametrize("encoding", ["gbk", "euc_kr", "cp1252", "cp1251"])
def test_lines_in_two_encodings_are_read_each_by_its_own(tmp_path, encoding):
    """A file that went on in another encoding: what is UTF-8 is read as such."""
    path, messages = tmp_path / "app.log", TEXTS[encoding] * 3
    lines = log_of(messages).splitlines(keepends=True)
    path.write_bytes(b"".join(line.encode(encoding if n % 2 else "utf-8") for n, line in enumerate(lines)))
    assert la.load(path)["message"].to_list() == messages


def test_the_encoding_may_show_far_behind_the_sample(tmp_path, monkeypatch):
    """The first line that is not UTF-8 may come after the head, between the places that are looked at."""
    monkeypatch.setattr(reader, "BLOCK_BYTES", 64 * 1024)
    path, messages = tmp_path / "app.log", ["ok"] * 9000
    messages[6700:6703] = TEXTS["gbk"][:3]
    path.write_bytes(log_of(messages).encode("gbk"))
    assert la.load(path)["message"].to_list() == messages


@pytest.mark.parametrize("encoding", ["gbk", "utf-16", "cp1252"])
def test_packed_files_have_encodings_too(tmp_path, encoding):
    """What is unpacked is read as what is not packed."""
    path = tmp_path / "app.log.gz"
    path.write_bytes(gzip.compress(log_of(TEXTS[encoding]).encode(encoding)))
    assert la.load(path)["message"].to_list() == TEXTS[encoding]


def test_the_user_says_the_encoding(tmp_path):
    """Then nothing is guessed: not even what could be UTF-8."""
    path = tmp_path / "app.log"
    path.write_bytes(log_of(["Ã© is two letters"]).encode("cp1252"))
    assert la.load(path, encoding="cp1252")["message"].to_list() == ["Ã© is two letters"]
    assert la.load(path)["message"].to_list() == ["é is two letters"]
    with pytest.raises(InvalidArgumentError, match="no encoding 'klingon'"):
        la.load(path, encoding="klingon")


def test_broken_bytes_are_no_encoding(tmp_path):
    """Bytes that make sense in none stay visible as broken, and are counted."""
    path = tmp_path / "app.log"
    path.write_bytes(log_of(["fine"] * 5).encode() + HEAD.format(7).encode() + b"bad \x81\x8d\xff\xfe bytes\n")
    logs = la.load(path)
    assert logs["message"][-1] == "bad \ufffd\ufffd\ufffd\ufffd bytes"
    assert la.load_report(logs).select("invalid_utf8", "guessed").row(0) == (1, None)


@pytest.mark.parametrize("end", ["\r", "\r\n", "\r\n\r"])
def test_lines_of_old_macs_and_of_windows(tmp_path, end):
    """A lone carriage return ends a line where nothing else does, or where the next begins with a time."""
    path, messages = tmp_path / "app.log", [f"hello {n}" for n in range(9)]
    ends = [end[:2] if n % 2 else end[-1:] if end != "\r\n" else end for n in range(9)]
    lines = log_of(messages).splitlines()
    path.write_bytes("".join(line + end for line, end in zip(lines, ends, strict=True)).encode())
    logs = la.load(path)
    assert logs["message"].to_list() == messages
    assert logs["offset"].to_list() == [str(n + 1) for n in range(9)]
    with la.tail(path, since="2020-01-01") as tail:
        assert drain(tail, 9)["message"].to_list() == messages


def test_a_progress_bar_is_one_line(tmp_path):
    """Carriage returns that draw over a line do not end it."""
    path = tmp_path / "app.log"
    path.write_bytes(log_of(["a", "5%\r50%\r100% done", "b"]).encode())
    assert la.load(path)["message"].to_list() == ["a", "5%\r50%\r100% done", "b"]


@pytest.mark.parametrize("separator", ["\x85", "\u2028", "\u2029", "\x0b", "\x0c", "\x1c"])
def test_other_separators_are_text(tmp_path, separator):
    """Only line feeds and carriage returns end lines."""
    path = tmp_path / "app.log"
    path.write_text(log_of([f"one{separator}line"] * 3), encoding="utf-8")
    assert la.load(path)["message"].to_list() == [f"one{separator}line"] * 3


@pytest.mark.parametrize("nuls", [9, 5000, 700_000])
def test_nuls_of_an_emptied_file_are_skipped(tmp_path, nuls, monkeypatch):
    """At the head and in the middle; counted, and the lines about them are whole."""
    monkeypatch.setattr(reader, "BLOCK_BYTES", 1000)
    path, hole = tmp_path / "app.log", b"\0" * nuls
    lines = log_of(["one", "two", "three", "four"]).encode().splitlines(keepends=True)
    path.write_bytes(hole + lines[0] + hole + lines[1].rstrip() + hole + lines[2] + lines[3] + hole)
    logs = la.load(path)
    assert logs["message"].to_list() == ["one", "two", "three", "four"]
    assert f"{4 * nuls:,} NUL bytes skipped" in la.load_report(logs)["note"][0]
    assert la.scan(path).collect().select(logs.columns).equals(logs)  # what a sample cannot show has a column there
    with la.tail(path, since="2020-01-01") as tail:
        assert drain(tail, 4)["message"].to_list() == ["one", "two", "three", "four"]


def test_a_few_nuls_within_a_line_are_text(tmp_path):
    """As of a list whose parts they divide."""
    path = tmp_path / "app.log"
    path.write_bytes(log_of(["args: a\0b\0c"] + ["fine"] * 50).encode())
    assert la.load(path)["message"][0] == "args: a\0b\0c"


@given(
    encoding=st.sampled_from([*TEXTS, "utf-8", "cp866", "gb18030", "utf-8-sig", "utf-32-be"]),
    words=st.lists(st.text(st.characters(categories=("L", "N")), min_size=1, max_size=12), min_size=1, max_size=6),
    size=st.integers(20, 300),
)
def test_any_text_in_any_encoding_and_any_blocks(tmp_path_factory, encoding, words, size):
    """What can be written in an encoding that the user names is read as it was written, however the blocks cut it."""
    words = [word for word in words if word.encode(encoding, "ignore").decode(encoding).strip("\ufeff") == word]
    messages = [f"x{word}x" for word in words if word.isprintable()] or ["none"]
    path = tmp_path_factory.mktemp("any") / "app.log"
    path.write_bytes(log_of(messages).encode(encoding))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "BLOCK_BYTES", size)
        assert la.load(path, encoding=encoding)["message"].to_list() == messages
