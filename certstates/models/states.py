"""The one entity: Graph's ``managedAllDeviceCertificateState`` and its laws.

Every door (API, admin, import, fixtures) meets the same laws here: ``full_clean()``
explains a refusal, and named constraints keep out what did not come through it. (A
fixture's values are converted before: Django reads a date without offset as UTC.)
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import ClassVar

from django.contrib.postgres.indexes import OpClass
from django.core.validators import MinLengthValidator, RegexValidator
from django.db import models
from django.db.models import F, OrderBy, Q
from django.db.models.functions import Now, Upper
from django.utils import timezone

from certstates.models.fields import (
    DIGITS_LENGTH,
    ID_LENGTH,
    ID_PATTERN,
    new_id,
    nullable_text,
    refuse_unstorable,
    sort_key,
    version_field,
)
from certstates.models.queryset import MOVABLE, CertificateStateQuerySet
from certstates.models.revocation import RevocationStatus
from certstates.models.suspicions import odd_thumbprint, odd_year, order_of_dates

# Python's datetime has no more than these, and neither has Graph.
FIRST_MOMENT = dt.datetime.min.replace(tzinfo=dt.UTC)
LAST_MOMENT = dt.datetime.max.replace(tzinfo=dt.UTC)


class ManagedAllDeviceCertificateState(models.Model):
    """The state of one certificate on one managed device."""

    # The gate: what a request, a file or a search may read, write, compare or sort by,
    # in the order of Graph's create page. Any other name is unknown at every door, a
    # column of this table's own no less than a word that means nothing.
    GRAPH_PROPERTIES: ClassVar[tuple[str, ...]] = (
        "id",
        "certificate_revoke_status",
        "certificate_revoke_status_last_change_date_time",
        "managed_device_display_name",
        "user_principal_name",
        "certificate_expiration_date_time",
        "certificate_issuer_name",
        "certificate_thumbprint",
        "certificate_serial_number",
        "certificate_subject_name",
        "certificate_key_usages",
        "certificate_extended_key_usages",
        "certificate_issuance_date_time",
    )

    id = models.CharField(
        "id",
        primary_key=True,
        max_length=ID_LENGTH,
        default=new_id,
        db_collation="C",  # exact, case-sensitive, the same order on every server
        validators=[
            MinLengthValidator(1),
            RegexValidator(
                ID_PATTERN,
                "An id must not contain a slash or a control character, nor be a "
                "mere . or ..",
            ),
            refuse_unstorable,
        ],
        help_text="Opaque and case-sensitive. The server makes one if none is given.",
    )
    certificate_revoke_status = models.SmallIntegerField(
        "revocation",
        choices=RevocationStatus,
        default=RevocationStatus.NONE,
        help_text="Where the revocation of this certificate stands.",
    )
    certificate_revoke_status_last_change_date_time = models.DateTimeField(
        "revocation changed",
        default=timezone.now,
        help_text="When the revocation status last changed (UTC). A change of the "
        "status sets it, unless a date is given with it.",
    )
    managed_device_display_name = nullable_text(
        "device",
        help_text="The device's display name.",
    )
    user_principal_name = nullable_text(
        "user",
        help_text="The user principal name (UPN) of the device's user.",
    )
    certificate_expiration_date_time = models.DateTimeField(
        "expires", help_text="The certificate is not valid after this moment (UTC)."
    )
    certificate_issuer_name = nullable_text(
        "issuer",
        help_text="The name of the certification authority that issued it.",
    )
    certificate_thumbprint = nullable_text(
        "thumbprint",
        max_length=DIGITS_LENGTH,
        help_text="The certificate's hash, as the source writes it.",
    )
    certificate_serial_number = nullable_text(
        "serial number",
        max_length=DIGITS_LENGTH,
        help_text="The serial number, as the source writes it.",
    )
    certificate_subject_name = nullable_text(
        "subject",
        help_text="The certificate's subject.",
    )
    certificate_key_usages = models.IntegerField(
        "key usages",
        null=True,
        blank=True,
        help_text="The key usages as the number that the source sends (Int32).",
    )
    certificate_extended_key_usages = nullable_text(
        "extended key usages",
        help_text="The extended key usages, as the source writes them.",
    )
    certificate_issuance_date_time = models.DateTimeField(
        "issued", help_text="The certificate is not valid before this moment (UTC)."
    )
    created_at = models.DateTimeField("recorded", db_default=Now(), editable=False)
    updated_at = models.DateTimeField(
        "last written", auto_now=True, db_default=Now(), editable=False
    )
    version = version_field()

    objects = CertificateStateQuerySet.as_manager()

    class Meta:
        verbose_name = "certificate state"
        # Who may view records may also export them, and read their history.
        permissions = [
            ("import_managedalldevicecertificatestate", "Can import certificate state")
        ]
        constraints = [
            models.CheckConstraint(
                name="certstates_id_opaque", condition=models.Q(id__regex=ID_PATTERN)
            ),
            models.CheckConstraint(
                name="certstates_revoke_status_known",
                condition=models.Q(
                    certificate_revoke_status__in=RevocationStatus.values
                ),
            ),
            # These keep out PostgreSQL's 'infinity' and years that Graph cannot say.
            models.CheckConstraint(
                name="certstates_expiration_in_range",
                condition=models.Q(
                    certificate_expiration_date_time__range=(FIRST_MOMENT, LAST_MOMENT)
                ),
            ),
            models.CheckConstraint(
                name="certstates_issuance_in_range",
                condition=models.Q(
                    certificate_issuance_date_time__range=(FIRST_MOMENT, LAST_MOMENT)
                ),
            ),
            models.CheckConstraint(
                name="certstates_last_change_in_range",
                condition=models.Q(
                    certificate_revoke_status_last_change_date_time__range=(
                        FIRST_MOMENT,
                        LAST_MOMENT,
                    )
                ),
            ),
        ]
        # The primary key serves the API's list. A trigram index over device and user,
        # which needs an extension, is made by the migration where that can be had.
        indexes = [
            # "What expires next?": the admin's order and its expiry filter.
            models.Index(
                "certificate_expiration_date_time", "id", name="certstates_expiration"
            ),
            # "What waits for revocation?": the admin's status filter.
            models.Index("certificate_revoke_status", "id", name="certstates_status"),
            # "Whose is this thumbprint?": equal or beginning with, in any case.
            models.Index(
                OpClass(Upper("certificate_thumbprint"), name="text_pattern_ops"),
                name="certstates_thumbprint",
            ),
            # "Whose is this serial number?": equal or beginning with, in any case.
            models.Index(
                OpClass(Upper("certificate_serial_number"), name="text_pattern_ops"),
                name="certstates_serial_number",
            ),
            # The list sorted by a text, which begins with, equals or comes after one:
            # the expressions are those of the API's $orderby, see odata/ordering.py.
            models.Index(
                OrderBy(sort_key("managed_device_display_name"), nulls_first=True),
                F("id"),
                name="certstates_device_order",
            ),
            models.Index(
                OrderBy(sort_key("user_principal_name"), nulls_first=True),
                F("id"),
                name="certstates_user_order",
            ),
            models.Index(
                OrderBy(sort_key("certificate_subject_name"), nulls_first=True),
                F("id"),
                name="certstates_subject_order",
            ),
            models.Index(
                OrderBy(sort_key("certificate_serial_number"), nulls_first=True),
                F("id"),
                name="certstates_serial_order",
            ),
            # "What of this issuer expires next?"
            models.Index(
                OrderBy(sort_key("certificate_issuer_name"), nulls_first=True),
                F("certificate_expiration_date_time"),
                F("id"),
                name="certstates_issuer_order",
            ),
            # "What is to be revoked, or is revoked, and expires next?": few are.
            models.Index(
                "certificate_revoke_status",
                "certificate_expiration_date_time",
                "id",
                name="certstates_status_expiration",
                condition=Q(certificate_revoke_status__gt=RevocationStatus.NONE),
            ),
            # "Which revocation has been open for how long?": fewer are.
            models.Index(
                "certificate_revoke_status_last_change_date_time",
                "id",
                name="certstates_open_revocation",
                condition=Q(certificate_revoke_status__in=RevocationStatus.open()),
            ),
            # "What was written since?": the delta.
            models.Index("version", "id", name="certstates_version"),
        ]

    def __str__(self) -> str:
        device = self.managed_device_display_name or "(no device)"
        return f"{device}: {self.certificate_subject_name or self.id}"

    @property
    def suspicions(self) -> list[str]:
        """Return a sentence for each thing that is legal here, and hardly meant."""
        issued = self.certificate_issuance_date_time
        expires = self.certificate_expiration_date_time
        found = [
            order_of_dates(issued, expires),
            odd_year("Its date of issue", issued),
            odd_year("Its date of expiry", expires),
            odd_thumbprint(self.certificate_thumbprint),
        ]
        return [sentence for sentence in found if sentence]

    def move_dates(self, by: dt.timedelta) -> None:
        """Move the certificate's dates, so that yesterday's example is today's."""
        for name in (
            "certificate_issuance_date_time",
            "certificate_expiration_date_time",
            "certificate_revoke_status_last_change_date_time",
        ):
            moment = getattr(self, name)
            if MOVABLE[0] <= moment <= MOVABLE[1]:
                # nosemgrep: orm-attribute-from-data -- one of the names above
                setattr(self, name, moment + by)

    def save_changes(self, changed: Collection[str], *, dated: bool) -> None:
        """Write only the named fields, so that nobody undoes a neighbour's edit.

        A change of the revocation status is dated now, unless it came ``dated``, that
        is with a date of its own. No names, no write.
        """
        columns = {*changed}
        if not columns:
            return
        if "certificate_revoke_status" in columns and not dated:
            self.certificate_revoke_status_last_change_date_time = timezone.now()
            columns.add("certificate_revoke_status_last_change_date_time")
        self.save(update_fields=[*columns, "updated_at"])
        self.refresh_from_db(fields=["version"])  # the trigger's
