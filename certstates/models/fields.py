"""What the fields of a record share: their names, their limits, their makers."""

from __future__ import annotations

import uuid_utils
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Collate, Left, Upper

ID_LENGTH = 255
# Longer than any real name (X.520 allows 64 characters for a common name, a user
# principal name has at most 1,024), short enough to keep rows and pages small.
TEXT_LENGTH = 4096
# A thumbprint or serial number has 64 octets at most: two digits and a colon for each.
# What a b-tree holds must stay below 2,704 bytes, as 255 characters always do.
DIGITS_LENGTH = 255

# Read alike by Python and PostgreSQL ($ is not: Python lets a line end follow it).
# No address could lead to "." and "..": browsers and SDKs take them for directories.
ID_PATTERN = r"\A(?!\.\.?\Z)[^\u0000-\u001f\u007f-\u009f/]+\Z"


# Of a text as a sort key. It travels in the address of the next page, which must stay
# short enough, and in indexes, whose entries must.
KEY_LENGTH = 255


def camel_case(name: str) -> str:
    """Return Graph's name of a field: ``userPrincipalName`` and the like."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def in_any_case(name: str) -> str:
    """Return what a name compares by: its letters in any case, if they are ASCII's.

    Python takes the Kelvin sign for a ``k``. Whoever reads a name would, too.
    """
    return name.lower() if name.isascii() else name


def new_id() -> str:
    """Return a version 7 UUID: it sorts by time, so inserts stay at the index's end."""
    return str(uuid_utils.uuid7())


def refuse_unstorable(value: str) -> None:
    """Refuse what PostgreSQL cannot keep in a text: NUL and lone surrogates."""
    if "\0" in value:
        raise ValidationError("This text must not contain NUL (U+0000).", code="nul")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValidationError(
            "This text must not contain a lone surrogate (index %(index)s).",
            code="surrogate",
            params={"index": error.start},
        ) from None


def nullable_text(
    verbose_name: str, *, help_text: str, max_length: int = TEXT_LENGTH
) -> models.CharField[str | None, str | None]:
    """Return a field for a nullable Edm.String: null and "" are two values in Graph."""
    return models.CharField(
        verbose_name,
        max_length=max_length,
        null=True,
        blank=True,
        validators=[refuse_unstorable],
        help_text=help_text,
    )


def sort_key(name: str) -> Collate:
    """Return a text as records sort by it: in any case, by the code points."""
    return Collate(Left(Upper(name), KEY_LENGTH), "C")


class TransactionId(models.Func):
    """The number of the transaction that writes; PostgreSQL gives none twice."""

    arity = 0
    template = "pg_current_xact_id()::text::bigint"
    output_field = models.BigIntegerField()


def version_field() -> models.BigIntegerField[int, int]:
    """Return a field for the transaction that wrote a row last.

    A trigger sets it at each write, whatever the writer says. It means something in
    its own database only, so no dump carries it.
    """
    return models.BigIntegerField(
        editable=False, serialize=False, db_default=TransactionId()
    )
