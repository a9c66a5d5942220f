"""Trees of tests.reference as OData text, plainly or as oddly as OData allows."""

import datetime as dt
import decimal
import random

from tests.reference import FUNCTIONS, Prop, Status

TYPE = "microsoft.graph.certificateRevocationStatus"
PLAIN = None


def spelled(tree, oddly: random.Random | None = PLAIN) -> str:
    """Return a tree as text; with ``oddly`` in another case, with other spaces."""
    if isinstance(tree, Prop):
        return any_case(tree.name, oddly)
    if not isinstance(tree, tuple):
        return literal(tree, oddly)
    name, *operands = tree
    word = any_case("-" if name == "negate" else name, oddly)
    texts = [spelled(operand, oddly) for operand in operands]
    gap = space(oddly)
    if name in FUNCTIONS:
        return f"{word}{gap}({gap}{f',{gap}'.join(texts)}{space(oddly)})"
    if name == "in":
        return f"({texts[0]} {word} ({gap}{f'{gap},'.join(texts[1:])}))"
    if name in ("not", "negate"):
        return f"({word} {gap}{texts[0]})"
    return f"({gap}{f' {gap}{word}{gap} '.join(texts)})"


def literal(value, oddly=PLAIN) -> str:
    return next(form for kind, form in FORMS if isinstance(value, kind))(value, oddly)


def word(value, oddly):
    return any_case({None: "null", True: "true", False: "false"}[value], oddly)


def moment(value, oddly):
    return any_case(value.isoformat().replace("+00:00", "Z"), oddly)


def duration(value, oddly):
    return any_case(f"duration'{iso_duration(value)}'", oddly)


def status(value, oddly):
    forms = [f"'{value.name}'", f"'{value.value}'", f"{TYPE}'{value.name}'"]
    forms += [f"graph.certificateRevocationStatus'{value.value}'"]
    return any_case(oddly.choice(forms), oddly) if oddly else forms[0]


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def iso_duration(value):
    sign = "-" if value < dt.timedelta(0) else ""
    value = abs(value)
    return f"{sign}P{value.days}DT{value.seconds}.{value.microseconds:06}S"


def any_case(word, oddly):
    return word if not oddly else oddly.choice([word, word.upper(), word.lower()])


def space(oddly):
    return oddly.choice(["", "", " ", "  ", "\t"]) if oddly else ""


def encoded(text, oddly: random.Random) -> str:
    """Return a value for the address, each character escaped or not, as it may be."""
    return "".join(character(c, oddly) for c in text)


def character(c, oddly):
    if c == " ":
        return oddly.choice(["+", "%20"])
    if (c.isascii() and c.isalnum()) or (
        c in "-._~!$'()*,/:@=" and oddly.random() < 0.8
    ):
        return c
    form = oddly.choice(["%{:02X}", "%{:02x}"])
    return "".join(form.format(byte) for byte in c.encode())


# The first kind that fits: a bool is an int, and a datetime a date.
FORMS = [
    ((type(None), bool), word),
    (Status, status),
    (str, lambda value, _: quoted(value)),
    (dt.datetime, moment),
    (dt.timedelta, duration),
    (decimal.Decimal, lambda value, _: f"{value:f}"),
    (int, lambda value, _: str(value)),
    ((dt.date, dt.time), lambda value, _: value.isoformat()),
]
