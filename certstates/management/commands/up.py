"""Everything that a desk needs, started with one command and stopped with Ctrl-C."""

import contextlib
import datetime as dt
import errno
import os
import secrets
import signal
import socket
import threading
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection, connections, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from certstates import stories
from certstates.checks import NO_BENCH_WITHOUT_DEBUG
from certstates.errors import GraphError
from certstates.examples import curl_create
from certstates.history import recorded
from certstates.management.databases import database_at_hand
from certstates.models import Door, ManagedAllDeviceCertificateState
from certstates.permissions import READ_WRITE
from certstates.tokens import issue_token
from project import locks
from project.tls import Authority, Identity

FIXTURE = "sample"
STAFF = "admin"
CLIENT = "first-client"
TOKEN_LIFETIME = dt.timedelta(days=90)


class Command(BaseCommand):
    help = "Start PostgreSQL, the API and the admin on this machine; Ctrl-C stops them."
    requires_system_checks = ()  # they want the database, which is not running yet

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="default: 8000")
        parser.add_argument(
            "--reset", action="store_true", help="delete the embedded database first"
        )
        parser.add_argument(
            "--tls",
            action="store_true",
            help="serve https, with a certificate that is made on this machine",
        )
        parser.add_argument(
            "--testbench",
            action="store_true",
            help="let test suites reset the records and inject faults over HTTP; "
            "only with DEBUG",
        )
        parser.add_argument(
            "--with-parent",
            action="store_true",
            help="stop when the process that started this one is gone",
        )

    def handle(
        self, *, port: int, reset: bool, tls: bool, with_parent: bool, **options: Any
    ) -> None:
        from project.embedded_postgres import DATA_DIR
        from project.server import HOST, serve

        if settings.TESTBENCH and not settings.DEBUG:
            raise CommandError(f"{NO_BENCH_WITHOUT_DEBUG.msg} Nothing was started.")
        if with_parent:
            stop_with(os.getppid())
        authority = Authority(DATA_DIR / "tls") if tls else None
        with port_for_oneself(HOST, port):
            identity = self.identity(authority)
            if reset:
                self.reset()
            with self.database():
                with alone():
                    if settings.TESTBENCH:
                        refuse_records_of_others()
                    self.migrate()
                    if settings.TESTBENCH:
                        prepare_bench()
                    self.load_fixture()
                self.check()
                connections.close_all()  # the workers open their own
                serve(
                    port,
                    identity=identity,
                    when_serving=lambda: self.welcome(f"{HOST}:{port}", authority),
                )
                self.say("\nStopping")
        self.say("Stopped")

    def say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()

    def reset(self) -> None:
        if os.environ.get("DATABASE_URL"):
            raise CommandError(
                "--reset deletes the embedded database only, and DATABASE_URL is set."
            )
        from project.embedded_postgres import CLUSTER

        self.stdout.write(
            "This deletes every record, user and token of the embedded database.\n"
            "Type yes to go on: ",
            ending="",
        )
        self.stdout.flush()
        try:
            answer = input()
        except EOFError:
            answer = ""
        if answer.strip().lower() != "yes":
            raise CommandError("Nothing was deleted.")
        CLUSTER.delete()
        self.say("The database is deleted")

    @contextlib.contextmanager
    def database(self) -> Iterator[None]:
        """Run the embedded PostgreSQL, or make sure that the given server answers."""
        if os.environ.get("DATABASE_URL"):
            try:
                version = connection.pg_version  # type: ignore[attr-defined]
            except DatabaseError as error:
                raise CommandError(
                    f"The server of DATABASE_URL cannot be used: {error}"
                ) from None
            self.say(f"PostgreSQL {version // 10000} of DATABASE_URL is used")
            yield
            return
        from project.embedded_postgres import CLUSTER

        self.say("Starting PostgreSQL")
        with CLUSTER.running():
            place = CLUSTER.home / CLUSTER.name
            if place.is_relative_to(settings.BASE_DIR):
                place = place.relative_to(settings.BASE_DIR)
            self.say(f"PostgreSQL {CLUSTER.version} is running on {place}")
            yield

    def identity(self, authority: Authority | None) -> Identity | None:
        """Return what the server shows to clients, or nothing for plain http."""
        try:
            return authority.ensure() if authority else None
        except PermissionError as refused:
            raise CommandError(
                f"The certificate belongs to another account: {refused}"
            ) from None

    def migrate(self) -> None:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if plan:
            self.say(f"Applying {len(plan)} migrations")
            call_command("migrate", verbosity=0, interactive=False)

    def load_fixture(self) -> None:
        if ManagedAllDeviceCertificateState.objects.exists():
            return
        records = stories.told(FIXTURE, now=timezone.now())
        with recorded(Door.COMMAND, who="up"), transaction.atomic():
            stories.add(records)
        self.say(f"Loaded {len(records)} records from the fixture {FIXTURE}")

    def welcome(self, address: str, authority: Authority | None) -> None:
        """Say where everything is; make a user and a token if there is no user.

        Only now, when they can be shown at once: nobody can read them later.
        """
        server = f"{'https' if authority else 'http'}://{address}"
        trusted = authority.identity.certificate_file if authority else None
        with alone():
            if not get_user_model().objects.exists():
                self.first_start(server, trusted)
        connections.close_all()
        self.say(
            f"\ncertstates is at {server}/ "
            f"(admin: {server}/admin/, docs: {server}/docs/)"
        )
        if trusted:
            self.say(f"Clients must trust the certificate authority in {trusted}")
        if settings.TESTBENCH:
            self.say(
                f"Test bench: {server}/testbench resets, keeps, restores and breaks "
                "what it is asked to,\nfor bearer tokens that may write. "
                "docs/testbench.md"
            )
        self.say("Ctrl-C stops all that was started here; the data are kept.")

    def first_start(self, server: str, trusted: Path | None) -> None:
        password = secrets.token_urlsafe(12)
        with transaction.atomic():
            get_user_model().objects.create_superuser(STAFF, password=password)
            token = issue_token(CLIENT, scope=READ_WRITE, lifetime=TOKEN_LIFETIME)
        curl = curl_create(server, token, authority=trusted)
        self.say(
            "\nShown only this once:\n"
            f"  admin user    {STAFF}\n"
            f"  password      {password}\n"
            f"  bearer token  {token}\n"
            f"\nPost a record:\n\n{curl}"
        )


def refuse_records_of_others() -> None:
    """Keep a test bench off a server whose records nobody has given up."""
    from certstates.testbench import tables

    if not os.environ.get("DATABASE_URL") or tables.are_known():
        return
    if tables.is_in_use():
        raise CommandError(
            f"There are records in {database_at_hand()}, which never was a test "
            "bench: every client could delete them all. Nothing was started. If they "
            "may go, empty it first: manage.py reset_states --fixture empty"
        )


def prepare_bench() -> None:
    from certstates.testbench import rules, tables

    tables.prepare()
    try:
        rules.replace_by_setting(settings.TESTBENCH_FAULTS)
    except GraphError as refused:
        raise CommandError(f"TESTBENCH_FAULTS: {refused.detail}") from None


def stop_with(parent: int) -> None:
    """Stop as by SIGTERM when this process has another parent than it began with."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def alone() -> contextlib.AbstractContextManager[None]:
    """Let one ``up`` of this data directory at a time prepare the database."""
    from project.embedded_postgres import DATA_DIR

    return locks.exclusive(DATA_DIR / "up.lock")


@contextlib.contextmanager
def port_for_oneself(host: str, port: int) -> Iterator[None]:
    """Refuse a port that is taken, also by an ``up`` that is about to listen there."""
    if not 1 <= port <= 65535:
        raise CommandError(f"There is no port {port}.")
    path = settings.BASE_DIR / ".data" / f"port-{port}.lock"
    with locks.open_lock(path) as lock:
        refused = None if locks.is_alone(lock) else "is taken"
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                refused = "is taken"
                if error.errno == errno.EACCES:
                    refused = "is for root only"
        if refused:
            other = port + 1 if port < 65535 else 8000
            raise CommandError(
                f"Port {port} {refused}. Choose another: manage.py up --port {other}"
            )
        yield
