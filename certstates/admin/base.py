"""What the admin's modules begin with.

Django's ModelAdmin and ModelForm are generic for the type checker only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst

if TYPE_CHECKING:
    from certstates.models import ManagedAllDeviceCertificateState

    AnyAdmin = admin.ModelAdmin[Any]
    StateAdmin = admin.ModelAdmin[ManagedAllDeviceCertificateState]
    StateModelForm = forms.ModelForm[ManagedAllDeviceCertificateState]
else:
    AnyAdmin = admin.ModelAdmin
    StateAdmin = admin.ModelAdmin
    StateModelForm = forms.ModelForm


class PluralAdmin(AnyAdmin):
    """Its list is titled as the link to it; Django says "Select user to change"."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = capfirst(self.opts.verbose_name_plural)
        return super().changelist_view(
            request, {"title": title, **(extra_context or {})}
        )


class WrongParameter(Exception):
    """A parameter of the list's address that means nothing.

    The list is then shown without it, and says why.
    """

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(sentence)
        self.name = name
