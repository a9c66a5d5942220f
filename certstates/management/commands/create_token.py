import datetime as dt
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, ProgrammingError

from certstates.permissions import READ, READ_WRITE
from certstates.tokens import issue_token

SCOPES = {"read": READ, "readwrite": READ_WRITE}


class Command(BaseCommand):
    help = "Make a bearer token. It alone goes to standard output, and only this once."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="whose token: a script, a person, a system")
        parser.add_argument("--scope", choices=SCOPES, default="read")
        parser.add_argument(
            "--expires", type=int, default=90, metavar="DAYS", help="default: 90"
        )

    def handle(self, *, name: str, scope: str, expires: int, **options: Any) -> None:
        if not name.strip() or len(name) > 255 or not name.isprintable():
            raise CommandError("NAME must have 1 to 255 printable characters.")
        if not 1 <= expires <= 3650:
            raise CommandError("--expires must be 1 to 3650 days.")
        lifetime = dt.timedelta(days=expires)
        try:
            token = issue_token(name, scope=SCOPES[scope], lifetime=lifetime)
        except ProgrammingError:
            raise CommandError(
                "The database has no tables yet: run manage.py migrate, or up."
            ) from None
        except OperationalError as error:
            raise CommandError(f"The database cannot be reached: {error}") from None
        self.stderr.write(
            f"Token for {name}, scope {SCOPES[scope]}, valid for {expires} days. "
            "It is shown only this once:"
        )
        self.stdout.write(token)
