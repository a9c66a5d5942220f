"""What commands say when they cannot do what they were asked."""

import contextlib
from collections.abc import Iterator

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db import OperationalError, ProgrammingError


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Make one sentence of a database, or a value, that is not as it must be."""
    try:
        yield
    except ValidationError as error:
        raise CommandError(error.messages[0]) from None
    except ProgrammingError:
        raise CommandError(
            "The database has no tables yet: run manage.py migrate, or up."
        ) from None
    except OperationalError as error:
        raise CommandError(f"The database cannot be reached: {error}") from None
