"""Values within text of scripts without blanks."""

from __future__ import annotations

import polars as pl
import pytest

from loganalytics.templates.annotate import with_templates

USERS = ["张伟", "王芳", "李娜", "刘洋", "陈静", "杨光", "赵敏"]


def templates(*messages: str) -> set[str]:
    """Return the templates of messages."""
    return set(with_templates(pl.DataFrame({"message": messages}))["template"])


def test_a_value_between_a_beginning_and_an_end():
    """Five different values are enough; the outcome after them stays."""
    messages = [f"用户{user}登录{outcome}" for user in USERS for outcome in ("成功", "失败")]
    assert templates(*messages) == {"用户<*>登录成功", "用户<*>登录失败"}
    assert len(templates(*[f"用户{user}登录成功" for user in USERS[:4]])) == 4


def test_several_statements_of_several_users():
    """More verbs than one beside the names do not become part of the value."""
    verbs = ["登录", "注册", "退出", "下单", "付款"]
    names = [first + second for first in "张王李刘陈杨" for second in "伟芳娜洋静光敏磊"]
    assert templates(*[f"用户{name}{verb}成功" for name in names for verb in verbs]) == {
        f"用户<*>{verb}成功" for verb in verbs
    }


@pytest.mark.parametrize(
    ("pattern", "template"),
    [
        ("订单O2026112900559{}创建成功", "订单<*>创建成功"),
        ("商品SKU1{}剩余3件", "商品<*>剩余<*>件"),
        ("耗时25{}毫秒", "耗时<*>毫秒"),
        ("任务失败，订单O1234{}：Error 111", "任务失败，订单<*>：Error <*>"),
        ("请求异常 GET /api/profile/10{}：用户10{}渲染失败", "请求异常 GET /api/profile/<*>：用户<*>渲染失败"),
    ],
)
def test_letters_and_digits_are_a_word_of_their_own(pattern, template):
    """Within Chinese text, and a path ends at punctuation of full width."""
    assert templates(*[pattern.replace("{}", str(i)) for i in range(7)]) == {template}


def test_text_in_full_width_brackets_and_after_full_width_colons():
    """These end words."""
    topics = ["论文", "模型", "量子计算", "深度学习", "气候变化", "神经网络"]
    assert templates(*[f"【{topic}】任务已完成" for topic in topics]) == {"【<*>】任务已完成"}
    messages = [f"关键词：{topic}，结果数：{i}" for i, topic in enumerate(topics)]
    assert templates(*messages) == {"关键词：<*>，结果数：<*>"}


def test_a_prefix_does_not_take_the_statement_with_it():
    """Three statements behind a request id are three templates."""
    statements = ["读取详情", "开始搜索", "搜索完成"]
    messages = [f"[request_id=1027c4d1c386bbc4cd613e30d8f16ad{i}] {text}" for i in range(9) for text in statements]
    assert templates(*messages) == {f"[request_id=<*>] {text}" for text in statements}


def test_a_verb_behind_a_value_needs_twenty_others():
    """In other languages as well, whose verbs no list holds."""
    verbs = ["erstellt", "bezahlt", "versandt", "geliefert", "storniert", "erstattet"]
    messages = [f"Auftrag {i} {verb}" for i in range(3) for verb in verbs]
    assert templates(*messages) == {f"Auftrag <*> {verb}" for verb in verbs}
    words = [a + b + "en" for a in "klmnp" for b in ("ra", "le", "mi", "no")]
    assert len(templates(*[f"Auftrag 7 {word}" for word in words[:19]])) == 19
    assert templates(*[f"Auftrag 7 {word}" for word in words]) == {"Auftrag <*> <*>"}
