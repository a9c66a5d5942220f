"""What commands say when the database is not as they need it."""

import contextlib
from collections.abc import Iterator

from django.core.management.base import CommandError
from django.db import OperationalError, ProgrammingError


@contextlib.contextmanager
def database_explained() -> Iterator[None]:
    try:
        yield
    except ProgrammingError:
        raise CommandError(
            "The database has no tables yet: run manage.py migrate, or up."
        ) from None
    except OperationalError as error:
        raise CommandError(f"The database cannot be reached: {error}") from None
