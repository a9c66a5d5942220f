"""Server-driven paging by key: the same cost on every page, no matter what comes or
goes in between."""

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from django.core import signing
from django.http import QueryDict

from certstates.errors import BadRequest
from certstates.models import (
    CertificateStateQuerySet,
    ManagedAllDeviceCertificateState,
)
from certstates.odata.options import Options

SIGNER = signing.Signer(salt="certstates.skiptoken")


@dataclass(frozen=True)
class Page:
    """Some records and, if more follow, the token that leads to them."""

    records: list[ManagedAllDeviceCertificateState]
    skiptoken: str | None

    @classmethod
    def of(cls, queryset: CertificateStateQuerySet, options: Options) -> "Page":
        """Return the page that ``options`` ask for, in the order of ids."""
        if options.skiptoken is not None:
            queryset = queryset.filter(id__gt=_last_id(options.skiptoken))
        records = list(queryset.order_by("id")[: options.top + 1])
        if len(records) <= options.top:
            return cls(records, None)
        records.pop()
        return cls(records, SIGNER.sign_object([records[-1].id]))


def next_link(url: str, query: QueryDict, skiptoken: str) -> str:
    """Return the absolute address of the next page, with every option of this one."""
    kept = [
        (key, value)
        for key, values in query.lists()
        for value in values
        if key.lower().removeprefix("$") != "skiptoken"
    ]
    pairs = [*kept, ("$skiptoken", skiptoken)]
    # Everything but the $ is escaped: one SDK takes this for a URI template.
    return f"{url}?{urlencode(pairs, safe='$', quote_via=quote)}"


def _last_id(skiptoken: str) -> str:
    try:
        [last_id] = SIGNER.unsign_object(skiptoken)
    except (signing.BadSignature, ValueError):
        raise BadRequest(
            "$skiptoken is not one that this server made.", target="$skiptoken"
        ) from None
    return str(last_id)
