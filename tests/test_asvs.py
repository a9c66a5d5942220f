"""The list of ASVS requirements is whole, and what it names can be looked up."""

import ast
import functools
import re

import pytest
from django.conf import settings

ROOT = settings.BASE_DIR
PAGE = (ROOT / "docs/asvs.md").read_text(encoding="utf-8")
SIGNS = {"met", "operator", "no such thing", "not met"}
# How many requirements of levels 1 and 2 a chapter of ASVS 5.0.0 has.
NUMBERS = {
    1: 27, 2: 11, 3: 19, 4: 10, 5: 9, 6: 35, 7: 18, 8: 7, 9: 7, 10: 29, 11: 14,
    12: 9, 13: 13, 14: 9, 15: 13, 16: 16, 17: 7,
}  # fmt: skip
HEADER = "| Requirement | Level | Here | Met by |"
ROW = re.compile(r"\| V(\d+)\.(\d+)\.(\d+) (.+?) \| (.+?) \| (.+?) \| (.+?) \|")
# A file or a folder of this repository, and perhaps one of its tests.
NAMED = re.compile(
    r"`((?:certstates|project|templates|tests|docs|bench|\.semgrep|\.ci)/[^`:]*"
    r"|[\w.-]+\.(?:md|toml|lock|txt|py|yaml))(?:::(\w+))?`"
)


def chapter(number):
    """Return the rows of a chapter, as groups of ROW."""
    text = re.split(rf"^## V{number} .*\n", PAGE, flags=re.MULTILINE)[1]
    lines = text.partition("\n## ")[0].splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert table[:1] == [HEADER], f"V{number}"
    found = [ROW.fullmatch(line) for line in table[2:]]
    assert None not in found, table[2:][found.index(None)]
    return [match.groups() for match in found]


@functools.cache
def names_in(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("number", NUMBERS)
def test_a_chapter_has_each_of_its_requirements_once_and_in_order(number):
    rows = chapter(number)
    numbers = [tuple(map(int, row[:3])) for row in rows]
    assert {first for first, *_ in numbers} == {number}
    assert numbers == sorted({*numbers})
    assert len(numbers) == NUMBERS[number]


@pytest.mark.parametrize("number", NUMBERS)
def test_each_row_is_short_and_says_why(number):
    for *_, title, level, sign, reason in chapter(number):
        assert level in ("1", "2"), title
        assert sign in SIGNS, title
        assert 1 <= len(title.split()) <= 8, title
        assert sign != "met" or NAMED.search(reason), title


def test_no_chapter_is_left_out():
    headings = re.findall(r"^## V(\d+) ", PAGE, re.MULTILINE)
    assert [*map(int, headings)] == [*NUMBERS]


def test_everything_that_it_names_exists():
    named = NAMED.findall(PAGE)
    assert len(named) > 100
    for path, test in named:
        assert (ROOT / path).exists(), path
        assert not test or test in names_in(path), f"{path}::{test}"


def test_nothing_is_named_in_a_way_that_is_not_looked_up():
    for word in re.findall(r"`([^`]*(?:/test_|::)[^`]*)`", PAGE):
        assert NAMED.fullmatch(f"`{word}`"), word
