"""How a value stands in a cell of a spreadsheet, so that it is a value and no formula.

A program that opens the file takes a cell for a formula if it begins with one of
``= + - @`` (also in their wide forms), perhaps after white space or a tab. Such a cell
is written with an apostrophe before it, the sign by which spreadsheets know a text. So
that nothing is lost, the texts that could be mistaken for what this rule makes get one
more apostrophe, and an empty cell stands for null and a mere apostrophe for "".

``plain(written(text)) == text`` for every text; a foreign cell that only begins with an
apostrophe, such as ``'s-Gravenhage``, stays what it is.
"""

import re

# Any number of apostrophes, so that "begins like a formula" stays true with one more.
# What a reader may skip or not show counts as white space: controls, no-break and
# zero-width spaces, marks of direction, the byte order mark.
BLANK = r"\s\x00-\x1f\x7f-\x9f\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff"
TAKEN_AMISS = re.compile(
    rf"'*(?:\Z|[\t\r\n]|[{BLANK}]*[=+\-@\uff1d\uff0b\uff0d\uff20\u2212])"
)


def written(text: str) -> str:
    """Return what to write into a cell for a text."""
    return f"'{text}" if TAKEN_AMISS.match(text) else text


def plain(cell: str) -> str:
    """Return the text that a cell stands for."""
    if cell.startswith("'") and TAKEN_AMISS.match(cell, 1):
        return cell[1:]
    return cell
