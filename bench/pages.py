"""The admin's pages that are measured and explained, as a table of data.

``PAGES`` has a name and an address for each, in which ``{serial}`` and the like stand
for values of a record in the middle, and ``{deep}`` for its place in the list.
"""

from __future__ import annotations

from urllib.parse import quote

from django.db.models import Count

from certstates.admin.changelist import Sort
from certstates.admin.pager import Walk
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.models import issuers

LIST = "/admin/certstates/managedalldevicecertificatestate/"
LOG = f"{LIST}history/"
PAGES = {
    "dashboard": "/admin/",
    "record": f"{LIST}{{id}}/change/",
    "history of a record": f"{LIST}{{id}}/history/",
    "log": LOG,
    "log of a door": f"{LOG}?door=admin",
    "log of an author": f"{LOG}?who=nobody",
    "log of removals": f"{LOG}?kind=delete",
    "log of a day": f"{LOG}?start=2026-01-01&end=2026-01-01",
    "log of a record": f"{LOG}?record={{id}}",
    "first page": LIST,
    "deep page": f"{LIST}?at={{deep}}",
    "last page": f"{LIST}?at=last",
    **{
        f"sorted by column {number}{' down' if sign else ''}{name}": (
            f"{LIST}?o={sign}{number}{query}"
        )
        for number in range(1, 8)
        for sign in ("", "-")
        for name, query in (("", ""), (", last", "&at=last"))
    },
    **{
        f"deep, sorted by column {number}{' down' if sign else ''}": (
            f"{LIST}?o={sign}{number}&at={{deep{sign}{number}}}"
        )
        for number in range(1, 8)
        for sign in ("", "-")
    },
    **{
        f"expiry {value}{name}": f"{LIST}?expiry={value}{query}"
        for value in ("expired", "7", "30", "90", "2027-03", "1999-01")
        for name, query in (
            ("", ""),
            (", by device", "&o=1"),
            (", last", "&at=last"),
        )
    },
    **{
        f"status {value}{name}": f"{LIST}?status={value}{query}"
        for value in ("none", "pending", "issued", "failed", "revoked")
        for name, query in (
            ("", ""),
            (", expiry down", "&o=-4"),
            (", by device", "&o=1"),
            (", expired", "&expiry=expired"),
            (", next 90 days", "&expiry=90"),
        )
    },
    **{
        f"open {value} days{name}": f"{LIST}?open={value}{query}"
        for value in ("1", "7", "30", "90")
        for name, query in (("", ""), (", by user", "&o=2"))
    },
    **{
        f"issuer {which}{name}": f"{LIST}?issuer={{issuer_{which}}}{query}"
        for which in ("first", "last", "largest", "unknown")
        for name, query in (
            ("", ""),
            (", last", "&at=last"),
            (", by device", "&o=1"),
            (", by user down", "&o=-2"),
            (", failed", "&status=failed"),
            (", expired", "&expiry=expired"),
        )
    },
    **{
        f"search {name}": f"{LIST}?q={query}"
        for name, query in {
            "thumbprint": "{thumbprint}",
            "thumbprint, 6 digits": "{thumbprint6}",
            "thumbprint with colons": "{colons}",
            "thumbprint, miss": "00112233445566778899aabbccddeeff00112233",
            "serial": "{serial}",
            "serial, miss": "0badbad0badbad0bad",
            "user": "{user}",
            "user, miss": "nobody@nowhere.example",
            "user, frequent": "@contoso",
            "device": "{device}",
            "device, miss": "NO-SUCH-DEVICE",
            "device, part": "{part}",
            "frequent, 3 letters": "lap",
            "frequent, 2 letters": "la",
            "frequent, 1 letter": "l",
            "2 digits": "0a",
            "subject": "{subject}",
            "subject, frequent": "CN=",
            "id": "{id}",
            "miss": "zzzzzz",
            "user, frequent, by serial": "@contoso&o=7",
            "user, frequent, failed": "@contoso&status=failed",
            "frequent, expired": "lap&expiry=expired",
            "frequent, last page": "lap&at=last",
        }.items()
    },
    "issuers beginning": f"{LIST}issuers/?q=c",
}


def sample() -> dict[str, str]:
    """Return values of a record in the middle, as they stand in addresses."""
    count = State.objects.count()
    record = (
        State.objects.exclude(managed_device_display_name=None)
        .exclude(certificate_thumbprint=None)[count // 2 : count // 2 + 1]
        .get()
    )
    thumbprint = record.certificate_thumbprint or ""
    names = issuers("", limit=1000)
    sizes = State.objects.values_list("certificate_issuer_name")
    largest = sizes.annotate(size=Count("pk")).order_by("-size")[0][0]
    device = record.managed_device_display_name or ""
    values = {
        "thumbprint": thumbprint,
        "thumbprint6": thumbprint[:6],
        "colons": ":".join(thumbprint[n : n + 2] for n in range(0, 40, 2)).lower(),
        "serial": record.certificate_serial_number or "5A",
        "user": record.user_principal_name or "ana@",
        "device": device,
        "part": device[-4:],
        "subject": record.certificate_subject_name or "CN=",
        "id": record.id,
        "issuer_first": names[0],
        "issuer_last": names[-1],
        "issuer_largest": largest or "",
        "issuer_unknown": "CN=Nobody",
        "deep": deep("4", record),
    }
    for number in range(1, 8):
        for order in (f"{number}", f"-{number}"):
            values[f"deep{order}"] = deep(order, record)
    return {name: quote(value) for name, value in values.items()}


def deep(order: str, record: State) -> str:
    """Return the place of a record in an order; somewhere between its ends."""
    walk = Walk(State.objects.filter(pk=record.pk), Sort(order).ordering, size=1)
    place = walk.edge(walk.after(None, walk.ordering), None)
    return place.sign(order) if place else ""


def pages() -> dict[str, str]:
    """Return the table with the values of the records that there are."""
    values = sample()
    return {name: url.format_map(values) for name, url in PAGES.items()}
