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

# What a reader may skip or not show counts as white space: controls, no-break and
# zero-width spaces, marks of direction, the byte order mark.
BLANK = (
    r"\u0000-\u0020\u007f-\u00a0\u00ad\u1680\u180e\u2000-\u200f\u2028-\u202f"
    r"\u205f-\u2064\u3000\ufeff"
)
SIGNS = r"=+\-@\uff1d\uff0b\uff0d\uff20\u2212"
# Any number of apostrophes, so that "begins like a formula" stays true with one more.
# Read alike by Python and PostgreSQL, which prints the cells of a CSV by itself.
AMISS = rf"\A'*(?:\Z|[\t\r\n]|[{BLANK}]*[{SIGNS}])"
TAKEN_AMISS = re.compile(AMISS)


def written(text: str) -> str:
    """Return what to write into a cell for a text."""
    is_plain = text[:1].isalnum()  # as most are, and no formula is
    return text if is_plain or not TAKEN_AMISS.match(text) else f"'{text}"


def plain(cell: str) -> str:
    """Return the text that a cell stands for."""
    if cell.startswith("'") and TAKEN_AMISS.match(cell[1:]):
        return cell[1:]
    return cell
