"""Comparisons of texts in the very form that the indexes hold.

PostgreSQL uses an index over an expression for that expression only, as it is written
in the model's indexes. All compare in any case.
"""

from __future__ import annotations

import re

from django.db import connection
from django.db.models import BooleanField, Expression, Func, Q, Value
from django.db.models.functions import StrIndex, Upper
from django.db.models.lookups import GreaterThan

from certstates.models.fields import DIGITS_LENGTH, KEY_LENGTH, sort_key

# What the index of names holds; less than one cannot be looked up.
TRIGRAM = 3
TRIGRAM_INDEX = "certstates_device_user_trgm"
# How sources separate the bytes of a thumbprint or serial number.
SEPARATORS = ("", ":", " ", "-")
# These are no longer than a sort key, and have an index of their own for LIKE.
DIGITS = ("certificate_thumbprint", "certificate_serial_number")
NAMES = {"device": "managed_device_display_name", "user": "user_principal_name"}


def comparison(left: Expression, operator: str, right: str) -> Func:
    return Func(
        left,
        Upper(Value(right)),
        template="(%(expressions)s)",
        arg_joiner=f" {operator} ",
        output_field=BooleanField(),
    )


def equals(name: str, text: str) -> Func:
    """Return whether a text equals another, as far as a sort key goes."""
    return comparison(sort_key(name), "=", text[:KEY_LENGTH])


def begins_with(name: str, text: str) -> Func:
    folded = Upper(name) if name in DIGITS else sort_key(name)
    return comparison(folded, "LIKE", f"{escaped(text)}%")


def contains(name: str, text: str) -> Q:
    """Return whether a text has another inside, with the help of its trigrams.

    A domain's trigrams are in every user's name, and long to read. The index is asked
    for what stands before the @; the whole is then looked for in what it found.
    """
    local, at, _ = text.partition("@")
    asked = f"{local}{at}" if len(local) >= TRIGRAM else text
    found = Q(comparison(Upper(name), "LIKE", f"%{escaped(asked)}%"))
    if asked == text:
        return found
    place = StrIndex(Upper(name), Upper(Value(text)))
    return found & Q(GreaterThan(place, 0))


def fitting(kind: str, text: str, *, inside: bool) -> Q:
    """Return whether a record may be what a text is taken for."""
    name_fits = contains if inside else begins_with
    match kind:
        case "id":
            return Q(pk=text)
        case "digits":
            tests = [begins_with(n, s) for n in DIGITS for s in spellings(text)]
        case "subject":
            beginnings = (text, f"CN={text}")
            tests = [begins_with("certificate_subject_name", b) for b in beginnings]
        case _:
            return Q(name_fits(NAMES[kind], text))
    return Q(*tests, _connector=Q.OR)


def escaped(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)


def spellings(digits: str) -> set[str]:
    """Return how digits may stand in a record: bare, or in pairs with a separator."""
    pairs = [digits[n : n + 2] for n in range(0, len(digits), 2)]
    written = (separator.join(pairs) for separator in SEPARATORS)
    return {text for text in written if len(text) <= DIGITS_LENGTH}


def has_trigram_index() -> bool:
    """Say whether the inside of names can be searched on this server."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [TRIGRAM_INDEX])
        return bool((cursor.fetchone() or [False])[0])
