"""Every page at two sizes, light and dark, on five sources: no exception, nothing cut or covered, all of it legible."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from browsing import needs_browser, running_app, wait_until_settled

from loganalytics.dashboard.navigation import PAGES
from loganalytics.sources.files.discovery import sample_data

pytestmark = needs_browser

_AXE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "loganalytics-tests", "axe-4.14.1.min.js")
_CHECKS = Path(__file__).with_name("walk.js").read_text(encoding="utf-8")
_RULES = {
    "runOnly": ["color-contrast", "button-name", "label", "image-alt", "page-has-heading-one", "aria-input-field-name"]
}
_SIZES = ({"width": 1280, "height": 800}, {"width": 1920, "height": 1080})
_LAYOUT_SHIFT = """window.shift = 0; new PerformanceObserver(list => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
}).observe({type: 'layout-shift', buffered: true})"""
_STEPS = ("读取数据", "计算指标", "写入结果")


def write_chinese_log(path: Path) -> None:
    """Write what a batch service logs: runs of three steps, the tenth with an error, one level that is none of ours."""
    rows = (
        {
            "时间": f"2026-03-10T{8 + n // 60:02d}:{n % 60:02d}:00+08:00",
            "level": "严重" if n % 30 == 29 else "ERROR" if n % 10 == 9 else "INFO",
            "service": "批处理服务",
            "job_run_id": f"run-{n // 3:03d}",
            "step": _STEPS[n % 3],
            "duration_ms": 100 + n % 7 * 40,
            "message": f"任务第 {n} 步执行失败：连接数据库超时"
            if n % 10 == 9
            else f"任务第 {n} 步完成，处理了 {n * 17} 条记录",
        }
        for n in range(240)
    )
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture(scope="module", params=["sample", "empty", "hostile", "chinese", "listed"])
def source(request, log, tmp_path_factory):
    """Start the app on a source; return its address."""
    folder = tmp_path_factory.mktemp(request.param)
    path = folder / "日志.log"
    if request.param == "chinese":
        write_chinese_log(path)
    elif request.param == "empty":
        path.touch()
    address = {"sample": sample_data(), "hostile": log}.get(request.param, str(path))
    arguments = [address]
    if request.param == "listed":
        (folder / "sources.toml").write_text(
            f'[sources."日志 of the shop"]\nsource = {json.dumps(log)}\n', encoding="utf-8"
        )
        arguments = ["--sources", str(folder / "sources.toml")]
    with running_app(*arguments) as app:
        yield app.url


def faults(page) -> list[str]:
    """Return what is wrong with the page as it is now."""
    found = [f"exception: {text}" for text in page.get_by_test_id("stException").all_inner_texts()]
    found += page.evaluate(_CHECKS)
    if _AXE.exists() or os.environ.get("LOGANALYTICS_REQUIRE_SERVERS"):
        if not page.evaluate("Boolean(window.axe)"):
            page.evaluate(_AXE.read_text(encoding="utf-8"))
        answer = page.evaluate("rules => axe.run(document, rules)", _RULES)
        found += [
            f"{violation['id']}: {node['target']} {node['failureSummary'][:200]}"
            for violation in answer["violations"] for node in violation["nodes"]
        ]  # fmt: skip
    return found


def test_what_is_cut_or_covered_is_found(page):
    """The check itself, on a page made for it."""
    page.set_viewport_size(_SIZES[0])
    page.set_content(
        "<h1>x</h1><button style='position:absolute;left:100px;top:100px'>one</button>"
        "<button style='position:absolute;left:110px;top:105px'>two</button>"
        "<button style='position:absolute;left:300px;top:100px;width:40px;overflow:hidden;white-space:nowrap'>"
        "a long label</button><a href='/' style='position:absolute;left:1270px;top:300px'>out of sight</a>"
        "<p style='position:absolute;top:400px;color:#bbb;background:#fff'>pale</p>"
    )
    assert [fault.partition(":")[0] for fault in faults(page)] == [
        "cut off", "beyond the window", "one over the other", "color-contrast",
    ]  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_a_page_looks_right(page, source, name):
    """At both sizes and in both themes; and it does not jump while it loads."""
    page.add_init_script(_LAYOUT_SHIFT)
    page.set_viewport_size(_SIZES[0])
    page.goto(f"{source}/{name}")
    page.locator("h1").first.wait_for()
    wait_until_settled(page)
    page.wait_for_timeout(600)  # charts are drawn after the script has run
    problems = {"light 1280": faults(page)}
    shift = page.evaluate("window.shift")
    page.set_viewport_size(_SIZES[1])
    page.wait_for_timeout(300)
    problems["light 1920"] = faults(page)
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(300)
    problems["dark 1920"] = faults(page)
    page.set_viewport_size(_SIZES[0])
    page.wait_for_timeout(300)
    problems["dark 1280"] = faults(page)
    assert not any(problems.values()), json.dumps(problems, ensure_ascii=False, indent=1)
    assert shift < 0.1
