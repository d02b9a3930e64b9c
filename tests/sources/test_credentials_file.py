"""Logins from the credentials file: whose they are, and what is refused."""

from __future__ import annotations

import sys

import platformdirs
import pytest

from loganalytics.exceptions import UnreadableSourceError
from loganalytics.sources.credentials_file import login

SECRET = "hunter2-not-to-be-seen"
TABLES = f"""
["db.example.com"]
username = "reader"
password = "{SECRET}"

["db.example.com:6380"]
username = "other"
pin = 7
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    """Return the file of credentials, which only its owner may read."""
    path = tmp_path / "credentials.toml"
    path.write_text(TABLES)
    path.chmod(0o600)
    monkeypatch.setenv("LOGANALYTICS_CREDENTIALS", str(path))
    return path


def test_a_host_and_port_come_before_the_host(file):
    """The table of a port holds for that port alone; what is not text becomes text."""
    assert login("db.example.com", 6379) == {"username": "reader", "password": SECRET}
    assert login("db.example.com") == {"username": "reader", "password": SECRET}
    assert login("db.example.com", 6380) == {"username": "other", "pin": "7"}


def test_a_host_that_is_not_in_the_file(file):
    """Has no login."""
    assert login("example.com", 6379) == {}


@pytest.mark.parametrize(
    "entry", [f'"db.example.com" = "{SECRET}"', f'["db.example.com"]\npassword = ["{SECRET}"]', '"db.example.com" = 5']
)
def test_an_entry_that_is_no_login(file, entry):
    """Is an error that does not show it."""
    file.write_text(entry)
    with pytest.raises(UnreadableSourceError, match="is not a login") as error:
        login("db.example.com")
    assert SECRET not in str(error.value)


def test_without_a_file_there_is_no_login(tmp_path, monkeypatch):
    """Where the usual one is not there; it is read when it is."""
    monkeypatch.delenv("LOGANALYTICS_CREDENTIALS", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert login("db.example.com") == {}
    usual = platformdirs.user_config_path("loganalytics") / "credentials.toml"
    usual.parent.mkdir(parents=True)
    usual.write_text(TABLES)
    usual.chmod(0o600)
    assert login("db.example.com")["username"] == "reader"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_a_file_that_others_may_read_is_refused(file, mode):
    """By group or by all, reading or writing."""
    file.chmod(mode)
    with pytest.raises(UnreadableSourceError, match="chmod 600"):
        login("db.example.com")


@pytest.mark.parametrize("content", [f'password = "{SECRET}', f"[a]\n{SECRET}", f"password = '{SECRET}\udcff'"])
def test_a_file_that_is_not_toml_is_refused_without_its_text(file, content):
    """The error names the file and shows nothing of what it holds."""
    file.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(UnreadableSourceError, match="is not TOML") as error:
        login("db.example.com")
    assert SECRET not in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__


def test_a_file_that_is_named_and_not_there(tmp_path, monkeypatch):
    """Is an error: a login was meant."""
    monkeypatch.setenv("LOGANALYTICS_CREDENTIALS", str(tmp_path / "none.toml"))
    with pytest.raises(UnreadableSourceError, match="LOGANALYTICS_CREDENTIALS"):
        login("db.example.com")
