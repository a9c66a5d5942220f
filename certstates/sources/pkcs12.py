"""PKCS#12 (.p12, .pfx): certificates behind a password, beside keys nobody wants."""

from __future__ import annotations

import subprocess  # nosec B404 # one program of this house
import sys
from pathlib import Path

from certstates.sources.opening_pkcs12 import CLOSED, COSTLY
from certstates.sources.rows import FileRefused

PROGRAM = Path(__file__).with_name("opening_pkcs12.py")
SECONDS = 5  # of computing; an honest file takes less than one
MOST_WAITING = 60  # seconds, on a machine that has much else to do
OPTION = "--password-file of the command import_states"


def certificates_of(content: bytes, password: bytes | None) -> bytes:
    """Return the certificates in DER, one after the other, or refuse the file."""
    secret = password or b""
    try:
        done = subprocess.run(  # noqa: S603 # nosec B603 # no word of it is a user's
            [sys.executable, "-I", str(PROGRAM), str(SECONDS)],
            input=len(secret).to_bytes(4, "big") + secret + content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=MOST_WAITING,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise FileRefused(too_costly()) from None
    if done.returncode == CLOSED:
        raise FileRefused(closed(password))
    if done.returncode == COSTLY or done.returncode < 0:  # it was ended by its limits
        raise FileRefused(too_costly())
    done.check_returncode()
    return done.stdout


def closed(password: bytes | None) -> str:
    if not password:
        return (
            "The file is PKCS#12 and has a password (or is damaged): give the password "
            f"by {OPTION}."
        )
    return (
        f"The PKCS#12 file cannot be opened by the password that {OPTION} gave, or the "
        "file is damaged."
    )


def too_costly() -> str:
    return (
        f"Opening the PKCS#12 file takes more than {SECONDS} seconds, or too much "
        "memory: it has its password hashed too often, or is damaged."
    )
