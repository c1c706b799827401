"""The published dose-finding numbers, by family; each case names its source."""

import json
from functools import cache

import pytest

from conftest import ROOT


@cache
def _cases() -> list[dict]:
    text = (ROOT / "tests" / "reference" / "dosefinding.json").read_text()
    return json.loads(text)["cases"]


def family(name: str) -> list:
    """The cases of a family, as pytest parameters."""
    found = [case for case in _cases() if case["family"] == name]
    assert found, name
    return [pytest.param(case, id=case["name"]) for case in found]


def case(name: str) -> dict:
    """One case by its id."""
    return next(case for case in _cases() if case["id"] == name)
