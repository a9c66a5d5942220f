"""What the admin's modules begin with.

Django's ModelAdmin and ModelForm are generic for the type checker only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin

if TYPE_CHECKING:
    from certstates.models import ManagedAllDeviceCertificateState

    AnyAdmin = admin.ModelAdmin[Any]
    StateAdmin = admin.ModelAdmin[ManagedAllDeviceCertificateState]
    StateModelForm = forms.ModelForm[ManagedAllDeviceCertificateState]
else:
    AnyAdmin = admin.ModelAdmin
    StateAdmin = admin.ModelAdmin
    StateModelForm = forms.ModelForm


class WrongParameter(Exception):
    """A parameter of the list's address that means nothing.

    The list is then shown without it, and says why.
    """

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(sentence)
        self.name = name
