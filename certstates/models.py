"""The one entity: Graph's ``managedAllDeviceCertificateState`` and its laws.

Every door (API, admin, import, fixtures) meets the same laws here: ``full_clean()``
explains a refusal, and named constraints keep out what did not come through it. (A
fixture's values are converted before: Django reads a date without offset as UTC.)
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Self

import uuid_utils
from django.contrib.postgres.indexes import OpClass
from django.core.exceptions import ValidationError
from django.core.validators import MinLengthValidator, RegexValidator
from django.db import models
from django.db.models import F
from django.db.models.functions import Now, Upper
from django.utils import timezone

ID_LENGTH = 255
# Longer than any real name (X.520 allows 64 characters for a common name, a user
# principal name has at most 1,024), short enough to keep rows and pages small.
TEXT_LENGTH = 4096
# A thumbprint or serial number has 64 octets at most: two digits and a colon for each.
# What a b-tree holds must stay below 2,704 bytes, as 255 characters always do.
DIGITS_LENGTH = 255

# Python's datetime has no more than these, and neither has Graph.
FIRST_MOMENT = dt.datetime.min.replace(tzinfo=dt.UTC)
LAST_MOMENT = dt.datetime.max.replace(tzinfo=dt.UTC)
# What lies outside is no date, but stands for "unknown" or "never".
MOVABLE = (
    dt.datetime(1900, 1, 1, tzinfo=dt.UTC),
    dt.datetime(2200, 1, 1, tzinfo=dt.UTC),
)

# Read alike by Python and PostgreSQL ($ is not: Python lets a line end follow it).
# No address could lead to "." and "..": browsers and SDKs take them for directories.
ID_PATTERN = r"\A(?!\.\.?\Z)[^\u0000-\u001f\u007f-\u009f/]+\Z"


def camel_case(name: str) -> str:
    """Return Graph's name of a field: ``userPrincipalName`` and the like."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


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


class RevocationStatus(models.IntegerChoices):
    """Graph's enumeration ``certificateRevocationStatus``, with its numbers.

    The wire carries the member's name. ``none`` is the healthy one; ``issued`` means
    that the revocation *command* was issued.
    """

    NONE = 0, "Not revoked"
    PENDING = 1, "Revocation pending"
    ISSUED = 2, "Revocation command issued"
    FAILED = 3, "Revocation failed"
    REVOKED = 4, "Revoked"

    @property
    def wire_name(self) -> str:
        return self.name.lower()

    @classmethod
    def from_wire(cls, text: str) -> Self:
        """Return the member that a name (in any case) or a number in a string means.

        Raises KeyError for anything else. Source: OData JSON Format 4.01, section 7.1.
        """
        words = {word: m for m in cls for word in (m.wire_name, str(m.value))}
        return words[text.lower()]


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


class ManagedAllDeviceCertificateState(models.Model):
    """The state of one certificate on one managed device."""

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
            # "What was written since?": the delta.
            models.Index("version", "id", name="certstates_version"),
        ]

    def __str__(self) -> str:
        device = self.managed_device_display_name or "(no device)"
        return f"{device}: {self.certificate_subject_name or self.id}"

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


class RemovedState(models.Model):
    """What is left of a removed record, so that clients can be told of it.

    A trigger writes it. It stays when a record with the same id comes again: the
    record then counts, and this does not.
    """

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, db_collation="C")
    version = version_field()
    removed_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [models.Index("version", "id", name="certstates_removed_version")]

    def __str__(self) -> str:
        return self.id
