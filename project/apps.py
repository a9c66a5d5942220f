"""Applications of others, as they are called here."""

from django.contrib.admin.apps import AdminConfig
from oauth2_provider.apps import DOTConfig


class CertstatesAdminConfig(AdminConfig):
    default_site = "certstates.dashboard.CertstatesAdminSite"


class ApiClientsConfig(DOTConfig):  # type: ignore[misc] # it has no types
    verbose_name = "API clients"
