"""What staff see of the records, put together."""

from django.contrib import admin

from certstates.admin.editing import EditAdmin
from certstates.admin.exchange import ExchangeAdmin
from certstates.admin.guard import Guarded
from certstates.admin.listing import ListAdmin
from certstates.admin.reverts import RevertAdmin
from certstates.models import ManagedAllDeviceCertificateState


@admin.register(ManagedAllDeviceCertificateState)
class CertificateStateAdmin(Guarded, ListAdmin, EditAdmin, ExchangeAdmin, RevertAdmin):
    class Media:
        css = {"all": ["certstates/admin.css"]}
