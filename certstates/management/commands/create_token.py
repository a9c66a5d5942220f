import datetime as dt
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from certstates.management.refusals import explained
from certstates.models import Scope
from certstates.tokens import issue_token

SCOPES = {"read": Scope.READ, "readwrite": Scope.READ_WRITE}


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
        if not 1 <= expires <= 3650:
            raise CommandError("--expires must be 1 to 3650 days.")
        lifetime, asked = dt.timedelta(days=expires), SCOPES[scope]
        with explained():
            token = issue_token(name, scope=asked, lifetime=lifetime)
        self.stderr.write(
            f"Token for {name}, scope {asked}, valid for {expires} days. "
            "It is shown only this once: keep it where secrets are kept, and out of "
            "logs."
        )
        self.stdout.write(token)
