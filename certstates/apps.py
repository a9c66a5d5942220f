from django.apps import AppConfig


class CertstatesConfig(AppConfig):
    name = "certstates"
    verbose_name = "Device certificates"

    def ready(self) -> None:
        from certstates import checks  # noqa: F401 -- registers the system checks
        from certstates import security_log as _watching  # noqa: F401 -- watches
        from certstates.oidc import checks as _  # noqa: F401 -- the same
