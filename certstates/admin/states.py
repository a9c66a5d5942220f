"""What staff see of the records, put together."""

from typing import Any

from django.contrib import admin

from certstates.admin.actions import ActionsAdmin
from certstates.admin.editing import EditAdmin
from certstates.admin.exchange import ExchangeAdmin
from certstates.admin.guard import Guarded
from certstates.models import ManagedAllDeviceCertificateState


@admin.register(ManagedAllDeviceCertificateState)
class CertificateStateAdmin(Guarded, ActionsAdmin, EditAdmin, ExchangeAdmin):
    actions: Any = (*ActionsAdmin.actions, *ExchangeAdmin.actions)

    class Media:
        css = {"all": ["certstates/admin.css"]}
