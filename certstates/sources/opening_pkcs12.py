"""A program of its own: take the certificates out of a PKCS#12 file, and no key.

Such a file names how often its password is hashed, also where only the password lets
one look; and all that it holds is decrypted at once. So it is opened by a process that
is given seconds (its argument) and memory, and ends with the keys that it saw. Standard
input has the length of the password in four octets, the password, and the file. What it
prints are the certificates in DER, one after the other.
"""

import contextlib
import resource
import sys
import warnings

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

MOST_MEMORY = 1 << 30
OPENED, CLOSED, COSTLY = 0, 3, 4


def main() -> int:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[1]),) * 2)
    with contextlib.suppress(ValueError):  # not every system can
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    warnings.simplefilter("ignore")  # the reader of the certificates judges them
    given = sys.stdin.buffer.read()
    end = 4 + int.from_bytes(given[:4], "big")
    try:
        opened = pkcs12.load_pkcs12(given[end:], given[4:end])
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion):
        return CLOSED
    except MemoryError:
        return COSTLY
    found = [opened.cert, *opened.additional_certs]
    for one in filter(None, found):
        sys.stdout.buffer.write(one.certificate.public_bytes(Encoding.DER))
    return OPENED


if __name__ == "__main__":
    sys.exit(main())
