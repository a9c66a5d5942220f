"""Django's ModelAdmin, which is generic for the type checker only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin

if TYPE_CHECKING:
    from certstates.models import ManagedAllDeviceCertificateState

    StateAdmin = admin.ModelAdmin[ManagedAllDeviceCertificateState]
else:
    StateAdmin = admin.ModelAdmin


class WrongParameter(Exception):
    """A parameter of the list's address that means nothing.

    The list is then shown without it, and says why.
    """

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(sentence)
        self.name = name
