#!/usr/bin/env python3
"""Django's usual door; works before anything is installed (project/bootstrap.py)."""

import contextlib
import os
import sys

if sys.version_info < (3, 11):  # noqa: UP036 -- an older Python must get this far.
    sys.exit(
        "certstates needs Python 3.11 or newer; this is Python %d.%d. "
        "Install a newer one and run it by name, for example: python3.11 manage.py up"
        % sys.version_info[:2]
    )

# These start the database themselves, or need none.
WITHOUT_DATABASE = ("up", "test", "help", "--help", "-h", "version", "--version")


def database(command):
    """Return a context in which the command finds the embedded database running."""
    if os.environ.get("DATABASE_URL") or command in WITHOUT_DATABASE:
        return contextlib.nullcontext()
    from project.embedded_postgres import CLUSTER

    return CLUSTER.running()


def main():
    from project import bootstrap

    bootstrap.ensure_environment(sys.argv)
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command == "test":
        pytest = [sys.executable, "-m", "pytest", *sys.argv[2:]]
        os.execv(sys.executable, pytest)  # nosec B606 # replaces itself, by no shell
    if command == "up":  # a desk, not a server: the settings default to the strict side
        os.environ.setdefault("DEBUG", "on")
        if "--testbench" in sys.argv:  # the settings, which come next, go by it
            os.environ["TESTBENCH"] = "on"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        with database(command):
            execute_from_command_line(sys.argv)
    except ImproperlyConfigured as refused:
        sys.exit(f"{command}: {refused}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)  # as a shell counts an interrupted command
