"""Whether wrong passwords tell by their time which user names exist.

Run it as ``python -m bench.sign_in``. It makes a database of its own beside that of
``DATABASE_URL``, or in a cluster of its own, and drops it. Half of the names have an
account, half have not; each is tried until it has to wait, and then as often again,
from an address of its own, with the password hasher of production. The two halves take
turns. ``--names`` says how many there are; 100 make a thousand wrong passwords.

It prints the median of each half and exits with 1 where they differ by 10 % or more,
or where any name was not locked after its fifth wrong password.
"""

from __future__ import annotations

import argparse
import logging
import random
import statistics
import sys
import time
from collections.abc import Iterator

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.test import Client

from bench.databases import database
from certstates.staff.attempts import OWN_LIMIT

LOGIN = "/admin/login/"
MOST = 1.1
KINDS = ("known", "unknown")
STATUSES = {"wrong": 200, "locked": 429}


def make_people(names: int) -> None:
    password = make_password("nobody sends this one")
    people = (
        User(username=f"known-{n:06}", password=password, is_staff=True)
        for n in range(names)
    )
    User.objects.bulk_create(people)


def attempt(name: str, number: int) -> tuple[float, int]:
    """Send a wrong password; return the milliseconds and the status."""
    client = Client(
        SERVER_NAME="localhost", REMOTE_ADDR=f"10.{number >> 8}.{number & 255}.1"
    )
    fields = {"username": name, "password": "wrong, whoever it is"}
    began = time.perf_counter()
    response = client.post(LOGIN, fields, secure=True)
    return 1000 * (time.perf_counter() - began), response.status_code


def measure(names: int) -> Iterator[tuple[str, str, float]]:
    """Try pairs of a known and an unknown name; yield which attempts took how long.

    The first five are wrong, and those after them have to wait.
    """
    for number in range(names):
        for answer in ["wrong"] * OWN_LIMIT + ["locked"] * OWN_LIMIT:
            # nosemgrep: secrets-weak-chance -- an order, and no secret
            for kind in random.sample(KINDS, 2):  # nosec B311 # the same
                address = 2 * number + KINDS.index(kind)
                took, status = attempt(f"{kind}-{number:06}", address)
                if status != STATUSES[answer]:
                    sys.exit(f"{kind}-{number:06} is not {answer}, but {status}.")
                yield answer, kind, took


def report(answer: str, taken: dict[str, list[float]]) -> float:
    """Print the medians; return how many times the slower half takes."""
    known, unknown = (statistics.median(taken[kind]) for kind in KINDS)
    ratio = max(known, unknown) / min(known, unknown)
    print(
        f"{sum(map(len, taken.values())):>6,} {answer:<8}"
        f"known {known:>8.2f} ms   unknown {unknown:>8.2f} ms   ratio {ratio:.3f}"
    )
    return ratio


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare wrong sign-ins by time.")
    parser.add_argument("--names", type=int, default=100, help="of each half")
    names = parser.parse_args().names
    logging.disable(logging.WARNING)
    taken = {answer: {kind: list[float]() for kind in KINDS} for answer in STATUSES}
    with database(durable=False):
        make_people(names)
        for answer, kind, took in measure(names):
            taken[answer][kind].append(took)
    ratios = [report(answer, halves) for answer, halves in taken.items()]
    sys.exit(max(ratios) >= MOST)


if __name__ == "__main__":
    main()
