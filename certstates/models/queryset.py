"""The vocabulary of questions about records."""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import Q
from django.utils import timezone

from certstates.models.lookups import equals, fitting
from certstates.models.revocation import RevocationStatus

if TYPE_CHECKING:  # the name in quotation marks below
    from certstates.models.states import ManagedAllDeviceCertificateState  # noqa: F401

# What lies outside is no date, but stands for "unknown" or "never".
MOVABLE = (
    dt.datetime(1900, 1, 1, tzinfo=dt.UTC),
    dt.datetime(2200, 1, 1, tzinfo=dt.UTC),
)

COUNT = "SELECT count(*) FROM ({}) AS locked"

ALMOST_A_DAY = dt.timedelta(days=1) - dt.timedelta.resolution


class CertificateStateQuerySet(models.QuerySet["ManagedAllDeviceCertificateState"]):
    def expired(self) -> Self:
        return self.filter(certificate_expiration_date_time__lte=timezone.now())

    def unexpired(self) -> Self:
        return self.filter(certificate_expiration_date_time__gt=timezone.now())

    def expiring(self, *, within: dt.timedelta) -> Self:
        """Return what is still valid, but not for longer than ``within``."""
        now = timezone.now()
        return self.filter(
            certificate_expiration_date_time__gt=now,
            certificate_expiration_date_time__lte=now + within,
        )

    def expiring_in_month(self, month: dt.date) -> Self:
        """Return what expires, or expired, in the month of this day (UTC)."""
        first = dt.datetime(month.year, month.month, 1, tzinfo=dt.UTC)
        _, days = monthrange(first.year, first.month)
        last = first.replace(day=days) + ALMOST_A_DAY  # December 9999 has no next
        return self.filter(certificate_expiration_date_time__range=(first, last))

    def same(self, name: str, value: str) -> Self:
        """Return what has this text in the field ``name``, in any case."""
        return self.filter(equals(name, value))

    def issued_by(self, issuer: str) -> Self:
        return self.same("certificate_issuer_name", issuer)

    def resembling(self, meant: Mapping[str, str], *, inside: bool = False) -> Self:
        """Return the records that one of these texts fits, each found by an index.

        The keys are what a text is taken for: an id, which fits whole; digits, a
        device, a user or a subject, which fit at the beginning and in any case. The
        names of devices and users also fit ``inside``, which needs the trigram index.
        """
        fits = Q(pk__in=[])
        for kind, text in meant.items():
            fits |= fitting(kind, text, inside=inside)
        return self.filter(fits)

    def revocation_open(self, *, longer_than: dt.timedelta | None = None) -> Self:
        """Return what was meant to be revoked and is not, or not yet."""
        if longer_than is not None:
            return self.revocation_open().filter(
                certificate_revoke_status_last_change_date_time__lte=timezone.now()
                - longer_than
            )
        return self.filter(certificate_revoke_status__in=RevocationStatus.open())

    # Each of these orders is an index's, which so serves what is asked in that order.

    def by_expiry(self) -> Self:
        return self.order_by("certificate_expiration_date_time", "id")

    def by_status(self) -> Self:
        return self.order_by("certificate_revoke_status", "id")

    def longest_open_first(self) -> Self:
        return self.order_by("certificate_revoke_status_last_change_date_time", "id")

    def lock(self) -> int:
        """Lock these records until the transaction ends, and count them.

        Whoever writes many records locks them in the order of their ids, so that no two
        wait for each other. The records themselves are not fetched.
        """
        ids = self.order_by("pk").select_for_update().values("pk")
        try:
            sql, parameters = ids.query.sql_with_params()
        except EmptyResultSet:  # Django knows without asking
            return 0
        with connection.cursor() as cursor:
            # nosemgrep: sql-built -- Django's own SQL, inside a constant
            cursor.execute(COUNT.format(sql), parameters)
            [number] = cursor.fetchone() or (0,)
        return int(number)

    def mark(self, status: RevocationStatus) -> int:
        """Give these records a revocation status, dated now; count those that change.

        What has the status already stays as it is, with its date.
        """
        now = timezone.now()
        return (
            self.order_by()
            .exclude(certificate_revoke_status=status)
            .update(
                certificate_revoke_status=status,
                certificate_revoke_status_last_change_date_time=now,
                updated_at=now,
            )
        )
