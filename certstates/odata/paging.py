"""Server-driven paging by key: the same cost on every page, no matter what comes or
goes in between."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote, urlencode

from django.conf import settings
from django.core import signing
from django.db import DataError, OperationalError
from django.http import QueryDict
from psycopg.errors import QueryCanceled

from certstates.errors import BadRequest
from certstates.models import CertificateStateQuerySet, in_any_case
from certstates.odata.options import Options
from certstates.odata.ordering import Ordering

SIGNER = signing.Signer(salt="certstates.skiptoken")
# What belongs to the page that was asked for, and is not repeated in a link.
PAGE_OPTIONS = frozenset({"skip", "skiptoken", "deltatoken"})

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Page:
    """Some records as rows of the columns asked for and, if more follow, the token
    that leads to them."""

    rows: list[Row]
    skiptoken: str | None

    @classmethod
    def of(
        cls,
        queryset: CertificateStateQuerySet,
        ordering: Ordering,
        options: Options,
        *,
        columns: Sequence[str],
        size: int,
    ) -> Self:
        """Return the page that the options ask for, of so many records at most."""
        if options.skiptoken is not None:
            place = read_token(options)
            queryset = queryset.filter(ordering.after(place).sql)
        rows = ordered_rows(queryset, ordering, columns, options.skip, size + 1)
        if len(rows) <= size:
            return cls([row[: len(columns)] for row in rows], None)
        place = ordering.dump(rows[size - 1][len(columns) :])
        token = SIGNER.sign_object([fingerprint(options), *place], compress=True)
        return cls([row[: len(columns)] for row in rows[:size]], token)


def ordered_rows(
    queryset: CertificateStateQuerySet,
    ordering: Ordering,
    columns: Sequence[str],
    skip: int,
    count: int,
) -> list[Row]:
    """Return rows of the columns, with the values of the sort keys behind them."""
    queryset = ordering.apply(queryset)
    stop = skip + count
    if skip:  # passing over ids alone is ten times as fast as over whole records
        ids = queryset.values("pk")[skip:stop]
        queryset = ordering.apply(queryset.model.objects.filter(pk__in=ids))
        stop = count
    keys = (key.found.sql for key in ordering.keys)
    # nosemgrep: orm-names -- columns of the gate's, then expressions
    rows = queryset.values_list(*columns, *keys)
    with computable():
        return list(rows[:stop])


@contextmanager
def computable() -> Iterator[None]:
    """Refuse an expression that has no value, such as the year 10000, or no end."""
    try:
        yield
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        raise BadRequest(
            f"The database took more than {settings.STATEMENT_TIMEOUT} seconds; "
            "ask for less."
        ) from None
    except DataError as error:
        reason = str(error).splitlines()[0]
        raise BadRequest(f"An expression has no value: {reason}.") from None


def next_link(url: str, query: QueryDict, *, top: int | None, **token: str) -> str:
    """Return the address to go on with: every option of this page, and the token.

    A page size that the client preferred by a header becomes ``$top``.
    """
    dropped = PAGE_OPTIONS | ({"top"} if top else set())
    pairs = [
        (key, value)
        for key, values in query.lists()
        for value in values
        if in_any_case(key).removeprefix("$") not in dropped
    ]
    pairs += [("$top", str(top))] if top else []
    pairs += [(f"${name}", value) for name, value in token.items()]
    # Everything but the $ is escaped: one SDK takes this for a URI template.
    return f"{url}?{urlencode(pairs, safe='$', quote_via=quote)}"


def fingerprint(options: Options) -> str:
    """Return what tells this query from others; a place in one is none in another."""
    aliases = sorted(options.aliases.items())
    query = (options.filter, options.search, options.orderby, aliases)
    return hashlib.blake2s(repr(query).encode(), digest_size=8).hexdigest()


def unsigned(
    signer: signing.Signer, token: str, option: str, *, advice: str = ""
) -> Any:
    """Return what a token holds, or raise BadRequest if it is not of this server."""
    try:
        return signer.unsign_object(token)
    except (signing.BadSignature, ValueError):
        raise BadRequest(
            f"{option} is not one that this server made{advice}.", target=option
        ) from None


def read_token(options: Options) -> list[Any]:
    """Return the place of the last record."""
    place: list[Any]
    name, *place = unsigned(SIGNER, options.skiptoken or "", "$skiptoken")
    if name != fingerprint(options):
        raise BadRequest("$skiptoken belongs to another query.", target="$skiptoken")
    return place
