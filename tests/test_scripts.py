"""The pages' own scripts write text as text, run nothing and hear no other window."""

import re

import pytest
from django.conf import settings

SCRIPTS = sorted((settings.BASE_DIR / "certstates/static").rglob("*.js"))
FORBIDDEN = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|setHTMLUnsafe"
    r"|createContextualFragment|\beval\b|new Function|setTimeout\(\s*[\"'`]"
    r"|postMessage|[\"']message[\"']|javascript:"
)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_uses_safe_ways_only(script):
    assert FORBIDDEN.findall(script.read_text(encoding="utf-8")) == []


def test_there_are_scripts_to_look_at():
    assert len(SCRIPTS) >= 3
    assert FORBIDDEN.search('window.addEventListener("message", hear)')
