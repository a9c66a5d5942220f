import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from certstates.management.commands.create_token import SCOPES
from certstates.management.refusals import explained
from certstates.models import ClientCredentials


class Command(BaseCommand):
    help = (
        "Make an application that fetches tokens by itself (OAuth 2.0 client "
        "credentials). Its secret alone goes to standard output, and only this once."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="whose: a script, a service, a system")
        parser.add_argument("--scope", choices=SCOPES, help="default: read")
        parser.add_argument(
            "--new-secret",
            action="store_true",
            help="give the application of this name another secret: the old one, and "
            "the tokens that it got, end at once",
        )
        parser.add_argument(
            "--json", action="store_true", help="print name, id, secret and scope"
        )

    def handle(
        self, *, name: str, scope: str | None, new_secret: bool, **options: Any
    ) -> None:
        if new_secret and scope:
            raise CommandError("--new-secret leaves the scope; give only one of them.")
        with explained():
            made = renewed(name) if new_secret else registered(name, scope or "read")
        self.show(*made, as_json=options["json"])

    def show(self, client: ClientCredentials, secret: str, *, as_json: bool) -> None:
        application = client.application
        if as_json:
            found = {
                "name": application.name,
                "client_id": application.client_id,
                "client_secret": secret,
                "scope": client.scope,
            }
            self.stdout.write(json.dumps(found))
            return
        self.stderr.write(
            f"Client id of {application.name}, scope {client.scope}: "
            f"{application.client_id}\nIts secret is shown only this once:"
        )
        self.stdout.write(secret)


def registered(name: str, scope: str) -> tuple[ClientCredentials, str]:
    return ClientCredentials.register(name, scope=SCOPES[scope])


def renewed(name: str) -> tuple[ClientCredentials, str]:
    known = ClientCredentials.objects.select_related("application")
    client = known.filter(application__name=name).first()
    if client is None:
        raise CommandError("No application with a secret has this name.")
    return client, client.renew_secret()
