"""Where log lines go, in which form, and from which level on."""

from typing import Any


def logging_config(form: str, *, on_a_desk: bool) -> dict[str, Any]:
    """Return ``LOGGING``: all to standard error, where a service manager picks it up.

    The ``form`` is ``json``, one object a line, or ``plain``. ``on_a_desk`` only what
    went wrong is of interest.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {"()": "certstates.logs.JsonLines"},
            "plain": {"()": "certstates.logs.PlainLines"},
        },
        "filters": {
            "broken": {
                "()": "django.utils.log.CallbackFilter",
                "callback": lambda record: getattr(record, "status_code", 500) != 501,
            },
            "facts": {"()": "certstates.logs.Facts"},
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": form,
                "filters": ["facts"],
            }
        },
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            # Django's own handlers would repeat each line, or mail it.
            "django": {"handlers": [], "level": "WARNING"},
            # Below this they write down tokens and the parameters of token requests.
            "oauthlib": {"level": "WARNING"},
            "oauth2_provider": {"level": "WARNING"},
            # A refused request is the client's affair, 501 too; what broke is logged.
            "django.request": {"level": "ERROR", "filters": ["broken"]},
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "certstates.access": {"level": "INFO"},
            "certstates.security": {"level": "WARNING" if on_a_desk else "INFO"},
        },
    }
