"""The examples of the README and the docs run and print what they say."""

import doctest

import pytest

from conftest import ROOT

PAGES = [
    path
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    if ">>> " in path.read_text()
]


# What a newcomer reads first is run every time.
QUICK = {"README.md", "regimens.md"}


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, id=page.name, marks=[] if page.name in QUICK else pytest.mark.slow)
        for page in PAGES
    ],
)
def test_the_examples_of_a_page_run(page):
    result = doctest.testfile(str(page), module_relative=False)
    assert result.attempted > 0
    assert result.failed == 0
