import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from oauth2_provider.models import AccessToken

from certstates.management.commands.list_tokens import row_of, said
from certstates.management.refusals import explained
from certstates.tokens import FORM, find, known_tokens, revoke


class Command(BaseCommand):
    help = (
        "Revoke the tokens of an application, or the one on standard input. They are "
        "refused from then on."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("name", nargs="?", help="the application: all its tokens")
        which.add_argument(
            "--stdin",
            action="store_true",
            help="one token, which standard input has; never as an argument",
        )
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(
        self, *, name: str | None, stdin: bool, yes: bool, **options: Any
    ) -> None:
        with explained():
            tokens = [self.given()] if stdin else self.tokens_of(name or "")
            for token in tokens:
                self.stdout.write(in_words(token))
            if not (yes or stdin or self.is_confirmed(len(tokens))):
                raise CommandError("Nothing was revoked.")
            numbers = [token.pk for token in tokens]
            revoked = revoke(AccessToken.objects.filter(pk__in=numbers))
        self.stdout.write(f"{counted(revoked)} revoked.")

    def tokens_of(self, name: str) -> list[AccessToken]:
        if FORM.search(name):
            raise CommandError(
                "This looks like a token. As an argument it shows in the list of "
                "processes and in the shell's history: give it on standard input, "
                "with --stdin."
            )
        found = [*known_tokens(name)]
        if not found:
            raise CommandError(f"No application called {name!r} has a token.")
        return found

    def given(self) -> AccessToken:
        """Return the token on standard input, which is not shown when it is typed."""
        raw = getpass("Token: ") if sys.stdin.isatty() else sys.stdin.read(1000)
        token = find(raw.strip())
        if token is None:
            raise CommandError(
                "What standard input has is no token of this server, or is revoked."
            )
        return token

    def is_confirmed(self, number: int) -> bool:
        self.stdout.write(
            f"This revokes {counted(number)}. Type yes to go on: ", ending=""
        )
        self.stdout.flush()
        try:
            return input().strip().lower() == "yes"
        except EOFError:
            return False


def counted(number: int) -> str:
    return "1 token" if number == 1 else f"{number} tokens"


def in_words(token: AccessToken) -> str:
    row = {name: said(value) for name, value in row_of(token).items()}
    return (
        "{application}: {scope}, created {created}, expires {expires}, "
        "last used {lastUsed}".format_map(row)
    )
