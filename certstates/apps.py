from django.apps import AppConfig


class CertstatesConfig(AppConfig):
    name = "certstates"
    verbose_name = "Device certificates"

    def ready(self) -> None:
        from certstates import checks  # noqa: F401 -- registers the system checks
        from certstates.oidc import checks as _  # noqa: F401 -- the same
