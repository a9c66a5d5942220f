"""Which account somebody has who signs in at an identity provider."""

from django.conf import settings
from django.db import models

SUBJECT_LENGTH = 255  # as OpenID Connect Core 1.0, section 2, has it


class StaffIdentity(models.Model):
    """A person of an identity provider, and the account that is theirs here.

    Names and addresses change hands; issuer and subject together never do (OpenID
    Connect Core 1.0, section 5.7).
    """

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="identities"
    )
    issuer = models.CharField(max_length=500)
    subject = models.CharField(max_length=SUBJECT_LENGTH)

    class Meta:
        verbose_name_plural = "staff identities"
        default_permissions = ()  # only a sign-in makes one
        constraints = [
            models.UniqueConstraint(
                fields=["issuer", "subject"], name="certstates_identity_of_one_account"
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject} of {self.issuer}"
