"""Applications that fetch their tokens themselves, by client credentials.

Source: RFC 6749, section 4.4. An application without such a row has only the tokens
that people make for it (``certstates/tokens.py``).
"""

from __future__ import annotations

import secrets
import uuid

from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application

PREFIX = "certstates_secret_"  # lets secret scanners, and people, see what it is
NAME_LENGTH = 255


def new_secret() -> str:
    """Return a secret of 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


class Scope(models.TextChoices):
    """What a token may do: Graph's permissions for this entity."""

    READ = "DeviceManagementConfiguration.Read.All", "Read"
    READ_WRITE = "DeviceManagementConfiguration.ReadWrite.All", "Read and write"

    @property
    def held(self) -> list[Scope]:
        """Return the scopes that whoever holds this one may ask for."""
        return [Scope.READ] if self is Scope.READ else [*Scope]


class ClientCredentials(models.Model):
    """What an application with a client secret may do; the secret's hash is its own.

    All that a token request is judged by stands in this row, but for the hash, so one
    lock keeps a token from being issued while scope or secret change.
    """

    application = models.OneToOneField(
        Application,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="client_credentials",
    )
    scope = models.CharField(max_length=64, choices=Scope.choices)
    secret_created = models.DateTimeField("secret made")

    class Meta:
        verbose_name_plural = "client credentials"
        default_permissions = ()  # who may change the application may change these
        constraints = [
            models.CheckConstraint(
                condition=models.Q(scope__in=Scope.values), name="client_scope_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.application}: {self.scope}"

    @classmethod
    def register(cls, name: str, *, scope: str) -> tuple[ClientCredentials, str]:
        """Make an application; return its credentials, and its secret this only time.

        Raises ValidationError for a name that cannot be, or that another one has.
        """
        secret = new_secret()
        with transaction.atomic():
            take_name(name)
            application = Application.objects.create(
                name=name,
                client_id=str(uuid.uuid4()),
                client_secret=secret,
                client_type=Application.CLIENT_CONFIDENTIAL,
                authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
            )
            made = cls.objects.create(
                application=application, scope=scope, secret_created=timezone.now()
            )
        return made, secret

    @classmethod
    def locked(cls, pk: int) -> ClientCredentials:
        """Return the row as it stays now to the end of the transaction."""
        return cls.objects.select_for_update(no_key=True).get(pk=pk)

    def renew_secret(self) -> str:
        """Return a new secret, this only time; the old one and its tokens end."""
        secret = new_secret()
        with transaction.atomic():
            self.locked(self.pk)
            self.application.client_secret = secret
            self.application.save(update_fields=["client_secret", "updated"])
            self.secret_created = timezone.now()
            self.save(update_fields=["secret_created"])
            self.tokens.delete()
        return secret

    def change_scope(self, scope: str) -> int:
        """Give another scope; return how many tokens ended, which had more than it."""
        with transaction.atomic():
            self.locked(self.pk)
            self.scope = scope
            self.save(update_fields=["scope"])
            allowed = Scope(scope).held
            beyond = self.tokens.exclude(scope__in=[*allowed, " ".join(allowed)])
            number: int = beyond.count()
            beyond.delete()
        return number

    @property
    def tokens(self) -> models.QuerySet[AccessToken]:
        found: models.QuerySet[AccessToken]
        found = AccessToken.objects.filter(application=self.pk)
        return found


def check_name(name: str) -> None:
    """Raise ValidationError for what is no name of an application."""
    if not name.strip() or len(name) > NAME_LENGTH or not name.isprintable():
        raise ValidationError("A name must have 1 to 255 printable characters.")


def hold_name(name: str) -> None:
    """Let nobody else make an application of this name before the transaction ends.

    It is not unique by itself, so a lock is held.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [name])


def take_name(name: str, *, has_secret: bool = True) -> None:
    """Hold a name for an application; no two with a secret have one, nor two without.

    Raises ValidationError.
    """
    check_name(name)
    hold_name(name)
    alike = Application.objects.filter(client_credentials__isnull=not has_secret)
    if alike.filter(name=name).exists():
        kind = "with" if has_secret else "without"
        raise ValidationError(f"Another application {kind} a secret has this name.")
