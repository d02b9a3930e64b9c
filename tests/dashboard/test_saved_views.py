"""Views under a name survive, whatever the name; a broken file is never overwritten."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loganalytics.dashboard import saved_views
from loganalytics.exceptions import InvalidArgumentError

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80).filter(
    lambda name: name == name.strip()
)


@pytest.fixture
def path(tmp_path, monkeypatch):
    """Return the file of the reader's own views, in a configuration folder that is not there yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return saved_views.own_file()


def test_the_file_is_in_the_configuration_folder(path, monkeypatch):
    """Where XDG says, else ~/.config."""
    assert path.parts[-3:] == ("config", "loganalytics", "views.toml")
    monkeypatch.delenv("XDG_CONFIG_HOME")
    assert saved_views.own_file() == Path.home() / ".config" / "loganalytics" / "views.toml"


@given(NAMES, st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_what_is_saved_is_read(tmp_path_factory, name, link):
    """Quotes, backslashes, controls and Chinese as well."""
    path = tmp_path_factory.mktemp("views") / "views.toml"
    saved_views.save(path, name, link)
    assert saved_views.read(path) == {name: link}


def test_one_can_be_replaced_and_removed(path):
    """The others stay; nobody else can read them."""
    saved_views.save(path, "errors", "explore?level=ERROR")
    saved_views.save(path, "错误", "explore?level=CRITICAL")
    with pytest.raises(saved_views.NameTakenError):
        saved_views.save(path, "errors", "overview?level=ERROR")
    assert saved_views.read_cached(path)["errors"] == "explore?level=ERROR"
    saved_views.save(path, "errors", "explore?level=ERROR")
    saved_views.save(path, " errors ", "overview?level=ERROR", replace=True)
    assert saved_views.read_cached(path) == saved_views.read(path)
    assert saved_views.read(path) == {"errors": "overview?level=ERROR", "错误": "explore?level=CRITICAL"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    saved_views.remove(path, "errors")
    saved_views.remove(path, "no such view")
    assert list(saved_views.read(path)) == ["错误"]


def test_a_name_is_needed(path):
    """Blanks are none; and it is not cut."""
    with pytest.raises(InvalidArgumentError, match="name"):
        saved_views.save(path, "  ", "explore")
    with pytest.raises(InvalidArgumentError, match="81 characters"):
        saved_views.save(path, "错" * 81, "explore")
    assert saved_views.read_cached(path) == {}


@pytest.mark.parametrize("content", ["[views", "views = 3", '[views]\nx = ["a"]', "\xff"])
def test_a_broken_file_is_told_and_kept(path, content):
    """Nothing is written over what somebody wrote by hand."""
    path.parent.mkdir(parents=True)
    path.write_text(content, encoding="latin-1")
    with pytest.raises(InvalidArgumentError, match="views"):
        saved_views.save(path, "errors", "explore")
    assert path.read_text(encoding="latin-1") == content


def test_two_at_once_lose_nothing(path):
    """Two tabs that save at the same moment."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: saved_views.save(path, f"view {number}", "explore"), range(24)))
    assert len(saved_views.read(path)) == 24
