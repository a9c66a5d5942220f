import datetime as dt
import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from oauth2_provider.models import AccessToken

from certstates.management.refusals import explained
from certstates.tokens import known_tokens

COLUMNS = ("application", "scope", "created", "expires", "lastUsed", "valid")
WORDS = {True: "yes", False: "no", None: "-"}


class Command(BaseCommand):
    help = "Say which tokens there are, by application, without their values."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", help="an application; otherwise all")
        parser.add_argument(
            "--json", action="store_true", help="for programs, all values exactly"
        )

    def handle(self, *, name: str | None, **options: Any) -> None:
        with explained():
            rows = [row_of(token) for token in known_tokens(name)]
        if options["json"]:
            self.stdout.write(json.dumps(rows, default=exact, indent=2))
            return
        if not rows:
            self.stdout.write("There are no tokens.")
            return
        for line in table([COLUMNS, *([*map(said, row.values())] for row in rows)]):
            self.stdout.write(line)


def row_of(token: AccessToken) -> dict[str, Any]:
    use = getattr(token, "use", None)
    return dict(
        zip(
            COLUMNS,
            (
                token.application.name,
                token.scope,
                token.created,
                token.expires,
                use and use.last_used,
                not token.is_expired(),
            ),
            strict=True,
        )
    )


def exact(value: dt.datetime) -> str:
    return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def said(value: Any) -> str:
    """Return what a person reads, on one line, whatever a name is made of."""
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if value is None or isinstance(value, bool):
        return WORDS[value]
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in value)


def table(rows: list[Any]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
