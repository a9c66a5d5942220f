"""Django's ModelAdmin, which is generic for the type checker only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin

if TYPE_CHECKING:
    from certstates.models import ManagedAllDeviceCertificateState

    StateAdmin = admin.ModelAdmin[ManagedAllDeviceCertificateState]
else:
    StateAdmin = admin.ModelAdmin
