"""The API list."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil

import pytest

import loganalytics as la


def test_all_is_sorted_and_true():
    """`__all__` is sorted, and each name in it is there, with a docstring and annotations."""
    assert la.__all__ == sorted(la.__all__)
    for name in la.__all__:
        member = getattr(la, name)
        assert inspect.getdoc(member), name
        assert inspect.signature(member).return_annotation is not inspect.Signature.empty, name


def test_names_survive_the_import_of_a_module_of_that_name():
    """A submodule that is imported first does not take the place of the function."""
    for module in pkgutil.iter_modules(la.__path__):
        assert module.name not in la.__all__


def test_an_unknown_name_is_an_attribute_error():
    """As of any module."""
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        la.nothing  # noqa: B018


FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
PACKAGES = pkgutil.walk_packages(la.__path__, "loganalytics.")
MODULES = [module.name for module in PACKAGES if ".dashboard" not in module.name and ".__main__" not in module.name]


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples_run(name, tmp_path, monkeypatch):
    """Each example in a docstring gives what it says."""
    monkeypatch.chdir(tmp_path)
    result = doctest.testmod(importlib.import_module(name), optionflags=FLAGS)
    assert result.failed == 0
