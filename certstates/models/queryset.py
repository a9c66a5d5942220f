"""The vocabulary of questions about records."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F
from django.utils import timezone

from certstates.models.revocation import RevocationStatus

if TYPE_CHECKING:  # the name in quotation marks below
    from certstates.models.states import ManagedAllDeviceCertificateState  # noqa: F401

# What lies outside is no date, but stands for "unknown" or "never".
MOVABLE = (
    dt.datetime(1900, 1, 1, tzinfo=dt.UTC),
    dt.datetime(2200, 1, 1, tzinfo=dt.UTC),
)


class CertificateStateQuerySet(models.QuerySet["ManagedAllDeviceCertificateState"]):
    def expired(self) -> Self:
        return self.filter(certificate_expiration_date_time__lte=timezone.now())

    def expiring(self, *, within: dt.timedelta) -> Self:
        """Return what is still valid, but not for longer than ``within``."""
        now = timezone.now()
        return self.filter(
            certificate_expiration_date_time__gt=now,
            certificate_expiration_date_time__lte=now + within,
        )

    def revocation_open(self) -> Self:
        """Return what was meant to be revoked and is not, or not yet."""
        return self.filter(
            certificate_revoke_status__in=[
                RevocationStatus.PENDING,
                RevocationStatus.ISSUED,
                RevocationStatus.FAILED,
            ]
        )

    def move_dates(self, by: dt.timedelta) -> None:
        """Move the certificates' dates, so that yesterday's example is today's."""
        self.filter(certificate_issuance_date_time__range=MOVABLE).update(
            certificate_issuance_date_time=F("certificate_issuance_date_time") + by
        )
        self.filter(certificate_expiration_date_time__range=MOVABLE).update(
            certificate_expiration_date_time=F("certificate_expiration_date_time") + by
        )
        changed = F("certificate_revoke_status_last_change_date_time")
        self.filter(
            certificate_revoke_status_last_change_date_time__range=MOVABLE
        ).update(certificate_revoke_status_last_change_date_time=changed + by)
