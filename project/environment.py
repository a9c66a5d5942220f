"""What settings are read from: the environment, where a wrong value fails loudly."""

import contextlib
import os
import re
import secrets
from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from certstates.oidc.fetching import TRUSTED

BASE_DIR = Path(__file__).resolve().parent.parent


def env_bool(name: str, *, default: bool) -> bool:
    value = os.environ.get(name, "")
    words = {"": default, "on": True, "1": True, "off": False, "0": False}
    if value.lower() not in words:
        raise ImproperlyConfigured(f"{name} must be on or off, not {value!r}.")
    return words[value.lower()]


def env_int(
    name: str, *, default: int, least: int = 0, most: int = 1_000_000_000
) -> int:
    value = os.environ.get(name) or str(default)
    is_number = re.fullmatch(r"[0-9]{1,10}", value)
    if not is_number or not least <= int(value) <= most:
        raise ImproperlyConfigured(
            f"{name} must be a whole number from {least} to {most}, not {value!r}."
        )
    return int(value)


def env_list(name: str, *, default: str) -> list[str]:
    words = (os.environ.get(name) or default).split(",")
    return [word.strip() for word in words if word.strip()]


def env_words(name: str, *, least: int) -> list[str]:
    """Return words of which none is so short that it stands in any text."""
    words = env_list(name, default="")
    if short := [word for word in words if len(word) < least]:
        raise ImproperlyConfigured(
            f"{name} must be words of {least} letters or more, not {short[0]!r}."
        )
    return words


def env_required_list(name: str, *, required_by: str) -> list[str]:
    """Return a list that must not be empty where another variable is set."""
    words = env_list(name, default="")
    if os.environ.get(required_by) and not words:
        raise ImproperlyConfigured(f"{name} must be set where {required_by} is.")
    return words


def env_choices(name: str, *choices: str, default: str) -> list[str]:
    values = env_list(name, default=default)
    if not values or not {*values} <= {*choices}:
        raise ImproperlyConfigured(
            f"{name} must be some of {', '.join(choices)}, not {','.join(values)!r}."
        )
    return values


def env_choice(name: str, *choices: str) -> str:
    value = os.environ.get(name) or choices[0]
    if value not in choices:
        raise ImproperlyConfigured(
            f"{name} must be one of {', '.join(choices)}, not {value!r}."
        )
    return value


def env_origin(name: str) -> str:
    """Return an absolute http address with a slash at its end, or nothing."""
    value = os.environ.get(name, "")
    if value and not re.fullmatch(r"https?://[^/?#\s]+(/[^?#\s]*)?", value):
        raise ImproperlyConfigured(
            f"{name} must be an address such as https://certs.example, not {value!r}."
        )
    return f"{value.rstrip('/')}/" if value else ""


def env_origins(name: str) -> list[str]:
    """Return origins as browsers send them: scheme, host, a port if it is unusual."""
    origins = env_list(name, default="")
    for origin in origins:
        if not re.fullmatch(r"https?://[a-z0-9.:\[\]-]+", origin):
            raise ImproperlyConfigured(
                f"{name} must be origins such as https://tool.example, not {origin!r}."
            )
    return origins


def env_text(name: str, *, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def env_guid(name: str) -> str:
    value = os.environ.get(name, "").lower()
    if value and not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value):
        raise ImproperlyConfigured(
            f"{name} must be an id such as 0f8fad5b-d9cb-469f-a165-70867728950e, "
            f"not {value!r}."
        )
    return value


def env_pairs(name: str, *, example: str) -> list[tuple[str, str]]:
    """Return what ``theirs=ours,others=ours`` says; the last ``=`` of each divides."""
    pairs = [word.rpartition("=") for word in env_list(name, default="")]
    for theirs, _, ours in pairs:
        if not theirs.strip() or not ours.strip():
            raise ImproperlyConfigured(
                f"{name} must be pairs such as {example}, separated by commas."
            )
    return [(theirs.strip(), ours.strip()) for theirs, _, ours in pairs]


def env_meanings(name: str, *meanings: str) -> dict[str, str]:
    """Return which of the meanings each word has; words are in lower case."""
    pairs = env_pairs(name, example=f"word={meanings[0]}")
    for word, meaning in pairs:
        if meaning not in meanings:
            raise ImproperlyConfigured(
                f"{name} may give a word the meaning {' or '.join(meanings)}, "
                f"not {word}={meaning!r}."
            )
    return {word.lower(): meaning for word, meaning in pairs}


def need_all_or_none(**values: object) -> None:
    """Refuse a half of what belongs together, by the name of what is missing."""
    given = [name for name, value in values.items() if value]
    missing = [name for name, value in values.items() if not value]
    if given and missing:
        raise ImproperlyConfigured(
            f"{missing[0]} is not set, and belongs to {given[0]}, which is."
        )


def env_https(name: str, *, unless: str = "") -> str:
    """Return an address to trust, as it is: https, or http on this machine."""
    value = os.environ.get(name, "")
    if value and unless and os.environ.get(unless):
        raise ImproperlyConfigured(f"{name} must not be set where {unless} is.")
    if value and not TRUSTED.fullmatch(value):
        # It is not repeated: there may be a password in it.
        raise ImproperlyConfigured(
            f"{name} must be an https address, or an http one on this machine, "
            "without user or fragment."
        )
    return value


def env_graph() -> dict[str, str]:
    """Return who gives tokens for another Graph, and as whom; or a ready token."""
    graph = {
        "authority": env_https("GRAPH_AUTHORITY")
        or "https://login.microsoftonline.com",
        "tenant": env_text("GRAPH_TENANT_ID"),
        "client": env_text("GRAPH_CLIENT_ID"),
        "secret": env_text("GRAPH_CLIENT_SECRET"),
        "key_file": env_text("GRAPH_CLIENT_CERTIFICATE"),
        "token": env_text("GRAPH_TOKEN"),
    }
    need_all_or_none(
        GRAPH_TENANT_ID=graph["tenant"],
        GRAPH_CLIENT_ID=graph["client"],
        GRAPH_CLIENT_SECRET=graph["secret"] or graph["key_file"],
    )
    return graph


def env_database() -> dict[str, Any]:
    url = os.environ.get("DATABASE_URL")
    if not url:
        from project.embedded_postgres import CLUSTER

        return CLUSTER.settings
    try:
        database: dict[str, Any] = {**dj_database_url.parse(url)}
    except ValueError:
        # The address is not repeated: it holds a password.
        raise ImproperlyConfigured("DATABASE_URL is not a database address.") from None
    if database["ENGINE"] != "django.db.backends.postgresql":
        raise ImproperlyConfigured(
            "DATABASE_URL must begin with postgresql://: only PostgreSQL is supported."
        )
    return database


def env_secret_key() -> str:
    if key := os.environ.get("SECRET_KEY"):
        return key
    if os.environ.get("DATABASE_URL"):
        raise ImproperlyConfigured(
            "SECRET_KEY is not set. Make one with: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"
        )
    from project.embedded_postgres import DATA_DIR

    return local_secret_key(DATA_DIR / "secret_key")


def local_secret_key(path: Path) -> str:
    """Return the key that belongs to the embedded database, made at first need."""
    path.parent.mkdir(exist_ok=True)
    if not path.exists():
        mine = path.with_name(f"{path.name}.{os.getpid()}")
        mine.touch(mode=0o600)
        mine.write_text(secrets.token_urlsafe(50))
        with contextlib.suppress(FileExistsError):  # another process was faster
            path.hardlink_to(mine)
        mine.unlink()
    try:
        return path.read_text()
    except PermissionError:
        raise ImproperlyConfigured(
            f"{path} belongs to another account: set SECRET_KEY or run as that one."
        ) from None
