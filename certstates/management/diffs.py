"""What would change, for people to read on a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from certstates.importing.verdicts import Kind, Verdict


def lines_of(verdict: Verdict) -> Iterator[str]:
    """Yield a line for the record, and one for each of its changes."""
    sign = "+" if verdict.kind is Kind.NEW else "~"
    yield f"{sign} {plain(verdict.id)}  {in_words(verdict.device)}"
    for change in verdict.changes:
        old, new = in_words(change.old), in_words(change.new)
        yield f"    {change.name}: {old} -> {new}"


def in_words(value: Any) -> str:
    """Return a value as JSON has it; nothing in it moves the cursor of a terminal."""
    return plain(json.dumps(value, ensure_ascii=False))


def plain(text: str) -> str:
    return "".join(c if c.isprintable() else escaped(c) for c in text)


def escaped(character: str) -> str:
    return json.dumps(character)[1:-1]
