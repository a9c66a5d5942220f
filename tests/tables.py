"""The tables of a Markdown document."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    head: tuple[str, ...]
    rows: tuple[dict[str, str], ...]

    def column(self, name):
        return [row[name] for row in self.rows]

    def codes(self, name):
        """Return what stands in backticks in a column."""
        return [code for cell in self.column(name) for code in codes(cell)]


def codes(cell):
    return re.findall(r"`([^`]+)`", cell)


def cells(line):
    return [cell.strip() for cell in line.strip("|").split(" | ")]


def tables(text):
    """Return the tables by the first word or words of their heads."""
    found = {}
    for block in re.findall(r"^\|.*\n\|[-|]+\|\n(?:\|.*\n)+", text, re.MULTILINE):
        head, _, *lines = block.splitlines()
        names = cells(head.strip())
        rows = [dict(zip(names, cells(line), strict=True)) for line in lines]
        assert names[0] not in found
        found[names[0]] = Table(tuple(names), tuple(rows))
    return found
