from django.contrib.admin.apps import AdminConfig


class CertstatesAdminConfig(AdminConfig):
    default_site = "certstates.dashboard.CertstatesAdminSite"
